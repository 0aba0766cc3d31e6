//! Sealed Secrets' HTTP interface: `/v1/cert.pem`, `/v1/verify`, `/v1/rotate`, and health beside it.
//!
//! # Guarantees
//!
//! - No answer, and no line of the log, holds a value or template output. Nothing is rendered: a template is no way to
//!   ask about a value.
//! - Private operations run on the [`Background`] thread, at most [`OPERATIONS_MAX`] for a request, and reconciling
//!   goes first. How often they may be asked for depends on the caller's address and on no header.
//! - What is sealed anew opens where it opened before, and nowhere else.
//!
//! # Caveats
//!
//! - Nobody is asked who he is, as with Sealed Secrets: whoever reaches the port can have values sealed for the newest
//!   key, and learns whether a SealedSecret opens.

mod body;
mod limits;
mod rotate;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant as Clock};

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{Request, Response, StatusCode};
use bulla_core::sealed_secrets::{Certificate, ItemError, Search, UnsealError};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::time::Instant;

use self::body::{BodyError, InputError, Received};
use self::limits::Limit;
use crate::engine::Keys;
use crate::kube::cluster::Cluster;
use crate::kube::http::connections::{Bounds, accept};
use crate::kube::http::readiness;
use crate::kube::keys::Published;
use crate::kube::work::background::{Background, NotDone, Urgency};

/// The interface, before it listens.
pub(crate) struct Endpoints {
    cluster: Arc<Cluster>,
    background: Arc<Background>,
    keys: watch::Receiver<Option<Keys>>,
    closing: watch::Receiver<Option<Arc<Certificate>>>,
    verify: Limit,
    rotate: Limit,
    room: Arc<Semaphore>,
}

/// How often verifying and rotating may be asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rate {
    /// By one address, each second.
    pub(crate) per_second: u32,
    /// By one address, on top of that at once.
    pub(crate) burst: u32,
}

impl Endpoints {
    pub(crate) fn new(
        cluster: Arc<Cluster>,
        background: Arc<Background>,
        Published { keys, closing, .. }: Published,
        rate: Rate,
    ) -> Self {
        let limit = || Limit::new(rate.per_second, rate.burst, Instant::now());
        Self {
            cluster,
            background,
            keys,
            closing,
            verify: limit(),
            rotate: limit(),
            room: body::room(),
        }
    }

    /// Binds `address`, and gives what serves there until the process ends.
    ///
    /// # Errors
    /// The address is taken, or not ours.
    pub(crate) async fn bind(
        self,
        address: SocketAddr,
    ) -> std::io::Result<impl Future<Output = ()>> {
        let listener = TcpListener::bind(address).await?;
        let endpoints = Arc::new(self);
        Ok(async move {
            accept(&listener, BOUNDS, move |peer, request| {
                let endpoints = endpoints.clone();
                async move { endpoints.answer(peer, request.map(Body::new)).await }
            })
            .await;
        })
    }

    /// Methods are not looked at, as Sealed Secrets does not.
    async fn answer(&self, peer: IpAddr, request: Request<Body>) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let start = Clock::now();
        let (path, response) = match parts.uri.path() {
            "/healthz" => return text(StatusCode::OK, "ok\n"),
            "/readyz" => {
                return match readiness(&self.cluster, &self.keys) {
                    Ok(()) => text(StatusCode::OK, "ok\n"),
                    Err(_) => text(StatusCode::SERVICE_UNAVAILABLE, "not ready\n"),
                };
            }
            "/v1/cert.pem" => ("/v1/cert.pem", self.certificate()),
            "/v1/verify" => ("/v1/verify", self.verify(peer, body).await),
            "/v1/rotate" => ("/v1/rotate", self.rotate(peer, body).await),
            _ => return text(StatusCode::NOT_FOUND, "404 page not found\n"),
        };
        let code = response.status().as_u16();
        self.cluster
            .metrics
            .answered(path, &parts.method, code, start.elapsed());
        response
    }

    fn certificate(&self) -> Response<Body> {
        match &*self.closing.borrow() {
            Some(certificate) => {
                let pem = certificate.to_pem();
                respond(StatusCode::OK, Some("application/x-pem-file"), pem)
            }
            None => text(
                StatusCode::INTERNAL_SERVER_ERROR,
                "cannot get certificate\n",
            ),
        }
    }

    /// Answers by the code alone.
    async fn verify(&self, peer: IpAddr, body: Body) -> Response<Body> {
        let keys = self.keys();
        let verified = self
            .work(&self.verify, peer, body, move |received| {
                let (_, sealed) = received.parse()?;
                let mut search = Search::default().within(OPERATIONS_MAX);
                // Opened, and wiped again right here.
                drop(sealed.unseal(&keys.rsa, &mut search, keys.legacy)?);
                Ok(())
            })
            .await;
        match verified {
            Ok(()) => respond(StatusCode::OK, None, Body::empty()),
            Err(Refusal::Unseal(_) | Refusal::Input(InputError::SealedSecret(_))) => {
                respond(StatusCode::CONFLICT, None, Body::empty())
            }
            Err(refusal) => {
                let mut response = refusal.respond("/v1/verify");
                response.headers_mut().remove(CONTENT_TYPE);
                response.map(|_| Body::empty())
            }
        }
    }

    async fn rotate(&self, peer: IpAddr, body: Body) -> Response<Body> {
        let keys = self.keys();
        let closing = self.closing.borrow().clone();
        let rotated = self
            .work(&self.rotate, peer, body, move |received| {
                let closing = closing.ok_or(Refusal::NoCertificate)?;
                let (wire, sealed) = received.parse()?;
                let mut search = Search::default().within(OPERATIONS_MAX);
                let unsealed = sealed.unseal(&keys.rsa, &mut search, keys.legacy)?;
                rotate::rotated(&wire, &sealed, &unsealed, closing.key())
                    .map_err(|_| Refusal::Failed)
            })
            .await;
        match rotated {
            Ok(object) => {
                let json = format!("{object}\n");
                respond(StatusCode::OK, Some("application/json"), json)
            }
            Err(refusal) => refusal.respond("/v1/rotate"),
        }
    }

    /// Receives a body and works on it in the background, if this caller may ask for that now.
    async fn work<T: Send + 'static>(
        &self,
        limit: &Limit,
        peer: IpAddr,
        body: Body,
        work: impl FnOnce(&Received) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        if let Err(wait) = limit.admit(peer, Instant::now()) {
            body::discard(body).await;
            return Err(Refusal::Rate(wait));
        }
        let received = Received::receive(body, &self.room).await?;
        let done = self
            .background
            .run(Urgency::Asked, move || work(&received))
            .await;
        match done {
            Ok(result) => result,
            Err(NotDone::Busy) => Err(Refusal::Rate(BUSY_PAUSE)),
            Err(NotDone::Failed) => Err(Refusal::Failed),
        }
    }

    fn keys(&self) -> Keys {
        self.keys.borrow().clone().unwrap_or_default()
    }
}

