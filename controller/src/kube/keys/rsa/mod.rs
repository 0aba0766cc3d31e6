//! The keys of Sealed Secrets: adopts them, makes them in its shape, publishes the key ring, reports.
//!
//! # Guarantees
//!
//! - A key Secret counts only in the controller's namespace, and when a `SealingKey` names it by uid.
//! - Key Secrets stay as they are, so that Sealed Secrets' controller can take over: all that is ever written on one is
//!   that its key is retired or compromised, when somebody has said so.
//! - What people say of a key, by its `SealingKey` or by Sealed Secrets' label, takes effect at once, on followers too.
//! - A key Secret that can't be read is told of, and stops no other.
//! - No SealedSecret is opened before the other controller is gone and every key that it left is known. Once it comes back,
//!   none is opened any more.

mod adopt;
mod found;
mod make;
mod parsed;
mod peer;
mod settings;
mod settle;

use std::collections::BTreeMap;
use std::iter::zip;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bulla_core::rotation::{Timestamp, Why};
use bulla_core::sealed_secrets::rotation::{Step, next};
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use self::found::{Held, Seen, closing, for_rotation, ring};
use self::parsed::Parsed;
use self::peer::Other;
pub(in crate::kube) use self::settings::Settings;
use self::settle::usage;
use crate::engine::{Event, EventKind, now, parse_time};
use crate::kube::api::error::ApiError;
use crate::kube::cluster::Cluster;
use crate::kube::keys::Publisher;
use crate::kube::keys::rounds::Rounds;
use crate::kube::mirror::RsaKeySecret;
use crate::kube::telemetry::events::{Regarding, write_event};
use crate::kube::watch::Versioned;

/// Keeps the keys of Sealed Secrets.
pub(crate) struct RsaKeeper {
    cluster: Arc<Cluster>,
    publisher: Arc<Publisher>,
    settings: Settings,
    rounds: Rounds,
    parsed: Parsed,
    /// What the log last said of why nothing is done.
    waits_for: Option<String>,
    /// When it was last asked whether the other controller is at work.
    asked_at: Option<Instant>,
}

impl RsaKeeper {
    /// A keeper, which hands in at `publisher`. `changed` wakes it.
    pub(crate) fn new(
        cluster: Arc<Cluster>,
        publisher: Arc<Publisher>,
        settings: Settings,
        check: Duration,
        leading: watch::Receiver<bool>,
        changed: Arc<Notify>,
    ) -> Self {
        let rounds = Rounds::new(
            cluster.clone(),
            "the keys of Sealed Secrets",
            check,
            leading,
            changed,
        );
        Self {
            cluster,
            rounds,
            publisher,
            settings,
            parsed: Parsed::default(),
            waits_for: None,
            asked_at: None,
        }
    }

    /// Runs until the process ends.
    pub(crate) async fn run(mut self) {
        loop {
            let outcome = self.pass().await;
            self.rounds.wait(outcome).await;
        }
    }

    /// One look at everything, and at most one new key. Returns how long there is nothing to do.
    async fn pass(&mut self) -> Result<Duration, ApiError> {
        if !self.cluster.are_rsa_keys_synced() {
            return Ok(self.rounds.check());
        }
        let now = now();
        let seen = self.look();
        let found = seen.find(now);
        self.publisher.closing(closing(&found));
        let ring = ring(&found);
        // With keys, a follower is ready without asking.
        let asks = self.rounds.leads() || ring.is_empty();
        self.publisher.rsa(&self.cluster, ring);
        if asks && self.is_another_at_work().await? {
            return Ok(PEER_CHECK);
        }
        if !self.rounds.leads() {
            return Ok(self.rounds.check());
        }
        if self.adopt(&seen, &found).await? {
            return Ok(Duration::ZERO);
        }
        let (of_rotation, keys) = for_rotation(&found);
        let step = next(&keys, &asked(&seen), &self.settings.policy, now);
        if step == Step::Blocked {
            self.wait_for("there is no key for SealedSecrets, and none is to be made: restore one");
        } else {
            self.waits_for = None;
        }
        let made = self.carry_out(step, &of_rotation, &found, now).await;
        if made == Ok(true) {
            return Ok(Duration::ZERO);
        }
        self.rounds.count(usage);
        let settled = self.settle_all(&found, now).await;
        made?;
        settled?;
        self.open_the_gate();
        let due = match step {
            Step::Wait(due) => due,
            _ => None,
        };
        Ok(self.rounds.pause(due, now))
    }

