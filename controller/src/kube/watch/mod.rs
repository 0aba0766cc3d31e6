//! List and watch, for ever: what happens to a collection, in order, to one receiver.
//!
//! # Guarantees
//!
//! - After [`Change::Synced`] the receiver has seen every object, and from then on every change, through broken
//!   connections, restarts of the API server and expired resource versions (a new list, between [`Change::Begin`] and
//!   [`Change::Synced`]).
//! - One object that can't be understood doesn't stop the others: `T` says what it makes of it.
//! - Pages are small, in objects and in bytes, so that a list of thousands is never in memory at once, nor one of a few
//!   hundred that somebody has made as large as they may be.

pub(super) mod feeds;

use std::time::Duration;

use futures::StreamExt;
use kube::api::WatchEvent;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::api::error::ApiError;
use super::api::rest::{Rest, View};
use super::backoff::{Backoff, jittered};

/// A collection to follow.
#[derive(Debug, Clone)]
pub(super) struct Source {
    /// The path of the collection, such as `/api/v1/secrets`.
    pub(super) path: String,
    /// `fieldSelector=…` and the like, already encoded, or nothing.
    pub(super) query: String,
    /// Metadata only, or whole objects.
    pub(super) metadata_only: bool,
}

/// An object as it is read from a list or a watch.
pub(super) trait Versioned: DeserializeOwned + Clone + Send {
    /// Its `metadata.resourceVersion`.
    fn version(&self) -> &str;
}

/// Something that happened to the collection.
pub(super) enum Change<T> {
    /// A list begins: what isn't in it is gone.
    Begin,
    /// An object of the list.
    Listed(T),
    /// The list is complete.
    Synced,
    /// An object was made or changed.
    Applied(T),
    /// An object was deleted, or left the selection.
    Deleted(T),
}

/// Follows `source` and hands every change to `receive`. Never returns.
pub(super) async fn follow<T>(rest: Rest, source: Source, mut receive: impl FnMut(Change<T>) + Send)
where
    T: Versioned,
{
    let mut failures = 0;
    loop {
        let failed = match list(&rest, &source, &mut receive).await {
            Ok(version) => {
                failures = 0;
                let error = watch(&rest, &source, version, &mut failures, &mut receive).await;
                if error == ApiError::Expired {
                    continue;
                } else {
                    error
                }
            }
            Err(error) => error,
        };
        failures += 1;
        tracing::warn!(path = source.path, error = %failed, "failed to list and watch; trying again");
        tokio::time::sleep(BACKOFF.delay(failures)).await;
    }
}

/// Lists page by page and returns the resource version to watch from.
async fn list<T: Versioned>(
    rest: &Rest,
    source: &Source,
    receive: &mut impl FnMut(Change<T>),
) -> Result<String, ApiError> {
    let view = if source.metadata_only {
        View::MetadataList
    } else {
        View::Whole
    };
    receive(Change::Begin);
    let mut next = String::new();
    let mut limit = PAGE;
    loop {
        let path = source.with(&format!("limit={limit}&continue={next}"));
        // One object alone is as large as the API server lets it be.
        let bytes = if limit > 1 {
            PAGE_BYTES_MAX
        } else {
            usize::MAX
        };
        let page: Page<T> = match rest.read_up_to(&path, view, bytes).await {
            Err(ApiError::TooLong) => {
                limit = (limit / 4).max(1);
                continue;
            }
            page => page?,
        };
        for item in page.items.into_iter().flatten() {
            receive(Change::Listed(item));
        }
        match page.metadata.next.filter(|next| !next.is_empty()) {
            Some(token) => next = token,
            None => {
                receive(Change::Synced);
                return Ok(page.metadata.resource_version);
            }
        }
    }
}

