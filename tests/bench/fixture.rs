//! Envelopes to open, and putting many objects on the API server.

use bulla_core::api::SecretEnvelope;
use bulla_core::envelope::{Binding, Envelope, NamedRecipient, OutputTemplate, SealRequest};
use bulla_core::plaintext::Plaintext;
use bulla_core::recipient::Recipient;
use bulla_core::scope::Scope;
use futures::StreamExt as _;
use kube::api::PostParams;
use kube::{Api, Client};

const KEYS: [&str; 4] = ["username", "password", "host", "token"];

/// One envelope of four values.
pub(crate) fn envelope(namespace: &str, name: &str, recipient: &Recipient) -> SecretEnvelope {
    let values = KEYS.map(|key| {
        (
            key.parse().expect("a key"),
            Plaintext::from(format!("{key}-of-{name}")),
        )
    });
    let request = SealRequest {
        namespace: namespace.parse().expect("a namespace"),
        name: name.parse().expect("a name"),
        scope: Scope::Strict,
        values: values.into(),
        template: OutputTemplate::default(),
        binding: Binding::Template,
    };
    let to = [NamedRecipient {
        name: "prod".parse().expect("a name"),
        recipient: recipient.clone(),
    }];
    let envelope = Envelope::seal(&request, &to, &mut rand_core::OsRng).expect("it seals");
    let mut wire = SecretEnvelope::new(name, (&envelope).into());
    wire.metadata.namespace = Some(namespace.to_owned());
    wire
}

/// Many of them.
pub(crate) fn envelopes(
    namespace: &str,
    count: usize,
    recipient: &Recipient,
) -> Vec<SecretEnvelope> {
    (0..count)
        .map(|n| envelope(namespace, &format!("db-{n:04}"), recipient))
        .collect()
}

/// Creates them, some at a time.
pub(crate) async fn create(client: &Client, namespace: &str, envelopes: Vec<SecretEnvelope>) {
    let api: Api<SecretEnvelope> = Api::namespaced(client.clone(), namespace);
    futures::stream::iter(envelopes)
        .for_each_concurrent(16, |envelope| {
            let api = api.clone();
            async move {
                api.create(&PostParams::default(), &envelope)
                    .await
                    .expect("an envelope is accepted");
            }
        })
        .await;
}
