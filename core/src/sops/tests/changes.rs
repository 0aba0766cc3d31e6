//! Changes of encrypted files: what is not concerned stays byte for byte.

use super::*;
use crate::manifest::Path as Keys;
use crate::sops::tests::refused::closed;

const SETTING: Setting<'_> = Setting {
    mac: MacPolicy::Verify,
    now: "2026-11-22T00:00:00Z",
};

fn path(text: &str) -> Keys {
    let step = |part: &str| match part.parse::<usize>() {
        Ok(index) => crate::manifest::Step::Index(index),
        Err(_) => part.into(),
    };
    text.split('.').map(step).collect()
}

fn set(file: &str, at: &str, value: &str) -> Result<(String, bool), SopsError> {
    let value = serde_json::from_str(value).expect("JSON");
    let rng = &mut rand_core::OsRng;
    let changed = Store::Yaml.set(file.as_bytes(), &ours(), &path(at), &value, SETTING, rng)?;
    Ok((
        String::from_utf8(changed.file).expect("UTF-8"),
        changed.changed,
    ))
}

/// How many lines of one are not in the other.
fn new_lines(after: &str, before: &str) -> usize {
    after
        .lines()
        .filter(|line| !before.lines().any(|old| old == *line))
        .count()
}

#[test]
fn setting_a_value_changes_its_line_the_time_and_the_mac() {
    let plain = "# head\na:   'x'  # why\n\nb: { c: \"y\", d: 5 }\nl:\n- one\n- k: v\n";
    let file = closed(plain);
    for (at, value, lines, expected) in [
        ("a", "\"z\"", 3, plain.replace("'x'", "'z'")),
        ("b.d", "true", 3, plain.replace("d: 5", "d: true")),
        ("l.0", "null", 3, plain.replace("- one", "- null")),
        ("l.1.k", "1.5", 3, plain.replace("k: v", "k: 1.5")),
        ("new", "\"yes\"", 3, format!("{plain}new: \"yes\"\n")),
        ("l.7", "\"two\"", 3, format!("{plain}- two\n")),
        (
            "b.e.f",
            "\"g\"",
            3,
            plain.replace("5 }", "5, \"e\": {\"f\": \"g\"} }"),
        ),
    ] {
        let (text, changed) = set(&file, at, value).unwrap_or_else(|error| panic!("{at}: {error}"));
        assert!(changed, "{at}");
        assert_eq!(new_lines(&text, &file), lines, "{at}\n{text}");
        let opened = decrypt(Store::Yaml, text.as_bytes()).expect("opens");
        assert_eq!(
            said(Store::Yaml, &opened),
            said(Store::Yaml, &expected),
            "{at}\n{opened}"
        );
    }
    let (text, changed) = set(&file, "a", "\"x\"").expect("sets");
    assert!(!changed && new_lines(&text, &file) == 2, "{text}");
}

#[test]
fn a_path_through_a_scalar_replaces_it_and_one_that_leads_nowhere_is_refused() {
    let file = closed("a: x\nl: [1]\n");
    let (text, _) = set(&file, "a.b", "\"c\"").expect("sets");
    let opened = decrypt(Store::Yaml, text.as_bytes()).expect("opens");
    assert_eq!(
        said(Store::Yaml, &opened),
        said(Store::Yaml, "a: {b: c}\nl: [1]\n")
    );
    for at in ["l.x", "sops.mac", "sops"] {
        let error = set(&file, at, "1").map(|_| ()).expect_err(at);
        assert!(matches!(error, SopsError::NoSuchPath { .. }), "{error}");
    }
}

#[test]
fn taking_values_out_leaves_the_others() {
    let file = closed("a: x\nb:\n  c: y\n  d: z\nl: [1, 2, 3]\n");
    for (at, expected) in [
        ("a", "b:\n  c: y\n  d: z\nl: [1, 2, 3]\n"),
        ("b.c", "a: x\nb:\n  d: z\nl: [1, 2, 3]\n"),
        ("b", "a: x\nl: [1, 2, 3]\n"),
        ("l.1", "a: x\nb:\n  c: y\n  d: z\nl: [1, 3]\n"),
    ] {
        let rng = &mut rand_core::OsRng;
        let changed = Store::Yaml.unset(file.as_bytes(), &ours(), &path(at), SETTING, rng);
        let changed = changed.unwrap_or_else(|error| panic!("{at}: {error}"));
        let opened = decrypt(Store::Yaml, &changed.file).expect("opens");
        assert_eq!(
            said(Store::Yaml, &opened),
            said(Store::Yaml, expected),
            "{at}"
        );
        assert!(changed.changed);
        let text = String::from_utf8(changed.file).expect("UTF-8");
        assert!(new_lines(&text, &file) <= 3, "{at}");
    }
    let rng = &mut rand_core::OsRng;
    let gone = Store::Yaml.unset(file.as_bytes(), &ours(), &path("zz"), SETTING, rng);
    assert!(matches!(gone, Err(SopsError::NoSuchPath { .. })));
}

#[test]
fn comments_of_lists_are_not_counted_by_positions() {
    let file = vector("list_comments.enc.yaml");
    let text = String::from_utf8(file).expect("UTF-8");
    let (text, _) = set(&text, "l.1", "\"changed\"").expect("sets");
    let opened = decrypt(Store::Yaml, text.as_bytes()).expect("opens");
    assert!(
        opened.contains("- a\n") && opened.contains("- changed\n"),
        "{opened}"
    );
}

