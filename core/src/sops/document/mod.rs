//! YAML and JSON by spans: values and the `sops` block change, and no other byte does.

mod alias;
mod block;
mod comments;
mod compare;
mod edit;
mod read;
mod text;

use serde_json::Value as Json;
use zeroize::Zeroizing;

use crate::manifest::{Format, ManifestError, Passed, Path, Place, Stream, splice};
use crate::plaintext::Plaintext;

use super::body::{Body, Put};
use super::cipher::is_closed;
use super::close::Closed;
use super::error::SopsError;
use super::metadata::Metadata;
use super::open::Outcome;
use super::selector::Selector;
use super::walk::Step;
pub(super) use compare::Part;
use compare::compare;
use edit::Editor;
use read::{Pieces, read};
pub(super) use text::{json, yaml_float};

/// A file of YAML or JSON, taken to pieces.
pub(super) struct Document<'s> {
    stream: &'s Stream,
    pieces: Pieces<'s>,
}

impl<'s> Document<'s> {
    pub(super) fn read(stream: &'s Stream) -> Result<Self, SopsError> {
        if stream.format() == Format::Yaml {
            refuse_directives(stream.source())?;
        }
        let pieces = read(stream)?;
        Ok(Self { stream, pieces })
    }

    fn spliced(&self, editor: Editor<'_>) -> Result<Zeroizing<String>, SopsError> {
        splice(self.stream.source(), editor.edits).ok_or_else(overlap)
    }

    fn again(&self, text: &str) -> Result<Stream, SopsError> {
        Ok(Stream::parse_sops(text.as_bytes(), self.stream.format())?)
    }
}

/// go-yaml reads no version but 1.1, and no directives but those that it knows: nobody else could open the file.
fn refuse_directives(source: &str) -> Result<(), SopsError> {
    for (nth, line) in source.lines().enumerate() {
        // In a mapping nothing else begins a line so.
        let Some(directive) = line.strip_prefix('%') else {
            continue;
        };
        let mut words = directive.split_whitespace();
        let rule = match (words.next(), words.next()) {
            (Some("YAML"), Some("1.1")) | (Some("TAG"), _) => continue,
            (Some("YAML"), _) => "sops reads YAML 1.1 alone: leave out the line",
            _ => "a directive that is not known",
        };
        let line = nth + 1;
        return Err(SopsError::Store { line, rule });
    }
    Ok(())
}

impl Body for Document<'_> {
    fn steps(&self) -> &[Step<'_>] {
        &self.pieces.steps
    }

    fn metadata(&self) -> Result<Metadata, SopsError> {
        let first = self.pieces.roots.first().zip(self.pieces.blocks.first());
        let Some((root, Some(block))) = first else {
            return Err(SopsError::NotEncrypted);
        };
        block::read(*root, *block, self.stream.source())
    }

    fn has_block(&self) -> bool {
        self.pieces.blocks.iter().any(Option::is_some)
    }

    fn plaintext(&self, outcomes: &[Outcome]) -> Result<Plaintext, SopsError> {
        let mut editor = Editor::new(self.stream);
        for (slot, outcome) in self.pieces.slots.iter().zip(outcomes) {
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
        for root in &self.pieces.roots {
            editor.remove_block(*root);
        }
        let text = self.spliced(editor)?;
        let steps = self.pieces.steps.iter().zip(outcomes);
        let expected = steps.filter_map(|(step, outcome)| match (step, outcome) {
            (_, Outcome::Comment(_)) | (Step::Comment(..), _) => None,
            (Step::Leaf(key, ..), Outcome::Value(value)) => {
                Some(Part::Leaf(key.as_deref(), Some(value.bytes())))
            }
            (step, _) => Part::of(step),
        });
        compare(expected, &read(&self.again(&text)?)?)?;
        Ok(Plaintext::from(text.as_bytes()))
    }

    fn closed(&self, closed: &[Closed], metadata: &Metadata) -> Result<Vec<u8>, SopsError> {
        let mut editor = Editor::new(self.stream);
        let slots = self.pieces.slots.iter().zip(closed);
        let items: Vec<bool> = slots
            .map(|(slot, closed)| {
                let closed = closed.as_ref();
                closed.is_some_and(|closed| editor.close(slot, closed))
            })
            .collect();
        for (root, block) in self.pieces.roots.iter().zip(&self.pieces.blocks) {
            match block {
                Some(_) => editor.replace_block(*root, metadata)?,
                None => editor.insert_block(*root, metadata)?,
            }
        }
        let text = self.spliced(editor)?;
        let steps = self.pieces.steps.iter().zip(closed).zip(items);
        let expected = steps.filter_map(|((step, closed), item)| match (step, closed) {
            (Step::Leaf(key, ..), Some(closed)) => {
                Some(Part::Leaf(key.as_deref(), Some(closed.text.as_bytes())))
            }
            (Step::Comment(..), Some(closed)) if item => {
                Some(Part::Leaf(None, Some(closed.text.as_bytes())))
            }
            (step, _) => Part::of(step),
        });
        let again = self.again(&text)?;
        let written = Document::read(&again)?;
        compare(expected, &written.pieces)?;
        for (root, block) in written.pieces.roots.iter().zip(&written.pieces.blocks) {
            let block = block.ok_or_else(overlap)?;
            if block::read(*root, block, again.source())? != *metadata {
                return Err(overlap());
            }
        }
        Ok(text.as_bytes().to_vec())
    }
}

/// A YAML file in which aliases of what will be encrypted are written out; `None` where there are none.
pub(super) fn without_aliases(
    file: &[u8],
    selector: &Selector,
) -> Result<Option<Zeroizing<String>>, SopsError> {
    if !file.contains(&b'*') {
        return Ok(None);
    }
    let stream = Stream::parse_sops(file, Format::Yaml)?;
    let edits = alias::written_out(&read(&stream)?, selector);
    if edits.is_empty() {
        return Ok(None);
    }
    splice(stream.source(), edits).ok_or_else(overlap).map(Some)
}

/// An encrypted file with plaintext at a path of its first document, or with nothing there.
pub(super) fn put(
    file: &[u8],
    format: Format,
    path: &Path,
    value: Option<&Json>,
) -> Result<Put, SopsError> {
    let stream = Stream::parse_sops(file, format)?;
    let root = stream.documents().find_map(|document| document.root);
    let passed = Passed {
        // A comment of a list, which sops writes as an item of it.
        item: &|item| {
            let text = item.text().filter(|text| is_closed(text));
            text.is_some_and(|text| text.ends_with(",type:comment]"))
        },
        last_key: read::BLOCK,
    };
    let missing = || SopsError::NoSuchPath { path: path.clone() };
    let reserved = path.0.first() == Some(&read::BLOCK.into());
    let root = root.filter(|_| !reserved).ok_or_else(missing)?;
    let put = stream
        .put(root, path, value, &passed)?
        .ok_or_else(missing)?;
    Ok(Put {
        file: Zeroizing::new(put.text.as_bytes().to_vec()),
        at: put.at,
    })
}

fn overlap() -> SopsError {
    ManifestError::EditNotFaithful {
        at: Place::START,
        what: "edits overlap",
    }
    .into()
}
