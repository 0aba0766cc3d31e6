//! The stores that are no trees.

use super::*;

#[test]
fn dotenv_and_binary_files_of_sops_open_to_what_sops_prints() {
    for (store, name, end) in [
        (Store::Dotenv, "flat", "env"),
        (Store::Ini, "full", "ini"),
        (Store::Binary, "blob", "bin"),
        (Store::Binary, "emptyblob", "bin"),
        (Store::Binary, "text", "txt"),
    ] {
        let file = vector(&format!("{name}.enc.{end}"));
        let opened = store.decrypt(&file, &ours(), MacPolicy::Verify);
        let opened = opened.unwrap_or_else(|error| panic!("{name}: {error}"));
        let theirs = vector(&format!("{name}.dec.{end}"));
        let ours = String::from_utf8_lossy(opened.plaintext.reveal()).into_owned();
        assert!(opened.plaintext.reveal() == theirs, "{name}\n{ours}");
    }
}

#[test]
fn dotenv_and_binary_files_come_back_as_they_were() {
    for (store, name, end) in [
        (Store::Dotenv, "flat", "env"),
        (Store::Ini, "full", "ini"),
        (Store::Binary, "blob", "bin"),
        (Store::Binary, "emptyblob", "bin"),
        (Store::Binary, "text", "txt"),
    ] {
        let plain = vector(&format!("{name}.dec.{end}"));
        let rng = &mut rand_core::OsRng;
        let key = DataKey::generate(rng);
        let mut metadata = block(&Selector::default_suffix(), &key);
        let mut known = Ciphertexts::default();
        let file = store
            .encrypt(&plain, &mut metadata, &key, &mut known, NOW, rng)
            .expect("closes");
        let mut opened = store
            .decrypt(&file, &ours(), MacPolicy::Verify)
            .expect("opens");
        assert!(opened.plaintext.reveal() == plain, "{name}");
        let mut metadata = opened.metadata.clone();
        if store == Store::Binary {
            continue;
        }
        let again = store.encrypt(
            &plain,
            &mut metadata,
            &key,
            &mut opened.ciphertexts,
            NOW,
            rng,
        );
        let values = |file: &[u8]| {
            let text = String::from_utf8_lossy(file).into_owned();
            text.lines()
                .filter(|line| !line.contains("mac"))
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            values(&again.expect("closes again")),
            values(&file),
            "{name}"
        );
        let other = store
            .replace_metadata(&file, &opened.metadata)
            .expect("the same block");
        assert_eq!(other, file, "{name}");
    }
}

#[test]
fn marks_in_comments_of_ini_are_kept() {
    for plain in [
        "# ; two marks\n; below\n[a]\nk = v\n",
        ";\n; an empty line first\n[a]\nk = v\n",
        "[a]\n;; no blank\n;and none\nk = v ; behind\n",
    ] {
        let rng = &mut rand_core::OsRng;
        let key = DataKey::generate(rng);
        let mut metadata = Metadata::new(Some(&Selector::default_suffix()), false, "3.13.3");
        let recipients = vec![ours().iter().map(Identity::recipient).cloned().collect()];
        let closed = metadata.close_data_key(&key, &recipients, None, rng);
        closed.expect("closed");
        let mut known = Ciphertexts::default();
        let file = Store::Ini.encrypt(plain.as_bytes(), &mut metadata, &key, &mut known, NOW, rng);
        let file = file.expect("closes");
        let mut opened = Store::Ini
            .decrypt(&file, &ours(), MacPolicy::Verify)
            .expect("opens");
        let mut metadata = opened.metadata.clone();
        let (plain, known) = (opened.plaintext.reveal(), &mut opened.ciphertexts);
        let again = Store::Ini.encrypt(plain, &mut metadata, &key, known, NOW, rng);
        let comments = |file: &[u8]| -> Vec<String> {
            let text = String::from_utf8(file.to_vec()).expect("UTF-8");
            let lines = text.lines().filter(|line| line.starts_with(';'));
            lines.map(str::to_owned).collect()
        };
        assert_eq!(comments(&again.expect("closes")), comments(&file));
    }
}

#[test]
fn a_key_is_set_in_a_section_that_was_not_there() {
    let setting = Setting {
        mac: MacPolicy::Verify,
        now: NOW,
    };
    let file = vector("full.enc.ini");
    let path = crate::manifest::Path::from(["fresh", "key"]);
    let rng = &mut rand_core::OsRng;
    let changed = Store::Ini.set(&file, &ours(), &path, &"value".into(), setting, rng);
    let changed = changed.expect("sets").file;
    let opened = Store::Ini.decrypt_tree(&changed, &ours(), MacPolicy::Verify);
    assert!(opened.expect("opens").tree.get(&path).is_some());
    let without = Store::Ini.unset(&changed, &ours(), &path, setting, rng);
    assert!(without.expect("takes it out").changed);
}
