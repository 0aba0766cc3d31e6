//! Sealing keys of envelopes: makes them, binds each `SealingKey` to its private half, publishes the key ring, reports.
//!
//! # Guarantees
//!
//! - A private half counts only in the controller's namespace, and only when a `SealingKey` names its Secret by uid
//!   (or, while it is still to be named, when the controller made that Secret for this very uid).
//! - The public key that people see is derived from the private half, each time.
//! - What people say of a key takes effect at once, on followers too: the ring is made anew and published.
//! - A step that was cut off is completed, not repeated.

mod export;
mod found;
mod make;
mod status;
mod steps;

use std::sync::Arc;
use std::time::Duration;

use bulla_core::rotation::{Block, Policy, Step, Timestamp};
use tokio::sync::{Notify, watch};

use self::export::Exporter;
use self::found::{Found, Identities, find, ring};
use self::status::usage;
use crate::engine::now;
use crate::kube::api::error::ApiError;
use crate::kube::args::ExportTarget;
use crate::kube::cluster::Cluster;
use crate::kube::keys::Publisher;
use crate::kube::keys::rounds::Rounds;

/// Keeps the sealing keys of a cluster.
pub(crate) struct Keeper {
    cluster: Arc<Cluster>,
    policy: Policy,
    rounds: Rounds,
    publisher: Arc<Publisher>,
    identities: Identities,
    /// What the log last said of why no key is made.
    block: Option<Block>,
    /// Nothing where nobody asked for an export.
    exporter: Option<Exporter>,
}

impl Keeper {
    /// A keeper, which hands in at `publisher`. `changed` wakes it.
    pub(crate) fn new(
        cluster: Arc<Cluster>,
        publisher: Arc<Publisher>,
        policy: Policy,
        check: Duration,
        leading: watch::Receiver<bool>,
        changed: Arc<Notify>,
    ) -> Self {
        let rounds = Rounds::new(cluster.clone(), "the sealing keys", check, leading, changed);
        Self {
            cluster,
            rounds,
            policy,
            publisher,
            identities: Identities::default(),
            block: None,
            exporter: None,
        }
    }

    /// The same keeper, which hands the identities of the keys to `target` as well.
    #[must_use]
    pub(crate) fn with_export(mut self, target: Option<ExportTarget>) -> Self {
        self.exporter = target.map(Exporter::new);
        self
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
        if !self.cluster.are_keys_synced() {
            return Ok(self.rounds.check());
        }
        let now = now();
        let found = self.look(now);
        self.publisher.age(&self.cluster, ring(&found));
        if !self.rounds.leads() {
            return Ok(self.rounds.check());
        }
        if let Some(exporter) = &mut self.exporter {
            exporter.keep(&self.cluster, &found).await;
        }
        if self.policy.require_existing_key && self.adopt_orphans(&found).await? {
            return Ok(Duration::ZERO);
        }
        let (step, of_rotation) = self.next_step(&found, now);
        self.log_block(step);
        let made = self.carry_out(step, &of_rotation, &found, now).await;
        if made == Ok(true) {
            return Ok(Duration::ZERO);
        }
        self.rounds.count(usage);
        // One key that can't be written keeps no other from its status.
        let settled = self.settle_all(&found, step, now).await;
        made?;
        settled?;
        let due = match step {
            Step::Wait(due) => due,
            _ => None,
        };
        Ok(self.rounds.pause(due, now))
    }

    fn look(&mut self, now: Timestamp) -> Vec<Found> {
        let secrets = self.cluster.key_secrets.all();
        let names = secrets.iter();
        self.publisher.age_names(
            names
                .filter_map(|secret| secret.name.parse().ok())
                .collect(),
        );
        self.identities.retain(&secrets);
        let mut keys = self.cluster.sealing_keys.all();
        // Those of Sealed Secrets have a keeper of their own.
        keys.retain(|key| !self.cluster.with_sealed_secrets || !key.is_rsa());
        keys.sort_by(|a, b| a.meta.name.cmp(&b.meta.name));
        let restore = self.policy.require_existing_key;
        find(keys, &secrets, &mut self.identities, restore, now)
    }

    fn log_block(&mut self, step: Step) {
        let block = match step {
            Step::Blocked(block) => Some(block),
            _ => None,
        };
        if let Some(block) = block.filter(|_| self.block != block) {
            tracing::warn!(%block, "no sealing key is made");
        }
        self.block = block;
    }
}

#[cfg(test)]
mod tests;
