//! What can be wrong with a `.sops.yaml`. It quotes names of fields, paths and ids of keys, and nothing else.

use crate::manifest::{ManifestError, Place};
use crate::sops::error::SopsError;

/// Why a `.sops.yaml` is not obeyed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(
    missing_docs,
    reason = "`at` is the place; the other fields are what the message names"
)]
pub enum SopsConfigError {
    /// More than a configuration can need.
    #[error("the file has more than {limit} bytes")]
    TooLarge { limit: usize },
    /// Not YAML, or beyond the limits of its reader.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// What a lenient reader passes over.
    #[error(transparent)]
    Refused(Warning),
    /// A list where text belongs, or the like.
    #[error("{at}: `{field}` must be {expected}")]
    WrongType {
        at: Place,
        field: &'static str,
        expected: &'static str,
    },
    /// More of something than the limit.
    #[error("{at}: more than {limit} {what}")]
    TooMany {
        at: Place,
        what: &'static str,
        limit: usize,
    },
    /// An expression that Go would not compile, or that is too large.
    #[error("{at}: invalid `{field}`: {rule}")]
    Pattern {
        at: Place,
        field: &'static str,
        rule: String,
    },
    /// A selector that can't be used, or more than one.
    #[error("{at}")]
    Selector {
        at: Place,
        #[source]
        source: Box<SopsError>,
    },
    /// A threshold that the groups of the rule can't meet.
    #[error("{at}: `shamir_threshold` must be at least 2 and at most the number of key groups")]
    Threshold { at: Place },
    /// A rule, or one of its key groups, without any key.
    #[error("{at}: this {what} has no keys")]
    NoKeys { at: Place, what: &'static str },
    /// No rule says whom to close for.
    #[error("refusing `{}`: no creation rule in .sops.yaml matches it", .path.escape_debug())]
    NoRule { path: String },
    /// No rule says where it is published.
    #[error("no destination rule in .sops.yaml matches `{}`", .path.escape_debug())]
    NoDestination { path: String },
}

/// What a lenient reader passes over, and a strict one refuses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[expect(
    missing_docs,
    reason = "`at` is the place; the other fields are what the message names"
)]
pub enum Warning {
    /// A field that sops ignores: mostly a typing error, and then another rule counts than was meant.
    #[error("{at}: unknown field `{field}`: `{known}` are known here")]
    UnknownField {
        at: Place,
        field: String,
        known: String,
    },
    /// A second document, which sops does not read.
    #[error("{at}: a second document, where one is expected")]
    SecondDocument { at: Place },
    /// A rule that says nothing, which sops passes over.
    #[error("{at}: an empty rule")]
    EmptyRule { at: Place },
}

impl SopsConfigError {
    /// Where it is; nothing where the file is wrong as a whole.
    pub fn at(&self) -> Option<Place> {
        match self {
            Self::TooLarge { .. } | Self::NoRule { .. } | Self::NoDestination { .. } => None,
            Self::Manifest(error) => Some(error.at()),
            Self::Refused(warning) => Some(warning.at()),
            Self::WrongType { at, .. }
            | Self::TooMany { at, .. }
            | Self::Pattern { at, .. }
            | Self::Selector { at, .. }
            | Self::Threshold { at }
            | Self::NoKeys { at, .. } => Some(*at),
        }
    }

    /// The exit code of a command of Bulla's own: 5 refused by policy, 2 input.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::NoRule { .. } => 5,
            _ => 2,
        }
    }

    /// What a person can do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NoRule { .. } => {
                "add a rule under `creation_rules`: paths are matched relative to the directory of .sops.yaml"
            }
            Self::NoDestination { .. } => "add a rule under `destination_rules`",
            Self::Pattern { .. } => {
                "write it in Go's syntax (RE2), which https://pkg.go.dev/regexp/syntax lists"
            }
            Self::Selector { source, .. } => source.hint().unwrap_or("keep one selector"),
            Self::NoKeys { .. } => "name a recipient: `age: age1…`",
            Self::Threshold { .. } => "without the field all groups are needed",
            Self::Refused(Warning::UnknownField { .. }) => {
                "sops ignores unknown fields without a word: correct the name, or delete it"
            }
            Self::Refused(Warning::SecondDocument { .. }) => {
                "sops reads the first document only: put the rules into one"
            }
            Self::Manifest(error) => error.hint().unwrap_or("mend the YAML"),
            _ => "the fields are described at https://getsops.io/docs",
        }
    }
}

impl Warning {
    /// Where it is.
    pub fn at(&self) -> Place {
        match self {
            Self::UnknownField { at, .. }
            | Self::SecondDocument { at }
            | Self::EmptyRule { at } => *at,
        }
    }
}
