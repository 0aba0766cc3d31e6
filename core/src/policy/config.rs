//! `.bulla.yaml`, parsed and checked.

use super::error::{ConfigError, PolicyError};
use super::party::{Party, parties};
use super::rule::Rule;
use super::wire;
use crate::envelope::NamedRecipient;
use crate::names::RecipientName;
use crate::recipient::{Fingerprint, Recipient};

/// The largest file that is read.
pub const CONFIG_BYTES_MAX: usize = 1024 * 1024;
const RULES_MAX: usize = 1000;

/// A configuration: every name is used once, every public key belongs to one name, every rule
/// names somebody that is there and can count.
#[derive(Debug, Clone, Default)]
pub struct Config {
    parties: Vec<Party>,
    rules: Vec<Rule>,
}

impl Config {
    /// Reads `.bulla.yaml`. An empty file is a configuration without rules.
    ///
    /// # Errors
    /// [`ConfigError`] by variant, with line and column.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        if text.len() > CONFIG_BYTES_MAX {
            return Err(ConfigError::TooLarge {
                limit: CONFIG_BYTES_MAX,
            });
        }
        let file = wire::parse(text)?;
        let parties = parties(&file)?;
        let given = file.rules.unwrap_or_default();
        let mut rules: Vec<Rule> = Vec::with_capacity(given.len().min(RULES_MAX));
        if let Some(rule) = given.get(RULES_MAX) {
            return Err(ConfigError::TooManyRules {
                at: rule.at,
                limit: RULES_MAX,
            });
        }
        for rule in &given {
            let rule = Rule::parse(rule, &parties)?;
            if let Some(earlier) = rules
                .iter()
                .find(|earlier| earlier.path().covers(rule.path()))
            {
                return Err(ConfigError::HiddenRule {
                    at: rule.at(),
                    path: rule.path().to_string(),
                    earlier: earlier.path().to_string(),
                    earlier_at: earlier.at(),
                });
            }
            rules.push(rule);
        }
        Ok(Self { parties, rules })
    }

    /// The rule for a file: the first that matches. `path` is relative to the directory of
    /// `.bulla.yaml`, with `/` between its parts.
    ///
    /// # Errors
    /// [`PolicyError::NoRule`].
    pub fn rule_for(&self, path: &str) -> Result<&Rule, PolicyError> {
        let found = self.rules.iter().find(|rule| rule.path().matches(path));
        found.ok_or_else(|| PolicyError::NoRule {
            path: path.to_owned(),
        })
    }

    /// The rules in the order of the file.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// Clusters, people and recovery keys, in the order of the file.
    pub fn parties(&self) -> &[Party] {
        &self.parties
    }

    /// Who is called that.
    pub fn party(&self, name: &str) -> Option<&Party> {
        self.parties
            .iter()
            .find(|party| party.name.as_str() == name)
    }

    /// Whose public key has this fingerprint.
    pub fn party_of(&self, fingerprint: &Fingerprint) -> Option<(&Party, &Recipient)> {
        self.parties.iter().find_map(|party| {
            let mine = party
                .recipients
                .iter()
                .find(|r| r.fingerprint() == *fingerprint)?;
            Some((party, mine))
        })
    }

    /// Whom names and public keys stand for, as `--for` takes them: `NAME`, `PUBLIC-KEY`, `NAME=PUBLIC-KEY`.
    ///
    /// A public key that the configuration knows has its name there; another one without a name is
    /// called by its fingerprint.
    ///
    /// # Errors
    /// [`PolicyError::UnknownName`], [`PolicyError::Recipient`], [`PolicyError::NotTheirKey`],
    /// [`PolicyError::AskedTwice`], and as for [`Party::named_recipients`].
    pub fn resolve<S: AsRef<str>>(&self, wanted: &[S]) -> Result<Vec<NamedRecipient>, PolicyError> {
        let mut resolved: Vec<NamedRecipient> = Vec::new();
        for text in wanted {
            let text = text.as_ref().trim();
            // Base64 of an ssh key may end in `=`; what stands before it is no name then.
            let named = text.split_once('=').filter(|(name, _)| !name.contains(' '));
            let found = match (self.party(text), named) {
                (Some(party), _) => party.named_recipients()?,
                (None, Some((name, key))) => vec![self.named_key(name, key)?],
                (None, None) => vec![self.public_key(text)?],
            };
            for named in found {
                if resolved
                    .iter()
                    .any(|other| other.recipient == named.recipient)
                {
                    return Err(PolicyError::AskedTwice { name: named.name });
                }
                resolved.push(named);
            }
        }
        Ok(resolved)
    }

    fn named_key(&self, name: &str, key: &str) -> Result<NamedRecipient, PolicyError> {
        let name: RecipientName = name
            .parse()
            .map_err(|source| PolicyError::Name { source })?;
        let recipient: Recipient = key
            .parse()
            .map_err(|source| PolicyError::Recipient { source })?;
        let by_name = self.party(name.as_str());
        let by_key = self.party_of(&recipient.fingerprint());
        let conflict = by_name.is_some_and(|party| !party.recipients.contains(&recipient))
            || by_key.is_some_and(|(party, _)| party.name != name);
        if conflict {
            return Err(PolicyError::NotTheirKey { name });
        }
        Ok(NamedRecipient { name, recipient })
    }

    fn public_key(&self, text: &str) -> Result<NamedRecipient, PolicyError> {
        if text.parse::<RecipientName>().is_ok() && !text.starts_with("age1") {
            let known = self
                .parties
                .iter()
                .map(|party| party.name.clone())
                .collect();
            let name = text.to_owned();
            return Err(PolicyError::UnknownName { name, known });
        }
        let recipient: Recipient = text
            .parse()
            .map_err(|source| PolicyError::Recipient { source })?;
        let fingerprint = recipient.fingerprint();
        let name = match self.party_of(&fingerprint) {
            Some((party, known)) if *known == recipient => party.name.clone(),
            _ => fingerprint
                .to_string()
                .parse()
                .expect("a fingerprint is a valid name"),
        };
        Ok(NamedRecipient { name, recipient })
    }
}

#[cfg(test)]
#[path = "config_tests.rs"]
mod tests;
