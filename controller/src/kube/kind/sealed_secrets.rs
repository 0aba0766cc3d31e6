//! `SealedSecret`s: the resource of Sealed Secrets, with the status that its users read.
//!
//! `Synced` stands first: columns and dashboards read it by its place. Our own conditions follow it.

mod suspect;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use bulla_core::api::{
    Condition, ConditionStatus, SealedSecret, SealedSecretCondition, SealedSecretSpec,
    SealedSecretStatus,
};
use bulla_core::names::KeyName;
use bulla_core::recipient::Fingerprint;
use bulla_core::sealed_secrets::{CLUSTER_WIDE_ANNOTATION, NAMESPACE_WIDE_ANNOTATION};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use self::suspect::suspect;
use super::{Kind, Suspect};
use crate::engine::{Event, Fault, Request, RequestError, Status, cut, now, rfc3339};
use crate::kube::cluster::Cluster;
use crate::kube::kind::restraint::Restraint;
use crate::kube::mirror::{Annotations, Mirror, SeenResource};

/// The kind `SealedSecret`.
pub(crate) enum SealedSecrets {}

impl Kind for SealedSecrets {
    const API_VERSION: &'static str = "bitnami.com/v1alpha1";
    const KIND: &'static str = "SealedSecret";
    const COLLECTION: &'static str = "sealedsecrets";
    type Spec = SealedSecretSpec;

    fn mirror(cluster: &Cluster) -> &Arc<Mirror<SeenResource<Self>>> {
        &cluster.sealed_secrets
    }

    /// A sealed value does not say which key opens it.
    fn count(spec: &str) -> (Box<[Fingerprint]>, u32) {
        let shape: Shape = serde_json::from_str(spec).unwrap_or_default();
        (Box::default(), shape.encrypted_data.len() as u32)
    }

    fn scope(annotations: &Annotations) -> BTreeMap<&'static str, Box<str>> {
        let pairs = [
            (CLUSTER_WIDE_ANNOTATION, &annotations.cluster_wide),
            (NAMESPACE_WIDE_ANNOTATION, &annotations.namespace_wide),
        ];
        pairs
            .into_iter()
            .filter_map(|(name, value)| Some((name, value.clone()?)))
            .collect()
    }

    fn read_status(wire: &str) -> Option<Status> {
        let status: SealedSecretStatus = serde_json::from_str(wire).ok()?;
        let opened_with = status.opened_with.iter();
        Some(Status {
            observed_generation: status.observed_generation,
            conditions: status.conditions.iter().filter_map(ours).collect(),
            last_handled_reconcile_at: status.last_handled_reconcile_at,
            keys: status.keys,
            applied: status.applied,
            refused: status.refused,
            opened_with: opened_with.filter_map(|text| text.parse().ok()).collect(),
        })
    }

    fn write_status(status: &Status) -> Value {
        let opened_with: Vec<String> = status.opened_with.iter().map(ToString::to_string).collect();
        json!({
            "observedGeneration": status.observed_generation,
            "conditions": conditions(status),
            "lastHandledReconcileAt": status.last_handled_reconcile_at,
            "keys": status.keys,
            "applied": status.applied,
            "refused": status.refused,
            "openedWith": (!opened_with.is_empty()).then_some(opened_with),
        })
    }

    /// The words that people's alerts and scripts wait for; where theirs has no word, ours stays.
    fn event(event: &Event) -> Event {
        let (reason, note) = match event.reason {
            "Created" | "Updated" | "Adopted" | "Replaced" | "Applied" => {
                ("Unsealed", "SealedSecret unsealed successfully".to_owned())
            }
            "Healed" => ("Healed", event.note.clone()),
            "NotOwned" | "Rejected" | "Forbidden" | "NamespaceGone" | "SecretTerminating" => {
                ("ErrUpdateFailed", event.note.clone())
            }
            _ => (
                "ErrUnsealFailed",
                format!("Failed to unseal: {}", event.note),
            ),
        };
        Event {
            reason,
            note: cut(note),
            ..event.clone()
        }
    }

    fn restraint(cluster: &Cluster) -> Option<&Restraint> {
        Some(&cluster.restraint)
    }

    fn suspect(seen: &SeenResource<Self>, value: &KeyName, cluster: &Cluster) -> Option<Suspect> {
        suspect(seen, value, cluster)
    }

    fn request(seen: &SeenResource<Self>) -> Result<Request, RequestError> {
        let spec = seen.spec();
        let unreadable = spec.is_none();
        let wire = wire(seen, spec);
        let request = Request::from_sealed_secret(&wire)?.with_status(seen.status.clone());
        Ok(match unreadable {
            true => request.refused(Fault {
                reason: bulla_core::reason::Reason::Malformed,
                detail:
                    "malformed field `spec`: it is not what the definition of the resource says"
                        .to_owned(),
            }),
            false => request,
        })
    }
}

/// The object as the API server has it, without a spec where that can't be read.
fn wire(seen: &SeenResource<SealedSecrets>, spec: Option<SealedSecretSpec>) -> SealedSecret {
    let empty = || SealedSecretSpec {
        template: None,
        data: None,
        encrypted_data: None,
    };
    let mut wire = SealedSecret::new(&seen.name, spec.unwrap_or_else(empty));
    wire.metadata = seen.metadata();
    wire
}

/// `Synced`, as their controller writes it, and ours in the form that theirs have.
fn conditions(status: &Status) -> Vec<SealedSecretCondition> {
    let written = rfc3339(now());
    let form = |condition: &Condition, type_: &str, message: &str| SealedSecretCondition {
        type_: type_.to_owned(),
        status: match condition.status {
            ConditionStatus::True => "True",
            ConditionStatus::False => "False",
            ConditionStatus::Unknown => "Unknown",
        }
        .to_owned(),
        last_update_time: Some(written.clone()),
        last_transition_time: Some(condition.last_transition_time.clone()),
        reason: Some(condition.reason.clone()),
        message: (!message.is_empty()).then(|| message.to_owned()),
        observed_generation: condition.observed_generation,
    };
    let ready = status.conditions.iter().find(|c| c.type_ == READY);
    let synced = ready.map(|ready| {
        // Theirs says nothing when all is well.
        let message = match ready.status {
            ConditionStatus::True => "",
            _ => &*ready.message,
        };
        form(ready, SYNCED, message)
    });
    let ours = status.conditions.iter();
    synced
        .into_iter()
        .chain(ours.map(|condition| form(condition, &condition.type_, &condition.message)))
        .collect()
}

/// A condition of ours, read back.
fn ours(wire: &SealedSecretCondition) -> Option<Condition> {
    if ![READY, "Stalled", "Reconciling", "Varies"].contains(&&*wire.type_) {
        return None;
    }
    Some(Condition {
        type_: wire.type_.clone(),
        status: match &*wire.status {
            "True" => ConditionStatus::True,
            "False" => ConditionStatus::False,
            _ => ConditionStatus::Unknown,
        },
        observed_generation: wire.observed_generation,
        last_transition_time: wire.last_transition_time.clone()?,
        reason: wire.reason.clone().unwrap_or_default(),
        message: wire.message.clone().unwrap_or_default(),
    })
}

/// What is counted of a spec; the rest is passed over.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Shape {
    encrypted_data: HashMap<String, IgnoredAny>,
}

const READY: &str = "Ready";
const SYNCED: &str = "Synced";
