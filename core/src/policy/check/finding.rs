//! What `check` finds: where, what is wrong, and what mends it; never a value.

use std::fmt;

use crate::manifest::Place;

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Which rule is broken.
    pub kind: FindingKind,
    /// The file, as the caller calls it.
    pub path: String,
    /// Where in the file; nothing where it is about the file as a whole.
    pub place: Option<Place>,
    /// The key of the Secret that it is about.
    pub key: Option<String>,
    /// What is wrong, in one line.
    pub message: String,
    /// The command or the change that mends it.
    pub hint: String,
}

/// The rules of `check`, under names that stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FindingKind {
    /// A Secret with a value that everybody can read.
    PlaintextSecret,
    /// A value of a sealed resource that is not sealed.
    PlaintextValue,
    /// A key of a template that takes nothing from sealed values.
    PlainTemplate,
    /// A template that does not render, whatever the values are.
    BrokenTemplate,
    /// A sealed resource that can't be opened as it stands.
    DamagedEnvelope,
    /// An envelope that is closed for others than its rule says.
    WrongRecipients,
    /// A classic recipient where the rule asks for post-quantum ones.
    NotPostQuantum,
    /// A scope that is wider than the rule's.
    WideScope,
    /// A sealed file that no rule is for.
    NoRule,
    /// A rule that can't be carried out yet.
    UnsupportedRule,
    /// A manifest that can't be read, so that nobody knows what is in it.
    UnreadableManifest,
    /// A configuration that is not obeyed.
    InvalidConfig,
    /// A configuration below the one that counts.
    NestedConfig,
    /// An envelope with many data keys.
    ManyDataKeys,
    /// A sealed resource that a quantum computer could open one day.
    ClassicRecipient,
    /// A sealed resource without a namespace.
    NoNamespace,
    /// An envelope whose template anybody can change who can write to it.
    UnboundTemplate,
    /// A sealed resource of another format than its rule's.
    OtherFormat,
    /// A SealedSecret in the form that Sealed Secrets had before version 0.7.
    DeprecatedData,
    /// An annotation that was meant to widen a scope, and does not.
    ScopeAnnotation,
    /// A `sops` block that lacks something, or that some versions of sops refuse.
    SopsBlock,
    /// A dotenv file that sops takes for binary.
    DisguisedDotenv,
    /// A private key that everybody can read who has the repository.
    PrivateKey,
    /// A SopsSecret that does not say, encrypted, where it belongs.
    NoPlace,
}

/// How grave a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing; nothing is broken.
    Note,
    /// It must not be committed.
    Error,
}

impl FindingKind {
    /// Every kind, for the tables of reports.
    pub const ALL: [Self; 24] = [
        Self::PlaintextSecret,
        Self::PlaintextValue,
        Self::PlainTemplate,
        Self::BrokenTemplate,
        Self::DamagedEnvelope,
        Self::WrongRecipients,
        Self::NotPostQuantum,
        Self::WideScope,
        Self::NoRule,
        Self::UnsupportedRule,
        Self::UnreadableManifest,
        Self::InvalidConfig,
        Self::NestedConfig,
        Self::ManyDataKeys,
        Self::ClassicRecipient,
        Self::NoNamespace,
        Self::UnboundTemplate,
        Self::OtherFormat,
        Self::DeprecatedData,
        Self::ScopeAnnotation,
        Self::SopsBlock,
        Self::DisguisedDotenv,
        Self::PrivateKey,
        Self::NoPlace,
    ];

    /// Its name in reports.
    pub fn as_str(self) -> &'static str {
        self.row().0
    }

    /// What the rule says, in one sentence.
    pub fn description(self) -> &'static str {
        self.row().1
    }

    /// How grave it is.
    pub fn severity(self) -> Severity {
        match self {
            Self::ManyDataKeys
            | Self::ClassicRecipient
            | Self::NoNamespace
            | Self::NoPlace
            | Self::UnboundTemplate
            | Self::DeprecatedData
            | Self::ScopeAnnotation => Severity::Note,
            _ => Severity::Error,
        }
    }

    fn row(self) -> (&'static str, &'static str) {
        match self {
            Self::PlaintextSecret => ("plaintext-secret", "a Secret in Git has no readable values"),
            Self::PlaintextValue => (
                "plaintext-value",
                "the values of a sealed resource are sealed",
            ),
            Self::PlainTemplate => (
                "plain-template",
                "a templated key takes its content from sealed values",
            ),
            Self::BrokenTemplate => (
                "broken-template",
                "a template renders with the keys there are",
            ),
            Self::DamagedEnvelope => ("damaged-envelope", "a sealed resource is well-formed"),
            Self::WrongRecipients => (
                "wrong-recipients",
                "an envelope is closed for just those whom the rule names",
            ),
            Self::NotPostQuantum => (
                "not-post-quantum",
                "recipients are post-quantum where the rule says so",
            ),
            Self::WideScope => ("wide-scope", "a scope is no wider than the rule's"),
            Self::NoRule => ("no-rule", "each sealed file has a rule"),
            Self::UnsupportedRule => ("unsupported-rule", "a rule can be carried out"),
            Self::UnreadableManifest => ("unreadable-manifest", "a manifest can be read"),
            Self::InvalidConfig => ("invalid-config", "the configuration is valid"),
            Self::NestedConfig => ("nested-config", "a repository has one configuration"),
            Self::ManyDataKeys => ("many-data-keys", "an envelope has few data keys"),
            Self::ClassicRecipient => (
                "classic-recipient",
                "what is in Git stays closed for quantum computers",
            ),
            Self::NoNamespace => ("no-namespace", "a sealed resource names its namespace"),
            Self::UnboundTemplate => (
                "unbound-template",
                "the template of an envelope is bound to its values",
            ),
            Self::OtherFormat => (
                "other-format",
                "a sealed resource has the format of its rule",
            ),
            Self::DeprecatedData => (
                "deprecated-data",
                "a SealedSecret has its values under `encryptedData`",
            ),
            Self::ScopeAnnotation => (
                "scope-annotation",
                "an annotation that widens a scope says `true`",
            ),
            Self::SopsBlock => (
                "sops-block",
                "the `sops` block of a file has what every sops reads",
            ),
            Self::DisguisedDotenv => (
                "disguised-dotenv",
                "a dotenv file has a name that sops takes for one",
            ),
            Self::PrivateKey => ("private-key", "no private key of age is in Git"),
            Self::NoPlace => ("no-place", "a SopsSecret says, encrypted, where it belongs"),
        }
    }
}

impl Severity {
    /// Its name in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for FindingKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
