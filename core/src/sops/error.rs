//! What can be wrong with a SOPS file, whose fault it is, and the exit code that sops has for it.

use crate::manifest::{ManifestError, Path, Place};
use crate::recipient::{UnwrapError, WrapError};

use super::value::ValueFault;

/// Where something stands in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct At {
    /// The number of the document, from 1.
    pub document: usize,
    /// The keys and positions that lead there.
    pub path: Path,
}

impl At {
    /// At a path of the first document.
    pub(super) fn first(path: Path) -> Self {
        Self { document: 1, path }
    }
}

/// A path alone is one of the first document.
impl From<&Path> for At {
    fn from(path: &Path) -> Self {
        Self::first(path.clone())
    }
}

impl From<&At> for At {
    fn from(at: &At) -> Self {
        at.clone()
    }
}

/// The document is named where it is not the first.
impl std::fmt::Display for At {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.document > 1 {
            write!(f, "document {}, ", self.document)?;
        }
        write!(f, "`{}`", self.path)
    }
}

/// Why a file was not read, opened or closed. Its text holds no value.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SopsError {
    /// YAML or JSON that can't be read or edited.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// A file that breaks a rule of its store.
    #[error("line {line}: {rule}")]
    Store {
        /// Counted from 1.
        line: usize,
        /// The rule.
        rule: &'static str,
    },
    /// The file is no file of SOPS.
    #[error("the file has no `sops` block: it is not encrypted")]
    NotEncrypted,
    /// The file has a `sops` block, or a key that reads as one.
    #[error("refusing to encrypt a file that has a `sops` entry at its top")]
    AlreadyEncrypted,
    /// The `sops` block breaks a rule.
    #[error("`sops` block: `{field}` {rule}")]
    Metadata {
        /// The field, by its name in YAML.
        field: String,
        /// The rule that it breaks.
        rule: &'static str,
    },
    /// More than one selector.
    #[error("refusing more than one of the six selectors: {first} and {second}")]
    ManySelectors {
        /// The name of one.
        first: &'static str,
        /// The name of another.
        second: &'static str,
    },
    /// A selector that sops would silently never match.
    #[error("refusing {selector}: {rule}")]
    Pattern {
        /// The name of the selector or field.
        selector: &'static str,
        /// What is wrong.
        rule: String,
    },
    /// A selector that no value of the file matched: all would stay, or become, plaintext.
    #[error("refusing to encrypt: {selector} selects no value of this file")]
    NothingSelected {
        /// The name of the selector.
        selector: &'static str,
    },
    /// A value that can't be opened or closed.
    #[error("{at}: {fault}")]
    Value {
        /// Where it stands.
        at: At,
        /// What is wrong; the text says it already.
        fault: ValueFault,
    },
    /// No identity opens the data key.
    #[error("no identity at hand opens the data key")]
    NoDataKey {
        /// The age recipients that it is closed for, cut to their beginnings.
        recipients: Vec<String>,
        /// Other providers that have the key, by their names in the file.
        providers: Vec<String>,
    },
    /// An age file of the block can't be read.
    #[error("`sops` block: the age file for recipient {number}")]
    AgeFile {
        /// Counted from 1.
        number: usize,
        /// What is wrong.
        #[source]
        source: UnwrapError,
    },
    /// A recipient can't be closed for.
    #[error("failed to close the data key for `{recipient}`")]
    Wrap {
        /// Its beginning.
        recipient: String,
        /// Why.
        #[source]
        source: Box<WrapError>,
    },
    /// Shares don't give a data key.
    #[error("the shares of the key groups don't give a data key")]
    Shares,
    /// The file has no MAC.
    #[error("the file has no MAC: what it holds may have been changed")]
    MacMissing,
    /// The MAC doesn't open, or says something else.
    #[error("the MAC does not match: values were changed, added, removed or moved")]
    MacMismatch,
    /// What was written doesn't read as what was meant; nothing is returned.
    #[error("refusing an edit that would not be faithful at `{path}`")]
    NotFaithful {
        /// Where it first differs.
        path: Path,
    },
    /// A comment whose place in braces or brackets is another one to sops.
    #[error(
        "{at}: refusing a comment in braces or brackets that the selector matches: sops counts it to something else"
    )]
    CommentInFlow {
        /// Where it stands.
        at: Place,
    },
    /// A comment that sops counts to something else than its column says.
    #[error(
        "{at}: refusing a comment that the selector matches: by its column or the empty line below it, sops counts it to \
         something else"
    )]
    CommentElsewhere {
        /// Where it stands.
        at: Place,
    },
    /// A comment that would decide about itself in another way once it is encrypted.
    #[error("refusing to encrypt: the ciphertext of a comment matches the selector of comments")]
    CommentRegex,
    /// Nothing stands at the path that was asked for.
    #[error("there is nothing at `{path}`")]
    NoSuchPath {
        /// The path.
        path: Path,
    },
    /// The text can't be written in this store.
    #[error("`{path}`: {rule}")]
    Unwritable {
        /// The keys that lead to it.
        path: Path,
        /// The rule of the store.
        rule: &'static str,
    },
}

impl SopsError {
    /// The exit code of the real tool; `encrypting` says which way it was.
    pub fn exit_code(&self, encrypting: bool) -> u8 {
        match self {
            Self::AlreadyEncrypted => 203,
            // What a tag says wrongly is seen while the file is read.
            Self::Value { fault, .. } if *fault == ValueFault::Tag => 1 + u8::from(encrypting),
            Self::NoDataKey { .. } | Self::AgeFile { .. } | Self::Shares => 128,
            Self::MacMissing | Self::MacMismatch => 51,
            Self::Value { .. } | Self::CommentRegex if encrypting => 23,
            Self::Value { .. } => 25,
            Self::NoSuchPath { .. } => 91,
            Self::NotFaithful { .. } | Self::Unwritable { .. } => 4,
            _ => 1,
        }
    }

    /// What mends it, where there is something to say.
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::Manifest(error) => return error.hint(),
            Self::NotEncrypted => "encrypt it first, or leave it to a tool that reads plaintext",
            Self::AlreadyEncrypted => "edit the file, or rename the key `sops`",
            Self::Pattern { .. } => {
                "write it in Go's syntax (RE2), which https://pkg.go.dev/regexp/syntax lists"
            }
            Self::NothingSelected { .. } => {
                "correct the selector: the flag, or the rule in `.sops.yaml`"
            }
            Self::NoDataKey { .. } => {
                "give an identity for one of the recipients, for example in SOPS_AGE_KEY_FILE"
            }
            Self::MacMismatch | Self::MacMissing => {
                "compare with the history of the file; `--ignore-mac` opens it as it is"
            }
            Self::ManySelectors { .. } => "keep one of them",
            Self::CommentElsewhere { .. } => {
                "write it right above what it is about, in the same column, without an empty line between"
            }
            Self::CommentInFlow { .. } => {
                "write the mapping or list in lines, without braces or brackets"
            }
            Self::Value {
                fault: ValueFault::Tag,
                ..
            } => "remove the tag, or quote the value if it is meant as text",
            _ => return None,
        })
    }
}
