//! A file of documents: the entry to everything else here.

use std::fmt;
use std::ops::Range;
use std::sync::OnceLock;

use zeroize::Zeroizing;

use super::error::{ManifestError, Place};
use super::lex::odd_line_break;
use super::node::Node;
use super::tree::{self, Builder, DocumentData, NodeData, offset};
use super::{json, yaml};

/// In which language a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// YAML, any number of documents.
    Yaml,
    /// JSON, any number of values one after the other.
    Json,
}

/// A parsed file: its text, kept byte for byte, and its node tree.
pub struct Stream {
    source: Zeroizing<String>,
    format: Format,
    nodes: Vec<NodeData>,
    documents: Vec<DocumentData>,
    line_starts: OnceLock<Vec<u32>>,
}

/// One document of a stream.
#[derive(Debug, Clone)]
pub struct Document<'s> {
    /// Its number, from 1.
    pub number: usize,
    /// Its node; `None` where nothing but comments stands.
    pub root: Option<Node<'s>>,
    /// Its bytes, with what stands before its first node.
    pub span: Range<usize>,
}

impl Stream {
    /// Reads a file: JSON where it is JSON, or else YAML. A file without any document is no error.
    ///
    /// # Errors
    ///
    /// What breaks the grammar or a limit (16 MiB, 256 levels, 1,000,000 nodes), duplicate keys,
    /// bytes that are not UTF-8, lone carriage returns; always with its place.
    pub fn parse(bytes: &[u8]) -> Result<Self, ManifestError> {
        let source = checked_text(bytes)?;
        let looks_like_json = source
            .trim_start_matches('\u{feff}')
            .trim_ascii_start()
            .starts_with(['{', '[']);
        let (format, builder) = match looks_like_json.then(|| json::read(source)) {
            Some(Ok(builder)) => (Format::Json, builder),
            Some(Err(error)) => match yaml::read(source) {
                Ok(builder) => (Format::Yaml, builder),
                // It is what it can be read as for longer.
                Err(other) if other.at() > error.at() => return Err(other),
                Err(_) => return Err(error),
            },
            None => (Format::Yaml, yaml::read(source)?),
        };
        let Builder {
            nodes, documents, ..
        } = builder;
        let source = Zeroizing::new(source.to_owned());
        Ok(Self {
            source,
            format,
            nodes,
            documents,
            line_starts: OnceLock::new(),
        })
    }

    /// The text that was read, byte for byte.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// In which language it is written.
    pub fn format(&self) -> Format {
        self.format
    }

    /// The documents, empty ones too.
    pub fn documents(&self) -> impl Iterator<Item = Document<'_>> {
        self.documents
            .iter()
            .enumerate()
            .map(|(nth, document)| Document {
                number: nth + 1,
                root: document.root.map(|id| Node { stream: self, id }),
                span: document.span.clone(),
            })
    }

    /// The place of a byte of the source.
    pub fn place(&self, at: usize) -> Place {
        let starts = self.line_starts.get_or_init(|| {
            let breaks = self.source.bytes().enumerate().filter(|(_, b)| *b == b'\n');
            std::iter::once(0)
                .chain(breaks.map(|(at, _)| offset(at + 1)))
                .collect()
        });
        let line = starts.partition_point(|start| *start as usize <= at);
        let before = self
            .source
            .get(starts[line - 1] as usize..at)
            .unwrap_or_default();
        let column = before.trim_start_matches('\u{feff}').chars().count() + 1;
        let document = self
            .documents
            .partition_point(|document| document.span.end <= at)
            + 1;
        Place {
            document: document.min(self.documents.len()).max(1),
            line,
            column,
        }
    }

    pub(super) fn nodes(&self) -> &[NodeData] {
        &self.nodes
    }

    /// JSON never reads U+0085, U+2028 and U+2029 as line breaks.
    pub(super) fn refuse_odd_line_breaks(&self, span: Range<usize>) -> Result<(), ManifestError> {
        match odd_line_break(&self.source[span.clone()]) {
            Some(at) if self.format == Format::Yaml => Err(ManifestError::OddLineBreak {
                at: self.place(span.start + at),
            }),
            _ => Ok(()),
        }
    }
}

/// Shows nothing of what the file says.
impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream")
            .field("format", &self.format)
            .field("documents", &self.documents.len())
            .finish_non_exhaustive()
    }
}

fn checked_text(bytes: &[u8]) -> Result<&str, ManifestError> {
    if bytes.len() > MAX_BYTES {
        return Err(ManifestError::TooLarge {
            at: Place::START,
            limit: MAX_BYTES,
        });
    }
    let source = std::str::from_utf8(bytes).map_err(|error| {
        let valid = std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default();
        ManifestError::NotUtf8 {
            at: tree::place(valid, valid.len(), 1),
        }
    })?;
    for (at, _) in source.match_indices('\r') {
        if bytes.get(at + 1) != Some(&b'\n') {
            return Err(ManifestError::LoneCarriageReturn {
                at: tree::place(source, at, 1),
            });
        }
    }
    let control = |b: &u8| (*b < b' ' && !b"\t\n\r".contains(b)) || *b == 0x7f;
    if let Some(at) = bytes.iter().position(control) {
        return Err(ManifestError::ControlCharacter {
            at: tree::place(source, at, 1),
        });
    }
    Ok(source)
}

/// No manifest that the API server takes comes near this.
pub(super) const MAX_BYTES: usize = 16 << 20;
