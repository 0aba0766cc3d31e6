//! `/healthz`, `/readyz`, `/metrics`.

mod connections;
pub(super) mod endpoints;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use bulla_core::api::ConditionStatus;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tower::ServiceExt as _;

use self::connections::{Bounds, accept};
use super::cluster::Cluster;
use super::keys::gauges::gauges;
use super::kind::{Envelopes, Kind, SealedSecrets, SopsSecrets};
use super::telemetry::metrics::ConditionInfo;
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
    accept(&listener, BOUNDS, move |_, request| {
        let answering = router.clone().oneshot(request);
        async move { answering.await.unwrap_or_else(|never| match never {}) }
    })
    .await;
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

async fn ready(State(serving): State<Serving>) -> (StatusCode, &'static str) {
    match readiness(&serving.cluster, &serving.keys) {
        Ok(()) => (StatusCode::OK, "ok"),
        Err(missing) => (StatusCode::SERVICE_UNAVAILABLE, missing),
    }
}

/// Ready, on a follower too, when it could take over at once.
///
/// # Errors
/// What is missing.
pub(super) fn readiness(
    cluster: &Cluster,
    keys: &watch::Receiver<Option<Keys>>,
) -> Result<(), &'static str> {
    if !cluster.is_synced() {
        return Err("the caches are not complete yet");
    }
    let keys = keys.borrow();
    let lacks = |of: fn(&Keys) -> bool| keys.as_ref().is_none_or(of);
    if lacks(|keys| keys.age.is_empty()) {
        Err("there is no sealing key yet")
    } else if cluster.stands_by.load(Ordering::Acquire) {
        // A rollout takes the other controller's pod away only when this one is ready.
        Ok(())
    } else if cluster.with_sealed_secrets && lacks(|keys| keys.rsa.is_empty()) {
        Err("there is no sealing key for SealedSecrets yet")
    } else {
        Ok(())
    }
}

async fn metrics(State(serving): State<Serving>) -> impl IntoResponse {
    let cluster = &serving.cluster;
    let mut resources = Vec::new();
    count::<Envelopes>(cluster, &mut resources);
    count::<SealedSecrets>(cluster, &mut resources);
    count::<SopsSecrets>(cluster, &mut resources);
    let keys = gauges(cluster);
    let text = cluster.metrics.text(
        cluster.queue.depth(),
        resources.into_iter(),
        keys.into_iter(),
        conditions(cluster),
    );
    (
        [(
            CONTENT_TYPE,
            "application/openmetrics-text; version=1.0.0; charset=utf-8",
        )],
        text,
    )
}

/// The condition of each SealedSecret that has one.
fn conditions(cluster: &Cluster) -> impl Iterator<Item = ConditionInfo> {
    let resources = cluster.sealed_secrets.all().into_iter();
    resources.filter_map(|resource| {
        Some(ConditionInfo {
            namespace: resource.namespace.to_string(),
            name: resource.name.to_string(),
            instance: resource.instance.as_deref().unwrap_or_default().to_owned(),
            value: match resource.ready_status()? {
                ConditionStatus::True => 1,
                ConditionStatus::Unknown => 0,
                ConditionStatus::False => -1,
            },
        })
    })
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
/// A probe or a scrape takes milliseconds.
const BOUNDS: Bounds = Bounds {
    connections: 64,
    lifetime: Duration::from_secs(10),
};

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

    use super::*;
    use crate::kube::stand_in::Stand;

    #[tokio::test]
    async fn whoever_holds_the_line_keeps_no_probe_from_being_heard() {
        let listener = bind(SocketAddr::from(([127, 0, 0, 1], 0)))
            .await
            .expect("a port");
        let address = listener.local_addr().expect("it is bound");
        let (_sender, ring) = watch::channel(None);
        let serving = tokio::spawn(serve(listener, Stand::new().cluster, ring));
        let mut silent = Vec::new();
        for _ in 0..=BOUNDS.connections {
            silent.push(TcpStream::connect(address).await.expect("a connection"));
        }

        let mut probe = TcpStream::connect(address).await.expect("a connection");
        let request = b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n";
        probe.write_all(request).await.expect("it is sent");
        let mut answer = String::new();
        probe
            .read_to_string(&mut answer)
            .await
            .expect("an answer, and an end");

        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        let oldest = silent[0].read(&mut [0]).await;
        assert!(matches!(oldest, Ok(0) | Err(_)), "the oldest had to go");
        serving.abort();
    }
}
