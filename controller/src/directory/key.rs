//! One sealing key of a store, in its two files.

use std::io;

use bulla_core::api::{
    API_VERSION, KeyState, KeySuite, SEALING_KEY, SealingKey, SealingKeySpec, SealingKeyStatus,
};
use bulla_core::manifest::Stream;
use bulla_core::names::ResourceName;
use bulla_core::recipient::{Identity, Suite, identity_file_text, parse_identity_file};
use bulla_core::rotation::{self, Timestamp, Why};

use super::folder::{Folder, Lasting, random_word};
use crate::engine::{parse_time, rfc3339};

/// A key as it lies in the directory.
pub(super) struct StoredKey {
    pub(super) name: ResourceName,
    pub(super) resource: SealingKey,
    pub(super) identity: Option<Identity>,
}

/// On a `SealingKey` that the store made unasked.
const MADE_FOR_ANNOTATION: &str = "bulla.dev/made-for";
/// Two lines of comment and a key, or a small resource.
pub(super) const KEY_FILE_BYTES_MAX: usize = 64 * 1024;
/// How often a request is written that was taken for a leftover.
const REQUEST_ATTEMPTS: usize = 8;

impl StoredKey {
    /// A new key, called by its fingerprint.
    pub(super) fn make(suite: Suite, made_for: Option<&str>, now: Timestamp) -> Self {
        let identity = Identity::generate(suite, &mut rand_core::OsRng);
        let name = identity.fingerprint().to_string();
        let name = name.parse().expect("a fingerprint is a valid name");
        Self::around(name, identity, made_for, now)
    }

    fn around(
        name: ResourceName,
        identity: Identity,
        made_for: Option<&str>,
        not_before: Timestamp,
    ) -> Self {
        let suite = identity.suite().expect("keys of a store are age's own");
        let mut resource = SealingKey::new(name.as_str(), spec_of(suite));
        resource.metadata.uid = Some(name.to_string());
        resource.metadata.annotations =
            made_for.map(|word| [(MADE_FOR_ANNOTATION.to_owned(), word.to_owned())].into());
        let mut key = Self {
            name,
            resource,
            identity: None,
        };
        key.fill(identity, not_before);
        key
    }

    /// Gives a key that was asked for its private half. One that was due anyway does not count as asked for.
    pub(super) fn fulfil(&mut self, why: Why, now: Timestamp) {
        if why != Why::Asked {
            let annotations = &mut self.resource.metadata.annotations;
            let word = why.as_str().to_owned();
            annotations
                .get_or_insert_default()
                .insert(MADE_FOR_ANNOTATION.to_owned(), word);
        }
        let suite = self.facts().suite;
        self.fill(Identity::generate(suite, &mut rand_core::OsRng), now);
    }

    fn fill(&mut self, identity: Identity, not_before: Timestamp) {
        let status = self.resource.status.get_or_insert_default();
        status.public_key = Some(identity.recipient().to_string());
        status.fingerprint = Some(identity.fingerprint().to_string());
        status.not_before = Some(rfc3339(not_before));
        self.identity = Some(identity);
    }

    /// Writes the private half, and then the resource that names it: killed in between, the next
    /// run finds a key that was restored.
    pub(super) fn save_new(&self, folder: &Folder) -> io::Result<()> {
        let identity = self.identity.as_ref().ok_or(io::ErrorKind::InvalidData)?;
        let created = self.status().not_before.clone().unwrap_or_default();
        // Into the key file of the store, which is where the private half lives.
        let text = identity_file_text(identity, &created);
        folder.replace(
            &format!("{}.txt", self.name),
            text.as_bytes(),
            Lasting::Certain,
        )?;
        self.save(folder)
    }

    /// Writes the resource.
    pub(super) fn save(&self, folder: &Folder) -> io::Result<()> {
        let text = serde_saphyr::to_string(&self.resource)
            .map_err(|_| io::Error::from(io::ErrorKind::InvalidData))?;
        folder.replace(
            &format!("{}.yaml", self.name),
            text.as_bytes(),
            Lasting::Certain,
        )
    }

    /// Its status, empty where there is none.
    pub(super) fn status(&self) -> SealingKeyStatus {
        self.resource.status.clone().unwrap_or_default()
    }

    /// The key as rotation sees it.
    pub(super) fn facts(&self) -> rotation::Key {
        let metadata = &self.resource.metadata;
        let time = |text: &Option<String>| parse_time(text.as_deref()?).ok();
        rotation::Key {
            uid: metadata
                .uid
                .clone()
                .unwrap_or_else(|| self.name.to_string()),
            suite: self
                .resource
                .spec
                .suite
                .age()
                .expect("loading refuses RSA keys"),
            state: self.resource.spec.state.into(),
            created: time(&self.status().not_before).unwrap_or_default(),
            not_before: self
                .identity
                .as_ref()
                .and_then(|_| time(&self.status().not_before)),
        }
    }

    /// True when somebody asked for it: it was not the first key, nor a renewal.
    pub(super) fn is_by_hand(&self) -> bool {
        let annotations = self.resource.metadata.annotations.as_ref();
        annotations.is_none_or(|map| !map.contains_key(MADE_FOR_ANNOTATION))
    }

