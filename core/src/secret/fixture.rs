//! Contents for tests, made the only way there is: sealed and opened.

use std::collections::BTreeMap;

use rand_core::OsRng;

use super::{ContentError, Outline, SecretContent, SecretPolicy};
use crate::envelope::{Binding, Envelope, NamedRecipient, OutputTemplate, SealRequest};
use crate::plaintext::Plaintext;
use crate::recipient::{Identity, KeyRing, Suite};
use crate::scope::Scope;

/// `spec.template` from its parts.
#[derive(Default)]
pub(crate) struct Wanted {
    pub(crate) secret_type: Option<&'static str>,
    pub(crate) immutable: bool,
    pub(crate) labels: &'static [(&'static str, &'static str)],
    pub(crate) annotations: &'static [(&'static str, &'static str)],
    pub(crate) templates: &'static [(&'static str, &'static str)],
    pub(crate) values: &'static [(&'static str, &'static str)],
}

impl Wanted {
    /// The content of `shop/db`.
    pub(crate) fn content(&self, policy: &SecretPolicy) -> Result<SecretContent, ContentError> {
        let identity = Identity::generate(Suite::X25519, &mut OsRng);
        let named = NamedRecipient {
            name: "prod".parse().unwrap(),
            recipient: identity.recipient().clone(),
        };
        let request = SealRequest {
            namespace: "shop".parse().unwrap(),
            name: "db".parse().unwrap(),
            scope: Scope::Strict,
            values: self
                .values
                .iter()
                .map(|(key, value)| (key.parse().unwrap(), Plaintext::from(value.as_bytes())))
                .collect(),
            template: self.template(),
            binding: Binding::Template,
        };
        let envelope = Envelope::seal(&request, &[named], &mut OsRng).unwrap();
        let opened = envelope.open(&KeyRing::new(vec![identity])).unwrap();
        let outline = Outline::new(envelope.namespace(), envelope.name(), envelope.template());
        SecretContent::new(outline, opened, policy)
    }

    fn template(&self) -> OutputTemplate {
        OutputTemplate::new(
            self.secret_type.map(str::to_owned),
            self.immutable.then_some(true),
            strings(self.labels),
            strings(self.annotations),
            self.templates
                .iter()
                .map(|(key, text)| (key.parse().unwrap(), (*text).to_owned()))
                .collect(),
        )
        .unwrap()
    }
}

/// A map of strings.
pub(crate) fn strings(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}