    fn look(&mut self) -> Seen {
        let secrets = self.secrets();
        let names = secrets.iter();
        self.publisher.rsa_names(
            names
                .filter_map(|secret| secret.name.parse().ok())
                .collect(),
        );
        let pairs = self.parsed.read(&secrets);
        let mut keys = self.cluster.sealing_keys.all();
        keys.retain(|key| key.is_rsa());
        keys.sort_by(|a, b| a.meta.name.cmp(&b.meta.name));
        Seen {
            keys,
            secrets: zip(secrets, pairs)
                .map(|(secret, pair)| Held { secret, pair })
                .collect(),
            prefix: self.settings.prefix.clone(),
            order: self.settings.policy.order,
        }
    }

    /// Every key Secret, once, by name.
    fn secrets(&self) -> Vec<Arc<RsaKeySecret>> {
        let mut by_name = BTreeMap::<Box<str>, Arc<RsaKeySecret>>::new();
        let legacy = self.cluster.legacy_key_secret.all();
        for secret in legacy.into_iter().chain(self.cluster.rsa_key_secrets.all()) {
            let version = |secret: &RsaKeySecret| secret.version().parse::<u64>().unwrap_or(0);
            let known = by_name.get(&secret.name);
            // Two watches may tell of one: the later word counts.
            if known.is_none_or(|known| version(known) < version(&secret)) {
                by_name.insert(secret.name.clone(), secret);
            }
        }
        by_name.into_values().collect()
    }

    /// Asked until the first SealedSecret is opened, and now and then from there on: where both are at work, this one
    /// stands back.
    async fn is_another_at_work(&mut self) -> Result<bool, ApiError> {
        let opened = self.cluster.may_open_sealed_secrets.load(Ordering::Acquire);
        let is_early = self
            .asked_at
            .is_some_and(|then| then.elapsed() < PEER_RECHECK);
        if self.settings.take_over || opened && is_early {
            return Ok(false);
        }
        self.asked_at = Some(Instant::now());
        let other = match peer::other_controller(&self.cluster).await {
            // Whoever has begun goes on while nobody answers.
            Err(error) if opened => {
                self.cluster.metrics.api_error(error);
                return Ok(false);
            }
            other => other?,
        };
        let stands_by = &self.cluster.stands_by;
        stands_by.store(other.is_some(), Ordering::Release);
        if let Some(Other { name, uid }) = &other {
            let gate = &self.cluster.may_open_sealed_secrets;
            gate.store(false, Ordering::Release);
            let what = format!(
                "the pod `{name}` of Sealed Secrets' own controller is at work on the same keys: nothing is done with \
                 SealedSecrets until it is gone (`kubectl scale --replicas=0` its Deployment), or with \
                 --sealed-secrets-take-over"
            );
            if self.wait_for(&what) {
                self.tell(name, uid, what).await;
            }
        }
        Ok(other.is_some())
    }

    /// An Event about the other controller's pod. It may be lost.
    async fn tell(&self, name: &str, uid: &str, note: String) {
        let regarding = Regarding {
            api_version: "v1",
            kind: "Pod",
            namespace: Some(&self.cluster.namespace),
            name,
            uid,
        };
        let event = Event {
            kind: EventKind::Warning,
            reason: "StandingBy",
            action: "Open",
            note,
        };
        if let Err(error) = write_event(&self.cluster, &regarding, &event).await {
            self.cluster.metrics.api_error(error);
        }
    }

    /// Says why nothing is done; true where it had not been said.
    fn wait_for(&mut self, what: &str) -> bool {
        let is_new = self.waits_for.as_deref() != Some(what);
        if is_new {
            tracing::warn!("{what}");
            self.waits_for = Some(what.to_owned());
        }
        is_new
    }

    fn open_the_gate(&self) {
        let cluster = &self.cluster;
        if !cluster.may_open_sealed_secrets.swap(true, Ordering::AcqRel) {
            for key in cluster.sealed_secrets.keys() {
                cluster.queue.add(key);
            }
        }
    }
}

/// When keys were made because somebody asked for them.
fn asked(seen: &Seen) -> Vec<Timestamp> {
    let secrets = seen.secrets.iter().map(|held| &held.secret);
    let asked = secrets.filter(|secret| secret.why.as_deref() == Some(Why::Asked.as_str()));
    asked
        .filter_map(|secret| parse_time(secret.created.as_deref()?).ok())
        .collect()
}

/// Sealed Secrets' label of key Secrets.
pub(crate) const RSA_KEY_LABEL: &str = "sealedsecrets.bitnami.com/sealed-secrets-key";
/// How often it is asked whether the other controller is gone.
const PEER_CHECK: Duration = Duration::from_secs(2);
/// How often it is asked whether it has come.
const PEER_RECHECK: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests;
