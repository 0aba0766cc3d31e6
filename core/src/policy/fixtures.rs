//! Envelopes and configurations for the tests of this module.

#![expect(clippy::unwrap_used, reason = "fixtures of tests")]

use std::collections::BTreeMap;

use rand_core::OsRng;
use serde_json::{Value, json};

use crate::api::SecretEnvelopeSpec;
use crate::envelope::{Binding, Envelope, NamedRecipient, OutputTemplate, SealRequest};
use crate::plaintext::Plaintext;
use crate::recipient::{Identity, KeyRing, Suite};
use crate::scope::Scope;

/// The plaintext that nothing may show.
pub(super) const CANARY: &str = "hunter2-canary";

/// A key pair with a name.
pub(super) struct Someone {
    pub(super) named: NamedRecipient,
    pub(super) ring: KeyRing,
}

pub(super) fn someone(name: &str, suite: Suite) -> Someone {
    let identity = Identity::generate(suite, &mut OsRng);
    let recipient = identity.recipient().clone();
    let named = NamedRecipient {
        name: name.parse().unwrap(),
        recipient,
    };
    Someone {
        named,
        ring: KeyRing::new(vec![identity]),
    }
}

pub(super) fn values(keys: &[&str]) -> BTreeMap<crate::names::KeyName, Plaintext> {
    keys.iter()
        .map(|key| (key.parse().unwrap(), Plaintext::from(CANARY.to_owned())))
        .collect()
}

pub(super) fn sealed(keys: &[&str], scope: Scope, recipients: &[&Someone]) -> Envelope {
    let request = SealRequest {
        namespace: "shop".parse().unwrap(),
        name: "db".parse().unwrap(),
        scope,
        values: values(keys),
        template: template("{{ .password }}"),
        binding: Binding::Template,
    };
    Envelope::seal(&request, &named(recipients), &mut OsRng).unwrap()
}

pub(super) fn template(text: &str) -> OutputTemplate {
    let data = [("url".parse().unwrap(), text.to_owned())].into();
    OutputTemplate::new(None, None, BTreeMap::new(), BTreeMap::new(), data).unwrap()
}

pub(super) fn named(recipients: &[&Someone]) -> Vec<NamedRecipient> {
    recipients
        .iter()
        .map(|someone| someone.named.clone())
        .collect()
}

/// The envelope as a manifest.
pub(super) fn manifest(envelope: &Envelope) -> Value {
    json!({
        "apiVersion": "bulla.dev/v1alpha1",
        "kind": "SecretEnvelope",
        "metadata": {"name": envelope.name().as_str(), "namespace": envelope.namespace().as_str()},
        "spec": serde_json::to_value(SecretEnvelopeSpec::from(envelope)).unwrap(),
    })
}
