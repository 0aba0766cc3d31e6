//! Keys of ssh, as `ssh-keygen` writes them: read, closed for, opened with; and files that `age` closed for them.

use std::fs;
use std::path::Path;

use age_core::format::{FileKey, Stanza};
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD};
use bulla_core::recipient::{
    FILE_BYTES_MAX, Identity, KeyKind, PAYLOAD_BYTES_MAX, Recipient, SshKey, SshKeyError,
    UnwrapError, kind_of, unwrap, wrap,
};
use bulla_core::sealed_secrets::RsaKeyError;

const PAYLOAD: &[u8] = b"a payload of no importance";
const PASSPHRASE: &[u8] = b"correct horse";

fn file(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/recipient/ssh");
    fs::read(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn key(name: &str) -> Identity {
    match SshKey::parse(&file(name)) {
        Ok(SshKey::Open(identity)) => identity,
        Ok(SshKey::Locked(key)) => key.unlock(PASSPHRASE).expect("the passphrase"),
        Err(error) => panic!("{name}: {error}"),
    }
}

fn public(name: &str) -> Recipient {
    let text = String::from_utf8(file(&format!("{name}.pub"))).expect("UTF-8");
    text.trim_end().parse().expect("a recipient")
}

fn error(text: &[u8]) -> SshKeyError {
    SshKey::parse(text).expect_err("no key")
}

#[test]
fn keys_are_read_as_ssh_keygen_writes_them() {
    for (name, owner) in [
        ("ed25519", "ed25519"),
        ("ed25519-locked", "ed25519-locked"),
        ("ed25519-locked-cbc", "ed25519-locked-cbc"),
        ("rsa", "rsa"),
        ("rsa-locked", "rsa-locked"),
        ("rsa-pkcs1", "rsa"),
        ("rsa-pkcs8", "rsa"),
    ] {
        let identity = key(name);
        assert_eq!(identity.recipient(), &public(owner), "{name}");
        // What is written of a key is read as the same key.
        let text = identity.expose_text();
        let Ok(SshKey::Open(again)) = SshKey::parse(text.as_bytes()) else {
            panic!("{name} is not read back");
        };
        assert_eq!(again.fingerprint(), identity.fingerprint());
        assert!(!format!("{identity:?}").contains("PRIVATE"));
    }
    assert_eq!(key("ed25519-pkcs8").kind(), KeyKind::SshEd25519);
    assert_eq!(key("rsa").kind(), KeyKind::SshRsa);
}

#[test]
fn whom_a_locked_key_belongs_to_is_known_without_its_passphrase() {
    for name in ["ed25519-locked", "rsa-locked"] {
        let Ok(SshKey::Locked(locked)) = SshKey::parse(&file(name)) else {
            panic!("{name} has a passphrase");
        };
        assert_eq!(locked.recipient(), &public(name));
        for wrong in [&b""[..], b"horse"] {
            assert_eq!(locked.unlock(wrong).err(), Some(SshKeyError::Passphrase));
        }
    }
}

#[test]
fn what_age_closed_for_ssh_keys_is_opened() {
    for name in ["ed25519", "ed25519-locked", "rsa", "rsa-locked"] {
        let closed = file(&format!("{name}.age"));
        let opened = unwrap(&key(name), &closed, 100).expect("it is theirs");
        assert_eq!(opened.as_slice(), PAYLOAD);
        assert_eq!(kind_of(&closed), Ok(Some(key(name).kind())));
        let other = if name.starts_with("rsa") {
            "rsa-pkcs1"
        } else {
            "ed25519-pkcs8"
        };
        if name != "rsa" {
            let opened = unwrap(&key(other), &closed, 100);
            assert_eq!(opened, Err(UnwrapError::NoMatch));
        }
    }
}

#[test]
fn what_is_closed_is_opened_by_its_owner_only() {
    let keys = ["ed25519", "ed25519-pkcs8", "rsa", "rsa-locked"].map(key);
    for owner in &keys {
        for payload in [PAYLOAD, &[7; PAYLOAD_BYTES_MAX]] {
            let closed = wrap(owner.recipient(), payload).expect("a valid recipient");
            assert!(closed.len() <= FILE_BYTES_MAX);
            for identity in &keys {
                let opened = unwrap(identity, &closed, payload.len());
                match identity.fingerprint() == owner.fingerprint() {
                    true => assert_eq!(opened.expect("it is theirs").as_slice(), payload),
                    false => assert_eq!(opened, Err(UnwrapError::NoMatch)),
                }
            }
        }
    }
}

#[test]
fn a_recipient_has_one_text_and_may_have_a_comment() {
    let text = String::from_utf8(file("ed25519.pub")).expect("UTF-8");
    let (whole, recipient) = (text.trim_end(), public("ed25519"));
    assert!(whole.ends_with(" ed25519 of a test"));
    assert_eq!(recipient.with_comment(), whole);
    assert_eq!(format!("{recipient} ed25519 of a test"), whole);
    let bare: Recipient = recipient.as_str().parse().expect("a recipient");
    assert_eq!(
        (&bare, bare.with_comment().as_str()),
        (&recipient, recipient.as_str())
    );
    assert_eq!(bare.fingerprint(), recipient.fingerprint());

    let fault = |text: &str| {
        text.parse::<Recipient>()
            .expect_err("no recipient")
            .to_string()
    };
    let blob = recipient.as_str().split(' ').next_back().expect("a key");
    for (text, expected) in [
        (
            "ssh-ed25519".to_owned(),
            "invalid `ssh-ed25519` recipient: its key is missing",
        ),
        (
            format!("ssh-ed25519 {}", &blob[..60]),
            "invalid `ssh-ed25519` recipient: its key is malformed",
        ),
        (
            format!("ssh-ed25519 {}", &blob[..61]),
            "invalid `ssh-ed25519` recipient: its key is not base64, or was cut short",
        ),
        (
            format!("ssh-rsa {blob}"),
            "invalid `ssh-rsa` recipient: its key is malformed",
        ),
        (
            format!("ssh-ed25519 {blob} a\u{1b}b"),
            "invalid `ssh-ed25519` recipient: its comment is too long, or has characters that can't be shown",
        ),
        (
            String::from_utf8(file("rsa-short.pub")).expect("UTF-8"),
            "invalid `ssh-rsa` recipient: an RSA key of 1024 bits is too small: at least 2048 are needed",
        ),
        (
            String::from_utf8(file("ecdsa.pub")).expect("UTF-8"),
            "`ecdsa-sha2-nistp256` keys can't be closed for: of ssh keys, only ssh-ed25519 and ssh-rsa can",
        ),
        (
            "ssh-dss AAAA".to_owned(),
            "`ssh-dss` keys can't be closed for: of ssh keys, only ssh-ed25519 and ssh-rsa can",
        ),
    ] {
        assert_eq!(fault(&text), expected, "{text}");
    }
    // Points of low order, and what is no point: nobody could open what is closed for them.
    for (key, what) in [([0; 32], "order 4"), ([2; 32], "perhaps no point")] {
        let mut wire = BASE64_STANDARD.decode(blob).expect("base64");
        wire[19..].copy_from_slice(&key);
        let text = format!("ssh-ed25519 {}", BASE64_STANDARD.encode(wire));
        if key == [0; 32] {
            assert_eq!(
                fault(&text),
                "invalid `ssh-ed25519` recipient: its key is malformed",
                "{what}"
            );
        }
    }
}

#[test]
fn what_is_no_key_of_use_is_told_apart() {
    assert_eq!(error(b"hello"), SshKeyError::NoKey);
    assert_eq!(error(&file("rsa.pub")), SshKeyError::Public);
    assert_eq!(error(&file("rsa-old-locked")), SshKeyError::OldEncryption);
    assert_eq!(error(&file("ed25519-locked-gcm")), SshKeyError::Cipher);
    assert_eq!(error(&[b'a'; 20_000]), SshKeyError::TooLarge);
    let kind = "ecdsa-sha2-nistp256".to_owned();
    assert_eq!(error(&file("ecdsa")), SshKeyError::Kind { kind });
    let short = RsaKeyError::TooSmall { bits: 1024 };
    assert_eq!(error(&file("rsa-short")), SshKeyError::Rsa(short));
    let text = String::from_utf8(file("ed25519")).expect("UTF-8");
    assert_eq!(
        error(text.replacen("b3", "\u{e9}", 1).as_bytes()),
        SshKeyError::Malformed
    );
    assert_eq!(
        error(text.replace("-----END", "----").as_bytes()),
        SshKeyError::Malformed
    );
}

/// Each byte of a key without a passphrase, changed or missing, gives an error or a key, and never another key's name.
#[test]
fn damage_is_no_panic_and_no_other_key() {
    for name in ["ed25519", "ed25519-locked", "rsa"] {
        let text = String::from_utf8(file(name)).expect("UTF-8");
        let body: String = text.lines().filter(|line| !line.starts_with('-')).collect();
        let bytes = BASE64_STANDARD.decode(body).expect("base64");
        let parse = |bytes: &[u8]| {
            let body = BASE64_STANDARD.encode(bytes);
            let label = "OPENSSH PRIVATE KEY-----";
            SshKey::parse(format!("-----BEGIN {label}\n{body}\n-----END {label}\n").as_bytes())
        };
        let step = if name == "rsa" { 7 } else { 1 };
        for at in (0..bytes.len()).step_by(step) {
            assert!(parse(&bytes[..at]).is_err(), "{name} cut at {at}");
            let mut changed = bytes.clone();
            changed[at] ^= 0x11;
            match parse(&changed) {
                Ok(SshKey::Open(identity)) => assert_eq!(identity.recipient(), &public(name)),
                Ok(SshKey::Locked(_)) | Err(_) => {}
            }
        }
    }
}

#[test]
fn absurd_rounds_are_refused_before_any_work() {
    let text = String::from_utf8(file("ed25519-locked")).expect("UTF-8");
    let body: String = text.lines().filter(|line| !line.starts_with('-')).collect();
    let mut bytes = BASE64_STANDARD.decode(body).expect("base64");
    // After the magic: cipher, name of the function, its options: the salt, and the rounds.
    let rounds = 15 + (4 + 10) + (4 + 6) + 4 + (4 + 16);
    bytes[rounds..rounds + 4].copy_from_slice(&u32::MAX.to_be_bytes());
    let label = "OPENSSH PRIVATE KEY-----";
    let body = BASE64_STANDARD.encode(bytes);
    let text = format!("-----BEGIN {label}\n{body}\n-----END {label}\n");
    assert_eq!(error(text.as_bytes()), SshKeyError::Rounds);
}

/// Stanzas that age's own code would not write. The MAC is made for them, so nothing but the stanza is wrong.
struct Crafted(Stanza);

impl age::Recipient for Crafted {
    fn wrap_file_key(
        &self,
        _: &FileKey,
    ) -> Result<(Vec<Stanza>, std::collections::HashSet<String>), age::EncryptError> {
        let Stanza { tag, args, body } = &self.0;
        let stanza = Stanza {
            tag: tag.clone(),
            args: args.clone(),
            body: body.clone(),
        };
        Ok((vec![stanza], std::collections::HashSet::new()))
    }
}

fn crafted(tag: &str, args: &[String], body: &[u8]) -> Vec<u8> {
    let stanza = Stanza {
        tag: tag.to_owned(),
        args: args.to_vec(),
        body: body.to_vec(),
    };
    let recipient: &dyn age::Recipient = &Crafted(stanza);
    age::encrypt(&Any(recipient), PAYLOAD).expect("age closes")
}

struct Any<'a>(&'a dyn age::Recipient);

impl age::Recipient for Any<'_> {
    fn wrap_file_key(
        &self,
        file_key: &FileKey,
    ) -> Result<(Vec<Stanza>, std::collections::HashSet<String>), age::EncryptError> {
        self.0.wrap_file_key(file_key)
    }
}

