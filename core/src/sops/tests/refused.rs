//! What is wrong with a file is refused with its document, its path and the reason; never with a value.

use super::*;
use crate::manifest::Path as Keys;

const SECRET: &str = "hunter2";

pub(super) fn closed(plain: &str) -> String {
    closed_with(plain, &Selector::default_suffix(), false)
}

fn closed_with(plain: &str, selector: &Selector, only_encrypted: bool) -> String {
    let rng = &mut rand_core::OsRng;
    let key = DataKey::generate(rng);
    let mut metadata = Metadata::new(Some(selector), only_encrypted, "3.13.3");
    let recipients = vec![ours().iter().map(Identity::recipient).cloned().collect()];
    metadata
        .close_data_key(&key, &recipients, None, rng)
        .expect("closed");
    let mut known = Ciphertexts::default();
    let file = Store::Yaml.encrypt(plain.as_bytes(), &mut metadata, &key, &mut known, NOW, rng);
    String::from_utf8(file.expect("closes")).expect("UTF-8")
}

/// The message for a file that must not open.
fn refusal(store: Store, file: &str, exit_code: u8) -> String {
    let error = store.decrypt(file.as_bytes(), &ours(), MacPolicy::Verify);
    let error = error.map(|_| ()).expect_err("refused");
    assert_eq!(error.exit_code(false), exit_code, "{error}");
    let mut text = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(error) = source {
        text.push_str(&format!(": {error}"));
        source = error.source();
    }
    assert!(!text.contains(SECRET) && !text.contains("ENC["), "{text}");
    assert!(text.len() < 200, "{text}");
    text
}

/// The line of a key, from `ENC[` on.
fn ciphertext<'f>(file: &'f str, key: &str) -> &'f str {
    let start = file.find(&format!("{key}: ENC[")).expect("it is there") + key.len() + 2;
    &file[start..start + file[start..].find(']').expect("it ends") + 1]
}

#[test]
fn a_damaged_value_is_named_by_its_path() {
    let file = closed("a: 1\n---\ndata:\n  list:\n  - password: hunter2\n");
    let good = ciphertext(&file, "password");
    for (damaged, reason) in [
        (good.replacen("data:", "data:AAAA", 1), "does not open"),
        (good.replacen("type:str", "type:int", 1), "not of its type"),
        (good.replacen("type:str", "type:xyz", 1), "malformed"),
        (good.replacen("iv:", "vi:", 1), "malformed"),
        (SECRET.to_owned(), "not encrypted"),
        ("5".to_owned(), "not encrypted"),
    ] {
        let text = refusal(Store::Yaml, &file.replace(good, &damaged), 25);
        let place = "document 2, `data.list[0].password`";
        assert!(text.starts_with(place) && text.contains(reason), "{text}");
    }
}

#[test]
fn swapped_values_and_foreign_ciphertext_are_refused() {
    let file = closed("a: hunter2\nb: other\nl: [one, two]\n");
    let (a, b) = (ciphertext(&file, "a"), ciphertext(&file, "b"));
    let swapped = file.replace(a, "@").replace(b, a).replace('@', b);
    assert!(refusal(Store::Yaml, &swapped, 25).starts_with("`a`"));
    // Positions in a list are not authenticated one by one: the MAC sees it.
    let (start, end) = (
        file.find("l: [").expect("a list"),
        file.find("]\"]").expect("its end") + 2,
    );
    let items: Vec<&str> = file[start + 4..end].split(", ").collect();
    let other = format!("l: [{}, {}", items[1], items[0]);
    refusal(Store::Yaml, &file.replace(&file[start..end], &other), 51);
    let foreign = closed("a: hunter2\nb: other\nl: [one, two]\n");
    refusal(Store::Yaml, &file.replace(a, ciphertext(&foreign, "a")), 25);
}

