//! Changes of files that are encrypted and stay so: only what is concerned is written anew.

use rand_core::RngCore;
use serde_json::Value as Json;
use zeroize::Zeroizing;

use crate::manifest::{Format, Path};

use super::binary;
use super::body::{Body, Put};
use super::cipher::{Cipher, DataKey};
use super::close::close_mac;
use super::document::{self, Part};
use super::dotenv;
use super::error::SopsError;
use super::file::Store;
use super::ini;
use super::keys::Opener;
use super::metadata::Metadata;
use super::open::{Ciphertexts, MacPolicy, open};
use super::renew::Renewal;
use super::tree::Tree;
use super::walk::{Form, Step, Walk};

/// A file that was changed.
pub struct Changed {
    /// The file, encrypted.
    pub file: Vec<u8>,
    /// False where it says what it said before: its MAC is new, and nothing else.
    pub changed: bool,
}

/// How a value is set or taken out.
#[derive(Debug, Clone, Copy)]
pub struct Setting<'s> {
    /// Whether the file is changed although its MAC doesn't match.
    pub mac: MacPolicy,
    /// The time, in RFC 3339 and UTC.
    pub now: &'s str,
}

impl Store {
    /// Sets the value at a path of the first document, in the encrypted file: other values keep their bytes.
    ///
    /// Mappings and lists on the way that are not there are made; a position behind the end of a list adds to it.
    /// As in sops, a bare number is a float, and numbers inside of `value` are what they look like.
    ///
    /// # Errors
    ///
    /// Those of [`Store::decrypt`]; `NoSuchPath` for an empty path, or one that leads through a scalar.
    pub fn set(
        self,
        file: &[u8],
        opener: &impl Opener,
        path: &Path,
        value: &Json,
        setting: Setting<'_>,
        rng: &mut impl RngCore,
    ) -> Result<Changed, SopsError> {
        let float = |number: &serde_json::Number| {
            let float = number.as_f64().and_then(serde_json::Number::from_f64);
            float.map(Json::Number)
        };
        let value = match value {
            Json::Number(number) => float(number).unwrap_or_else(|| value.clone()),
            other => other.clone(),
        };
        self.change(file, opener, path, Some(&value), setting, rng)
    }

    /// Writes `value` at a path of the first document of a plaintext file; no other byte changes.
    ///
    /// # Errors
    ///
    /// `NoSuchPath` where nothing can stand there, and what is wrong with the file.
    pub fn put(
        self,
        file: &[u8],
        path: &Path,
        value: &Json,
    ) -> Result<Zeroizing<Vec<u8>>, SopsError> {
        Ok(self.put_at(file, path, Some(value))?.file)
    }

    /// The file with a value in plaintext at the path, or without what stands there, and where that is.
    pub(super) fn put_at(
        self,
        file: &[u8],
        path: &Path,
        value: Option<&Json>,
    ) -> Result<Put, SopsError> {
        match self {
            Self::Yaml => document::put(file, Format::Yaml, path, value),
            Self::Json => document::put(file, Format::Json, path, value),
            Self::Dotenv => dotenv::put(file, path, value),
            Self::Ini => ini::put(file, path, value),
            Self::Binary => Err(SopsError::NoSuchPath { path: path.clone() }),
        }
    }

    /// Takes out what stands at a path of the first document of the encrypted file.
    ///
    /// # Errors
    ///
    /// Those of [`Store::decrypt`], and `NoSuchPath`.
    pub fn unset(
        self,
        file: &[u8],
        opener: &impl Opener,
        path: &Path,
        setting: Setting<'_>,
        rng: &mut impl RngCore,
    ) -> Result<Changed, SopsError> {
        self.change(file, opener, path, None, setting, rng)
    }

    fn change(
        self,
        file: &[u8],
        opener: &impl Opener,
        path: &Path,
        value: Option<&Json>,
        setting: Setting<'_>,
        rng: &mut impl RngCore,
    ) -> Result<Changed, SopsError> {
        let missing = || SopsError::NoSuchPath { path: path.clone() };
        if path.0.is_empty() {
            return Err(missing());
        }
        if self == Self::Binary {
            let opened = binary::decrypt(file, opener, setting.mac)?;
            let text = value
                .filter(|_| binary::is_data(path))
                .and_then(Json::as_str);
            let text = text.ok_or_else(missing)?;
            let (mut metadata, key) = (opened.metadata, opened.data_key);
            let changed = opened.plaintext.reveal() != text.as_bytes();
            let file = binary::encrypt(text.as_bytes(), &mut metadata, &key, setting.now, rng)?;
            return Ok(Changed { file, changed });
        }
        let put = self.put_at(file, path, value);
        if put.is_err() {
            // What is wrong with the file comes before what is wrong with the path.
            self.decrypt_tree(file, opener, setting.mac)?;
        }
        let Put { file: put, at } = put?;
        self.read(file, |before| {
            self.read(&put, |after| {
                let opened = Opened::of(before, opener, setting.mac)?;
                let fresh = value.map(|_| &at);
                unchanged_outside(before.steps(), after.steps(), &at, fresh)?;
                let quoted = is_quoted(before.steps(), &at);
                opened.write(after, path, (fresh, quoted), setting.now, rng)
            })
        })
    }

