//! `/healthz`, `/readyz`, `/metrics`.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::AbortHandle;

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
    accept(&listener, &router).await;
}

/// Answers for ever. Whoever reaches the port takes no more than a share of this thread and of the process's file
/// descriptors, both of which the lease needs too: few connections, each for a short time, and the newest goes before the
/// oldest, so that a probe is heard however many others hold the line.
async fn accept(listener: &TcpListener, router: &Router) {
    let mut connections: VecDeque<AbortHandle> = VecDeque::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Somebody left in the queue, or there is no file descriptor left: others may end in a moment.
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        let connection = http1::Builder::new().keep_alive(false).serve_connection(
            TokioIo::new(stream),
            TowerToHyperService::new(router.clone()),
        );
        let task = tokio::spawn(async move {
            // Late, or broken by the other side: either way there is nobody to tell.
            let _ = tokio::time::timeout(CONNECTION_MAX, connection).await;
        });
        connections.retain(|connection| !connection.is_finished());
        if connections.len() >= CONNECTIONS_MAX
            && let Some(oldest) = connections.pop_front()
        {
            oldest.abort();
        }
        connections.push_back(task.abort_handle());
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
        .is_none_or(|keys| keys.age.is_empty())
    {
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
const CONNECTIONS_MAX: usize = 64;
/// From the first byte to the last: a probe or a scrape takes milliseconds.
const CONNECTION_MAX: Duration = Duration::from_secs(10);
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

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
        for _ in 0..=CONNECTIONS_MAX {
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
