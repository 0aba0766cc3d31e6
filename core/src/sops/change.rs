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
use super::error::{At, SopsError};
use super::file::Store;
use super::flat_value;
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
    /// Sets a value of the encrypted file, whose other values keep their bytes; a path alone is one of its first document.
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
        at: impl Into<At>,
        value: &Json,
        setting: Setting<'_>,
        rng: &mut impl RngCore,
    ) -> Result<Changed, SopsError> {
        let value = match value {
            Json::Number(number) => float(number),
            other => with_known_numbers(other),
        };
        self.change(file, opener, &at.into(), Some(&value), setting, rng)
    }

    /// Writes `value` into a plaintext file, in which no other byte changes; a path alone is one of its first document.
    ///
    /// # Errors
    ///
    /// `NoSuchPath` where nothing can stand there, and what is wrong with the file.
    pub fn put(
        self,
        file: &[u8],
        at: impl Into<At>,
        value: &Json,
    ) -> Result<Zeroizing<Vec<u8>>, SopsError> {
        Ok(self.put_at(file, &at.into(), Some(value))?.file)
    }

    /// The file with a value in plaintext at the path, or without what stands there, and where that is.
    pub(super) fn put_at(
        self,
        file: &[u8],
        at: &At,
        value: Option<&Json>,
    ) -> Result<Put, SopsError> {
        let path = &at.path;
        match self {
            Self::Yaml => document::put(file, Format::Yaml, at, value),
            Self::Json => document::put(file, Format::Json, at, value),
            _ if at.document != 1 => Err(SopsError::NoSuchPath { path: path.clone() }),
            Self::Dotenv => dotenv::put(file, path, value),
            Self::Ini => ini::put(file, path, value),
            Self::Binary => Err(SopsError::NoSuchPath { path: path.clone() }),
        }
    }

    /// Takes out what stands there in the encrypted file; a path alone is one of its first document.
    ///
    /// # Errors
    ///
    /// Those of [`Store::decrypt`], and `NoSuchPath`.
    pub fn unset(
        self,
        file: &[u8],
        opener: &impl Opener,
        at: impl Into<At>,
        setting: Setting<'_>,
        rng: &mut impl RngCore,
    ) -> Result<Changed, SopsError> {
        self.change(file, opener, &at.into(), None, setting, rng)
    }

    fn change(
        self,
        file: &[u8],
        opener: &impl Opener,
        asked: &At,
        value: Option<&Json>,
        setting: Setting<'_>,
        rng: &mut impl RngCore,
    ) -> Result<Changed, SopsError> {
        let path = &asked.path;
        let missing = || SopsError::NoSuchPath { path: path.clone() };
        if path.0.is_empty() {
            return Err(missing());
        }
        if self == Self::Binary {
            let opened = binary::decrypt(file, setting.mac, |block| {
                block.open_data_key_to(setting.mac, opener)
            })?;
            let text = value
                .filter(|_| binary::is_data(path))
                .and_then(Json::as_str);
            let text = text.ok_or_else(missing)?;
            let (mut metadata, key) = (opened.metadata, opened.data_key);
            let changed = opened.plaintext.reveal() != text.as_bytes();
            let file = binary::encrypt(text.as_bytes(), &mut metadata, &key, setting.now, rng)?;
            return Ok(Changed { file, changed });
        }
        let put = self.put_at(file, asked, value);
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
                let selector = opened.metadata.selector()?;
                let flat = matches!(self, Self::Dotenv | Self::Ini);
                let typed = value
                    .filter(|_| flat)
                    .map(|value| flat_value::typed(after.steps(), &selector, &at, path, value));
                let steps = typed.as_deref().unwrap_or(after.steps());
                opened.write((after, steps), path, (fresh, quoted), setting.now, rng)
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
            let opened = binary::decrypt(file, setting.mac, |block| {
                block.open_data_key_to(setting.mac, opener)
            })?;
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
        let key = metadata.open_data_key_to(policy, opener)?;
        let mut known = Ciphertexts::default();
        let outcomes = open(body.steps(), &metadata, &key, policy, Some(&mut known))?;
        Ok(Self {
            tree: Tree::opened(body.steps(), &outcomes),
            metadata,
            key,
            known,
        })
    }

    /// The file in which `fresh` is plaintext yet, encrypted; its steps have the types of what is new.
    fn write(
        mut self,
        (after, steps): (&dyn Body, &[Step<'_>]),
        path: &Path,
        (fresh, quoted): (Option<&At>, bool),
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
        let (closed, mac) = renewal.close(steps, &mut self.known, rng)?;
        let changed = fresh.is_none_or(|fresh| {
            // Positions in the file count comments of lists, those that people give don't.
            let end = fresh.path.0.len().min(path.0.len());
            let old = self.tree.documents().get(fresh.document - 1);
            let old = old.and_then(|old| old.get(&Path(path.0[..end].to_vec())));
            let new = Tree::plain(steps);
            let new = new.documents().get(fresh.document - 1);
            match (old, new.and_then(|new| new.get(&fresh.path))) {
                (Some(old), Some(new)) => !old.same(new),
                _ => true,
            }
        });
        close_mac(&mac, &mut self.metadata, &Cipher::new(&self.key), now, rng)?;
        let file = after.closed(&closed, &self.metadata)?;
        Ok(Changed { file, changed })
    }
}

/// A number as sops takes one that stands alone.
fn float(number: &serde_json::Number) -> Json {
    let float = number.as_f64().and_then(serde_json::Number::from_f64);
    Json::Number(float.unwrap_or_else(|| number.clone()))
}

/// Whole numbers that sops has no type for are floats to it.
fn with_known_numbers(value: &Json) -> Json {
    match value {
        Json::Number(number) if number.as_i64().is_none() => float(number),
        Json::Array(items) => items.iter().map(with_known_numbers).collect(),
        Json::Object(map) => {
            let entry = |(key, value): (&String, &Json)| (key.clone(), with_known_numbers(value));
            Json::Object(map.iter().map(entry).collect())
        }
        other => other.clone(),
    }
}

/// Nothing but what stands at the path may differ, or the new MAC would hide it.
fn unchanged_outside(
    before: &[Step<'_>],
    after: &[Step<'_>],
    at: &At,
    fresh: Option<&At>,
) -> Result<(), SopsError> {
    let path = &at.path;
    let refused = || SopsError::NotFaithful { path: path.clone() };
    let (before, after) = (outside(before, Some(at)), outside(after, fresh));
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
fn is_quoted(steps: &[Step<'_>], at: &At) -> bool {
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
            let here = walk.depth() == at.path.0.len() + 1 && walk.is_below(at);
            walk.close();
            here && matches!(form, Form::SingleQuoted | Form::DoubleQuoted)
        }
    })
}

/// What counts of the steps that are not at the path or below it, and how often something stands there.
fn outside<'p>(steps: &'p [Step<'_>], at: Option<&At>) -> (Vec<Part<'p>>, usize) {
    let mut walk = Walk::new(None);
    let mut parts = Vec::with_capacity(steps.len());
    let (mut inside, mut found) = (None, 0);
    for step in steps {
        match step {
            Step::Open(key, _) | Step::Leaf(key, ..) => {
                walk.open(key.as_deref());
                let here = |at: &&At| walk.depth() == at.path.0.len() + 1 && walk.is_below(at);
                if inside.is_none() && at.filter(here).is_some() {
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
