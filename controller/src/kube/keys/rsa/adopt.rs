//! `SealingKey`s for key Secrets that are there.
//!
//! What is found at the first start is Active, as Sealed Secrets has it. A key that appears later opens, and closes once
//! somebody promotes it: who may write Secrets in the namespace must not be able to have everybody close for them.
//! The first start lasts until a `SealingKey` names its Secret, and none does before all of them are made: one that is
//! cut off is taken up again.

use std::sync::Arc;

use bulla_core::api::{KeyState, KeySuite, SealingKeySpec};

use super::RsaKeeper;
use super::found::{Found, Held, Seen, second_name};
use super::parsed::{Malformed, Pair};
use crate::kube::api::error::ApiError;
use crate::kube::keys::store;
use crate::kube::mirror::RsaKeySecret;

impl RsaKeeper {
    /// Makes what is missing; true when something was made.
    pub(super) async fn adopt(&self, seen: &Seen, found: &[Found]) -> Result<bool, ApiError> {
        let first = found.iter().all(|found| found.key.status.secret.is_none());
        let mut adopted = false;
        for Held { secret, pair } in seen.orphans(found) {
            let spec = self.adopted(secret, pair, first);
            adopted |= self.make_resource(seen, secret, &spec).await?;
        }
        Ok(adopted)
    }

    fn adopted(
        &self,
        secret: &RsaKeySecret,
        pair: &Result<Arc<Pair>, Malformed>,
        first: bool,
    ) -> SealingKeySpec {
        let restored = self.settings.policy.require_existing_key;
        let state = match pair {
            Ok(_) if secret.is_compromised() => KeyState::Compromised,
            Ok(_) if first || restored || self.settings.adopt_keys => KeyState::Active,
            // What can't be read yet may become anybody's key.
            _ => KeyState::OpenOnly,
        };
        let bits = match pair {
            Ok(pair) => pair.private.public().bits(),
            Err(_) => self.settings.bits as usize,
        };
        SealingKeySpec {
            suite: KeySuite::Rsa,
            bits: i32::try_from(bits).ok(),
            state,
        }
    }

    async fn make_resource(
        &self,
        seen: &Seen,
        secret: &RsaKeySecret,
        spec: &SealingKeySpec,
    ) -> Result<bool, ApiError> {
        let name = &*secret.name;
        let taken = self.cluster.sealing_keys.all();
        let taken = taken.iter().any(|key| &*key.meta.name == name);
        let name = match taken {
            true => second_name(secret),
            false => name.to_owned(),
        };
        if seen.keys.iter().any(|key| *key.meta.name == *name) {
            return Ok(false);
        }
        match store::create(&self.cluster, &name, spec).await {
            Ok(_) => {
                let state = spec.state;
                tracing::info!(
                    sealing_key = name,
                    ?state,
                    "adopted a key of Sealed Secrets"
                );
                Ok(true)
            }
            // The watch brings it.
            Err(ApiError::AlreadyExists) => Ok(false),
            // A name that is too long for a second one.
            Err(error @ ApiError::Invalid { .. }) => {
                tracing::warn!(secret = &*secret.name, %error, "no SealingKey can be made for a key Secret");
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }
}
