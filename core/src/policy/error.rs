//! What can be wrong with `.bulla.yaml`, and why a file may not be sealed by it.

use std::fmt;

use super::party::Section;
use super::rule::Format;
use crate::envelope::MAX_RECIPIENTS;
use crate::names::{NameError, RecipientName};
use crate::recipient::{Fingerprint, RecipientError};

/// A place in `.bulla.yaml`, both counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct At {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// A `.bulla.yaml` that is not obeyed. It quotes names of fields, people and paths, and nothing else.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[expect(
    missing_docs,
    reason = "`at` is the place; the other fields are what the message names"
)]
pub enum ConfigError {
    /// More than [`CONFIG_BYTES_MAX`](super::CONFIG_BYTES_MAX).
    #[error("the file has more than {limit} bytes")]
    TooLarge { limit: usize },
    /// Not YAML, or beyond the limits of its reader.
    #[error("{at}: not valid YAML")]
    Syntax { at: At },
    /// A second document.
    #[error("{at}: a second document, where one is expected")]
    MultipleDocuments { at: At },
    /// One mapping has the same key twice.
    #[error("{at}: this key is there twice")]
    DuplicateKey { at: At },
    /// A field that does not exist there.
    #[error("{at}: unknown field `{}`: `{expected}` are known here", .field.escape_debug())]
    UnknownField {
        at: At,
        field: String,
        expected: String,
    },
    /// A field that must be there.
    #[error("{at}: field `{field}` is missing")]
    MissingField { at: At, field: &'static str },
    /// None of the words that may stand there.
    #[error("{at}: expected one of `{expected}`")]
    UnknownWord { at: At, expected: String },
    /// A list where text belongs, or the like.
    #[error("{at}: expected {expected}")]
    WrongType { at: At, expected: String },
    /// A name that breaks the rule of names.
    #[error("{at}")]
    Name { at: At, source: NameError },
    /// A name that could be taken for a public key or a fingerprint.
    #[error("{at}: the name `{name}` reads like a key: names must not begin with `age1` or `fp-`")]
    NameLikeKey { at: At, name: RecipientName },
    /// A name in two sections, or twice in one.
    #[error("{at}: the name `{name}` is already used under `{section}`")]
    NameTaken {
        at: At,
        name: RecipientName,
        section: Section,
    },
    /// A recipient that does not parse.
    #[error("{at}: a recipient of `{name}` can't be read")]
    Recipient {
        at: At,
        name: RecipientName,
        source: RecipientError,
    },
    /// One public key, or one fingerprint, in two places.
    #[error("{at}: this recipient of `{name}` is already a recipient of `{other}`")]
    RecipientTaken {
        at: At,
        name: RecipientName,
        other: RecipientName,
    },
    /// More rules than the limit.
    #[error("{at}: more than {limit} rules")]
    TooManyRules { at: At, limit: usize },
    /// Somebody without any key.
    #[error("{at}: `{name}` has no recipient")]
    NoRecipients { at: At, name: RecipientName },
    /// A glob that can't be read, or that can match nothing.
    #[error("{at}: invalid path `{}`: {rule}", .path.escape_debug())]
    Glob { at: At, path: String, rule: String },
    /// A rule that closes for nobody.
    #[error("{at}: this rule is for nobody")]
    ForNobody { at: At },
    /// A rule that names somebody who is not in the file.
    #[error("{at}: nobody is called `{}`: {}", .name.escape_debug(), names(.known))]
    UnknownName {
        at: At,
        name: String,
        known: Vec<RecipientName>,
    },
    /// A rule that names somebody twice.
    #[error("{at}: `{name}` is named twice")]
    NamedTwice { at: At, name: RecipientName },
    /// More recipients than an envelope can have.
    #[error("{at}: this rule is for {found} recipients: at most {MAX_RECIPIENTS}")]
    TooManyRecipients { at: At, found: usize },
    /// An `encryptedRegex` that can't be used.
    #[error("{at}: `encryptedRegex` is not a regular expression of RE2, which sops uses")]
    Pattern { at: At },
    /// A field that means nothing in a rule of this format.
    #[error("{at}: `{field}` has a meaning with `format: {format}` only")]
    FieldOfOtherFormat {
        at: At,
        field: &'static str,
        format: Format,
    },
    /// A rule that never counts.
    #[error(
        "{at}: this rule never counts: `{earlier}` ({earlier_at}) matches everything that `{path}` does"
    )]
    HiddenRule {
        at: At,
        path: String,
        earlier: String,
        earlier_at: At,
    },
}

impl ConfigError {
    /// Where it is; nothing where the file is wrong as a whole.
    pub fn at(&self) -> Option<At> {
        match self {
            Self::TooLarge { .. } => None,
            Self::Syntax { at }
            | Self::MultipleDocuments { at }
            | Self::DuplicateKey { at }
            | Self::UnknownField { at, .. }
            | Self::MissingField { at, .. }
            | Self::UnknownWord { at, .. }
            | Self::WrongType { at, .. }
            | Self::Name { at, .. }
            | Self::NameLikeKey { at, .. }
            | Self::NameTaken { at, .. }
            | Self::Recipient { at, .. }
            | Self::RecipientTaken { at, .. }
            | Self::TooManyRules { at, .. }
            | Self::NoRecipients { at, .. }
            | Self::Glob { at, .. }
            | Self::ForNobody { at }
            | Self::UnknownName { at, .. }
            | Self::NamedTwice { at, .. }
            | Self::TooManyRecipients { at, .. }
            | Self::Pattern { at }
            | Self::FieldOfOtherFormat { at, .. }
            | Self::HiddenRule { at, .. } => Some(*at),
        }
    }

