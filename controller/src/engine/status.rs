//! Outcomes as conditions and Events: the one table, by the rules of kstatus.
//!
//! `Ready` is always there; `Stalled` stands beside it when only a change can help, `Reconciling`
//! when time can. A condition's message never holds a value, template output, or a length.

use bulla_core::api::{Condition, ConditionStatus};
use bulla_core::reason::Reason;
use bulla_core::rotation::Timestamp;

use super::hint::hint;
use super::outcome::{Action, Drift, Outcome, Verdict, Wrote};
use super::report::{Event, EventKind, Report, Status};
use super::world::WorldError;
use super::{Holds, Request, Sealed, rfc3339};

/// One row: how an outcome shows.
struct Shown {
    ready: ConditionStatus,
    /// The condition beside `Ready`.
    beside: Option<&'static str>,
    reason: &'static str,
    message: String,
}

const READY: &str = "Ready";
const STALLED: &str = "Stalled";
/// Beside the others, on a resource whose Secret is another one each time that it is rendered.
const VARIES: &str = "Varies";
const RECONCILING: &str = "Reconciling";
/// Beside the others, on a resource that says nowhere where it belongs.
const UNBOUND: &str = "Unbound";
/// On a resource whose status tells that it is left alone.
pub(crate) const SUSPENDED: &str = "Suspended";

/// What to tell; nothing when nothing changed, or when the answer would not get through either.
pub(super) fn report(
    request: &Request,
    outcome: &Outcome,
    applied: Option<String>,
    refused: Option<String>,
    keys: Option<usize>,
    now: Timestamp,
) -> Option<Report> {
    let before = request.status();
    if outcome.verdict == Verdict::Suspended {
        return suspended(request, now);
    }
    let shown = Shown::of(&outcome.verdict, request)?;
    let opened_with = &outcome.effort.opened_with;
    let mut status = Status {
        observed_generation: Some(request.generation()),
        conditions: conditions(&shown, request, now),
        last_handled_reconcile_at: request.requested_at().map(str::to_owned),
        keys: before.keys,
        applied: applied.or_else(|| before.applied.clone()),
        refused,
        opened_with: before.opened_with.clone(),
    };
    if status.last_handled_reconcile_at.is_none() {
        status.last_handled_reconcile_at = before.last_handled_reconcile_at.clone();
    }
    let names_keys = matches!(request.holds(), Ok(Holds::Secret(Sealed::SealedSecret(_))));
    if names_keys && !opened_with.is_empty() {
        status.opened_with = opened_with.iter().copied().take(REMEMBERED_MAX).collect();
    }
    let had = |type_: &str| before.conditions.iter().any(|old| old.type_ == type_);
    if outcome.varies.unwrap_or(had(VARIES)) {
        status.conditions.push(beside(request, &VARIES_SHOWN, now));
    }
    if outcome.unbound.unwrap_or(had(UNBOUND)) {
        status.conditions.push(beside(request, &UNBOUND_SHOWN, now));
    }
    if let Some(keys) = keys {
        status.keys = i32::try_from(keys).ok();
    }
    let event = event(&shown, request, outcome);
    let status = (&status != before).then_some(status);
    (status.is_some() || event.is_some()).then_some(Report { status, event })
}

impl Shown {
    fn of(verdict: &Verdict, request: &Request) -> Option<Self> {
        Some(match verdict {
            Verdict::Ready => Self {
                ready: ConditionStatus::True,
                beside: None,
                reason: "Applied",
                message: match request.makes_several() {
                    true => "the Secrets hold the opened values",
                    false => "the Secret holds the opened values",
                }
                .to_owned(),
            },
            Verdict::Refused { reason, detail } => Self {
                ready: ConditionStatus::False,
                beside: Some(STALLED),
                reason: reason.as_str(),
                message: format!("{detail}; {}", hint(request, *reason)),
            },
            Verdict::Waiting => Self {
                ready: ConditionStatus::False,
                beside: Some(RECONCILING),
                reason: "SecretTerminating",
                message: "the old Secret is being deleted".to_owned(),
            },
            Verdict::Failed(error @ (WorldError::Forbidden | WorldError::Gone)) => Self {
                ready: ConditionStatus::False,
                beside: Some(RECONCILING),
                reason: error.as_str(),
                message: format!("{error}; it is tried again"),
            },
            // Over in a moment, or the status would not get through either.
            Verdict::Failed(_) | Verdict::Suspended => return None,
        })
    }
}

