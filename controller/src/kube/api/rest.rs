//! Requests to the API server, with a deadline each and errors that hold none of the server's words.

use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use futures::{Stream, StreamExt};
use http::header::{ACCEPT, CONTENT_TYPE, RETRY_AFTER};
use http::{Method, Request};
use hyper::body::Body as _;
use kube::Client;
use kube::api::WatchEvent;
use kube::client::Body;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::kube::api::error::ApiError;
use crate::kube::api::fence::{Fence, MayWrite};

/// A way to the API server.
#[derive(Clone)]
pub(crate) struct Rest {
    client: Client,
    timeout: Duration,
}

/// The way for writes: it asks for the lease's proof, and the connections below it look once more.
#[derive(Clone)]
pub(crate) struct FencedRest {
    rest: Rest,
    fence: Arc<Fence>,
}

impl FencedRest {
    pub(crate) fn new(rest: Rest, fence: Arc<Fence>) -> Self {
        Self { rest, fence }
    }

    /// The proof that this process may write now.
    ///
    /// # Errors
    /// [`ApiError::NoLease`].
    pub(crate) fn lease(&self) -> Result<MayWrite, ApiError> {
        self.fence.pass().ok_or(ApiError::NoLease)
    }

    /// Writes under the lease.
    ///
    /// # Errors
    /// As for [`Rest::write`].
    pub(crate) async fn write<T: DeserializeOwned>(
        &self,
        _proof: MayWrite,
        path: &str,
        write: Write,
        view: View,
    ) -> Result<T, ApiError> {
        self.rest.write(path, write, view).await
    }
}

/// How much of an object the API server sends back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum View {
    /// All of it.
    Whole,
    /// `PartialObjectMetadata`: of a Secret no value comes back.
    Metadata,
    /// A list of the former.
    MetadataList,
}

/// What a write sends, and as what.
pub(crate) enum Write {
    /// POST to a collection.
    Create(Vec<u8>),
    /// PUT in the place of an object.
    Replace(Vec<u8>),
    /// JSON merge patch.
    Merge(Vec<u8>),
    /// DELETE, with its options.
    Delete(Vec<u8>),
}

impl Rest {
    pub(crate) fn new(client: Client, timeout: Duration) -> Self {
        Self { client, timeout }
    }

    /// The same way with another deadline for each request.
    pub(crate) fn with_timeout(&self, timeout: Duration) -> Self {
        Self {
            client: self.client.clone(),
            timeout,
        }
    }

    /// Reads one object or list.
    ///
    /// # Errors
    /// [`ApiError`] by status; [`ApiError::Unreadable`] when the answer is not a `T`, whose text is dropped.
    pub(crate) async fn read<T: DeserializeOwned>(
        &self,
        path: &str,
        view: View,
    ) -> Result<T, ApiError> {
        self.read_up_to(path, view, usize::MAX).await
    }

    /// Reads one object or list, of so many bytes at most.
    ///
    /// # Errors
    /// As for [`Rest::read`], and [`ApiError::TooLong`].
    pub(crate) async fn read_up_to<T: DeserializeOwned>(
        &self,
        path: &str,
        view: View,
        bytes: usize,
    ) -> Result<T, ApiError> {
        let request = Request::get(path).header(ACCEPT, view.accept());
        self.answer(request, Vec::new(), bytes).await
    }

    /// Writes, and reads what the view asks for.
    ///
    /// # Errors
    /// As for [`Rest::read`].
    pub(crate) async fn write<T: DeserializeOwned>(
        &self,
        path: &str,
        write: Write,
        view: View,
    ) -> Result<T, ApiError> {
        let (method, content_type, body) = match write {
            Write::Create(body) => (Method::POST, JSON, body),
            Write::Replace(body) => (Method::PUT, JSON, body),
            Write::Merge(body) => (Method::PATCH, "application/merge-patch+json", body),
            Write::Delete(body) => (Method::DELETE, JSON, body),
        };
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(CONTENT_TYPE, content_type)
            .header(ACCEPT, view.accept());
        self.answer(request, body, usize::MAX).await
    }

    /// Watches: one item for each line that the API server sends.
    ///
    /// # Errors
    /// [`ApiError`] by status, once at the start and later in the stream.
    pub(crate) async fn watch<T: DeserializeOwned + Clone>(
        &self,
        path: &str,
        view: View,
    ) -> Result<impl Stream<Item = Result<WatchEvent<T>, ApiError>> + use<T>, ApiError> {
        let request = Request::get(path)
            .header(ACCEPT, view.accept())
            .body(Vec::new())
            .map_err(|_| ApiError::Invalid { code: 400 })?;
        let stream = tokio::time::timeout(self.timeout, self.client.request_events::<T>(request))
            .await
            .map_err(|_| ApiError::TimedOut)??;
        Ok(stream.map(|event| event.map_err(ApiError::from)))
    }

    async fn answer<T: DeserializeOwned>(
        &self,
        request: http::request::Builder,
        body: Vec<u8>,
        at_most: usize,
    ) -> Result<T, ApiError> {
        let request = request
            .body(Body::from(body))
            .map_err(|_| ApiError::Invalid { code: 400 })?;
        let exchange = async {
            let response = self.client.send(request).await?;
            let code = response.status();
            let retry_after = response
                .headers()
                .get(RETRY_AFTER)
                .and_then(|value| value.to_str().ok())
                .map(str::to_owned);
            let bytes = collect(response.into_body(), at_most).await?;
            if code.is_success() {
                // The error of serde would quote a value.
                serde_json::from_slice(&bytes).map_err(|_| ApiError::Unreadable)
            } else {
                Err(ApiError::of_answer(code, retry_after.as_deref(), &bytes))
            }
        };
        tokio::time::timeout(self.timeout, exchange)
            .await
            .map_err(|_| ApiError::TimedOut)?
    }
}

impl View {
    fn accept(self) -> &'static str {
        match self {
            Self::Whole => JSON,
            Self::Metadata => "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1",
            Self::MetadataList => {
                "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
            }
        }
    }
}

/// All of an answer, unless it is too long.
async fn collect(body: Body, at_most: usize) -> Result<Vec<u8>, ApiError> {
    let mut body = std::pin::pin!(body);
    let mut bytes = Vec::new();
    while let Some(frame) = poll_fn(|context| body.as_mut().poll_frame(context)).await {
        let Ok(data) = frame?.into_data() else {
            continue;
        };
        if bytes.len() + data.len() > at_most {
            return Err(ApiError::TooLong);
        }
        bytes.extend_from_slice(&data);
    }
    Ok(bytes)
}

/// The body of a request, in one piece of memory of the final size.
///
/// A vector that grows would leave pieces of a Secret behind; this one is wiped by the allocator, once, when it is sent.
pub(crate) fn body(object: &impl Serialize) -> Result<Vec<u8>, ApiError> {
    struct Count(usize);
    impl std::io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let unwritable = |_| ApiError::Invalid { code: 400 };
    let mut count = Count(0);
    serde_json::to_writer(&mut count, object).map_err(unwritable)?;
    let mut bytes = Vec::with_capacity(count.0);
    serde_json::to_writer(&mut bytes, object).map_err(unwritable)?;
    Ok(bytes)
}

const JSON: &str = "application/json";
