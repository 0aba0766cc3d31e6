//! What the keeper does about what it has found: one step of the rotation, and the state of each key.

use bulla_core::api::{KeyState, KeySuite, SealingKeySpec};
use bulla_core::recipient::Suite;
use bulla_core::rotation::{Block, MAX_KEYS, Standing, Step, Timestamp, Why, next};

use super::Keeper;
use super::found::{Fault, Found, Half, asked};
use super::make::make_private_half;
use super::status::{shown, wanted};
use crate::engine::rfc3339;
use crate::kube::api::error::ApiError;
use crate::kube::keys::conditions::Delay;
use crate::kube::keys::events;
use crate::kube::keys::store::{self, Guard};
use crate::kube::mirror::SeenSealingKey;

impl Keeper {
    /// In a restore: makes the `SealingKey` that a labelled key Secret has lost, in the state that it was in.
    pub(super) async fn adopt_orphans(&mut self, found: &[Found]) -> Result<bool, ApiError> {
        let mut adopted = false;
        for secret in self.cluster.key_secrets.all() {
            let known = found
                .iter()
                .any(|found| found.key.meta.name == secret.sealing_key);
            if known || secret.is_retired() {
                continue;
            }
            let Some(identity) = self.identities.of(&secret) else {
                continue;
            };
            // A line of text gives no other key than one of age's own.
            let Some(suite) = identity.suite() else {
                continue;
            };
            let (name, state) = (&*secret.sealing_key, secret.state());
            match store::create(&self.cluster, name, &age_spec(suite, state)).await {
                Ok(_) => {
                    tracing::info!(sealing_key = name, "restored a sealing key from its Secret");
                    adopted = true;
                }
                // A label that is no name of a resource: there is nothing to restore.
                Err(ApiError::Invalid { .. } | ApiError::AlreadyExists) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(adopted)
    }

    /// What the rotation says, and which of `found` its list was made from.
    pub(super) fn next_step(&self, found: &[Found], now: Timestamp) -> (Step, Vec<usize>) {
        let (places, keys): (Vec<usize>, Vec<_>) = found
            .iter()
            .enumerate()
            .filter_map(|(place, found)| Some((place, found.for_rotation()?)))
            .unzip();
        let asked = asked(&self.cluster.key_secrets.all());
        let step = next(&keys, &asked, &self.policy, now);
        (step, places)
    }

    /// Carries a step out; true when a key was made.
    pub(super) async fn carry_out(
        &self,
        step: Step,
        of_rotation: &[usize],
        found: &[Found],
        now: Timestamp,
    ) -> Result<bool, ApiError> {
        match step {
            Step::Wait(_) | Step::Blocked(_) => Ok(false),
            Step::Fulfil(..) if self.policy.require_existing_key => Ok(false),
            Step::Fulfil(place, why) => {
                let key = &found[of_rotation[place]].key;
                let suite = key.spec.and_then(|spec| spec.suite.age());
                match suite {
                    Some(suite) => self.make_private_half(key, suite, why, now).await,
                    None => Ok(false),
                }
            }
            Step::Make(..) if self.a_private_half_may_be_on_its_way(found).await? => Ok(false),
            Step::Make(suite, why) => {
                let name = name_of_new(now);
                let key = store::create(&self.cluster, &name, &age_spec(suite, None)).await?;
                self.make_private_half(&key, suite, why, now).await
            }
        }
    }

    /// True when a Secret that a key misses is there after all: the watch of Secrets may be behind that of keys, and a
    /// new key would be one too many.
    async fn a_private_half_may_be_on_its_way(&self, found: &[Found]) -> Result<bool, ApiError> {
        let missing = found.iter().filter_map(|found| match found.half {
            Half::Faulty(Fault::SecretMissing) => found.key.status.secret.as_ref(),
            _ => None,
        });
        store::any_secret_exists(&self.cluster, &missing.collect::<Vec<_>>()).await
    }

    async fn make_private_half(
        &self,
        key: &SeenSealingKey,
        suite: Suite,
        why: Why,
        now: Timestamp,
    ) -> Result<bool, ApiError> {
        match make_private_half(&self.cluster, key, suite, why, now).await {
            Ok(()) => {
                let made = events::made(why);
                let (sealing_key, why) = (&*key.meta.name, why.as_str());
                tracing::info!(sealing_key, %suite, why, "made a sealing key");
                events::tell(&self.cluster, key, &made).await;
                Ok(true)
            }
            // An attempt that was cut off got that far: the watch brings its Secret.
            Err(ApiError::AlreadyExists) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Brings finalizers and status of every key to what they should be; the first error is told at the end.
    pub(super) async fn settle_all(
        &self,
        found: &[Found],
        step: Step,
        now: Timestamp,
    ) -> Result<(), ApiError> {
        let made = found.iter().filter(|found| found.bound().is_some()).count();
        let delay = match step {
            _ if self.policy.require_existing_key => Delay::Restore,
            Step::Blocked(Block::TooMany) => Delay::TooMany,
            _ if made >= MAX_KEYS => Delay::TooMany,
            _ => Delay::RateLimited,
        };
        // The keys that close come first: at every moment one of a suite is said to, and where two are, the newer is meant.
        let (closing, others): (Vec<_>, Vec<_>) = found
            .iter()
            .partition(|found| found.standing == Some(Standing::Closes));
        let mut result = Ok(());
        for found in closing {
            result = result.and(self.settle(found, delay, now).await);
        }
        let announced = result;
        for found in others {
            // A successor that could not be announced takes nothing from the key before it.
            let waits = announced.is_err() && found.is_predecessor();
            if !waits {
                result = result.and(self.settle(found, delay, now).await);
            }
        }
        result
    }

    async fn settle(&self, found: &Found, delay: Delay, now: Timestamp) -> Result<(), ApiError> {
        let (cluster, key) = (&*self.cluster, &found.key);
        // The Secret remembers the state, so that a restore doesn't bring a compromised key back to life.
        if let (Some(bound), Some(state)) = (found.bound(), found.state())
            && bound.secret.state() != Some(state)
        {
            store::note_state(cluster, &bound.secret, state).await?;
        }
        match store::guard(cluster, key, found.may_go()).await? {
            Guard::Kept => {}
            Guard::Released => {
                let secret = found.bound().map(|bound| &*bound.secret.name);
                events::tell(cluster, key, &events::released(secret)).await;
                return Ok(());
            }
            Guard::Overtaken => return Ok(()),
        }
        let shown = shown(found, delay);
        let status = wanted(found, &shown, self.rounds.usage(), now);
        if status != key.status
            && store::report(cluster, key, &status).await?
            && let Some(event) = events::transition(&key.status, &shown)
        {
            events::tell(cluster, key, &event).await;
        }
        Ok(())
    }
}

/// The spec of an age key, in `state` when it is restored.
fn age_spec(suite: Suite, state: Option<KeyState>) -> SealingKeySpec {
    SealingKeySpec {
        suite: match suite {
            Suite::X25519 => KeySuite::X25519,
            _ => KeySuite::MlKem768X25519,
        },
        bits: None,
        state: state.unwrap_or(KeyState::Active),
    }
}

/// `key-20261121-x7k2q`: the day, and something random.
fn name_of_new(now: Timestamp) -> String {
    let mut random = [0; 5];
    // Without randomness the name is taken at worst, and the next attempt is on another day.
    let _ = getrandom::getrandom(&mut random);
    let letters: String = random
        .iter()
        .map(|byte| char::from(NAME_LETTERS[usize::from(byte % 32)]))
        .collect();
    let day: String = rfc3339(now)
        .chars()
        .take("2026-11-21".len())
        .filter(char::is_ascii_digit)
        .collect();
    format!("key-{day}-{letters}")
}

const NAME_LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_key_is_named_by_the_day() {
        let name = name_of_new(Timestamp(1_795_262_400));
        assert!(
            name.starts_with("key-20261121-") && name.len() == 18,
            "{name}"
        );
        assert!(name.parse::<bulla_core::names::ResourceName>().is_ok());
    }
}
