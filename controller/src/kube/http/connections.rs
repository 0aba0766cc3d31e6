//! Connections of others to this process: few, each for a short time.
//!
//! Whoever reaches a port takes no more than a share of its thread and of the process's file descriptors, which the lease
//! and the watches need too. When there are too many connections, the oldest one of whoever has the most goes: a probe is
//! heard however many others hold the line, and so is the API server's proxy while a pod floods the port.

use std::collections::{BTreeMap, VecDeque};
use std::convert::Infallible;
use std::net::IpAddr;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::task::AbortHandle;

/// How much of the process one port may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Connections at a time.
    pub(crate) connections: usize,
    /// From the first byte to the last.
    pub(crate) lifetime: Duration,
}

/// Answers for ever: one request on each connection.
pub(crate) async fn accept<F, A>(listener: &TcpListener, bounds: Bounds, answer: F)
where
    F: Fn(IpAddr, Request<Incoming>) -> A + Clone + Send + 'static,
    A: Future<Output = Response<Body>> + Send + 'static,
{
    let mut open: VecDeque<(IpAddr, AbortHandle)> = VecDeque::new();
    loop {
        let Ok((stream, peer)) = listener.accept().await else {
            // Somebody left in the queue, or there is no file descriptor left: others may end in a moment.
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        let peer = peer.ip().to_canonical();
        let answer = answer.clone();
        let service = service_fn(move |request| {
            let answering = answer(peer, request);
            async move { Ok::<_, Infallible>(answering.await) }
        });
        let connection = http1::Builder::new()
            .keep_alive(false)
            .timer(TokioTimer::new())
            .header_read_timeout(HEADER_MAX)
            .serve_connection(TokioIo::new(stream), service);
        let task = tokio::spawn(async move {
            // Late, or broken by the other side: either way there is nobody to tell.
            let _ = tokio::time::timeout(bounds.lifetime, connection).await;
        });
        open.retain(|(_, connection)| !connection.is_finished());
        if open.len() >= bounds.connections
            && let Some((_, victim)) = victim(&open).and_then(|index| open.remove(index))
        {
            victim.abort();
        }
        open.push_back((peer, task.abort_handle()));
    }
}

/// The oldest connection of the address that has the most.
fn victim<T>(open: &VecDeque<(IpAddr, T)>) -> Option<usize> {
    let mut counts = BTreeMap::<IpAddr, usize>::new();
    for (peer, _) in open {
        *counts.entry(*peer).or_default() += 1;
    }
    let most = counts.values().max()?;
    open.iter().position(|(peer, _)| counts[peer] == *most)
}

const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
const HEADER_MAX: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_connection_of_the_greediest_goes() {
        let peer = |last| IpAddr::from([10, 0, 0, last]);
        let open: VecDeque<_> = [1, 2, 3, 2, 2].map(|last| (peer(last), ())).into();
        assert_eq!(victim(&open), Some(1));
        assert_eq!(victim(&VecDeque::<(IpAddr, ())>::new()), None);
    }
}
