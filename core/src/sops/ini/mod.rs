//! Files of sections with `key = value`, as go-ini reads them.
//!
//! All comments above a key and the one behind its value are one comment, which stands above the key once it is
//! encrypted. To sops it follows its key, which matters to selectors of comments.

mod read;
mod text;

use std::borrow::Cow;
use std::ops::Range;

use serde_json::Value as Json;
use zeroize::Zeroizing;

use crate::manifest::{self, Edit, Path, splice};
use crate::plaintext::Plaintext;

use super::body::{Body, Put};
use super::close::Closed;
use super::dotenv::{FLAT, text as utf8};
use super::error::SopsError;
use super::flat::{flatten, unflatten};
use super::metadata::Metadata;
use super::open::Outcome;
use super::value::{Value, json_text};
use super::walk::{Form, Line, Shape, Step};
use read::{BLOCK, Notes, Pair, Section, read};
pub(super) use text::{aligned, spaced_comment_lines, value};

/// A file, taken to pieces.
pub(super) struct Ini<'s> {
    source: &'s str,
    sections: Vec<Section<'s>>,
    steps: Vec<Step<'s>>,
    slots: Vec<Slot>,
}

/// Where a step stands.
enum Slot {
    None,
    /// The value of the pair of that number in the section of that number.
    Value(usize, usize),
    /// The comment of it.
    Comment(usize, usize),
    /// The comment of a section, or what stands behind its last pair.
    Lines(Notes),
}

impl<'s> Ini<'s> {
    pub(super) fn read(file: &'s [u8]) -> Result<Self, SopsError> {
        let source = utf8(file)?;
        let sections = read(source)?;
        let (mut steps, mut slots) = (vec![Step::Open(None, Shape::Mapping)], vec![Slot::None]);
        for (nth, section) in sections
            .iter()
            .enumerate()
            .filter(|(_, all)| all.name != BLOCK)
        {
            let mut push = |step, slot| {
                steps.push(step);
                slots.push(slot);
            };
            push(
                Step::Open(Some(Cow::Borrowed(section.name)), Shape::Mapping),
                Slot::None,
            );
            let comment = |notes: &Notes| {
                let text = notes.text(source);
                text.map(|text| Step::Comment(Cow::Owned(text), Line::Own))
            };
            if let Some(step) = comment(&section.notes) {
                push(step, Slot::Lines(section.notes.clone()));
            }
            for (at, pair) in section.pairs.iter().enumerate() {
                let value = Some(Value::text(pair.value.as_bytes()));
                let key = Some(Cow::Borrowed(pair.key));
                push(Step::Leaf(key, value, Form::Bare), Slot::Value(nth, at));
                if let Some(step) = comment(&pair.notes) {
                    push(step, Slot::Comment(nth, at));
                }
            }
            if let Some(step) = comment(&section.rest) {
                push(step, Slot::Lines(section.rest.clone()));
            }
            push(Step::Close, Slot::None);
        }
        steps.push(Step::Close);
        slots.push(Slot::None);
        Ok(Self {
            source,
            sections,
            steps,
            slots,
        })
    }

    fn pair(&self, section: usize, pair: usize) -> &Pair<'s> {
        &self.sections[section].pairs[pair]
    }

    /// The edits that put a comment, of one line or of several, in place of the one that stands there.
    fn comment(&self, slot: &Slot, text: &str, edits: &mut Vec<Edit>) {
        let line_end = self.line_end();
        let lines = text::comment_lines(text, line_end);
        let notes = match slot {
            Slot::Comment(section, pair) => &self.pair(*section, *pair).notes,
            Slot::Lines(notes) => notes,
            Slot::None | Slot::Value(..) => return,
        };
        let mut put = Some(lines);
        for line in &notes.lines {
            edits.push(Edit {
                span: line.clone(),
                text: put.take().unwrap_or_default(),
            });
        }
        if let Some(behind) = &notes.behind {
            // Behind a value it has no place of its own: it goes above its line.
            edits.push(Edit {
                span: behind.clone(),
                text: String::new(),
            });
            if let Some(lines) = put {
                let start = self.source[..behind.start]
                    .rfind('\n')
                    .map_or(0, |at| at + 1);
                edits.push(Edit {
                    span: notes.owner.unwrap_or(start)..notes.owner.unwrap_or(start),
                    text: lines,
                });
            }
        }
    }

    fn line_end(&self) -> &'static str {
        match self.source.contains("\r\n") {
            true => "\r\n",
            false => "\n",
        }
    }

    /// The lines of the block, where it has some.
    fn blocks(&self) -> impl Iterator<Item = Range<usize>> {
        let sections = self.sections.iter().filter(|section| section.name == BLOCK);
        sections.map(|section| section.span.clone())
    }

    fn spliced(&self, edits: Vec<Edit>) -> Result<Zeroizing<String>, SopsError> {
        splice(self.source, edits).ok_or_else(|| SopsError::NotFaithful {
            path: Path::default(),
        })
    }
}

