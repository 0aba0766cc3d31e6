//! What is in key Secrets, read once for each version of them.

use std::collections::HashMap;
use std::sync::Arc;

use bulla_core::rotation::Timestamp;
use bulla_core::sealed_secrets::{Certificate, RsaKeyError, RsaPrivateKey};

use crate::engine::parse_time;
use crate::kube::mirror::RsaKeySecret;
use crate::kube::watch::Versioned;

/// A key Secret with what is in it.
pub(super) struct Pair {
    pub(super) secret: Arc<RsaKeySecret>,
    pub(super) private: Arc<RsaPrivateKey>,
    pub(super) certificate: Certificate,
}

/// Why a key Secret can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Malformed {
    #[error("it has no `{0}`")]
    Missing(&'static str),
    #[error("`tls.key`: {0}")]
    Key(RsaKeyError),
    #[error("`tls.crt`: {0}")]
    Certificate(RsaKeyError),
}

/// Private keys cost milliseconds to check: by uid and resourceVersion.
#[derive(Default)]
pub(super) struct Parsed(HashMap<Version, Result<Arc<Pair>, Malformed>>);

#[derive(PartialEq, Eq, Hash)]
struct Version(Box<str>, Box<str>);

impl Pair {
    /// When the Secret was created.
    pub(super) fn created(&self) -> Timestamp {
        let created = self.secret.created.as_deref();
        created
            .and_then(|text| parse_time(text).ok())
            .unwrap_or_default()
    }
}

impl Parsed {
    /// What is in each of `secrets`, in their order. A malformed one is logged when it is first seen.
    pub(super) fn read(
        &mut self,
        secrets: &[Arc<RsaKeySecret>],
    ) -> Vec<Result<Arc<Pair>, Malformed>> {
        let version = |secret: &RsaKeySecret| Version(secret.uid.clone(), secret.version().into());
        self.0
            .retain(|known, _| secrets.iter().any(|secret| version(secret) == *known));
        let read = |secret: &Arc<RsaKeySecret>| {
            let read = || {
                let pair = parse(secret);
                if let Err(error) = &pair {
                    let secret = &*secret.name;
                    tracing::warn!(secret, %error, "a key Secret of Sealed Secrets can't be used; the others are");
                }
                pair
            };
            self.0.entry(version(secret)).or_insert_with(read).clone()
        };
        secrets.iter().map(read).collect()
    }
}

fn parse(secret: &Arc<RsaKeySecret>) -> Result<Arc<Pair>, Malformed> {
    let key = secret.tls_key().ok_or(Malformed::Missing("tls.key"))?;
    let certificate = secret.tls_crt().ok_or(Malformed::Missing("tls.crt"))?;
    // Into the key ring: this is what the key Secret is for.
    let private = RsaPrivateKey::from_pem(key.reveal()).map_err(Malformed::Key)?;
    let certificate = Certificate::from_pem(certificate).map_err(Malformed::Certificate)?;
    private
        .check_certificate(&certificate)
        .map_err(Malformed::Certificate)?;
    Ok(Arc::new(Pair {
        secret: secret.clone(),
        private: Arc::new(private),
        certificate,
    }))
}
