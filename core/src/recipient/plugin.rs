//! Keys that a plug-in of age keeps: `age1NAME1…` and `AGE-PLUGIN-NAME-1…`.
//!
//! What is in such a key, only the program `age-plugin-NAME` knows. Running it is for whoever implements [`Plugin`];
//! here are the texts, and what goes in and comes out.

use std::cell::RefCell;
use std::collections::HashSet;
use std::error::Error;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use age_core::format::{FileKey, Stanza};
use age_core::secrecy::ExposeSecret as _;
use zeroize::Zeroizing;

use super::identity::IdentityError;
use super::key_text;

/// The name of a plug-in. It holds nothing that could lead to another program: `a-z`, `0-9`, `+`, `-`, `.` and `_`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PluginName(Arc<str>);

/// A key that a plug-in keeps, or the way to it. Wiped when it is dropped.
#[derive(Clone)]
pub struct PluginIdentity {
    name: PluginName,
    text: Arc<Zeroizing<String>>,
}

/// A stanza that a plug-in made, or is given to open.
#[derive(Clone, PartialEq, Eq)]
pub struct PluginStanza {
    /// Its type.
    pub kind: String,
    /// The words that follow.
    pub arguments: Vec<String>,
    /// The closed file key.
    pub body: Vec<u8>,
}

/// Why a plug-in failed. Its text shows no key.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct PluginFault(Box<dyn Error + Send + Sync>);

/// Whoever runs the program of a plug-in.
pub trait Plugin: Send + Sync {
    /// Closes a file key for `recipient`.
    ///
    /// # Errors
    ///
    /// Where the program can't be run, or fails.
    fn wrap_file_key(
        &self,
        recipient: &str,
        file_key: &[u8; 16],
    ) -> Result<Vec<PluginStanza>, PluginFault>;
}

/// A recipient `age1NAME1…`.
#[derive(Clone)]
pub(super) struct PluginRecipient {
    pub(super) name: PluginName,
    pub(super) runner: Option<Arc<dyn Plugin>>,
}

impl PluginName {
    /// The name, in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The program: `age-plugin-NAME`.
    pub fn program(&self) -> String {
        format!("age-plugin-{}", self.0)
    }
}

impl FromStr for PluginName {
    type Err = &'static str;

    fn from_str(name: &str) -> Result<Self, &'static str> {
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"+-._".contains(&b);
        if name.is_empty() || name.len() > NAME_BYTES_MAX {
            Err("must have 1 to 64 characters")
        } else if !name.bytes().all(allowed) {
            Err("must be made of a-z, 0-9, `+`, `-`, `.` and `_`")
        } else {
            Ok(Self(name.into()))
        }
    }
}

impl fmt::Display for PluginName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl PluginIdentity {
    /// The plug-in.
    pub fn name(&self) -> &PluginName {
        &self.name
    }

    /// Hands out the text, for the plug-in's program. The caller says in a comment where else it goes.
    pub fn expose_text(&self) -> &str {
        &self.text
    }
}

impl FromStr for PluginIdentity {
    type Err = IdentityError;

    fn from_str(text: &str) -> Result<Self, IdentityError> {
        let inner = text
            .strip_prefix("AGE-PLUGIN-")
            .ok_or(IdentityError::Unknown)?;
        let (name, _) = inner.rsplit_once("-1").ok_or(IdentityError::PluginText)?;
        let name = name.to_ascii_lowercase();
        let name = name.parse().map_err(|_| IdentityError::PluginText)?;
        key_text::check(text, true).map_err(|_| IdentityError::PluginText)?;
        Ok(Self {
            name,
            text: Arc::new(Zeroizing::new(text.to_owned())),
        })
    }
}

impl fmt::Debug for PluginIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PluginIdentity(redacted {})", self.name)
    }
}

impl fmt::Debug for PluginStanza {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PluginStanza(…)")
    }
}

impl PluginFault {
    /// Takes what went wrong.
    pub fn new(error: impl Error + Send + Sync + 'static) -> Self {
        Self(Box::new(error))
    }
}

/// A recipient of age that asks a plug-in, and keeps what the plug-in said.
pub(super) struct Outside<'a> {
    plugin: &'a dyn Plugin,
    recipient: &'a str,
    fault: RefCell<Option<PluginFault>>,
}

impl<'a> Outside<'a> {
    pub(super) fn new(plugin: &'a dyn Plugin, recipient: &'a str) -> Self {
        Self {
            plugin,
            recipient,
            fault: RefCell::default(),
        }
    }

    pub(super) fn into_fault(self) -> Option<PluginFault> {
        self.fault.into_inner()
    }
}

impl age::Recipient for Outside<'_> {
    fn wrap_file_key(
        &self,
        file_key: &FileKey,
    ) -> Result<(Vec<Stanza>, HashSet<String>), age::EncryptError> {
        let file_key = Zeroizing::new(*file_key.expose_secret());
        let stanzas = match self.plugin.wrap_file_key(self.recipient, &file_key) {
            Ok(stanzas) => stanzas,
            Err(fault) => {
                *self.fault.borrow_mut() = Some(fault);
                return Err(std::io::Error::other("the plug-in failed").into());
            }
        };
        let stanza = |made: PluginStanza| Stanza {
            tag: made.kind,
            args: made.arguments,
            body: made.body,
        };
        Ok((stanzas.into_iter().map(stanza).collect(), HashSet::new()))
    }
}

const NAME_BYTES_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_to_no_other_program() {
        for name in ["yubikey", "tpm", "a+b-c.d_e", "1p"] {
            assert_eq!(
                name.parse().map(|name: PluginName| name.program()),
                Ok(format!("age-plugin-{name}"))
            );
        }
        let long = "a".repeat(65);
        for name in [
            "", "../x", "a/b", "a\\b", "a b", "a\0", "é", "Yubikey", "a;b", "a\nb", &long,
        ] {
            assert!(name.parse::<PluginName>().is_err(), "{name:?}");
        }
    }

    #[test]
    fn an_identity_names_its_plugin_and_shows_nothing() {
        let text = key_text::tests_encode("age-plugin-yubi.key-", &[7; 20], true);
        let identity: PluginIdentity = text.parse().expect("a valid identity");
        assert_eq!(
            (identity.name().as_str(), identity.expose_text()),
            ("yubi.key", text.as_str())
        );
        assert!(!format!("{identity:?}").contains(&text[20..]));
        for bad in [
            text.to_lowercase(),
            text.replacen("YUBI", "YU/I", 1),
            text[..text.len() - 1].to_owned(),
            key_text::tests_encode("age-plugin-../x-", &[7; 20], true),
            key_text::tests_encode("age-plugin--", &[7; 20], true),
        ] {
            assert!(bad.parse::<PluginIdentity>().is_err(), "{bad}");
        }
    }
}
