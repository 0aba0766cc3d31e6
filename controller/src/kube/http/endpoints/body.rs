//! The body of a request: one SealedSecret, as JSON or YAML, of at most 10 MiB.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use bulla_core::api::{self, SEALED_SECRET, SEALED_SECRETS_API_VERSION};
use bulla_core::manifest::{ManifestError, Stream};
use bulla_core::sealed_secrets::{SealedSecret, SealedSecretError};
use futures::StreamExt as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A body that can't be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum BodyError {
    /// Over the limit.
    #[error("the body is over the limit of 10 MiB")]
    TooLarge,
    /// It did not come in time, or broke off.
    #[error("the body did not arrive")]
    Incomplete,
    /// Others have sent too much already.
    #[error("too much is being sent at once")]
    Busy,
}

/// A body that is not one SealedSecret. No text quotes it.
#[derive(Debug, thiserror::Error)]
pub(super) enum InputError {
    /// Neither JSON nor YAML.
    #[error("{0}")]
    Manifest(#[from] ManifestError),
    /// More parts than any SealedSecret has.
    #[error("it has too many parts for a SealedSecret")]
    TooManyParts,
    /// No document, or several.
    #[error("one object is expected, and there are {0}")]
    Documents(usize),
    /// Something else.
    #[error("a SealedSecret of {SEALED_SECRETS_API_VERSION} is expected")]
    Kind,
    /// A field of the wrong type.
    #[error("a field has the wrong type")]
    Shape,
    /// It breaks a rule.
    #[error(transparent)]
    SealedSecret(#[from] SealedSecretError),
}

/// A body in memory, which counts as long as it is there.
pub(super) struct Received {
    bytes: Vec<u8>,
    _room: Vec<OwnedSemaphorePermit>,
}

/// Room for what all callers together send: nobody reserves more than has come of him.
pub(super) fn room() -> Arc<Semaphore> {
    Arc::new(Semaphore::new(ROOM_BYTES))
}

impl Received {
    /// Receives a body.
    ///
    /// # Errors
    /// [`BodyError`] by variant.
    pub(super) async fn receive(body: Body, room: &Arc<Semaphore>) -> Result<Self, BodyError> {
        let mut chunks = body.into_data_stream();
        let receiving = Self::receive_all(&mut chunks, room);
        let received = tokio::time::timeout(RECEIVE_MAX, receiving).await;
        let received = received.unwrap_or(Err(BodyError::Incomplete));
        if matches!(received, Err(BodyError::TooLarge | BodyError::Busy)) {
            discard_chunks(&mut chunks).await;
        }
        received
    }

    async fn receive_all(
        chunks: &mut BodyDataStream,
        room: &Arc<Semaphore>,
    ) -> Result<Self, BodyError> {
        let mut received = Self {
            bytes: Vec::new(),
            _room: Vec::new(),
        };
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(|_| BodyError::Incomplete)?;
            if received.bytes.len() + chunk.len() > BODY_BYTES_MAX {
                return Err(BodyError::TooLarge);
            }
            let size = u32::try_from(chunk.len()).map_err(|_| BodyError::TooLarge)?;
            let permit = room.clone().try_acquire_many_owned(size);
            let permit = permit.map_err(|_| BodyError::Busy)?;
            match received._room.first_mut() {
                Some(first) => first.merge(permit),
                None => received._room.push(permit),
            }
            received.bytes.extend_from_slice(&chunk);
        }
        Ok(received)
    }

    /// Reads it: the object as it came, and what it says.
    ///
    /// # Errors
    /// [`InputError`] by variant.
    pub(super) fn parse(&self) -> Result<(api::SealedSecret, SealedSecret), InputError> {
        parse(&self.bytes)
    }
}

/// Lets what a caller still sends come, for a while: to a connection that is closed on unread bytes the answer is lost.
pub(super) async fn discard(body: Body) {
    discard_chunks(&mut body.into_data_stream()).await;
}

async fn discard_chunks(chunks: &mut BodyDataStream) {
    let discarding = async {
        let mut bytes = 0;
        while let Some(Ok(chunk)) = chunks.next().await {
            bytes += chunk.len();
            if bytes > DISCARD_BYTES_MAX {
                return;
            }
        }
    };
    // Who is not done by then has himself to blame.
    let _ = tokio::time::timeout(DISCARD_MAX, discarding).await;
}

fn parse(bytes: &[u8]) -> Result<(api::SealedSecret, SealedSecret), InputError> {
    let parts = bytes.iter().filter(|byte| b",:[{\n-".contains(byte));
    if parts.count() > PARTS_MAX {
        return Err(InputError::TooManyParts);
    }
    let stream = Stream::parse(bytes)?;
    let mut roots = stream.documents().filter_map(|document| document.root);
    let (root, more) = (roots.next(), roots.count());
    let root = match (root, more) {
        (Some(root), 0) => root,
        (None, _) => return Err(InputError::Documents(0)),
        (Some(_), more) => return Err(InputError::Documents(1 + more)),
    };
    let field = |name| root.get(name).and_then(|node| node.text());
    if field("kind") != Some(SEALED_SECRET)
        || field("apiVersion") != Some(SEALED_SECRETS_API_VERSION)
    {
        return Err(InputError::Kind);
    }
    // Its error could quote what it read.
    let wire: api::SealedSecret =
        serde_json::from_value(root.to_value()?).map_err(|_| InputError::Shape)?;
    let sealed = SealedSecret::try_from(&wire)?;
    Ok((wire, sealed))
}

const BODY_BYTES_MAX: usize = 10 << 20;
const ROOM_BYTES: usize = 32 << 20;
/// A slow line takes its time; who sends a byte a minute is not waited for.
const RECEIVE_MAX: Duration = Duration::from_secs(30);
const DISCARD_BYTES_MAX: usize = 16 << 20;
const DISCARD_MAX: Duration = Duration::from_secs(2);
/// Of a body of 10 MiB that is nothing else a tree would take gigabytes.
const PARTS_MAX: usize = 200_000;

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"{"kind":"SealedSecret","apiVersion":"bitnami.com/v1alpha1",
        "metadata":{"name":"db","namespace":"shop","creationTimestamp":null},
        "spec":{"template":null,"encryptedData":{"a":"AgBhunter2"}},"status":null}"#;

    #[test]
    fn one_sealed_secret_is_read_in_both_forms() {
        assert!(parse(GOOD.as_bytes()).is_ok());
        let yaml = "---\napiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata:\n  name: db\n  namespace: shop\nspec:\n  encryptedData:\n    a: AgBhunter2\n";
        assert!(parse(yaml.as_bytes()).is_ok());
    }

    #[test]
    fn anything_else_is_refused_and_never_quoted() {
        let twice = format!("{GOOD}\n---\n{GOOD}");
        let list = format!(r#"{{"kind":"List","apiVersion":"v1","items":[{GOOD}]}}"#);
        let secret = r#"{"kind":"Secret","apiVersion":"v1","metadata":{"name":"db"},"stringData":{"a":"hunter2"}}"#;
        let nameless = r#"{"kind":"SealedSecret","apiVersion":"bitnami.com/v1alpha1","spec":{}}"#;
        let wrong = r#"{"kind":"SealedSecret","apiVersion":"bitnami.com/v1alpha1","metadata":{"name":"db","namespace":"s"},"spec":{"encryptedData":"hunter2"}}"#;
        let deep = "[".repeat(100_000);
        let wide = ",".repeat(PARTS_MAX + 1);
        for input in [
            "",
            "hunter2",
            "{",
            "\u{0}hunter2",
            &twice,
            &list,
            secret,
            nameless,
            wrong,
            &deep,
            &wide,
        ] {
            let error = parse(input.as_bytes()).err();
            let error = error.unwrap_or_else(|| panic!("this is taken: {input:.80}"));
            let text = format!("{error} {error:?}");
            assert!(!text.contains("hunter2"), "{text}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_has_10_mib_and_its_time_and_leaves_room_for_others() {
        let room = room();
        let whole = Received::receive(Body::from(vec![b' '; BODY_BYTES_MAX]), &room).await;
        let whole = whole.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(room.available_permits(), ROOM_BYTES - BODY_BYTES_MAX);
        drop(whole);
        assert_eq!(room.available_permits(), ROOM_BYTES);
        let longer = Received::receive(Body::from(vec![b' '; BODY_BYTES_MAX + 1]), &room).await;
        assert_eq!(longer.err(), Some(BodyError::TooLarge));
        let silent =
            Body::from_stream(futures::stream::pending::<Result<Vec<u8>, std::io::Error>>());
        let silent = Received::receive(silent, &room).await;
        assert_eq!(silent.err(), Some(BodyError::Incomplete));
        let _taken = room.clone().try_acquire_many_owned(ROOM_BYTES as u32 - 1);
        let crowded = Received::receive(Body::from("two"), &room).await;
        assert_eq!(crowded.err(), Some(BodyError::Busy));
    }
}