#[test]
fn a_missing_or_wrong_mac_is_refused_before_any_plaintext() {
    let file = closed("a: hunter2\nb_unencrypted: plain\n");
    let mac = ciphertext(&file, "mac");
    assert!(refusal(Store::Yaml, &file.replace(mac, "\"\""), 51).contains("no MAC"));
    refusal(Store::Yaml, &file.replace(mac, ciphertext(&file, "a")), 51);
    refusal(Store::Yaml, &file.replace(mac, "x"), 51);
    refusal(Store::Yaml, &file.replace("plain", "planes"), 51);
    refusal(Store::Yaml, &file.replace(NOW, "2026-11-21T12:00:01Z"), 51);
    refusal(Store::Yaml, &file.replace("a: ENC", "n: 5\na: ENC"), 25);
    let file = file.replace("plain", "planes");
    let opened = Store::Yaml.decrypt(file.as_bytes(), &ours(), MacPolicy::Ignore);
    assert!(opened.is_ok());
}

#[test]
fn a_mac_over_encrypted_values_alone_leaves_the_others_to_editors() {
    let selector = Selector::new(SelectorKind::EncryptedRegex, "^a$").expect("compiles");
    let file = closed_with("a: hunter2\nb: plain\n", &selector, true);
    let opened = decrypt(Store::Yaml, file.replace("plain", "planes").as_bytes());
    assert_eq!(opened.expect("opens"), "a: hunter2\nb: planes\n");
}

#[test]
fn a_path_that_is_not_there_is_told_of_whole_files_only() {
    let setting = Setting {
        mac: MacPolicy::Verify,
        now: NOW,
    };
    let file = closed("a: hunter2\n");
    let damaged = file.replacen("data:", "data:AAAA", 1);
    for (file, code) in [(file, 91), (damaged, 25)] {
        let path = Keys::from(["b", "c"]);
        let rng = &mut rand_core::OsRng;
        let error = Store::Yaml.unset(file.as_bytes(), &ours(), &path, setting, rng);
        let error = error.map(|_| ()).expect_err("nothing is there");
        assert_eq!(error.exit_code(true), if code == 25 { 23 } else { code });
        assert_eq!(error.exit_code(false), code, "{error}");
    }
}

#[test]
fn a_time_that_is_none_is_told_before_the_values() {
    let file = closed("a: hunter2\n").replacen("data:", "data:AAAA", 1);
    refusal(Store::Yaml, &file.replace(NOW, "yesterday"), 1);
}

#[test]
fn directives_that_sops_does_not_read_are_refused() {
    for (directive, reads) in [
        ("%YAML 1.1", true),
        ("%TAG ! tag:example.com,2000:", true),
        ("%YAML 1.2", false),
        ("%FOO bar", false),
    ] {
        let text = format!("{directive}\n---\na: 1\n");
        assert_eq!(
            Store::Yaml.tree(text.as_bytes()).is_ok(),
            reads,
            "{directive}"
        );
    }
}

#[test]
fn an_alias_on_an_encrypted_value_does_not_open() {
    let file = closed("a: hunter2\nb: other\n");
    let b = ciphertext(&file, "b");
    let aliased = file.replacen("a: ENC", "a: &x ENC", 1).replace(b, "*x");
    assert!(refusal(Store::Yaml, &aliased, 25).starts_with("`b`"));
}

#[test]
fn files_that_sops_has_no_reading_for_are_refused_unread() {
    for (store, plain, reason) in [
        (Store::Yaml, "a: hunter2\na: x\n", "key"),
        (Store::Yaml, "- hunter2\n", "mapping"),
        (Store::Yaml, "hunter2\n", "mapping"),
        (Store::Yaml, "a: 18446744073709551615\n", "2^63"),
        (Store::Yaml, "a: 1\n---\nb: 2\nsops: {}\n", "`sops`"),
        (Store::Yaml, "", "nothing"),
        (Store::Json, "[\"hunter2\"]", "mapping"),
        (Store::Json, "{\"a\": hunter2}", "value"),
        (Store::Dotenv, "A=1\nhunter2\n", "line 2"),
        (Store::Dotenv, "A=1\nsops_mac=x\n", "`sops`"),
        (Store::Ini, "[a]\nhunter2\n", "line 2"),
        (Store::Ini, "[a]\nk = hunter2\nk = 2\n", "line 3"),
        (Store::Ini, "[sops]\nk = hunter2\n", "`sops`"),
    ] {
        let rng = &mut rand_core::OsRng;
        let key = DataKey::generate(rng);
        let mut metadata = block(&Selector::default_suffix(), &key);
        let mut known = Ciphertexts::default();
        let error = store.encrypt(plain.as_bytes(), &mut metadata, &key, &mut known, NOW, rng);
        let text = error.map(|_| ()).expect_err(plain).to_string();
        assert!(
            text.contains(reason) && !text.contains(SECRET),
            "{plain:?}: {text}"
        );
    }
}

