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

use crate::manifest::{Format, ManifestError, Node, Passed, Path, Place, Step, Stream, splice};
use crate::plaintext::Plaintext;

use super::body::{Body, Put};
use super::cipher::is_closed;
use super::close::Closed;
use super::error::{At, SopsError};
use super::metadata::Metadata;
use super::open::Outcome;
use super::selector::Selector;
use super::walk;
pub(super) use compare::Part;
use compare::compare;
use edit::Editor;
use read::{Pieces, Slot, read};
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

    /// sops counts a comment in braces or brackets to what stands before it, or to nothing; others to what comes next.
    fn refuse_unclear_comments(&self, selector: &Selector) -> Result<(), SopsError> {
        for (step, slot) in self.pieces.steps.iter().zip(&self.pieces.slots) {
            let (walk::Step::Comment(text, _), Slot::Comment { span, clear, .. }) = (step, slot)
            else {
                continue;
            };
            if !selector.hits_comment(text) {
                continue;
            }
            let at = self.stream.place(span.start);
            let inside = |root: &Node<'_>| is_in_flow(*root, span.start);
            if self.pieces.roots.iter().any(inside) {
                return Err(SopsError::CommentInFlow { at });
            }
            if !clear {
                return Err(SopsError::CommentElsewhere { at });
            }
        }
        Ok(())
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
    fn steps(&self) -> &[walk::Step<'_>] {
        &self.pieces.steps
    }

    fn metadata(&self) -> Result<Metadata, SopsError> {
        let first = self.pieces.roots.first().zip(self.pieces.blocks.first());
        let Some((root, Some(block))) = first else {
            return Err(SopsError::NotEncrypted);
        };
        let named = |(key, _): &(Node<'_>, Node<'_>)| key.text() == Some(read::BLOCK);
        if root.entries().filter(named).count() > 1 {
            return Err(SopsError::Metadata {
                field: read::BLOCK.into(),
                rule: "stands there twice",
            });
        }
        block::read(*root, *block, self.stream.source())
    }

    fn has_block(&self) -> bool {
        self.pieces.blocks.iter().any(Option::is_some)
    }

    fn plaintext(&self, outcomes: &[Outcome]) -> Result<Plaintext, SopsError> {
        let mut editor = Editor::new(self.stream, self.pieces.slots.len());
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
        let mut text = self.spliced(editor)?;
        let steps = self.pieces.steps.iter().zip(outcomes);
        let expected = steps.filter_map(|(step, outcome)| match (step, outcome) {
            (_, Outcome::Comment(_)) | (walk::Step::Comment(..), _) => None,
            (walk::Step::Leaf(key, ..), Outcome::Value(value)) => {
                Some(Part::Leaf(key.as_deref(), Some(value.bytes())))
            }
            (step, _) => Part::of(step),
        });
        compare(expected, &read(&self.again(&text)?)?)?;
        Ok(Plaintext::from(std::mem::take(&mut *text)))
    }

    fn closed(&self, closed: &[Closed], metadata: &Metadata) -> Result<Vec<u8>, SopsError> {
        let selector = metadata.selector()?;
        self.refuse_unclear_comments(&selector)?;
        let mut editor = Editor::new(self.stream, self.pieces.slots.len());
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
        let mut text = self.spliced(editor)?;
        let steps = self.pieces.steps.iter().zip(closed).zip(items);
        let expected = steps.filter_map(|((step, closed), item)| match (step, closed) {
            (walk::Step::Leaf(key, ..), Some(closed)) => {
                Some(Part::Leaf(key.as_deref(), Some(closed.text.as_bytes())))
            }
            (walk::Step::Comment(..), Some(closed)) if item => {
                Some(Part::Leaf(None, Some(closed.text.as_bytes())))
            }
            (step, _) => Part::of(step),
        });
        let again = self.again(&text)?;
        let written = Document::read(&again)?;
        compare(expected, &written.pieces)?;
        written.refuse_unclear_comments(&selector)?;
        for (root, block) in written.pieces.roots.iter().zip(&written.pieces.blocks) {
            let block = block.ok_or_else(overlap)?;
            if block::read(*root, block, again.source())? != *metadata {
                return Err(overlap());
            }
        }
        Ok(std::mem::take(&mut *text).into_bytes())
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

/// An encrypted file with plaintext somewhere, or with nothing there.
pub(super) fn put(
    file: &[u8],
    format: Format,
    At { document, path }: &At,
    value: Option<&Json>,
) -> Result<Put, SopsError> {
    let stream = Stream::parse_sops(file, format)?;
    let mut roots = stream.documents().filter_map(|document| document.root);
    let root = roots.nth(document - 1);
    let passed = Passed {
        item: &is_comment,
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
        at: At {
            document: *document,
            path: put.at,
        },
    })
}

/// Where a node of a document stands, as values are set there: documents that are nothing don't count, nor do comments
/// that are items of a list.
pub fn place_of(stream: &Stream, document: usize, node: Node<'_>) -> At {
    let mut place = At::first(Path::default());
    let mut roots = stream.documents().filter(|other| other.root.is_some());
    let nth = roots.position(|other| other.number == document);
    place.document += nth.unwrap_or(0);
    let documents = stream.documents();
    let mut root = documents
        .filter_map(|document| document.root)
        .nth(place.document - 1);
    for step in node.path().0 {
        root = match &step {
            Step::Key(key) => {
                place.path = place.path.join(key.as_str());
                root.and_then(|node| node.get(key))
            }
            Step::Index(index) => {
                let items = root.into_iter().flat_map(Node::items);
                let comments = items.take(*index).filter(|item| is_comment(*item)).count();
                place.path = place.path.join(index - comments);
                root.and_then(|node| node.items().nth(*index))
            }
        };
    }
    place
}

/// A comment of a list, which sops writes as an item of it.
fn is_comment(item: Node<'_>) -> bool {
    let text = item.text().filter(|text| is_closed(text));
    text.is_some_and(|text| text.ends_with(",type:comment]"))
}

/// True for what stands between braces or brackets.
fn is_in_flow(node: Node<'_>, at: usize) -> bool {
    let span = node.span();
    if node.is_flow() {
        return span.start < at && at < span.end;
    }
    span.start <= at && node.children().any(|child| is_in_flow(child, at))
}

fn overlap() -> SopsError {
    ManifestError::EditNotFaithful {
        at: Place::START,
        what: "edits overlap",
    }
    .into()
}
