//! Merges of whole files.

use rand_core::OsRng;

use super::*;
use crate::recipient::{Identity, KeyRing, Recipient, Suite};
use crate::sops::{Selector, SelectorKind};

pub(super) const NOW: &str = "2026-11-21T12:00:00Z";
const LATER: &str = "2026-11-22T12:00:00Z";
pub(super) const BASE_TEXT: &str = "\
# for the shop
kind: Secret
data:
  # of the server
  user: shop
  password: 'one'
  port: \"5432\"
list: [1, 2]
";

pub(super) struct Bench {
    pub(super) store: Store,
    pub(super) ring: KeyRing,
    pub(super) key: DataKey,
    pub(super) base: Vec<u8>,
}

impl Bench {
    pub(super) fn new(store: Store, text: &str) -> Self {
        let selector = Selector::new(SelectorKind::UnencryptedRegex, "^kind$").expect("compiles");
        Self::with(store, text, (store != Store::Binary).then_some(&selector))
    }

    pub(super) fn with(store: Store, text: &str, selector: Option<&Selector>) -> Self {
        let identity = Identity::generate(Suite::X25519, &mut OsRng);
        let ring = KeyRing::new(vec![identity]);
        let key = DataKey::generate(&mut OsRng);
        let mut bench = Self {
            store,
            ring,
            key,
            base: Vec::new(),
        };
        let mut block = Metadata::new(selector, false, "3.13.3");
        block
            .close_data_key(&bench.key, &[bench.recipients()], None, &mut OsRng)
            .expect("closed");
        let mut none = Ciphertexts::default();
        let base = store.encrypt(
            text.as_bytes(),
            &mut block,
            &bench.key,
            &mut none,
            NOW,
            &mut OsRng,
        );
        bench.base = base.expect("encrypted");
        bench
    }

    pub(super) fn recipients(&self) -> Vec<Recipient> {
        self.ring.iter().map(Identity::recipient).cloned().collect()
    }

    pub(super) fn text(&self, file: &[u8]) -> String {
        let opened = self
            .store
            .decrypt(file, &self.ring, MacPolicy::Verify)
            .expect("it opens");
        String::from_utf8(opened.plaintext.reveal().to_vec()).expect("UTF-8")
    }

    /// The base with other words in it, as a branch has it.
    pub(super) fn edited(&self, edits: &[(&str, &str)]) -> Vec<u8> {
        let mut opened = self
            .store
            .decrypt(&self.base, &self.ring, MacPolicy::Verify)
            .expect("opens");
        let mut text = self.text(&self.base);
        for (old, new) in edits {
            assert!(text.contains(old), "{old} is not in {text}");
            text = text.replacen(old, new, 1);
        }
        self.store
            .encrypt(
                text.as_bytes(),
                &mut opened.metadata,
                &self.key,
                &mut opened.ciphertexts,
                NOW,
                &mut OsRng,
            )
            .expect("encrypted")
    }

    /// A file closed for one more recipient.
    pub(super) fn shared_with(&self, file: &[u8], recipient: &Recipient) -> Vec<u8> {
        let mut block = self.store.metadata(file).expect("a block");
        let all = [self.recipients(), vec![recipient.clone()]].concat();
        block
            .close_data_key(&self.key, &[all], None, &mut OsRng)
            .expect("closed");
        self.store.replace_metadata(file, &block).expect("replaced")
    }

    pub(super) fn merge_with(
        &self,
        ring: &KeyRing,
        [ours, theirs]: [&[u8]; 2],
        favour: Option<Side>,
    ) -> Result<Vec<u8>, MergeError> {
        let versions = Versions {
            base: &self.base,
            ours,
            theirs,
        };
        self.store.merge(versions, ring, favour, LATER, &mut OsRng)
    }

    pub(super) fn merge(&self, sides: [&[u8]; 2]) -> Result<Vec<u8>, MergeError> {
        self.merge_with(&self.ring, sides, None)
    }
}

pub(super) fn ciphertexts(file: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(file).into_owned();
    let lines = text.lines().filter(|line| !line.contains("mac"));
    let closed = lines.flat_map(|line| {
        line.split("ENC[")
            .skip(1)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    });
    closed.collect()
}

#[test]
fn values_side_by_side_and_new_keys_of_both_sides_are_merged() {
    let bench = Bench::new(Store::Yaml, BASE_TEXT);
    let ours = bench.edited(&[("'one'", "'ours'"), ("list:", "ours: x\nlist:")]);
    let theirs = bench.edited(&[
        ("user: shop", "user: they"),
        ("list:", "theirs: z\nlist:"),
        ("kind: Secret", "kind: Other"),
    ]);
    let merged = bench.merge([&ours, &theirs]).expect("no conflict");
    let expected = BASE_TEXT
        .replace("'one'", "'ours'")
        .replace("user: shop", "user: they")
        .replace("kind: Secret", "kind: Other")
        .replace("list:", "ours: x\ntheirs: z\nlist:");
    assert_eq!(bench.text(&merged), expected);
    // Each value is byte for byte what its side has.
    let known = [ciphertexts(&ours), ciphertexts(&theirs)].concat();
    for closed in ciphertexts(&merged) {
        assert!(known.contains(&closed), "{closed}");
    }
    let time = bench
        .store
        .metadata(&merged)
        .expect("a block")
        .last_modified();
    assert_eq!(time.expect("a time"), LATER);
}