    /// Closes all values with another data key, under a block in which that key is closed already.
    ///
    /// # Errors
    ///
    /// Those of [`Store::decrypt`].
    pub fn rotate(
        self,
        file: &[u8],
        opener: &impl Opener,
        metadata: &mut Metadata,
        new_key: &DataKey,
        setting: Setting<'_>,
        rng: &mut impl RngCore,
    ) -> Result<Vec<u8>, SopsError> {
        if self == Self::Binary {
            let opened = binary::decrypt(file, opener, setting.mac)?;
            let plaintext = opened.plaintext.reveal();
            // From one ciphertext into the next.
            return binary::encrypt(plaintext, metadata, new_key, setting.now, rng);
        }
        self.read(file, |body| {
            let before = Opened::of(body, opener, setting.mac)?;
            let selector = before.metadata.selector()?;
            let renewal = Renewal {
                selector: Some(&selector),
                only_encrypted: before.metadata.mac_only_encrypted(),
                key: &before.key,
                new_key: Some(new_key),
                fresh: None,
                quoted: true,
            };
            let mut known = Ciphertexts::default();
            let (closed, mac) = renewal.close(body.steps(), &mut known, rng)?;
            close_mac(&mac, metadata, &Cipher::new(new_key), setting.now, rng)?;
            body.closed(&closed, metadata)
        })
    }

    /// Writes another block into an encrypted file: other recipients of the same data key, for example.
    /// Values, MAC and time stay.
    ///
    /// # Errors
    ///
    /// What is wrong with the file.
    pub fn replace_metadata(self, file: &[u8], metadata: &Metadata) -> Result<Vec<u8>, SopsError> {
        if self == Self::Binary {
            return binary::replace_metadata(file, metadata);
        }
        self.read(file, |body| {
            if !body.has_block() {
                return Err(SopsError::NotEncrypted);
            }
            let nothing: Vec<_> = body.steps().iter().map(|_| None).collect();
            body.closed(&nothing, metadata)
        })
    }
}

/// A file as it was before the change, verified.
struct Opened {
    metadata: Metadata,
    key: DataKey,
    known: Ciphertexts,
    tree: Tree,
}

impl Opened {
    fn of(body: &dyn Body, opener: &impl Opener, policy: MacPolicy) -> Result<Self, SopsError> {
        let metadata = body.metadata()?;
        let key = metadata.open_data_key(opener)?;
        let selector = metadata.selector()?;
        let (outcomes, known) = open(body.steps(), &metadata, Some(&selector), &key, policy)?;
        Ok(Self {
            tree: Tree::opened(body.steps(), &outcomes),
            metadata,
            key,
            known,
        })
    }

    /// The file in which `fresh` is plaintext yet, encrypted.
    fn write(
        mut self,
        after: &dyn Body,
        path: &Path,
        (fresh, quoted): (Option<&Path>, bool),
        now: &str,
        rng: &mut impl RngCore,
    ) -> Result<Changed, SopsError> {
        let selector = self.metadata.selector()?;
        let renewal = Renewal {
            selector: Some(&selector),
            only_encrypted: self.metadata.mac_only_encrypted(),
            key: &self.key,
            new_key: None,
            fresh,
            quoted,
        };
        let (closed, mac) = renewal.close(after.steps(), &mut self.known, rng)?;
        let changed = fresh.is_none_or(|fresh| {
            // Positions in the file count comments of lists, those that people give don't.
            let end = fresh.0.len().min(path.0.len());
            let old = self.tree.get(&Path(path.0[..end].to_vec()));
            let new = Tree::plain(after.steps());
            match (old, new.get(fresh)) {
                (Some(old), Some(new)) => !old.same(new),
                _ => true,
            }
        });
        close_mac(&mac, &mut self.metadata, &Cipher::new(&self.key), now, rng)?;
        let file = after.closed(&closed, &self.metadata)?;
        Ok(Changed { file, changed })
    }
}

/// Nothing but what stands at the path may differ, or the new MAC would hide it.
fn unchanged_outside(
    before: &[Step<'_>],
    after: &[Step<'_>],
    path: &Path,
    fresh: Option<&Path>,
) -> Result<(), SopsError> {
    let refused = || SopsError::NotFaithful { path: path.clone() };
    let (before, after) = (outside(before, Some(path)), outside(after, fresh));
    if before.0 != after.0 {
        return Err(refused());
    }
    match before.1.max(after.1) {
        0 | 1 => Ok(()),
        _ => Err(SopsError::Unwritable {
            path: path.clone(),
            rule: "the key stands there more than once",
        }),
    }
}

/// True where the file has a value in quotes.
fn is_quoted(steps: &[Step<'_>], path: &Path) -> bool {
    let mut walk = Walk::new(None);
    steps.iter().any(|step| match step {
        Step::Open(key, _) => {
            walk.open(key.as_deref());
            false
        }
        Step::Close => {
            walk.close();
            false
        }
        Step::Comment(..) => false,
        Step::Leaf(key, _, form) => {
            walk.open(key.as_deref());
            let here = walk.depth() == path.0.len() + 1 && walk.is_below(path);
            walk.close();
            here && matches!(form, Form::SingleQuoted | Form::DoubleQuoted)
        }
    })
}

/// What counts of the steps that are not at the path or below it, and how often something stands there.
fn outside<'p>(steps: &'p [Step<'_>], path: Option<&Path>) -> (Vec<Part<'p>>, usize) {
    let mut walk = Walk::new(None);
    let mut parts = Vec::with_capacity(steps.len());
    let (mut inside, mut found) = (None, 0);
    for step in steps {
        match step {
            Step::Open(key, _) | Step::Leaf(key, ..) => {
                walk.open(key.as_deref());
                let here = |path: &&Path| walk.depth() == path.0.len() + 1 && walk.is_below(path);
                if inside.is_none() && path.filter(here).is_some() {
                    inside = Some(walk.depth());
                    found += 1;
                }
            }
            Step::Close | Step::Comment(..) => {}
        }
        if inside.is_none() {
            parts.extend(Part::of(step));
        }
        if let Step::Close | Step::Leaf(..) = step {
            inside = inside.filter(|depth| *depth != walk.depth());
            walk.close();
        }
    }
    (parts, found)
}
