//! Files of `KEY=value` lines. There are no quotes in them: what stands behind the first `=` is the value.

use std::borrow::Cow;

use serde_json::Value as Json;
use zeroize::Zeroizing;

use crate::manifest::{self, Path};
use crate::plaintext::Plaintext;

use super::body::{Body, Put};
use super::close::Closed;
use super::error::SopsError;
use super::flat::{flatten, unflatten};
use super::metadata::Metadata;
use super::open::Outcome;
use super::value::{Value, json_text};
use super::walk::{Form, Line as Beside, Shape, Step};

/// A file, taken to pieces.
pub(super) struct Dotenv<'s> {
    lines: Vec<(&'s str, Line<'s>)>,
    steps: Vec<Step<'s>>,
    /// The line of each step but the first, which opens the file.
    places: Vec<usize>,
}

/// One line, as it counts.
enum Line<'s> {
    /// Nothing on it; it stays as it is.
    Empty,
    Comment(&'s str),
    Pair(&'s str, &'s str),
    /// A pair of the `sops` block.
    Block(&'s str, &'s str),
}

impl<'s> Dotenv<'s> {
    pub(super) fn read(file: &'s [u8]) -> Result<Self, SopsError> {
        let lines = lines(text(file)?)?;
        let mut steps = vec![Step::Open(None, Shape::Mapping)];
        let mut places = Vec::with_capacity(lines.len());
        for (nth, (_, line)) in lines.iter().enumerate() {
            steps.push(match line {
                Line::Empty | Line::Block(..) => continue,
                Line::Comment(text) => Step::Comment(Cow::Borrowed(text), Beside::Own),
                Line::Pair(name, value) => {
                    let value = Zeroizing::new(value.replace("\\n", "\n"));
                    let value = Value::text(value.as_bytes());
                    Step::Leaf(Some(Cow::Borrowed(name)), Some(value), Form::Bare)
                }
            });
            places.push(nth);
        }
        Ok(Self {
            lines,
            steps,
            places,
        })
    }

    /// Every line but those of the block, with what `changed` makes of it.
    fn write(
        &self,
        out: &mut Vec<u8>,
        mut changed: impl FnMut(usize, &Line<'s>, &mut Vec<u8>) -> Result<bool, SopsError>,
    ) -> Result<(), SopsError> {
        let mut places = self.places.iter().zip(1..).peekable();
        for (nth, (raw, line)) in self.lines.iter().enumerate() {
            let step = places.next_if(|(place, _)| **place == nth);
            if matches!(line, Line::Block(..)) {
                continue;
            }
            let done = match step {
                Some((_, step)) => changed(step, line, out)?,
                None => false,
            };
            if !done {
                out.extend_from_slice(raw.as_bytes());
            }
            out.push(b'\n');
        }
        Ok(())
    }
}

impl Body for Dotenv<'_> {
    fn steps(&self) -> &[Step<'_>] {
        &self.steps
    }

    fn metadata(&self) -> Result<Metadata, SopsError> {
        let mut lines = (1..).zip(&self.lines);
        let windows = lines
            .find(|(_, (_, line))| matches!(line, Line::Block(_, value) if value.ends_with('\r')));
        if let Some((line, _)) = windows {
            // Every value has one too, which no tool wrote.
            let rule = "must end without a carriage return: convert the line ends of the file";
            return Err(SopsError::Store { line, rule });
        }
        let pairs = self.lines.iter().filter_map(|(_, line)| match line {
            Line::Block(name, value) => Some((*name, value.replace("\\n", "\n"))),
            _ => None,
        });
        let metadata = unflatten(pairs)?;
        if metadata.raw().is_empty() {
            return Err(SopsError::NotEncrypted);
        }
        Ok(metadata)
    }

