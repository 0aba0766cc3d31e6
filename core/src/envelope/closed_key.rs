//! A data key closed for one recipient: an age file with an exact payload (FORMAT.md, "Closed data keys").

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::data_key::{DATA_KEY_BYTES, DataKey};
use super::error::{EnvelopeError, OpenError, SealError};
use super::limits::MAX_CLOSED_KEY_BYTES;
use crate::names::{DataKeyId, Namespace, ResourceName};
use crate::recipient::{
    Closed, Fingerprint, Hint, Identity, KeyKind, Recipient, UnwrapError, kind_of, unwrap, wrap,
};
use crate::scope::{Place, Scope};

/// The age file, base64 taken off; not opened.
#[derive(Clone, PartialEq, Eq)]
pub struct ClosedKey(Vec<u8>);

/// Whether the template of an envelope is bound to its data keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Binding {
    /// Every data key carries a tag over the template, and nothing is rendered unless all verify.
    #[default]
    Template,
    /// Anyone who can write the resource can change its template; chosen knowingly.
    None,
}

/// What the age file holds: this order, no blanks, one newline at the end.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(deny_unknown_fields)]
struct Payload {
    format: String,
    scope: String,
    namespace: String,
    name: String,
    #[zeroize(skip)]
    binding: Binding,
    key: String,
}

const FORMAT: &str = "bulla.dev/envelope/v1";
pub(super) const MAX_PAYLOAD_BYTES: usize = 1024;

impl ClosedKey {
    /// Reads padded standard base64 on one line.
    ///
    /// # Errors
    /// [`EnvelopeError::DamagedClosedKey`] when it is something else or too long.
    pub fn parse(id: &DataKeyId, text: &str) -> Result<Self, EnvelopeError> {
        let damaged = || EnvelopeError::DamagedClosedKey { id: id.clone() };
        if text.len() > MAX_CLOSED_KEY_BYTES.div_ceil(3) * 4 {
            return Err(damaged());
        }
        let bytes = STANDARD.decode(text).map_err(|_| damaged())?;
        if bytes.is_empty() || bytes.len() > MAX_CLOSED_KEY_BYTES {
            return Err(damaged());
        }
        Ok(Self(bytes))
    }

    /// The kind of recipient that it is closed for, read off the age file without any key: what
    /// the hint beside it says can be wrong. `None` is a kind that is not known here.
    ///
    /// # Errors
    /// What keeps it from being an age file for one recipient.
    pub fn kind(&self) -> Result<Option<KeyKind>, UnwrapError> {
        kind_of(&self.0)
    }

    /// The age file, for keys in reserve.
    pub(super) fn closed(&self, fingerprint: Fingerprint) -> Closed<'_> {
        Closed {
            file: &self.0,
            recipient: Hint::Fingerprint(fingerprint),
        }
    }

    pub(super) fn text_bytes(&self) -> usize {
        self.0.len().div_ceil(3) * 4
    }

    /// Closes `key` for `recipient`, bound to `place`.
    pub(super) fn close(
        key: &DataKey,
        place: &Place,
        binding: Binding,
        recipient: &Recipient,
    ) -> Result<Self, SealError> {
        let payload = Payload {
            format: FORMAT.to_owned(),
            scope: place.scope().as_str().to_owned(),
            namespace: place.namespace().to_owned(),
            name: place.name().to_owned(),
            binding,
            key: URL_SAFE_NO_PAD.encode(key.bytes()),
        };
        let text = payload.to_text();
        wrap(recipient, text.as_bytes())
            .map(Self)
            .map_err(|source| SealError::Close {
                recipient: recipient.fingerprint(),
                source,
            })
    }

    /// Opens it with `identity`: one private operation.
    pub(super) fn open(
        &self,
        id: &DataKeyId,
        identity: &Identity,
        place: &Place,
    ) -> Result<(DataKey, Binding), OpenError> {
        let text = unwrap(identity, &self.0, MAX_PAYLOAD_BYTES).map_err(|source| {
            OpenError::DamagedKey {
                id: id.clone(),
                source: Some(source),
            }
        })?;
        Self::read_payload(&text, id, place)
    }

    /// Reads what was in the age file. It must be exact and its place must be `place`.
    pub(super) fn read_payload(
        text: &[u8],
        id: &DataKeyId,
        place: &Place,
    ) -> Result<(DataKey, Binding), OpenError> {
        let payload = Payload::parse(text).map_err(|wrong| wrong.of(id))?;
        let sealed_for = payload
            .place()
            .ok_or_else(|| PayloadError::Malformed.of(id))?;
        if &sealed_for != place {
            return Err(OpenError::WrongPlace {
                sealed_for,
                found_in: place.clone(),
            });
        }
        let mut key = Zeroizing::new([0; DATA_KEY_BYTES]);
        match URL_SAFE_NO_PAD.decode_slice(&payload.key, key.as_mut_slice()) {
            Ok(DATA_KEY_BYTES) => Ok((DataKey::from_bytes(key), payload.binding)),
            _ => Err(PayloadError::Malformed.of(id)),
        }
    }
}

