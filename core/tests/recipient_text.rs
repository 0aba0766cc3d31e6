//! The texts of recipients and identities: what is read, and what is said about the rest.

use bulla_core::recipient::{Identity, IdentityError, Recipient, RecipientError, Suite};
use proptest::prelude::*;
use rand_core::OsRng;

/// From age's README and test kit.
const X25519: &str = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";
const SECRET: &str = "AGE-SECRET-KEY-1EGTZVFFV20835NWYV6270LXYVK2VKNX2MMDKWYKLMGR48UAWX40Q2P2LM0";

#[test]
fn texts_are_read_back() {
    let recipient: Recipient = X25519.parse().expect("a valid recipient");
    assert_eq!(recipient.to_string(), X25519);
    assert_eq!(recipient.fingerprint().to_string(), "fp-cf7e568231315068");
    for suite in [Suite::X25519, Suite::MlKem768X25519] {
        let identity = Identity::generate(suite, &mut OsRng);
        assert_eq!(identity.suite(), Some(suite));
        let recipient: Recipient = identity
            .recipient()
            .to_string()
            .parse()
            .expect("a valid recipient");
        assert_eq!(&recipient, identity.recipient());
        assert_eq!(
            (recipient.suite(), recipient.fingerprint()),
            (Some(suite), identity.fingerprint())
        );
        let again: Identity = identity.expose_text().parse().expect("a valid identity");
        assert_eq!(again.recipient(), identity.recipient());
        assert_eq!(identity.duplicate().expose_text(), identity.expose_text());
    }
}

#[test]
fn generating_uses_the_random_numbers_it_is_given() {
    let one = Identity::generate(Suite::MlKem768X25519, &mut OsRng);
    let other = Identity::generate(Suite::MlKem768X25519, &mut OsRng);
    assert_ne!(one.recipient(), other.recipient());
}

#[test]
fn a_private_key_is_named_as_such_and_never_shown() {
    let hybrid = Identity::generate(Suite::MlKem768X25519, &mut OsRng).expose_text();
    for text in [
        SECRET.to_owned(),
        hybrid.to_string(),
        SECRET.to_lowercase(),
        format!(" {SECRET}"),
        format!("age1{SECRET}"),
        "AGE-PLUGIN-YUBIKEY-1QQQQQQQQQQQQ".to_owned(),
        "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEA".to_owned(),
    ] {
        assert_eq!(
            text.parse::<Recipient>(),
            Err(RecipientError::PrivateKey),
            "{text}"
        );
    }
    let garbled = SECRET.replace("SECRET", "SECERT").parse::<Recipient>();
    assert_eq!(garbled, Err(RecipientError::Unknown));
}

