//! The age project's own vectors, read by `unwrap`.
//!
//! A vector says what an age reader makes of it. Envelopes allow less than age does, and the list below is the whole
//! difference: what is refused here, and two cuts that belong to the payload here and to the header there.

use std::fs;
use std::path::Path;

use bulla_core::recipient::{Identity, LockedIdentityFile, UnwrapError, dearmor, unwrap};
use sha2::{Digest, Sha256};

const OTHERWISE: [(&str, &str); 12] = [
    ("armor_empty", "armor failure"),
    ("hybrid_and_x25519", "more recipients"),
    ("scrypt", "passphrase"),
    ("scrypt_and_x25519", "passphrase"),
    ("stanza_empty_body", "more recipients"),
    ("stanza_empty_last_line", "more recipients"),
    ("stanza_valid_characters", "more recipients"),
    ("stream_no_nonce", "payload failure"),
    ("stream_short_nonce", "payload failure"),
    ("x25519_grease", "more recipients"),
    ("x25519_multiple_recipients", "more recipients"),
    ("hybrid_grease", "more recipients"),
];

#[test]
fn every_vector_ends_as_it_says() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/recipient/cctv");
    let mut wrong = Vec::new();
    let mut read = 0;
    for entry in fs::read_dir(directory).expect("the vectors are there") {
        let path = entry.expect("a directory entry").path();
        let name = path
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        if name.starts_with('.') {
            continue;
        }
        let vector = Vector::parse(&fs::read(&path).expect("a readable vector"));
        let otherwise = OTHERWISE.iter().find(|(vector, _)| *vector == name);
        let expected = otherwise.map_or(vector.expect.as_str(), |(_, class)| class);
        assert!(
            otherwise.is_none() || vector.expect != expected,
            "{name} is listed for nothing"
        );
        let found = vector.class();
        if found != expected {
            wrong.push(format!("{name}: expected {expected}, found {found}"));
        }
        read += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(read > 100, "only {read} vectors were read");
}

/// What a passphrase opens is what it says, and it opens nothing else.
#[test]
fn files_under_a_passphrase_end_as_they_say() {
    let directory =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/recipient/cctv-scrypt");
    let mut read = 0;
    for entry in fs::read_dir(directory).expect("the vectors are there") {
        let path = entry.expect("a directory entry").path();
        let vector = Vector::parse(&fs::read(&path).expect("a readable vector"));
        let file = vector.file.as_deref().and_then(LockedIdentityFile::read);
        let opened = file.and_then(|file| {
            let mut passphrases = vector.passphrases.iter();
            passphrases.find_map(|passphrase| file.unlock(passphrase).ok())
        });
        let digest = opened.map(|payload| hex(&Sha256::digest(&*payload)));
        let expected = vector.payload.filter(|_| vector.expect == "success");
        assert_eq!(digest, expected, "{}", path.display());
        read += 1;
    }
    assert!(read > 15, "only {read} vectors were read");
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

struct Vector {
    expect: String,
    payload: Option<String>,
    identities: Vec<Identity>,
    /// Nothing for armor that does not read.
    file: Option<Vec<u8>>,
    passphrases: Vec<String>,
}

impl Vector {
    fn parse(bytes: &[u8]) -> Self {
        let end = bytes
            .windows(2)
            .position(|two| two == b"\n\n")
            .expect("a header and a file");
        let header = str::from_utf8(&bytes[..end]).expect("the header is text");
        let all = |key: &str| {
            let lines = header.lines().filter_map(|line| line.split_once(": "));
            lines
                .filter(|(k, _)| *k == key)
                .map(|(_, value)| value.to_owned())
                .collect::<Vec<_>>()
        };
        let mut identities: Vec<Identity> = all("identity")
            .iter()
            .map(|text| text.parse().expect("a valid identity"))
            .collect();
        if identities.is_empty() {
            // What is refused before any identity is used.
            let any = "AGE-SECRET-KEY-1EGTZVFFV20835NWYV6270LXYVK2VKNX2MMDKWYKLMGR48UAWX40Q2P2LM0";
            identities.push(any.parse().expect("a valid identity"));
        }
        Self {
            expect: all("expect").remove(0),
            payload: all("payload").pop(),
            identities,
            file: match all("armored").is_empty() {
                true => Some(bytes[end + 2..].to_vec()),
                false => str::from_utf8(&bytes[end + 2..]).ok().and_then(dearmor),
            },
            passphrases: all("passphrase"),
        }
    }

    fn class(&self) -> String {
        let Some(file) = &self.file else {
            return "armor failure".to_owned();
        };
        let results = self
            .identities
            .iter()
            .map(|identity| unwrap(identity, file, usize::MAX));
        let mut decided = results.filter(|result| !matches!(result, Err(UnwrapError::NoMatch)));
        match decided.next() {
            None => "no match",
            Some(Ok(payload)) => {
                assert_eq!(Some(hex(&Sha256::digest(&*payload))), self.payload);
                "success"
            }
            Some(Err(UnwrapError::HeaderMac)) => "HMAC failure",
            Some(Err(UnwrapError::Payload)) => "payload failure",
            Some(Err(
                UnwrapError::Header(_) | UnwrapError::NotAge | UnwrapError::UnsupportedVersion,
            )) => "header failure",
            Some(Err(UnwrapError::ManyRecipients { .. })) => "more recipients",
            Some(Err(UnwrapError::Passphrase)) => "passphrase",
            Some(Err(UnwrapError::Armored)) => "armored",
            Some(Err(_)) => "another error",
        }
        .to_owned()
    }
}
