//! What a reconcile tells: a status, whatever the kind of the resource, and Events.

use bulla_core::api::{Condition, SecretEnvelopeStatus};
use bulla_core::recipient::Fingerprint;

/// The status of a sealed resource, of whichever kind. Each world writes it in the form that the kind has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Status {
    /// The generation that was last looked at; -1 before anybody has looked.
    pub observed_generation: Option<i64>,
    /// `Ready`, and `Stalled` or `Reconciling` beside it.
    pub conditions: Vec<Condition>,
    /// The last `reconcile.fluxcd.io/requestedAt` that was acted on.
    pub last_handled_reconcile_at: Option<String>,
    /// How many keys the Secret has.
    pub keys: Option<i32>,
    /// The record of what was applied.
    pub applied: Option<String>,
    /// The record of what did not open.
    pub refused: Option<String>,
    /// The keys that opened the values, to be tried first the next time: where the resource itself does not name them.
    pub opened_with: Vec<Fingerprint>,
}

impl From<SecretEnvelopeStatus> for Status {
    fn from(wire: SecretEnvelopeStatus) -> Self {
        Self {
            observed_generation: wire.observed_generation,
            conditions: wire.conditions,
            last_handled_reconcile_at: wire.last_handled_reconcile_at,
            keys: wire.keys,
            applied: wire.applied,
            refused: wire.refused,
            opened_with: Vec::new(),
        }
    }
}

impl From<Status> for SecretEnvelopeStatus {
    fn from(status: Status) -> Self {
        Self {
            observed_generation: status.observed_generation,
            conditions: status.conditions,
            last_handled_reconcile_at: status.last_handled_reconcile_at,
            keys: status.keys,
            applied: status.applied,
            refused: status.refused,
        }
    }
}

/// What is to be told about a reconcile; only what changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The whole new status, where it differs from the one of the request.
    pub status: Option<Status>,
    /// An Event, on a transition.
    pub event: Option<Event>,
}

/// An Event (events.k8s.io/v1) about the resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// `type`.
    pub kind: EventKind,
    /// `reason`: a bounded CamelCase word.
    pub reason: &'static str,
    /// `action`: what the controller was doing.
    pub action: &'static str,
    /// `note`: never a value, and at most 1 kB.
    pub note: String,
}

/// The type of an Event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    /// All went well.
    Normal,
    /// Somebody should look.
    Warning,
}

impl EventKind {
    /// The word of the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Normal => "Normal",
            Self::Warning => "Warning",
        }
    }
}
