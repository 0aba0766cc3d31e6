//! What a file of keys holds: lines of age, a key of ssh, or either under a passphrase.

use std::borrow::Cow;

use bulla_core::recipient::{
    IDENTITY_FILE_BYTES_MAX, Identity, IdentityError, IdentityFileError, LockedIdentityFile,
    LockedSshKey, PluginIdentity, SshKey, SshKeyError,
};

use crate::exit::Blame;
use crate::failure::Fault;

/// Keys out of one file, in its order.
#[derive(Debug, Default)]
pub(crate) struct KeyFile {
    /// Keys that open by themselves.
    pub(crate) identities: Vec<Identity>,
    /// Keys that plug-ins keep.
    pub(crate) plugins: Vec<PluginIdentity>,
    /// What a passphrase opens.
    pub(crate) locked: Option<Locked>,
}

/// Keys under a passphrase.
#[derive(Debug)]
pub(crate) enum Locked {
    /// A whole file of lines.
    File(LockedIdentityFile),
    /// A key of ssh.
    Ssh(LockedSshKey),
}

/// A file of keys that gives none.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeyFileError {
    /// In lines.
    #[error(transparent)]
    Lines(IdentityFileError),
    /// In a key of ssh.
    #[error(transparent)]
    Ssh(SshKeyError),
}

impl KeyFile {
    /// Reads whatever it is.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, KeyFileError> {
        if bytes.len() > IDENTITY_FILE_BYTES_MAX {
            return Err(KeyFileError::Lines(IdentityFileError::TooLarge));
        }
        if let Some(file) = LockedIdentityFile::read(bytes) {
            return Ok(Self {
                locked: Some(Locked::File(file)),
                ..Self::default()
            });
        }
        let public = [&b"ssh-"[..], b"ecdsa-", b"sk-"];
        if SshKey::seems(bytes) || public.iter().any(|kind| bytes.starts_with(kind)) {
            return Self::ssh(bytes);
        }
        let (keys, errors) = Self::lines(text_of(bytes)?.lines());
        errors.into_iter().next().map_or(Ok(keys), Err)
    }

    /// The same, where what is wrong with one line keeps no other from being used.
    pub(crate) fn parse_what_can_be(bytes: &[u8]) -> (Self, Vec<KeyFileError>) {
        let one_by_one = !SshKey::seems(bytes) && LockedIdentityFile::read(bytes).is_none();
        match std::str::from_utf8(bytes) {
            Ok(text) if one_by_one => Self::lines(text.lines()),
            _ => match Self::parse(bytes) {
                Ok(keys) => (keys, vec![]),
                Err(error) => (Self::default(), vec![error]),
            },
        }
    }

    /// Reads one identity a line.
    fn lines<'t>(lines: impl Iterator<Item = &'t str>) -> (Self, Vec<KeyFileError>) {
        let (mut keys, mut errors) = (Self::default(), Vec::new());
        for (line, text) in (1..).zip(lines) {
            let text = text.trim_end();
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            let parsed = match text.parse() {
                Err(IdentityError::Plugin) => text.parse().map(|key| keys.plugins.push(key)),
                parsed => parsed.map(|key| keys.identities.push(key)),
            };
            if let Err(source) = parsed {
                errors.push(KeyFileError::Lines(IdentityFileError::Line {
                    line,
                    source,
                }));
            }
        }
        if keys.identities.is_empty() && keys.plugins.is_empty() && errors.is_empty() {
            errors.push(KeyFileError::Lines(IdentityFileError::Empty));
        }
        (keys, errors)
    }

    /// The same for a variable, where keys may also stand beside each other, with blanks between.
    pub(crate) fn of_variable(bytes: &[u8]) -> (Self, Vec<KeyFileError>) {
        let text = match text_of(bytes) {
            Ok(text) if !SshKey::seems(bytes) => text,
            _ => return Self::parse_what_can_be(bytes),
        };
        let lines = text.lines().map(str::trim);
        let lines = lines.filter(|line| !line.starts_with('#'));
        Self::lines(lines.flat_map(str::split_ascii_whitespace))
    }

    fn ssh(bytes: &[u8]) -> Result<Self, KeyFileError> {
        let mut keys = Self::default();
        match SshKey::parse(bytes).map_err(KeyFileError::Ssh)? {
            SshKey::Open(identity) => keys.identities.push(identity),
            SshKey::Locked(key) => keys.locked = Some(Locked::Ssh(key)),
        }
        Ok(keys)
    }
}

fn text_of(bytes: &[u8]) -> Result<&str, KeyFileError> {
    std::str::from_utf8(bytes).map_err(|_| KeyFileError::Lines(IdentityFileError::Empty))
}

impl Fault for KeyFileError {
    fn blame(&self) -> Blame {
        Blame::Caller
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        Some(match self {
            Self::Lines(_) => "a key file has lines `AGE-SECRET-KEY-…`: `bulla key generate` makes one, and so does `age-keygen`".into(),
            Self::Ssh(error) => error.hint()?.into(),
        })
    }
}
