//! Sealing keys: makes them, binds each `SealingKey` to its private half, publishes the key ring, reports.
//!
//! # Guarantees
//!
//! - A private half counts only in the controller's namespace, and only when a `SealingKey` names its Secret by uid
//!   (or, while it is still to be named, when the controller made that Secret for this very uid).
//! - The public key that people see is derived from the private half, each time.
//! - What people say of a key takes effect at once, on followers too: the ring is made anew and published.
//! - A step that was cut off is completed, not repeated.

mod found;
mod status;
mod store;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use bulla_core::names::ResourceName;
use bulla_core::recipient::{Fingerprint, KeyRing};
use bulla_core::rotation::{Block, MAX_KEYS, Policy, Standing, Step, Timestamp, Why, next};
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use self::found::{Fault, Found, Half, Identities, find, ring};
use self::status::{Delay, Usage, usage, wanted};
use super::backoff::Backoff;
use super::cluster::Cluster;
use super::error::ApiError;
use super::metrics::KeyGauge;
use crate::engine::{now, parse_time, rfc3339};

/// What the keeper publishes.
#[derive(Clone)]
pub(super) struct Published {
    /// The keys that open, newest first; nothing before the first look at them.
    pub(super) ring: watch::Receiver<Option<KeyRing>>,
    /// The names of all key Secrets.
    pub(super) names: watch::Receiver<BTreeSet<ResourceName>>,
}

/// Keeps the sealing keys of a cluster.
pub(super) struct Keeper {
    cluster: Arc<Cluster>,
    policy: Policy,
    /// How long it waits when nothing is due.
    check: Duration,
    leading: watch::Receiver<bool>,
    changed: Arc<Notify>,
    ring: watch::Sender<Option<KeyRing>>,
    names: watch::Sender<BTreeSet<ResourceName>>,
    identities: Identities,
    /// Nothing until all envelopes have been counted once.
    usage: Option<Usage>,
    usage_since: Option<Instant>,
    /// What the log last said of why no key is made.
    block: Option<Block>,
}

impl Keeper {
    /// A keeper, and where it publishes. `changed` wakes it.
    pub(super) fn new(
        cluster: Arc<Cluster>,
        policy: Policy,
        check: Duration,
        leading: watch::Receiver<bool>,
        changed: Arc<Notify>,
    ) -> (Self, Published) {
        let (ring, ring_receiver) = watch::channel(None);
        let (names, names_receiver) = watch::channel(BTreeSet::new());
        let keeper = Self {
            cluster,
            policy,
            check,
            leading,
            changed,
            ring,
            names,
            identities: Identities::default(),
            usage: None,
            usage_since: None,
            block: None,
        };
        (
            keeper,
            Published {
                ring: ring_receiver,
                names: names_receiver,
            },
        )
    }

