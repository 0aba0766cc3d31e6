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
        let text = std::str::from_utf8(bytes)
            .map_err(|_| KeyFileError::Lines(IdentityFileError::Empty))?;
        Self::lines(text.lines())
    }

    /// Reads one identity a line, as [`Self::of_words`] reads them.
    fn lines<'t>(lines: impl Iterator<Item = &'t str>) -> Result<Self, KeyFileError> {
        let mut keys = Self::default();
        for (line, text) in (1..).zip(lines) {
            let text = text.trim_end();
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            let parsed = match text.parse() {
                Err(IdentityError::Plugin) => text.parse().map(|key| keys.plugins.push(key)),
                parsed => parsed.map(|key| keys.identities.push(key)),
            };
            parsed
                .map_err(|source| KeyFileError::Lines(IdentityFileError::Line { line, source }))?;
        }
        match keys.identities.is_empty() && keys.plugins.is_empty() {
            true => Err(KeyFileError::Lines(IdentityFileError::Empty)),
            false => Ok(keys),
        }
    }

    /// The same for a variable, where keys may also stand beside each other, with blanks between.
    pub(crate) fn of_variable(bytes: &[u8]) -> Result<Self, KeyFileError> {
        if SshKey::seems(bytes) {
            return Self::parse(bytes);
        }
        let text = std::str::from_utf8(bytes)
            .map_err(|_| KeyFileError::Lines(IdentityFileError::Empty))?;
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
