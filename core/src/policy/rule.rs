//! One rule: which files, closed for whom, and how.

use std::fmt;

use super::error::{At, ConfigError, PolicyError};
use super::glob::PathGlob;
use super::party::Party;
use super::wire::{FormatFile, Located, RuleFile, ScopeFile};
use crate::envelope::{MAX_RECIPIENTS, NamedRecipient};
use crate::names::RecipientName;
use crate::recipient::Fingerprint;
use crate::scope::Scope;
use crate::sops::{Selector, SelectorKind};

/// The format of a sealed file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// `SecretEnvelope`.
    #[default]
    Envelope,
    /// `SealedSecret` of Sealed Secrets.
    SealedSecret,
    /// Files of SOPS.
    Sops,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Envelope => "envelope",
            Self::SealedSecret => "sealed-secret",
            Self::Sops => "sops",
        })
    }
}

/// A rule of `.bulla.yaml`, its names resolved.
#[derive(Debug, Clone)]
pub struct Rule {
    path: PathGlob,
    parties: Vec<Party>,
    post_quantum: bool,
    scope: Option<Scope>,
    format: Format,
    encrypted_regex: Option<String>,
    at: At,
}

impl Rule {
    pub(super) fn parse(
        Located { value: file, .. }: &Located<RuleFile>,
        parties: &[Party],
    ) -> Result<Self, ConfigError> {
        let at = file.path.at;
        let path = PathGlob::parse(&file.path.value).map_err(|rule| ConfigError::Glob {
            at,
            path: file.path.value.clone(),
            rule,
        })?;
        let format = file.format.map_or(Format::default(), Format::from);
        if file.encrypted_regex.is_some() && format != Format::Sops {
            let (field, format) = ("encryptedRegex", Format::Sops);
            return Err(ConfigError::FieldOfOtherFormat { at, field, format });
        }
        if let Some(Located { value, at }) = &file.encrypted_regex {
            // What Go does not compile, sops takes for an expression that matches nothing.
            Selector::new(SelectorKind::EncryptedRegex, value)
                .map_err(|_| ConfigError::Pattern { at: *at })?;
        }
        let mut named: Vec<Party> = Vec::new();
        for Located { value: name, at } in &file.closed_for {
            let Some(party) = parties.iter().find(|party| party.name.as_str() == name) else {
                let known = parties.iter().map(|party| party.name.clone()).collect();
                return Err(ConfigError::UnknownName {
                    at: *at,
                    name: name.clone(),
                    known,
                });
            };
            if named.iter().any(|other| other.name == party.name) {
                return Err(ConfigError::NamedTwice {
                    at: *at,
                    name: party.name.clone(),
                });
            }
            named.push(party.clone());
        }
        let found = named.iter().map(|party| party.recipients.len()).sum();
        if named.is_empty() {
            return Err(ConfigError::ForNobody { at });
        }
        if found > MAX_RECIPIENTS {
            return Err(ConfigError::TooManyRecipients { at, found });
        }
        Ok(Self {
            path,
            parties: named,
            post_quantum: file.post_quantum.is_some(),
            scope: file.scope.map(Scope::from),
            format,
            encrypted_regex: file
                .encrypted_regex
                .as_ref()
                .map(|found| found.value.clone()),
            at,
        })
    }

    /// Which files it is for.
    pub fn path(&self) -> &PathGlob {
        &self.path
    }

    /// Where it stands.
    pub fn at(&self) -> At {
        self.at
    }

    /// Who is named by it, in the order of the file.
    pub fn parties(&self) -> &[Party] {
        &self.parties
    }

    /// The scope that it asks for: the default of new values, and the widest that is allowed.
    pub fn scope(&self) -> Option<Scope> {
        self.scope
    }

    /// True when every recipient must be post-quantum.
    pub fn post_quantum_required(&self) -> bool {
        self.post_quantum
    }

    /// The format of sealed files.
    pub fn format(&self) -> Format {
        self.format
    }

    /// With [`Format::Sops`]: the keys whose values are closed.
    pub fn encrypted_regex(&self) -> Option<&str> {
        self.encrypted_regex.as_deref()
    }

    /// Whom to close an envelope for. A name with several keys is there once for each of them:
    /// the fingerprint tells recipients apart, the name is for people.
    ///
    /// # Errors
    /// [`PolicyError::OtherFormat`], and those of [`Rule::everyone`].
    pub fn recipients(&self) -> Result<Vec<NamedRecipient>, PolicyError> {
        self.allow_format(Format::Envelope)?;
        self.everyone()
    }

    /// Refuses a file of another format than the rule's.
    ///
    /// # Errors
    /// [`PolicyError::OtherFormat`].
    pub fn allow_format(&self, found: Format) -> Result<(), PolicyError> {
        if self.format == found {
            return Ok(());
        }
        Err(PolicyError::OtherFormat {
            rule: self.path.to_string(),
            format: self.format,
        })
    }

