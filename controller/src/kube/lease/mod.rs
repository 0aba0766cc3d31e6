//! Leader election by a `Lease` (coordination.k8s.io/v1), as client-go does it.
//!
//! # Guarantees
//!
//! - The fence is open only while a renewal of ours that the API server accepted is younger than the renew deadline,
//!   counted from before the request was sent.
//! - A lease is taken over only after it has been seen unchanged for its whole duration, by this process's own clock:
//!   no two machines' clocks are compared.
//!
//! # Assumptions
//!
//! The renew deadline is shorter than the lease's duration by more than a request takes to be carried out.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use super::api::error::ApiError;
use super::api::fence::{Fence, Moment};
use super::api::rest::{Rest, View, Write, body};
use super::backoff::jittered;
use super::telemetry::metrics::Metrics;

/// How the lease is called and how long it lasts.
#[derive(Debug, Clone)]
pub(super) struct LeaseOptions {
    pub(super) namespace: String,
    pub(super) name: String,
    /// Who we are: different in every process.
    pub(super) identity: String,
    /// How long others wait before they take over.
    pub(super) duration: Duration,
    /// How long after a renewal we write.
    pub(super) renew_deadline: Duration,
    /// How often we try.
    pub(super) retry_period: Duration,
}

/// Takes part in the election until `stop` is true, and gives the lease back then.
pub(super) struct Election {
    rest: Rest,
    options: LeaseOptions,
    fence: Arc<Fence>,
    leading: watch::Sender<bool>,
    metrics: Arc<Metrics>,
    /// The lease as our last write left it.
    own: Option<Record>,
    /// Another's lease, and since when it has not changed.
    other: Option<(RecordSpec, Moment)>,
}

impl Election {
    /// A candidate, which says to `leading` whether it leads.
    pub(super) fn new(
        rest: Rest,
        options: LeaseOptions,
        fence: Arc<Fence>,
        leading: watch::Sender<bool>,
        metrics: Arc<Metrics>,
    ) -> Self {
        // A renewal that hangs must leave time for another.
        let rest = rest.with_timeout(options.renew_deadline / 3);
        Self {
            rest,
            options,
            fence,
            leading,
            metrics,
            own: None,
            other: None,
        }
    }

