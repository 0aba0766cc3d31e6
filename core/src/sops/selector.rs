//! Which values of a file are encrypted: one of six selectors.

use crate::template::Expression;

use super::error::SopsError;

/// The kinds of selectors, by their names in the metadata and in `.sops.yaml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SelectorKind {
    /// Keys that end so, and all below, stay plaintext.
    UnencryptedSuffix,
    /// Only keys that end so, and all below, are encrypted.
    EncryptedSuffix,
    /// Keys that match, and all below, stay plaintext.
    UnencryptedRegex,
    /// Only keys that match, and all below, are encrypted.
    EncryptedRegex,
    /// Values under a comment that matches stay plaintext.
    UnencryptedCommentRegex,
    /// Only values under a comment that matches are encrypted.
    EncryptedCommentRegex,
}

/// A selector with its text. Its expression compiles.
pub struct Selector {
    kind: SelectorKind,
    text: String,
    expression: Option<Expression>,
}

impl SelectorKind {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::UnencryptedSuffix,
        Self::EncryptedSuffix,
        Self::UnencryptedRegex,
        Self::EncryptedRegex,
        Self::UnencryptedCommentRegex,
        Self::EncryptedCommentRegex,
    ];

    /// Its name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::UnencryptedSuffix => "unencrypted_suffix",
            Self::EncryptedSuffix => "encrypted_suffix",
            Self::UnencryptedRegex => "unencrypted_regex",
            Self::EncryptedRegex => "encrypted_regex",
            Self::UnencryptedCommentRegex => "unencrypted_comment_regex",
            Self::EncryptedCommentRegex => "encrypted_comment_regex",
        }
    }

    /// True where a hit means encryption.
    fn encrypts(self) -> bool {
        matches!(
            self,
            Self::EncryptedSuffix | Self::EncryptedRegex | Self::EncryptedCommentRegex
        )
    }

    fn reads_comments(self) -> bool {
        matches!(
            self,
            Self::UnencryptedCommentRegex | Self::EncryptedCommentRegex
        )
    }
}

impl Selector {
    /// Checks and compiles a selector.
    ///
    /// # Errors
    ///
    /// `Pattern` where Go would not compile the expression: sops takes it for one that matches nothing.
    pub fn new(kind: SelectorKind, text: &str) -> Result<Self, SopsError> {
        let suffix = matches!(
            kind,
            SelectorKind::UnencryptedSuffix | SelectorKind::EncryptedSuffix
        );
        let expression = match suffix {
            true => None,
            false => Some(Expression::new(text).map_err(|fault| SopsError::Pattern {
                selector: kind.name(),
                rule: fault.to_string(),
            })?),
        };
        Ok(Self {
            kind,
            text: text.to_owned(),
            expression,
        })
    }

    /// The one among `given` that is set; empty texts count as absent.
    ///
    /// # Errors
    ///
    /// `ManySelectors`, and those of [`Selector::new`].
    pub fn only<'t>(
        given: impl IntoIterator<Item = (SelectorKind, &'t str)>,
    ) -> Result<Option<Self>, SopsError> {
        let mut found: Option<(SelectorKind, &str)> = None;
        for (kind, text) in given.into_iter().filter(|(_, text)| !text.is_empty()) {
            if let Some((first, _)) = found {
                return Err(SopsError::ManySelectors {
                    first: first.name(),
                    second: kind.name(),
                });
            }
            found = Some((kind, text));
        }
        found.map(|(kind, text)| Self::new(kind, text)).transpose()
    }

    /// What holds where nothing is said.
    pub fn default_suffix() -> Self {
        Self {
            kind: SelectorKind::UnencryptedSuffix,
            text: DEFAULT_SUFFIX.to_owned(),
            expression: None,
        }
    }

    /// True for that one.
    pub fn is_default(&self) -> bool {
        self.kind == SelectorKind::UnencryptedSuffix && self.text == DEFAULT_SUFFIX
    }

    /// Which of the six it is.
    pub fn kind(&self) -> SelectorKind {
        self.kind
    }

    /// Its suffix or expression.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// True where a key alone decides for everything below it.
    pub(super) fn hits_key(&self, key: &str) -> bool {
        match (&self.expression, self.kind.reads_comments()) {
            (_, true) => false,
            (Some(expression), false) => expression.is_match(key),
            (None, false) => key.ends_with(&self.text),
        }
    }

    /// True where a comment decides for what follows it.
    pub(super) fn hits_comment(&self, comment: &str) -> bool {
        let expression = self.expression.as_ref();
        self.kind.reads_comments() && expression.is_some_and(|found| found.is_match(comment))
    }

    /// Whether a value is encrypted, once it is known whether anything above it hit.
    pub(super) fn decides(&self, hit: bool) -> bool {
        hit == self.kind.encrypts()
    }
}

impl std::fmt::Debug for Selector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.kind.name(), self.text)
    }
}

const DEFAULT_SUFFIX: &str = "_unencrypted";