#[test]
fn what_is_wrong_with_a_recipient_is_said() {
    let hybrid = Identity::generate(Suite::MlKem768X25519, &mut OsRng)
        .recipient()
        .to_string();
    let replaced =
        |text: &str, at: usize, by: &str| format!("{}{by}{}", &text[..at], &text[at + 1..]);
    // Another last character than the one that it has.
    let other = if hybrid.ends_with('x') { 'q' } else { 'x' };
    for (text, expected) in [
        (
            "".into(),
            "not a recipient: expected `age1…`, `age1pq1…`, `ssh-ed25519 …` or `ssh-rsa …`",
        ),
        (
            "hunter2".into(),
            "not a recipient: expected `age1…`, `age1pq1…`, `ssh-ed25519 …` or `ssh-rsa …`",
        ),
        (
            format!(" {X25519}"),
            "not a recipient: expected `age1…`, `age1pq1…`, `ssh-ed25519 …` or `ssh-rsa …`",
        ),
        (
            "ssh-ed25519 AAAA".into(),
            "invalid `ssh-ed25519` recipient: its key is malformed",
        ),
        (
            "ssh-rsa AAAA".into(),
            "invalid `ssh-rsa` recipient: its key is malformed",
        ),
        (
            "age1yubikey1qwt50d05nh5vutpdzmlg5wn80".into(),
            "invalid recipient `age1yubikey1…`: its checksum does not match, a character is wrong",
        ),
        (
            "age1tagpq1qwt50d05nh5vutpdzmlg5wn80".into(),
            "invalid recipient `age1tagpq1qw…`: its checksum does not match, a character is wrong",
        ),
        (
            X25519.to_uppercase(),
            "invalid recipient `AGE1QL3Z7HJY…`: it is written in lower case",
        ),
        (
            replaced(X25519, 40, "W"),
            "invalid recipient `age1ql3z7hjy…`: it is written in lower case",
        ),
        (
            replaced(X25519, 40, "1"),
            "invalid recipient `age1ql3z7hjy…`: its character 41 can't be part of a recipient",
        ),
        (
            format!("{X25519} "),
            "invalid recipient `age1ql3z7hjy…`: its character 63 can't be part of a recipient",
        ),
        (
            X25519[..61].into(),
            "invalid recipient `age1ql3z7hjy…`: it has 61 characters instead of 62",
        ),
        (
            replaced(X25519, 40, "q"),
            "invalid recipient `age1ql3z7hjy…`: its checksum does not match, a character is wrong",
        ),
        (
            "age1\u{1b}[31m".into(),
            "invalid recipient `age1\\u{1b}[31m…`: its character 5 can't be part of a recipient",
        ),
        (format!("{}{other}", &hybrid[..1958]), ""),
        (hybrid[..1958].into(), ""),
    ] {
        let error = text
            .parse::<Recipient>()
            .expect_err("it is not a recipient")
            .to_string();
        if expected.is_empty() {
            assert!(
                error.starts_with("invalid recipient `age1pq1") && error.len() < 120,
                "{error}"
            );
        } else {
            assert_eq!(error, expected, "{text:?}");
        }
    }
}

#[test]
fn keys_that_nobody_could_open_for_are_refused() {
    let low_order = [
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        // Second spellings of 0, of 9 and of 9 with the highest bit set.
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "f6ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0900000000000000000000000000000000000000000000000000000000000080",
    ];
    for point in low_order {
        let refused = recipient_text("age", &hex(point)).parse::<Recipient>();
        assert!(
            matches!(refused, Err(RecipientError::Point { .. })),
            "{point}: {refused:?}"
        );
    }
    let base = recipient_text(
        "age",
        &hex("0900000000000000000000000000000000000000000000000000000000000000"),
    );
    assert!(base.parse::<Recipient>().is_ok());

    // A valid ML-KEM key is 1152 bytes of coefficients below 3329 and any 32 bytes.
    let mut key = vec![0; 1216];
    key[1184] = 9;
    assert!(recipient_text("age1pq", &key).parse::<Recipient>().is_ok());
    let coefficients: [(usize, [u8; 3]); 3] = [
        (0, [0x01, 0x0d, 0]),
        (3, [0, 0x10, 0xd0]),
        (1149, [0xff, 0xff, 0xff]),
    ];
    for (at, three) in coefficients {
        let mut key = key.clone();
        key[at..at + 3].copy_from_slice(&three);
        let refused = recipient_text("age1pq", &key).parse::<Recipient>();
        assert!(
            matches!(refused, Err(RecipientError::EncapsulationKey { .. })),
            "{at}: {refused:?}"
        );
    }
    let mut greatest = key.clone();
    greatest[..3].copy_from_slice(&[0x00, 0x0d, 0xd0]);
    assert!(
        recipient_text("age1pq", &greatest)
            .parse::<Recipient>()
            .is_ok()
    );
    key[1184] = 0;
    let refused = recipient_text("age1pq", &key).parse::<Recipient>();
    assert!(
        matches!(refused, Err(RecipientError::Point { .. })),
        "{refused:?}"
    );
}

