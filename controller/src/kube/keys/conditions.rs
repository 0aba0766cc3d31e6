//! What the status of a key says of it: its conditions, the same for both families.

use bulla_core::api::{Condition, ConditionStatus, KeyState, SealingKeyStatus};
use bulla_core::rotation::{Standing, Timestamp};

use crate::engine::rfc3339;
use crate::kube::mirror::SeenSealingKey;

/// Why a key that was asked for is not made yet.
#[derive(Debug, Clone, Copy)]
pub(super) enum Delay {
    /// One an hour.
    RateLimited,
    /// 64 in all.
    TooMany,
    /// A restore makes none.
    Restore,
}

/// The conditions of a key.
pub(super) struct Shown {
    pub(super) ready: ConditionStatus,
    /// The condition beside `Ready`.
    pub(super) beside: Option<&'static str>,
    pub(super) reason: &'static str,
    pub(super) message: String,
}

impl Shown {
    /// Of a key that is as it should be.
    pub(super) fn fine(reason: &'static str, message: &str) -> Self {
        Self {
            ready: ConditionStatus::True,
            beside: None,
            reason,
            message: message.to_owned(),
        }
    }

    /// Of a key that can't be used until somebody does something.
    pub(super) fn stalled(reason: &'static str, message: String) -> Self {
        Self {
            ready: ConditionStatus::False,
            beside: Some(STALLED),
            reason,
            message,
        }
    }

    /// Of a key with which nothing is wrong.
    pub(super) fn of_sound(
        key: &SeenSealingKey,
        may_go: bool,
        standing: Option<Standing>,
        delay: Delay,
    ) -> Self {
        let fine = Self::fine;
        let not = |beside, reason, message: String| Self {
            ready: ConditionStatus::False,
            beside: Some(beside),
            reason,
            message,
        };
        let state = key.spec.map(|spec| spec.state);
        let compromised = state == Some(KeyState::Compromised);
        if key.meta.deletion_timestamp.is_some() && !may_go {
            let message = if compromised {
                "it stays as a record until it is annotated with `bulla.dev/delete-compromised: \"true\"`"
            } else {
                "it is deleted once its state is Retired: values may still be closed for it"
            };
            return not(RECONCILING, "DeletionWaits", message.to_owned());
        }
        match standing {
            Some(Standing::Closes) => fine("Closes", "new values are closed for it, and it opens"),
            Some(Standing::Opens) if state == Some(KeyState::Active) => {
                fine("Opens", "it opens; a newer key of its suite closes")
            }
            Some(Standing::Opens) => fine("Opens", "it opens"),
            // It is what its spec asks for, so that a wait for it ends.
            Some(Standing::Idle) if compromised => fine(
                "Compromised",
                "it neither closes nor opens: change what was closed for it at its source",
            ),
            Some(Standing::Idle) => fine("Retired", "it neither closes nor opens"),
            Some(Standing::FromTheFuture) => {
                let message = "`status.notBefore` lies in the future: is a clock wrong?";
                not(STALLED, "NotBeforeInFuture", message.to_owned())
            }
            Some(Standing::Wanted) | None => delay.shown(),
        }
    }

    /// As conditions, each since when it is as it is.
    pub(super) fn conditions(
        &self,
        before: &SealingKeyStatus,
        generation: i64,
        now: Timestamp,
    ) -> Vec<Condition> {
        let condition = |type_: &str, status: ConditionStatus| Condition {
            type_: type_.to_owned(),
            status,
            observed_generation: Some(generation),
            last_transition_time: before
                .conditions
                .iter()
                .find(|old| old.type_ == type_ && old.status == status)
                .map_or_else(|| rfc3339(now), |old| old.last_transition_time.clone()),
            reason: self.reason.to_owned(),
            message: self.message.clone(),
        };
        let beside = self.beside;
        let beside = beside.map(|type_| condition(type_, ConditionStatus::True));
        let mut conditions = vec![condition("Ready", self.ready)];
        conditions.extend(beside);
        conditions
    }
}

impl Delay {
    fn shown(self) -> Shown {
        let (beside, reason, message) = match self {
            Self::RateLimited => (
                RECONCILING,
                "RateLimited",
                "at most one key an hour is made on request; it follows",
            ),
            Self::TooMany => (
                STALLED,
                "TooManyKeys",
                "there are 64 keys: delete retired ones",
            ),
            Self::Restore => (
                RECONCILING,
                "RequireExistingKey",
                "no key is made with --require-existing-key: restore the Secret with its private half",
            ),
        };
        Shown {
            ready: ConditionStatus::False,
            beside: Some(beside),
            reason,
            message: message.to_owned(),
        }
    }
}

const STALLED: &str = "Stalled";
const RECONCILING: &str = "Reconciling";