#[test]
fn a_value_that_both_changed_is_a_conflict_until_somebody_decides() {
    let bench = Bench::new(Store::Yaml, BASE_TEXT);
    let ours = bench.edited(&[("'one'", "'ours'"), ("user: shop", "user: we")]);
    let theirs = bench.edited(&[("'one'", "'theirs'"), ("\"5432\"", "\"5433\"")]);
    let error = bench.merge([&ours, &theirs]).expect_err("a conflict");
    assert_eq!(error.to_string(), "both sides changed `data.password`");
    for (side, word) in [(Side::Ours, "'ours'"), (Side::Theirs, "'theirs'")] {
        let merged = bench
            .merge_with(&bench.ring, [&ours, &theirs], Some(side))
            .expect("decided");
        let expected = BASE_TEXT
            .replace("'one'", word)
            .replace("user: shop", "user: we")
            .replace("5432", "5433");
        assert_eq!(bench.text(&merged), expected);
    }
    // The same change on both sides is none, although its ciphertexts differ.
    let again = bench.edited(&[("'one'", "'ours'")]);
    let merged = bench.merge([&ours, &again]).expect("no conflict");
    assert_eq!(bench.text(&merged), bench.text(&ours));
    // Deleted here, changed there.
    let deleted = bench.edited(&[("  password: 'one'\n", "")]);
    let error = bench.merge([&deleted, &theirs]).expect_err("a conflict");
    assert_eq!(error.to_string(), "both sides changed `data.password`");
    // The same new key with other values.
    let (one, other) = (
        bench.edited(&[("list:", "new: x\nlist:")]),
        bench.edited(&[("list:", "new: y\nlist:")]),
    );
    let error = bench.merge([&one, &other]).expect_err("a conflict");
    assert_eq!(error.to_string(), "both sides changed `new`");
}

#[test]
fn lists_that_both_changed_are_merged_by_position_or_not_at_all() {
    let bench = Bench::new(Store::Yaml, "list:\n  - a\n  - b\nx: z\n");
    let ours = bench.edited(&[("- a", "- ours")]);
    let merged = bench
        .merge([&ours, &bench.edited(&[("- b", "- theirs")])])
        .expect("no conflict");
    assert_eq!(bench.text(&merged), "list:\n  - ours\n  - theirs\nx: z\n");
    let error = bench.merge([&ours, &bench.edited(&[("- b", "- b\n  - c")])]);
    assert_eq!(
        error.expect_err("a conflict").to_string(),
        "both sides changed `list`"
    );
}

#[test]
fn parts_of_one_value_are_never_mixed() {
    let text = "certificate: |\n  one\n  two\n  three\n  four\n  five\n";
    let bench = Bench::new(Store::Yaml, text);
    let ours = bench.edited(&[("one", "ONE")]);
    let theirs = bench.edited(&[("five", "FIVE")]);
    let error = bench.merge([&ours, &theirs]).expect_err("one value");
    assert_eq!(error.to_string(), "both sides changed `certificate`");
}

#[test]
fn every_store_is_merged() {
    for (store, text, edits, expected) in [
        (
            Store::Json,
            "{\n  \"a\": \"1\",\n  \"b\": \"2\"\n}\n",
            [("\"1\"", "\"x\""), ("\"2\"", "\"y\"")],
            "{\n  \"a\": \"x\",\n  \"b\": \"y\"\n}\n",
        ),
        (
            Store::Dotenv,
            "# c\nA=1\nB=2\n",
            [("A=1", "A=x"), ("B=2", "B=y\nC=3")],
            "# c\nA=x\nB=y\nC=3\n",
        ),
        (
            Store::Ini,
            "[s]\na = 1\nb = 2\n",
            [("a = 1", "a = x"), ("b = 2", "b = y")],
            "[s]\na = x\nb = y\n",
        ),
    ] {
        let bench = Bench::new(store, text);
        let [ours, theirs] = edits.map(|edit| bench.edited(&[edit]));
        let merged = bench
            .merge([&ours, &theirs])
            .unwrap_or_else(|error| panic!("{store:?}: {error}"));
        assert_eq!(bench.text(&merged), expected, "{store:?}");
    }
    let bench = Bench::new(Store::Binary, "one");
    let ours = bench.edited(&[("one", "two")]);
    assert_eq!(bench.merge([&ours, &bench.base]).expect("one side"), ours);
    let error = bench
        .merge([&ours, &bench.edited(&[("one", "three")])])
        .expect_err("one value");
    assert_eq!(error.to_string(), "both sides changed `data`");
}