#[test]
fn what_is_wrong_with_an_identity_is_said_without_showing_it() {
    for (text, expected) in [
        (X25519.to_owned(), IdentityError::Recipient),
        (SECRET.to_lowercase(), IdentityError::Case),
        (SECRET.replace("X40Q", "x40Q"), IdentityError::Case),
        (SECRET.replace("X40Q", "X40O"), IdentityError::Character),
        (SECRET.replace("X40Q", "X40P"), IdentityError::Checksum),
        (
            SECRET.replace("KEY-1", "KEY-PQ-1"),
            IdentityError::Length {
                expected: 77,
                found: 77,
            },
        ),
        (format!("{SECRET}\n"), IdentityError::Character),
        (format!(" {SECRET}"), IdentityError::Unknown),
        (SECRET[1..].to_owned(), IdentityError::Unknown),
        (String::new(), IdentityError::Unknown),
    ] {
        let error = text.parse::<Identity>().expect_err("it is not an identity");
        let shown = format!("{error} {error:?}");
        assert!(
            !shown.contains("EGTZV") && !shown.contains("egtzv"),
            "{shown}"
        );
        if !text.contains("-PQ-") {
            assert_eq!(error, expected, "{shown}");
        }
    }
    for (text, expected) in [
        ("AGE-PLUGIN-YUBIKEY-1QQQ", IdentityError::Plugin),
        ("-----BEGIN OPENSSH PRIVATE KEY-----", IdentityError::Ssh),
    ] {
        assert_eq!(text.parse::<Identity>().err(), Some(expected));
    }
}

#[test]
fn debug_shows_no_key() {
    for suite in [Suite::X25519, Suite::MlKem768X25519] {
        let identity = Identity::generate(suite, &mut OsRng);
        let shown = format!("{identity:?} {:?}", identity.recipient());
        assert!(
            shown.starts_with(&format!(
                "Identity(redacted {suite} {})",
                identity.fingerprint()
            )),
            "{shown}"
        );
        assert!(
            shown.len() < 120 && !shown.contains("AGE-SECRET"),
            "{shown}"
        );
    }
}

fn recipient_text(prefix: &str, key: &[u8]) -> String {
    use bech32::{ByteIterExt, Fe32IterExt, Hrp};
    enum Checksum {}
    impl bech32::Checksum for Checksum {
        type MidstateRepr = u32;
        const CODE_LENGTH: usize = usize::MAX;
        const CHECKSUM_LENGTH: usize = bech32::Bech32::CHECKSUM_LENGTH;
        const GENERATOR_SH: [u32; 5] = bech32::Bech32::GENERATOR_SH;
        const TARGET_RESIDUE: u32 = bech32::Bech32::TARGET_RESIDUE;
    }
    let hrp = Hrp::parse(prefix).expect("a valid prefix");
    key.iter()
        .copied()
        .bytes_to_fes()
        .with_checksum::<Checksum>(&hrp)
        .chars()
        .collect()
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).expect("hex digits"))
        .collect()
}

proptest! {
    #[test]
    fn a_typing_mistake_is_found(at in 4_usize..62, by in "[ -~]") {
        let text = format!("{}{by}{}", &X25519[..at], &X25519[at + 1..]);
        prop_assert_eq!(text.parse::<Recipient>().is_ok(), text == X25519);
        let at = at + 12;
        let text = format!("{}{by}{}", &SECRET[..at], &SECRET[at + 1..]);
        prop_assert_eq!(text.parse::<Identity>().is_ok(), text == SECRET);
    }

    #[test]
    fn a_text_that_parses_is_the_only_one(text in "(age1|age1pq1|AGE-SECRET-KEY-1|)[ -~]{0,80}|\\PC{0,40}") {
        if let Ok(recipient) = text.parse::<Recipient>() {
            prop_assert_eq!(recipient.to_string(), text.clone());
        }
        if let Ok(identity) = text.parse::<Identity>() {
            prop_assert!(*identity.expose_text() == text);
        }
    }

    #[test]
    fn age_agrees_on_every_key(secret in any::<[u8; 32]>()) {
        let identity = Identity::generate(Suite::X25519, &mut Fixed(secret));
        let age: age::x25519::Identity = identity.expose_text().parse().expect("age reads our text");
        prop_assert_eq!(age.to_public().to_string(), identity.recipient().to_string());
    }
}

/// A source of "random" numbers that gives the same bytes for ever.
struct Fixed([u8; 32]);

impl rand_core::RngCore for Fixed {
    fn next_u32(&mut self) -> u32 {
        0
    }
    fn next_u64(&mut self) -> u64 {
        0
    }
    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        for (byte, fixed) in bytes.iter_mut().zip(self.0.iter().cycle()) {
            *byte = *fixed;
        }
    }
    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rand_core::Error> {
        self.fill_bytes(bytes);
        Ok(())
    }
}

impl rand_core::CryptoRng for Fixed {}
