//! What can be wrong with a manifest, and where.

use std::fmt;

use super::path::Path;
use crate::names::NameError;

/// Where in a file something stands: all three count from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The document of the stream.
    pub document: usize,
    /// The line of the file.
    pub line: usize,
    /// The column of the line.
    pub column: usize,
}

impl Place {
    /// The first character of a file.
    pub const START: Self = Self {
        document: 1,
        line: 1,
        column: 1,
    };
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)?;
        if self.document > 1 {
            write!(f, " (document {})", self.document)?;
        }
        Ok(())
    }
}

/// A manifest that can't be read, or can't be edited. Its text never holds a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[expect(
    missing_docs,
    reason = "`at` is the place, `path` leads to the node from the top of its document"
)]
pub enum ManifestError {
    /// The file exceeds the limit on bytes.
    #[error("the file has more than {} MiB", .limit >> 20)]
    TooLarge { at: Place, limit: usize },
    /// The bytes are not UTF-8.
    #[error("{at}: not UTF-8")]
    NotUtf8 { at: Place },
    /// A carriage return stands without its line feed: readers disagree on where lines end.
    #[error("{at}: a carriage return without a line feed")]
    LoneCarriageReturn { at: Place },
    /// A control character that no manifest may hold.
    #[error("{at}: a control character")]
    ControlCharacter { at: Place },
    /// A line break of YAML 1.1 that is text in YAML 1.2, or a byte order mark inside of the file.
    #[error("{at}: U+0085, U+2028, U+2029 or U+FEFF, which YAML 1.1 and 1.2 read differently")]
    OddCharacter { at: Place },
    /// The YAML grammar is broken.
    #[error("{at}: invalid YAML: {reason}")]
    Yaml {
        at: Place,
        reason: String,
        /// What mends it, where there is something to say.
        hint: Option<&'static str>,
    },
    /// The JSON grammar is broken.
    #[error("{at}: invalid JSON: {reason}")]
    Json { at: Place, reason: &'static str },
    /// Collections are nested too deeply.
    #[error("{at}: nested deeper than {limit} levels")]
    TooDeep { at: Place, limit: usize },
    /// The file has too many nodes.
    #[error("{at}: more than {limit} nodes")]
    TooManyNodes { at: Place, limit: usize },
    /// One mapping has the same key twice: readers disagree on which one counts.
    #[error("{at}: this mapping has the same key twice")]
    DuplicateKey { at: Place },
    /// An alias stands inside of the node that it repeats.
    #[error("{at}: an alias inside of the node that it repeats")]
    CyclicAlias { at: Place },
    /// Aliases repeat more than the budget allows.
    #[error("{at}: aliases repeat more than {limit} nodes or 4 MiB")]
    AliasBudget { at: Place, limit: usize },
    /// A merge key, which YAML 1.2 doesn't know.
    #[error("{at}: the merge key `<<` is not supported here")]
    MergeKey { at: Place },
    /// A mapping key that is not a string for every reader.
    #[error("{at}: a key that is not a string for every reader")]
    KeyNotString { at: Place },
    /// A scalar that YAML 1.1 and 1.2 don't both call a string, or don't read alike.
    #[error("{at}: `{path}` is read as {read_as} by YAML 1.1 or 1.2")]
    Ambiguous {
        at: Place,
        path: Path,
        read_as: &'static str,
    },
    /// A tag that readers treat differently.
    #[error("{at}: `{path}` has a tag that readers treat differently")]
    Tag { at: Place, path: Path },
    /// A number that JSON or 64 bits can't hold.
    #[error("{at}: `{path}` is a number out of range")]
    NumberRange { at: Place, path: Path },
    /// A node is of another kind than it must be.
    #[error("{at}: `{path}` must be {expected}")]
    Expected {
        at: Place,
        path: Path,
        expected: &'static str,
    },
    /// A value is null where something must be.
    #[error("{at}: `{path}` has no value")]
    Null { at: Place, path: Path },
    /// A key of a Secret that the API server would refuse.
    #[error("{at}: a key of `{path}` is refused by the API server")]
    KeyName {
        at: Place,
        path: Path,
        source: NameError,
    },
    /// A value of `data` is not base64.
    #[error("{at}: `{path}` is not standard base64")]
    Base64 { at: Place, path: Path },
    /// The stream has no object of that number.
    #[error("the file has no object number {index}")]
    NoSuchObject { at: Place, index: usize },
    /// An edit would take away an anchor, or change what it holds, while an alias repeats it.
    #[error("{at}: refusing to change an anchored node that an alias elsewhere repeats")]
    AnchorInUse { at: Place },
    /// A node is written in a way that the editor doesn't touch.
    #[error("{at}: refusing to edit {what}")]
    NotEditable { at: Place, what: &'static str },
    /// The edited file doesn't read as what was asked for; nothing is returned.
    #[error("{at}: refusing an edit that would not be faithful: {what}")]
    EditNotFaithful { at: Place, what: &'static str },
}

impl ManifestError {
    /// Where it is.
    pub fn at(&self) -> Place {
        use ManifestError::*;
        match self {
            TooLarge { at, .. }
            | NotUtf8 { at }
            | LoneCarriageReturn { at }
            | ControlCharacter { at }
            | OddCharacter { at }
            | Yaml { at, .. }
            | Json { at, .. }
            | TooDeep { at, .. }
            | TooManyNodes { at, .. }
            | DuplicateKey { at }
            | CyclicAlias { at }
            | AliasBudget { at, .. }
            | MergeKey { at }
            | KeyNotString { at }
            | Ambiguous { at, .. }
            | Tag { at, .. }
            | NumberRange { at, .. }
            | Expected { at, .. }
            | Null { at, .. }
            | KeyName { at, .. }
            | Base64 { at, .. }
            | NoSuchObject { at, .. }
            | AnchorInUse { at }
            | NotEditable { at, .. }
            | EditNotFaithful { at, .. } => *at,
        }
    }

    /// The line of the file, from 1.
    pub fn line(&self) -> usize {
        self.at().line
    }

    /// The column of the line, from 1.
    pub fn column(&self) -> usize {
        self.at().column
    }

    /// The document of the stream, from 1.
    pub fn document(&self) -> usize {
        self.at().document
    }

    /// What mends it, where there is something to say.
    pub fn hint(&self) -> Option<&'static str> {
        use ManifestError::*;
        Some(match self {
            Ambiguous { .. } => "put the value in quotes if it is meant as text",
            Null { .. } => "write the value, or \"\" if it is meant to be empty",
            KeyNotString { .. } => "put the key in quotes",
            Tag { .. } => "remove the tag, and quote the value if it is meant as text",
            OddCharacter { .. } => r"write it in double quotes as \u0085, \u2028, \u2029 or \ufeff",
            LoneCarriageReturn { .. } => {
                "end lines with a line feed, alone or after a carriage return"
            }
            DuplicateKey { .. } => "remove one of the two",
            MergeKey { .. } => "write the merged keys out",
            Base64 { .. } => "encode it with `base64 -w0`, or move it to `stringData`",
            AnchorInUse { .. } => "write the value out where its alias stands",
            NotEditable { .. } => "write it as `key: value` lines",
            Yaml { hint, .. } => return *hint,
            _ => return None,
        })
    }
}
