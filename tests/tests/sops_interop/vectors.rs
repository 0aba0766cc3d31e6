//! Every shared vector, told by the list that came with them.

use std::fs;

use bulla_core::recipient::{KeyRing, parse_identity_file};
use bulla_core::sops::{MacPolicy, Store};

use crate::real::{Real, ring, vectors};
use crate::values::values;

#[test]
fn every_vector_opens_as_the_list_says() {
    let folder = vectors();
    let list = fs::read_to_string(folder.join("manifest.tsv")).unwrap();
    let mut opened = 0;
    for line in list.lines().skip(1) {
        let [name, end] = [0, 1].map(|nth| line.split('\t').nth(nth).unwrap());
        let file = fs::read(folder.join(format!("{name}.enc.{end}"))).unwrap();
        let store = Store::of_name(&format!("x.{end}"));
        let keys = ["age-x25519.txt", "age-x25519-b.txt"].map(|name| {
            let text = fs::read_to_string(folder.join(name)).unwrap();
            parse_identity_file(&text).unwrap()
        });
        let keys = KeyRing::new(keys.into_iter().flatten().collect());
        let ours = store
            .decrypt(&file, &keys, MacPolicy::Verify)
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let theirs = fs::read(folder.join(format!("{name}.dec.{end}"))).unwrap();
        assert_eq!(
            values(store, ours.plaintext.reveal()),
            values(store, &theirs),
            "{name}"
        );
        opened += 1;
    }
    assert!(opened > 20, "{opened}");
}

#[test]
fn what_is_wrong_with_a_vector_is_seen_by_both() {
    let files = fs::read_dir(vectors())
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut seen = 0;
    for path in files {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if !name.starts_with("bad_") {
            continue;
        }
        let file = fs::read(&path).unwrap();
        let ours = Store::Yaml
            .decrypt(&file, &ring(), MacPolicy::Verify)
            .map(|_| ());
        let error = ours.expect_err(&name);
        assert_eq!(error.exit_code(false), 51, "{name}");
        assert!(
            Real::new(Store::Yaml, None, false).decrypt(&file).is_err(),
            "{name}"
        );
        seen += 1;
    }
    assert!(seen >= 2, "{seen}");
}
