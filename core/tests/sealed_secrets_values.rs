//! Sealed values against those of the real `kubeseal` (v0.40.0), and against every small damage.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bulla_core::plaintext::Plaintext;
use bulla_core::rotation::Timestamp;
use bulla_core::scope::Scope;
use bulla_core::sealed_secrets::{Certificate, Expired, Expiry};
use bulla_core::sealed_secrets::{
    ItemError, Label, MAX_OPENING_OPERATIONS, RsaKeyError, RsaKeyRing, RsaPrivateKey, SealedItem,
    Search,
};
use proptest::prelude::*;
use rand_core::OsRng;
use serde::Deserialize;

#[derive(Deserialize)]
struct Vector {
    case: String,
    key: String,
    scope: String,
    namespace: String,
    name: String,
    value: String,
    sealed: String,
}

fn file(name: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/sealed-secrets");
    std::fs::read(format!("{folder}/{name}")).unwrap()
}

fn key(name: &str) -> RsaPrivateKey {
    RsaPrivateKey::from_pem(&file(&format!("{name}.pem"))).unwrap()
}

fn label(scope: &str) -> Label {
    let scope = match scope {
        "strict" => Scope::Strict,
        "namespace-wide" => Scope::Namespace,
        "cluster-wide" => Scope::Cluster,
        other => panic!("{other}"),
    };
    Label::new(scope, &"shop".parse().unwrap(), &"db".parse().unwrap())
}

fn vectors() -> Vec<Vector> {
    serde_json::from_slice(&file("values.json")).unwrap()
}

#[test]
fn what_kubeseal_sealed_opens_at_its_place_and_nowhere_else() {
    for vector in vectors() {
        assert_eq!((&*vector.namespace, &*vector.name), ("shop", "db"));
        let ring = RsaKeyRing::new(vec![key(&vector.key)]);
        let item = SealedItem::parse(&vector.sealed).unwrap();
        let mut search = Search::default();
        let (value, opened_with) = ring
            .open(&item, &label(&vector.scope), &mut search)
            .unwrap();
        // A test looks at what was opened.
        assert_eq!(
            STANDARD.encode(value.reveal()),
            vector.value,
            "{}",
            vector.case
        );
        assert_eq!(
            ring.get(opened_with).unwrap().public().block_bytes(),
            item.block_bytes()
        );
        assert_eq!(search.operations(), 1);
        assert_eq!(item.to_string(), vector.sealed);
        for scope in ["strict", "namespace-wide", "cluster-wide"] {
            if scope != vector.scope {
                let refused = ring.open(&item, &label(scope), &mut Search::default());
                assert_eq!(refused.unwrap_err(), ItemError::NoKey, "{}", vector.case);
            }
        }
    }
}

#[test]
fn a_remembered_key_is_tried_first_and_every_try_is_counted() {
    let (small, named, large) = (
        key("generated-2048"),
        key("generated-2048-named"),
        key("generated-4096"),
    );
    let (wanted, place) = (named.fingerprint(), label("strict"));
    let value = Plaintext::from(&b"hunter2"[..]);
    let item = SealedItem::seal(named.public(), &place, &value, &mut OsRng).unwrap();
    let ring = RsaKeyRing::new(vec![key("generated-2048"), small, large, named]);
    assert_eq!(ring.len(), 3, "a key that is there twice counts once");
    let mut search = Search::default();
    assert_eq!(ring.open(&item, &place, &mut search).unwrap().1, wanted);
    assert_eq!(
        search.operations(),
        2,
        "the key of another size costs nothing"
    );
    ring.open(&item, &place, &mut search).unwrap();
    assert_eq!(
        search.operations(),
        3,
        "the key that opened the last one goes first"
    );
    let mut remembered = Search::new(&[wanted]);
    ring.open(&item, &place, &mut remembered).unwrap();
    assert_eq!(remembered.operations(), 1);
    let mut short = Search::default().within(1);
    assert_eq!(
        ring.open(&item, &place, &mut short).unwrap_err(),
        ItemError::GivenUp { operations: 1 }
    );
    let other = RsaKeyRing::new(vec![key("generated-4096")]);
    assert_eq!(
        other
            .open(&item, &place, &mut Search::default())
            .unwrap_err(),
        ItemError::WrongBlockSize { bits: 2048 }
    );
    assert!(matches!(
        RsaKeyRing::default().open(&item, &place, &mut Search::default()),
        Err(ItemError::WrongBlockSize { .. })
    ));
}

