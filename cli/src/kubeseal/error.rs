//! What `kubeseal` ends with. Where scripts look for Sealed Secrets' own words, these are the words.

use std::borrow::Cow;

use bulla_core::manifest::Place;
use bulla_core::names::NameError;
use bulla_core::sealed_secrets::{RsaKeyError, SealItemError, SealSecretError, SealedSecretError};

use crate::exit::Blame;
use crate::failure::Fault;

/// An error of this personality: each ends with exit code 1.
#[derive(Debug, thiserror::Error)]
pub(super) enum KubesealError {
    #[error("--from-file requires --raw")]
    FromFileWithoutRaw,
    #[error("must provide only one --from-file when encrypting a single item with --raw")]
    ManyFiles,
    #[error("unsupported output format: {0}")]
    Format(String),
    #[error("must provide the --name flag with --raw and --scope strict")]
    NameMissing,
    #[error("no secrets found. Ensure the input is valid and UTF-8 encoded")]
    NoSecrets,
    #[error("{at}: it is of kind `{kind}`, and a Secret is needed")]
    NotASecret { at: Place, kind: String },
    #[error("no sealed secrets found. Ensure the input is valid and UTF-8 encoded")]
    NoSealedSecrets,
    #[error("{at}: it is of kind `{kind}`, and a SealedSecret is needed")]
    NotASealedSecret { at: Place, kind: String },
    #[error("it does not have the fields of a SealedSecret")]
    Shape,
    #[error(transparent)]
    Resource(SealedSecretError),
    #[error("it holds several SealedSecrets, and none of the input's name and namespace")]
    NoTarget,
    #[error(
        "its values are sealed for scope {target}, and can't stand beside others for scope {asked}"
    )]
    OtherScope {
        target: &'static str,
        asked: &'static str,
    },
    #[error("{at}: it is not a Kubernetes object")]
    NotAnObject { at: Place },
    #[error(
        "secret.data is empty in input Secret, assuming this is an error and aborting. To work with empty data, --allow-empty-data can be used"
    )]
    EmptyData,
    #[error("missing metadata.name in input Secret")]
    NoName,
    #[error("secret must declare a namespace")]
    NoNamespace,
    #[error(
        "namespace mismatch: input secret is in namespace {input:?} but {asked:?} was specified"
    )]
    NamespaceMismatch { input: String, asked: String },
    #[error("{at}: no Secret can have this key")]
    Key {
        at: Place,
        #[source]
        source: NameError,
    },
    #[error(transparent)]
    Seal(SealSecretError),
    #[error("failed to seal the value")]
    SealRaw(#[source] SealItemError),
    #[error("the SealedSecret can't have this {what}")]
    Named {
        what: &'static str,
        #[source]
        source: NameError,
    },
    #[error("{from}: there is no certificate to seal with")]
    Certificate {
        from: String,
        #[source]
        source: RsaKeyError,
    },
    #[error("failed to encrypt using an expired certificate on {0}")]
    Expired(String),
}

impl Fault for KubesealError {
    fn blame(&self) -> Blame {
        Blame::Input
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(match self {
            Self::NotASecret { kind, .. } if kind.ends_with("List") => {
                "give the Secrets as documents of their own: `kubectl get secret NAME -o yaml`"
            }
            Self::NotASecret { .. } => "give Secrets only; other objects need no sealing",
            Self::NotASealedSecret { .. } => {
                "give SealedSecrets only; `--re-encrypt -f FILE` leaves other objects in FILE as they are"
            }
            Self::NoTarget => "`--name NAME` and `--namespace NAMESPACE` choose the one to add to",
            Self::OtherScope { .. } => {
                "leave out `--scope`: added values take the scope of the file"
            }
            Self::NoName => "`--name NAME` gives it one",
            Self::NoNamespace => "`--namespace NAMESPACE` gives it one",
            Self::NamespaceMismatch { .. } => {
                "leave out `--namespace`, or seal with `--scope cluster-wide`"
            }
            Self::Certificate { source, .. } => return source.hint().map(Cow::Borrowed),
            Self::Expired(..) => {
                "fetch the newest one: `kubeseal --fetch-cert`; `--allow-expired-cert` seals all the same"
            }
            Self::Seal(SealSecretError::NoNamespace) => "`--namespace NAMESPACE` gives it one",
            Self::Seal(_) | Self::SealRaw(_) => "a Secret holds 1 MiB at most",
            Self::Key { .. } => "the API server refuses such a key: rename it",
            _ => return None,
        }))
    }
}
