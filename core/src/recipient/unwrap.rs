//! Opens a closed payload: one binary age v1 file for one recipient, and nothing else.

use aws_lc_rs::hmac;
use zeroize::Zeroizing;

use super::derive::{FileKey, PAYLOAD_NONCE_BYTES, TAG_BYTES};
use super::header::{Header, HeaderError, Stanza};
use super::identity::StanzaFault;
use super::{HeaderFault, Identity, KeyKind, PluginStanza, Recipient};

/// The largest file that is looked at.
pub const FILE_BYTES_MAX: usize = 8 * 1024;

/// Why a file was not opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnwrapError {
    /// More than [`FILE_BYTES_MAX`].
    #[error("the age file is larger than {FILE_BYTES_MAX} bytes")]
    FileTooLarge,
    /// It does not begin like one.
    #[error("not an age file")]
    NotAge,
    /// The text form, which the format of envelopes does not use.
    #[error("an age file in ASCII armor, where a binary one is expected")]
    Armored,
    /// An age file of another version than 1.
    #[error("unsupported version of the age format")]
    UnsupportedVersion,
    /// The header, or the stanza for this identity, breaks a rule of the format.
    #[error("malformed age header")]
    Header(#[source] HeaderFault),
    /// A file for whoever knows a passphrase.
    #[error("refusing an age file that is closed by a passphrase")]
    Passphrase,
    /// A file for nobody: all of its stanzas are grease.
    #[error("the age file has no recipient")]
    NoRecipient,
    /// A file for more than one recipient.
    #[error("refusing an age file for {recipients} recipients, where one is expected")]
    ManyRecipients {
        /// Stanzas that are not grease.
        recipients: usize,
    },
    /// The file is for somebody else.
    #[error("the age file is not closed for this identity")]
    NoMatch,
    /// The header was changed.
    #[error("the header of the age file was changed: its MAC does not match")]
    HeaderMac,
    /// The payload was changed, cut short or added to.
    #[error("the payload of the age file is damaged")]
    Payload,
    /// The payload would be larger than the caller expects.
    #[error("the payload of the age file is larger than {max} bytes")]
    PayloadTooLarge {
        /// What the caller expects at most.
        max: usize,
    },
}

/// Opens `file` with `identity`.
///
/// The file must be a binary age v1 file with exactly one recipient; stanzas of grease beside it are passed over.
/// Nothing of the payload is seen before the MAC of the header was verified.
///
/// # Errors
///
/// [`UnwrapError`], in the order in which the file is read. A file for another identity is
/// [`UnwrapError::NoMatch`] whether or not it is damaged further on.
pub fn unwrap(
    identity: &Identity,
    file: &[u8],
    max_payload: usize,
) -> Result<Zeroizing<Vec<u8>>, UnwrapError> {
    let file = ClosedFile::read(file)?;
    let stanza = file.stanza();
    let file_key = identity
        .unwrap_stanza(stanza)
        .map_err(|fault| match fault {
            StanzaFault::NoMatch => UnwrapError::NoMatch,
            StanzaFault::Malformed(rule) => UnwrapError::Header(HeaderFault {
                line: stanza.line,
                rule,
            }),
        })?;
    file.open(&file_key, max_payload)
}

/// The kind of recipient that `file` is closed for, read off its header without any key.
///
/// `None` is what only a plug-in knows, or nobody.
///
/// # Errors
///
/// Those of [`unwrap`] that concern the header.
pub fn kind_of(file: &[u8]) -> Result<Option<KeyKind>, UnwrapError> {
    Ok(KeyKind::of_stanza(ClosedFile::read(file)?.stanza().kind))
}

/// An age file for one recipient, of which the header was read and nothing else.
pub struct ClosedFile<'a> {
    header: Header<'a>,
    recipient: usize,
}

impl<'a> ClosedFile<'a> {
    /// Reads the header.
    ///
    /// # Errors
    ///
    /// Those of [`unwrap`] that concern it.
    pub fn read(file: &'a [u8]) -> Result<Self, UnwrapError> {
        if file.len() > FILE_BYTES_MAX {
            return Err(UnwrapError::FileTooLarge);
        }
        let header = Header::read(file)?;
        let recipient = only_recipient(&header)?;
        Ok(Self { header, recipient })
    }

