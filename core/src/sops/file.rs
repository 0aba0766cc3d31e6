//! Files of SOPS, whatever their store: the door from ciphertext to plaintext and back.

use rand_core::RngCore;

use crate::manifest::{Format, Stream};
use crate::plaintext::Plaintext;

use super::binary;
use super::body::Body;
use super::cipher::DataKey;
use super::close::close;
use super::document::{self, Document};
use super::dotenv::Dotenv;
use super::error::SopsError;
use super::ini::Ini;
use super::keys::Opener;
use super::metadata::Metadata;
use super::open::{Ciphertexts, MacPolicy, open};
use super::site::{self, Site};
use super::tree::Tree;

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Store {
    /// YAML, any number of documents.
    Yaml,
    /// One object of JSON.
    Json,
    /// Lines of `KEY=value`.
    Dotenv,
    /// Sections of `key = value`.
    Ini,
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
    /// The ciphertexts, for values that don't change. Binary files have none: any change changes all of them.
    pub ciphertexts: Ciphertexts,
}

/// An opened file as a tree. Its MAC was verified, unless the caller asked not to.
pub struct DecryptedTree {
    /// Its values.
    pub tree: Tree,
    /// The block.
    pub metadata: Metadata,
    /// The key.
    pub data_key: DataKey,
}

impl Store {
    /// The store of a file by the end of its name, as sops chooses it: `.env.production` is binary to it.
    pub fn of_name(name: &str) -> Self {
        match name.rsplit_once('.').map(|(_, end)| end) {
            Some("yaml" | "yml") => Self::Yaml,
            Some("json") => Self::Json,
            Some("env") => Self::Dotenv,
            Some("ini") => Self::Ini,
            _ => Self::Binary,
        }
    }

    /// Reads the block of an encrypted file.
    ///
    /// # Errors
    ///
    /// `NotEncrypted` where there is none, and what is wrong with the file.
    pub fn metadata(self, file: &[u8]) -> Result<Metadata, SopsError> {
        match self {
            Self::Binary => binary::metadata(file),
            _ => self.read(file, |body| body.metadata()),
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
        if self == Self::Binary {
            return binary::decrypt(file, policy, |block| block.open_data_key_to(policy, opener));
        }
        self.read(file, |body| {
            let metadata = body.metadata()?;
            let data_key = metadata.open_data_key_to(policy, opener)?;
            let mut ciphertexts = Ciphertexts::default();
            let known = Some(&mut ciphertexts);
            let outcomes = open(body.steps(), &metadata, &data_key, policy, known)?;
            Ok(Decrypted {
                plaintext: body.plaintext(&outcomes)?,
                metadata,
                data_key,
                ciphertexts,
            })
        })
    }

    /// Opens a file for somebody who only reads it: what it takes to close it again is not kept. The data key of its
    /// block comes from `data_key`.
    ///
    /// # Errors
    ///
    /// As for [`Store::decrypt`], and those of `data_key`.
    pub fn plaintext<E: From<SopsError>>(
        self,
        file: &[u8],
        policy: MacPolicy,
        data_key: impl FnOnce(&Metadata) -> Result<DataKey, E>,
    ) -> Result<Plaintext, E> {
        if self == Self::Binary {
            return Ok(binary::decrypt(file, policy, data_key)?.plaintext);
        }
        let opened = |body: &dyn Body| {
            let metadata = body.metadata()?;
            let data_key = data_key(&metadata)?;
            let outcomes = open(body.steps(), &metadata, &data_key, policy, None)?;
            Ok(body.plaintext(&outcomes)?)
        };
        // The errors of the caller are no errors of the file.
        self.read(file, |body| Ok(opened(body)))?
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
        if self == Self::Binary {
            return binary::encrypt(file, metadata, key, now, rng);
        }
        let selector = metadata.selector()?;
        let expanded = match self {
            Self::Yaml => document::without_aliases(file, &selector)?,
            _ => None,
        };
        let file = expanded.as_ref().map_or(file, |text| text.as_bytes());
        self.read(file, |body| {
            refuse_encrypted(body)?;
            let steps = body.steps();
            let closed = close(steps, metadata, Some(&selector), key, known, now, rng)?;
            body.closed(&closed, metadata)
        })
    }

    /// Opens a file as a tree of typed values, for whoever wants some of them, or another format.
    ///
    /// # Errors
    ///
    /// Those of [`Store::decrypt`].
    pub fn decrypt_tree(
        self,
        file: &[u8],
        opener: &impl Opener,
        policy: MacPolicy,
    ) -> Result<DecryptedTree, SopsError> {
        if self == Self::Binary {
            let opened =
                binary::decrypt(file, policy, |block| block.open_data_key_to(policy, opener))?;
            return Ok(DecryptedTree {
                tree: Tree::binary(opened.plaintext.reveal()),
                metadata: opened.metadata,
                data_key: opened.data_key,
            });
        }
        self.read(file, |body| {
            let metadata = body.metadata()?;
            let data_key = metadata.open_data_key_to(policy, opener)?;
            let steps = body.steps();
            let outcomes = open(steps, &metadata, &data_key, policy, None)?;
            Ok(DecryptedTree {
                tree: Tree::opened(steps, &outcomes),
                metadata,
                data_key,
            })
        })
    }

    /// Reads a file that is not encrypted as a tree.
    ///
    /// # Errors
    ///
    /// What is wrong with the file.
    pub fn tree(self, plaintext: &[u8]) -> Result<Tree, SopsError> {
        match self {
            Self::Binary => Ok(Tree::binary(plaintext)),
            _ => self.read(plaintext, |body| Ok(Tree::plain(body.steps()))),
        }
    }

    /// Where the values of a file stand, and whether they are encrypted as its block wants it; without any key.
    ///
    /// # Errors
    ///
    /// What is wrong with the file; `NotEncrypted`.
    pub fn sites(self, file: &[u8]) -> Result<Vec<Site>, SopsError> {
        if self == Self::Binary {
            binary::metadata(file)?;
        }
        self.read(file, |body| {
            let selector = body.metadata()?.selector()?;
            let selector = (self != Self::Binary).then_some(&selector);
            Ok(site::sites(body.steps(), selector))
        })
    }

    /// Takes a file to pieces; not for binary files, which have none.
    pub(super) fn read<T>(
        self,
        file: &[u8],
        work: impl FnOnce(&dyn Body) -> Result<T, SopsError>,
    ) -> Result<T, SopsError> {
        match self {
            Self::Yaml => {
                let stream = Stream::parse_sops(file, Format::Yaml)?;
                work(&Document::read(&stream)?)
            }
            Self::Json | Self::Binary => {
                let stream = Stream::parse_sops(file, Format::Json)?;
                work(&Document::read(&stream)?)
            }
            Self::Dotenv => work(&Dotenv::read(file)?),
            Self::Ini => work(&Ini::read(file)?),
        }
    }
}

/// A file that is to be encrypted has no block, and something to put one behind.
pub(super) fn refuse_encrypted(body: &dyn Body) -> Result<(), SopsError> {
    if body.has_block() {
        return Err(SopsError::AlreadyEncrypted);
    }
    if body.steps().is_empty() {
        return Err(SopsError::Store {
            line: 1,
            rule: "there is nothing in the file: write `{}` for an empty one",
        });
    }
    Ok(())
}
