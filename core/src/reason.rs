//! The one table: each reason with its exit code and its hint.

/// Why something was refused or did not open: a bounded word that conditions, Events, metrics and
/// exit codes share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// A field is missing, unknown or inconsistent.
    Malformed,
    /// More than the format allows.
    LimitExceeded,
    /// Plaintext where a sealed value belongs.
    NotSealed,
    /// A format version that this program does not know.
    UnknownVersion,
    /// Ciphertext that does not verify.
    Damaged,
    /// No identity at hand is among the recipients.
    NoKey,
    /// Sealed for another place.
    WrongPlace,
    /// It says nowhere where it belongs, and has to.
    NoPlace,
    /// Sealed for another key of the same resource.
    WrongKeyName,
    /// The data key is not the one that was committed to.
    CommitmentMismatch,
    /// The template is not the one that was sealed.
    TemplateUntrusted,
    /// The template does not render.
    TemplateError,
    /// The live Secret belongs to somebody else.
    NotOwned,
    /// A Secret of this type, or with these labels, is not made from sealed resources.
    TypeRefused,
    /// The API server does not take the Secret. Its words are not repeated: they can quote values.
    Rejected,
}

impl Reason {
    /// Every reason, for tables and for metrics that start at zero.
    pub const ALL: [Self; 15] = [
        Self::Malformed,
        Self::LimitExceeded,
        Self::NotSealed,
        Self::UnknownVersion,
        Self::Damaged,
        Self::NoKey,
        Self::WrongPlace,
        Self::NoPlace,
        Self::WrongKeyName,
        Self::CommitmentMismatch,
        Self::TemplateUntrusted,
        Self::TemplateError,
        Self::NotOwned,
        Self::TypeRefused,
        Self::Rejected,
    ];

    /// The CamelCase word of conditions and Events.
    pub fn as_str(self) -> &'static str {
        self.row().0
    }

    /// The exit code of a command that ends for this reason (design: 2 input, 3 cannot open or
    /// verify, 5 refused by policy).
    pub fn exit_code(self) -> u8 {
        self.row().1
    }

    /// What a person can do about it.
    pub fn hint(self) -> &'static str {
        self.row().2
    }

    fn row(self) -> (&'static str, u8, &'static str) {
        match self {
            Self::Malformed => (
                "Malformed",
                2,
                "compare the resource with FORMAT.md, or restore it from Git",
            ),
            Self::LimitExceeded => (
                "LimitExceeded",
                2,
                "split the resource into several; FORMAT.md lists the limits",
            ),
            Self::NotSealed => (
                "NotSealed",
                5,
                "seal it: `bulla set FILE KEY` replaces a value with a sealed one",
            ),
            Self::UnknownVersion => (
                "UnknownVersion",
                3,
                "a newer bulla made it: upgrade this program",
            ),
            Self::Damaged => (
                "Damaged",
                3,
                "restore the resource from Git, or seal the value anew: `bulla set FILE KEY`",
            ),
            Self::NoKey => (
                "NoKey",
                3,
                "`bulla inspect FILE` lists who can open it; one of them can `bulla rewrap` it",
            ),
            Self::WrongPlace => (
                "WrongPlace",
                3,
                "seal the values for this place, or with a wider `--scope`",
            ),
            Self::NoPlace => (
                "NoPlace",
                5,
                "`bulla reseal FILE` adds its place; see docs/sops-secret.md",
            ),
            Self::WrongKeyName => (
                "WrongKeyName",
                3,
                "move the value back to its key, or seal it anew: `bulla set FILE KEY`",
            ),
            Self::CommitmentMismatch => (
                "CommitmentMismatch",
                3,
                "restore the resource from Git, or seal its values anew",
            ),
            Self::TemplateUntrusted => (
                "TemplateUntrusted",
                3,
                "restore the template from Git; or read it, and vouch for it with `bulla reseal --accept-template`",
            ),
            Self::TemplateError => (
                "TemplateError",
                2,
                "mend the template and run `bulla reseal` with an identity",
            ),
            Self::NotOwned => (
                "NotOwned",
                5,
                "delete the Secret, or annotate it with `bulla.dev/adopt: <name of the resource>`",
            ),
            Self::TypeRefused => (
                "TypeRefused",
                5,
                "such Secrets give rights to their maker; see SECURITY.md",
            ),
            Self::Rejected => (
                "Rejected",
                5,
                "try `kubectl create --dry-run=server` with a Secret of the same shape and other values",
            ),
        }
    }
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_complete_and_its_words_are_distinct() {
        let words: std::collections::BTreeSet<_> = Reason::ALL.iter().map(|r| r.as_str()).collect();
        assert_eq!(words.len(), Reason::ALL.len());
        for reason in Reason::ALL {
            assert!(matches!(reason.exit_code(), 2 | 3 | 5));
            assert!(!reason.hint().is_empty() && !reason.hint().ends_with('.'));
        }
    }
}