    /// The public keys of everyone whom the rule names, whatever its format.
    ///
    /// # Errors
    /// [`PolicyError::UnsupportedRecipient`] and [`PolicyError::CertificateOnly`], [`PolicyError::NotPostQuantum`].
    pub fn everyone(&self) -> Result<Vec<NamedRecipient>, PolicyError> {
        let mut recipients = Vec::new();
        for party in &self.parties {
            recipients.extend(party.named_recipients()?);
        }
        self.allow_recipients(&recipients)?;
        Ok(recipients)
    }

    /// Whose certificate seals SealedSecrets: the one cluster of the rule that has one.
    ///
    /// # Errors
    /// [`PolicyError::NoCertificate`], [`PolicyError::SeveralClusters`].
    pub fn sealed_for(&self) -> Result<&Party, PolicyError> {
        let rule = || self.path.to_string();
        let with = |party: &&Party| party.certificate.is_some();
        let found: Vec<_> = self.parties.iter().filter(with).collect();
        match found[..] {
            [] => Err(PolicyError::NoCertificate { rule: rule() }),
            [party] => Ok(party),
            _ => Err(PolicyError::SeveralClusters {
                rule: rule(),
                clusters: found.iter().map(|party| party.name.clone()).collect(),
            }),
        }
    }

    /// Refuses an RSA key where the rule asks for post-quantum ones.
    ///
    /// # Errors
    /// [`PolicyError::NotPostQuantum`].
    pub fn allow_rsa(
        &self,
        name: &RecipientName,
        fingerprint: Fingerprint,
    ) -> Result<(), PolicyError> {
        if !self.post_quantum {
            return Ok(());
        }
        Err(PolicyError::NotPostQuantum {
            name: name.clone(),
            fingerprint,
            rule: self.path.to_string(),
        })
    }

    /// Refuses classic recipients where the rule does, for recipients that replace its own.
    ///
    /// # Errors
    /// [`PolicyError::NotPostQuantum`] with the first of them.
    pub fn allow_recipients(&self, recipients: &[NamedRecipient]) -> Result<(), PolicyError> {
        let classic = |named: &&NamedRecipient| !named.recipient.kind().is_post_quantum();
        match recipients
            .iter()
            .find(classic)
            .filter(|_| self.post_quantum)
        {
            Some(NamedRecipient { name, recipient }) => Err(PolicyError::NotPostQuantum {
                name: name.clone(),
                fingerprint: recipient.fingerprint(),
                rule: self.path.to_string(),
            }),
            None => Ok(()),
        }
    }

    /// The scope for new values: what was asked for, or the rule's, or `Strict`.
    ///
    /// # Errors
    /// [`PolicyError::ScopeTooWide`] when more is asked for than the rule says.
    pub fn allow_scope(&self, asked: Option<Scope>) -> Result<Scope, PolicyError> {
        let allowed = self.scope.unwrap_or_default();
        match (asked, self.scope) {
            (Some(asked), Some(limit)) if width(asked) > width(limit) => {
                Err(PolicyError::ScopeTooWide {
                    asked,
                    allowed,
                    rule: self.path.to_string(),
                })
            }
            (asked, _) => Ok(asked.unwrap_or(allowed)),
        }
    }

    /// Who is named by the rule and not among `recipients`: whoever replaces its recipients is told.
    pub fn left_out(&self, recipients: &[NamedRecipient]) -> Vec<RecipientName> {
        let is_in = |party: &&Party| {
            party
                .recipients
                .iter()
                .all(|r| recipients.iter().any(|n| n.recipient == *r))
        };
        self.parties
            .iter()
            .filter(|party| !is_in(party))
            .map(|party| party.name.clone())
            .collect()
    }
}

impl Party {
    /// Its public keys under its name.
    ///
    /// # Errors
    /// [`PolicyError::UnsupportedRecipient`] when one of them is of a kind that can't be closed for,
    /// [`PolicyError::CertificateOnly`] when there is none.
    pub fn named_recipients(&self) -> Result<Vec<NamedRecipient>, PolicyError> {
        let name = || self.name.clone();
        if let Some(kind) = self.unsupported.first() {
            return Err(PolicyError::UnsupportedRecipient {
                name: name(),
                kind: kind.clone(),
            });
        }
        if self.recipients.is_empty() {
            return Err(PolicyError::CertificateOnly { name: name() });
        }
        let named = |recipient: &_| NamedRecipient {
            name: name(),
            recipient: Clone::clone(recipient),
        };
        Ok(self.recipients.iter().map(named).collect())
    }
}

fn width(scope: Scope) -> u8 {
    match scope {
        Scope::Strict => 0,
        Scope::Namespace => 1,
        Scope::Cluster => 2,
    }
}

impl From<ScopeFile> for Scope {
    fn from(file: ScopeFile) -> Self {
        match file {
            ScopeFile::Strict => Self::Strict,
            ScopeFile::Namespace => Self::Namespace,
            ScopeFile::Cluster => Self::Cluster,
        }
    }
}

impl From<FormatFile> for Format {
    fn from(file: FormatFile) -> Self {
        match file {
            FormatFile::Envelope => Self::Envelope,
            FormatFile::SealedSecret => Self::SealedSecret,
            FormatFile::Sops => Self::Sops,
        }
    }
}