    /// Runs until `stop` says true; then closes the fence and releases the lease.
    pub(super) async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let mut renewed = None;
        loop {
            let round = self.round().await;
            let failed = round.is_err();
            match round {
                Ok(Some(since)) => {
                    self.fence
                        .open_until(since.plus(self.options.renew_deadline));
                    renewed = Some(since);
                    if !self.leading.send_replace(true) {
                        tracing::info!(identity = self.options.identity, "took the lease");
                    }
                }
                Ok(None) => renewed = None,
                Err(error) => tracing::warn!(%error, "failed to renew the lease"),
            }
            let leads = self.fence.pass().is_some() && renewed.is_some();
            if !leads && self.leading.send_replace(false) {
                self.fence.close();
                tracing::warn!(identity = self.options.identity, "lost the lease");
            }
            self.metrics.leading(leads);
            tokio::select! {
                () = tokio::time::sleep(self.pause(renewed, failed)) => {}
                _ = stop.wait_for(|stop| *stop) => break,
            }
        }
        self.fence.close();
        self.leading.send_replace(false);
        self.metrics.leading(false);
        if renewed.is_some() {
            match self.release().await {
                Ok(()) => tracing::info!("gave the lease back"),
                Err(error) => {
                    tracing::warn!(%error, "failed to give the lease back; others wait until it runs out")
                }
            }
        }
    }

    /// Until the next round: well before the fence closes, and right then if every renewal failed.
    fn pause(&self, renewed: Option<Moment>, failed: bool) -> Duration {
        let Some(since) = renewed else {
            return jittered(self.options.retry_period);
        };
        let renewal = self.options.renew_deadline / 3;
        let usual = if failed {
            jittered(renewal.min(self.options.retry_period))
        } else {
            jittered(renewal)
        };
        let left = since.plus(self.options.renew_deadline).since(Moment::now());
        if left.is_zero() {
            usual
        } else {
            usual.min(left)
        }
    }

    /// One look at the lease: the moment from which it is ours, or nothing while it is another's.
    async fn round(&mut self) -> Result<Option<Moment>, ApiError> {
        let start = Moment::now();
        let known = self.own.take();
        let was_known = known.is_some();
        match self.attempt(known, start).await {
            // What we knew was outdated, perhaps only by an answer that never reached us.
            Ok(None) if was_known => self.attempt(None, start).await,
            other => other,
        }
    }

    /// Renews `known`, or else whatever the API server has.
    async fn attempt(
        &mut self,
        known: Option<Record>,
        start: Moment,
    ) -> Result<Option<Moment>, ApiError> {
        let record = match known {
            Some(record) => record,
            None => match self.rest.read(&self.path(), View::Whole).await {
                Ok(record) => record,
                Err(ApiError::NotFound) => {
                    let first = body(&Record::first(&self.options))?;
                    return self
                        .write(&self.collection(), Write::Create(first), start)
                        .await;
                }
                Err(error) => return Err(error),
            },
        };
        let ours = record.holder() == self.options.identity;
        if !ours && !record.holder().is_empty() {
            let since = match &self.other {
                Some((spec, since)) if *spec == record.spec => *since,
                _ => start,
            };
            self.other = Some((record.spec.clone(), since));
            let lasts = record.spec.lease_duration_seconds.unwrap_or(1).max(1) as u64;
            if start.since(since) < Duration::from_secs(lasts) {
                return Ok(None);
            }
            tracing::info!(
                holder = record.holder(),
                "the lease has run out; taking it over"
            );
        }
        let held = body(&record.held_by(&self.options, !ours))?;
        self.write(&self.path(), Write::Replace(held), start).await
    }

    async fn write(
        &mut self,
        path: &str,
        write: Write,
        start: Moment,
    ) -> Result<Option<Moment>, ApiError> {
        match self.rest.write::<Record>(path, write, View::Whole).await {
            Ok(record) => {
                self.own = Some(record);
                self.other = None;
                Ok(Some(start))
            }
            Err(ApiError::AlreadyExists | ApiError::Conflict | ApiError::NotFound) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn release(&self) -> Result<(), ApiError> {
        let Some(record) = &self.own else {
            return Ok(());
        };
        let mut free = record.held_by(&self.options, false);
        free.spec.holder_identity = Some(String::new());
        free.spec.lease_duration_seconds = Some(1);
        let _: Record = self
            .rest
            .write(&self.path(), Write::Replace(body(&free)?), View::Whole)
            .await?;
        Ok(())
    }

    fn collection(&self) -> String {
        let namespace = &self.options.namespace;
        format!("/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases")
    }

    fn path(&self) -> String {
        format!("{}/{}", self.collection(), self.options.name)
    }
}

/// The `Lease` object, as far as an election needs it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    api_version: String,
    kind: String,
    metadata: RecordMetadata,
    #[serde(default)]
    spec: RecordSpec,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RecordMetadata {
    name: String,
    namespace: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    resource_version: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    uid: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct RecordSpec {
    holder_identity: Option<String>,
    lease_duration_seconds: Option<i64>,
    acquire_time: Option<String>,
    renew_time: Option<String>,
    lease_transitions: Option<i64>,
}

impl Record {
    fn first(options: &LeaseOptions) -> Self {
        let empty = Self {
            api_version: "coordination.k8s.io/v1".to_owned(),
            kind: "Lease".to_owned(),
            metadata: RecordMetadata {
                name: options.name.clone(),
                namespace: options.namespace.clone(),
                resource_version: None,
                uid: None,
            },
            spec: RecordSpec::default(),
        };
        let mut first = empty.held_by(options, true);
        first.spec.lease_transitions = Some(0);
        first
    }

    fn holder(&self) -> &str {
        self.spec.holder_identity.as_deref().unwrap_or_default()
    }

    /// The same lease, held by us from now on. The resource version makes another's renewal a conflict.
    fn held_by(&self, options: &LeaseOptions, taken: bool) -> Self {
        let now = format!("{:.6}", jiff::Timestamp::now());
        let mut next = self.clone();
        next.spec.holder_identity = Some(options.identity.clone());
        next.spec.lease_duration_seconds = Some(options.duration.as_secs().max(1) as i64);
        next.spec.renew_time = Some(now.clone());
        if taken {
            next.spec.acquire_time = Some(now);
            next.spec.lease_transitions = Some(self.spec.lease_transitions.unwrap_or(0) + 1);
        }
        next
    }
}

#[cfg(test)]
mod tests;