#[test]
fn a_side_whose_mac_is_wrong_is_not_merged() {
    let bench = Bench::new(Store::Yaml, BASE_TEXT);
    let ours = bench.edited(&[("'one'", "'ours'")]);
    let theirs = bench.edited(&[("user: shop", "user: they")]);
    let theirs = String::from_utf8(theirs)
        .expect("UTF-8")
        .replace("kind: Secret", "kind: Else");
    let error = bench
        .merge([&ours, theirs.as_bytes()])
        .expect_err("changed by hand");
    assert_eq!(error.to_string(), THEIRS);
}

#[test]
fn files_that_both_sides_added_are_merged_too() {
    let bench = Bench::new(Store::Yaml, BASE_TEXT);
    let ours = bench.edited(&[("list:", "ours: x\nlist:")]);
    let theirs = bench.edited(&[("'one'\n", "'one'\n  theirs: z\n")]);
    let added = Bench {
        base: Vec::new(),
        ..bench
    };
    let merged = added.merge([&ours, &theirs]).expect("no conflict");
    let expected = BASE_TEXT.replace("list:", "ours: x\nlist:");
    let expected = expected.replace("'one'\n", "'one'\n  theirs: z\n");
    assert_eq!(added.text(&merged), expected);
}

#[test]
fn no_merge_brings_another_selector_under_which_a_secret_is_plain() {
    let bench = Bench::new(Store::Yaml, BASE_TEXT);
    let ours = bench.edited(&[("'one'", "'ours'")]);
    let selector = Selector::new(SelectorKind::EncryptedRegex, "^user$").expect("compiles");
    let mut block = Metadata::new(Some(&selector), false, "3.13.3");
    block
        .close_data_key(&bench.key, &[bench.recipients()], None, &mut OsRng)
        .expect("closed");
    let mut none = Ciphertexts::default();
    let text = BASE_TEXT.as_bytes();
    let theirs = Store::Yaml
        .encrypt(text, &mut block, &bench.key, &mut none, NOW, &mut OsRng)
        .expect("encrypted");
    for favour in [None, Some(Side::Ours), Some(Side::Theirs)] {
        let merged = bench.merge_with(&bench.ring, [&ours, &theirs], favour);
        let error = merged.expect_err("selectors differ");
        assert!(
            matches!(&error, MergeError::Block(field) if field == "encrypted_regex"),
            "{error}"
        );
    }
}

#[test]
fn keys_that_both_sides_add_in_one_place_are_ours_first_and_the_same_one_once() {
    for (store, text) in [
        (Store::Yaml, "kind: x\ndata:\n  user: shop\nend: z\n"),
        (
            Store::Json,
            "{\"kind\": \"x\", \"data\": {\"user\": \"shop\"}, \"end\": \"z\"}\n",
        ),
        (Store::Dotenv, "kind=x\nuser=shop\nend=z\n"),
        (Store::Ini, "[data]\nuser = shop\nend = z\n"),
    ] {
        let bench = Bench::new(store, text);
        let user = match store {
            Store::Yaml => "user: shop\n",
            Store::Json => "\"shop\"",
            Store::Dotenv => "user=shop\n",
            _ => "user = shop\n",
        };
        let with = |keys: &[&str]| {
            let added: String = keys
                .iter()
                .map(|key| match store {
                    Store::Yaml => format!("  {key}: of {key}\n"),
                    Store::Json => format!(", \"{key}\": \"of {key}\""),
                    Store::Dotenv => format!("{key}=of {key}\n"),
                    _ => format!("{key} = of {key}\n"),
                })
                .collect();
            bench.edited(&[(user, &format!("{user}{added}"))])
        };
        for (ours, theirs, expected) in [
            (&["same"][..], &["same"][..], &["same"][..]),
            (&["one"], &["other"], &["one", "other"]),
            (
                &["same", "one"],
                &["other", "same"],
                &["same", "one", "other"],
            ),
            (
                &["one", "same"],
                &["same", "other"],
                &["one", "same", "other"],
            ),
            (
                &["a", "same", "b"],
                &["c", "same", "d"],
                &["a", "same", "b", "c", "d"],
            ),
        ] {
            let merged = bench.merge([&with(ours), &with(theirs)]);
            let merged = merged.unwrap_or_else(|error| panic!("{store:?} {ours:?}: {error}"));
            let text = bench.text(&merged);
            let of = |key: &&str| text.find(&format!("of {key}")).expect("there");
            assert_eq!(
                text.matches("of same").count(),
                expected.iter().filter(|key| **key == "same").count(),
                "{text}"
            );
            for key in expected {
                let _ = of(key);
            }
            // Ours come first, in their order.
            assert!(ours.iter().map(|key| of(key)).is_sorted(), "{text}");
            let first = |keys: &[&str]| keys.iter().filter(|key| **key != "same").map(&of).min();
            if let (Some(one), Some(other)) = (first(ours), first(theirs)) {
                assert!(one < other, "{text}");
            }
        }
    }
}