    /// The stanza of the recipient, for its plug-in.
    pub fn plugin_stanza(&self) -> PluginStanza {
        let stanza = self.stanza();
        PluginStanza {
            kind: stanza.kind.to_owned(),
            arguments: stanza
                .arguments
                .iter()
                .map(|word| (*word).to_owned())
                .collect(),
            body: stanza.body.clone(),
        }
    }

    /// Opens the payload with the file key that a plug-in took out of the stanza.
    ///
    /// # Errors
    ///
    /// [`UnwrapError::HeaderMac`] for another file key, and those of [`unwrap`] that concern the payload.
    pub fn open_with(
        &self,
        file_key: &[u8; 16],
        max_payload: usize,
    ) -> Result<Zeroizing<Vec<u8>>, UnwrapError> {
        let file_key = FileKey::new(file_key).expect("a file key has 16 bytes");
        self.open(&file_key, max_payload)
    }

    /// True when the file may be for `recipient`: a stanza of its kind, with its tag where it is an ssh key.
    pub fn may_be_for(&self, recipient: &Recipient) -> bool {
        let stanza = self.stanza();
        KeyKind::of_stanza(stanza.kind) == Some(recipient.kind())
            && recipient
                .ssh_tag()
                .is_none_or(|tag| stanza.ssh_tag() == Some(tag))
    }

    /// What kind of recipient it is for; see [`kind_of`].
    pub fn kind(&self) -> Option<KeyKind> {
        KeyKind::of_stanza(self.stanza().kind)
    }

    fn stanza(&self) -> &Stanza<'a> {
        &self.header.stanzas[self.recipient]
    }

    fn open(&self, file_key: &FileKey, max: usize) -> Result<Zeroizing<Vec<u8>>, UnwrapError> {
        let header = &self.header;
        hmac::verify(
            &file_key.header_mac_key(),
            header.authenticated,
            &header.mac,
        )
        .map_err(|_| UnwrapError::HeaderMac)?;
        open_payload(file_key, header.payload, max)
    }
}

/// The place of the one stanza that is not grease.
fn only_recipient(header: &Header<'_>) -> Result<usize, UnwrapError> {
    if header.stanzas.iter().any(|stanza| stanza.kind == "scrypt") {
        return Err(UnwrapError::Passphrase);
    }
    let stanzas = header.stanzas.iter().enumerate();
    let mut recipients = stanzas.filter(|(_, stanza)| !stanza.is_grease());
    let (first, _) = recipients.next().ok_or(UnwrapError::NoRecipient)?;
    match recipients.count() {
        0 => Ok(first),
        more => Err(UnwrapError::ManyRecipients {
            recipients: 1 + more,
        }),
    }
}

/// A payload of this size is one chunk, the first and the last: counter 0, and 1 for the last byte of the nonce.
fn open_payload(
    file_key: &FileKey,
    payload: &[u8],
    max: usize,
) -> Result<Zeroizing<Vec<u8>>, UnwrapError> {
    let (nonce, chunk) = payload
        .split_first_chunk::<PAYLOAD_NONCE_BYTES>()
        .ok_or(UnwrapError::Payload)?;
    let length = chunk
        .len()
        .checked_sub(TAG_BYTES)
        .ok_or(UnwrapError::Payload)?;
    if length > max {
        return Err(UnwrapError::PayloadTooLarge { max });
    }
    let mut opened = Zeroizing::new(chunk.to_vec());
    file_key
        .payload_key(nonce)
        .open(LAST_CHUNK_NONCE, &mut opened)
        .map_err(|_| UnwrapError::Payload)?;
    opened.truncate(length);
    Ok(opened)
}

impl From<HeaderError> for UnwrapError {
    fn from(error: HeaderError) -> Self {
        match error {
            HeaderError::NotAge => Self::NotAge,
            HeaderError::Armored => Self::Armored,
            HeaderError::UnsupportedVersion => Self::UnsupportedVersion,
            HeaderError::Malformed(fault) => Self::Header(fault),
        }
    }
}

const LAST_CHUNK_NONCE: [u8; 12] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
// One chunk of STREAM holds 64 KiB.
const _: () = assert!(FILE_BYTES_MAX < 64 * 1024);