    /// Runs until the process ends.
    pub(super) async fn run(mut self) {
        let mut failures = 0;
        loop {
            let pause = match self.pass().await {
                Ok(pause) => {
                    failures = 0;
                    pause
                }
                Err(ApiError::NoLease) => self.check.min(USAGE_INTERVAL),
                Err(error) => {
                    failures += 1;
                    self.cluster.metrics.api_error(error);
                    tracing::warn!(%error, "failed to write a sealing key; trying again");
                    BACKOFF.delay(failures)
                }
            };
            tokio::select! {
                () = self.changed.notified() => {}
                _ = self.leading.changed() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// One look at everything, and at most one new key. Returns how long there is nothing to do.
    async fn pass(&mut self) -> Result<Duration, ApiError> {
        if !self.cluster.are_keys_synced() {
            return Ok(self.check.min(USAGE_INTERVAL));
        }
        let now = now();
        let found = self.look(now);
        self.publish(&found);
        if !*self.leading.borrow() {
            return Ok(self.check);
        }
        if self.policy.require_existing_key && self.adopt_orphans(&found).await? {
            return Ok(Duration::ZERO);
        }
        let (step, of_rotation) = self.next_step(&found, now);
        let block = match step {
            Step::Blocked(block) => Some(block),
            _ => None,
        };
        if let Some(block) = block.filter(|_| self.block != block) {
            tracing::warn!(%block, "no sealing key is made");
        }
        self.block = block;
        let delay = match step {
            _ if self.policy.require_existing_key => Delay::Restore,
            Step::Blocked(Block::TooMany) => Delay::TooMany,
            _ if found.iter().filter(|found| found.bound().is_some()).count() >= MAX_KEYS => {
                Delay::TooMany
            }
            _ => Delay::RateLimited,
        };
        let made = self.carry_out(step, &of_rotation, &found, now).await?;
        self.count_usage();
        for found in &found {
            self.settle(found, delay, made, now).await?;
        }
        if made {
            return Ok(Duration::ZERO);
        }
        let due = match step {
            Step::Wait(Some(due)) => Duration::from_secs(due.0.saturating_sub(now.0).max(0) as u64),
            _ => self.check,
        };
        Ok(due.min(self.check).min(USAGE_INTERVAL))
    }

    fn look(&mut self, now: Timestamp) -> Vec<Found> {
        let secrets = self.cluster.key_secrets.all();
        let names = secrets
            .iter()
            .filter_map(|secret| secret.name.parse().ok())
            .collect();
        self.names.send_if_modified(|known| {
            let changed = *known != names;
            *known = names;
            changed
        });
        self.identities.retain(&secrets);
        let mut keys = self.cluster.sealing_keys.all();
        keys.sort_by(|a, b| a.meta.name.cmp(&b.meta.name));
        find(
            keys,
            &secrets,
            &mut self.identities,
            self.policy.require_existing_key,
            now,
        )
    }

    /// Hands the ring out when it has changed, and wakes whoever may be helped by it.
    fn publish(&self, found: &[Found]) {
        let ring = ring(found);
        let fingerprints = |ring: &KeyRing| -> Vec<Fingerprint> {
            ring.iter().map(|id| id.fingerprint()).collect()
        };
        let fresh = fingerprints(&ring);
        if self.ring.borrow().as_ref().map(fingerprints).as_ref() == Some(&fresh) {
            return;
        }
        tracing::info!(keys = ?fresh, "the key ring has changed");
        self.ring.send_replace(Some(ring));
        for envelope in self.cluster.envelopes.all() {
            if envelope.ready().1 == bulla_core::reason::Reason::NoKey.as_str() {
                self.cluster.queue.add(envelope.key());
            }
        }
    }

    /// In a restore: makes the `SealingKey` that a labelled key Secret has lost.
    async fn adopt_orphans(&mut self, found: &[Found]) -> Result<bool, ApiError> {
        let mut adopted = false;
        for secret in self.cluster.key_secrets.all() {
            let known = found
                .iter()
                .any(|found| found.key.meta.name == secret.sealing_key);
            let Some(identity) = self.identities.of(&secret) else {
                continue;
            };
            if !known && !secret.retired && !secret.sealing_key.is_empty() {
                store::create(&self.cluster, &secret.sealing_key, identity.suite(), false).await?;
                tracing::info!(
                    sealing_key = &*secret.sealing_key,
                    "restored a sealing key from its Secret"
                );
                adopted = true;
            }
        }
        Ok(adopted)
    }

    /// What the rotation says, and which of `found` its list was made from.
    fn next_step(&self, found: &[Found], now: Timestamp) -> (Step, Vec<usize>) {
        let (places, keys): (Vec<usize>, Vec<_>) = found
            .iter()
            .enumerate()
            .filter_map(|(place, found)| Some((place, found.for_rotation()?)))
            .unzip();
        // One of our own that was cut off comes before anything else.
        let cut_off = keys
            .iter()
            .position(|key| !key.by_hand && key.not_before.is_none());
        let step = match cut_off {
            Some(place) => Step::Fulfil(place),
            None => next(&keys, &self.policy, now),
        };
        (step, places)
    }

    /// Carries a step out; true when a key was made.
    async fn carry_out(
        &self,
        step: Step,
        of_rotation: &[usize],
        found: &[Found],
        now: Timestamp,
    ) -> Result<bool, ApiError> {
        let cluster = &*self.cluster;
        match step {
            Step::Wait(_) | Step::Blocked(_) => Ok(false),
            Step::Fulfil(_) if self.policy.require_existing_key => Ok(false),
            Step::Fulfil(place) => {
                let key = &found[of_rotation[place]].key;
                let suite = key
                    .spec
                    .and_then(|spec| spec.suite.age())
                    .ok_or(ApiError::Invalid { code: 400 })?;
                self.make_private_half(key, suite, now).await
            }
            Step::Make(suite, why) => {
                for found in found
                    .iter()
                    .filter(|found| matches!(found.half, Half::Faulty(Fault::SecretMissing)))
                {
                    // The watch of Secrets may be behind that of SealingKeys.
                    let named = found.key.status.secret.as_ref();
                    if let Some(named) = named
                        && store::secret_exists(cluster, named).await?
                    {
                        return Ok(false);
                    }
                }
                let name = name_of_new(now);
                let key = store::create(cluster, &name, suite, false).await?;
                let why = match why {
                    Why::First => "there was none",
                    Why::Renewal => "the renewal period is over",
                };
                tracing::info!(sealing_key = name, %suite, why, "making a sealing key");
                self.make_private_half(&key, suite, now).await
            }
        }
    }

    async fn make_private_half(
        &self,
        key: &super::mirror::SeenSealingKey,
        suite: bulla_core::recipient::Suite,
        now: Timestamp,
    ) -> Result<bool, ApiError> {
        match store::make_private_half(&self.cluster, key, suite, now).await {
            Ok(()) => Ok(true),
            // An attempt that was cut off got that far: the watch brings its Secret.
            Err(ApiError::AlreadyExists) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Brings finalizers and status of one key to what they should be.
    async fn settle(
        &self,
        found: &Found,
        delay: Delay,
        made: bool,
        now: Timestamp,
    ) -> Result<(), ApiError> {
        let (cluster, key) = (&*self.cluster, &found.key);
        let others = || {
            key.meta
                .finalizers
                .iter()
                .map(|name| &**name)
                .filter(|name| *name != store::FINALIZER)
        };
        let guarded = others().count() < key.meta.finalizers.len();
        if key.meta.deletion_timestamp.is_some() {
            if guarded && found.may_go() {
                if let Some(bound) = found.bound() {
                    store::mark_retired(cluster, bound).await?;
                }
                let others: Vec<&str> = others().collect();
                tracing::info!(
                    sealing_key = &*key.meta.name,
                    "let a sealing key go; its Secret stays"
                );
                return store::set_finalizers(cluster, key, &others).await;
            }
        } else if !guarded {
            let all: Vec<&str> = others().chain([store::FINALIZER]).collect();
            return store::set_finalizers(cluster, key, &all).await;
        }
        // Its half was just made: the next look, right after this one, reports that.
        let outdated = made
            && (found.standing == Some(Standing::Wanted)
                || found.standing == Some(Standing::Closes));
        let status = wanted(found, self.usage.as_ref(), delay, now);
        if !outdated && status != key.status {
            store::report(cluster, key, &status).await?;
        }
        Ok(())
    }

    fn count_usage(&mut self) {
        let due = self
            .usage_since
            .is_none_or(|since| since.elapsed() >= USAGE_INTERVAL);
        if due && self.cluster.is_synced() {
            self.usage = Some(usage(&self.cluster));
            self.usage_since = Some(Instant::now());
        }
    }
}

/// The gauges of every key.
pub(super) fn gauges(cluster: &Cluster) -> Vec<KeyGauge> {
    let now = now();
    let gauge = |key: &super::mirror::SeenSealingKey| {
        let (status, spec) = (&key.status, key.spec?);
        let made = parse_time(status.not_before.as_deref()?).ok()?;
        let used_by = status.used_by.unwrap_or(bulla_core::api::KeyUse {
            resources: 0,
            values: 0,
        });
        Some(KeyGauge {
            fingerprint: status.fingerprint.clone()?,
            suite: match spec.suite {
                bulla_core::api::KeySuite::MlKem768X25519 => "MLKEM768-X25519",
                bulla_core::api::KeySuite::X25519 => "X25519",
                bulla_core::api::KeySuite::Rsa => "RSA",
            },
            state: match spec.state {
                bulla_core::api::KeyState::Active => "Active",
                bulla_core::api::KeyState::OpenOnly => "OpenOnly",
                bulla_core::api::KeyState::Retired => "Retired",
                bulla_core::api::KeyState::Compromised => "Compromised",
            },
            age_seconds: now.0.saturating_sub(made.0),
            resources: used_by.resources.into(),
            values: used_by.values.into(),
        })
    };
    cluster
        .sealing_keys
        .all()
        .iter()
        .filter_map(|key| gauge(key))
        .collect()
}

/// `key-20261121-x7k2q`: the day, and something random.
fn name_of_new(now: Timestamp) -> String {
    let mut random = [0; 5];
    // Without randomness the name is taken at worst, and the next attempt has another second.
    let _ = getrandom::getrandom(&mut random);
    let letters: String = random
        .iter()
        .map(|byte| char::from(NAME_LETTERS[usize::from(byte % 32)]))
        .collect();
    let day: String = rfc3339(now)
        .chars()
        .take(10)
        .filter(char::is_ascii_digit)
        .collect();
    format!("key-{day}-{letters}")
}

const NAME_LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
/// How often the use of keys is counted and reported.
const USAGE_INTERVAL: Duration = Duration::from_secs(10);
const BACKOFF: Backoff = Backoff {
    first: Duration::from_millis(500),
    cap: Duration::from_secs(30),
};
