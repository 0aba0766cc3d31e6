//! A key Secret: the private half of a sealing key, as the controller's own namespace holds it.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bulla_core::api::KeyState;
use bulla_core::plaintext::Plaintext;
use serde::{Deserialize, Deserializer};

use super::{Meta, Mirrored};
use crate::kube::watch::Versioned;
use crate::kube::work::queue::Key;

/// A Secret with the sealing-key label.
pub(crate) struct KeySecret {
    pub(crate) name: Box<str>,
    pub(crate) uid: Box<str>,
    version: Box<str>,
    /// The `SealingKey` that the label names.
    pub(crate) sealing_key: Box<str>,
    /// The uid of the `SealingKey` that the controller made it for.
    pub(crate) made_for: Option<Box<str>>,
    /// Why it was made, in a word of the rotation's.
    pub(crate) why: Option<Box<str>>,
    /// When the key was made, as an annotation says, or else the Secret.
    pub(crate) not_before: Option<Box<str>>,
    /// The last known state of its key, as the `SealingKey` spells it.
    state: Option<Box<str>>,
    /// The age identity, as text.
    identity: Option<Plaintext>,
    /// The recipient that was written beside it: for people, never trusted.
    pub(crate) recipient: Option<String>,
}

impl KeySecret {
    /// A key Secret that was just written: the answer has its metadata, and the content is known.
    pub(crate) fn written(metadata: Meta, identity: Plaintext, recipient: String) -> Self {
        Self {
            identity: Some(identity),
            recipient: Some(recipient),
            ..Self::of_metadata(metadata)
        }
    }

    /// The last known state of its key; nothing when that was never noted, or can't be read.
    pub(crate) fn state(&self) -> Option<KeyState> {
        serde_json::from_value(self.state.as_deref()?.into()).ok()
    }

    /// True for the Secret of a key that was retired: a restore leaves it alone.
    pub(crate) fn is_retired(&self) -> bool {
        self.state() == Some(KeyState::Retired)
    }

    fn of_metadata(metadata: Meta) -> Self {
        let annotations = metadata.annotations;
        Self {
            name: metadata.name,
            uid: metadata.uid,
            version: metadata.resource_version,
            sealing_key: metadata.labels.sealing_key.unwrap_or_default(),
            made_for: annotations.sealing_key_uid,
            why: annotations.made_for,
            not_before: annotations.not_before.or(metadata.creation_timestamp),
            state: annotations.sealing_key_state,
            identity: None,
            recipient: None,
        }
    }

    /// The text of the identity, for parsing it into the key ring.
    pub(crate) fn identity(&self) -> Option<&Plaintext> {
        self.identity.as_ref()
    }
}

/// Shows the name only.
impl fmt::Debug for KeySecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeySecret")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl Clone for KeySecret {
    fn clone(&self) -> Self {
        Self {
            name: self.name.clone(),
            uid: self.uid.clone(),
            version: self.version.clone(),
            sealing_key: self.sealing_key.clone(),
            made_for: self.made_for.clone(),
            why: self.why.clone(),
            not_before: self.not_before.clone(),
            state: self.state.clone(),
            identity: self.identity.as_ref().map(Plaintext::duplicate),
            recipient: self.recipient.clone(),
        }
    }
}

impl<'de> Deserialize<'de> for KeySecret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Wire {
            metadata: Meta,
            #[serde(default)]
            data: Option<Data>,
        }
        #[derive(Deserialize, Default)]
        #[serde(default)]
        struct Data {
            identity: Option<String>,
            recipient: Option<String>,
        }
        let wire = Wire::deserialize(deserializer)?;
        let data = wire.data.unwrap_or_default();
        let identity = data.identity.map(Plaintext::from);
        Ok(Self {
            // Base64 that doesn't decode is an identity that doesn't parse: the keeper says so.
            identity: identity.map(|text| {
                let decoded = STANDARD.decode(text.reveal());
                Plaintext::new(decoded.unwrap_or_default())
            }),
            recipient: data
                .recipient
                .and_then(|text| String::from_utf8(STANDARD.decode(text).ok()?).ok()),
            ..Self::of_metadata(wire.metadata)
        })
    }
}

impl Versioned for KeySecret {
    fn version(&self) -> &str {
        &self.version
    }
}

impl Mirrored for KeySecret {
    fn key(&self) -> Key {
        // There is one namespace of them, and it goes without saying.
        Key {
            namespace: "".into(),
            name: self.name.clone(),
        }
    }
}
