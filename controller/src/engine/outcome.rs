//! What came of a reconcile: for the queue, the metrics and the log.

use bulla_core::names::{KeyName, ResourceName};
use bulla_core::plan::{Changes, Live, Refusal, Write};
use bulla_core::reason::Reason;
use bulla_core::recipient::Fingerprint;
use bulla_core::secret::ContentError;

use super::{Fault, WorldError};

/// The result of one reconcile. Nothing in it is a value, or the length of one.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Outcome {
    /// How it ended.
    pub verdict: Verdict,
    /// What was written, if anything.
    pub action: Option<Action>,
    /// What somebody else had changed, when it was put right.
    pub drift: Option<Drift>,
    /// What was done to each of several Secrets; `action` and `drift` are of the one, then nothing.
    pub writes: Vec<Wrote>,
    /// What it took.
    pub effort: Effort,
    /// Whether the clock or chance had a part in the Secret; nothing when it was not rendered.
    pub varies: Option<bool>,
    /// Whether the resource says nowhere where it belongs; nothing when it was not opened, or can't but say it.
    pub unbound: Option<bool>,
    /// Whether status and Event got through.
    pub reported: Result<(), WorldError>,
}

/// One of several Secrets that was written, or removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrote {
    /// Its name.
    pub secret: ResourceName,
    /// What was done.
    pub action: Action,
    /// What somebody else had changed, when it was put right.
    pub drift: Option<Drift>,
}

/// How a reconcile ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The Secret is as it should be.
    Ready,
    /// The resource asks to be left alone.
    Suspended,
    /// It does not open, or must not be written: until the resource, the keys or the Secret change.
    Refused {
        /// The bounded word.
        reason: Reason,
        /// The sentence.
        detail: String,
    },
    /// The old Secret is being deleted.
    Waiting,
    /// The world failed; later it may not.
    Failed(WorldError),
}

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// A new Secret.
    Created,
    /// A Secret that the resource now wants otherwise.
    Updated,
    /// A Secret that somebody else had changed or deleted.
    Healed,
    /// A Secret whose type changed, or an immutable one: deleted and made anew.
    Replaced,
    /// A foreign Secret that asked for it.
    Adopted,
    /// A Secret that the resource no longer names: deleted.
    Removed,
}

/// What somebody else had done to a Secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drift {
    /// In what it differed.
    pub changes: Changes,
    /// It was not there at all.
    pub deleted: bool,
    /// The field manager that wrote last, where it is known.
    pub by: Option<String>,
}

/// What a reconcile took.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Effort {
    /// Operations with a private key.
    pub private_operations: usize,
    /// Values that were opened.
    pub opened_values: usize,
    /// The keys that opened them, once for each data key.
    pub opened_with: Vec<Fingerprint>,
    /// A value that none of the keys at hand opened here, although each that could be was tried.
    pub unopened: Option<KeyName>,
}

/// The longest sentence of a refusal.
const DETAIL_BYTES_MAX: usize = 4096;

/// When to reconcile again, besides the resync.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Requeue {
    /// When the resource, its Secret or the keys change.
    OnChange,
    /// After a capped, jittered backoff that grows with each failure.
    Backoff,
    /// Never: this process may not write.
    Stop,
}

impl Outcome {
    pub(super) fn suspended() -> Self {
        Self {
            verdict: Verdict::Suspended,
            action: None,
            drift: None,
            writes: Vec::new(),
            effort: Effort::default(),
            varies: None,
            unbound: None,
            reported: Ok(()),
        }
    }

    /// When to come again.
    pub fn requeue(&self) -> Requeue {
        match (&self.verdict, self.reported) {
            (Verdict::Failed(WorldError::Stopped), _) | (_, Err(WorldError::Stopped)) => {
                Requeue::Stop
            }
            (Verdict::Failed(_) | Verdict::Waiting, _) | (_, Err(_)) => Requeue::Backoff,
            _ => Requeue::OnChange,
        }
    }

    /// The bounded word for metrics: `Ready`, `Suspended`, `Waiting`, a [`Reason`], a [`WorldError`].
    pub fn word(&self) -> &'static str {
        match &self.verdict {
            Verdict::Ready => "Ready",
            Verdict::Suspended => "Suspended",
            Verdict::Waiting => "Waiting",
            Verdict::Refused { reason, .. } => reason.as_str(),
            Verdict::Failed(error) => error.as_str(),
        }
    }
}

impl Verdict {
    /// The same with a sentence that a status can hold several times: it may name keys of a hostile resource.
    pub(super) fn bounded(mut self) -> Self {
        if let Self::Refused { detail, .. } = &mut self
            && detail.len() > DETAIL_BYTES_MAX
        {
            detail.truncate(detail.floor_char_boundary(DETAIL_BYTES_MAX - '…'.len_utf8()));
            detail.push('…');
        }
        self
    }
}

impl Action {
    pub(super) fn of(write: &Write, drift: bool) -> Self {
        match write {
            Write::Adopt(_) => Self::Adopted,
            Write::Create | Write::Update(_) | Write::Replace(_) if drift => Self::Healed,
            Write::Create => Self::Created,
            Write::Update(_) => Self::Updated,
            Write::Replace(_) => Self::Replaced,
        }
    }

    /// The CamelCase word of Events and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "Created",
            Self::Updated => "Updated",
            Self::Healed => "Healed",
            Self::Replaced => "Replaced",
            Self::Adopted => "Adopted",
            Self::Removed => "Removed",
        }
    }
}

impl Drift {
    pub(super) fn new(changes: Changes, live: Option<&Live>) -> Self {
        Self {
            changes,
            deleted: live.is_none(),
            by: live.and_then(|live| live.changed_by.clone()),
        }
    }
}

impl From<&Fault> for Verdict {
    fn from(fault: &Fault) -> Self {
        Self::Refused {
            reason: fault.reason,
            detail: fault.detail.clone(),
        }
    }
}

impl From<ContentError> for Verdict {
    fn from(error: ContentError) -> Self {
        Self::Refused {
            reason: error.reason(),
            detail: error.to_string(),
        }
    }
}

impl From<Refusal> for Verdict {
    fn from(Refusal { reason, detail }: Refusal) -> Self {
        Self::Refused { reason, detail }
    }
}

/// An answer that stays the same until somebody changes something is a refusal.
impl From<WorldError> for Verdict {
    fn from(error: WorldError) -> Self {
        let reason = match error {
            WorldError::Rejected => Reason::Rejected,
            WorldError::TooLarge => Reason::LimitExceeded,
            _ => return Self::Failed(error),
        };
        Self::Refused {
            reason,
            detail: error.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_fits_a_status_three_times() {
        let refused = |detail: String| Verdict::Refused {
            reason: Reason::NoKey,
            detail,
        };
        let short = refused("ä".repeat(2048));
        assert_eq!(short.clone().bounded(), short);
        let Verdict::Refused { detail, .. } = refused("ä".repeat(9000)).bounded() else {
            panic!("it stays a refusal");
        };
        assert!(detail.len() <= 4096 && detail.ends_with('…'));
    }
}
