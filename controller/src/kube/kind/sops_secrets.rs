//! `SopsSecret`s: the resource of sops-secrets-operator, with the message that its users read and conditions beside it.

use std::sync::Arc;

use bulla_core::api::{
    ConditionStatus, SOPS_SECRET, SOPS_SECRETS_API_VERSION, SopsSecret, SopsSecretSpec,
    SopsSecretStatus,
};
use bulla_core::recipient::{Fingerprint, Recipient};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Kind;
use crate::engine::{Fault, Request, RequestError, SUSPENDED, Status};
use crate::kube::cluster::Cluster;
use crate::kube::mirror::{Mirror, SeenResource};

/// The kind `SopsSecret`.
pub(crate) enum SopsSecrets {}

/// What is kept of one: `sops` stands beside `spec`.
#[derive(Deserialize)]
pub(crate) struct Whole {
    spec: SopsSecretSpec,
    sops: Option<Map<String, Value>>,
}

impl Kind for SopsSecrets {
    const API_VERSION: &'static str = SOPS_SECRETS_API_VERSION;
    const KIND: &'static str = SOPS_SECRET;
    const COLLECTION: &'static str = "sopssecrets";
    const BY_UID: bool = true;
    type Spec = Whole;

    fn whole(spec: Box<str>, sops: Option<&str>) -> Box<str> {
        let sops = sops.unwrap_or("null");
        format!("{{\"spec\":{spec},\"sops\":{sops}}}").into()
    }

    fn mirror(cluster: &Cluster) -> &Arc<Mirror<SeenResource<Self>>> {
        &cluster.sops_secrets
    }

    fn count(spec: &str) -> (Box<[Fingerprint]>, u32) {
        let shape: Shape = serde_json::from_str(spec).unwrap_or_default();
        let recipients = shape.sops.unwrap_or_default().age;
        let mut recipients: Vec<Fingerprint> = recipients
            .into_iter()
            .filter_map(|entry| Some(entry.recipient.parse::<Recipient>().ok()?.fingerprint()))
            .collect();
        recipients.sort_unstable();
        recipients.dedup();
        let values = shape.spec.unwrap_or_default().secret_templates;
        let values = values.iter().map(|it| {
            let sizes = [&it.data, &it.string_data].map(|map| map.as_ref().map_or(0, Map::len));
            sizes[0] + sizes[1]
        });
        (recipients.into(), values.sum::<usize>() as u32)
    }

    fn read_status(wire: &str) -> Option<Status> {
        let status: SopsSecretStatus = serde_json::from_str(wire).ok()?;
        Some(Status {
            observed_generation: status.observed_generation,
            conditions: status.conditions,
            last_handled_reconcile_at: status.last_handled_reconcile_at,
            keys: status.secrets,
            applied: status.applied,
            refused: status.refused,
            opened_with: Vec::new(),
        })
    }

    fn write_status(status: &Status) -> Value {
        json!({
            "message": message(status),
            "observedGeneration": status.observed_generation,
            "conditions": status.conditions,
            "lastHandledReconcileAt": status.last_handled_reconcile_at,
            "secrets": status.keys,
            "applied": status.applied,
            "refused": status.refused,
        })
    }

    fn request(seen: &SeenResource<Self>) -> Result<Request, RequestError> {
        let whole = seen.spec();
        let unreadable = whole.is_none();
        let whole = whole.unwrap_or(Whole {
            spec: SopsSecretSpec::default(),
            sops: None,
        });
        let wire = SopsSecret {
            metadata: seen.metadata(),
            spec: whole.spec,
            sops: whole.sops,
            status: None,
        };
        let request = Request::from_sops_secret(&wire)?.with_status(seen.status.clone());
        Ok(match unreadable {
            true => request.refused(Fault {
                reason: bulla_core::reason::Reason::Malformed,
                detail: "malformed field `spec` or `sops`: it is not what the definition of the resource says"
                    .to_owned(),
            }),
            false => request,
        })
    }
}

/// Their words, which scripts and columns wait for; what is behind them stands in the conditions.
fn message(status: &Status) -> &'static str {
    let condition = |type_: &str| status.conditions.iter().find(|it| it.type_ == type_);
    if condition(SUSPENDED).is_some() {
        return "Reconciliation is suspended";
    }
    let Some(ready) = condition("Ready") else {
        return "";
    };
    match (ready.status, ready.reason.as_str()) {
        (ConditionStatus::True, _) => "Healthy",
        (_, "NotOwned") => "Child secret is not owned by controller error",
        (_, "TypeRefused") => "New child secret creation error",
        (_, "Rejected" | "Forbidden" | "NamespaceGone" | "SecretTerminating") => {
            "Child secret update error"
        }
        _ => "Decryption error",
    }
}

/// What is counted; the rest is passed over.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Shape {
    spec: Option<Templates>,
    sops: Option<Block>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Templates {
    secret_templates: Vec<Values>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Values {
    data: Option<Map<String, Value>>,
    string_data: Option<Map<String, Value>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Block {
    age: Vec<Entry>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Entry {
    recipient: String,
}

#[cfg(test)]
mod tests {
    use bulla_core::api::Condition;

    use super::*;

    #[test]
    fn the_message_is_worded_as_theirs() {
        let of = |type_: &str, truth, reason: &str| Condition {
            type_: type_.to_owned(),
            status: truth,
            observed_generation: None,
            last_transition_time: String::new(),
            reason: reason.to_owned(),
            message: String::new(),
        };
        let (yes, no) = (ConditionStatus::True, ConditionStatus::False);
        for (conditions, expected) in [
            (vec![], ""),
            (
                vec![of("Ready", yes, "Applied"), of("Unbound", yes, "NoPlace")],
                "Healthy",
            ),
            (
                vec![of("Ready", no, "NoKey"), of("Stalled", yes, "NoKey")],
                "Decryption error",
            ),
            (
                vec![of("Ready", no, "NotOwned")],
                "Child secret is not owned by controller error",
            ),
            (
                vec![
                    of("Ready", yes, "Applied"),
                    of("Suspended", yes, "Suspended"),
                ],
                "Reconciliation is suspended",
            ),
        ] {
            let status = Status {
                conditions,
                ..Status::default()
            };
            assert_eq!(message(&status), expected);
        }
    }

    #[test]
    fn recipients_and_values_are_counted_once() {
        let recipient = "age1pnmp2nq5qx9z4lpmachyn2ld07xjumn98hpeq77e4glddu96zvms9nn7c8";
        let spec = json!({"secretTemplates": [{"name": "a", "stringData": {"x": "", "y": ""}}, {"data": {"z": ""}}]});
        let sops = json!({"age": [{"recipient": recipient}, {"recipient": recipient}, {"recipient": "age1yubikey1x"}]});
        let whole = SopsSecrets::whole(spec.to_string().into(), Some(&sops.to_string()));
        let (recipients, values) = SopsSecrets::count(&whole);
        assert_eq!((recipients.len(), values), (1, 3));
        let nothing = SopsSecrets::whole("null".into(), None);
        assert_eq!(SopsSecrets::count(&nothing), (Box::default(), 0));
    }
}
