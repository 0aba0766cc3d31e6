//! YAML and JSON by spans: values and the `sops` block change, and no other byte does.

mod alias;
mod block;
mod comments;
mod edit;
mod read;
mod text;

use rand_core::RngCore;
use zeroize::Zeroizing;

use crate::manifest::{Format, ManifestError, Path, Place, Stream, splice};

use super::cipher::DataKey;
use super::close::close;
use super::error::SopsError;
use super::metadata::Metadata;
use super::open::{Ciphertexts, MacPolicy, Outcome, open};
use super::walk::Step;
use edit::Editor;
use read::{Pieces, read};

/// The block of the first document.
pub(super) fn metadata(file: &[u8], format: Format) -> Result<Metadata, SopsError> {
    let stream = Stream::parse_sops(file, format)?;
    let first = stream.documents().find_map(|document| document.root);
    let block = first.and_then(|root| root.get(read::BLOCK));
    block::read(block.ok_or(SopsError::NotEncrypted)?)
}

/// Opens a file; nothing of it leaves before its MAC is verified.
pub(super) fn decrypt(
    file: &[u8],
    format: Format,
    metadata: &Metadata,
    key: &DataKey,
    policy: MacPolicy,
) -> Result<(Zeroizing<String>, Ciphertexts), SopsError> {
    let stream = Stream::parse_sops(file, format)?;
    let pieces = read(&stream)?;
    let selector = metadata.selector()?;
    let (outcomes, known) = open(&pieces.steps, metadata, Some(&selector), key, policy)?;
    let mut editor = Editor::new(&stream);
    for (slot, outcome) in pieces.slots.iter().zip(&outcomes) {
        let done = match outcome {
            Outcome::Keep => true,
            Outcome::Value(value) => editor.open(slot, value),
            Outcome::Comment(comment) => comment
                .as_text()
                .is_some_and(|text| editor.open_comment(slot, text)),
        };
        if !done {
            return Err(SopsError::Unwritable {
                path: Path::default(),
                rule: "a value has no form in this format",
            });
        }
    }
    for root in &pieces.roots {
        editor.remove_block(*root);
    }
    let text = spliced(&stream, editor)?;
    let again = Stream::parse_sops(text.as_bytes(), format)?;
    let expected = pieces
        .steps
        .iter()
        .zip(&outcomes)
        .filter_map(|(step, outcome)| match (step, outcome) {
            (_, Outcome::Comment(_)) | (Step::Comment(_), _) => None,
            (Step::Leaf(key, ..), Outcome::Value(value)) => {
                Some(Part::Leaf(key.as_deref(), Some(value.bytes())))
            }
            (step, _) => Part::of(step),
        });
    compare(expected, &read(&again)?)?;
    Ok((text, known))
}

/// Closes a file. `known` gives what didn't change its old ciphertext.
pub(super) fn encrypt(
    file: &[u8],
    format: Format,
    metadata: &mut Metadata,
    key: &DataKey,
    known: &mut Ciphertexts,
    now: &str,
    rng: &mut impl RngCore,
) -> Result<Vec<u8>, SopsError> {
    let selector = metadata.selector()?;
    let mut stream = Stream::parse_sops(file, format)?;
    let edits = alias::written_out(&read(&stream)?, &selector);
    if !edits.is_empty() {
        let text = splice(stream.source(), edits).ok_or_else(|| overlap(&stream))?;
        stream = Stream::parse_sops(text.as_bytes(), format)?;
    }
    let pieces = read(&stream)?;
    if pieces.blocks.iter().any(Option::is_some) {
        return Err(SopsError::AlreadyEncrypted);
    }
    if pieces.roots.is_empty() {
        return Err(SopsError::Store {
            line: 1,
            rule: "there is nothing in the file: write `{}` for an empty one",
        });
    }
    let closed = close(
        &pieces.steps,
        metadata,
        Some(&selector),
        key,
        known,
        now,
        rng,
    )?;
    let mut editor = Editor::new(&stream);
    let items: Vec<bool> = pieces
        .slots
        .iter()
        .zip(&closed)
        .map(|(slot, closed)| {
            closed
                .as_ref()
                .is_some_and(|closed| editor.close(slot, closed))
        })
        .collect();
    for root in &pieces.roots {
        editor.insert_block(*root, metadata)?;
    }
    let text = spliced(&stream, editor)?;
    let again = Stream::parse_sops(text.as_bytes(), format)?;
    let expected =
        pieces
            .steps
            .iter()
            .zip(&closed)
            .zip(items)
            .filter_map(|((step, closed), item)| match (step, closed) {
                (Step::Leaf(key, ..), Some(closed)) => {
                    Some(Part::Leaf(key.as_deref(), Some(closed.text.as_bytes())))
                }
                (Step::Comment(_), Some(closed)) if item => {
                    Some(Part::Leaf(None, Some(closed.text.as_bytes())))
                }
                (step, _) => Part::of(step),
            });
    let read_again = read(&again)?;
    compare(expected, &read_again)?;
    for written in &read_again.blocks {
        if block::read(written.ok_or_else(|| overlap(&stream))?)? != *metadata {
            return Err(overlap(&stream));
        }
    }
    Ok(text.as_bytes().to_vec())
}

