//! A file of documents: the entry to everything else here.

use std::fmt;
use std::ops::Range;
use std::sync::OnceLock;

use zeroize::Zeroizing;

use super::builder::Builder;
use super::error::{ManifestError, Place};
use super::lex::odd_character;
use super::node::Node;
use super::tree::{self, DocumentData, NodeData};
use super::{json, yaml};

/// In which language a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// YAML, any number of documents.
    Yaml,
    /// JSON, any number of values one after the other.
    Json,
}

impl Format {
    pub(super) fn is_json(self) -> bool {
        self == Self::Json
    }
}

/// A parsed file: its text, kept byte for byte, and its node tree.
pub struct Stream {
    source: Zeroizing<String>,
    format: Format,
    nodes: Vec<NodeData>,
    documents: Vec<DocumentData>,
    marks: OnceLock<Vec<Mark>>,
}

/// A place that is known, so that none is far from one.
struct Mark {
    at: usize,
    line_start: usize,
    line: usize,
    column: usize,
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
        let source = checked_text(bytes, MAX_BYTES, false)?;
        let looks_like_json = source
            .trim_start_matches('\u{feff}')
            .trim_ascii_start()
            .starts_with(['{', '[']);
        if !looks_like_json {
            return Self::parse_as(source, Format::Yaml);
        }
        Self::parse_as(source, Format::Json).or_else(|error| {
            // It is what it can be read as for longer.
            Self::parse_as(source, Format::Yaml).map_err(|other| {
                if other.at() > error.at() {
                    other
                } else {
                    error
                }
            })
        })
    }

    /// Reads what was read as this format before.
    pub(super) fn parse_again(text: &str, format: Format) -> Result<Self, ManifestError> {
        Self::parse_as(checked_text(text.as_bytes(), MAX_BYTES, false)?, format)
    }

    /// Reads a file of SOPS: of this format and no other, as sops reads it.
    pub(crate) fn parse_sops(bytes: &[u8], format: Format) -> Result<Self, ManifestError> {
        let limit = match format {
            Format::Yaml => MAX_BYTES,
            Format::Json => MAX_JSON_BYTES,
        };
        let source = checked_text(bytes, limit, format.is_json())?;
        let builder = match format {
            Format::Json => json::read_sops(source)?,
            Format::Yaml => yaml::read_sops(source)?,
        };
        Ok(Self::build(source, format, builder))
    }

    fn parse_as(source: &str, format: Format) -> Result<Self, ManifestError> {
        let builder = match format {
            Format::Json => json::read(source)?,
            Format::Yaml => yaml::read(source)?,
        };
        Ok(Self::build(source, format, builder))
    }

    fn build(source: &str, format: Format, builder: Builder<'_>) -> Self {
        let Builder {
            nodes,
            mut documents,
            ..
        } = builder;
        find_odd_characters(source, &nodes, &mut documents);
        let source = Zeroizing::new(source.to_owned());
        Self {
            source,
            format,
            nodes,
            documents,
            marks: OnceLock::new(),
        }
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
        self.documents.iter().enumerate().map(|(nth, document)| {
            let root = document.root.map(|id| Node { stream: self, id });
            Document {
                number: nth + 1,
                root: root.filter(|node| !node.outer_span().is_empty()),
                span: document.span.clone(),
            }
        })
    }

    /// The place of a byte of the source.
    pub fn place(&self, at: usize) -> Place {
        let mark = self.mark(at);
        let before = self.source.get(mark.at..at).unwrap_or_default();
        let column = mark.column + before.chars().count();
        let document = self.number_of_document(at) + 1;
        Place {
            document,
            line: mark.line,
            column,
        }
    }

    /// Where the line of a byte starts; a byte order mark is no part of the first one.
    pub(super) fn line_start(&self, at: usize) -> usize {
        self.mark(at).line_start
    }

    fn mark(&self, at: usize) -> &Mark {
        let marks = self.marks.get_or_init(|| marks(&self.source));
        &marks[marks
            .partition_point(|mark| mark.at <= at)
            .saturating_sub(1)]
    }

    /// How many nodes it has.
    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    pub(super) fn nodes(&self) -> &[NodeData] {
        &self.nodes
    }

    /// Some characters make two readers see two different documents; in JSON too, which is often read as YAML.
    pub(super) fn refuse_odd_characters(&self, at: usize) -> Result<(), ManifestError> {
        let document = self.documents.get(self.number_of_document(at));
        match document.and_then(|document| document.odd) {
            Some(odd) => Err(ManifestError::OddCharacter {
                at: self.place(odd),
            }),
            None => Ok(()),
        }
    }

    fn number_of_document(&self, at: usize) -> usize {
        let number = self
            .documents
            .partition_point(|document| document.span.end <= at);
        number.min(self.documents.len().saturating_sub(1))
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

/// The start of each line, and in long lines a place every now and then.
fn marks(source: &str) -> Vec<Mark> {
    let mut line_start = source.len() - source.trim_start_matches('\u{feff}').len();
    let mut marks = vec![Mark {
        at: line_start,
        line_start,
        line: 1,
        column: 1,
    }];
    for (nth, line) in source[line_start..].split_inclusive('\n').enumerate() {
        let (mut done, mut column) = (0, 1);
        while line.len() - done > FAR_BYTES {
            let next = line.floor_char_boundary(done + FAR_BYTES);
            column += line[done..next].chars().count();
            marks.push(Mark {
                at: line_start + next,
                line_start,
                line: nth + 1,
                column,
            });
            done = next;
        }
        if line.ends_with('\n') {
            line_start += line.len();
            marks.push(Mark {
                at: line_start,
                line_start,
                line: nth + 2,
                column: 1,
            });
        }
    }
    marks
}

/// A comment after a document counts as its own: to YAML 1.1 a part of it may be no comment.
fn find_odd_characters(source: &str, nodes: &[NodeData], documents: &mut [DocumentData]) {
    let mut next_root = source.len();
    for document in documents.iter_mut().rev() {
        document.odd = odd_character(source, document.span.start..next_root);
        next_root = document.root.map_or(document.span.end, |root| {
            nodes[root as usize].outer as usize
        });
    }
}

/// YAML has no character to delete with; JSON has.
fn checked_text(bytes: &[u8], limit: usize, delete: bool) -> Result<&str, ManifestError> {
    if bytes.len() > limit {
        return Err(ManifestError::TooLarge {
            at: Place::START,
            limit,
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
    let odd =
        |b: u8| (b < b' ') & (b != b'\t') & (b != b'\n') & (b != b'\r') | (b == 0x7f) & !delete;
    // Each piece as a whole: a processor looks at many bytes at once where it need not stop at any.
    let mut pieces = bytes.chunks(PIECE_BYTES);
    if let Some(nth) = pieces.position(|piece| piece.iter().fold(false, |any, b| any | odd(*b))) {
        let from = nth * PIECE_BYTES;
        let within = bytes[from..].iter().position(|b| odd(*b));
        return Err(ManifestError::ControlCharacter {
            at: tree::place(source, from + within.unwrap_or_default(), 1),
        });
    }
    Ok(source)
}

/// No manifest that the API server takes comes near this.
pub(super) const MAX_BYTES: usize = 16 << 20;
/// A whole binary file is one string of JSON in SOPS.
const MAX_JSON_BYTES: usize = 512 << 20;
const PIECE_BYTES: usize = 4096;
/// No place is farther than this from a mark before it.
const FAR_BYTES: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_characters_from_one() {
        let source = format!("\u{feff}é: 1\r\n---\nlong: {}x\n", "ä".repeat(3000));
        let stream = Stream::parse(source.as_bytes()).expect("readable");
        let place = |at| {
            let Place {
                document,
                line,
                column,
            } = stream.place(at);
            (document, line, column)
        };
        assert_eq!(place(0), (1, 1, 1));
        assert_eq!(place(source.find('1').expect("a one")), (1, 1, 4));
        assert_eq!(place(source.find("long").expect("a key")), (2, 3, 1));
        assert_eq!(place(source.find('x').expect("an x")), (2, 3, 3007));
        assert_eq!(place(source.len()), (2, 4, 1));
    }

    #[test]
    fn json_is_told_from_yaml_by_what_it_reads_as() {
        let format = |source: &str| Stream::parse(source.as_bytes()).map(|stream| stream.format());
        assert_eq!(format(" \n{\"a\": [1]} {}"), Ok(Format::Json));
        assert_eq!(format("{a: 1}\n"), Ok(Format::Yaml));
        assert_eq!(format("{\"a\": 1}\n---\n{\"b\": 2}\n"), Ok(Format::Yaml));
        assert_eq!(format("# {\na: 1\n"), Ok(Format::Yaml));
        assert!(matches!(
            format("{\"a\": \"\\ud800\"}"),
            Err(ManifestError::Json { .. })
        ));
        assert!(matches!(
            format("{\"a\": 1}\n---\n}"),
            Err(ManifestError::Yaml { .. })
        ));
    }

    #[test]
    fn documents_keep_their_bytes_and_debug_shows_none() {
        let source = "# head\na: hunter2\n---\n# none\n--- # two\nb: 1\n...\n";
        let stream = Stream::parse(source.as_bytes()).expect("readable");
        let roots: Vec<_> = stream
            .documents()
            .map(|document| document.root.is_some())
            .collect();
        assert_eq!(roots, [true, false, true]);
        assert_eq!(
            stream
                .documents()
                .map(|document| document.number)
                .collect::<Vec<_>>(),
            [1, 2, 3]
        );
        assert!(
            !format!("{stream:?} {:?}", stream.documents().collect::<Vec<_>>()).contains("hunter2")
        );
    }
}
