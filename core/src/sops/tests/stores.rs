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
