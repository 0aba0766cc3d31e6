//! A key Secret of Sealed Secrets: `tls.key` and `tls.crt`, as either controller leaves them to the other.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bulla_core::api::KeyState;
use bulla_core::plaintext::Plaintext;
use serde::{Deserialize, Deserializer};

use super::{Meta, Mirrored};
use crate::kube::watch::Versioned;
use crate::kube::work::queue::Key;

/// A Secret of the controller's namespace that is a key by its label, or by its name.
pub(crate) struct RsaKeySecret {
    pub(crate) name: Box<str>,
    pub(crate) uid: Box<str>,
    version: Box<str>,
    pub(crate) created: Option<Box<str>>,
    /// The label's value.
    pub(crate) label: Option<Box<str>>,
    /// Why it was made, in a word of the rotation's.
    pub(crate) why: Option<Box<str>>,
    /// What was noted on it of its `SealingKey`, as that spells it.
    state: Option<Box<str>>,
    tls_key: Option<Plaintext>,
    tls_crt: Option<Box<[u8]>>,
}

impl RsaKeySecret {
    /// Whether Sealed Secrets opens with it. Without a label it is here for its name, which is enough.
    pub(crate) fn is_active(&self) -> bool {
        self.label.as_deref().is_none_or(|label| label == ACTIVE)
    }

    /// Whether somebody has said with Sealed Secrets' label that others may have it.
    pub(crate) fn is_compromised(&self) -> bool {
        self.label.as_deref() == Some(COMPROMISED)
    }

    /// The last state that was noted on it; nothing when that was never done, or can't be read.
    pub(crate) fn state(&self) -> Option<KeyState> {
        serde_json::from_value(self.state.as_deref()?.into()).ok()
    }

    /// The private key in PEM, for parsing it into the key ring.
    pub(crate) fn tls_key(&self) -> Option<&Plaintext> {
        self.tls_key.as_ref()
    }

    /// The certificate in PEM.
    pub(crate) fn tls_crt(&self) -> Option<&[u8]> {
        self.tls_crt.as_deref()
    }

    /// A key Secret that was just written: the answer has its metadata, and the content is known.
    pub(crate) fn written(metadata: Meta, tls_key: Plaintext, tls_crt: &str) -> Self {
        Self {
            tls_key: Some(tls_key),
            tls_crt: Some(tls_crt.as_bytes().into()),
            ..Self::of_metadata(metadata)
        }
    }

    fn of_metadata(metadata: Meta) -> Self {
        Self {
            name: metadata.name,
            uid: metadata.uid,
            version: metadata.resource_version,
            created: metadata.creation_timestamp,
            label: metadata.labels.sealed_secrets_key,
            why: metadata.annotations.made_for,
            state: metadata.annotations.sealing_key_state,
            tls_key: None,
            tls_crt: None,
        }
    }
}

/// Shows the name only.
impl fmt::Debug for RsaKeySecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RsaKeySecret")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl Clone for RsaKeySecret {
    fn clone(&self) -> Self {
        Self {
            name: self.name.clone(),
            uid: self.uid.clone(),
            version: self.version.clone(),
            created: self.created.clone(),
            label: self.label.clone(),
            why: self.why.clone(),
            state: self.state.clone(),
            tls_key: self.tls_key.as_ref().map(Plaintext::duplicate),
            tls_crt: self.tls_crt.clone(),
        }
    }
}

impl<'de> Deserialize<'de> for RsaKeySecret {
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
            #[serde(rename = "tls.key")]
            key: Option<String>,
            #[serde(rename = "tls.crt")]
            certificate: Option<String>,
        }
        let wire = Wire::deserialize(deserializer)?;
        let data = wire.data.unwrap_or_default();
        let key = data.key.map(Plaintext::from);
        Ok(Self {
            tls_key: key
                .map(|text| Plaintext::new(STANDARD.decode(text.reveal()).unwrap_or_default())),
            tls_crt: data
                .certificate
                .map(|text| STANDARD.decode(text).unwrap_or_default().into()),
            ..Self::of_metadata(wire.metadata)
        })
    }
}

impl Versioned for RsaKeySecret {
    fn version(&self) -> &str {
        &self.version
    }
}

impl Mirrored for RsaKeySecret {
    fn key(&self) -> Key {
        // There is one namespace of them, and it goes without saying.
        Key {
            namespace: "".into(),
            name: self.name.clone(),
        }
    }
}

const ACTIVE: &str = "active";
const COMPROMISED: &str = "compromised";
