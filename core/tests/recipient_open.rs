//! Closing and opening: every refusal of `unwrap`, and age's own reader as the judge of the rest.

use std::collections::HashSet;
use std::io::{Read, Write};

use age_core::format::{FileKey, Stanza};
use bulla_core::recipient::{
    FILE_BYTES_MAX, HeaderFault, Identity, PAYLOAD_BYTES_MAX, Suite, UnwrapError, WrapError,
    unwrap, wrap,
};
use proptest::prelude::*;
use rand_core::OsRng;

const SUITES: [Suite; 2] = [Suite::X25519, Suite::MlKem768X25519];
const PAYLOAD: &[u8] = b"a payload of no importance";

#[test]
fn what_is_wrapped_is_unwrapped_by_its_owner_only() {
    for suite in SUITES {
        let owner = identity(suite);
        for payload in [&b""[..], PAYLOAD, &[0x5a; PAYLOAD_BYTES_MAX]] {
            let file = wrap(owner.recipient(), payload).expect("a valid recipient");
            assert!(file.len() <= FILE_BYTES_MAX);
            assert_eq!(
                unwrap(&owner, &file, payload.len())
                    .expect("it is the owner's")
                    .as_slice(),
                payload
            );
            assert_eq!(
                unwrap(&owner.duplicate(), &file, payload.len())
                    .expect("the same")
                    .as_slice(),
                payload
            );
            for other in SUITES.map(identity) {
                assert_eq!(
                    unwrap(&other, &file, payload.len()),
                    Err(UnwrapError::NoMatch)
                );
            }
        }
        let large = [0; PAYLOAD_BYTES_MAX + 1];
        assert!(matches!(
            wrap(owner.recipient(), &large),
            Err(WrapError::PayloadTooLarge)
        ));
    }
}

#[test]
fn no_two_files_are_alike() {
    for suite in SUITES {
        let owner = identity(suite);
        let files: HashSet<Vec<u8>> = (0..8)
            .map(|_| wrap(owner.recipient(), PAYLOAD).expect("valid"))
            .collect();
        assert_eq!(files.len(), 8);
    }
}

#[test]
fn sizes_are_capped() {
    let owner = identity(Suite::X25519);
    let file = wrap(owner.recipient(), PAYLOAD).expect("valid");
    let max = PAYLOAD.len() - 1;
    assert_eq!(
        unwrap(&owner, &file, max),
        Err(UnwrapError::PayloadTooLarge { max })
    );
    assert_eq!(
        unwrap(&owner, &[b'a'; FILE_BYTES_MAX + 1], 9999),
        Err(UnwrapError::FileTooLarge)
    );
}

#[test]
fn files_of_another_kind_are_named() {
    let owner = identity(Suite::X25519);
    let file = |text: &str| unwrap(&owner, text.as_bytes(), 100);
    assert_eq!(file(""), Err(UnwrapError::NotAge));
    assert_eq!(
        file("age-encryption.org/v2\n"),
        Err(UnwrapError::UnsupportedVersion)
    );
    assert_eq!(
        file("-----BEGIN AGE ENCRYPTED FILE-----\n"),
        Err(UnwrapError::Armored)
    );
    let rule = "the header must not end here";
    assert_eq!(
        file("age-encryption.org/v1\n-> X25519"),
        Err(UnwrapError::Header(HeaderFault { line: 2, rule }))
    );
    let passphrase = age::scrypt::Recipient::new("hunter2".to_owned().into());
    let file = close(&[&passphrase]).expect("age closes it");
    assert_eq!(unwrap(&owner, &file, 100), Err(UnwrapError::Passphrase));
}

#[test]
fn one_recipient_is_one() {
    let owner = identity(Suite::X25519);
    let (first, second) = (
        age_recipient(&owner),
        age_recipient(&identity(Suite::X25519)),
    );
    let file = close(&[&first, &second]).expect("age closes it");
    assert_eq!(
        unwrap(&owner, &file, 100),
        Err(UnwrapError::ManyRecipients { recipients: 2 })
    );
    let grease = Extra {
        before: vec![],
        own: None,
        after: vec![stanza("only-grease", &[], 0)],
    };
    assert_eq!(
        unwrap(&owner, &close(&[&grease]).expect("closed"), 100),
        Err(UnwrapError::NoRecipient)
    );
}

