//! Who can be closed for: clusters, people and recovery keys, by name.

use std::fmt;

use super::error::{At, ConfigError};
use super::wire::{ClusterFile, ConfigFile, Located, PartyFile};
use crate::names::RecipientName;
use crate::recipient::{Recipient, RecipientError};

/// The part of the file that a name stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Section {
    /// `clusters`.
    Clusters,
    /// `people`.
    People,
    /// `recovery`.
    Recovery,
}

impl Section {
    /// The field of `.bulla.yaml`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Clusters => "clusters",
            Self::People => "people",
            Self::Recovery => "recovery",
        }
    }
}

impl fmt::Display for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A name with its public keys.
#[derive(Debug, Clone)]
pub struct Party {
    /// What people call it.
    pub name: RecipientName,
    /// Where it stands.
    pub section: Section,
    /// Its public keys that can be closed for.
    pub recipients: Vec<Recipient>,
    /// Kinds of public keys that it has and that come later: no rule that names it can be used.
    pub unsupported: Vec<String>,
    /// A cluster's file with the certificate of its Sealed Secrets keys.
    pub certificate: Option<String>,
    /// Where its name stands.
    pub at: At,
}

/// Reads all three sections; every name and every public key is there once.
pub(super) fn parties(file: &ConfigFile) -> Result<Vec<Party>, ConfigError> {
    let mut parties: Vec<Party> = Vec::new();
    for (
        name,
        ClusterFile {
            recipients,
            certificate,
        },
    ) in &file.clusters.0
    {
        add(
            &mut parties,
            Section::Clusters,
            name,
            recipients,
            certificate.clone(),
        )?;
    }
    for (section, entries) in [
        (Section::People, &file.people),
        (Section::Recovery, &file.recovery),
    ] {
        for (name, PartyFile { recipients }) in &entries.0 {
            add(&mut parties, section, name, recipients, None)?;
        }
    }
    Ok(parties)
}

fn add(
    parties: &mut Vec<Party>,
    section: Section,
    Located { value: name, at }: &Located<String>,
    recipients: &[Located<String>],
    certificate: Option<String>,
) -> Result<(), ConfigError> {
    let at = *at;
    let name: RecipientName = name
        .parse()
        .map_err(|source| ConfigError::Name { at, source })?;
    if reads_like_key(name.as_str()) {
        return Err(ConfigError::NameLikeKey { at, name });
    }
    if let Some(Party { section, .. }) = parties.iter().find(|other| other.name == name) {
        return Err(ConfigError::NameTaken {
            at,
            name,
            section: *section,
        });
    }
    let mut party = Party {
        name,
        section,
        recipients: vec![],
        unsupported: vec![],
        certificate,
        at,
    };
    for Located { value, at } in recipients {
        let (at, name) = (*at, party.name.clone());
        match value.parse::<Recipient>() {
            Ok(recipient) => {
                let taken = |other: &&Party| {
                    other
                        .recipients
                        .iter()
                        .any(|known| known.fingerprint() == recipient.fingerprint())
                };
                if let Some(other) = parties.iter().chain([&party]).find(taken) {
                    let other = other.name.clone();
                    return Err(ConfigError::RecipientTaken { at, name, other });
                }
                party.recipients.push(recipient);
            }
            Err(RecipientError::Unsupported { kind }) => party.unsupported.push(kind),
            Err(source) => return Err(ConfigError::Recipient { at, name, source }),
        }
    }
    if party.recipients.is_empty() && party.unsupported.is_empty() && party.certificate.is_none() {
        return Err(ConfigError::NoRecipients {
            at,
            name: party.name,
        });
    }
    parties.push(party);
    Ok(())
}

/// `--for` takes names and public keys; nobody may be called like a key.
fn reads_like_key(name: &str) -> bool {
    name.starts_with("age1") || name.starts_with("fp-")
}
