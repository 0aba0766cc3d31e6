//! Who can open what was merged, and what stays encrypted in it.

use rand_core::OsRng;

use super::tests::{BASE_TEXT, Bench, NOW};
use super::*;
use crate::recipient::{Identity, KeyRing, Suite};
use crate::sops::{Selector, SelectorKind};

fn somebody() -> Identity {
    Identity::generate(Suite::X25519, &mut OsRng)
}

fn opens_for(bench: &Bench, file: &[u8], reader: &Identity) -> Option<Decrypted> {
    let ring = KeyRing::new(vec![reader.duplicate()]);
    bench.store.decrypt(file, &ring, MacPolicy::Verify).ok()
}

/// The base under another data key, with one value changed.
fn renewed(bench: &Bench, key: &DataKey) -> Vec<u8> {
    let mut block = bench.store.metadata(&bench.base).expect("a block");
    block
        .close_data_key(key, &[bench.recipients()], None, &mut OsRng)
        .expect("closed");
    let text = BASE_TEXT.replace("5432", "5433");
    let mut none = Ciphertexts::default();
    let text = text.as_bytes();
    let file = bench
        .store
        .encrypt(text, &mut block, key, &mut none, NOW, &mut OsRng);
    file.expect("encrypted")
}

#[test]
fn recipients_that_only_their_side_names_are_let_in_by_a_decision_alone() {
    let bench = Bench::new(Store::Yaml, BASE_TEXT);
    let [alice, mallory] = [(); 2].map(|()| somebody());
    let ours = bench.shared_with(&bench.edited(&[("'one'", "'ours'")]), alice.recipient());
    let theirs = bench.shared_with(&bench.base, mallory.recipient());
    // What ours closed anew could be another data key.
    let merged = bench.merge_with(&KeyRing::default(), [&ours, &theirs], None);
    assert!(matches!(merged, Err(MergeError::NoKey(_))));
    let error = bench.merge([&ours, &theirs]).expect_err("a stranger");
    let named = mallory.recipient().as_str().to_owned();
    assert!(error.to_string().contains(&named[..20]), "{error}");
    let MergeError::Recipients(strangers) = error else {
        panic!("{error}");
    };
    assert_eq!(strangers, [named]);
    for (side, lets_in) in [(Side::Ours, false), (Side::Theirs, true)] {
        let merged = bench
            .merge_with(&bench.ring, [&ours, &theirs], Some(side))
            .expect("decided");
        assert!(bench.text(&merged).contains("'ours'"));
        assert!(opens_for(&bench, &merged, &alice).is_some());
        assert_eq!(opens_for(&bench, &merged, &mallory).is_some(), lets_in);
    }
    // Those of our side need none.
    let merged = bench.merge([&theirs, &bench.edited(&[("'one'", "'x'")])]);
    assert!(opens_for(&bench, &merged.expect("merged"), &mallory).is_some());
}

#[test]
fn other_providers_that_only_their_side_names_are_a_conflict() {
    let bench = Bench::new(Store::Yaml, BASE_TEXT);
    let ours = bench.edited(&[("'one'", "'ours'")]);
    let block = bench.store.metadata(&bench.base).expect("a block");
    let mut raw = block.raw().clone();
    let entry = serde_json::json!([{"fp": "85D77543", "created_at": NOW, "enc": "x"}]);
    raw.insert("pgp".to_owned(), entry);
    let theirs = bench
        .store
        .replace_metadata(&bench.base, &Metadata::from_raw(raw, None))
        .expect("replaced");
    let nobody = KeyRing::default();
    for ring in [&bench.ring, &nobody] {
        let merged = bench.merge_with(ring, [&ours, &theirs], None);
        let error = merged.expect_err("a provider");
        assert!(
            matches!(&error, MergeError::Block(field) if field == "pgp"),
            "{error}"
        );
    }
    // Taken off again, it is off.
    let with = Bench {
        base: theirs,
        ..Bench::new(Store::Yaml, BASE_TEXT)
    };
    let merged = with.merge_with(&bench.ring, [&with.base, &bench.base], None);
    let block = bench.store.metadata(&merged.expect("merged"));
    assert!(!block.expect("a block").raw().contains_key("pgp"));
}

#[test]
fn sides_with_different_data_keys_get_a_new_one() {
    let bench = Bench::new(Store::Yaml, BASE_TEXT);
    let alice = somebody();
    let ours = bench.shared_with(&bench.edited(&[("'one'", "'ours'")]), alice.recipient());
    // Whoever wrote their side may have kept its key.
    let planted = DataKey::generate(&mut OsRng);
    let theirs = renewed(&bench, &planted);
    for (sides, favour) in [
        ([&ours[..], &theirs], None),
        ([&theirs, &ours], Some(Side::Theirs)),
    ] {
        let merged = bench.merge_with(&bench.ring, sides, favour);
        let merged = merged.expect("no conflict");
        let opened = opens_for(&bench, &merged, &alice).expect("Alice opens it");
        for old in [&planted, &bench.key] {
            assert_ne!(opened.data_key.bytes(), old.bytes());
        }
        let text = bench.text(&merged);
        assert!(text.contains("'ours'") && text.contains("5433"), "{text}");
        // No ciphertext of an old key is in it.
        let old = [
            super::tests::ciphertexts(&ours),
            super::tests::ciphertexts(&theirs),
        ]
        .concat();
        for closed in super::tests::ciphertexts(&merged) {
            assert!(!old.contains(&closed), "{closed}");
        }
    }
}

