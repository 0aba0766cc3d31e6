//! What a `SealingKey`'s status should say.

use std::collections::HashMap;

use bulla_core::api::{
    Condition, ConditionStatus, KeySecretRef, KeyState, KeyUse, SealingKeyStatus,
};
use bulla_core::recipient::Fingerprint;
use bulla_core::rotation::{Standing, Timestamp};

use super::found::{Found, Half};
use crate::engine::rfc3339;
use crate::kube::cluster::Cluster;

/// How much is closed for each key.
pub(super) type Usage = HashMap<Fingerprint, KeyUse>;

/// Counts over all envelopes.
pub(super) fn usage(cluster: &Cluster) -> Usage {
    let mut usage = Usage::new();
    for envelope in cluster.envelopes.all() {
        for fingerprint in &envelope.recipients {
            let counted = usage.entry(*fingerprint).or_insert(KeyUse {
                resources: 0,
                values: 0,
            });
            counted.resources = counted.resources.saturating_add(1);
            counted.values = counted.values.saturating_add_unsigned(envelope.values);
        }
    }
    usage
}

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

/// The status that `found` should have.
pub(super) fn wanted(
    found: &Found,
    shown: &Shown,
    usage: Option<&Usage>,
    now: Timestamp,
) -> SealingKeyStatus {
    let before = &found.key.status;
    let condition = |type_: &str, status: ConditionStatus| Condition {
        type_: type_.to_owned(),
        status,
        observed_generation: Some(found.key.meta.generation),
        last_transition_time: before
            .conditions
            .iter()
            .find(|old| old.type_ == type_ && old.status == status)
            .map_or_else(|| rfc3339(now), |old| old.last_transition_time.clone()),
        reason: shown.reason.to_owned(),
        message: shown.message.clone(),
    };
    let mut conditions = vec![condition("Ready", shown.ready)];
    conditions.extend(
        shown
            .beside
            .map(|type_| condition(type_, ConditionStatus::True)),
    );
    let mut status = SealingKeyStatus {
        observed_generation: Some(found.key.meta.generation),
        conditions,
        closes: Some(found.standing == Some(Standing::Closes)),
        ..before.clone()
    };
    if let Some(bound) = found.bound() {
        let recipient = bound.identity.recipient();
        status.public_key = Some(recipient.as_str().to_owned());
        status.fingerprint = Some(recipient.fingerprint().to_string());
        status.not_before = Some(rfc3339(bound.not_before));
        status.secret = Some(KeySecretRef {
            name: bound.secret.name.to_string(),
            uid: bound.secret.uid.to_string(),
        });
    }
    // Also of a key whose private half is gone: that is when it matters most.
    let fingerprint = status
        .fingerprint
        .as_ref()
        .and_then(|text| text.parse().ok());
    if let Some((usage, fingerprint)) = usage.zip(fingerprint) {
        let used_by = usage.get(&fingerprint).copied();
        status.used_by = Some(used_by.unwrap_or(KeyUse {
            resources: 0,
            values: 0,
        }));
    }
    status
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
    pub(super) fn of(found: &Found, delay: Delay) -> Self {
        let fine = |reason, message: &str| Self {
            ready: ConditionStatus::True,
            beside: None,
            reason,
            message: message.to_owned(),
        };
        let not = |beside, reason, message: String| Self {
            ready: ConditionStatus::False,
            beside: Some(beside),
            reason,
            message,
        };
        if let Half::Faulty(fault) = &found.half {
            return not(STALLED, fault.reason(), fault.to_string());
        }
        let compromised = found.state() == Some(KeyState::Compromised);
        if found.key.meta.deletion_timestamp.is_some() && !found.may_go() {
            let message = if compromised {
                "it stays as a record until it is annotated with `bulla.dev/delete-compromised: \"true\"`"
            } else {
                "it is deleted once its state is Retired: values may still be closed for it"
            };
            return not(RECONCILING, "DeletionWaits", message.to_owned());
        }
        match found.standing {
            Some(Standing::Closes) => fine("Closes", "new values are closed for it, and it opens"),
            Some(Standing::Opens) if found.state() == Some(KeyState::Active) => {
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
