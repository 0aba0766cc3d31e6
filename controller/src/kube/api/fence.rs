//! The fence: until when this process may write, checked where the bytes leave it.
//!
//! # Guarantees
//!
//! A request that was prepared under a lease doesn't reach the network once that lease has run out, even if the
//! process was stopped in between: [`FencedStream`] looks at the clock before every single write to the socket.
//!
//! # Assumptions
//!
//! The holder's validity ends before the lease that others see does (`--lease-renew-deadline` is the shorter one), so
//! that a write which left in time also arrives in time.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use futures::future::BoxFuture;
use http::Uri;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use rustix::time::{ClockId, clock_gettime};
use tower::{BoxError, Service};

/// A point in time that goes on while the machine sleeps (`CLOCK_BOOTTIME`), in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(u64);

impl Moment {
    pub(crate) fn now() -> Self {
        let now = clock_gettime(ClockId::Boottime);
        Self(now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64)
    }

    pub(crate) fn plus(self, duration: Duration) -> Self {
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(nanos))
    }

    pub(crate) fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

/// Open until a moment, and closed from then on without anybody doing anything.
#[derive(Debug, Default)]
pub(crate) struct Fence(AtomicU64);

/// The proof that the fence was open a moment ago: every write for other people asks for one.
#[derive(Debug)]
pub(crate) struct MayWrite(());

impl Fence {
    /// Keeps the fence open until `end`.
    pub(crate) fn open_until(&self, end: Moment) {
        self.0.store(end.0, Ordering::SeqCst);
    }

    /// Closes the fence at once.
    pub(crate) fn close(&self) {
        self.0.store(0, Ordering::SeqCst);
    }

    /// The proof, while the fence is open.
    pub(crate) fn pass(&self) -> Option<MayWrite> {
        (Moment::now().0 < self.0.load(Ordering::SeqCst)).then_some(MayWrite(()))
    }
}

/// Connects as `HttpConnector` does, and puts every connection behind the fence.
#[derive(Clone)]
pub(crate) struct FencedConnector {
    inner: HttpConnector,
    fence: Arc<Fence>,
}

impl FencedConnector {
    pub(crate) fn new(inner: HttpConnector, fence: Arc<Fence>) -> Self {
        Self { inner, fence }
    }
}

impl Service<Uri> for FencedConnector {
    type Response = FencedStream<<HttpConnector as Service<Uri>>::Response>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Self::Response, BoxError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context).map_err(BoxError::from)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connecting = self.inner.call(uri);
        let fence = self.fence.clone();
        Box::pin(async move {
            let inner = connecting.await?;
            Ok(FencedStream { inner, fence })
        })
    }
}

/// A connection that fails instead of writing while the fence is closed.
pub(crate) struct FencedStream<T> {
    inner: T,
    fence: Arc<Fence>,
}

impl<T> FencedStream<T> {
    fn check(&self) -> io::Result<()> {
        match self.fence.pass() {
            Some(MayWrite(())) => Ok(()),
            None => Err(io::Error::new(io::ErrorKind::PermissionDenied, NoLease)),
        }
    }
}

/// A write was stopped at the fence.
#[derive(Debug, thiserror::Error)]
#[error("refusing to write without a lease")]
pub(crate) struct NoLease;

impl<T: Read + Unpin> Read for FencedStream<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(context, buffer)
    }
}

impl<T: Write + Unpin> Write for FencedStream<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.inner).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.inner).poll_write_vectored(context, parts)
    }
}

impl<T: Connection> Connection for FencedStream<T> {
    fn connected(&self) -> Connected {
        self.inner.connected()
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use hyper_util::rt::TokioIo;

    use super::*;

    #[tokio::test]
    async fn nothing_is_written_once_the_fence_is_closed() {
        let fence = Arc::new(Fence::default());
        let (near, far) = tokio::net::UnixStream::pair().unwrap();
        let mut stream = FencedStream {
            inner: TokioIo::new(near),
            fence: fence.clone(),
        };
        let refused = poll_fn(|context| Pin::new(&mut stream).poll_write(context, b"early")).await;
        assert_eq!(refused.unwrap_err().kind(), io::ErrorKind::PermissionDenied);

        fence.open_until(Moment::now().plus(Duration::from_secs(60)));
        let written =
            poll_fn(|context| Pin::new(&mut stream).poll_write(context, b"in time")).await;
        assert_eq!(written.unwrap(), 7);

        // A lease that ran out while the process was stopped: nobody has closed anything.
        fence.open_until(Moment::now());
        let refused = poll_fn(|context| Pin::new(&mut stream).poll_write(context, b"late")).await;
        assert!(refused.is_err() && fence.pass().is_none());
        drop((stream, far));
    }
}
