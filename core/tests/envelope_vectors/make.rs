//! Makes the vectors. What the library refuses to make is crafted here by hand.

use std::collections::BTreeMap;
use std::path::Path;

use aws_lc_rs::{aead, hkdf};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bulla_core::api::{ScopeSpec, SecretEnvelope};
use bulla_core::envelope::{Binding, Envelope, NamedRecipient, OutputTemplate, SealRequest};
use bulla_core::plaintext::Plaintext;
use bulla_core::recipient::{Identity, Suite, identity_file_text, wrap};
use bulla_core::scope::Scope;
use rand_core::OsRng;
use serde_json::{Value, json};

use super::Vector;

struct Maker<'a> {
    folder: &'a Path,
    classic: NamedRecipient,
    hybrid: NamedRecipient,
    stranger: NamedRecipient,
}

pub(crate) fn write(folder: &Path) {
    let identities =
        [Suite::X25519, Suite::MlKem768X25519].map(|suite| Identity::generate(suite, &mut OsRng));
    let text: String = identities
        .iter()
        .map(|identity| identity_file_text(identity, "2026-11-21T00:00:00Z").to_string())
        .collect();
    std::fs::write(folder.join("identities.txt"), text).unwrap();
    let named = |name: &str, identity: &Identity| NamedRecipient {
        name: name.parse().unwrap(),
        recipient: identity.recipient().clone(),
    };
    let maker = Maker {
        folder,
        classic: named("classic", &identities[0]),
        hybrid: named("hybrid", &identities[1]),
        stranger: named("stranger", &Identity::generate(Suite::X25519, &mut OsRng)),
    };
    maker.good();
    maker.attacks();
    maker.malformed();
    maker.crafted();
}

fn request(pairs: &[(&str, &[u8])]) -> SealRequest {
    SealRequest {
        namespace: "shop".parse().unwrap(),
        name: "db".parse().unwrap(),
        scope: Scope::Strict,
        values: pairs
            .iter()
            .map(|(k, v)| (k.parse().unwrap(), Plaintext::from(*v)))
            .collect(),
        template: OutputTemplate::new(
            Some("Opaque".into()),
            None,
            [("app".to_owned(), "shop".to_owned())].into(),
            BTreeMap::new(),
            [(
                "url".parse().unwrap(),
                "postgres://{{ .username }}@db/é\u{1f600}".to_owned(),
            )]
            .into(),
        )
        .unwrap(),
        binding: Binding::Template,
    }
}

const PAIRS: &[(&str, &[u8])] = &[
    ("username", b"shop"),
    ("password", b"correct horse battery staple"),
];

fn sealed(request: &SealRequest, to: &[&NamedRecipient]) -> SecretEnvelope {
    let to: Vec<_> = to.iter().map(|named| (*named).clone()).collect();
    wire(&Envelope::seal(request, &to, &mut OsRng).unwrap())
}

fn wire(envelope: &Envelope) -> SecretEnvelope {
    let mut wire = SecretEnvelope::new(envelope.name().as_str(), envelope.into());
    wire.metadata.namespace = Some(envelope.namespace().to_string());
    wire
}

