//! Each way in which an envelope, its opening or its sealing can be wrong.

use crate::names::{DataKeyId, KeyName, NameError};
use crate::reason::Reason;
use crate::recipient::{Fingerprint, UnwrapError, WrapError};
use crate::scope::Place;

/// An envelope that is not well-formed: refused before any key is touched.
#[derive(Debug, thiserror::Error)]
pub enum EnvelopeError {
    /// A field is missing, unknown, or of the wrong type.
    #[error("malformed field `{path}`: {rule}")]
    Field {
        /// Where in the object.
        path: String,
        /// What was expected there.
        rule: &'static str,
    },
    /// A name breaks its rule.
    #[error("malformed field `{path}`")]
    Name {
        /// Where in the object.
        path: String,
        /// Which rule.
        #[source]
        source: NameError,
    },
    /// Something that is not a sealed value stands where one belongs.
    #[error("refusing plaintext: the value of key `{key}` is not sealed")]
    NotSealed {
        /// The key.
        key: KeyName,
    },
    /// A value is of a format version that this program does not know.
    #[error("the value of key `{key}` is of a format version that this program does not know")]
    UnknownVersion {
        /// The key.
        key: KeyName,
    },
    /// A value begins as a sealed one and breaks the grammar.
    #[error("the sealed value of key `{key}` is damaged")]
    DamagedValue {
        /// The key.
        key: KeyName,
    },
    /// A closed data key is not base64, or too long.
    #[error("a closed key of data key `{id}` is damaged")]
    DamagedClosedKey {
        /// The data key.
        id: DataKeyId,
    },
    /// More than the format allows.
    #[error("too many {what}: at most {limit}")]
    TooMuch {
        /// Of what.
        what: &'static str,
        /// How much is allowed.
        limit: usize,
    },
    /// Two data keys share an id.
    #[error("data key `{id}` is there twice")]
    DuplicateDataKey {
        /// The data key.
        id: DataKeyId,
    },
    /// A data key is closed twice for one recipient.
    #[error("data key `{id}` is closed twice for `{fingerprint}`")]
    DuplicateRecipient {
        /// The data key.
        id: DataKeyId,
        /// The recipient.
        fingerprint: Fingerprint,
    },
    /// A data key is closed for nobody.
    #[error("data key `{id}` has no recipient")]
    NoRecipient {
        /// The data key.
        id: DataKeyId,
    },
    /// No value uses a data key.
    #[error("data key `{id}` is used by no value")]
    UnusedDataKey {
        /// The data key.
        id: DataKeyId,
    },
    /// A value names a data key that is not there.
    #[error("the value of key `{key}` needs data key `{id}`, which is not there")]
    MissingDataKey {
        /// The key.
        key: KeyName,
        /// The data key.
        id: DataKeyId,
    },
    /// A key is both a value and a template.
    #[error("key `{key}` is in both `data` and `template.data`")]
    KeyInBoth {
        /// The key.
        key: KeyName,
    },
    /// A label or annotation of the template belongs to a tool.
    #[error("refusing the reserved label or annotation `{name}` in the template")]
    ReservedMetadata {
        /// Its name.
        name: String,
    },
    /// A label or annotation of the template that no Secret can have.
    #[error("malformed label or annotation `{name}` in the template: {rule}")]
    Metadata {
        /// Its name, escaped and cut short.
        name: String,
        /// What the API server asks for.
        rule: &'static str,
    },
    /// A key that should be taken out is not there.
    #[error("there is no key `{key}`")]
    NoSuchKey {
        /// The key.
        key: KeyName,
    },
}

impl EnvelopeError {
    /// The bounded word for conditions, Events and exit codes.
    pub fn reason(&self) -> Reason {
        match self {
            Self::NotSealed { .. } => Reason::NotSealed,
            Self::UnknownVersion { .. } => Reason::UnknownVersion,
            Self::DamagedValue { .. } | Self::DamagedClosedKey { .. } => Reason::Damaged,
            Self::TooMuch { .. } => Reason::LimitExceeded,
            _ => Reason::Malformed,
        }
    }

