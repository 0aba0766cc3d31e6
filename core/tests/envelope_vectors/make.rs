//! Makes the vectors. What the library refuses to make is crafted here by hand.

use std::collections::BTreeMap;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bulla_core::api::SecretEnvelope;
use bulla_core::envelope::{Binding, Envelope, NamedRecipient, OutputTemplate, SealRequest};
use bulla_core::plaintext::Plaintext;
use bulla_core::recipient::{Identity, Suite, identity_file_text};
use bulla_core::scope::Scope;
use rand_core::OsRng;
use serde_json::Value;

use super::Vector;

mod attacks;
mod crafted;

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
}