#[test]
fn stanzas_that_break_a_rule_are_malformed_and_others_are_for_somebody_else() {
    let encode = |bytes: &[u8]| BASE64_STANDARD_NO_PAD.encode(bytes);
    let tag_in = |name: &str| {
        let closed = file(&format!("{name}.age"));
        let line = closed
            .split(|byte| *byte == b'\n')
            .nth(1)
            .expect("a stanza");
        let words = str::from_utf8(line).expect("UTF-8").split(' ');
        words.map(str::to_owned).nth(2).expect("a tag")
    };
    let open = |name: &str, file: &[u8]| match unwrap(&key(name), file, 100) {
        Ok(_) => "opened".to_owned(),
        Err(UnwrapError::Header(fault)) => fault.rule.to_owned(),
        Err(error) => error.to_string(),
    };
    let for_other = "the age file is not closed for this identity";

    let (tag, share) = (tag_in("ed25519"), encode(&[9; 32]));
    let kind = "ssh-ed25519";
    for (args, body, expected) in [
        (vec![tag.clone()], 32, "the stanza must have two arguments"),
        (
            vec![tag.clone(), encode(&[9; 31])],
            32,
            "the arguments must be a tag and a share in canonical base64",
        ),
        (
            vec![encode(&[1; 5]), share.clone()],
            32,
            "the arguments must be a tag and a share in canonical base64",
        ),
        (
            vec![tag.clone(), share.clone()],
            31,
            "the body must be a closed file key of 32 bytes",
        ),
        (
            vec![tag.clone(), encode(&[0; 32])],
            32,
            "the X25519 share must not be of low order",
        ),
        (vec![tag.clone(), share.clone()], 32, for_other),
        (vec![encode(&[1; 4]), share.clone()], 31, for_other),
    ] {
        let closed = crafted(kind, &args, &vec![5; body]);
        assert_eq!(open("ed25519", &closed), expected, "{args:?}");
        assert_eq!(open("rsa", &closed), for_other);
    }

    let tag = tag_in("rsa");
    for (args, body, expected) in [
        (vec![], 256, "the stanza must have one argument"),
        (
            vec![encode(&[1; 3])],
            256,
            "the argument must be a key of this type in canonical base64",
        ),
        (
            vec![tag.clone()],
            255,
            "the body must be a closed file key of 256 to 1024 bytes",
        ),
        (vec![tag.clone()], 384, for_other),
        (vec![tag.clone()], 256, for_other),
        (vec![encode(&[1; 4])], 3, for_other),
    ] {
        let closed = crafted("ssh-rsa", &args, &vec![5; body]);
        assert_eq!(open("rsa", &closed), expected, "{args:?}");
    }
}