impl Body for Ini<'_> {
    fn steps(&self) -> &[Step<'_>] {
        &self.steps
    }

    fn metadata(&self) -> Result<Metadata, SopsError> {
        let section = self.sections.iter().find(|section| section.name == BLOCK);
        let pairs = section.ok_or(SopsError::NotEncrypted)?.pairs.iter();
        // 3.13.0 and 3.13.1 wrote two backslashes.
        let unescaped = |value: &str| value.replace("\\\\n", "\n").replace("\\n", "\n");
        unflatten(pairs.map(|pair| (pair.key, unescaped(&pair.value))))
    }

    fn has_block(&self) -> bool {
        self.blocks().next().is_some()
    }

    fn plaintext(&self, outcomes: &[Outcome]) -> Result<Plaintext, SopsError> {
        let mut edits = Vec::new();
        for (slot, outcome) in self.slots.iter().zip(outcomes) {
            match (slot, outcome) {
                (Slot::Value(section, pair), Outcome::Value(value)) => {
                    let found = self.pair(*section, *pair);
                    let path = Path::from([self.sections[*section].name, found.key]);
                    edits.push(Edit {
                        span: found.span.clone(),
                        text: text::value(value).ok_or(SopsError::Unwritable {
                            path,
                            rule: "the value has no form in this format",
                        })?,
                    });
                }
                (slot, Outcome::Comment(comment)) => {
                    self.comment(slot, comment.as_text().unwrap_or_default(), &mut edits);
                }
                _ => {}
            }
        }
        for span in self.blocks() {
            // The empty line above it came with it.
            let before = &self.source[..span.start];
            let line = before.strip_suffix(self.line_end()).unwrap_or(before);
            let gap = line.is_empty() || line.ends_with('\n');
            let start = if gap { line.len() } else { span.start };
            edits.push(Edit {
                span: start..span.end,
                text: String::new(),
            });
        }
        let out = self.spliced(edits)?;
        let again = Ini::read(out.as_bytes())?;
        let expected = self.steps.iter().zip(outcomes);
        let expected = expected.filter_map(|(step, outcome)| match (step, outcome) {
            (Step::Leaf(key, ..), Outcome::Value(value)) => Some((key.as_deref(), value.bytes())),
            (step, _) => leaf(step),
        });
        same(expected, &again)?;
        Ok(Plaintext::from(out.as_bytes()))
    }

    fn closed(&self, closed: &[Closed], metadata: &Metadata) -> Result<Vec<u8>, SopsError> {
        let mut edits = Vec::new();
        for (slot, closed) in self.slots.iter().zip(closed) {
            let Some(closed) = closed else { continue };
            match slot {
                Slot::Value(section, pair) => edits.push(Edit {
                    span: self.pair(*section, *pair).span.clone(),
                    text: closed.text.clone(),
                }),
                slot => self.comment(slot, &closed.text, &mut edits),
            }
        }
        let block = block(metadata)?.replace('\n', self.line_end());
        let mut blocks = self.blocks();
        match blocks.next() {
            Some(span) => edits.push(Edit { span, text: block }),
            None => {
                let end = self.source.len();
                let line = self.line_end();
                let gap = match self.source {
                    "" => String::new(),
                    text if text.ends_with('\n') => line.to_owned(),
                    _ => line.repeat(2),
                };
                edits.push(Edit {
                    span: end..end,
                    text: gap + &block,
                });
            }
        }
        let out = self.spliced(edits)?;
        let again = Ini::read(out.as_bytes())?;
        let expected = self.steps.iter().zip(closed);
        let expected = expected.filter_map(|(step, closed)| match (step, closed) {
            (Step::Leaf(key, ..), Some(closed)) => Some((key.as_deref(), closed.text.as_bytes())),
            (step, _) => leaf(step),
        });
        same(expected, &again)?;
        if again.metadata()? != *metadata && flatten(&again.metadata()?) != flatten(metadata) {
            return Err(SopsError::NotFaithful {
                path: [BLOCK].into(),
            });
        }
        Ok(out.as_bytes().to_vec())
    }
}