    /// True for what sealing all values anew mends, with one data key for all of them.
    pub fn is_too_many_data_keys(&self) -> bool {
        matches!(self, Self::TooMuch { what, .. } if *what == DATA_KEYS)
    }
}

/// How [`EnvelopeError::TooMuch`] calls them.
pub(super) const DATA_KEYS: &str = "data keys";

/// A well-formed envelope that can't be opened, or must not be.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// No identity at hand is among the recipients of a data key.
    #[error("no key at hand opens data key `{id}`")]
    NoKey {
        /// The data key.
        id: DataKeyId,
    },
    /// The closed key was made for another place than the one where it was found.
    #[error("sealed for {sealed_for}, found in {found_in}")]
    WrongPlace {
        /// What the closed key says, or "a place that is not readable".
        sealed_for: Place,
        /// Where it lies.
        found_in: Place,
    },
    /// A closed key does not open, or holds something else than a data key.
    #[error("a closed key of data key `{id}` is damaged")]
    DamagedKey {
        /// The data key.
        id: DataKeyId,
        /// What age said.
        #[source]
        source: Option<UnwrapError>,
    },
    /// The closed key is of a format that this program does not know.
    #[error("data key `{id}` is closed in a format version that this program does not know")]
    UnknownVersion {
        /// The data key.
        id: DataKeyId,
    },
    /// The data key is not the one that the envelope commits to.
    #[error("data key `{id}` is not the one that the envelope commits to")]
    CommitmentMismatch {
        /// The data key.
        id: DataKeyId,
    },
    /// The template is not the one that was sealed.
    #[error("the template is not the one that data key `{id}` was sealed with")]
    TemplateUntrusted {
        /// The data key.
        id: DataKeyId,
    },
    /// A value was sealed for another key of the same resource.
    #[error("the value of key `{key}` was sealed for key `{sealed_for}`")]
    WrongKeyName {
        /// Where it stands.
        key: KeyName,
        /// Where it belongs.
        sealed_for: KeyName,
    },
    /// A value does not open.
    #[error("the sealed value of key `{key}` is damaged")]
    DamagedValue {
        /// The key.
        key: KeyName,
    },
    /// There is no such key to open.
    #[error("there is no key `{key}`")]
    NoSuchKey {
        /// The key.
        key: KeyName,
    },
}

impl OpenError {
    /// The bounded word for conditions, Events and exit codes.
    pub fn reason(&self) -> Reason {
        match self {
            Self::NoKey { .. } => Reason::NoKey,
            Self::WrongPlace { .. } => Reason::WrongPlace,
            Self::DamagedKey { .. } | Self::DamagedValue { .. } => Reason::Damaged,
            Self::UnknownVersion { .. } => Reason::UnknownVersion,
            Self::CommitmentMismatch { .. } => Reason::CommitmentMismatch,
            Self::TemplateUntrusted { .. } => Reason::TemplateUntrusted,
            Self::WrongKeyName { .. } => Reason::WrongKeyName,
            Self::NoSuchKey { .. } => Reason::Malformed,
        }
    }
}

/// Values that can't be sealed.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// Values that were opened elsewhere, or not all of them.
    #[error("the opened values are not those of this envelope")]
    NotItsValues,
    /// There is nobody to close for.
    #[error("there is no recipient to close for")]
    NoRecipients,
    /// A value is over the limit.
    #[error("the value of key `{key}` is over the limit of 1 MiB")]
    ValueTooLarge {
        /// The key.
        key: KeyName,
    },
    /// Closing a data key for a recipient failed.
    #[error("failed to close the data key for `{recipient}`")]
    Close {
        /// The recipient.
        recipient: Fingerprint,
        /// Why.
        #[source]
        source: WrapError,
    },
    /// What came out breaks a rule of the format.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// The values that are there could not be opened first.
    #[error(transparent)]
    Open(#[from] OpenError),
}

impl SealError {
    /// The bounded word for conditions, Events and exit codes.
    pub fn reason(&self) -> Reason {
        match self {
            Self::NoRecipients | Self::Close { .. } | Self::NotItsValues => Reason::Malformed,
            Self::ValueTooLarge { .. } => Reason::LimitExceeded,
            Self::Envelope(error) => error.reason(),
            Self::Open(error) => error.reason(),
        }
    }
}
