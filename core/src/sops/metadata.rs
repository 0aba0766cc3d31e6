//! The `sops` block: who can open the file, what is encrypted in it, and its MAC.
//!
//! The block is kept as it was read, in its order; fields and key providers that are not known here stay.

use serde_json::{Map, Value as Json};

use crate::manifest::Timestamp;

use super::error::SopsError;
use super::selector::{Selector, SelectorKind};

/// A `sops` block.
#[derive(Clone)]
pub struct Metadata {
    raw: Map<String, Json>,
    /// How it was written in YAML, where it was.
    written: Option<Box<str>>,
}

/// Two blocks are equal when they say the same, however they are written.
impl PartialEq for Metadata {
    fn eq(&self, other: &Self) -> bool {
        self.raw == other.raw
    }
}

impl Eq for Metadata {}

/// Everyone who can get one share of the data key, or all of it where there is one group.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyGroup {
    /// The age recipients.
    pub age: Vec<AgeEntry>,
    /// The names of other providers that have entries, such as `pgp`.
    pub others: Vec<String>,
}

/// The data key, or a share of it, closed for one age recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgeEntry {
    /// The recipient, as the file has it.
    pub recipient: String,
    /// An armored age file.
    pub enc: String,
}

impl Metadata {
    /// Begins a block for a file that had none.
    pub fn new(selector: Option<&Selector>, mac_only_encrypted: bool, version: &str) -> Self {
        let mut raw = Map::new();
        if let Some(selector) = selector {
            raw.insert(selector.kind().name().into(), selector.text().into());
        }
        if mac_only_encrypted {
            raw.insert(MAC_ONLY_ENCRYPTED.into(), true.into());
        }
        raw.insert("version".into(), version.into());
        Self::from_raw(raw, None)
    }

    /// Takes a block out of a resource that an API server holds.
    pub fn of_resource(block: Map<String, Json>) -> Self {
        Self::from_raw(block, None)
    }

    pub(super) fn from_raw(raw: Map<String, Json>, written: Option<Box<str>>) -> Self {
        Self { raw, written }
    }

    /// How it was written when it was read.
    pub(super) fn written(&self) -> Option<&str> {
        self.written.as_deref()
    }

    /// The block as it is written.
    pub(super) fn raw(&self) -> &Map<String, Json> {
        &self.raw
    }

    /// The selector of the block, or the default that holds without one.
    ///
    /// # Errors
    ///
    /// `ManySelectors` and `Pattern`.
    pub fn selector(&self) -> Result<Selector, SopsError> {
        let given =
            SelectorKind::ALL.map(|kind| (kind, self.text(kind.name()).unwrap_or_default()));
        Ok(Selector::only(given)?.unwrap_or_else(Selector::default_suffix))
    }

    /// True when the MAC counts encrypted values only.
    pub fn mac_only_encrypted(&self) -> bool {
        match self.raw.get(MAC_ONLY_ENCRYPTED) {
            Some(Json::Bool(truth)) => *truth,
            Some(Json::String(text)) => {
                matches!(text.as_str(), "1" | "t" | "T" | "TRUE" | "true" | "True")
            }
            Some(Json::Number(number)) => number.as_f64() != Some(0.0),
            _ => false,
        }
    }

    /// The version of the tool that wrote it, by its own word.
    pub fn version(&self) -> Option<&str> {
        self.text("version")
    }

    pub(super) fn mac(&self) -> Option<&str> {
        self.text("mac")
    }

    /// When the file was changed last, in the form that the MAC is bound to.
    ///
    /// # Errors
    ///
    /// `Metadata` where it is missing, or no time in UTC.
    pub fn last_modified(&self) -> Result<String, SopsError> {
        let fault = |rule| SopsError::Metadata {
            field: LAST_MODIFIED.into(),
            rule,
        };
        let text = self
            .text(LAST_MODIFIED)
            .ok_or_else(|| fault("is missing"))?;
        let time = Timestamp::parse(text).filter(Timestamp::is_whole_utc_second);
        let time =
            time.ok_or_else(|| fault("must be a time in UTC, such as 2026-11-21T12:00:00Z"))?;
        Ok(time.to_string())
    }

