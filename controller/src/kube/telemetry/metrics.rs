//! Metrics: counts, times and ages, with labels from closed lists. No name of a resource, no value, no length.

mod sealed_secrets;

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use axum::http::Method;
use bulla_core::reason::Reason;
use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Metric, Registry, Unit};

use self::sealed_secrets::SealedSecretsMetrics;
use crate::engine::{Outcome, Verdict};
use crate::kube::api::error::ApiError;
use crate::kube::kind::{Kind, SealedSecrets};

pub(crate) use self::sealed_secrets::ConditionInfo;

type Labels<const N: usize> = [(&'static str, String); N];

/// Every metric of the controller.
pub(crate) struct Metrics {
    registry: Registry,
    reconciles: Family<Labels<2>, Counter>,
    duration: Family<Labels<1>, Histogram>,
    opened_values: Family<Labels<1>, Counter>,
    private_operations: Family<Labels<1>, Counter>,
    key_openings: Family<Labels<1>, Counter>,
    refusals: Family<Labels<1>, Counter>,
    secret_writes: Family<Labels<1>, Counter>,
    secret_reads: Counter,
    drift_healed: Family<Labels<1>, Counter>,
    api_errors: Family<Labels<1>, Counter>,
    queue_depth: Gauge,
    leader: Gauge,
    resources: Family<Labels<2>, Gauge>,
    key_age: Family<Labels<3>, Gauge<f64, AtomicU64>>,
    key_resources: Family<Labels<1>, Gauge>,
    key_values: Family<Labels<1>, Gauge>,
    exported_identities: Gauge,
    export_failures: Family<Labels<1>, Counter>,
    /// Those of Sealed Secrets, where its resources are opened.
    sealed_secrets: Option<SealedSecretsMetrics>,
}

/// A sealing key, for the gauges.
pub(crate) struct KeyGauge {
    pub(crate) fingerprint: String,
    pub(crate) suite: &'static str,
    pub(crate) state: &'static str,
    pub(crate) age_seconds: i64,
    pub(crate) resources: i64,
    pub(crate) values: i64,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("bulla");
        let version = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "The version", version);
        let all = &mut registry;
        let metrics = Self {
            reconciles: registered(all, "reconciles", "Reconciles by kind and outcome"),
            duration: in_seconds(
                all,
                "reconcile_duration",
                "How long reconciles take",
                Family::new_with_constructor(|| {
                    Histogram::new(exponential_buckets(0.001, 2.0, 14))
                }),
            ),
            opened_values: registered(all, "opened_values", "Values opened"),
            private_operations: registered(
                all,
                "private_operations",
                "Operations with private keys",
            ),
            key_openings: registered(all, "key_openings", "Data keys opened, by sealing key"),
            refusals: registered(all, "refusals", "Resources refused, by reason"),
            secret_writes: registered(all, "secret_writes", "Secrets written, by what was done"),
            secret_reads: registered(all, "secret_reads", "Secrets read with their content"),
            drift_healed: registered(
                all,
                "drift_healed",
                "Secrets put right that others had changed",
            ),
            api_errors: registered(
                all,
                "api_errors",
                "Requests that failed, by kind of failure",
            ),
            queue_depth: registered(all, "queue_depth", "Resources that wait for a worker"),
            leader: registered(all, "leader", "1 while this process holds the lease"),
            resources: registered(
                all,
                "resources",
                "Resources by kind and reason of their Ready condition",
            ),
            key_age: in_seconds(
                all,
                "sealing_key_age",
                "Age of sealing keys",
                Family::default(),
            ),
            key_resources: registered(all, "sealing_key_resources", "Resources closed for a key"),
            key_values: registered(
                all,
                "sealing_key_values",
                "Values in resources closed for a key",
            ),
            exported_identities: registered(
                all,
                "exported_identities",
                "Identities of sealing keys in the Secret of --export-age-secret",
            ),
            export_failures: registered(
                all,
                "export_failures",
                "Times that the Secret of --export-age-secret could not be kept, by reason",
            ),
            sealed_secrets: None,
            registry,
        };
        metrics.start_at_zero();
        metrics
    }

    /// The same metrics, and those of Sealed Secrets beside them.
    #[must_use]
    pub(crate) fn with_sealed_secrets(mut self, omit_names: bool) -> Self {
        self.sealed_secrets = Some(SealedSecretsMetrics::new(omit_names));
        self
    }

    /// A counter that has never counted is 0, not absent: `rate()` sees the first event.
    fn start_at_zero(&self) {
        for reason in Reason::ALL {
            drop(
                self.refusals
                    .get_or_create(&[("reason", reason.as_str().to_owned())]),
            );
        }
        for kind in ["edited", "deleted"] {
            drop(
                self.drift_healed
                    .get_or_create(&[("kind", kind.to_owned())]),
            );
        }
        drop(self.opened_values.get_or_create(&kind()));
        drop(self.private_operations.get_or_create(&kind()));
    }

    /// Counts one reconcile of a resource in `namespace`.
    pub(crate) fn reconciled<K: Kind>(&self, namespace: &str, outcome: &Outcome, took: Duration) {
        let kind = K::KIND;
        if let Some(theirs) = &self.sealed_secrets
            && kind == SealedSecrets::KIND
        {
            theirs.reconciled(namespace, outcome);
        }
        let label = || [("kind", kind.to_owned())];
        let [kind_label] = label();
        let word = ("outcome", outcome.word().to_owned());
        self.reconciles.get_or_create(&[kind_label, word]).inc();
        self.duration
            .get_or_create(&label())
            .observe(took.as_secs_f64());
        let effort = &outcome.effort;
        self.opened_values
            .get_or_create(&label())
            .inc_by(effort.opened_values as u64);
        self.private_operations
            .get_or_create(&label())
            .inc_by(effort.private_operations as u64);
        for fingerprint in &effort.opened_with {
            self.key_openings
                .get_or_create(&[("fingerprint", fingerprint.to_string())])
                .inc();
        }
        if let Verdict::Refused { reason, .. } = &outcome.verdict {
            self.refusals
                .get_or_create(&[("reason", reason.as_str().to_owned())])
                .inc();
        }
        let one = outcome.action.map(|it| (it, outcome.drift.as_ref()));
        let several = outcome.writes.iter();
        let several = several.map(|it| (it.action, it.drift.as_ref()));
        for (action, drift) in one.into_iter().chain(several) {
            let action = ("action", action.as_str().to_owned());
            self.secret_writes.get_or_create(&[action]).inc();
            if let Some(drift) = drift {
                let kind = if drift.deleted { "deleted" } else { "edited" };
                let kind = ("kind", kind.to_owned());
                self.drift_healed.get_or_create(&[kind]).inc();
            }
        }
    }

    /// Counts one answer of an endpoint of Sealed Secrets.
    pub(crate) fn answered(&self, path: &'static str, method: &Method, code: u16, took: Duration) {
        if let Some(theirs) = &self.sealed_secrets {
            theirs.answered(path, method, code, took);
        }
    }

    /// Counts what a diagnosis took.
    pub(crate) fn diagnosed<K: Kind>(&self, private_operations: usize) {
        self.private_operations
            .get_or_create(&[("kind", K::KIND.to_owned())])
            .inc_by(private_operations as u64);
    }

    pub(crate) fn secret_read(&self) {
        self.secret_reads.inc();
    }

    pub(crate) fn api_error(&self, error: ApiError) {
        self.api_errors
            .get_or_create(&[("category", error.category().to_owned())])
            .inc();
    }

    /// How many identities the Secret of the export holds now.
    pub(crate) fn exported(&self, identities: usize) {
        self.exported_identities.set(identities as i64);
    }

    pub(crate) fn export_failed(&self, reason: &str) {
        self.export_failures
            .get_or_create(&[("reason", reason.to_owned())])
            .inc();
    }

    pub(crate) fn leading(&self, leading: bool) {
        self.leader.set(leading.into());
    }

    /// The text of `/metrics`, with the gauges as they are now.
    pub(crate) fn text(
        &self,
        queue_depth: usize,
        resources: impl Iterator<Item = (&'static str, String, i64)>,
        keys: impl Iterator<Item = KeyGauge>,
        conditions: impl Iterator<Item = ConditionInfo>,
    ) -> String {
        self.queue_depth.set(queue_depth as i64);
        self.resources.clear();
        for (kind, reason, count) in resources {
            self.resources
                .get_or_create(&[("kind", kind.to_owned()), ("reason", reason)])
                .set(count);
        }
        self.key_age.clear();
        self.key_resources.clear();
        self.key_values.clear();
        for key in keys {
            let fingerprint = ("fingerprint", key.fingerprint);
            self.key_resources
                .get_or_create(std::array::from_ref(&fingerprint))
                .set(key.resources);
            self.key_values
                .get_or_create(std::array::from_ref(&fingerprint))
                .set(key.values);
            let (suite, state) = (
                ("suite", key.suite.to_owned()),
                ("state", key.state.to_owned()),
            );
            self.key_age
                .get_or_create(&[fingerprint, suite, state])
                .set(key.age_seconds as f64);
        }
        let mut text = String::new();
        let theirs = self.sealed_secrets.as_ref();
        let theirs = theirs.map(|theirs| theirs.registry(conditions));
        for registry in std::iter::once(&self.registry).chain(theirs) {
            encode_registry(&mut text, registry).expect("writing to a string does not fail");
        }
        encode_eof(&mut text).expect("writing to a string does not fail");
        text
    }
}

/// A metric that begins with nothing, and that `registry` shows.
fn registered<M: Metric + Clone + Default>(registry: &mut Registry, name: &str, help: &str) -> M {
    let metric = M::default();
    registry.register(name, help, metric.clone());
    metric
}

/// `metric`, which `registry` shows as one of seconds.
fn in_seconds<M: Metric + Clone>(registry: &mut Registry, name: &str, help: &str, metric: M) -> M {
    registry.register_with_unit(name, help, Unit::Seconds, metric.clone());
    metric
}

fn kind() -> Labels<1> {
    [("kind", bulla_core::api::SECRET_ENVELOPE.to_owned())]
}

#[cfg(test)]
mod tests;
