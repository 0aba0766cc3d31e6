//! Recipients and identities: whom a data key is closed for, and who opens it.
//!
//! A [`Recipient`] is the public half of an age key, an [`Identity`] the private half. [`wrap`]
//! closes a small payload for exactly one recipient, as a binary age v1 file that the public `age`
//! tool opens too; [`unwrap`] opens such a file and refuses every other shape of it.
//!
//! # Guarantees
//!
//! - A recipient has one text. What parses is canonical, so equal keys have equal fingerprints.
//! - No error holds a private key, a part of one, or a payload.
//! - Private keys, file keys and everything derived from them are wiped when they are dropped.
//!
//! # Caveats
//!
//! - An age file says nothing about who wrote it: anyone can close anything for a public key.
//! - [`wrap`] draws its own randomness from the operating system, as age does.
//! - Programs of plug-ins are not run here, and nobody is asked for a passphrase: a [`Plugin`] and a [`Reserve`]
//!   stand for them.

mod armor;
mod derive;
mod fingerprint;
mod header;
mod identity;
mod identity_file;
mod key_ring;
mod key_text;
mod kind;
mod passphrase;
mod plugin;
mod public;
mod recipient_error;
mod reserve;
mod ssh;
mod suite;
mod unwrap;
#[cfg(test)]
mod vectors;
mod wrap;
mod xwing;

pub use armor::{armor, dearmor};
pub use fingerprint::{Fingerprint, FingerprintError};
pub use header::HeaderFault;
pub use identity::{Identity, IdentityError};
pub use identity_file::{
    IDENTITY_FILE_BYTES_MAX, IdentityFileError, identity_file_text, parse_identity_file,
};
pub use key_ring::KeyRing;
pub use kind::KeyKind;
pub use passphrase::{LockedIdentityFile, PassphraseError};
pub use plugin::{Plugin, PluginFault, PluginIdentity, PluginName, PluginStanza};
pub use public::Recipient;
pub(crate) use public::without_comment;
pub use recipient_error::RecipientError;
pub use reserve::{Closed, FromReserve, Hint, Reserve};
pub use ssh::{LockedSshKey, SshKey, SshKeyError};
pub use suite::{Suite, SuiteError};
pub use unwrap::{ClosedFile, FILE_BYTES_MAX, UnwrapError, kind_of, unwrap};
pub use wrap::{PAYLOAD_BYTES_MAX, WrapError, wrap};
