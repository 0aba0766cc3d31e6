//! Manifests that have nothing for a command.

use std::borrow::Cow;

use bulla_core::manifest::ManifestError;
use bulla_core::names::KeyName;

use crate::exit::Blame;
use crate::failure::Fault;

/// A manifest that has nothing for the command.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ContentError {
    /// No document, or comments only.
    #[error("the file is empty")]
    Empty,
    /// Manifests, but no envelope.
    #[error("there is no SecretEnvelope in it")]
    NoEnvelope {
        /// There is a Secret instead.
        plaintext: bool,
        /// There is a SealedSecret instead.
        sealed: bool,
    },
    /// Manifests, but no sealed resource of either kind.
    #[error("there is no SecretEnvelope in it, and no SealedSecret")]
    NoResource {
        /// There is a Secret instead.
        plaintext: bool,
    },
    /// A SealedSecret whose keys are not known.
    #[error(
        "it has the deprecated form `spec.data`: its keys can't be told, nor changed one by one"
    )]
    Legacy,
    /// More of them than one, where one is meant.
    #[error("it holds several sealed resources: {names}")]
    Several {
        /// Their namespaces and names.
        names: String,
    },
    /// None of that name.
    #[error("none of its sealed resources is the one that was asked for: it holds {names}")]
    NoneSelected {
        /// Their namespaces and names.
        names: String,
    },
    /// A version of the resource that comes later, or never was.
    #[error("`{0}` is not a version that this program knows")]
    UnknownVersion(String),
    /// A key that is not there.
    #[error("there is no key `{key}`: it has {known}")]
    NoSuchKey {
        /// The key.
        key: KeyName,
        /// Those that it has.
        known: String,
    },
    /// A list whose items do not say what they are.
    #[error("an item of a SecretList does not say that it is a Secret")]
    ItemWithoutKind,
}

/// An argument that can't be the name of a key. It may be a value, so it is not repeated.
#[derive(Debug, thiserror::Error)]
#[error("the argument KEY is not the name of a key")]
pub(crate) struct KeyArgument;

impl Fault for KeyArgument {
    fn blame(&self) -> Blame {
        Blame::Caller
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        let rule = "a key is at most 253 of A-Z, a-z, 0-9, `-`, `_` and `.`";
        Some(format!("{rule}; `bulla inspect FILE` lists those of an envelope").into())
    }
}

impl ContentError {
    /// Names the keys that are there instead.
    pub(crate) fn no_such_key(key: &KeyName, known: &[&KeyName]) -> Self {
        let keys: Vec<_> = known.iter().map(|key| format!("`{key}`")).collect();
        let known = if keys.is_empty() {
            "none".to_owned()
        } else {
            keys.join(", ")
        };
        Self::NoSuchKey {
            key: key.clone(),
            known,
        }
    }
}

impl Fault for ContentError {
    fn blame(&self) -> Blame {
        match self {
            Self::Several { .. } | Self::NoneSelected { .. } | Self::NoSuchKey { .. } => {
                Blame::Caller
            }
            Self::UnknownVersion(_) => Blame::Sealed,
            _ => Blame::Input,
        }
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(match self {
            Self::Empty => "nothing was written; is it the right file?",
            Self::NoEnvelope { sealed: true, .. } => {
                "there is a SealedSecret in it: `bulla convert --to envelope` turns it into an envelope"
            }
            Self::Legacy => {
                "`bulla convert --to envelope` opens it with a private key, and takes it apart"
            }
            Self::NoEnvelope {
                plaintext: true, ..
            }
            | Self::NoResource { plaintext: true } => {
                "there is a Secret in it: `bulla seal -i FILE` turns it into an envelope"
            }
            Self::NoEnvelope { .. } | Self::NoResource { .. } => {
                "`bulla seal --name NAME -n NAMESPACE --from-file …` makes one"
            }
            Self::Several { .. } | Self::NoneSelected { .. } => {
                "choose one with `--name NAME` and `-n NAMESPACE`"
            }
            Self::UnknownVersion(_) => "a newer bulla made it: upgrade this program",
            Self::NoSuchKey { .. } => "`bulla inspect FILE` lists the keys of each of them",
            Self::ItemWithoutKind => {
                "`kubectl get secrets -o yaml` prints lists whose items say their kind"
            }
        }))
    }
}

impl Fault for ManifestError {
    fn blame(&self) -> Blame {
        Blame::Input
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        ManifestError::hint(self).map(Cow::Borrowed)
    }
}
