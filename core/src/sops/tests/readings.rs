//! Files that are read as sops reads them, and those that are refused before anything is written.

use super::refused::closed;
use super::*;

/// A file, encrypted and opened again.
fn round(store: Store, plain: &str) -> Result<(String, String), SopsError> {
    let file = encrypt(store, plain, &Selector::default_suffix())?;
    let opened = decrypt(store, file.as_bytes())?;
    Ok((file, opened))
}

fn encrypt(store: Store, plain: &str, selector: &Selector) -> Result<String, SopsError> {
    let rng = &mut rand_core::OsRng;
    let key = DataKey::generate(rng);
    let mut metadata = block(selector, &key);
    let mut known = Ciphertexts::default();
    let file = store.encrypt(plain.as_bytes(), &mut metadata, &key, &mut known, NOW, rng)?;
    Ok(String::from_utf8(file).expect("UTF-8"))
}

/// The values of a plain file, with their types.
fn values(store: Store, plain: &str) -> Vec<(Kind, String)> {
    let tree = store.tree(plain.as_bytes());
    let tree = tree.unwrap_or_else(|error| panic!("{plain:?}: {error}"));
    let mut found = Vec::new();
    let mut items: Vec<&Item> = tree.documents().iter().rev().collect();
    while let Some(item) = items.pop() {
        if let Item::Value(value) = item {
            let text = value.as_text().expect("UTF-8").to_owned();
            found.push((value.kind(), text));
        }
        let inside: Vec<&Item> = item.entries().map(|(_, item)| item).collect();
        items.extend(inside.into_iter().rev());
    }
    found
}

#[test]
fn scalars_have_the_types_and_bytes_that_sops_gives_them() {
    for (written, kind, text) in [
        ("! 5", Kind::Int, "5"),
        ("! 0x1F", Kind::Int, "31"),
        ("! true", Kind::Bool, "True"),
        ("! \"5\"", Kind::Str, "5"),
        ("! 2020-01-02", Kind::Time, "2020-01-02T00:00:00Z"),
        ("2020-01-02   03:04:05", Kind::Time, "2020-01-02T03:04:05Z"),
        ("0o-7", Kind::Int, "-7"),
        ("0b+01", Kind::Int, "1"),
        ("\"x\u{2028}  y\"", Kind::Str, "x\u{2028}y"),
        ("'x\u{2029}y'", Kind::Str, "x\u{2029}y"),
        ("\"x\u{85}y\"", Kind::Str, "x y"),
    ] {
        let plain = format!("k: {written}\nk_unencrypted: {written}\n");
        let expected = (kind, text.to_owned());
        assert_eq!(
            values(Store::Yaml, &plain),
            [expected.clone(), expected.clone()],
            "{written}"
        );
        let (file, opened) = round(Store::Yaml, &plain).unwrap_or_else(|e| panic!("{plain}: {e}"));
        assert!(file.contains(&format!("type:{kind}]")), "{file}");
        assert_eq!(values(Store::Yaml, &opened)[0], expected, "{written}");
        assert!(opened.ends_with(&format!("k_unencrypted: {written}\n")));
    }
    let (file, _) = round(Store::Yaml, "k: !\nz: 1\n").expect("opens");
    assert!(file.starts_with("k: !\n"), "{file}");
    let (_, opened) = round(Store::Yaml, "k: &x ! 5\nl: *x\n").expect("opens");
    assert_eq!(opened, "k: &x ! 5\nl: 5\n");
}

#[test]
fn keys_behind_a_question_mark_stay_where_they_are() {
    for plain in [
        "? a\n: b\n",
        "? a\n: b\nc: d\n",
        "? |\n  a\n: b\n",
        "m:\n  ? a\n  : b\n  c: d\n",
    ] {
        let (_, opened) = round(Store::Yaml, plain).unwrap_or_else(|e| panic!("{plain}: {e}"));
        assert_eq!(opened, plain);
    }
}

