//! What a `SealingKey`'s status should say.

use bulla_core::api::{KeySecretRef, KeyUse, SealingKeyStatus};
use bulla_core::rotation::{Standing, Timestamp};

use super::found::{Found, Half};
use crate::engine::rfc3339;
use crate::kube::cluster::Cluster;
use crate::kube::keys::conditions::{Delay, Shown};
use crate::kube::keys::rounds::Usage;
use crate::kube::kind::{Envelopes, Kind, SopsSecrets};

/// The verdict on a key.
pub(super) fn shown(found: &Found, delay: Delay) -> Shown {
    if let Half::Faulty(fault) = &found.half {
        return Shown::stalled(fault.reason(), fault.to_string());
    }
    Shown::of_sound(&found.key, found.may_go(), found.standing, delay)
}

/// How much is closed for each key, counted over all envelopes and SopsSecrets.
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
