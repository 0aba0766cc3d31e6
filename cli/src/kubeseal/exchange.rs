//! One HTTP request at a time, by kube's client. Here, and in `crate::cluster`, a runtime is started.

use std::pin::Pin;
use std::time::Duration;

use http::{Request, StatusCode, header};
use hyper::body::Body as _;
use kube::{Client, Config};
use tokio::runtime::Runtime;

use super::remote_error::ExchangeError;
use crate::cluster::{self, ClusterError, made};

/// Somebody to ask.
pub(super) struct Peer {
    runtime: Runtime,
    client: Client,
    timeout: Option<Duration>,
}

/// What came back.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    /// Where else to look.
    pub(super) location: Option<String>,
    pub(super) body: Vec<u8>,
}

impl Peer {
    /// Prepares to ask; nothing is sent yet. `config` is made inside of the runtime: credentials may come from
    /// a program.
    pub(super) fn new(
        timeout: Option<Duration>,
        config: impl Future<Output = Result<Config, ExchangeError>>,
    ) -> Result<Self, ExchangeError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(ExchangeError::Runtime)?;
        let client = runtime.block_on(async {
            let mut config = config.await?;
            // A request is made once; whoever runs this may try again.
            config.default_retry = false;
            made(config).map_err(ExchangeError::Kubeconfig)
        })?;
        Ok(Self {
            runtime,
            client,
            timeout,
        })
    }

    /// Sends a request, and reads the answer up to `limit` bytes.
    ///
    /// # Errors
    /// `Unreachable`, `Timeout`, `TooLarge`. Any status is an answer.
    pub(super) fn ask(
        &self,
        request: Request<Vec<u8>>,
        limit: usize,
    ) -> Result<Answer, ExchangeError> {
        let exchange = exchange(&self.client, request, limit);
        self.runtime.block_on(async {
            match self.timeout {
                Some(timeout) => tokio::time::timeout(timeout, exchange)
                    .await
                    .unwrap_or(Err(ExchangeError::Timeout(timeout))),
                None => exchange.await,
            }
        })
    }
}

async fn exchange(
    client: &Client,
    request: Request<Vec<u8>>,
    limit: usize,
) -> Result<Answer, ExchangeError> {
    let answer = client
        .send(request.map(Into::into))
        .await
        .map_err(unreachable)?;
    let (head, mut body) = answer.into_parts();
    let mut bytes = Vec::new();
    while let Some(frame) = std::future::poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        let frame = frame.map_err(unreachable)?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if bytes.len() + data.len() > limit {
            return Err(ExchangeError::TooLarge(limit));
        }
        bytes.extend_from_slice(&data);
    }
    let location = head.headers.get(header::LOCATION);
    Ok(Answer {
        status: head.status,
        location: location
            .and_then(|location| location.to_str().ok())
            .map(str::to_owned),
        body: bytes,
    })
}

fn unreachable(error: kube::Error) -> ExchangeError {
    match cluster::unreachable(error) {
        ClusterError::Unreachable(why) => ExchangeError::Unreachable(why),
        ClusterError::Unreadable => {
            ExchangeError::Unreachable("the answer can't be read".to_owned())
        }
        other => ExchangeError::Kubeconfig(other),
    }
}