impl fmt::Display for ClosedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD.encode(&self.0))
    }
}

impl fmt::Debug for ClosedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClosedKey(…)")
    }
}

enum PayloadError {
    Malformed,
    UnknownFormat,
}

impl PayloadError {
    fn of(self, id: &DataKeyId) -> OpenError {
        match self {
            Self::Malformed => OpenError::DamagedKey {
                id: id.clone(),
                source: None,
            },
            Self::UnknownFormat => OpenError::UnknownVersion { id: id.clone() },
        }
    }
}

impl Payload {
    fn to_text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(MAX_PAYLOAD_BYTES));
        text.push_str(
            &serde_json::to_string(self)
                .map(Zeroizing::new)
                .expect("strings always serialize"),
        );
        text.push('\n');
        text
    }

    /// Parses, and then compares with what it would itself write: any other spelling is refused.
    fn parse(bytes: &[u8]) -> Result<Self, PayloadError> {
        let payload: Self = serde_json::from_slice(bytes).map_err(|_| {
            if names_other_format(bytes) {
                PayloadError::UnknownFormat
            } else {
                PayloadError::Malformed
            }
        })?;
        if payload.format != FORMAT {
            return Err(PayloadError::UnknownFormat);
        }
        if payload.to_text().as_bytes() == bytes {
            Ok(payload)
        } else {
            Err(PayloadError::Malformed)
        }
    }

    /// The place, when its names are valid and just those that its scope binds are there.
    fn place(&self) -> Option<Place> {
        let scope: Scope = self.scope.parse().ok()?;
        let namespace: Namespace = or_any(&self.namespace).parse().ok()?;
        let name: ResourceName = or_any(&self.name).parse().ok()?;
        let place = Place::new(scope, &namespace, &name);
        (place.namespace() == self.namespace && place.name() == self.name).then_some(place)
    }
}

/// A stand-in for a field that the scope leaves empty, so that names are always parsed.
fn or_any(text: &str) -> &str {
    if text.is_empty() { "any" } else { text }
}

/// A later format may have other fields; its name is enough to say so.
fn names_other_format(bytes: &[u8]) -> bool {
    let Some(rest) = bytes.strip_prefix(br#"{"format":""#) else {
        return false;
    };
    !rest.starts_with(FORMAT.as_bytes()) || rest.get(FORMAT.len()) != Some(&b'"')
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "{\"format\":\"bulla.dev/envelope/v1\",\"scope\":\"Strict\",\"namespace\":\"shop\",\"name\":\"db\",\"binding\":\"Template\",\"key\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}\n";

    fn place_of(text: &str) -> Result<Option<Place>, bool> {
        match Payload::parse(text.as_bytes()) {
            Ok(payload) => Ok(payload.place()),
            Err(PayloadError::Malformed) => Err(false),
            Err(PayloadError::UnknownFormat) => Err(true),
        }
    }

    #[test]
    fn the_payload_is_exact() {
        assert_eq!(place_of(GOOD).unwrap().unwrap().to_string(), "`shop/db`");
        let bad = [
            GOOD.trim_end().to_owned(),
            format!("{GOOD}\n"),
            GOOD.replace(",\"scope", ", \"scope"),
            GOOD.replace(
                "\"namespace\":\"shop\",\"name\":\"db\"",
                "\"name\":\"db\",\"namespace\":\"shop\"",
            ),
            GOOD.replace("\"key\"", "\"x\":\"\",\"key\""),
            GOOD.replace("db", "d\\u0062"),
            GOOD.replace("\"name\":\"db\"", "\"name\":\"db\",\"name\":\"db\""),
        ];
        for text in bad {
            assert_eq!(place_of(&text), Err(false), "{text}");
        }
        assert_eq!(place_of(&GOOD.replace("/v1", "/v2")), Err(true));
        assert_eq!(
            place_of(&GOOD.replace("/v1", "/v2").replace("\"scope\"", "\"place\"")),
            Err(true)
        );
    }

    #[test]
    fn a_place_has_just_the_fields_that_its_scope_binds() {
        for (scope, ok) in [
            ("Strict", true),
            ("Namespace", false),
            ("Cluster", false),
            ("strict", false),
        ] {
            assert_eq!(
                place_of(&GOOD.replace("Strict", scope)).unwrap().is_some(),
                ok,
                "{scope}"
            );
        }
        assert!(
            place_of(&GOOD.replace("\"db\"", "\"../db\""))
                .unwrap()
                .is_none()
        );
        let wide = GOOD
            .replace("Strict", "Cluster")
            .replace("shop", "")
            .replace("db", "");
        assert!(place_of(&wide).unwrap().is_some());
    }
}