impl Maker<'_> {
    fn save(
        &self,
        name: &str,
        about: &str,
        refused: Option<&str>,
        values: &[(&str, &[u8])],
        envelope: Value,
    ) {
        let vector = Vector {
            about: about.to_owned(),
            refused: refused.map(str::to_owned),
            values: values
                .iter()
                .map(|(k, v)| ((*k).to_owned(), STANDARD.encode(v)))
                .collect(),
            envelope,
        };
        let text = serde_json::to_string_pretty(&vector).unwrap() + "\n";
        std::fs::write(self.folder.join(format!("{name}.json")), text).unwrap();
    }

    fn opens(&self, name: &str, about: &str, values: &[(&str, &[u8])], envelope: &SecretEnvelope) {
        self.save(
            name,
            about,
            None,
            values,
            serde_json::to_value(envelope).unwrap(),
        );
    }

    fn refused(&self, name: &str, reason: &str, about: &str, envelope: &SecretEnvelope) {
        self.save(
            name,
            about,
            Some(reason),
            &[],
            serde_json::to_value(envelope).unwrap(),
        );
    }

    fn good(&self) {
        let (classic, hybrid) = (&self.classic, &self.hybrid);
        self.opens(
            "good-x25519",
            "one classic recipient",
            PAIRS,
            &sealed(&request(PAIRS), &[classic]),
        );
        self.opens(
            "good-mlkem768-x25519",
            "one post-quantum recipient",
            PAIRS,
            &sealed(&request(PAIRS), &[hybrid]),
        );
        self.opens(
            "good-mixed",
            "recipients of both suites, and one that nobody here has",
            PAIRS,
            &sealed(&request(PAIRS), &[&self.stranger, hybrid, classic]),
        );
        for (name, scope) in [
            ("good-namespace", Scope::Namespace),
            ("good-cluster", Scope::Cluster),
        ] {
            let envelope = sealed(
                &SealRequest {
                    scope,
                    ..request(PAIRS)
                },
                &[classic],
            );
            self.opens(
                name,
                "a wider scope leaves place fields empty",
                PAIRS,
                &envelope,
            );
        }
        let unbound = SealRequest {
            binding: Binding::None,
            ..request(PAIRS)
        };
        self.opens(
            "good-unbound",
            "sealed with an unbound template: no tag",
            PAIRS,
            &sealed(&unbound, &[classic]),
        );
        let bare = SealRequest {
            template: OutputTemplate::default(),
            ..request(PAIRS)
        };
        self.opens(
            "good-no-template",
            "the tag covers `{}`",
            PAIRS,
            &sealed(&bare, &[classic]),
        );
        let edges: &[(&str, &[u8])] = &[
            ("b31", &[0x80; 31]),
            ("b32", &[0; 32]),
            ("b33", &[0xff; 33]),
            ("empty", b""),
            ("tls.key", b"a\r\n\0b"),
        ];
        self.opens(
            "good-edges",
            "empty, binary, and at the edges of a block",
            edges,
            &sealed(&request(edges), &[classic]),
        );
        let to = [classic.clone()];
        let first = Envelope::seal(&request(PAIRS), &to, &mut OsRng).unwrap();
        let second = [("password".parse().unwrap(), Plaintext::from(&b"second"[..]))].into();
        let set = first.set(&second, &to, &mut OsRng).unwrap();
        self.opens(
            "good-set",
            "two data keys, after `set`",
            &[PAIRS[0], ("password", b"second")],
            &wire(&set),
        );
        let mut former = sealed(&request(PAIRS), &[classic]);
        let stranger = &self.stranger;
        former.spec.data_keys[0]
            .formerly
            .push(bulla_core::api::RecipientSpec {
                name: stranger.name.to_string(),
                recipient: stranger.recipient.fingerprint().to_string(),
            });
        self.opens(
            "good-formerly",
            "a recipient that left is remembered",
            PAIRS,
            &former,
        );
    }

    fn attacks(&self) {
        let base = || sealed(&request(PAIRS), &[&self.classic, &self.stranger]);
        let edit = |name: &str, reason: &str, about: &str, edit: &dyn Fn(&mut SecretEnvelope)| {
            let mut envelope = base();
            edit(&mut envelope);
            self.refused(name, reason, about, &envelope);
        };
        edit(
            "planted-data-key",
            "Malformed",
            "a data key that waits for values",
            &|e| {
                let mut planted = base().spec.data_keys.remove(0);
                planted.id = "aaaaaaaa".into();
                e.spec.data_keys.push(planted);
            },
        );
        edit(
            "duplicate-id",
            "Malformed",
            "two data keys under one id",
            &|e| {
                let twin = bulla_core::api::DataKeySpec {
                    id: e.spec.data_keys[0].id.clone(),
                    ..base().spec.data_keys.remove(0)
                };
                e.spec.data_keys.push(twin);
            },
        );
        edit(
            "duplicate-recipient",
            "Malformed",
            "closed twice for one recipient",
            &|e| {
                let twin = e.spec.data_keys[0].closed_for[0].clone();
                e.spec.data_keys[0].closed_for.push(twin);
            },
        );
        edit(
            "swapped-keys",
            "WrongKeyName",
            "two values changed places",
            &|e| {
                let password = e.spec.data["password"].clone();
                let username = e.spec.data.insert("username".into(), password).unwrap();
                e.spec.data.insert("password".into(), username);
            },
        );
        edit(
            "moved-namespace",
            "WrongPlace",
            "found in another namespace",
            &|e| e.metadata.namespace = Some("prod".into()),
        );
        edit(
            "moved-name",
            "WrongPlace",
            "found under another name",
            &|e| e.metadata.name = Some("other".into()),
        );
        edit(
            "widened-scope",
            "WrongPlace",
            "the scope was widened",
            &|e| e.spec.scope = ScopeSpec::Cluster,
        );
        edit(
            "stripped-recipient",
            "NoKey",
            "the recipient was taken out",
            &|e| drop(e.spec.data_keys[0].closed_for.remove(0)),
        );
        edit(
            "altered-template",
            "TemplateUntrusted",
            "the template shows another value",
            &|e| {
                let template = e.spec.template.as_mut().unwrap();
                template.data.insert("url".into(), "{{ .password }}".into());
            },
        );
        edit(
            "stripped-tag",
            "TemplateUntrusted",
            "the tag was taken off",
            &|e| e.spec.data_keys[0].template_tag = None,
        );
        edit(
            "wrong-commitment",
            "CommitmentMismatch",
            "the commitment is another one's",
            &|e| {
                e.spec.data_keys[0].commitment = base().spec.data_keys[0].commitment.clone();
            },
        );
        edit(
            "replayed-payload",
            "CommitmentMismatch",
            "a closed key of an earlier data key of this place",
            &|e| {
                e.spec.data_keys[0].closed_for[0] = base().spec.data_keys[0].closed_for[0].clone();
            },
        );
        edit(
            "replayed-value",
            "Damaged",
            "a value of an earlier data key of this place",
            &|e| {
                let id = e.spec.data_keys[0].id.clone();
                let other = base();
                let body = other.spec.data["password"]
                    .rsplit('.')
                    .next()
                    .unwrap()
                    .to_owned();
                e.spec
                    .data
                    .insert("password".into(), format!("bulla1.{id}.{body}"));
            },
        );
        edit("damaged-value", "Damaged", "one bit of the tag", &|e| {
            let text = e.spec.data.get_mut("password").unwrap();
            let mut bytes = URL_SAFE_NO_PAD.decode(&text[16..]).unwrap();
            *bytes.last_mut().unwrap() ^= 1;
            text.replace_range(16.., &URL_SAFE_NO_PAD.encode(bytes));
        });
    }

    fn malformed(&self) {
        let base = || sealed(&request(PAIRS), &[&self.classic]);
        let edit = |name: &str, reason: &str, about: &str, edit: &dyn Fn(&mut Value)| {
            let mut envelope = serde_json::to_value(base()).unwrap();
            edit(&mut envelope);
            self.save(name, about, Some(reason), &[], envelope);
        };
        edit("plaintext", "NotSealed", "plaintext for a value", &|e| {
            e["spec"]["data"]["password"] = json!("example")
        });
        edit(
            "version-2",
            "UnknownVersion",
            "a value of a later version",
            &|e| {
                let text = e["spec"]["data"]["password"]
                    .as_str()
                    .unwrap()
                    .replacen("bulla1", "bulla2", 1);
                e["spec"]["data"]["password"] = json!(text);
            },
        );
        edit(
            "value-grammar",
            "Damaged",
            "padded base64 for a value",
            &|e| {
                let text = format!("{}==", e["spec"]["data"]["password"].as_str().unwrap());
                e["spec"]["data"]["password"] = json!(text);
            },
        );
        edit(
            "closed-key-base64",
            "Damaged",
            "a closed key with a line break",
            &|e| {
                let key = &mut e["spec"]["dataKeys"][0]["closedFor"][0]["key"];
                *key = json!(format!("{}\n", key.as_str().unwrap()));
            },
        );
        edit(
            "unknown-field",
            "Malformed",
            "a field that the format does not have",
            &|e| e["spec"]["datakeys"] = json!([1]),
        );
        edit(
            "unknown-scope",
            "Malformed",
            "a scope that the format does not have",
            &|e| e["spec"]["scope"] = json!("strict"),
        );
        edit("bad-name", "Malformed", "a name that is a path", &|e| {
            e["metadata"]["name"] = json!("../../x")
        });
        edit("bad-key-name", "Malformed", "a key that is a path", &|e| {
            let value = e["spec"]["data"]["password"].clone();
            e["spec"]["data"]["../x"] = value;
        });
        edit(
            "missing-data-key",
            "Malformed",
            "a value without its data key",
            &|e| {
                let text = e["spec"]["data"]["password"].as_str().unwrap().to_owned();
                e["spec"]["data"]["password"] = json!(format!("bulla1.aaaaaaaa.{}", &text[16..]));
            },
        );
        edit(
            "no-recipient",
            "Malformed",
            "a data key closed for nobody",
            &|e| e["spec"]["dataKeys"][0]["closedFor"] = json!([]),
        );
        edit(
            "key-in-both",
            "Malformed",
            "a key that is both value and template",
            &|e| {
                e["spec"]["template"]["data"]["password"] = json!("x");
            },
        );
        edit(
            "reserved-label",
            "Malformed",
            "a label that makes a sealing key of the Secret",
            &|e| {
                e["spec"]["template"]["metadata"]["labels"]["bulla.dev/sealing-key"] = json!("x");
            },
        );
        edit(
            "too-many-data-keys",
            "LimitExceeded",
            "33 data keys",
            &|e| {
                let one = e["spec"]["dataKeys"][0].clone();
                let ids = ('a'..='z').chain('2'..='8').map(|c| format!("aaaaaaa{c}"));
                e["spec"]["dataKeys"] = ids
                    .map(|id| {
                        let mut key = one.clone();
                        key["id"] = json!(id);
                        key
                    })
                    .collect();
                e["spec"]["dataKeys"][32]["id"] = json!("baaaaaaa");
            },
        );
    }

    /// Age files and values that the library itself would never write.
    fn crafted(&self) {
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
