//! One closed value: `ENC[AES256_GCM,data:…,iv:…,tag:…,type:…]`.
//!
//! AES-256-GCM\[data key\](value's bytes; nonce: 32 random bytes; associated data: the path of the value).

use std::fmt;
use std::str::FromStr;

use aes_gcm::aead::{AeadInOut, KeyInit};
use aes_gcm::aes::Aes256;
use aes_gcm::aes::cipher::consts::U32;
use aes_gcm::{AesGcm, Nonce, Tag};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use rand_core::RngCore;
use zeroize::Zeroizing;

use super::value::{Kind, Value, ValueFault};

/// The key that closes the values of one file. Wiped when it is dropped, redacted in `Debug`.
#[derive(PartialEq, Eq)]
pub struct DataKey(Box<Zeroizing<[u8; DATA_KEY_BYTES]>>);

/// A closed value as it stands in a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClosedValue {
    data: Vec<u8>,
    nonce: [u8; NONCE_BYTES],
    tag: [u8; TAG_BYTES],
    kind: Kind,
}

/// AES-256-GCM with the data key, made ready once for a file.
pub(super) struct Cipher(AesGcm<Aes256, U32>);

impl DataKey {
    /// Draws a fresh one.
    pub fn generate(rng: &mut impl RngCore) -> Self {
        let mut key = Box::new(Zeroizing::new([0; DATA_KEY_BYTES]));
        rng.fill_bytes(&mut **key);
        Self(key)
    }

    /// Takes over what came out of an age file or of shares.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut key = Box::new(Zeroizing::new([0; DATA_KEY_BYTES]));
        if bytes.len() != DATA_KEY_BYTES {
            return None;
        }
        key.copy_from_slice(bytes);
        Some(Self(key))
    }

    /// The key itself, for closing it for a recipient.
    pub(super) fn bytes(&self) -> &[u8; DATA_KEY_BYTES] {
        &self.0
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DataKey(redacted)")
    }
}

impl Cipher {
    pub(super) fn new(key: &DataKey) -> Self {
        Self(AesGcm::new(key.bytes().into()))
    }

    /// Closes `value` under `path`.
    pub(super) fn close(&self, value: &Value, path: &str, rng: &mut dyn RngCore) -> ClosedValue {
        let mut data = value.bytes().to_vec();
        let (nonce, tag) = self.close_in_place(&mut data, path, rng);
        ClosedValue {
            data,
            nonce,
            tag,
            kind: value.kind(),
        }
    }

    /// Turns bytes into their ciphertext.
    pub(super) fn close_in_place(
        &self,
        data: &mut [u8],
        path: &str,
        rng: &mut dyn RngCore,
    ) -> ([u8; NONCE_BYTES], [u8; TAG_BYTES]) {
        let mut nonce = [0; NONCE_BYTES];
        rng.fill_bytes(&mut nonce);
        let tag = self
            .0
            .encrypt_inout_detached(&Nonce::from(nonce), path.as_bytes(), data.into());
        let tag = tag.expect("no value comes near the limit of GCM, 64 GiB");
        (nonce, tag.into())
    }

    /// Opens `closed`, if it was closed under `path` with this key.
    pub(super) fn open(&self, closed: &ClosedValue, path: &str) -> Result<Value, ValueFault> {
        self.open_owned(closed.clone(), path)
    }

    /// The same, in place of the ciphertext.
    pub(super) fn open_owned(&self, closed: ClosedValue, path: &str) -> Result<Value, ValueFault> {
        let mut data = Zeroizing::new(closed.data);
        self.0
            .decrypt_inout_detached(
                &Nonce::from(closed.nonce),
                path.as_bytes(),
                data.as_mut_slice().into(),
                &Tag::from(closed.tag),
            )
            .map_err(|_| ValueFault::NotAuthentic)?;
        Value::opened(closed.kind, data)
    }
}

impl ClosedValue {
    /// What type the value has, by the file's own word; it is not authenticated.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// As it is written.
    pub(super) fn to_text(&self) -> String {
        let mut text = String::with_capacity(TEXT_BYTES + self.data.len().div_ceil(3) * 4);
        text.push_str(Self::START);
        BASE64_STANDARD.encode_string(&self.data, &mut text);
        push_rest(&mut text, &self.nonce, &self.tag, self.kind);
        text
    }

    /// What stands behind the data of a string.
    pub(super) fn rest(nonce: &[u8; NONCE_BYTES], tag: &[u8; TAG_BYTES]) -> String {
        let mut text = String::with_capacity(TEXT_BYTES);
        push_rest(&mut text, nonce, tag, Kind::Str);
        text
    }

    /// What stands before the data.
    pub(super) const START: &str = "ENC[AES256_GCM,data:";
}

fn push_rest(text: &mut String, nonce: &[u8], tag: &[u8], kind: Kind) {
    text.push_str(",iv:");
    BASE64_STANDARD.encode_string(nonce, text);
    text.push_str(",tag:");
    BASE64_STANDARD.encode_string(tag, text);
    text.push_str(",type:");
    text.push_str(kind.name());
    text.push(']');
}

/// True for what means to be a closed value, well formed or not.
pub fn is_closed(text: &str) -> bool {
    text.starts_with(PREFIX) && text.trim_end_matches('\n').ends_with(']')
}