/// Writes another block into an encrypted file, and nothing else.
pub(super) fn replace_metadata(
    file: &[u8],
    format: Format,
    metadata: &Metadata,
) -> Result<Vec<u8>, SopsError> {
    let stream = Stream::parse_sops(file, format)?;
    let pieces = read(&stream)?;
    let mut editor = Editor::new(&stream);
    for root in &pieces.roots {
        editor.replace_block(*root, metadata)?;
    }
    let text = spliced(&stream, editor)?;
    let again = Stream::parse_sops(text.as_bytes(), format)?;
    compare(pieces.steps.iter().filter_map(Part::of), &read(&again)?)?;
    Ok(text.as_bytes().to_vec())
}

fn spliced(stream: &Stream, editor: Editor<'_>) -> Result<Zeroizing<String>, SopsError> {
    splice(stream.source(), editor.edits).ok_or_else(|| overlap(stream))
}

fn overlap(_: &Stream) -> SopsError {
    ManifestError::EditNotFaithful {
        at: Place::START,
        what: "edits overlap",
    }
    .into()
}

/// What counts when two readings are compared.
#[derive(PartialEq)]
enum Part<'p> {
    Open(Option<&'p str>),
    Close,
    Leaf(Option<&'p str>, Option<&'p [u8]>),
}

impl<'p> Part<'p> {
    fn of(step: &'p Step<'_>) -> Option<Self> {
        match step {
            Step::Open(key) => Some(Self::Open(key.as_deref())),
            Step::Close => Some(Self::Close),
            Step::Comment(_) => None,
            Step::Leaf(key, value, _) => {
                let bytes = value.as_ref().map(|value| value.bytes());
                Some(Self::Leaf(key.as_deref(), bytes))
            }
        }
    }
}

/// Every edit is read again before it is handed out.
fn compare<'p>(
    expected: impl Iterator<Item = Part<'p>>,
    found: &Pieces<'_>,
) -> Result<(), SopsError> {
    let mut found = found.steps.iter().filter_map(Part::of);
    let mut path = Path::default();
    for expected in expected {
        if let Part::Open(Some(key)) | Part::Leaf(Some(key), _) = expected {
            path = Path::from([key]);
        }
        if found.next() != Some(expected) {
            return Err(SopsError::NotFaithful { path });
        }
    }
    match found.next() {
        Some(_) => Err(SopsError::NotFaithful { path }),
        None => Ok(()),
    }
}

#[cfg(test)]
/// The values of a file in their order, with their paths, for comparisons.
pub(super) fn outline(file: &[u8], format: Format) -> Result<Vec<(String, String)>, SopsError> {
    let stream = Stream::parse_sops(file, format)?;
    let pieces = read(&stream)?;
    let mut walk = super::walk::Walk::new(None);
    let mut lines = Vec::new();
    for step in &pieces.steps {
        match step {
            Step::Open(key) => {
                walk.open(key.as_deref());
                lines.push((walk.place().to_string(), "{".to_owned()));
            }
            Step::Close => walk.close(),
            Step::Comment(_) => {}
            Step::Leaf(key, value, _) => {
                walk.enter(key.as_deref());
                let text = value
                    .as_ref()
                    .map(|value| String::from_utf8_lossy(value.bytes()).into_owned());
                lines.push((
                    walk.place().to_string(),
                    text.unwrap_or_else(|| "null".to_owned()),
                ));
                walk.leave();
            }
        }
    }
    Ok(lines)
}