#[test]
fn a_time_without_quotes_is_read_and_written_in_quotes() {
    let file = closed("a: hunter2\n").replace(&format!("\"{NOW}\""), NOW);
    assert_eq!(
        decrypt(Store::Yaml, file.as_bytes()).expect("opens"),
        "a: hunter2\n"
    );
    let setting = Setting {
        mac: MacPolicy::Verify,
        now: "2026-11-22T00:00:00Z",
    };
    let rng = &mut rand_core::OsRng;
    let changed = Store::Yaml
        .set(
            file.as_bytes(),
            &ours(),
            &Keys::from(["a"]),
            &"x".into(),
            setting,
            rng,
        )
        .expect("sets");
    let text = String::from_utf8(changed.file).expect("UTF-8");
    assert!(
        text.contains("lastmodified: \"2026-11-22T00:00:00Z\""),
        "{text}"
    );
    // In the same second, too.
    let setting = Setting {
        now: NOW,
        ..setting
    };
    let path = Keys::from(["a"]);
    let changed = Store::Yaml.set(file.as_bytes(), &ours(), &path, &"x".into(), setting, rng);
    let text = String::from_utf8(changed.expect("sets").file).expect("UTF-8");
    assert!(text.contains(&format!("lastmodified: \"{NOW}\"")), "{text}");
    refusal(Store::Yaml, &file.replace("lastmodified", "lastmod"), 1);
}

#[test]
fn carriage_returns_of_dotenv_belong_to_the_values() {
    let rng = &mut rand_core::OsRng;
    let key = DataKey::generate(rng);
    let mut metadata = block(&Selector::default_suffix(), &key);
    let plain = "A=hunter2\r\n\r\n#c\r\nB=\r\n";
    let mut known = Ciphertexts::default();
    // As the real tool has it; an empty line of Windows has no `=`.
    let error = Store::Dotenv.encrypt(plain.as_bytes(), &mut metadata, &key, &mut known, NOW, rng);
    assert!(
        error
            .map(|_| ())
            .expect_err("line 2")
            .to_string()
            .starts_with("line 2")
    );
    let plain = plain.replace("\r\n\r\n", "\r\n");
    let file = Store::Dotenv
        .encrypt(plain.as_bytes(), &mut metadata, &key, &mut known, NOW, rng)
        .expect("closes");
    let windows = String::from_utf8(file).expect("UTF-8");
    assert_eq!(
        decrypt(Store::Dotenv, windows.as_bytes()).expect("opens"),
        plain
    );
}

#[test]
fn nobody_at_hand_is_told_without_a_screenful_of_recipients() {
    let rng = &mut rand_core::OsRng;
    let key = DataKey::generate(rng);
    let mut metadata = Metadata::new(None, false, "3.13.3");
    let pq = identities(&["age-pq.txt"]);
    let groups = vec![pq.iter().map(Identity::recipient).cloned().collect()];
    metadata
        .close_data_key(&key, &groups, None, rng)
        .expect("closed");
    let mut known = Ciphertexts::default();
    let file = Store::Yaml
        .encrypt(b"a: hunter2\n", &mut metadata, &key, &mut known, NOW, rng)
        .expect("closes");
    let text = refusal(Store::Yaml, &String::from_utf8(file).expect("UTF-8"), 128);
    assert_eq!(text, "no identity at hand opens the data key");
}

#[test]
fn what_should_be_encrypted_and_is_not_is_seen_without_a_key() {
    let file = closed("a: hunter2\nb_unencrypted: plain\nn: null\n");
    let added = file.replacen("a: ENC", "c: clear\na: ENC", 1);
    let sites = Store::Yaml.sites(added.as_bytes()).expect("reads");
    let exposed: Vec<_> = sites
        .iter()
        .filter(|site| site.is_exposed())
        .map(|site| site.at.path.to_string())
        .collect();
    assert_eq!(exposed, ["c"]);
    assert!(
        Store::Yaml
            .sites(file.as_bytes())
            .is_ok_and(|all| !all.iter().any(Site::is_exposed))
    );
}
