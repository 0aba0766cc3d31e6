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
//! - ssh keys, plug-ins and passphrases are not read here.

mod armor;
mod derive;
mod fingerprint;
mod header;
mod identity;
mod identity_file;
mod key_ring;
mod key_text;
mod public;
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
pub use public::{Recipient, RecipientError};
pub use suite::{Suite, SuiteError};
pub use unwrap::{FILE_BYTES_MAX, UnwrapError, suite_of, unwrap};
pub use wrap::{PAYLOAD_BYTES_MAX, WrapError, wrap};