/// In a cluster others wait: the work on what is refused anyway has a bound.
#[test]
fn a_block_without_its_leading_zeros_opens_as_in_go() {
    let key = key("generated-2048");
    let place = label("strict");
    let value = Plaintext::from(&b"hunter2"[..]);
    let whole = loop {
        let item = SealedItem::seal(key.public(), &place, &value, &mut OsRng).unwrap();
        let bytes = STANDARD.decode(item.to_string()).unwrap();
        if bytes[2] == 0 {
            break bytes;
        }
    };
    let ring = RsaKeyRing::new(vec![key]);
    let open = |prefix: u16, block: &[u8]| {
        let text = STANDARD.encode([&prefix.to_be_bytes(), block, &whole[2 + 256..]].concat());
        let item = SealedItem::parse(&text).unwrap();
        let opened = ring.open(&item, &place, &mut Search::default());
        // A test looks at what was opened.
        opened.map(|(value, _)| value.reveal().to_vec())
    };
    assert_eq!(open(255, &whole[3..258]).unwrap(), b"hunter2");
    assert_eq!(open(256, &whole[2..258]).unwrap(), b"hunter2");
    let longer = [&[0], &whole[2..258]].concat();
    let refused = open(257, &longer).unwrap_err();
    assert_eq!(refused, ItemError::WrongBlockSize { bits: 257 * 8 });
    assert_eq!(open(254, &whole[4..258]).unwrap_err(), ItemError::NoKey);
}

#[test]
fn a_bounded_search_ends_soon_after_a_value_that_nothing_opens() {
    let ring = RsaKeyRing::new(vec![key("generated-2048"), key("generated-2048-named")]);
    let value = Plaintext::from(&b"hunter2"[..]);
    let item = SealedItem::seal(
        ring.iter().next().unwrap().public(),
        &label("strict"),
        &value,
        &mut OsRng,
    );
    let item = item.unwrap();
    let elsewhere = label("cluster-wide");
    let mut search = Search::default().within(MAX_OPENING_OPERATIONS);
    let errors: Vec<_> = (0..200)
        .map(|_| ring.open(&item, &elsewhere, &mut search).unwrap_err())
        .collect();
    assert_eq!(search.operations(), 2 + 256);
    assert_eq!(errors[128], ItemError::NoKey);
    assert_eq!(errors[129..], [const { ItemError::Untried }; 71]);
    // On a machine of one's own nothing is left out.
    let mut search = Search::default();
    for _ in 0..200 {
        let error = ring.open(&item, &elsewhere, &mut search).unwrap_err();
        assert_eq!(error, ItemError::NoKey);
    }
    assert_eq!(search.operations(), 400);
}