#[test]
fn every_changed_byte_is_noticed() {
    for suite in SUITES {
        let owner = identity(suite);
        let file = wrap(owner.recipient(), PAYLOAD).expect("valid");
        for at in 0..file.len() {
            for bit in [0x01, 0x20] {
                let mut changed = file.clone();
                changed[at] ^= bit;
                assert!(
                    unwrap(&owner, &changed, 100).is_err(),
                    "{suite}: bit {bit:#x} of byte {at}"
                );
            }
        }
        for length in 0..file.len() {
            assert!(
                unwrap(&owner, &file[..length], 100).is_err(),
                "{suite}: cut to {length}"
            );
        }
        let longer = [&file[..], b"x"].concat();
        assert_eq!(unwrap(&owner, &longer, 100), Err(UnwrapError::Payload));
        assert_eq!(
            unwrap(&owner, &[&file[..], &file[..]].concat(), 9999),
            Err(UnwrapError::Payload)
        );
    }
}

#[test]
fn errors_tell_header_and_payload_apart() {
    for suite in SUITES {
        let owner = identity(suite);
        let file = wrap(owner.recipient(), PAYLOAD).expect("valid");
        let end = file
            .windows(5)
            .position(|five| five == b"\n--- ")
            .expect("a header")
            + 1;
        let with = |at: usize, byte: u8| {
            let mut changed = file.clone();
            changed[at] = if changed[at] == byte { byte + 1 } else { byte };
            unwrap(&owner, &changed, 100).expect_err("it was changed")
        };
        assert_eq!(with(end + 4, b'A'), UnwrapError::HeaderMac);
        assert_eq!(with(end + 4 + 43 + 1, 0), UnwrapError::Payload);
        assert_eq!(with(file.len() - 1, 0), UnwrapError::Payload);
        let grease = [&file[..end], b"-> x-grease\n\n", &file[end..]].concat();
        assert_eq!(unwrap(&owner, &grease, 100), Err(UnwrapError::HeaderMac));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn age_agrees_about_damaged_files(edits in proptest::collection::vec(edit(), 1..3)) {
        let owner = identity(Suite::X25519);
        let mut file = wrap(owner.recipient(), PAYLOAD).expect("valid");
        for edit in edits {
            edit.apply(&mut file);
        }
        prop_assert_eq!(unwrap(&owner, &file, 9999).ok().map(|payload| payload.to_vec()), open_by_age(&owner, &file));
    }

    /// Headers that are authentic, with whatever a header can hold beside the recipient.
    #[test]
    fn age_agrees_about_unusual_headers(before in stanzas(), after in stanzas()) {
        let owner = identity(Suite::X25519);
        let others = before.iter().chain(&after).filter(|stanza| !stanza.tag.ends_with("-grease")).count();
        let bytes: usize = before.iter().chain(&after).map(|stanza| 100 + 2 * stanza.body.len()).sum();
        let own = Some(age_recipient(&owner));
        let Ok(file) = close(&[&Extra { before, own, after }]) else { return Ok(()) };
        prop_assert!(open_by_age(&owner, &file).as_deref() == Some(PAYLOAD));
        let opened = unwrap(&owner, &file, 100);
        match others {
            0 => prop_assert!(opened.expect("the owner's").as_slice() == PAYLOAD),
            _ if bytes > FILE_BYTES_MAX => prop_assert!(opened.is_err()),
            _ => prop_assert_eq!(opened, Err(UnwrapError::ManyRecipients { recipients: 1 + others })),
        }
    }

    #[test]
    fn any_bytes_are_answered(file in proptest::collection::vec(any::<u8>(), 0..300), header in any::<bool>()) {
        let owner = identity(Suite::X25519);
        let start: &[u8] = if header { b"age-encryption.org/v1\n-> " } else { b"" };
        prop_assert!(unwrap(&owner, &[start, &file].concat(), 100).is_err());
    }
}

#[derive(Debug, Clone)]
enum Edit {
    Flip(usize, u8),
    Insert(usize, u8),
    Remove(usize),
    Cut(usize),
    Double(usize, usize),
}

impl Edit {
    fn apply(&self, file: &mut Vec<u8>) {
        let length = file.len().max(1);
        match *self {
            _ if file.is_empty() => {}
            Self::Flip(at, bits) => file[at % length] ^= bits,
            Self::Insert(at, byte) => file.insert(at % length, byte),
            Self::Remove(at) => drop(file.remove(at % length)),
            Self::Cut(at) => file.truncate(at % length),
            Self::Double(from, to) => {
                let (from, to) = (
                    (from % length).min(to % length),
                    (from % length).max(to % length),
                );
                let part = file[from..to].to_vec();
                file.splice(from..from, part);
            }
        }
    }
}

fn edit() -> impl Strategy<Value = Edit> {
    let place = || 0_usize..4096;
    let byte = || {
        prop_oneof![
            any::<u8>(),
            proptest::sample::select(b"\n\r A=-> ".to_vec())
        ]
    };
    prop_oneof![
        (place(), any::<u8>()).prop_map(|(at, bits)| Edit::Flip(at, bits)),
        (place(), byte()).prop_map(|(at, byte)| Edit::Insert(at, byte)),
        place().prop_map(Edit::Remove),
        place().prop_map(Edit::Cut),
        (place(), place()).prop_map(|(from, to)| Edit::Double(from, to)),
    ]
}

fn stanzas() -> impl Strategy<Value = Vec<Stanza>> {
    let one = (
        "[!-~]{1,9}(-grease)?|[!-~]{0,9}-grease",
        proptest::collection::vec("[!-~]{1,9}", 0..4),
        0_usize..200,
    );
    let one = one.prop_map(|(tag, args, length)| {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        stanza(&tag, &args, length)
    });
    let grease =
        ("[!-~]{0,9}-grease", 0_usize..200).prop_map(|(tag, length)| stanza(&tag, &[], length));
    proptest::collection::vec(prop_oneof![1 => one, 4 => grease], 0..4)
}

fn stanza(tag: &str, args: &[&str], length: usize) -> Stanza {
    let args = args.iter().map(|arg| (*arg).to_owned()).collect();
    Stanza {
        tag: tag.to_owned(),
        args,
        body: vec![0xa5; length],
    }
}

/// A recipient that leaves more in the header than its own stanza.
struct Extra {
    before: Vec<Stanza>,
    own: Option<age::x25519::Recipient>,
    after: Vec<Stanza>,
}

impl age::Recipient for Extra {
    fn wrap_file_key(
        &self,
        key: &FileKey,
    ) -> Result<(Vec<Stanza>, HashSet<String>), age::EncryptError> {
        let copy = |stanza: &Stanza| Stanza {
            tag: stanza.tag.clone(),
            args: stanza.args.clone(),
            body: stanza.body.clone(),
        };
        let mut stanzas: Vec<Stanza> = self.before.iter().map(copy).collect();
        if let Some(own) = &self.own {
            stanzas.extend(own.wrap_file_key(key)?.0);
        }
        stanzas.extend(self.after.iter().map(copy));
        Ok((stanzas, HashSet::new()))
    }
}

fn close(recipients: &[&dyn age::Recipient]) -> Result<Vec<u8>, age::EncryptError> {
    let encryptor = age::Encryptor::with_recipients(recipients.iter().copied())?;
    let mut writer = encryptor.wrap_output(Vec::new())?;
    writer.write_all(PAYLOAD)?;
    Ok(writer.finish()?)
}

fn open_by_age(owner: &Identity, file: &[u8]) -> Option<Vec<u8>> {
    let identity: age::x25519::Identity = owner.expose_text().parse().expect("age reads our text");
    let decryptor = age::Decryptor::new_buffered(file).ok()?;
    let mut payload = Vec::new();
    let mut reader = decryptor
        .decrypt([&identity as &dyn age::Identity].into_iter())
        .ok()?;
    reader.read_to_end(&mut payload).ok()?;
    Some(payload)
}

fn age_recipient(identity: &Identity) -> age::x25519::Recipient {
    identity
        .recipient()
        .as_str()
        .parse()
        .expect("age reads our text")
}

fn identity(suite: Suite) -> Identity {
    Identity::generate(suite, &mut OsRng)
}
