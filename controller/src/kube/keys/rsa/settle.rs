//! Finalizer and status of each key, and what its Secret remembers of it.

use bulla_core::api::{KeySecretRef, KeyState, KeyUse, SealingKeyStatus};
use bulla_core::rotation::{Standing, Timestamp};
use serde_json::json;

use super::found::{Found, Half};
use super::{RSA_KEY_LABEL, RsaKeeper};
use crate::engine::rfc3339;
use crate::kube::api::error::ApiError;
use crate::kube::cluster::Cluster;
use crate::kube::keys::conditions::{Delay, Shown};
use crate::kube::keys::events;
use crate::kube::keys::gauges::state_text;
use crate::kube::keys::rounds::Usage;
use crate::kube::keys::store::{self, Guard};

/// How much each key was seen to open, counted over all SealedSecrets. A value does not say for which key it is closed; what opened a resource is remembered
/// in its status. Where that were several keys, each is counted for one value: that many are certain.
pub(super) fn usage(cluster: &Cluster) -> Usage {
    let mut usage = Usage::new();
    for resource in cluster.sealed_secrets.all() {
        let opened_with = &resource.status.opened_with;
        for fingerprint in opened_with {
            let values = match opened_with.len() {
                1 => resource.values,
                _ => 1,
            };
            let counted = usage.entry(*fingerprint).or_insert(UNUSED);
            counted.resources = counted.resources.saturating_add(1);
            counted.values = counted.values.saturating_add_unsigned(values);
        }
    }
    usage
}

impl RsaKeeper {
    /// Brings every key to what it should be; the first error is told at the end.
    pub(super) async fn settle_all(&self, found: &[Found], now: Timestamp) -> Result<(), ApiError> {
        // The key that closes comes first, so that at every moment one is said to.
        let (closing, others): (Vec<_>, Vec<_>) = found
            .iter()
            .partition(|found| found.standing == Some(Standing::Closes));
        let mut result = Ok(());
        for found in closing.into_iter().chain(others) {
            // One key that can't be written keeps no other from its status.
            result = result.and(self.settle(found, now).await);
        }
        result
    }

    async fn settle(&self, found: &Found, now: Timestamp) -> Result<(), ApiError> {
        let (cluster, key) = (&*self.cluster, &found.key);
        let state = key.spec.map(|spec| spec.state);
        if found.says_compromised && state != Some(KeyState::Compromised) {
            tracing::warn!(
                sealing_key = &*key.meta.name,
                "a label says that a key is compromised: it is, for good"
            );
            // The watch brings it back here.
            return store::compromise(cluster, key).await.map(drop);
        }
        self.note(found, found.may_go()).await?;
        match store::guard(cluster, key, found.may_go()).await? {
            Guard::Kept => {}
            Guard::Released => {
                let secret = found.bound().map(|pair| &*pair.secret.name);
                events::tell(cluster, key, &events::released(secret)).await;
                return Ok(());
            }
            Guard::Overtaken => return Ok(()),
        }
        let shown = self.shown(found);
        let status = self.wanted(found, &shown, now);
        if status != key.status
            && store::report(cluster, key, &status).await?
            && let Some(event) = events::transition(&key.status, &shown)
        {
            events::tell(cluster, key, &event).await;
        }
        Ok(())
    }

    /// The Secret remembers that its key is retired or compromised: neither a restore nor the other controller is to
    /// bring it back to life. Of nothing else is a key Secret ever written that was not made here.
    async fn note(&self, found: &Found, goes: bool) -> Result<(), ApiError> {
        let Some(secret) = found.bound().map(|pair| &pair.secret) else {
            return Ok(());
        };
        let state = found.key.spec.map(|spec| spec.state);
        let state = match state {
            Some(state @ (KeyState::Retired | KeyState::Compromised)) => state,
            _ => return Ok(()),
        };
        let compromised = state == KeyState::Compromised;
        let is_said = compromised && secret.is_compromised() && !goes;
        if is_said || secret.state() == Some(state) {
            return Ok(());
        }
        let mut metadata = json!({
            "uid": &*secret.uid,
            "annotations": {store::STATE_ANNOTATION: state_text(state)},
        });
        if compromised {
            metadata["labels"] = json!({RSA_KEY_LABEL: "compromised"});
        }
        store::note(&self.cluster, &secret.name, &metadata).await
    }

    fn shown(&self, found: &Found) -> Shown {
        if let Half::Faulty(fault) = &found.half {
            return Shown::stalled(fault.reason(), fault.to_string());
        }
        let labelled_off = found.is_labelled_off() && !found.says_compromised;
        let opens = found.key.spec.is_some_and(|spec| spec.state.opens());
        if labelled_off && opens {
            let message = "the label of its Secret says something else than `active`";
            return Shown::stalled("NotActive", message.to_owned());
        }
        if found.standing == Some(Standing::FromTheFuture) {
            let message = "it opens; it closes from the notBefore of its certificate on";
            return Shown::fine("Opens", message);
        }
        let delay = match self.settings.policy.require_existing_key {
            true => Delay::Restore,
            false => Delay::RateLimited,
        };
        Shown::of_sound(&found.key, found.may_go(), found.standing, delay)
    }

    fn wanted(&self, found: &Found, shown: &Shown, now: Timestamp) -> SealingKeyStatus {
        let (before, generation) = (&found.key.status, found.key.meta.generation);
        let mut status = SealingKeyStatus {
            observed_generation: Some(generation),
            conditions: shown.conditions(before, generation, now),
            closes: Some(found.standing == Some(Standing::Closes)),
            ..before.clone()
        };
        if let Some(pair) = found.bound() {
            status.public_key = Some(pair.certificate.to_pem());
            status.fingerprint = Some(pair.private.fingerprint().to_string());
            status.not_before = Some(rfc3339(pair.certificate.not_before()));
            status.secret = Some(KeySecretRef {
                name: pair.secret.name.to_string(),
                uid: pair.secret.uid.to_string(),
            });
        }
        let fingerprint = status.fingerprint.as_ref();
        let fingerprint = fingerprint.and_then(|text| text.parse().ok());
        if let Some((usage, fingerprint)) = self.rounds.usage().zip(fingerprint) {
            status.used_by = Some(usage.get(&fingerprint).copied().unwrap_or(UNUSED));
        }
        status
    }
}

const UNUSED: KeyUse = KeyUse {
    resources: 0,
    values: 0,
};
