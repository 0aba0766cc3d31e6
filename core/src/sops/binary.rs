//! Files of any bytes: one value, `data`, in an object of JSON. Selectors don't apply to them.
//!
//! They may be large: of a file in memory there is one copy here, and the result is made in place.

use std::borrow::Cow;
use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use rand_core::RngCore;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::ser::{PrettyFormatter, Serializer};
use serde_json::{Map, Value as Json};
use zeroize::Zeroizing;

use crate::plaintext::Plaintext;

use super::cipher::{Cipher, ClosedValue, DataKey};
use super::close::close_mac;
use super::error::{At, SopsError};
use super::file::Decrypted;
use super::mac::{self, Mac};
use super::metadata::Metadata;
use super::open::{Ciphertexts, MacPolicy};
use super::value::ValueFault;

/// Reads the block.
pub(super) fn metadata(file: &[u8]) -> Result<Metadata, SopsError> {
    Ok(File::read(file)?.1)
}

/// Opens a file.
pub(super) fn decrypt<E: From<SopsError>>(
    file: &[u8],
    policy: MacPolicy,
    data_key: impl FnOnce(&Metadata) -> Result<DataKey, E>,
) -> Result<Decrypted, E> {
    let (data, metadata) = File::read(file)?;
    let data_key = data_key(&metadata)?;
    let cipher = Cipher::new(&data_key);
    let mut mac = Mac::new(metadata.mac_only_encrypted());
    let mut bytes = Zeroizing::new(Vec::new());
    if !data.is_empty() {
        let closed: ClosedValue = data.parse().map_err(at_data)?;
        let value = cipher.open_owned(closed, PATH).map_err(at_data)?;
        mac.count(value.kind(), value.bytes(), true);
        bytes = value.into_bytes();
    }
    if policy == MacPolicy::Verify {
        let at = metadata.last_modified()?;
        mac::verify(&cipher, &mac.finish(), metadata.mac(), &at)?;
    }
    Ok(Decrypted {
        plaintext: Plaintext::new(std::mem::take(&mut bytes)),
        metadata,
        data_key,
        ciphertexts: Ciphertexts::default(),
    })
}

/// Closes a file.
pub(super) fn encrypt(
    file: &[u8],
    metadata: &mut Metadata,
    key: &DataKey,
    now: &str,
    rng: &mut dyn RngCore,
) -> Result<Vec<u8>, SopsError> {
    let cipher = Cipher::new(key);
    let mut mac = Mac::new(metadata.mac_only_encrypted());
    mac.count_bytes(file);
    close_mac(&mac.finish(), metadata, &cipher, now, rng)?;
    let mut block = Vec::new();
    write_block(metadata, &mut block);
    let mut out = Vec::new();
    if file.is_empty() {
        out.extend_from_slice(START);
    } else {
        let encoded = file.len().div_ceil(3) * 4;
        out.reserve_exact(START.len() + encoded + REST_BYTES + block.len());
        out.extend_from_slice(START);
        out.extend_from_slice(ClosedValue::START.as_bytes());
        let start = out.len();
        // The ciphertext stands at the end of the room for its text, which then grows up to it.
        out.resize(start + encoded - file.len(), 0);
        out.extend_from_slice(file);
        let room = &mut out[start..];
        let (nonce, tag) = cipher.close_in_place(&mut room[encoded - file.len()..], PATH, rng);
        encode_in_place(room, file.len());
        out.extend_from_slice(ClosedValue::rest(&nonce, &tag).as_bytes());
    }
    out.extend_from_slice(b"\",\n\t\"sops\": ");
    out.extend_from_slice(&block);
    out.extend_from_slice(b"\n}\n");
    Ok(out)
}

/// Writes another block.
pub(super) fn replace_metadata(file: &[u8], metadata: &Metadata) -> Result<Vec<u8>, SopsError> {
    let (data, _) = File::read(file)?;
    let mut out = Vec::with_capacity(file.len() + REST_BYTES);
    out.extend_from_slice(START);
    out.extend_from_slice(data.as_bytes());
    out.extend_from_slice(b"\",\n\t\"sops\": ");
    write_block(metadata, &mut out);
    out.extend_from_slice(b"\n}\n");
    Ok(out)
}

/// What a file holds.
#[derive(Default)]
struct File<'f> {
    data: Option<Data<'f>>,
    sops: Option<Map<String, Json>>,
    /// The first key that has no business there.
    other: Option<String>,
}

impl<'de: 'f, 'f> Deserialize<'de> for File<'f> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Entries)
    }
}

struct Entries;