#[test]
fn rotation_renews_every_ciphertext_and_no_other_byte() {
    for (store, name) in [
        (Store::Yaml, "comments.enc.yaml"),
        (Store::Json, "types.enc.json"),
        (Store::Dotenv, "flat.enc.env"),
        (Store::Ini, "full.enc.ini"),
        (Store::Binary, "blob.enc.bin"),
    ] {
        let file = vector(name);
        let rng = &mut rand_core::OsRng;
        let before = store
            .decrypt(&file, &ours(), MacPolicy::Verify)
            .expect("opens");
        let key = DataKey::generate(rng);
        let mut metadata = before.metadata.clone();
        let recipients = vec![ours().iter().map(Identity::recipient).cloned().collect()];
        metadata
            .close_data_key(&key, &recipients, None, rng)
            .expect("closed");
        let rotated = store.rotate(&file, &ours(), &mut metadata, &key, SETTING, rng);
        let rotated = rotated.unwrap_or_else(|error| panic!("{name}: {error}"));
        let after = store
            .decrypt(&rotated, &ours(), MacPolicy::Verify)
            .expect("opens");
        assert!(after.plaintext == before.plaintext, "{name}");
        assert!(after.data_key == key && before.data_key != key, "{name}");
        let [old, new] = [&file, &rotated].map(|file| String::from_utf8_lossy(file).into_owned());
        let ciphertexts = |text: &str| {
            let parts = text.split("ENC[").skip(1);
            parts
                .filter_map(|part| Some(part.split_once(']')?.0.to_owned()))
                .collect::<Vec<_>>()
        };
        let (old, new) = (ciphertexts(&old), ciphertexts(&new));
        assert_eq!(old.len(), new.len(), "{name}");
        assert!(new.iter().all(|one| !old.contains(one)), "{name}");
    }
}

#[test]
fn other_recipients_leave_values_mac_and_time() {
    let file = vector("kitchen.enc.yaml");
    let opened = Store::Yaml
        .decrypt(&file, &ours(), MacPolicy::Verify)
        .expect("opens");
    let mut metadata = opened.metadata.clone();
    let both = identities(&["age-x25519.txt", "age-x25519-b.txt"]);
    let recipients: Vec<_> = both.iter().map(Identity::recipient).cloned().collect();
    metadata
        .exchange_recipients(&opened.data_key, &recipients)
        .expect("closed");
    let file = String::from_utf8(file).expect("UTF-8");
    let text = Store::Yaml
        .replace_metadata(file.as_bytes(), &metadata)
        .expect("writes");
    let text = String::from_utf8(text).expect("UTF-8");
    let start = file.find("\nsops:").expect("a block");
    assert_eq!(text[..start], file[..start]);
    for field in ["mac:", "lastmodified:", "version:"] {
        let line = |text: &str| {
            text.lines()
                .find(|line| line.trim_start().starts_with(field))
                .map(str::to_owned)
        };
        assert_eq!(line(&text), line(&file), "{field}");
    }
    let other = Store::Yaml.decrypt(
        text.as_bytes(),
        &identities(&["age-x25519-b.txt"]),
        MacPolicy::Verify,
    );
    assert!(other.is_ok());
}

#[test]
fn entries_of_other_providers_stay_as_long_as_the_key_does() {
    let kept = concat!(
        "    pgp:\n      - {fp: ABCD, created_at: x, enc: y}\n",
        "    odd: [1, {z: null}]\n"
    );
    let file = closed("a: x\n").replacen("sops:\n", &format!("sops:\n{kept}"), 1);
    let opened = Store::Yaml.decrypt(file.as_bytes(), &ours(), MacPolicy::Verify);
    let opened = opened.unwrap_or_else(|error| panic!("{error}\n{file}"));
    assert_eq!(opened.metadata.key_groups()[0].others, ["pgp"]);
    let (text, _) = set(&file, "a", "\"y\"").expect("sets");
    assert!(text.contains(kept), "{text}");
    assert!(text.starts_with("a: ENC["), "{text}");
    let rng = &mut rand_core::OsRng;
    let mut metadata = opened.metadata.clone();
    let recipients: Vec<Vec<_>> = vec![ours().iter().map(Identity::recipient).cloned().collect()];
    assert!(
        metadata
            .exchange_recipients(&opened.data_key, &recipients[0])
            .is_ok()
    );
    assert_eq!(metadata.key_groups()[0].others, ["pgp"]);
    assert!(
        metadata
            .close_data_key(&DataKey::generate(rng), &recipients, None, rng)
            .is_err()
    );
}

#[test]
fn other_formats_keep_types() {
    let plain = "# c\ni: 5\nf: 1.5\nb: true\nt: 2020-01-02\ns: \"yes\"\nn: null\n";
    let tree = Store::Yaml.tree(plain.as_bytes()).expect("reads");
    let written = |store| {
        let text = tree.write(store, &Layout::default()).expect("writes");
        String::from_utf8(text.reveal().to_vec()).expect("UTF-8")
    };
    assert_eq!(
        written(Store::Json),
        "{\n\t\"i\": 5,\n\t\"f\": 1.5,\n\t\"b\": true,\n\t\"t\": \"2020-01-02T00:00:00Z\",\n\t\"s\": \"yes\",\n\t\"n\": null\n}\n"
    );
    assert_eq!(
        written(Store::Dotenv),
        "# c\ni=5\nf=1.5\nb=true\nt=2020-01-02T00:00:00Z\ns=yes\nn=<nil>\n"
    );
    assert!(tree.write(Store::Binary, &Layout::default()).is_err());
    let several = Store::Yaml.tree(b"a: 1\n---\nb: 2\n").expect("reads");
    assert!(several.write(Store::Json, &Layout::default()).is_err());
}
