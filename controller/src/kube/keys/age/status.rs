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
use crate::kube::kind::{Envelopes, Kind, SopsSecrets};
use crate::kube::mirror::SeenSealingKey;

/// How much is closed for each key.
pub(super) type Usage = HashMap<Fingerprint, KeyUse>;

/// Counts over all envelopes and SopsSecrets.
pub(super) fn usage(cluster: &Cluster) -> Usage {
    let mut usage = Usage::new();
    count::<Envelopes>(cluster, &mut usage);
    count::<SopsSecrets>(cluster, &mut usage);
    usage
}

fn count<K: Kind>(cluster: &Cluster, usage: &mut Usage) {
    for resource in K::mirror(cluster).all() {
        for fingerprint in &resource.recipients {
            let counted = usage.entry(*fingerprint).or_insert(KeyUse {
                resources: 0,
                values: 0,
            });
            counted.resources = counted.resources.saturating_add(1);
            counted.values = counted.values.saturating_add_unsigned(resource.values);
        }
    }
}

/// Why a key that was asked for is not made yet.
#[derive(Debug, Clone, Copy)]
pub(in crate::kube) enum Delay {
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
    let generation = found.key.meta.generation;
    let mut status = SealingKeyStatus {
        observed_generation: Some(generation),
        conditions: shown.conditions(before, generation, now),
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
pub(in crate::kube) struct Shown {
    pub(in crate::kube) ready: ConditionStatus,
    /// The condition beside `Ready`.
    pub(in crate::kube) beside: Option<&'static str>,
    pub(in crate::kube) reason: &'static str,
    pub(in crate::kube) message: String,
}

impl Shown {
    pub(super) fn of(found: &Found, delay: Delay) -> Self {
        if let Half::Faulty(fault) = &found.half {
            return Self::stalled(fault.reason(), fault.to_string());
        }
        Self::of_sound(&found.key, found.may_go(), found.standing, delay)
    }

    /// Of a key that is as it should be.
    pub(in crate::kube) fn fine(reason: &'static str, message: &str) -> Self {
        Self {
            ready: ConditionStatus::True,
            beside: None,
            reason,
            message: message.to_owned(),
        }
    }

    /// Of a key that can't be used until somebody does something.
    pub(in crate::kube) fn stalled(reason: &'static str, message: String) -> Self {
        Self {
            ready: ConditionStatus::False,
            beside: Some(STALLED),
            reason,
            message,
        }
    }

    /// Of a key with which nothing is wrong.
    pub(in crate::kube) fn of_sound(
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
    pub(in crate::kube) fn conditions(
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