    /// Reads one key. The error names the extension of the file that is to blame.
    pub(super) fn load(
        folder: &Folder,
        name: &ResourceName,
        now: Timestamp,
    ) -> Result<Self, (&'static str, String)> {
        let yaml = |message: String| ("yaml", message);
        let txt = |message: String| ("txt", message);
        let read = |extension: &str| {
            let file = format!("{name}.{extension}");
            folder.read(&file, KEY_FILE_BYTES_MAX)
        };
        let text = read("txt").map_err(|error| txt(error.to_string()))?;
        let identity = match &text {
            Some(bytes) => Some(parse_identity(bytes).map_err(txt)?),
            None => None,
        };
        let created = text
            .as_ref()
            .and_then(|bytes| created(bytes))
            .unwrap_or(now);
        let resource = read("yaml").map_err(|error| yaml(error.to_string()))?;
        let Some(resource) = resource else {
            let identity = identity.ok_or_else(|| txt("it is gone".to_owned()))?;
            return Ok(Self::around(
                name.clone(),
                identity,
                Some("Restore"),
                created,
            ));
        };
        let resource = parse_resource(&resource).map_err(yaml)?;
        if resource.metadata.name.as_deref() != Some(name.as_str()) {
            return Err(yaml(
                "`metadata.name` is not the name of the file".to_owned(),
            ));
        }
        let mut key = Self {
            name: name.clone(),
            resource,
            identity: None,
        };
        match identity {
            // Killed after it was made, or restored without its status.
            Some(identity) if key.status().public_key.is_none() => key.fill(identity, created),
            identity => key.identity = identity,
        }
        key.check().map_err(yaml)?;
        Ok(key)
    }

    /// The public half is derived from the private one; what the file says must agree.
    fn check(&self) -> Result<(), String> {
        let status = self.status();
        let Some(suite) = self.resource.spec.suite.age() else {
            return Err("RSA keys are not kept in a directory yet".to_owned());
        };
        match &self.identity {
            None if status.public_key.is_some() => {
                Err("its private half is not there: restore the `.txt` file beside it".to_owned())
            }
            None => Ok(()),
            Some(identity) if identity.suite() != Some(suite) => {
                Err("the private half is of another suite".to_owned())
            }
            Some(identity) => {
                let public = identity.recipient().to_string();
                if status.public_key.is_none_or(|text| text != public) {
                    return Err("the private half does not belong to `status.publicKey`".to_owned());
                }
                let time = status.not_before.as_deref();
                time.and_then(|text| parse_time(text).ok())
                    .map(drop)
                    .ok_or_else(|| "`status.notBefore` is not a time".to_owned())
            }
        }
    }
}

/// Writes a `SealingKey` that asks for its private half.
///
/// Whoever works on the store takes unfinished files away, so that one may go before it has its name.
pub(super) fn request(folder: &Folder, suite: Suite) -> io::Result<ResourceName> {
    let name = format!("asked-{}", random_word());
    let name: ResourceName = name.parse().expect("hex digits are valid in a name");
    let key = StoredKey {
        resource: SealingKey::new(name.as_str(), spec_of(suite)),
        name,
        identity: None,
    };
    let mut written = key.save(folder);
    for _ in 1..REQUEST_ATTEMPTS {
        match &written {
            Err(error) if error.kind() == io::ErrorKind::NotFound => written = key.save(folder),
            _ => break,
        }
    }
    written.map(|()| key.name)
}

fn spec_of(suite: Suite) -> SealingKeySpec {
    SealingKeySpec {
        suite: match suite {
            Suite::X25519 => KeySuite::X25519,
            _ => KeySuite::MlKem768X25519,
        },
        bits: None,
        state: KeyState::Active,
    }
}

fn parse_identity(bytes: &[u8]) -> Result<Identity, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "it is not text".to_owned())?;
    let identities = parse_identity_file(text).map_err(|error| error.to_string())?;
    let [identity] = <[Identity; 1]>::try_from(identities)
        .map_err(|_| "it holds more than one identity".to_owned())?;
    Ok(identity)
}

/// Reads a `SealingKey`, and refuses what is not known.
pub(super) fn parse_resource(bytes: &[u8]) -> Result<SealingKey, String> {
    let stream = Stream::parse(bytes).map_err(|error| error.to_string())?;
    let objects = stream.objects();
    let [object] = objects.as_slice() else {
        return Err("one object belongs there".to_owned());
    };
    if !object.is(API_VERSION, SEALING_KEY) {
        return Err(format!(
            "a `{SEALING_KEY}` of `{API_VERSION}` belongs there"
        ));
    }
    let value = object.node.to_value().map_err(|error| error.to_string())?;
    bulla_core::api::from_value(&value).map_err(|error| error.to_string())
}

/// The time in the comment that age-keygen and this store write.
fn created(bytes: &[u8]) -> Option<Timestamp> {
    let text = std::str::from_utf8(bytes).ok()?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("# created: "))?;
    parse_time(line.trim()).ok()
}