#[test]
fn line_breaks_inside_are_skipped_and_nothing_else_is() {
    let vector = vectors().remove(0);
    let sealed = &vector.sealed;
    let broken: String = sealed
        .as_bytes()
        .chunks(76)
        .map(|line| format!("{}\r\n", std::str::from_utf8(line).unwrap()))
        .collect();
    let item = SealedItem::parse(&broken).unwrap();
    assert_eq!(&item.to_string(), sealed);
    for (text, expected) in [
        (format!(" {sealed}"), ItemError::NotBase64 { at: 0 }),
        ("hunter2".to_owned(), ItemError::NotBase64 { at: 4 }),
        ("hunter2!".to_owned(), ItemError::NotBase64 { at: 7 }),
        (String::new(), ItemError::TooShort),
        ("AQ==".to_owned(), ItemError::TooShort),
        ("AQAA".to_owned(), ItemError::TooShort),
        (
            sealed[..sealed.len() / 8 * 4].to_owned(),
            ItemError::TooShort,
        ),
        ("AAAA".repeat(1 << 20), ItemError::TooLong),
    ] {
        let error = SealedItem::parse(&text).unwrap_err();
        assert_eq!(error, expected);
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
}

/// The prefix decides how everything else is read, so each of its bits is turned; of the rest every
/// eighth byte, which takes long enough.
#[test]
fn a_turned_bit_is_an_error_and_no_panic() {
    let key = key("generated-2048");
    let place = label("strict");
    let value = Plaintext::from(&b"hunter2"[..]);
    let item = SealedItem::seal(key.public(), &place, &value, &mut OsRng).unwrap();
    let ring = RsaKeyRing::new(vec![key]);
    let bytes = STANDARD.decode(item.to_string()).unwrap();
    let all = bytes.len() * 8;
    for bit in (0..16).chain((16..all).step_by(61)).chain(all - 8..all) {
        let mut bytes = bytes.clone();
        bytes[bit / 8] ^= 0x80 >> (bit % 8);
        let Ok(item) = SealedItem::parse(&STANDARD.encode(&bytes)) else {
            assert!(bit < 16, "bit {bit}");
            continue;
        };
        let error = ring
            .open(&item, &place, &mut Search::default())
            .unwrap_err();
        let expected = match bit {
            0..16 => ItemError::WrongBlockSize {
                bits: item.block_bytes() * 8,
            },
            _ if bit < (2 + 256) * 8 => ItemError::NoKey,
            _ => ItemError::Damaged,
        };
        assert_eq!(error, expected, "bit {bit}");
    }
}

#[test]
fn key_material_is_refused_by_name() {
    for (name, expected) in [
        ("rsa-1024.crt", RsaKeyError::TooSmall { bits: 1024 }),
        ("ec.crt", RsaKeyError::NotRsa { kind: "EC".into() }),
        ("rsa-2048.pub", RsaKeyError::PlainPublicKey),
        ("generated.key", RsaKeyError::PrivateKeyGiven),
        ("values.json", RsaKeyError::NotPem),
    ] {
        let error = Certificate::from_pem(&file(name)).unwrap_err();
        assert_eq!(error, expected, "{name}");
    }
    for (name, expected) in [
        ("rsa-1024.key", RsaKeyError::TooSmall { bits: 1024 }),
        ("ec.key", RsaKeyError::NotRsa { kind: "EC".into() }),
        ("encrypted.key", RsaKeyError::Encrypted),
        (
            "rsa-2048.pub",
            RsaKeyError::NoPrivateKey {
                found: "PUBLIC KEY".into(),
            },
        ),
    ] {
        assert_eq!(
            RsaPrivateKey::from_pem(&file(name)).unwrap_err(),
            expected,
            "{name}"
        );
    }
    // The second certificate of a chain is not looked at.
    let chain = [file("generated-2048.pem"), file("generated-4096.pem")].concat();
    let certificate = Certificate::from_pem(&chain).unwrap();
    assert_eq!(certificate.key(), key("generated-2048").public());
    assert_eq!(
        key("generated-4096").check_certificate(&certificate),
        Err(RsaKeyError::Mismatch)
    );
    let after = Timestamp(certificate.not_after().0 + 1);
    assert!(
        certificate
            .key_for_sealing(certificate.not_after(), Expiry::Refuse)
            .is_ok()
    );
    assert_eq!(
        certificate.key_for_sealing(after, Expiry::Refuse),
        Err(Expired {
            not_after: certificate.not_after()
        })
    );
    assert!(certificate.key_for_sealing(after, Expiry::Ignore).is_ok());
}

#[test]
fn keys_of_both_forms_are_one_key_with_the_fingerprint_of_ssh() {
    let pkcs1 = key("generated-2048-named");
    let pkcs8 = RsaPrivateKey::from_pem(&file("generated-2048-named.pkcs8")).unwrap();
    assert_eq!(pkcs1.public(), pkcs8.public());
    // What Sealed Secrets' own code prints for this key.
    assert_eq!(
        pkcs1.ssh_fingerprint().to_string(),
        "SHA256:B1jxF7xLNW1bdaF7T1BsUWgZrID1kzWko/9CKq0E7us"
    );
    let again = RsaPrivateKey::from_pem(pkcs8.expose_pem().unwrap().as_bytes()).unwrap();
    assert_eq!(again.fingerprint(), pkcs1.fingerprint());
    let written = String::from_utf8(file("generated-2048-named.pem")).unwrap();
    assert!(written.ends_with(pkcs8.expose_pem().unwrap().as_str()));
    assert!(!format!("{pkcs1:?}").contains("PRIVATE"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn any_value_comes_back(bytes in proptest::collection::vec(any::<u8>(), 0..300), scope in 0usize..3) {
        let key = key("generated-2048");
        let place = label(["strict", "namespace-wide", "cluster-wide"][scope]);
        let value = Plaintext::from(&bytes[..]);
        let item = SealedItem::seal(key.public(), &place, &value, &mut OsRng).unwrap();
        let text = item.to_string();
        prop_assert_eq!(text.len(), (2 + 256 + 16 + bytes.len()).div_ceil(3) * 4);
        let item = SealedItem::parse(&text).unwrap();
        let ring = RsaKeyRing::new(vec![key]);
        let opened = ring.open(&item, &place, &mut Search::default()).unwrap().0;
        prop_assert!(opened == value);
    }

    #[test]
    fn any_text_is_parsed_or_refused(text in "[A-Za-z0-9+/]{0,400}={0,2}") {
        let Ok(item) = SealedItem::parse(&text) else { return Ok(()) };
        let ring = RsaKeyRing::new(vec![key("generated-2048")]);
        prop_assert!(ring.open(&item, &Label::cluster(), &mut Search::default()).is_err());
    }
}
