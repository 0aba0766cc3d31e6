//! The metrics of Sealed Secrets' controller, under its names: dashboards and alerts that were made for it go on working.

use std::time::Duration;

use axum::http::Method;
use bulla_core::reason::Reason;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

use super::{Labels, in_seconds, registered};
use crate::engine::{Outcome, Verdict};

/// What Sealed Secrets counts.
pub(super) struct SealedSecretsMetrics {
    registry: Registry,
    requests: Counter,
    errors: Family<Labels<2>, Counter>,
    conditions: Family<Labels<4>, Gauge>,
    http_requests: Family<Labels<3>, Counter>,
    http_duration: Family<Labels<2>, Histogram>,
    omit_names: bool,
}

/// The condition `Synced` of a SealedSecret.
pub(crate) struct ConditionInfo {
    pub(crate) namespace: String,
    pub(crate) name: String,
    /// `app.kubernetes.io/instance`, or nothing.
    pub(crate) instance: String,
    /// 1 for true, -1 for false, 0 for unknown.
    pub(crate) value: i64,
}

impl SealedSecretsMetrics {
    /// With `omit_names` no namespace and no name of a SealedSecret is shown.
    pub(super) fn new(omit_names: bool) -> Self {
        let mut registry = Registry::with_prefix("sealed_secrets_controller");
        let revision = Info::new([("revision", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "Build information", revision);
        let all = &mut registry;
        let metrics = Self {
            requests: registered(
                all,
                "unseal_requests",
                "How often a SealedSecret was looked at",
            ),
            errors: registered(
                all,
                "unseal_errors",
                "SealedSecrets that did not become a Secret, by reason",
            ),
            conditions: registered(
                all,
                "condition_info",
                "The condition of each SealedSecret: -1 (false), 0 (unknown), 1 (true)",
            ),
            http_requests: registered(all, "http_requests", "Requests to the endpoints"),
            http_duration: in_seconds(
                all,
                "http_request_duration",
                "How long the endpoints took to answer",
                Family::new_with_constructor(|| Histogram::new(DURATION_BUCKETS)),
            ),
            omit_names,
            registry,
        };
        for reason in ERROR_REASONS {
            drop(metrics.errors.get_or_create(&error(reason, "")));
        }
        metrics
    }

    /// Counts one reconcile of a SealedSecret.
    pub(super) fn reconciled(&self, namespace: &str, outcome: &Outcome) {
        self.requests.inc();
        let namespace = if self.omit_names { "" } else { namespace };
        let count = |reason| self.errors.get_or_create(&error(reason, namespace)).inc();
        if let Some(reason) = error_reason(&outcome.verdict) {
            count(reason);
        }
        if outcome.reported.is_err() {
            count("status");
        }
    }

    /// Counts one answer of an endpoint.
    pub(super) fn answered(&self, path: &'static str, method: &Method, code: u16, took: Duration) {
        let method = || ("method", method_word(method).to_owned());
        let path = || ("path", path.to_owned());
        let code = ("code", code.to_string());
        self.http_requests
            .get_or_create(&[path(), code, method()])
            .inc();
        self.http_duration
            .get_or_create(&[path(), method()])
            .observe(took.as_secs_f64());
    }

    /// The metrics with the conditions as they are now.
    pub(super) fn registry(&self, conditions: impl Iterator<Item = ConditionInfo>) -> &Registry {
        self.conditions.clear();
        if !self.omit_names {
            for info in conditions {
                let labels = [
                    ("namespace", info.namespace),
                    ("name", info.name),
                    ("condition", "Synced".to_owned()),
                    ("ss_app_kubernetes_io_instance", info.instance),
                ];
                self.conditions.get_or_create(&labels).set(info.value);
            }
        }
        &self.registry
    }
}

fn error(reason: &str, namespace: &str) -> Labels<2> {
    [
        ("reason", reason.to_owned()),
        ("namespace", namespace.to_owned()),
    ]
}

/// Which of Sealed Secrets' words says it.
fn error_reason(verdict: &Verdict) -> Option<&'static str> {
    match verdict {
        Verdict::Ready | Verdict::Suspended | Verdict::Waiting => None,
        Verdict::Refused { reason, .. } => Some(match reason {
            Reason::NotOwned => "unmanaged",
            Reason::Rejected => "update",
            _ => "unseal",
        }),
        Verdict::Failed(_) => Some("update"),
    }
}

/// Anybody can send a method of his own.
fn method_word(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "get",
        "HEAD" => "head",
        "POST" => "post",
        "PUT" => "put",
        "PATCH" => "patch",
        "DELETE" => "delete",
        "OPTIONS" => "options",
        _ => "unknown",
    }
}

/// `fetch` is never counted here: what is looked at is in memory.
const ERROR_REASONS: [&str; 5] = ["fetch", "status", "unmanaged", "unseal", "update"];
const DURATION_BUCKETS: [f64; 11] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];