    /// What a person can do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Recipient { .. } => {
                "copy the whole public key: `bulla key show FILE` prints that of a key file"
            }
            Self::RecipientTaken { .. } => "keep the key under one name; a rule can name several",
            Self::UnknownName { .. } => {
                "add the name under `clusters`, `people` or `recovery`, or mend the rule"
            }
            Self::HiddenRule { .. } => {
                "the first match wins: put the narrower rule first, or delete it"
            }
            Self::Pattern { .. } => {
                "write it in Go's syntax (RE2), which https://pkg.go.dev/regexp/syntax lists"
            }
            Self::Glob { .. } => "paths are relative to .bulla.yaml: `clusters/prod/**`",
            _ => "docs/bulla.schema.json describes the file; `bulla init` prints a commented one",
        }
    }
}

/// Why a file may not be sealed, or not as asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the fields are what the message names")]
pub enum PolicyError {
    /// No rule says whom to close for.
    #[error("refusing `{}`: no rule in .bulla.yaml matches it", .path.escape_debug())]
    NoRule { path: String },
    /// Neither a name of the configuration nor a public key.
    #[error("nobody is called `{}`: {}", .name.escape_debug(), names(.known))]
    UnknownName {
        name: String,
        known: Vec<RecipientName>,
    },
    /// A public key on the command line that does not parse.
    #[error("a recipient can't be read")]
    Recipient { source: RecipientError },
    /// A name on the command line that is none.
    #[error("a recipient can't be called that")]
    Name { source: NameError },
    /// A name and a public key that the configuration does not put together.
    #[error("refusing to call this key `{name}`: .bulla.yaml says otherwise")]
    NotTheirKey { name: RecipientName },
    /// The same recipient is asked for twice.
    #[error("`{name}` is asked for twice")]
    AskedTwice { name: RecipientName },
    /// A recipient that nothing can be closed for, such as an ssh key that only signs.
    #[error("`{name}` has a recipient of kind `{kind}`, which can't be closed for")]
    UnsupportedRecipient { name: RecipientName, kind: String },
    /// Only a certificate, where the format needs an age recipient.
    #[error("`{name}` has a certificate and no recipient to close an envelope for")]
    CertificateOnly { name: RecipientName },
    /// A sealed resource of one format under a rule for the other.
    #[error("the rule `{rule}` asks for `format: {format}`")]
    OtherFormat { rule: String, format: Format },
    /// Nobody among those whom the rule names has a certificate.
    #[error("nobody whom the rule `{rule}` names has a certificate to seal a SealedSecret with")]
    NoCertificate { rule: String },
    /// More than one cluster: a SealedSecret has one key.
    #[error("a SealedSecret is sealed for one cluster, and the rule `{rule}` names several: {}", list(.clusters))]
    SeveralClusters {
        rule: String,
        clusters: Vec<RecipientName>,
    },
    /// A classic recipient under a rule that forbids it.
    #[error("refusing `{name}` ({fingerprint}): the rule `{rule}` says `postQuantum: required`")]
    NotPostQuantum {
        name: RecipientName,
        fingerprint: Fingerprint,
        rule: String,
    },
    /// A scope wider than the rule's.
    #[error("refusing scope `{asked}`: the rule `{rule}` allows `{allowed}`")]
    ScopeTooWide {
        asked: crate::scope::Scope,
        allowed: crate::scope::Scope,
        rule: String,
    },
}

impl PolicyError {
    /// The exit code of a command that ends for this reason: 5 refused by policy, 2 input.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::NoRule { .. }
            | Self::NotTheirKey { .. }
            | Self::OtherFormat { .. }
            | Self::NotPostQuantum { .. }
            | Self::ScopeTooWide { .. } => 5,
            _ => 2,
        }
    }

    /// What a person can do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NoRule { .. } => "add a rule for this path to .bulla.yaml",
            Self::UnknownName { .. } | Self::Recipient { .. } => {
                "`bulla key list` prints the names; a whole public key works as well"
            }
            Self::Name { .. } => "`NAME=PUBLIC-KEY` gives a key a name",
            Self::NotTheirKey { .. } => "`bulla key list` prints names and fingerprints",
            Self::AskedTwice { .. } => "name each recipient once",
            Self::UnsupportedRecipient { .. } | Self::CertificateOnly { .. } => {
                "give it an age key: `bulla key generate` makes one, `bulla key fetch` reads a cluster's"
            }
            Self::OtherFormat { .. } => {
                "`bulla convert` turns one format into the other; or change the rule"
            }
            Self::NoCertificate { .. } => {
                "`bulla key fetch --name CLUSTER --certificate` pins it; `--cert FILE` names one for this run"
            }
            Self::SeveralClusters { .. } => {
                "give each cluster a path and a rule of its own; or name one: `--for CLUSTER`"
            }
            Self::NotPostQuantum { .. } => {
                "replace its key: `bulla key generate` makes a post-quantum one"
            }
            Self::ScopeTooWide { .. } => "seal with the scope of the rule, or change the rule",
        }
    }
}

fn names(names: &[RecipientName]) -> String {
    if names.is_empty() {
        return "no names are known".to_owned();
    }
    format!("known are {}", list(names))
}

fn list(names: &[RecipientName]) -> String {
    let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}
