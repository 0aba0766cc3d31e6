//! Files that the real sops wrote, opened and closed again.

use std::fs;
use std::path::Path;

use super::*;
use crate::recipient::{Identity, KeyRing, Recipient, SshKey, parse_identity_file};

mod changes;
mod readings;
mod refused;
mod stores;

const NOW: &str = "2026-11-21T12:00:00Z";

fn vector(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/sops");
    fs::read(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn identities(files: &[&str]) -> KeyRing {
    let read = |name: &&str| {
        let text = String::from_utf8(vector(name)).expect("UTF-8");
        parse_identity_file(&text).expect("identities")
    };
    KeyRing::new(files.iter().flat_map(read).collect())
}

fn ours() -> KeyRing {
    identities(&["age-x25519.txt"])
}

fn decrypt(store: Store, file: &[u8]) -> Result<String, SopsError> {
    let opened = store.decrypt(file, &ours(), MacPolicy::Verify)?;
    // The vectors are no secrets.
    Ok(String::from_utf8(opened.plaintext.reveal().to_vec()).expect("UTF-8"))
}

/// What a file says: its values in order, apart from how they are written.
fn said(store: Store, text: &str) -> Vec<(String, String)> {
    let tree = store.tree(text.as_bytes());
    let tree = tree.unwrap_or_else(|error| panic!("{error}"));
    let mut lines = Vec::new();
    for item in tree.documents() {
        outline(item, crate::manifest::Path::default(), &mut lines);
    }
    lines
}

fn outline(item: &Item, path: crate::manifest::Path, lines: &mut Vec<(String, String)>) {
    let said = match item {
        Item::Null => "null".to_owned(),
        Item::Mapping(_) => "{".to_owned(),
        Item::List(_) => "[".to_owned(),
        Item::Value(value) => match value.as_text().unwrap_or("bytes") {
            // sops turns this float into a whole number when it decrypts it.
            "-0" => "0".to_owned(),
            text => text.to_owned(),
        },
    };
    lines.push((path.to_string(), said));
    for (nth, (key, item)) in item.entries().enumerate() {
        let path = match key {
            Some(key) => path.join(key),
            None => path.join(nth),
        };
        outline(item, path, lines);
    }
}

const YAML: [&str; 16] = [
    "kitchen",
    "unencrypted_types",
    "bools",
    "times",
    "empties",
    "list_comments",
    "comments",
    "multidoc",
    "anchors",
    "tags",
    "k8s_regex",
    "k8s_unregex",
    "enc_suffix",
    "unenc_suffix",
    "unenc_comment",
    "multi_recipient",
];

#[test]
fn what_sops_encrypted_says_what_sops_decrypts() {
    for name in YAML {
        let text = decrypt(Store::Yaml, &vector(&format!("{name}.enc.yaml")));
        let text = text.unwrap_or_else(|error| panic!("{name}: {error}"));
        let theirs = String::from_utf8(vector(&format!("{name}.dec.yaml"))).expect("UTF-8");
        assert_eq!(
            said(Store::Yaml, &text),
            said(Store::Yaml, &theirs),
            "{name}\n{text}"
        );
        assert!(!text.contains("ENC["), "{name}\n{text}");
    }
}

fn selector(name: &str) -> Selector {
    let (kind, text) = match name {
        "k8s_regex" => (SelectorKind::EncryptedRegex, "^(data|stringData)$"),
        "k8s_unregex" => (
            SelectorKind::UnencryptedRegex,
            "^(metadata|kind|apiVersion|type)$",
        ),
        "enc_suffix" => (SelectorKind::EncryptedSuffix, "Data"),
        "unenc_suffix" => (SelectorKind::UnencryptedSuffix, "_plain"),
        "unenc_comment" => (SelectorKind::UnencryptedCommentRegex, "plain"),
        _ => return Selector::default_suffix(),
    };
    Selector::new(kind, text).expect("compiles")
}

fn block(selector: &Selector, key: &DataKey) -> Metadata {
    let mut metadata = Metadata::new(Some(selector), false, "3.13.3");
    let recipients = vec![ours().iter().map(Identity::recipient).cloned().collect()];
    metadata
        .close_data_key(key, &recipients, None, &mut rand_core::OsRng)
        .expect("closed");
    metadata
}

#[test]
fn what_is_encrypted_here_is_decrypted_to_what_it_was() {
    for (store, name, end) in YAML
        .map(|name| (Store::Yaml, name, "yaml"))
        .into_iter()
        .chain([
            (Store::Json, "types", "json"),
            (Store::Json, "simple", "json"),
        ])
    {
        let plain = vector(&format!("{name}.plain.{end}"));
        let plain_text = String::from_utf8(plain.clone()).expect("UTF-8");
        let rng = &mut rand_core::OsRng;
        let key = DataKey::generate(rng);
        let mut metadata = block(&selector(name), &key);
        let mut known = Ciphertexts::default();
        let file = store.encrypt(&plain, &mut metadata, &key, &mut known, NOW, rng);
        let file = file.unwrap_or_else(|error| panic!("{name}: {error}"));
        let opened = store.decrypt(&file, &ours(), MacPolicy::Verify);
        let mut opened = opened
            .unwrap_or_else(|error| panic!("{name}: {error}\n{}", String::from_utf8_lossy(&file)));
        let text = String::from_utf8(opened.plaintext.reveal().to_vec()).expect("UTF-8");
        same(name, &said(store, &text), &said(store, &plain_text));
        let comments = |text: &str| text.matches('#').count();
        assert_eq!(comments(&text), comments(&plain_text), "{name}");

        // Nothing changed, so nothing changes: not even the MAC's text would have to.
        let mut metadata = opened.metadata.clone();
        let plain = opened.plaintext.reveal().to_vec();
        let again = store
            .encrypt(
                &plain,
                &mut metadata,
                &key,
                &mut opened.ciphertexts,
                NOW,
                rng,
            )
            .expect("closes again");
        let values = |file: &[u8]| {
            let text = String::from_utf8(file.to_vec()).expect("UTF-8");
            text.lines()
                .filter(|line| !line.contains("mac"))
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        same(name, &values(&again), &values(&file));
    }
}

/// Says where two lists first differ, not what they are.
fn same<T: PartialEq + std::fmt::Debug>(name: &str, left: &[T], right: &[T]) {
    if let Some(at) = (0..left.len().max(right.len())).find(|at| left.get(*at) != right.get(*at)) {
        panic!("{name}: {:?} is not {:?}", left.get(at), right.get(at));
    }
}

#[test]
fn json_of_sops_says_what_sops_decrypts() {
    for name in ["types", "simple"] {
        let text = decrypt(Store::Json, &vector(&format!("{name}.enc.json")));
        let text = text.unwrap_or_else(|error| panic!("{name}: {error}"));
        let theirs = String::from_utf8(vector(&format!("{name}.dec.json"))).expect("UTF-8");
        assert_eq!(
            said(Store::Json, &text),
            said(Store::Json, &theirs),
            "{name}\n{text}"
        );
    }
}

#[test]
fn files_formatted_by_hand_and_by_old_versions_open() {
    for name in [
        "reformat_ok_2",
        "reformat_ok_7",
        "quirk_unquoted_lastmodified",
        "old_style_metadata",
    ] {
        let text = decrypt(Store::Yaml, &vector(&format!("{name}.enc.yaml")));
        let text = text.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(!text.contains("ENC["), "{name}\n{text}");
        if name.starts_with("reformat") {
            let theirs = String::from_utf8(vector("reformat.plain.yaml")).expect("UTF-8");
            assert_eq!(
                said(Store::Yaml, &text),
                said(Store::Yaml, &theirs),
                "{name}\n{text}"
            );
        }
    }
}

#[test]
fn changed_files_are_refused() {
    let mismatch = decrypt(Store::Yaml, &vector("bad_swapped_list.enc.yaml"));
    assert!(
        matches!(mismatch, Err(SopsError::MacMismatch)),
        "{mismatch:?}"
    );
    let missing = decrypt(Store::Yaml, &vector("bad_nomac.enc.yaml"));
    assert!(matches!(missing, Err(SopsError::MacMissing)), "{missing:?}");
    for name in ["bad_swapped_list", "bad_nomac"] {
        let file = vector(&format!("{name}.enc.yaml"));
        assert!(
            Store::Yaml
                .decrypt(&file, &ours(), MacPolicy::Ignore)
                .is_ok(),
            "{name}"
        );
    }
}

#[test]
fn any_two_of_three_groups_open_a_file_with_shares() {
    let file = vector("shamir.enc.yaml");
    for keys in [
        ["age-x25519.txt", "age-x25519-b.txt"],
        ["age-x25519-b.txt", "age-pq.txt"],
    ] {
        assert!(
            Store::Yaml
                .decrypt(&file, &identities(&keys), MacPolicy::Verify)
                .is_ok(),
            "{keys:?}"
        );
    }
    let alone = Store::Yaml
        .decrypt(&file, &ours(), MacPolicy::Verify)
        .map(|_| ());
    assert!(
        matches!(alone, Err(SopsError::NoDataKey { .. })),
        "{alone:?}"
    );
}

#[test]
fn every_recipient_of_a_mixed_file_opens_it() {
    let file = vector("multi_recipient.enc.yaml");
    for key in ["age-x25519.txt", "age-x25519-b.txt", "age-pq.txt"] {
        assert!(
            Store::Yaml
                .decrypt(&file, &identities(&[key]), MacPolicy::Verify)
                .is_ok(),
            "{key}"
        );
    }
    let SshKey::Open(identity) = SshKey::parse(&vector("ssh_ed25519")).expect("a key") else {
        panic!("the key has no passphrase");
    };
    let ring = KeyRing::new(vec![identity]);
    assert!(Store::Yaml.decrypt(&file, &ring, MacPolicy::Verify).is_ok());
}

#[test]
fn a_recipient_of_ssh_keeps_its_comment() {
    let text = String::from_utf8(vector("ssh_ed25519.pub")).expect("UTF-8");
    let recipient: Recipient = text.trim_end().parse().expect("a recipient");
    let rng = &mut rand_core::OsRng;
    let mut metadata = Metadata::new(None, false, "3.13.3");
    metadata
        .close_data_key(&DataKey::generate(rng), &[vec![recipient]], None, rng)
        .expect("closed");
    let [group] = &metadata.key_groups()[..] else {
        panic!("one group");
    };
    assert_eq!(group.age[0].recipient, text.trim_end());
    let SshKey::Open(identity) = SshKey::parse(&vector("ssh_ed25519")).expect("a key") else {
        panic!("the key has no passphrase");
    };
    let ring = KeyRing::new(vec![identity]);
    assert!(matches!(ring.open(&group.age[0]), Ok(Some(_))));
}

#[test]
fn shares_and_mixed_recipients_are_closed_for_each_group() {
    let rng = &mut rand_core::OsRng;
    let rings =
        ["age-x25519.txt", "age-x25519-b.txt", "age-pq.txt"].map(|name| identities(&[name]));
    let groups = rings
        .each_ref()
        .map(|ring| ring.iter().map(Identity::recipient).cloned().collect());
    let key = DataKey::generate(rng);
    let mut metadata = Metadata::new(None, true, "3.13.3");
    metadata
        .close_data_key(&key, &groups, Some(2), rng)
        .expect("closed");
    let mut known = Ciphertexts::default();
    let file = Store::Yaml
        .encrypt(b"a: b\n", &mut metadata, &key, &mut known, NOW, rng)
        .expect("closes");
    let two = identities(&["age-x25519-b.txt", "age-pq.txt"]);
    let opened = Store::Yaml
        .decrypt(&file, &two, MacPolicy::Verify)
        .expect("two of three");
    assert_eq!(opened.plaintext.reveal(), b"a: b\n");
    assert!(
        Store::Yaml
            .decrypt(&file, &rings[0], MacPolicy::Verify)
            .is_err()
    );
}

#[test]
fn only_values_and_the_block_change() {
    let plain = "---\r\n# keep  \r\na:   'x'  # why\r\n\r\nb: { c: \"y\", d_unencrypted: 0x1F }\r\ne: |  # lines\r\n   one\r\n   two\r\nf: &f !t z\r\n# end\r\n";
    let rng = &mut rand_core::OsRng;
    let key = DataKey::generate(rng);
    let mut metadata = block(&Selector::default_suffix(), &key);
    let mut known = Ciphertexts::default();
    let file = Store::Yaml
        .encrypt(plain.as_bytes(), &mut metadata, &key, &mut known, NOW, rng)
        .expect("closes");
    let file = String::from_utf8(file).expect("UTF-8");
    assert!(
        file.contains("d_unencrypted: 0x1F }\r\n") && file.contains("f: &f !t ENC["),
        "{file}"
    );
    assert_eq!(file.matches('\n').count(), file.matches("\r\n").count());
    let opened = decrypt(Store::Yaml, file.as_bytes()).expect("opens");
    assert_eq!(
        said(Store::Yaml, &opened),
        said(Store::Yaml, plain),
        "{opened}"
    );
    assert!(
        opened.starts_with(
            "---\r\n# keep  \r\na:   'x'  # why\r\n\r\nb: { c: \"y\", d_unencrypted: 0x1F }\r\n"
        ),
        "{opened}"
    );
}

#[test]
fn what_would_leave_everything_in_clear_is_refused() {
    let rng = &mut rand_core::OsRng;
    let key = DataKey::generate(rng);
    let refused = |selector: &Selector, plain: &str| {
        let mut known = Ciphertexts::default();
        let closed = Store::Yaml.encrypt(
            plain.as_bytes(),
            &mut block(selector, &key),
            &key,
            &mut known,
            NOW,
            &mut rand_core::OsRng,
        );
        closed.err()
    };
    let none = Selector::new(SelectorKind::EncryptedRegex, "^data$").expect("compiles");
    assert!(matches!(
        refused(&none, "a: b\n"),
        Some(SopsError::NothingSelected { .. })
    ));
    let all = Selector::default_suffix();
    assert!(matches!(
        refused(&all, "a: b\nsops: {}\n"),
        Some(SopsError::AlreadyEncrypted)
    ));
    assert!(matches!(
        refused(&all, "a: 18446744073709551615\n"),
        Some(SopsError::Value { .. })
    ));
    for plain in ["- a\n", "1: a\n", "a: b\na: c\n", "a: !!int x\n"] {
        assert!(refused(&all, plain).is_some(), "{plain}");
    }
}
