//! A namespace of one test's own, with what a user does there: seal, apply, wait, look.

use std::{collections::BTreeMap, fmt::Debug};

use bulla_core::{
    api::{Condition, ConditionStatus, KeySuite, SealingKey, SecretEnvelope},
    reason::Reason,
    recipient::Recipient,
};
use k8s_openapi::api::{core::v1::Secret, events::v1::Event};
use kube::{
    Api, Client, ResourceExt,
    api::{ListParams, Patch, PatchParams},
};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{
    Cluster, Draft, fixture,
    wait::{self, DEADLINE},
};

/// A namespace, and the cluster's keys to seal for.
#[derive(Clone)]
pub struct Tenant {
    /// The name of the namespace.
    pub namespace: String,
    /// A client of the admin's.
    pub client: Client,
    /// The namespace's envelopes.
    pub envelopes: Api<SecretEnvelope>,
    /// The namespace's Secrets.
    pub secrets: Api<Secret>,
    recipients: Vec<Recipient>,
}

impl Tenant {
    /// Creates a namespace and waits until the cluster has a key to seal for.
    pub async fn new(cluster: &Cluster, prefix: &str) -> Self {
        let namespace = cluster.fresh_namespace(prefix);
        Self::existing(cluster, &namespace).await
    }

    /// Enters a namespace that exists.
    pub async fn existing(cluster: &Cluster, namespace: &str) -> Self {
        let client = cluster.client().await;
        Self {
            recipients: closing_recipients(&client).await,
            envelopes: Api::namespaced(client.clone(), namespace),
            secrets: Api::namespaced(client.clone(), namespace),
            namespace: namespace.to_owned(),
            client,
        }
    }

    /// Begins an envelope in this namespace.
    pub fn draft(&self, name: &str) -> Draft {
        Draft::new(&self.namespace, name)
    }

    /// Closes a draft for the keys that closed when this value was made.
    pub fn seal(&self, draft: &Draft) -> SecretEnvelope {
        draft.seal_for(&self.recipients)
    }

    /// Applies an envelope as a GitOps operator does: server-side, all of it.
    pub async fn apply(&self, envelope: &SecretEnvelope) -> SecretEnvelope {
        let (name, parameters) = (envelope.name_any(), PatchParams::apply("gitops").force());
        let applied = self
            .envelopes
            .patch(&name, &parameters, &Patch::Apply(envelope))
            .await;
        applied.expect("the envelope can be applied")
    }

    /// Seals and applies a draft, waits until it is ready, and returns its Secret.
    pub async fn deliver(&self, draft: &Draft) -> Secret {
        let envelope = self.apply(&self.seal(draft)).await;
        self.ready(&envelope.name_any()).await;
        self.secret(&envelope.name_any()).await
    }

    /// Waits until an envelope is ready at its generation.
    pub async fn ready(&self, name: &str) -> SecretEnvelope {
        let what = format!("`{}/{name}` is ready", self.namespace);
        self.until(&what, name, |envelope| {
            is_current(envelope) && has(envelope, "Ready", ConditionStatus::True)
        })
        .await
    }

    /// Waits until an envelope is refused for `reason` at its generation, as kstatus wants it told.
    pub async fn refused(&self, name: &str, reason: Reason) -> SecretEnvelope {
        let what = format!("`{}/{name}` is refused: {reason}", self.namespace);
        self.until(&what, name, |envelope| {
            let told = |type_, status| {
                condition(envelope, type_)
                    .is_some_and(|told| told.status == status && told.reason == reason.as_str())
            };
            is_current(envelope)
                && told("Ready", ConditionStatus::False)
                && told("Stalled", ConditionStatus::True)
        })
        .await
    }

    /// Waits by a watch until an envelope satisfies `condition`.
    ///
    /// # Panics
    ///
    /// If it does not in time; the message has its status.
    pub async fn until(
        &self,
        what: &str,
        name: &str,
        condition: impl Fn(&SecretEnvelope) -> bool,
    ) -> SecretEnvelope {
        let api = &self.envelopes;
        match watched(api, name, |found| found.is_some_and(&condition)).await {
            Some(envelope) => envelope,
            None => {
                let last = api.get_opt(name).await;
                let status = last.map(|last| last.map(|last| last.status));
                panic!("waited {DEADLINE:?} in vain until {what}; its status: {status:#?}")
            }
        }
    }

    /// Returns a Secret that exists.
    pub async fn secret(&self, name: &str) -> Secret {
        let secret = self.secrets.get(name).await;
        secret.unwrap_or_else(|error| panic!("failed to read the Secret `{name}`: {error}"))
    }

    /// Waits by a watch until a Secret satisfies `condition`.
    ///
    /// # Panics
    ///
    /// If it does not in time; the message has what can be shown of it.
    pub async fn until_secret(
        &self,
        what: &str,
        name: &str,
        condition: impl Fn(&Secret) -> bool,
    ) -> Secret {
        match watched(&self.secrets, name, |found| found.is_some_and(&condition)).await {
            Some(secret) => secret,
            None => {
                let last = self.secrets.get_opt(name).await;
                let envelope = self.envelopes.get_opt(name).await;
                let status = envelope.map(|envelope| envelope.map(|envelope| envelope.status));
                panic!(
                    "waited {DEADLINE:?} in vain until {what}; the Secret: {last:#?}; status: {status:#?}"
                )
            }
        }
    }

