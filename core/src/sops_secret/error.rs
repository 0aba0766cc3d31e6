//! What can be wrong with a SopsSecret. No text holds a value, nor the name of a Secret that stood there closed.

use crate::names::NameError;
use crate::reason::Reason;
use crate::sops::{SopsError, ValueFault};

/// A SopsSecret that can't be read or opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SopsSecretError {
    /// A field is missing or breaks a rule.
    #[error("malformed field `{path}`: {rule}")]
    Field {
        /// Where it stands.
        path: String,
        /// What belongs there.
        rule: &'static str,
    },
    /// A name of the object breaks the rule of its kind.
    #[error("malformed field `{path}`")]
    Name {
        /// Where it stands.
        path: &'static str,
        /// The rule.
        #[source]
        source: NameError,
    },
    /// More than can be made Secrets of.
    #[error("too many {what}: at most {limit}")]
    TooMuch {
        /// Of what.
        what: &'static str,
        /// How much is allowed.
        limit: usize,
    },
    /// The resource is no file of SOPS.
    #[error("there is no `sops` block: nothing in it is encrypted")]
    NotEncrypted,
    /// What SOPS says of the block or of a value.
    #[error(transparent)]
    Sops(#[from] SopsError),
    /// No place, where one is asked for.
    #[error("it says nowhere that it is for this namespace and name: nothing was opened")]
    NoPlace,
    /// A place that anybody could have written.
    #[error("its place does not stand there encrypted")]
    PlainPlace,
    /// A place of somewhere else.
    #[error("closed for {closed_for}, found in `{found_in}`")]
    WrongPlace {
        /// The place that it names, where that is one.
        closed_for: String,
        /// `namespace/name`.
        found_in: String,
    },
}

impl SopsSecretError {
    /// The bounded word for conditions, Events and exit codes.
    pub fn reason(&self) -> Reason {
        match self {
            Self::Field { .. } | Self::Name { .. } => Reason::Malformed,
            Self::TooMuch { .. } => Reason::LimitExceeded,
            Self::NotEncrypted | Self::PlainPlace => Reason::NotSealed,
            Self::NoPlace => Reason::NoPlace,
            Self::WrongPlace { .. } => Reason::WrongPlace,
            Self::Sops(error) => of_sops(error),
        }
    }
}

fn of_sops(error: &SopsError) -> Reason {
    match error {
        SopsError::NoDataKey { .. } => Reason::NoKey,
        SopsError::AgeFile { .. } | SopsError::Shares => Reason::Damaged,
        SopsError::Value { fault, .. } => match fault {
            ValueFault::NotClosed => Reason::NotSealed,
            ValueFault::NotSelected | ValueFault::NotText(_) => Reason::Malformed,
            _ => Reason::Damaged,
        },
        _ => Reason::Malformed,
    }
}