impl<'de> Visitor<'de> for Entries {
    type Value = File<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<File<'de>, A::Error> {
        let mut file = File::default();
        while let Some(Data(key)) = entries.next_key()? {
            match &*key {
                "data" if file.data.is_none() => file.data = entries.next_value()?,
                "sops" if file.sops.is_none() => file.sops = entries.next_value()?,
                _ => {
                    entries.next_value::<IgnoredAny>()?;
                    file.other.get_or_insert_with(|| key.into_owned());
                }
            }
        }
        Ok(file)
    }
}

/// A text that is borrowed wherever it has no escapes, which serde does for no `Option<Cow>`.
#[derive(Default, Deserialize)]
struct Data<'f>(#[serde(borrow)] Cow<'f, str>);

impl<'f> File<'f> {
    fn read(file: &'f [u8]) -> Result<(Cow<'f, str>, Metadata), SopsError> {
        let read: Self = serde_json::from_slice(file).map_err(|error| SopsError::Store {
            line: error.line(),
            rule: "is no JSON of the form that sops gives to binary files",
        })?;
        let Some(raw) = read.sops else {
            return Err(SopsError::NotEncrypted);
        };
        if read.data.is_none() && read.other.is_some() {
            return Err(SopsError::NotEncrypted);
        }
        if let Some(key) = read.other {
            return Err(SopsError::Value {
                at: At {
                    document: 1,
                    path: [&*key].into(),
                },
                fault: ValueFault::NotData,
            });
        }
        let Data(data) = read.data.unwrap_or_default();
        // A ciphertext has nothing that JSON would escape.
        if !data
            .bytes()
            .all(|b| b.is_ascii_graphic() && !b"\"\\".contains(&b))
        {
            return Err(at_data(ValueFault::NotClosed));
        }
        Ok((data, Metadata::from_raw(raw, None)))
    }
}

fn at_data(fault: ValueFault) -> SopsError {
    SopsError::Value {
        at: At {
            document: 1,
            path: ["data"].into(),
        },
        fault,
    }
}

fn write_block(metadata: &Metadata, out: &mut Vec<u8>) {
    let mut block = Vec::new();
    let mut writer = Serializer::with_formatter(&mut block, PrettyFormatter::with_indent(b"\t"));
    metadata
        .raw()
        .serialize(&mut writer)
        .expect("texts serialize into memory");
    for (nth, line) in block.split(|b| *b == b'\n').enumerate() {
        out.extend_from_slice(if nth > 0 { b"\n\t" } else { b"" });
        out.extend_from_slice(line);
    }
}

/// Turns the last `length` bytes of `room` into base64 that fills all of it. What is written never passes what is
/// still to be read: after k bytes it ends at 4k/3, and the next one stands at k + length/3.
fn encode_in_place(room: &mut [u8], length: usize) {
    let mut piece = [0; PIECE_BYTES];
    let mut text = [0; PIECE_BYTES / 3 * 4];
    let (mut read, mut written) = (room.len() - length, 0);
    while read < room.len() {
        let size = PIECE_BYTES.min(room.len() - read);
        piece[..size].copy_from_slice(&room[read..read + size]);
        let encoded = BASE64_STANDARD
            .encode_slice(&piece[..size], &mut text)
            .expect("three bytes give four letters");
        room[written..written + encoded].copy_from_slice(&text[..encoded]);
        (read, written) = (read + size, written + encoded);
    }
}

/// The associated data of the one value.
const PATH: &str = "data:";
const START: &[u8] = b"{\n\t\"data\": \"";
const PIECE_BYTES: usize = 3 * 1024;
/// What stands around ciphertext and block, at most.
const REST_BYTES: usize = 256;

/// For the caller that sets the one value.
pub(super) fn is_data(path: &crate::manifest::Path) -> bool {
    *path == ["data"].into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_that_json_escapes_is_no_ciphertext() {
        for escaped in [r#"\""#, r"\\", r"\n", r"\t", r"\u00e9", " "] {
            let file = format!(r#"{{"data": "ENC[{escaped}]", "sops": {{"mac": "x"}}}}"#);
            let read = File::read(file.as_bytes());
            assert!(matches!(read, Err(SopsError::Value { .. })), "{escaped}");
        }
    }

    #[test]
    fn base64_in_place_is_base64() {
        for length in (0..40_usize).chain([3071, 3072, 3073, 10_000]) {
            let bytes: Vec<u8> = (0..length).map(|n| (n * 7) as u8).collect();
            let encoded = length.div_ceil(3) * 4;
            let mut room = vec![0; encoded - length];
            room.extend_from_slice(&bytes);
            encode_in_place(&mut room, length);
            assert_eq!(room, BASE64_STANDARD.encode(&bytes).into_bytes());
        }
    }
}
