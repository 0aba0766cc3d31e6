//! `set`, `unset`, `edit` and `inspect`.

use std::os::unix::fs::PermissionsExt;

use crate::support::{CANARY, run};
use crate::world::{line, repo, sealed, values};

#[test]
fn one_value_is_set_and_every_other_byte_stays() {
    let repo = repo();
    let file = sealed(&repo, "db");
    let before = repo.read(&file);
    let run = repo.bulla_with(&format!("set {file} password -I @alice"), "new");
    assert!(run.stderr.contains("set `password` in"), "{}", run.stderr);
    run.ok();
    let after = repo.read(&file);
    assert_eq!(repo.value(&file, "password"), "new");
    let same = |word: &str| line(&before, word) == line(&after, word);
    assert!(same("username:") && !same("password:") && !same("mac:"));
    assert_eq!(before.lines().count(), after.lines().count());
    let set = format!("set {file} token -I @alice");
    let new = repo.bulla_with(&set, b"\xff\x00");
    assert!(new.stderr.contains("(a new key)"));
    new.ok();
    let opened = repo.bulla(&format!("open {file} -I @alice")).ok();
    assert!(opened.contains("data:\n  token: /wA="), "{opened}");
    repo.bulla(&format!("unset {file} token username -I @alice"))
        .ok();
    let opened = repo.bulla(&format!("open {file} -I @alice")).ok();
    assert!(!opened.contains("token") && !opened.contains("username"));
}

#[test]
fn nothing_is_set_by_whoever_can_not_open() {
    let repo = repo();
    let file = sealed(&repo, "db");
    let before = repo.read(&file);
    for line in [
        format!("set {file} password"),
        format!("set {file} password -I @safe"),
        format!("unset {file} password -I @safe"),
    ] {
        let message = repo.bulla_with(&line, CANARY).fails(3);
        assert!(message.contains("impossible by format"), "{message}");
        assert!(message.contains("bulla convert --to envelope"), "{message}");
    }
    assert_eq!(repo.read(&file), before);
}

#[test]
fn values_of_other_files_are_set_by_path() {
    let repo = repo();
    repo.write("env/values.yaml", values());
    repo.bulla("seal -i env/values.yaml").ok();
    let set = |key: &str, value: &str| {
        let line = format!("set env/values.yaml {key} -I @alice");
        repo.bulla_with(&line, value).ok();
    };
    set("[\"db\"][\"token\"]", "t");
    set("[\"db\"][\"hosts\"][1]", "c");
    set("top", "x");
    let text = repo.read("env/values.yaml");
    for word in ["token:", "top:"] {
        assert!(line(&text, word).contains("ENC["), "{text}");
    }
    let opened = repo.bulla("open env/values.yaml -I @alice").ok();
    for part in [
        "  - a\n  - c\n",
        "token: t",
        "top: x",
        "port: ",
        "   # flow",
    ] {
        assert!(opened.contains(part), "{part}: {opened}");
    }
    let message = repo.bulla("set env/values.yaml [x -I @alice").fails(2);
    assert!(message.contains("neither the name of a key"), "{message}");
    let message = repo
        .bulla("unset env/values.yaml [\"db\"][\"x\"] -I @alice")
        .fails(2);
    assert!(message.contains("nothing under that key"), "{message}");
    let message = repo
        .bulla("set env/values.yaml a=hunter2-canary -I @alice")
        .fails(2);
    assert!(message.contains("on the command line"), "{message}");
}

#[test]
fn an_edit_keeps_what_does_not_change() {
    let repo = repo();
    let file = sealed(&repo, "db");
    let before = repo.read(&file);
    let script = repo.write("editor.sh", "#!/bin/sh\nsed -i s/admin/root/ \"$1\"\n");
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    let edit = |editor: &str| {
        let mut command = repo.command();
        command.args(repo.words(&format!("edit {file} -I @alice")));
        command.env("EDITOR", editor);
        run(command, b"")
    };
    edit("./editor.sh").ok();
    let after = repo.read(&file);
    assert_eq!(line(&before, "password:"), line(&after, "password:"));
    assert_eq!(repo.value(&file, "username"), "root");
    let out = edit("true");
    assert!(out.stderr.contains("nothing was changed"));
    assert_eq!(repo.read(&file), after);
    let message = edit("sh -c 'echo sops: x >> \"$1\"' --").fails(2);
    assert!(message.contains("`sops` entry"), "{message}");
    assert_eq!(repo.read(&file), after);
}

#[test]
fn inspect_tells_who_can_open_and_no_value() {
    let repo = repo();
    let file = sealed(&repo, "db");
    let text = repo.bulla(&format!("inspect {file}")).ok();
    for part in [
        "prod (age1pq1",
        "alice (age1",
        "encrypted_regex `^(data|stringData)$`",
        "2 values encrypted, 4 readable",
        "over all values",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let json = repo.bulla(&format!("inspect {file} -o json")).ok();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json[0]["kind"], "SOPS");
    assert_eq!(json[0]["groups"][0]["recipients"][1]["name"], "alice");
    assert_eq!(json[0]["encrypted"][0], "`stringData.password`");
    assert_eq!(json[0]["mac"], true);
}
