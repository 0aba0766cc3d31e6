//! The certificates that the configuration pins, as they matter for looking at SealedSecrets.

use std::fmt;

use bulla_core::policy::Section;
use bulla_core::recipient::Fingerprint;
use bulla_core::sealed_secrets::{Certificate, Expiry};
use serde_json::{Value, json};

use crate::config::Located;
use crate::sealed_secret::{now, read_certificate};

/// The certificate of a cluster.
pub(super) struct Pinned {
    /// The cluster.
    pub(super) name: String,
    /// What is wrong with it.
    pub(super) wrong: Option<String>,
    file: String,
    certificate: Option<Certificate>,
}

impl Pinned {
    /// All that a configuration pins.
    pub(super) fn all(located: Option<&Located>) -> Vec<Self> {
        let Some(located) = located else {
            return Vec::new();
        };
        let parties = located.config.parties().iter();
        let clusters = parties.filter(|party| party.section == Section::Clusters);
        clusters
            .filter_map(|party| {
                let file = party.certificate.clone()?;
                let name = party.name.to_string();
                let read = read_certificate(&located.beside(&file));
                let wrong = match &read {
                    Ok(certificate) => certificate
                        .key_for_sealing(now(), Expiry::Refuse)
                        .err()
                        .map(|_| {
                            format!("the pinned certificate of {name} (`{file}`) has expired")
                        }),
                    Err(failure) => Some(format!(
                        "the pinned certificate of {name}: {}",
                        failure.in_one_line().0
                    )),
                };
                Some(Self {
                    name,
                    wrong,
                    file,
                    certificate: read.ok(),
                })
            })
            .collect()
    }

    /// The size of its key.
    pub(super) fn bits(&self) -> Option<usize> {
        let certificate = self.certificate.as_ref();
        certificate.map(|certificate| certificate.key().bits())
    }

    /// True for the key of that fingerprint.
    pub(super) fn is(&self, fingerprint: Fingerprint) -> bool {
        let certificate = self.certificate.as_ref();
        certificate.is_some_and(|certificate| certificate.key().fingerprint() == fingerprint)
    }

    /// For programs.
    pub(super) fn json(&self) -> Value {
        let key = self.certificate.as_ref().map(Certificate::key);
        json!({
            "name": self.name,
            "certificate": self.file,
            "fingerprint": key.map(|key| key.fingerprint().to_string()),
            "sshFingerprint": key.map(|key| key.ssh_fingerprint().to_string()),
        })
    }
}

impl fmt::Display for Pinned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (`{}`", self.name, self.file.escape_debug())?;
        if let Some(certificate) = &self.certificate {
            write!(f, ", {}", certificate.key().fingerprint())?;
        }
        f.write_str(")")
    }
}
