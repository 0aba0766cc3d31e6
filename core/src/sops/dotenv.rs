//! Files of `KEY=value` lines. There are no quotes in them: what stands behind the first `=` is the value.

use std::borrow::Cow;

use rand_core::RngCore;
use zeroize::Zeroizing;

use crate::manifest::Path;

use super::cipher::DataKey;
use super::close::close;
use super::error::SopsError;
use super::flat::{flatten, unflatten};
use super::metadata::Metadata;
use super::open::{Ciphertexts, MacPolicy, Outcome, open};
use super::value::Value;
use super::walk::{Form, Step};

/// One line, as it counts.
enum Line<'s> {
    /// Nothing on it; it stays as it is.
    Empty,
    Comment(&'s str),
    Pair(&'s str, &'s str),
    /// A pair of the `sops` block.
    Block(&'s str, &'s str),
}

/// Reads the block.
pub(super) fn metadata(file: &[u8]) -> Result<Metadata, SopsError> {
    let lines = lines(text(file)?)?;
    let pairs = lines.iter().filter_map(|(_, line)| match line {
        Line::Block(name, value) => Some((*name, value.replace("\\n", "\n"))),
        _ => None,
    });
    let metadata = unflatten(pairs)?;
    if metadata.raw().is_empty() {
        return Err(SopsError::NotEncrypted);
    }
    Ok(metadata)
}

/// Opens a file; empty lines stay.
pub(super) fn decrypt(
    file: &[u8],
    metadata: &Metadata,
    key: &DataKey,
    policy: MacPolicy,
) -> Result<(Zeroizing<Vec<u8>>, Ciphertexts), SopsError> {
    let lines = lines(text(file)?)?;
    let selector = metadata.selector()?;
    let (outcomes, known) = open(&steps(&lines), metadata, Some(&selector), key, policy)?;
    let mut out = Zeroizing::new(Vec::with_capacity(file.len()));
    for ((raw, line), outcome) in lines.iter().zip(&outcomes[1..]) {
        match (line, outcome) {
            (Line::Block(..), _) => continue,
            (Line::Pair(name, _), Outcome::Value(value)) => {
                out.extend_from_slice(name.as_bytes());
                out.push(b'=');
                for (nth, line) in value.bytes().split(|b| *b == b'\n').enumerate() {
                    out.extend_from_slice(if nth > 0 { b"\\n" } else { b"" });
                    out.extend_from_slice(line);
                }
            }
            (_, Outcome::Comment(comment)) => {
                if comment.bytes().contains(&b'\n') {
                    return Err(SopsError::Unwritable {
                        path: Path::default(),
                        rule: "a comment of several lines has no form in this format",
                    });
                }
                out.push(b'#');
                out.extend_from_slice(comment.bytes());
            }
            _ => out.extend_from_slice(raw.as_bytes()),
        }
        out.push(b'\n');
    }
    Ok((out, known))
}

/// Closes a file.
pub(super) fn encrypt(
    file: &[u8],
    metadata: &mut Metadata,
    key: &DataKey,
    known: &mut Ciphertexts,
    now: &str,
    rng: &mut impl RngCore,
) -> Result<Vec<u8>, SopsError> {
    let lines = lines(text(file)?)?;
    if lines
        .iter()
        .any(|(_, line)| matches!(line, Line::Block(..)))
    {
        return Err(SopsError::AlreadyEncrypted);
    }
    let selector = metadata.selector()?;
    let closed = close(
        &steps(&lines),
        metadata,
        Some(&selector),
        key,
        known,
        now,
        rng,
    )?;
    let mut out = String::with_capacity(file.len() * 4);
    for ((raw, line), closed) in lines.iter().zip(&closed[1..]) {
        match (line, closed) {
            (Line::Pair(name, _), Some(closed)) => out.extend([name, "=", &closed.text]),
            (Line::Comment(_), Some(closed)) => out.extend(["#", &closed.text]),
            _ => out.push_str(raw),
        }
        out.push('\n');
    }
    write_block(metadata, &mut out);
    Ok(out.into_bytes())
}

/// Writes another block, and nothing else.
pub(super) fn replace_metadata(file: &[u8], metadata: &Metadata) -> Result<Vec<u8>, SopsError> {
    let mut out = String::with_capacity(file.len());
    for (raw, line) in lines(text(file)?)? {
        if !matches!(line, Line::Block(..)) {
            out.extend([raw, "\n"]);
        }
    }
    write_block(metadata, &mut out);
    Ok(out.into_bytes())
}

fn write_block(metadata: &Metadata, out: &mut String) {
    for (name, value) in flatten(metadata) {
        out.extend([PREFIX, &name, "=", &value.replace('\n', "\\n"), "\n"]);
    }
}

/// One step for each line, behind the one that opens the file; empty lines and the block open and close nothing.
fn steps<'s>(lines: &[(&'s str, Line<'s>)]) -> Vec<Step<'s>> {
    let step = |(_, line): &(&'s str, Line<'s>)| match line {
        // A null counts for nothing.
        Line::Empty | Line::Block(..) => Step::Comment(Cow::Borrowed("")),
        Line::Comment(text) => Step::Comment(Cow::Borrowed(text)),
        Line::Pair(name, value) => Step::Leaf(
            Some(Cow::Borrowed(name)),
            Some(Value::text(
                Zeroizing::new(value.replace("\\n", "\n")).as_bytes(),
            )),
            Form::Bare,
        ),
    };
    std::iter::once(Step::Open(None))
        .chain(lines.iter().map(step))
        .collect()
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
                Some(name) => Line::Block(name, value.strip_suffix('\r').unwrap_or(value)),
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

fn text(file: &[u8]) -> Result<&str, SopsError> {
    std::str::from_utf8(file).map_err(|error| {
        let before = &file[..error.valid_up_to()];
        SopsError::Store {
            line: before.iter().filter(|b| **b == b'\n').count() + 1,
            rule: "must be UTF-8",
        }
    })
}

const PREFIX: &str = "sops_";