#[test]
fn different_data_keys_in_groups_are_left_to_somebody() {
    let bench = Bench::new(Store::Yaml, BASE_TEXT);
    let grouped = |key: &DataKey, word: &str| {
        let mut block = bench.store.metadata(&bench.base).expect("a block");
        let groups = [bench.recipients(), bench.recipients()];
        block
            .close_data_key(key, &groups, Some(2), &mut OsRng)
            .expect("closed");
        let text = BASE_TEXT.replace("'one'", word);
        let mut none = Ciphertexts::default();
        let text = text.as_bytes();
        let file = bench
            .store
            .encrypt(text, &mut block, key, &mut none, NOW, &mut OsRng);
        file.expect("encrypted")
    };
    let base = grouped(&bench.key, "one");
    let mut opened = bench
        .store
        .decrypt(&base, &bench.ring, MacPolicy::Verify)
        .expect("opens");
    let ours = BASE_TEXT.replace("'one'", "one").replace("5432", "5433");
    let ours = bench.store.encrypt(
        ours.as_bytes(),
        &mut opened.metadata,
        &opened.data_key,
        &mut opened.ciphertexts,
        NOW,
        &mut OsRng,
    );
    let theirs = grouped(&DataKey::generate(&mut OsRng), "theirs");
    let bench = Bench { base, ..bench };
    for favour in [None, Some(Side::Ours), Some(Side::Theirs)] {
        let sides = [ours.as_deref().expect("encrypted"), &theirs];
        let error = bench.merge_with(&bench.ring, sides, favour);
        let error = error.expect_err("shares of two keys");
        assert!(matches!(error, MergeError::Block(_)), "{error}");
    }
}

#[test]
fn without_an_identity_only_what_keeps_its_mac_is_merged() {
    let bench = Bench::new(Store::Yaml, BASE_TEXT);
    let nobody = KeyRing::default();
    let alice = somebody();
    let edited = bench.edited(&[("'one'", "'ours'")]);
    let shared = bench.shared_with(&bench.base, alice.recipient());
    for (sides, favour) in [
        ([&edited[..], &shared], Some(Side::Theirs)),
        ([&shared, &edited], None),
    ] {
        let merged = bench.merge_with(&nobody, sides, favour);
        let opened = opens_for(&bench, &merged.expect("no conflict"), &alice);
        let text = opened.expect("opens").plaintext;
        assert!(String::from_utf8_lossy(text.reveal()).contains("'ours'"));
    }
    let stranger = bench.merge_with(&nobody, [&edited, &shared], None);
    assert!(matches!(stranger, Err(MergeError::Recipients(_))));
    let other = bench.edited(&[("user: shop", "user: they")]);
    let error = bench
        .merge_with(&nobody, [&edited, &other], None)
        .expect_err("no MAC");
    assert!(matches!(error, MergeError::NoKey(_)), "{error}");
}

#[test]
fn no_merge_takes_the_comment_away_that_keeps_a_value_encrypted() {
    for (kind, base, theirs) in [
        (
            SelectorKind::EncryptedCommentRegex,
            "a: 1\n\n# secret\npassword: one\n\n# secret\nz: z\n",
            ("# secret\npassword", "password"),
        ),
        (
            SelectorKind::UnencryptedCommentRegex,
            "a: 1\n\n# kept\npassword: one\n\nz: z\n",
            ("# kept\npassword", "# public\npassword"),
        ),
    ] {
        let expression = match kind {
            SelectorKind::EncryptedCommentRegex => "secret",
            _ => "public",
        };
        let selector = Selector::new(kind, expression).expect("compiles");
        let bench = Bench::with(Store::Yaml, base, Some(&selector));
        let ours = bench.edited(&[("password: one", "password: canary")]);
        assert!(!String::from_utf8_lossy(&ours).contains("canary"));
        let theirs = bench.edited(&[theirs]);
        for sides in [[&ours[..], &theirs], [&theirs, &ours]] {
            for favour in [None, Some(Side::Ours), Some(Side::Theirs)] {
                match bench.merge_with(&bench.ring, sides, favour) {
                    Ok(merged) => {
                        let merged = String::from_utf8_lossy(&merged).into_owned();
                        assert!(!merged.contains("canary"), "{merged}");
                    }
                    Err(MergeError::Exposed(places)) => {
                        assert_eq!(places[0].to_string(), "`password`");
                    }
                    Err(MergeError::Layout) if favour.is_none() => {}
                    Err(error) => panic!("{error}"),
                }
            }
        }
        let error = bench.merge([&ours, &theirs]).expect_err("plaintext");
        assert!(matches!(error, MergeError::Exposed(_)), "{error}");
    }
}