/// Watches from `version`, over as many connections as it takes, until the version is too old or errors pile up.
async fn watch<T: Versioned>(
    rest: &Rest,
    source: &Source,
    mut version: String,
    failures: &mut u32,
    receive: &mut impl FnMut(Change<T>),
) -> ApiError {
    let view = if source.metadata_only {
        View::Metadata
    } else {
        View::Whole
    };
    loop {
        // Not all watches of all replicas end at the same time.
        let seconds = jittered(WATCH_TIMEOUT).as_secs();
        let path = source.with(&format!(
            "watch=true&allowWatchBookmarks=true&timeoutSeconds={seconds}&resourceVersion={version}"
        ));
        let start = tokio::time::Instant::now();
        let mut error = None;
        match rest.watch::<T>(&path, view).await {
            Ok(stream) => {
                let mut stream = std::pin::pin!(stream);
                // The server ends the watch; a connection that died in silence is noticed soon after it should have.
                let silence = Duration::from_secs(seconds) + WATCH_GRACE;
                let end = start + silence;
                while let Ok(Some(event)) = tokio::time::timeout_at(end, stream.next()).await {
                    let change = match event {
                        Ok(WatchEvent::Added(object) | WatchEvent::Modified(object)) => {
                            version = object.version().to_owned();
                            Change::Applied(object)
                        }
                        Ok(WatchEvent::Deleted(object)) => {
                            version = object.version().to_owned();
                            Change::Deleted(object)
                        }
                        Ok(WatchEvent::Bookmark(bookmark)) => {
                            version = bookmark.metadata.resource_version;
                            continue;
                        }
                        Ok(WatchEvent::Error(status)) => {
                            error = Some(kube::Error::Api(status).into());
                            break;
                        }
                        Err(failed) => {
                            error = Some(failed);
                            break;
                        }
                    };
                    *failures = 0;
                    receive(change);
                }
            }
            Err(failed) => error = Some(failed),
        }
        let error = match error {
            Some(error) => error,
            None if start.elapsed() >= WATCH_AT_LEAST => continue,
            // A server that is going down, or a proxy that allows no watch.
            None => ApiError::Unreachable,
        };
        if matches!(
            error,
            ApiError::Expired | ApiError::Unreadable | ApiError::NotFound
        ) {
            return error;
        }
        *failures += 1;
        tracing::debug!(path = source.path, %error, "the watch broke; going on from where it was");
        tokio::time::sleep(BACKOFF.delay(*failures)).await;
    }
}

impl Source {
    fn with(&self, query: &str) -> String {
        let between = if self.query.is_empty() { "" } else { "&" };
        format!("{}?{}{between}{query}", self.path, self.query)
    }
}

#[derive(Deserialize)]
struct Page<T> {
    #[serde(default)]
    metadata: PageMetadata,
    /// `null` where a list of metadata is empty.
    items: Option<Vec<T>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct PageMetadata {
    resource_version: String,
    #[serde(rename = "continue")]
    next: Option<String>,
}

const PAGE: u32 = 200;
const PAGE_BYTES_MAX: usize = 8 << 20;
const WATCH_TIMEOUT: Duration = Duration::from_secs(300);
const WATCH_AT_LEAST: Duration = Duration::from_secs(1);
const WATCH_GRACE: Duration = Duration::from_secs(15);
const BACKOFF: Backoff = Backoff {
    first: Duration::from_millis(500),
    cap: Duration::from_secs(30),
};

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::sync::{Arc, Mutex};

    use http::{Request, Response};
    use kube::Client;
    use kube::client::Body;
    use serde_json::json;

    use super::*;
    use crate::kube::mirror::SeenSecret;

    /// A server of 20 objects of 1 MiB each, and how long its answers were.
    fn server() -> (Rest, Arc<Mutex<Vec<usize>>>) {
        let lengths = Arc::new(Mutex::new(Vec::new()));
        let noted = lengths.clone();
        let service = tower::service_fn(move |request: Request<Body>| {
            let query = request.uri().query().unwrap_or_default().to_owned();
            let number = |name: &str| {
                let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
                let mut values = pairs.filter(|(key, _)| *key == name);
                values.find_map(|(_, value)| value.parse::<usize>().ok())
            };
            let (start, limit) = (
                number("continue").unwrap_or(0),
                number("limit").unwrap_or(0),
            );
            let end = (start + limit).min(20);
            let padding = "x".repeat(1 << 20);
            let item = |index: usize| {
                json!({"metadata": {"name": format!("s{index}"), "namespace": "shop", "uid": "u",
                                    "resourceVersion": "1", "annotations": {"padding": padding}}})
            };
            let items: Vec<_> = (start..end).map(item).collect();
            let next = (end < 20).then(|| end.to_string());
            let page =
                json!({"metadata": {"resourceVersion": "7", "continue": next}, "items": items});
            let page = page.to_string().into_bytes();
            noted.lock().expect("no panic").push(page.len());
            async move { Ok::<_, Infallible>(Response::new(Body::from(page))) }
        });
        let rest = Rest::new(Client::new(service, "default"), Duration::from_secs(60));
        (rest, lengths)
    }

    #[tokio::test]
    async fn a_page_that_is_too_long_is_asked_for_in_parts() {
        let (rest, lengths) = server();
        let source = Source {
            path: "/api/v1/secrets".to_owned(),
            query: String::new(),
            metadata_only: true,
        };
        let mut names = Vec::new();
        let version = list::<SeenSecret>(&rest, &source, &mut |change| {
            if let Change::Listed(secret) = change {
                names.push(secret.name.to_string());
            }
        })
        .await;
        assert_eq!(version.as_deref(), Ok("7"));
        let expected: Vec<_> = (0..20).map(|index| format!("s{index}")).collect();
        assert_eq!(names, expected);
        let lengths = lengths.lock().expect("no panic");
        let taken = lengths.iter().filter(|length| **length <= PAGE_BYTES_MAX);
        assert!(taken.count() >= 5, "{lengths:?}");
    }
}
