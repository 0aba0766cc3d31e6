//! What can be wrong with SealedSecrets and with certificates, with what helps.

use std::borrow::Cow;
use std::path::PathBuf;

use bulla_core::sealed_secrets::{Expired, RsaKeyError, SealedSecretError};

use crate::exit::Blame;
use crate::failure::Fault;
use crate::shown::Shown;

/// A SealedSecret that can't be read.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub(crate) struct SealedSecretFault(pub(crate) SealedSecretError);

impl Fault for SealedSecretFault {
    fn blame(&self) -> Blame {
        self.0.reason().into()
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        match &self.0 {
            SealedSecretError::Field { path, .. } if path == "metadata.namespace" => {
                Some("write it down; `-n NAMESPACE` says it where the command takes that".into())
            }
            _ => Some("compare it with what `kubeseal` writes, or restore it from Git".into()),
        }
    }
}

/// No certificate to seal with.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CertificateError {
    /// The file has none that can be used.
    #[error("there is no usable certificate in it")]
    Unusable(#[source] RsaKeyError),
    /// It has expired.
    #[error("refusing to seal with it")]
    Expired(#[source] Expired),
    /// `--for` names somebody without a certificate.
    #[error("`{0}` is not a cluster with a certificate")]
    NotACluster(String),
    /// `--for` names several.
    #[error("a SealedSecret is sealed for one cluster, and several were named")]
    Several,
    /// `--cert` and another format.
    #[error("a certificate seals SealedSecrets, and envelopes were asked for")]
    OtherFormat,
    /// A flag of envelopes.
    #[error("the template of a SealedSecret is never bound to its values")]
    NeverBound,
    /// Nothing says which.
    #[error("nothing says with which certificate {} is sealed: there is no .bulla.yaml", Shown(.0))]
    NoConfig(PathBuf),
    /// Standard input, and no path for the rules to match.
    #[error(
        "nothing says with which certificate to seal: rules go by the path of a file, and standard input has none"
    )]
    NoPath,
}

impl Fault for CertificateError {
    fn blame(&self) -> Blame {
        match self {
            Self::Expired(_) => Blame::Policy,
            Self::Unusable(_) => Blame::Input,
            _ => Blame::Caller,
        }
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(match self {
            Self::Unusable(error) => return error.hint().map(Cow::Borrowed),
            Self::Expired(_) => {
                "fetch the cluster's new one: `bulla key fetch --certificate --name CLUSTER`; `--allow-expired` insists"
            }
            Self::NotACluster(_) => {
                "`certificate: keys/CLUSTER.pem` under `clusters` in .bulla.yaml gives it one; `--cert FILE` names one for this run"
            }
            Self::Several => "name one; a file for each cluster is sealed by itself",
            Self::OtherFormat => "leave out `--cert`, or say `--format sealed-secret`",
            Self::NeverBound => "leave out `--unbound-template`",
            Self::NoConfig(_) => "`--cert FILE` names a certificate for this run",
            Self::NoPath => "give `--as-path PATH`, or a certificate: `--cert FILE`",
        }))
    }
}