/// Why a request gets nothing. No text quotes what was sent, nor what was opened.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error("limit exceeded")]
    Rate(Duration),
    #[error(transparent)]
    Body(#[from] BodyError),
    #[error("failed to read the SealedSecret: {0}")]
    Input(#[from] InputError),
    #[error("failed to decrypt: {0}")]
    Unseal(UnsealError),
    #[error("it would take more than {OPERATIONS_MAX} private operations to find its keys")]
    TooMuchWork,
    #[error("there is no certificate to seal with")]
    NoCertificate,
    #[error("failed to do it")]
    Failed,
}

impl From<UnsealError> for Refusal {
    fn from(error: UnsealError) -> Self {
        let given_up = |error: &ItemError| matches!(error, ItemError::GivenUp { .. });
        let gave_up = match &error {
            UnsealError::Items(errors) => errors.0.values().any(given_up),
            UnsealError::Legacy(error) => given_up(error),
            _ => false,
        };
        match gave_up {
            true => Self::TooMuchWork,
            false => Self::Unseal(error),
        }
    }
}

impl Refusal {
    /// The code that Sealed Secrets answers with, where it has one.
    fn code(&self) -> StatusCode {
        match self {
            Self::Rate(_) | Self::Body(BodyError::Busy) => StatusCode::TOO_MANY_REQUESTS,
            Self::Body(BodyError::TooLarge) | Self::TooMuchWork => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Body(BodyError::Incomplete) => StatusCode::BAD_REQUEST,
            Self::Input(_) | Self::Unseal(_) | Self::NoCertificate | Self::Failed => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
        }
    }

    fn respond(&self, path: &'static str) -> Response<Body> {
        let code = self.code();
        let wait = match self {
            Self::Rate(wait) => Some(*wait),
            Self::Body(BodyError::Busy) => Some(BUSY_PAUSE),
            _ => {
                tracing::info!(path, code = code.as_u16(), error = %self, "a request was refused");
                None
            }
        };
        let mut response = text(code, format!("{self}\n"));
        if let Some(wait) = wait {
            // `kubeseal` and every client of the API server's come again by themselves when they are told when.
            let seconds = wait.as_secs_f64().ceil().clamp(1.0, 60.0);
            response
                .headers_mut()
                .insert(RETRY_AFTER, (seconds as u64).into());
        }
        response
    }
}

fn text(code: StatusCode, text: impl Into<Body>) -> Response<Body> {
    respond(code, Some("text/plain; charset=utf-8"), text)
}

fn respond(
    code: StatusCode,
    content_type: Option<&'static str>,
    body: impl Into<Body>,
) -> Response<Body> {
    let mut response = Response::new(body.into());
    *response.status_mut() = code;
    if let Some(content_type) = content_type {
        let content_type = axum::http::HeaderValue::from_static(content_type);
        response.headers_mut().insert(CONTENT_TYPE, content_type);
    }
    response
}

/// For a body on a slow line, and the work on those before it.
const BOUNDS: Bounds = Bounds {
    connections: 128,
    lifetime: Duration::from_secs(120),
};
/// Private operations for one request: 200 values with 64 keys to choose from take less than 300.
const OPERATIONS_MAX: usize = 2048;
const BUSY_PAUSE: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests;
