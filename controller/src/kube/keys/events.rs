//! What is told of sealing keys: an Event for each key that is made or goes, and for each change of a verdict.

use bulla_core::api::{ConditionStatus, SEALING_KEY, SealingKeyStatus};
use bulla_core::rotation::Why;

use super::conditions::Shown;
use crate::engine::{Event, EventKind};
use crate::kube::cluster::Cluster;
use crate::kube::mirror::SeenSealingKey;
use crate::kube::telemetry::events::{Regarding, write_event};

/// Tells; that an Event is lost keeps nothing from going on.
pub(super) async fn tell(cluster: &Cluster, key: &SeenSealingKey, event: &Event) {
    let regarding = Regarding {
        api_version: bulla_core::api::API_VERSION,
        kind: SEALING_KEY,
        namespace: None,
        name: &key.meta.name,
        uid: &key.meta.uid,
    };
    if let Err(error) = write_event(cluster, &regarding, event).await {
        cluster.metrics.api_error(error);
        tracing::debug!(sealing_key = &*key.meta.name, %error, "an Event is lost");
    }
}

/// A private half was made.
pub(super) fn made(why: Why) -> Event {
    let why = match why {
        Why::First => "there was no key of its suite to close with",
        Why::Renewal => "the key before it has reached the renewal period",
        Why::Asked => "it was asked for",
    };
    Event {
        kind: EventKind::Normal,
        reason: "Made",
        action: "Make",
        note: format!("made the private half: {why}"),
    }
}

/// The resource may go.
pub(super) fn released(secret: Option<&str>) -> Event {
    let note = match secret {
        Some(secret) => {
            format!("let the resource go; the Secret `{secret}` stays until somebody deletes it")
        }
        None => "let the resource go; there was no private half".to_owned(),
    };
    Event {
        kind: EventKind::Normal,
        reason: "Released",
        action: "Release",
        note,
    }
}

/// What has changed since the status from before; nothing when it says the same.
pub(super) fn transition(before: &SealingKeyStatus, shown: &Shown) -> Option<Event> {
    let mut before = before.conditions.iter();
    let same = before
        .any(|old| old.type_ == "Ready" && old.status == shown.ready && old.reason == shown.reason);
    let alarming = shown.beside == Some("Stalled") || shown.reason == "Compromised";
    let told = Event {
        kind: if alarming {
            EventKind::Warning
        } else {
            EventKind::Normal
        },
        reason: shown.reason,
        action: match shown.ready {
            ConditionStatus::True => "Use",
            _ => "Look",
        },
        note: shown.message.clone(),
    };
    (!same).then_some(told)
}