    fn has_block(&self) -> bool {
        let is_block = |(_, line): &(&str, Line<'_>)| matches!(line, Line::Block(..));
        self.lines.iter().any(is_block)
    }

    fn plaintext(&self, outcomes: &[Outcome]) -> Result<Plaintext, SopsError> {
        let size = self.lines.iter().map(|(raw, _)| raw.len() + 1).sum();
        let mut out = Zeroizing::new(Vec::with_capacity(size));
        self.write(&mut out, |step, line, out| {
            match (line, &outcomes[step]) {
                (Line::Pair(name, _), Outcome::Value(value)) => pair(name, value.bytes(), out),
                (_, Outcome::Comment(comment)) if !comment.bytes().contains(&b'\n') => {
                    out.push(b'#');
                    out.extend_from_slice(comment.bytes());
                }
                (_, Outcome::Comment(_)) => {
                    return Err(SopsError::Unwritable {
                        path: Path::default(),
                        rule: "a comment of several lines has no form in this format",
                    });
                }
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(Plaintext::from(out.as_slice()))
    }

    fn closed(&self, closed: &[Closed], metadata: &Metadata) -> Result<Vec<u8>, SopsError> {
        let mut out = Vec::new();
        self.write(&mut out, |step, line, out| {
            let Some(closed) = &closed[step] else {
                return Ok(false);
            };
            match line {
                Line::Pair(name, _) => pair(name, closed.text.as_bytes(), out),
                _ => {
                    out.push(b'#');
                    out.extend_from_slice(closed.text.as_bytes());
                }
            }
            Ok(true)
        })?;
        for (name, value) in flatten(metadata) {
            pair(&format!("{PREFIX}{name}"), value.as_bytes(), &mut out);
            out.push(b'\n');
        }
        Ok(out)
    }
}

/// The file with another value in the first line of this key, or behind the others, or without that line.
pub(super) fn put(file: &[u8], path: &Path, value: Option<&Json>) -> Result<Put, SopsError> {
    let missing = || SopsError::NoSuchPath { path: path.clone() };
    let unwritable = |rule| SopsError::Unwritable {
        path: path.clone(),
        rule,
    };
    let [manifest::Step::Key(key)] = &path.0[..] else {
        return Err(missing());
    };
    let value = value.map(|value| json_text(value).ok_or(unwritable(FLAT)));
    let value = value.transpose()?;
    let body = Dotenv::read(file)?;
    let named = |(_, line): &(&str, Line<'_>)| matches!(line, Line::Pair(name, _) if name == key);
    let place = body.lines.iter().position(named);
    if place.is_none() && value.is_none() {
        return Err(missing());
    }
    if place.is_none()
        && (key.contains(['=', '\n']) || key.starts_with('#') || key.starts_with(PREFIX))
    {
        return Err(unwritable("the key would read as something else"));
    }
    let new = |out: &mut Vec<u8>| {
        if let Some(value) = &value {
            pair(key, value.as_bytes(), out);
            out.push(b'\n');
        }
    };
    let mut out = Zeroizing::new(Vec::with_capacity(file.len()));
    let is_block = |(_, line): &(&str, Line<'_>)| matches!(line, Line::Block(..));
    let behind = body
        .lines
        .iter()
        .position(is_block)
        .unwrap_or(body.lines.len());
    for (nth, (raw, _)) in body.lines.iter().enumerate() {
        if nth == behind && place.is_none() {
            new(&mut out);
        }
        if place == Some(nth) {
            new(&mut out);
        } else {
            out.extend_from_slice(raw.as_bytes());
            out.push(b'\n');
        }
    }
    Ok(Put {
        file: out,
        at: path.clone(),
    })
}

/// `KEY=value`; a line break of the value is written as `\n`.
fn pair(name: &str, value: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(name.as_bytes());
    out.push(b'=');
    for (nth, line) in value.split(|b| *b == b'\n').enumerate() {
        out.extend_from_slice(if nth > 0 { b"\\n" } else { b"" });
        out.extend_from_slice(line);
    }
}

fn lines(text: &str) -> Result<Vec<(&str, Line<'_>)>, SopsError> {
    let body = text.strip_suffix('\n').unwrap_or(text);
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let line = |(number, raw): (usize, _)| -> Result<(&str, Line<'_>), SopsError> {
        let raw: &str = raw;
        let line = match (raw, raw.strip_prefix('#'), raw.split_once('=')) {
            ("", ..) => Line::Empty,
            (_, Some(comment), _) => Line::Comment(comment),
            (_, None, Some((name, value))) => match name.strip_prefix(PREFIX) {
                Some(name) => Line::Block(name, value),
                None => Line::Pair(name, value),
            },
            (_, None, None) => {
                let rule = "a line must be empty, a comment that begins with `#`, or have a `=`";
                return Err(SopsError::Store { line: number, rule });
            }
        };
        Ok((raw, line))
    };
    (1..).zip(body.split('\n')).map(line).collect()
}

pub(super) fn text(file: &[u8]) -> Result<&str, SopsError> {
    std::str::from_utf8(file).map_err(|error| {
        let before = &file[..error.valid_up_to()];
        SopsError::Store {
            line: before.iter().filter(|b| **b == b'\n').count() + 1,
            rule: "must be UTF-8",
        }
    })
}

const PREFIX: &str = "sops_";
pub(super) const FLAT: &str = "only texts, numbers and truth values have a form in this format";