/// A condition that kstatus does not look at: type, reason, message.
type Beside = (&'static str, &'static str, &'static str);

const VARIES_SHOWN: Beside = (
    VARIES,
    "TemplateVaries",
    "a template looks at the clock or at chance: the Secret gets other values whenever it is made anew",
);
const UNBOUND_SHOWN: Beside = (
    UNBOUND,
    "NoPlace",
    "it says nowhere where it belongs, so that a copy of it opens in every namespace; `bulla reseal` binds it",
);
const SUSPENDED_SHOWN: Beside = (
    SUSPENDED,
    "Suspended",
    "its Secrets are left as they are until `spec.suspend` is taken back",
);

fn beside(request: &Request, (type_, reason, message): &Beside, now: Timestamp) -> Condition {
    let mut before = request.status().conditions.iter();
    let before = before.find(|old| old.type_ == *type_);
    Condition {
        type_: (*type_).to_owned(),
        status: ConditionStatus::True,
        observed_generation: Some(request.generation()),
        last_transition_time: before
            .map_or_else(|| rfc3339(now), |old| old.last_transition_time.clone()),
        reason: (*reason).to_owned(),
        message: (*message).to_owned(),
    }
}

/// Says that nothing is looked at, beside what was found out before.
fn suspended(request: &Request, now: Timestamp) -> Option<Report> {
    let before = request.status();
    let mut status = before.clone();
    status.conditions.retain(|old| old.type_ != SUSPENDED);
    let condition = beside(request, &SUSPENDED_SHOWN, now);
    status.conditions.push(condition);
    (status != *before).then_some(Report {
        status: Some(status),
        event: None,
    })
}

/// The reason and the sentence of the refusal that the status of `request` tells of.
pub(super) fn told_refusal(request: &Request) -> Option<(Reason, &str)> {
    let mut conditions = request.status().conditions.iter();
    let ready = conditions.find(|condition| condition.type_ == READY)?;
    let mut reasons = Reason::ALL.into_iter();
    let reason = reasons.find(|reason| ready.reason == reason.as_str())?;
    let detail = ready.message.strip_suffix(hint(request, reason))?;
    Some((reason, detail.strip_suffix("; ")?))
}

fn conditions(shown: &Shown, request: &Request, now: Timestamp) -> Vec<Condition> {
    let before = &request.status().conditions;
    let condition = |type_: &str, status: ConditionStatus| Condition {
        type_: type_.to_owned(),
        status,
        observed_generation: Some(request.generation()),
        last_transition_time: before
            .iter()
            .find(|old| old.type_ == type_ && old.status == status)
            .map_or_else(|| rfc3339(now), |old| old.last_transition_time.clone()),
        reason: shown.reason.to_owned(),
        message: shown.message.clone(),
    };
    let mut out = vec![condition(READY, shown.ready)];
    out.extend(
        shown
            .beside
            .map(|type_| condition(type_, ConditionStatus::True)),
    );
    out
}

/// An Event for each write, and for each change of the verdict.
fn event(shown: &Shown, request: &Request, outcome: &Outcome) -> Option<Event> {
    if let Some(action) = outcome.action {
        return Some(written(action, outcome.drift.as_ref()));
    }
    let before = request.status().conditions.iter();
    let before = before.clone().find(|condition| condition.type_ == READY);
    let same = |old: &Condition| old.status == shown.ready && old.reason == shown.reason;
    if before.is_some_and(same) {
        return None;
    }
    let kind = match shown.ready {
        ConditionStatus::True => EventKind::Normal,
        _ => EventKind::Warning,
    };
    Some(Event {
        kind,
        reason: shown.reason,
        action: "Reconcile",
        note: cut(shown.message.clone()),
    })
}

/// An Event about one of several Secrets.
pub(super) fn written_of_several(wrote: &Wrote) -> Event {
    let event = written(wrote.action, wrote.drift.as_ref());
    Event {
        note: cut(format!("`{}`: {}", wrote.secret, event.note)),
        ..event
    }
}

fn written(action: Action, drift: Option<&Drift>) -> Event {
    let (kind, verb, note) = match action {
        Action::Created => (EventKind::Normal, "Create", "made the Secret".to_owned()),
        Action::Updated => (EventKind::Normal, "Update", "updated the Secret".to_owned()),
        Action::Adopted => (
            EventKind::Normal,
            "Adopt",
            "took the Secret over, as its annotation asked".to_owned(),
        ),
        Action::Replaced => (
            EventKind::Normal,
            "Replace",
            "deleted the Secret and made it anew: its type changed, or it was immutable".to_owned(),
        ),
        Action::Removed => (
            EventKind::Normal,
            "Remove",
            "deleted the Secret: the resource no longer names it".to_owned(),
        ),
        Action::Healed => (
            EventKind::Warning,
            "Heal",
            drift.map_or_else(String::new, Drift::sentence),
        ),
    };
    let (reason, note) = (action.as_str(), cut(note));
    Event {
        kind,
        reason,
        action: verb,
        note,
    }
}

impl Drift {
    /// Says what was put right, by the names of keys, and who had changed it.
    pub fn sentence(&self) -> String {
        if self.deleted {
            return "the Secret was deleted: made it again".to_owned();
        }
        let changes = &self.changes;
        let quoted = |names: &mut dyn Iterator<Item = &str>| -> Option<String> {
            let names: Vec<_> = names.map(|name| format!("`{name}`")).collect();
            (!names.is_empty()).then(|| names.join(", "))
        };
        let mut parts = Vec::new();
        if let Some(names) = quoted(&mut changes.changed.iter().map(AsRef::as_ref)) {
            parts.push(format!("put back {names}"));
        }
        if let Some(names) = quoted(&mut changes.missing.iter().map(AsRef::as_ref)) {
            parts.push(format!("added {names} again"));
        }
        if let Some(names) = quoted(&mut changes.foreign.iter().map(String::as_str)) {
            parts.push(format!("removed {names}"));
        }
        let others = [
            (changes.metadata, "put labels and annotations back"),
            (changes.secret_type, "put the type back"),
            (changes.immutable, "put `immutable` back"),
            (changes.form, "wrote the files anew"),
        ];
        let others = others.into_iter().filter(|(differs, _)| *differs);
        parts.extend(others.map(|(_, text)| text.to_owned()));
        let by = self.by.as_deref().map_or_else(String::new, |by| {
            let by: String = by.chars().take(64).flat_map(char::escape_debug).collect();
            format!(" by `{by}`")
        });
        format!("the Secret was changed{by}: {}", parts.join("; "))
    }
}

/// Shortens a note: that of an Event has at most 1 kB.
pub fn cut(mut note: String) -> String {
    if note.len() > NOTE_BYTES_MAX {
        let end = (0..=NOTE_BYTES_MAX - '…'.len_utf8())
            .rev()
            .find(|end| note.is_char_boundary(*end));
        note.truncate(end.unwrap_or_default());
        note.push('…');
    }
    note
}

const NOTE_BYTES_MAX: usize = 1024;
/// Keys that are tried first the next time; a resource with more of them is rare, and opens all the same.
const REMEMBERED_MAX: usize = 16;