#[test]
fn quotes_of_ini_are_those_of_go_ini() {
    for (written, text) in [
        ("\"b\" \"c\"", "\"b\" \"c\""),
        ("\"b\\\"c\"", "\"b\\\"c\""),
        ("'b'c'", "'b'c'"),
        ("\"\"x\"\"", "\"\"x\"\""),
        ("\"b\"", "b"),
        ("'b'", "b"),
        ("\"", "\""),
        ("`x` y", "x"),
        ("`a`b`", "a`b"),
        ("\"\"\"x\ny\"\"\" z", "x\ny"),
        ("\"\"\"x\ny\"\"\"c\"\"\"", "x\ny\"\"\"c"),
        ("\"\"\"\nx\"\"\"", "\nx"),
    ] {
        let plain = format!("[s]\na = {written}\nb = c\n");
        let expected = [(Kind::Str, text.to_owned()), (Kind::Str, "c".to_owned())];
        assert_eq!(values(Store::Ini, &plain), expected, "{written}");
        let (file, opened) = round(Store::Ini, &plain).unwrap_or_else(|e| panic!("{plain}: {e}"));
        assert!(!file.contains(" z\n") && !file.contains(" y\n"), "{file}");
        assert_eq!(values(Store::Ini, &opened), expected, "{written}");
    }
    let open = Store::Ini.tree(b"[s]\na = \"\"\"\n").map(|_| ());
    assert!(open.expect_err("open").to_string().starts_with("line 2"));
    assert_eq!(values(Store::Ini, "[s]\na = \"\"\"")[0].1, "\"\"\"");
}

#[test]
fn a_comment_behind_quotes_in_ini_is_encrypted_too() {
    let (file, opened) = round(Store::Ini, "[s]\na = `b` ; hunter2\n").expect("opens");
    assert!(!file.contains("hunter2"), "{file}");
    assert_eq!(opened, "[s]\n; hunter2\na = b\n");
}

#[test]
fn quotes_in_ini_and_empty_braces_come_back() {
    for (store, plain) in [
        (Store::Ini, "[s]\na = \"b c\"\nd = 'e'\nf = g\n"),
        (Store::Json, "{}\n"),
        (Store::Json, "{}"),
    ] {
        let (_, opened) = round(store, plain).expect("opens");
        assert_eq!(opened, plain);
    }
}

#[test]
fn what_sops_does_not_read_is_refused_before_anything_is_written() {
    for (store, plain, code, reason) in [
        (Store::Yaml, "<<: x\n", 1, "merge key"),
        (Store::Yaml, "<<: [{a: 1}, x]\n", 1, "merge key"),
        (Store::Yaml, "a: 2020-01-02T03:04:05+24:00\n", 23, "UTC"),
        (Store::Yaml, "a: 2020-01-02T03:04:05-23:60\n", 23, "UTC"),
        (Store::Yaml, "a: !!int 1.5\n", 2, "tag"),
        (Store::Yaml, "a: !!binary '@'\n", 2, "tag"),
        (Store::Yaml, "a: &x b\n*x : c\n", 1, "line 2"),
        (Store::Yaml, "null\n", 1, "mapping"),
        (Store::Yaml, "a: b\rc: d\r", 1, "line 1"),
        (Store::Json, "{\"a\": 1}\n{\"b\": 2}", 1, "line 2"),
        (Store::Json, "{\"a\": \"\\ud800\"}", 1, "surrogate"),
    ] {
        let error = encrypt(store, plain, &Selector::default_suffix());
        let error = error.map(|_| ()).expect_err(plain);
        assert_eq!(error.exit_code(true), code, "{plain}");
        let text = error.to_string()
            + &std::error::Error::source(&error).map_or_else(String::new, |e| e.to_string());
        assert!(text.contains(reason), "{plain}: {text}");
        assert!(error.hint().is_none_or(|hint| !hint.contains("Helm")));
    }
    for plain in [
        "<<: {a: 1}\n",
        "<<: [{a: 1}]\n",
        "b: &b {c: 1}\na:\n  <<: *b\n",
    ] {
        assert!(round(Store::Yaml, plain).is_ok(), "{plain}");
    }
}

#[test]
fn comments_in_braces_that_select_are_refused() {
    for kind in [
        SelectorKind::EncryptedCommentRegex,
        SelectorKind::UnencryptedCommentRegex,
    ] {
        let selector = Selector::new(kind, "pick").expect("compiles");
        for plain in [
            "m: [a, # pick\n  b]\nc: d\n",
            "m: [\n  # pick\n\n  a]\nc: d\n",
            "n: x\nm: {a: [1], # pick\n  b: 2}\n",
        ] {
            let error = encrypt(Store::Yaml, plain, &selector).map(|_| ());
            let text = error.expect_err(plain).to_string();
            assert!(
                text.contains("comment in braces") && text.starts_with("line "),
                "{text}"
            );
        }
        for plain in [
            "m: [a, b] # pick\nc: d\n",
            "m: [a, # other\n  b]\n# pick\nc: d\n",
        ] {
            assert!(encrypt(Store::Yaml, plain, &selector).is_ok(), "{plain}");
        }
    }
    assert!(round(Store::Yaml, "m: [a, # pick\n  b]\nc: d\n").is_ok());
}

