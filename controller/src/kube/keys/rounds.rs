//! The rounds of a keeper: when it looks at its keys again, and how often it counts what they are used for.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bulla_core::api::KeyUse;
use bulla_core::recipient::Fingerprint;
use bulla_core::rotation::Timestamp;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use crate::kube::api::error::ApiError;
use crate::kube::backoff::Backoff;
use crate::kube::cluster::Cluster;

/// How much each key is used.
pub(super) type Usage = HashMap<Fingerprint, KeyUse>;

/// What wakes a keeper, and what is the same from round to round.
pub(super) struct Rounds {
    cluster: Arc<Cluster>,
    /// What is kept, for the log.
    what: &'static str,
    /// How long it waits when nothing is due.
    check: Duration,
    leading: watch::Receiver<bool>,
    changed: Arc<Notify>,
    /// In a row.
    failures: u32,
    /// Nothing until every resource is known.
    usage: Option<Usage>,
    counted_at: Option<Instant>,
}

impl Rounds {
    /// Rounds that `changed` begins, or a new leader, or else the clock.
    pub(super) fn new(
        cluster: Arc<Cluster>,
        what: &'static str,
        check: Duration,
        leading: watch::Receiver<bool>,
        changed: Arc<Notify>,
    ) -> Self {
        Self {
            cluster,
            what,
            check,
            leading,
            changed,
            failures: 0,
            usage: None,
            counted_at: None,
        }
    }

    /// Waits for the next round, by what the last one came to: how long there is nothing to do, or an error.
    pub(super) async fn wait(&mut self, outcome: Result<Duration, ApiError>) {
        let pause = match outcome {
            Ok(pause) => {
                self.failures = 0;
                pause
            }
            Err(ApiError::NoLease) => USAGE_INTERVAL,
            Err(error) => {
                self.failures += 1;
                self.cluster.metrics.api_error(error);
                tracing::warn!(%error, "failed to keep {}; trying again", self.what);
                BACKOFF.delay(self.failures)
            }
        };
        tokio::select! {
            () = self.changed.notified() => {}
            _ = self.leading.changed() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }

    /// True while this process leads.
    pub(super) fn leads(&self) -> bool {
        *self.leading.borrow()
    }

    /// How long a follower has nothing to do.
    pub(super) fn check(&self) -> Duration {
        self.check
    }

    /// How long a leader has nothing to do that has a key to make at `due`.
    pub(super) fn pause(&self, due: Option<Timestamp>, now: Timestamp) -> Duration {
        let due = due.map_or(self.check, |due| {
            Duration::from_secs(due.0.saturating_sub(now.0).unsigned_abs())
        });
        due.min(self.check).min(USAGE_INTERVAL)
    }

    /// Counts, where it is time for it.
    pub(super) fn count(&mut self, usage: impl FnOnce(&Cluster) -> Usage) {
        let due = self
            .counted_at
            .is_none_or(|then| then.elapsed() >= USAGE_INTERVAL);
        if due && self.cluster.is_synced() {
            self.usage = Some(usage(&self.cluster));
            self.counted_at = Some(Instant::now());
        }
    }

    /// What was counted last.
    pub(super) fn usage(&self) -> Option<&Usage> {
        self.usage.as_ref()
    }
}

/// How often the use of keys is counted and reported.
const USAGE_INTERVAL: Duration = Duration::from_secs(10);
const BACKOFF: Backoff = Backoff {
    first: Duration::from_millis(500),
    cap: Duration::from_secs(30),
};