    /// Waits until a Secret is not there.
    ///
    /// # Panics
    ///
    /// If it still is when the deadline has passed.
    pub async fn until_no_secret(&self, name: &str) {
        watched(&self.secrets, name, |found| found.is_none()).await;
        assert!(
            matches!(self.secrets.get_opt(name).await, Ok(None)),
            "waited {DEADLINE:?} in vain until the Secret `{}/{name}` is gone",
            self.namespace
        );
    }

    /// Changes a Secret by a merge patch, as somebody else with a field manager of that name.
    pub async fn intrude(&self, manager: &str, name: &str, change: &Value) -> Secret {
        let parameters = PatchParams {
            field_manager: Some(manager.to_owned()),
            ..PatchParams::default()
        };
        let patch = self
            .secrets
            .patch(name, &parameters, &Patch::Merge(change))
            .await;
        patch.unwrap_or_else(|error| panic!("failed to change the Secret `{name}`: {error}"))
    }

    /// Annotates an envelope; `None` takes the annotation away.
    pub async fn annotate(&self, name: &str, annotation: &str, value: Option<&str>) {
        let patch = serde_json::json!({"metadata": {"annotations": {annotation: value}}});
        let annotated = self
            .envelopes
            .patch(name, &PatchParams::default(), &Patch::Merge(&patch))
            .await;
        annotated.expect("the envelope can be annotated");
    }

    /// Returns the Events about an envelope so far.
    pub async fn events(&self, name: &str) -> Vec<Event> {
        let api = Api::<Event>::namespaced(self.client.clone(), &self.namespace);
        let parameters = ListParams::default().fields(&format!("regarding.name={name}"));
        let events = api
            .list(&parameters)
            .await
            .expect("the events can be listed");
        events.items
    }

    /// Waits for an Event about an envelope whose reason and note say this.
    pub async fn event(&self, name: &str, reason: &str, note: &str) -> Event {
        let mut seen = Vec::new();
        let found = tokio::time::timeout(DEADLINE, async {
            let mut wanted = async || {
                seen = self.events(name).await;
                seen.iter()
                    .find(|event| {
                        event.reason.as_deref() == Some(reason)
                            && event
                                .note
                                .as_deref()
                                .is_some_and(|text| text.contains(note))
                    })
                    .cloned()
            };
            wait::eventually("there is the event", DEADLINE * 2, &mut wanted).await
        });
        match found.await {
            Ok(event) => event,
            Err(_) => panic!("no event `{reason}` about `{name}` says `{note}`: {seen:#?}"),
        }
    }
}

/// Returns the recipients that are to be closed for, once there is one.
///
/// # Panics
///
/// If the controller publishes none in time.
async fn closing_recipients(client: &Client) -> Vec<Recipient> {
    let keys = Api::<SealingKey>::all(client.clone());
    wait::eventually("there is a key to seal for", DEADLINE, async || {
        let keys = keys.list(&ListParams::default()).await.ok()?;
        // Of the suite that the controller makes unasked: others are a test's own.
        let closes = |key: &&SealingKey| {
            key.spec.suite == KeySuite::MlKem768X25519
                && key
                    .status
                    .as_ref()
                    .is_some_and(|status| status.closes == Some(true))
        };
        let recipients: Vec<_> = keys
            .iter()
            .filter(closes)
            .filter_map(fixture::recipient)
            .collect();
        (!recipients.is_empty()).then_some(recipients)
    })
    .await
}

/// Returns the data of a Secret.
pub fn data(secret: &Secret) -> BTreeMap<String, Vec<u8>> {
    let data = secret.data.iter().flatten();
    data.map(|(key, value)| (key.clone(), value.0.clone()))
        .collect()
}

/// Returns a condition of an envelope.
pub fn condition<'a>(envelope: &'a SecretEnvelope, type_: &str) -> Option<&'a Condition> {
    let status = envelope.status.as_ref()?;
    status
        .conditions
        .iter()
        .find(|condition| condition.type_ == type_)
}

/// Tells whether the controller has looked at this generation.
pub fn is_current(envelope: &SecretEnvelope) -> bool {
    let status = envelope.status.as_ref();
    status.and_then(|status| status.observed_generation) == envelope.metadata.generation
}

fn has(envelope: &SecretEnvelope, type_: &str, status: ConditionStatus) -> bool {
    condition(envelope, type_).is_some_and(|condition| condition.status == status)
}

/// Waits by a watch; nothing when the deadline passes or the object is gone.
async fn watched<K>(api: &Api<K>, name: &str, condition: impl Fn(Option<&K>) -> bool) -> Option<K>
where
    K: kube::Resource + Clone + Debug + Send + DeserializeOwned + 'static,
{
    let watching = kube::runtime::wait::await_condition(api.clone(), name, condition);
    tokio::time::timeout(DEADLINE, watching).await.ok()?.ok()?
}