/// The section of a block.
pub(super) fn block(metadata: &Metadata) -> Result<String, SopsError> {
    let pairs = flatten(metadata).into_iter().map(|(name, value)| {
        let value = Value::text(value.replace('\n', "\\n"));
        text::value(&value).map(|value| (name, value))
    });
    let pairs: Option<Vec<_>> = pairs.collect();
    let pairs = pairs.ok_or(SopsError::Unwritable {
        path: [BLOCK].into(),
        rule: "the block has no form in this format",
    })?;
    Ok(text::section(BLOCK, &pairs, "\n"))
}

/// The key and the bytes of a value.
fn leaf<'p>(step: &'p Step<'_>) -> Option<(Option<&'p str>, &'p [u8])> {
    match step {
        Step::Leaf(key, Some(value), _) => Some((key.as_deref(), value.bytes())),
        _ => None,
    }
}

/// Every edit is read again before it is handed out.
fn same<'p>(
    expected: impl Iterator<Item = (Option<&'p str>, &'p [u8])>,
    found: &'p Ini<'_>,
) -> Result<(), SopsError> {
    if expected.eq(found.steps.iter().filter_map(leaf)) {
        return Ok(());
    }
    Err(SopsError::NotFaithful {
        path: Path::default(),
    })
}

/// The file with another value at `["SECTION"]["key"]`, or without it.
pub(super) fn put(file: &[u8], path: &Path, value: Option<&Json>) -> Result<Put, SopsError> {
    let missing = || SopsError::NoSuchPath { path: path.clone() };
    let unwritable = |rule| SopsError::Unwritable {
        path: path.clone(),
        rule,
    };
    let [manifest::Step::Key(section), manifest::Step::Key(key)] = &path.0[..] else {
        return Err(missing());
    };
    if section == BLOCK {
        return Err(missing());
    }
    let value = value.map(|value| {
        let text = json_text(value).ok_or(unwritable(FLAT))?;
        text::value(&Value::text(text.as_bytes()))
            .ok_or(unwritable("the value has no form in this format"))
    });
    let value = value.transpose()?;
    let ini = Ini::read(file)?;
    let found = ini.sections.iter().find(|found| found.name == section);
    let pair = found.and_then(|found| found.pairs.iter().find(|pair| pair.key == key));
    let line_end = ini.line_end();
    let edit = match (found, pair, value) {
        (_, Some(pair), Some(value)) => Edit {
            span: pair.span.clone(),
            text: value,
        },
        (_, Some(pair), None) => Edit {
            span: pair.line.clone(),
            text: String::new(),
        },
        (_, None, None) => return Err(missing()),
        (found, None, Some(value)) => {
            if !text::is_key(key) || !text::is_section(section) {
                return Err(unwritable("the name would read as something else"));
            }
            let (at, text) = match found {
                Some(found) => (found.end, format!("{key} = {value}{line_end}")),
                None => {
                    let block = ini.blocks().next();
                    let at = block.map_or(ini.source.len(), |span| span.start);
                    let pairs = [(key.clone(), value)];
                    (at, text::section(section, &pairs, line_end) + line_end)
                }
            };
            Edit { span: at..at, text }
        }
    };
    let out = ini.spliced(vec![edit])?;
    Ok(Put {
        file: Zeroizing::new(out.as_bytes().to_vec()),
        // Where the section is new, all of it is.
        at: match found {
            Some(_) => path.clone(),
            None => [section.as_str()].into(),
        },
    })
}
