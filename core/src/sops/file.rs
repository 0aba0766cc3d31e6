//! Files of SOPS, whatever their store: the door from ciphertext to plaintext and back.

use rand_core::RngCore;
use zeroize::Zeroizing;

use crate::manifest::Format;
use crate::plaintext::Plaintext;

use super::binary;
use super::cipher::DataKey;
use super::document;
use super::dotenv;
use super::error::SopsError;
use super::keys::Opener;
use super::metadata::Metadata;
use super::open::{Ciphertexts, MacPolicy};

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Store {
    /// YAML, any number of documents.
    Yaml,
    /// One object of JSON.
    Json,
    /// Lines of `KEY=value`.
    Dotenv,
    /// Anything else, as one value.
    Binary,
}

/// An opened file. Its MAC was verified, unless the caller asked not to.
pub struct Decrypted {
    /// The file in plaintext, without its `sops` block.
    pub plaintext: Plaintext,
    /// The block.
    pub metadata: Metadata,
    /// The key, for closing the file again.
    pub data_key: DataKey,
    /// The ciphertexts, for values that don't change.
    pub ciphertexts: Ciphertexts,
}

impl Store {
    /// The store of a file by the end of its name, as sops chooses it: `.env.production` is binary to it.
    /// `None` is an INI file, which is not read yet.
    pub fn of_name(name: &str) -> Option<Self> {
        Some(match name.rsplit_once('.').map(|(_, end)| end) {
            Some("yaml" | "yml") => Self::Yaml,
            Some("json") => Self::Json,
            Some("env") => Self::Dotenv,
            Some("ini") => return None,
            _ => Self::Binary,
        })
    }

    /// Reads the block of an encrypted file.
    ///
    /// # Errors
    ///
    /// `NotEncrypted` where there is none, and what is wrong with the file.
    pub fn metadata(self, file: &[u8]) -> Result<Metadata, SopsError> {
        match self {
            Self::Yaml => document::metadata(file, Format::Yaml),
            Self::Json => document::metadata(file, Format::Json),
            Self::Dotenv => dotenv::metadata(file),
            Self::Binary => binary::metadata(file),
        }
    }

    /// Opens a file.
    ///
    /// # Errors
    ///
    /// What is wrong with the file, or that nobody at hand opens it. Nothing of a file leaves before every value
    /// and the MAC were verified.
    pub fn decrypt(
        self,
        file: &[u8],
        opener: &impl Opener,
        policy: MacPolicy,
    ) -> Result<Decrypted, SopsError> {
        let metadata = self.metadata(file)?;
        let key = metadata.open_data_key(opener)?;
        let tree = |format| {
            let (text, known) = document::decrypt(file, format, &metadata, &key, policy)?;
            Ok::<_, SopsError>((Plaintext::from(text.as_bytes()), known))
        };
        let (plaintext, ciphertexts) = match self {
            Self::Yaml => tree(Format::Yaml)?,
            Self::Json => tree(Format::Json)?,
            Self::Dotenv => plain(dotenv::decrypt(file, &metadata, &key, policy)?),
            Self::Binary => binary::decrypt(file, &metadata, &key, policy)?,
        };
        Ok(Decrypted {
            plaintext,
            metadata,
            data_key: key,
            ciphertexts,
        })
    }

    /// Closes a file, under the block and the data key that are given; `now` is the time, in RFC 3339 and UTC.
    ///
    /// Values that stand in `known` under their paths keep the ciphertexts that they have there.
    ///
    /// # Errors
    ///
    /// What is wrong with the file, `AlreadyEncrypted`, and `NothingSelected` where everything would stay plaintext.
    pub fn encrypt(
        self,
        file: &[u8],
        metadata: &mut Metadata,
        key: &DataKey,
        known: &mut Ciphertexts,
        now: &str,
        rng: &mut impl RngCore,
    ) -> Result<Vec<u8>, SopsError> {
        match self {
            Self::Yaml => document::encrypt(file, Format::Yaml, metadata, key, known, now, rng),
            Self::Json => document::encrypt(file, Format::Json, metadata, key, known, now, rng),
            Self::Dotenv => dotenv::encrypt(file, metadata, key, known, now, rng),
            Self::Binary => binary::encrypt(file, metadata, key, known, now, rng),
        }
    }

    /// Writes another block into an encrypted file: other recipients of the same data key, for example.
    ///
    /// # Errors
    ///
    /// What is wrong with the file.
    pub fn replace_metadata(self, file: &[u8], metadata: &Metadata) -> Result<Vec<u8>, SopsError> {
        match self {
            Self::Yaml => document::replace_metadata(file, Format::Yaml, metadata),
            Self::Json => document::replace_metadata(file, Format::Json, metadata),
            Self::Dotenv => dotenv::replace_metadata(file, metadata),
            Self::Binary => binary::replace_metadata(file, metadata),
        }
    }
}

fn plain((bytes, known): (Zeroizing<Vec<u8>>, Ciphertexts)) -> (Plaintext, Ciphertexts) {
    (Plaintext::from(bytes.as_slice()), known)
}
