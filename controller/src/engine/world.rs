//! The port between the engine and whatever holds the Secrets.

use std::future::Future;

use bulla_core::names::ResourceName;
use bulla_core::plan::{Live, Owned, Write};
use bulla_core::secret::SecretContent;

use super::{Report, Request};

/// Where Secrets live: an API server, or a directory.
///
/// # Guarantees that an implementation gives
///
/// - `peek` and the status in a [`Request`] never show less than this world's own last `apply` and
///   `report`: a cache that lags behind them would make the engine open and write again.
/// - `apply` carries out the write under the preconditions of its proof, or fails with
///   [`WorldError::Conflict`] and has changed nothing (a replacement may have deleted).
/// - A write happens only while this process may write (leader election); afterwards it fails
///   with [`WorldError::Stopped`].
/// - Errors are told by their kind. The text of an API server's answer can quote a Secret: it goes
///   neither into the error nor into a log.
pub trait World: Sync {
    /// What the cache knows of a Secret of the resource; costs no request.
    fn peek(
        &self,
        request: &Request,
        secret: &ResourceName,
    ) -> impl Future<Output = Result<Option<Seen>, WorldError>> + Send;

    /// Reads the Secret itself.
    fn observe(
        &self,
        request: &Request,
        secret: &ResourceName,
    ) -> impl Future<Output = Result<Option<Live>, WorldError>> + Send;

    /// Writes the Secret, and says what it is now.
    fn apply(
        &self,
        request: &Request,
        write: &Write,
        content: &SecretContent,
    ) -> impl Future<Output = Result<Seen, WorldError>> + Send;

    /// What the cache knows of all Secrets that belong to the resource; costs no request. A world in which every
    /// resource makes one Secret needs none of this and the next two.
    fn children(
        &self,
        request: &Request,
    ) -> impl Future<Output = Result<Vec<Child>, WorldError>> + Send {
        let _ = request;
        async { Ok(Vec::new()) }
    }

    /// Deletes a Secret that the resource no longer names, under the uid and resourceVersion of the proof.
    fn remove(
        &self,
        request: &Request,
        secret: &ResourceName,
        owned: &Owned,
    ) -> impl Future<Output = Result<(), WorldError>> + Send {
        let _ = (request, secret, owned);
        async { Err(WorldError::Forbidden) }
    }

    /// Takes notice of the Secrets that the resource makes: a change of one of them brings the resource back.
    fn wants(&self, request: &Request, secrets: &[&ResourceName]) {
        let _ = (request, secrets);
    }

    /// Does work that takes a while without giving anybody else a turn: opening and rendering. A world that serves
    /// others meanwhile does it where they aren't kept waiting.
    fn compute<T: Send>(&self, work: impl FnOnce() -> T + Send) -> impl Future<Output = T> + Send {
        async move { work() }
    }

    /// Writes the status and the Event. An Event that can't be written is not an error.
    fn report(
        &self,
        request: &Request,
        report: &Report,
    ) -> impl Future<Output = Result<(), WorldError>> + Send;
}

/// A Secret as a cache knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Its uid.
    pub uid: String,
    /// Its resourceVersion.
    pub resource_version: String,
}

/// A Secret that belongs to a resource, as a cache knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Child {
    /// Its name.
    pub name: ResourceName,
    /// Its state.
    pub seen: Seen,
    /// It was adopted: it stays when the resource no longer names it.
    pub adopted: bool,
}

impl From<&Owned> for Seen {
    fn from(owned: &Owned) -> Self {
        Self {
            uid: owned.uid().to_owned(),
            resource_version: owned.resource_version().to_owned(),
        }
    }
}

impl From<&Live> for Seen {
    fn from(live: &Live) -> Self {
        Self {
            uid: live.uid.clone(),
            resource_version: live.resource_version.clone(),
        }
    }
}

/// What went wrong out there: a closed list without text of others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum WorldError {
    /// Somebody else wrote in between, or the precondition does not hold: look again (409).
    #[error("the Secret changed in between")]
    Conflict,
    /// The content is not acceptable (400, 422).
    #[error("the Secret was rejected as invalid")]
    Rejected,
    /// The object is too large for the store (413).
    #[error("the Secret is too large to be stored")]
    TooLarge,
    /// Not allowed: RBAC, quota, an admission policy, file permissions (401, 403).
    #[error("writing the Secret is not allowed")]
    Forbidden,
    /// The namespace is not there, or is going (404).
    #[error("the namespace is not there")]
    Gone,
    /// No answer, or not now: network, 429, 5xx, a full disk.
    #[error("the Secret can't be reached at the moment")]
    Unavailable,
    /// This process may not write any more: another one leads, or it is stopping.
    #[error("another replica has taken over")]
    Stopped,
}

impl WorldError {
    /// Every kind, for metrics that start at zero.
    pub const ALL: [Self; 7] = [
        Self::Conflict,
        Self::Rejected,
        Self::TooLarge,
        Self::Forbidden,
        Self::Gone,
        Self::Unavailable,
        Self::Stopped,
    ];

    /// The CamelCase word of conditions, Events and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Conflict => "Conflict",
            Self::Rejected => "Rejected",
            Self::TooLarge => "TooLarge",
            Self::Forbidden => "Forbidden",
            Self::Gone => "NamespaceGone",
            Self::Unavailable => "Unavailable",
            Self::Stopped => "Stopped",
        }
    }
}
