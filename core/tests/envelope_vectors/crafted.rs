//! Age files and values that the library itself would never write, put together from FORMAT.md.

use aws_lc_rs::{aead, hkdf};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bulla_core::recipient::wrap;
use serde_json::{Value, json};

use super::Maker;

impl Maker<'_> {
    /// Age files and values that the library itself would never write.
    pub(super) fn crafted(&self) {
        let good = Payload::default();
        let cases = [
            (
                "payload-unknown-format",
                "UnknownVersion",
                good.text().replace("envelope/v1", "envelope/v2"),
            ),
            (
                "payload-blank",
                "Damaged",
                good.text().replace(",\"scope", ", \"scope"),
            ),
            (
                "payload-no-newline",
                "Damaged",
                good.text().trim_end().to_owned(),
            ),
            (
                "payload-order",
                "Damaged",
                good.text()
                    .replace("\"binding\":\"Template\",", "")
                    .replace("{", "{\"binding\":\"Template\","),
            ),
            (
                "payload-short-key",
                "Damaged",
                good.text().replace(&good.key, &good.key[..42]),
            ),
            (
                "payload-extra-place",
                "Damaged",
                good.text().replace("Strict", "Namespace"),
            ),
        ];
        for (name, reason, payload) in cases {
            let envelope = self.assemble(
                &good,
                &wrap(&self.classic.recipient, payload.as_bytes()).unwrap(),
                0,
            );
            self.save(
                name,
                "an age file whose payload is not exact",
                Some(reason),
                &[],
                envelope,
            );
        }
        let exact = wrap(&self.classic.recipient, good.text().as_bytes()).unwrap();
        self.save(
            "good-crafted",
            "made by hand from FORMAT.md",
            None,
            &[("k", b"value")],
            self.assemble(&good, &exact, 0),
        );
        self.save(
            "padding-not-minimal",
            "a whole block too much",
            Some("Damaged"),
            &[],
            self.assemble(&good, &exact, 32),
        );
        let text = String::from_utf8_lossy(&exact);
        let stanza_end = text.find("\n---").unwrap();
        let mut two = exact[..stanza_end].to_vec();
        two.extend_from_slice(&exact["age-encryption.org/v1".len()..]);
        self.save(
            "two-stanzas",
            "an age file for two recipients",
            Some("Damaged"),
            &[],
            self.assemble(&good, &two, 0),
        );
        self.save(
            "not-an-age-file",
            "random bytes",
            Some("Damaged"),
            &[],
            self.assemble(&good, &[7; 200], 0),
        );
        let long = self.assemble(&good, &[7; 8193], 0);
        self.save(
            "closed-key-too-long",
            "over 8 KiB",
            Some("Damaged"),
            &[],
            long,
        );
    }

    fn assemble(&self, payload: &Payload, age_file: &[u8], more_padding: usize) -> Value {
        let derive = |info: &str| payload.derive(info);
        let mut value = b"value\x80".to_vec();
        value.resize(32 + more_padding, 0);
        let key = aead::LessSafeKey::new(
            aead::UnboundKey::new(&aead::AES_256_GCM, &derive("value")).unwrap(),
        );
        let aad = aead::Aad::from("bulla.dev/envelope/v1\nvalue\nStrict\nshop\ndb\nk");
        key.seal_in_place_append_tag(aead::Nonce::assume_unique_for_key([9; 12]), aad, &mut value)
            .unwrap();
        let tag_key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, &derive("template"));
        let tag = aws_lc_rs::hmac::sign(&tag_key, b"{}");
        json!({
            "apiVersion": "bulla.dev/v1alpha1", "kind": "SecretEnvelope",
            "metadata": {"name": "db", "namespace": "shop"},
            "spec": {
                "scope": "Strict",
                "dataKeys": [{
                    "id": "craft222",
                    "commitment": URL_SAFE_NO_PAD.encode(derive("commitment")),
                    "templateTag": URL_SAFE_NO_PAD.encode(tag),
                    "closedFor": [{
                        "name": "classic",
                        "recipient": self.classic.recipient.fingerprint().to_string(),
                        "key": STANDARD.encode(age_file),
                    }],
                }],
                "data": {"k": format!("bulla1.craft222.{}", URL_SAFE_NO_PAD.encode([&[9; 12][..], &value].concat()))},
            },
        })
    }
}

struct Payload {
    key: String,
}

impl Default for Payload {
    fn default() -> Self {
        Self {
            key: URL_SAFE_NO_PAD.encode([3; 32]),
        }
    }
}

impl Payload {
    fn text(&self) -> String {
        format!(
            "{{\"format\":\"bulla.dev/envelope/v1\",\"scope\":\"Strict\",\"namespace\":\"shop\",\"name\":\"db\",\
             \"binding\":\"Template\",\"key\":\"{}\"}}\n",
            self.key
        )
    }

    fn derive(&self, label: &str) -> [u8; 32] {
        let mut out = [0; 32];
        hkdf::Salt::new(hkdf::HKDF_SHA256, &[])
            .extract(&[3; 32])
            .expand(
                &[format!("bulla.dev/envelope/v1/{label}").as_bytes()],
                hkdf::HKDF_SHA256,
            )
            .unwrap()
            .fill(&mut out)
            .unwrap();
        out
    }
}
