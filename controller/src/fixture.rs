//! Sealed resources for tests.

use std::collections::BTreeMap;

use bulla_core::api::{SecretEnvelope, SecretEnvelopeSpec};
use bulla_core::envelope::{Binding, Envelope, NamedRecipient, OutputTemplate, SealRequest};
use bulla_core::plaintext::Plaintext;
use bulla_core::recipient::Recipient;
use bulla_core::scope::Scope;
use rand_core::OsRng;

/// No output but a Secret may hold it.
pub(crate) const CANARY: &str = "canary-3f9a7c";

/// What is to be sealed; `shop/db` unless it says otherwise.
pub(crate) struct Sample<'a> {
    pub(crate) namespace: &'a str,
    pub(crate) name: &'a str,
    pub(crate) values: &'a [(&'a str, &'a str)],
    pub(crate) templates: &'a [(&'a str, &'a str)],
    pub(crate) labels: &'a [(&'a str, &'a str)],
    pub(crate) secret_type: Option<&'a str>,
}

impl Default for Sample<'_> {
    fn default() -> Self {
        Self {
            namespace: "shop",
            name: "db",
            values: &[("password", CANARY), ("username", "ada")],
            templates: &[],
            labels: &[("app", "shop")],
            secret_type: None,
        }
    }
}

impl Sample<'_> {
    pub(crate) fn envelope(&self, recipient: &Recipient) -> Envelope {
        let texts = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
            let pair = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
            pairs.iter().map(pair).collect()
        };
        let templates = self.templates.iter();
        let templates = templates.map(|(key, text)| (key.parse().unwrap(), (*text).to_owned()));
        let values = self.values.iter();
        let values =
            values.map(|(key, value)| (key.parse().unwrap(), Plaintext::from(value.as_bytes())));
        let request = SealRequest {
            namespace: self.namespace.parse().unwrap(),
            name: self.name.parse().unwrap(),
            scope: Scope::Strict,
            values: values.collect(),
            template: OutputTemplate::new(
                self.secret_type.map(str::to_owned),
                None,
                texts(self.labels),
                BTreeMap::new(),
                templates.collect(),
            )
            .unwrap(),
            binding: Binding::Template,
        };
        let named = NamedRecipient {
            name: "prod".parse().unwrap(),
            recipient: recipient.clone(),
        };
        Envelope::seal(&request, &[named], &mut OsRng).unwrap()
    }

    /// As an API server would hand it out.
    pub(crate) fn wire(&self, recipient: &Recipient) -> SecretEnvelope {
        let spec = SecretEnvelopeSpec::from(&self.envelope(recipient));
        let mut wire = SecretEnvelope::new(self.name, spec);
        wire.metadata.namespace = Some(self.namespace.to_owned());
        wire
    }

    /// As it lies in a file.
    pub(crate) fn manifest(&self, recipient: &Recipient) -> String {
        serde_saphyr::to_string(&self.wire(recipient)).unwrap()
    }
}
