//! `/healthz`, `/readyz`, `/metrics`.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::cluster::Cluster;
use super::keys::gauges;
use super::kind::{Envelopes, Kind, SealedSecrets};
use crate::engine::Keys;

#[derive(Clone)]
struct Serving {
    cluster: Arc<Cluster>,
    keys: watch::Receiver<Option<Keys>>,
}

/// Binds `address`.
///
/// # Errors
/// The address is taken, or not ours.
pub(super) async fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    TcpListener::bind(address).await
}

/// Serves until the process ends.
pub(super) async fn serve(
    listener: TcpListener,
    cluster: Arc<Cluster>,
    keys: watch::Receiver<Option<Keys>>,
) {
    let router = Router::new()
        .route("/healthz", get(alive))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(Serving { cluster, keys });
    if let Err(error) = axum::serve(listener, router).await {
        tracing::error!(%error, "stopped serving health and metrics");
    }
}

/// Alive while both threads are: that of the lease, which answers here, and the runtime of all the rest.
async fn alive(State(serving): State<Serving>) -> (StatusCode, &'static str) {
    if serving.cluster.pulse.is_alive() {
        (StatusCode::OK, "ok")
    } else {
        (
            StatusCode::SERVICE_UNAVAILABLE,
            "the workers' runtime stands still",
        )
    }
}

/// Ready, on a follower too, when it could take over at once.
async fn ready(State(serving): State<Serving>) -> (StatusCode, &'static str) {
    if !serving.cluster.is_synced() {
        (
            StatusCode::SERVICE_UNAVAILABLE,
            "the caches are not complete yet",
        )
    } else if serving
        .keys
        .borrow()
        .as_ref()
        .is_none_or(|keys| keys.age.is_empty()) {
        (
            StatusCode::SERVICE_UNAVAILABLE,
            "there is no sealing key yet",
        )
    } else {
        (StatusCode::OK, "ok")
    }
}

async fn metrics(State(serving): State<Serving>) -> impl IntoResponse {
    let cluster = &serving.cluster;
    let mut resources = Vec::new();
    count::<Envelopes>(cluster, &mut resources);
    count::<SealedSecrets>(cluster, &mut resources);
    let keys = gauges(cluster);
    let text = cluster.metrics.text(
        cluster.queue.depth(),
        resources.into_iter(),
        keys.into_iter(),
    );
    (
        [(
            CONTENT_TYPE,
            "application/openmetrics-text; version=1.0.0; charset=utf-8",
        )],
        text,
    )
}

/// Adds how many resources of a kind there are, by the reason of their `Ready` condition.
fn count<K: Kind>(cluster: &Cluster, resources: &mut Vec<(&'static str, String, i64)>) {
    let mut by_reason = BTreeMap::<String, i64>::new();
    for resource in K::mirror(cluster).all() {
        // Somebody may have written another reason into the status: the label's values stay few.
        let (_, reason) = resource.ready();
        let known = reason.len() <= 32 && reason.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let reason = if known && by_reason.len() < REASONS_MAX {
            reason
        } else {
            "Other"
        };
        *by_reason.entry(reason.to_owned()).or_default() += 1;
    }
    let by_reason = by_reason.into_iter();
    resources.extend(by_reason.map(|(reason, count)| (K::KIND, reason, count)));
}

const REASONS_MAX: usize = 40;