    /// Writes time and MAC of a new state of the file.
    pub(super) fn set_mac(&mut self, last_modified: &str, mac: String) {
        self.put(LAST_MODIFIED, last_modified.into());
        self.put("mac", mac.into());
    }

    /// How many groups it takes, where the block says so.
    pub fn shamir_threshold(&self) -> Option<usize> {
        let threshold = match self.raw.get(SHAMIR_THRESHOLD)? {
            Json::Number(number) => usize::try_from(number.as_u64()?).ok()?,
            Json::String(text) => text.parse().ok()?,
            _ => return None,
        };
        (threshold > 0).then_some(threshold)
    }

    /// Who can open the file. The flat lists win over `key_groups`, as one group.
    pub fn key_groups(&self) -> Vec<KeyGroup> {
        let flat = KeyGroup::read(&self.raw);
        let groups = self.raw.get(KEY_GROUPS).and_then(Json::as_array);
        match groups {
            Some(groups) if flat.is_empty() => {
                let groups = groups.iter().filter_map(Json::as_object);
                groups.map(KeyGroup::read).collect()
            }
            _ => vec![flat],
        }
    }

    /// Replaces the age recipients of all groups.
    pub(super) fn set_age(&mut self, groups: &[Vec<AgeEntry>], threshold: Option<usize>) {
        let entry = |entry: &AgeEntry| {
            let mut map = Map::new();
            map.insert("enc".into(), entry.enc.as_str().into());
            map.insert("recipient".into(), entry.recipient.as_str().into());
            Json::Object(map)
        };
        let list = |group: &Vec<AgeEntry>| Json::Array(group.iter().map(entry).collect());
        if let [group] = groups {
            self.raw.shift_remove(KEY_GROUPS);
            self.put("age", list(group));
        } else {
            let groups = groups.iter().map(|group| {
                let mut map = Map::new();
                map.insert("age".into(), list(group));
                map.insert("hc_vault".into(), Json::Array(Vec::new()));
                Json::Object(map)
            });
            let groups = Json::Array(groups.collect());
            self.raw.shift_remove("age");
            self.put(KEY_GROUPS, groups);
        }
        self.raw.shift_remove(SHAMIR_THRESHOLD);
        if let Some(threshold) = threshold {
            self.put(SHAMIR_THRESHOLD, threshold.into());
        }
    }

    fn text(&self, field: &str) -> Option<&str> {
        self.raw.get(field)?.as_str()
    }

    /// Where it stands already it keeps its place, or else it goes where the alphabet has it.
    fn put(&mut self, field: &str, value: Json) {
        if let Some(old) = self.raw.get_mut(field) {
            *old = value;
            return;
        }
        let place = self.raw.keys().position(|key| key.as_str() > field);
        let place = place.unwrap_or(self.raw.len());
        self.raw.shift_insert(place, field.to_owned(), value);
    }
}

impl KeyGroup {
    fn read(map: &Map<String, Json>) -> Self {
        let list = |name: &str| map.get(name).and_then(Json::as_array).into_iter().flatten();
        let text = |entry: &Json, field| entry.get(field).and_then(Json::as_str).map(str::to_owned);
        let age = list("age").filter_map(|entry| {
            // Opening needs no name.
            let recipient = text(entry, "recipient").unwrap_or_default();
            let enc = text(entry, "enc")?;
            Some(AgeEntry { recipient, enc })
        });
        let others = PROVIDERS.iter().filter(|name| list(name).next().is_some());
        Self {
            age: age.collect(),
            others: others.map(|name| (*name).to_owned()).collect(),
        }
    }

    fn is_empty(&self) -> bool {
        self.age.is_empty() && self.others.is_empty()
    }
}

/// Shows the names of the fields alone.
impl std::fmt::Debug for Metadata {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.raw.keys()).finish()
    }
}

/// Providers that are kept, but not used.
const PROVIDERS: [&str; 6] = ["kms", "gcp_kms", "hckms", "azure_kv", "hc_vault", "pgp"];
const KEY_GROUPS: &str = "key_groups";
const LAST_MODIFIED: &str = "lastmodified";
const MAC_ONLY_ENCRYPTED: &str = "mac_only_encrypted";
const SHAMIR_THRESHOLD: &str = "shamir_threshold";