#[test]
fn a_ciphertext_in_a_block_opens_and_one_with_more_behind_it_does_not() {
    let file = closed("a: hunter2\n");
    for indicator in ["|", ">", ">+"] {
        let block = file.replacen("a: ENC", &format!("a: {indicator}\n  ENC"), 1);
        let opened = decrypt(Store::Yaml, block.as_bytes()).expect(indicator);
        assert!(opened.starts_with("a: hunter2"), "{opened}");
    }
    let junk = file.replacen("type:str]", "type:str]x", 1);
    let error = decrypt(Store::Yaml, junk.as_bytes()).expect_err("junk");
    assert_eq!(error.exit_code(false), 25);
}

#[test]
fn a_binary_file_has_its_value_and_nothing_beside_it() {
    let file = encrypt(Store::Binary, "hunter2", &Selector::default_suffix()).expect("closes");
    let data = file.lines().nth(1).expect("its value");
    for (changed, code) in [
        (file.replace(data, &format!("{data}\"z\": \"q\",")), 25),
        (file.replace(data, &format!("{data}\"z\": [],")), 25),
        (file.replace(data, &format!("{data}{data}")), 25),
        (file.replace(data, ""), 51),
        (file.replace(data, "\"z\": \"q\","), 1),
        (format!("{file}{{}}"), 1),
    ] {
        let error = decrypt(Store::Binary, changed.as_bytes()).expect_err(&changed);
        assert_eq!(error.exit_code(false), code, "{changed}: {error}");
    }
}

#[test]
fn an_entry_needs_no_recipient_to_open() {
    let file = closed("a: hunter2\n");
    let nobody: String = file
        .lines()
        .filter(|line| !line.contains("recipient: "))
        .map(|line| format!("{line}\n"))
        .collect();
    assert!(nobody.len() < file.len());
    assert!(decrypt(Store::Yaml, nobody.as_bytes()).is_ok());
}

#[test]
fn a_block_of_dotenv_with_other_line_ends_is_named_by_its_line() {
    let file = encrypt(Store::Dotenv, "A=b\n", &Selector::default_suffix()).expect("closes");
    let error = decrypt(Store::Dotenv, file.replace('\n', "\r\n").as_bytes());
    let error = error.expect_err("refused");
    assert_eq!(error.exit_code(false), 1);
    assert!(error.to_string().starts_with("line 2: "), "{error}");
}

#[test]
fn a_block_that_stands_there_twice_is_refused() {
    let file = encrypt(Store::Json, "{\"a\": 1}", &Selector::default_suffix()).expect("closes");
    let twice = file.replacen('{', "{\"sops\": {}, ", 1);
    let error = decrypt(Store::Json, twice.as_bytes()).expect_err("refused");
    assert_eq!(error.exit_code(false), 1);
    assert!(error.to_string().contains("twice"), "{error}");
}

#[test]
fn a_comment_that_sops_counts_to_another_level_is_refused_where_it_selects() {
    let selector = Selector::new(SelectorKind::UnencryptedCommentRegex, "keep").expect("compiles");
    // Whether the comment can stand there, and whether `x` stays in clear under it.
    for (plain, expected) in [
        ("a: 1\n# keep\nx: y\nz: 1\n", Some(true)),
        ("a: 1\n# keep\n\nx: y\nz: 1\n", Some(true)),
        ("m:\n  a: 1\n# keep\n\nx: y\nz: 1\n", Some(true)),
        ("m:\n  a: 1\n  # keep\nx: y\n", Some(false)),
        ("m:\n  # keep\n\n  x: y\nz: 1\n", Some(true)),
        ("l:\n- a\n# keep\n- x: y\n- z\n", Some(true)),
        ("a: 1\n# keep\n---\nx: y\n", Some(false)),
        ("l:\n- a: 1\n# keep\n\n- x: y\n", None),
        ("l:\n- a\n# keep\n\nx: y\n", None),
        ("a: 1\n---\n# keep\n\nx: y\n", None),
        ("m:\n  a: 1\n# keep\n\n  x: y\n", None),
    ] {
        match (encrypt(Store::Yaml, plain, &selector), expected) {
            (Ok(file), Some(clear)) => assert_eq!(file.contains("x: y"), clear, "{plain}"),
            (Err(SopsError::CommentElsewhere { .. }), None) => {}
            (found, _) => panic!("{plain}{found:?}"),
        }
    }
}