impl FromStr for ClosedValue {
    type Err = ValueFault;

    fn from_str(text: &str) -> Result<Self, ValueFault> {
        // A block of YAML ends with a line break.
        let text = text.trim_end_matches('\n');
        let inner = text.strip_prefix(PREFIX).ok_or(ValueFault::NotClosed)?;
        let inner = inner.strip_suffix(']').ok_or(ValueFault::NotClosed)?;
        let mut fields = inner.split(',');
        let mut field = |name: &str| {
            let field = fields.next().and_then(|field| field.strip_prefix(name));
            field.ok_or(ValueFault::Malformed(
                "expected `data:`, `iv:`, `tag:` and `type:` in this order",
            ))
        };
        let (data, nonce, tag, kind) = (
            field("data:")?,
            field("iv:")?,
            field("tag:")?,
            field("type:")?,
        );
        if fields.next().is_some() {
            return Err(ValueFault::Malformed("there must be nothing after `type:`"));
        }
        if data.is_empty() {
            return Err(ValueFault::Malformed("`data:` must not be empty"));
        }
        // Just as long as needed, so that nothing has to be copied out of it.
        let mut bytes = vec![0; decoded_bytes(data)];
        decode(data, &mut bytes)?;
        Ok(Self {
            data: bytes,
            nonce: decode_exact(nonce, "`iv:` must have 32 bytes")?,
            tag: decode_exact(tag, "`tag:` must have 16 bytes")?,
            kind: kind.parse()?,
        })
    }
}

fn decode_exact<const N: usize>(text: &str, rule: &'static str) -> Result<[u8; N], ValueFault> {
    let mut bytes = [0; N];
    if decoded_bytes(text) != N {
        return Err(ValueFault::Malformed(rule));
    }
    decode(text, &mut bytes)?;
    Ok(bytes)
}

/// How many bytes padded base64 stands for.
fn decoded_bytes(text: &str) -> usize {
    let padding = text.bytes().rev().take(2).filter(|b| *b == b'=').count();
    (text.len() / 4 * 3).saturating_sub(padding)
}

/// Decodes what fills `bytes`.
fn decode(text: &str, bytes: &mut [u8]) -> Result<(), ValueFault> {
    match BASE64_STANDARD.decode_slice(text, bytes) {
        Ok(length) if length == bytes.len() => Ok(()),
        _ => Err(ValueFault::Malformed(
            "`data:`, `iv:` and `tag:` must be padded standard base64",
        )),
    }
}

impl fmt::Display for ClosedValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_text())
    }
}

const PREFIX: &str = "ENC[AES256_GCM,";
const DATA_KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 32;
const TAG_BYTES: usize = 16;
/// What a closed value takes beside its data, at most.
const TEXT_BYTES: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;

    /// The known answer that sops tests itself with.
    const KNOWN: &str = "ENC[AES256_GCM,data:oYyi,iv:MyIDYbT718JRr11QtBkcj3Dwm4k1aCGZBVeZf0EyV8o=,tag:t5z2Z023Up0kxwCgw1gNxg==,type:str]";

    fn key() -> Cipher {
        Cipher::new(&DataKey::from_bytes(&[b'f'; 32]).expect("32 bytes"))
    }

    #[test]
    fn the_known_answer_opens_at_its_path_only() {
        let closed: ClosedValue = KNOWN.parse().expect("well formed");
        assert_eq!(closed.to_string(), KNOWN);
        let value = key().open(&closed, "bar:").expect("authentic");
        assert_eq!((value.kind(), value.bytes()), (Kind::Str, &b"foo"[..]));
        assert_eq!(
            key().open(&closed, "baz:").err(),
            Some(ValueFault::NotAuthentic)
        );
        let other = Cipher::new(&DataKey::from_bytes(&[b'g'; 32]).expect("32 bytes"));
        assert_eq!(
            other.open(&closed, "bar:").err(),
            Some(ValueFault::NotAuthentic)
        );
    }

    #[test]
    fn what_is_closed_opens_again() {
        for value in [
            Value::text("x"),
            Value::int(-7),
            Value::float(0.5),
            Value::bool(true),
        ] {
            let closed = key().close(&value, "a:b:", &mut rand_core::OsRng);
            let read: ClosedValue = closed.to_string().parse().expect("well formed");
            let opened = key().open(&read, "a:b:").expect("authentic");
            assert!(opened == value);
        }
    }

    #[test]
    fn anything_but_the_one_form_is_refused_without_a_word_of_it() {
        for (from, to) in [
            ("ENC[", "enc["),
            ("AES256_GCM", "AES128_GCM"),
            ("]", ""),
            ("]", "] "),
            ("data:oYyi", "data:"),
            ("data:oYyi", "data:oYy"),
            ("data:oYyi", "data:o_yi"),
            ("iv:My", "iv:"),
            (",tag:", ",tga:"),
            ("type:str", "type:string"),
            ("type:str", "type:"),
            ("type:str", "type:str,x:y"),
        ] {
            let text = KNOWN.replacen(from, to, 1);
            let error = text.parse::<ClosedValue>().expect_err(&text);
            assert!(!error.to_string().contains("oYy"), "{error}");
        }
    }
}
