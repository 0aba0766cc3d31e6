//! `bulla edit`, with editors that are a line of shell.

use std::os::unix::fs::PermissionsExt;

use snapbox::{assert_data_eq, str};

use crate::support::{CANARY, Repo, Run, names, run};

/// Edits with a shell script that has the file as `$1`.
fn edit(repo: &Repo, line: &str, script: &str) -> Run {
    let editor = repo.path("editor");
    std::fs::write(&editor, format!("#!/bin/sh\nset -e\n{script}\n")).unwrap();
    std::fs::set_permissions(&editor, PermissionsExt::from_mode(0o755)).unwrap();
    let mut command = repo.command();
    command
        .args(repo.words(&format!("edit {line}")))
        .env("EDITOR", &editor);
    run(command, b"")
}

fn left_in_memory() -> Vec<String> {
    let all = names(std::path::Path::new("/dev/shm"));
    all.into_iter()
        .filter(|name| name.starts_with("bulla-edit-"))
        .collect()
}

#[test]
fn without_a_key_values_are_sealed_and_stay_byte_for_byte() {
    let repo = Repo::new();
    let file = repo.envelope("db");
    let before = repo.read(&file);
    let shown = edit(
        &repo,
        &file,
        &format!("cp \"$1\" {}", repo.path("seen").display()),
    );
    assert_eq!(shown.stderr, "nothing was changed\n");
    shown.ok();
    assert_data_eq!(
        std::fs::read_to_string(repo.path("seen")).unwrap(),
        str![[r#"
# Envelope `shop/db` in `clusters/db.yaml`.
#
# There is no key at hand, so values appear as `<sealed>`: left so, they stay byte for byte.
# Write a value in its place, or add or remove lines. Save and close, and it is done.
# Change nothing, or delete everything, and nothing is written.
#
stringData:
  password: <sealed>
  username: <sealed>

"#]]
    );
    assert_eq!(repo.read(&file), before);
    let changed = edit(
        &repo,
        &file,
        "sed -i 's/username: .*/username: \"root\"/; $a\\  token: new' \"$1\"",
    );
    assert_eq!(
        changed.stderr,
        "`shop/db` in `clusters/db.yaml`: set `token`, `username`, for prod, alice\n"
    );
    changed.ok();
    let password = |text: &str| {
        text.lines()
            .find(|line| line.contains("password:"))
            .map(str::to_owned)
    };
    assert_eq!(password(&repo.read(&file)), password(&before));
    assert_eq!(repo.value(&file, "username"), "root");
    assert_eq!(repo.value(&file, "token"), "new");
}

#[test]
fn with_a_key_plaintext_is_shown_in_a_private_file_in_memory() {
    let repo = Repo::new();
    let file = repo.envelope("db");
    repo.write("blob", [0, 255]);
    repo.bulla(&format!("set {file} blob --from-file blob"))
        .ok();
    let before = repo.read(&file);
    let seen = repo.path("seen").display().to_string();
    let script = format!(
        "stat -c '%a %n' \"$1\" > {seen}; cat \"$1\" >> {seen}; sed -i 's/admin/root/' \"$1\"; touch \"$1~\""
    );
    edit(&repo, &format!("{file} -I @alice"), &script).ok();
    let seen = std::fs::read_to_string(repo.path("seen")).unwrap();
    assert!(seen.starts_with("600 /dev/shm/bulla-edit-"), "{seen}");
    assert!(
        seen.contains(&format!("\n  password: {CANARY}\n"))
            && seen.contains("\ndata:\n  blob: AP8=\n"),
        "{seen}"
    );
    let scratch = seen.split('/').nth(3).unwrap();
    assert!(!left_in_memory().iter().any(|name| name == scratch));
    let after = repo.read(&file);
    for key in ["password: ", "blob: "] {
        let line = |text: &str| {
            text.lines()
                .find(|line| line.trim_start().starts_with(key))
                .map(str::to_owned)
        };
        assert_eq!(line(&before), line(&after), "{key}");
    }
    assert_eq!(repo.value(&file, "username"), "root");
}

#[test]
fn keys_are_removed_and_the_template_is_changed_with_a_key_only() {
    let repo = Repo::new();
    let file = repo.envelope("db");
    edit(&repo, &file, "sed -i /username/d \"$1\"").ok();
    assert!(!repo.read(&file).contains("username"));
    let template = "echo 'template: {type: example.com/x}' >> \"$1\"";
    assert_data_eq!(
        edit(&repo, &file, template).fails(2),
        str![[r#"
error: the template is bound to the values: it can be changed only where all of them are at hand

hint: give a key: `--identity FILE`; or write every value anew

"#]]
    );
    let both = "printf 'template: {data: {password: x}}' >> \"$1\"";
    let message = edit(&repo, &format!("{file} -I @alice"), both).fails(2);
    assert!(
        message.contains("is in both `data` and `template.data`"),
        "{message}"
    );
    edit(&repo, &format!("{file} -I @alice"), template).ok();
    assert!(
        repo.bulla(&format!("open {file} -I @alice"))
            .ok()
            .contains("type: example.com/x")
    );
    assert_eq!(repo.read(&file).matches("commitment:").count(), 1);
    // All values anew do as well.
    edit(
        &repo,
        &file,
        "sed -i 's/password: .*/password: again/; s/example.com.x/example.com\\/y/' \"$1\"",
    )
    .ok();
    assert_eq!(repo.value(&file, "password"), "again");
}

#[test]
fn a_bad_edit_changes_nothing_and_leaves_nothing() {
    let repo = Repo::new();
    let file = repo.envelope("db");
    let before = repo.read(&file);
    for (script, expected) in [
        ("echo '  [' >> \"$1\"", "line 10, column"),
        (
            "sed -i 's/username/user/' \"$1\"",
            "there is no sealed value of key `user` that could stay",
        ),
        (
            "sed -i 's/password: .*/password: yes/' \"$1\"",
            "`stringData.password` is read as",
        ),
        (
            "sed -i 's/password:/..:/' \"$1\"",
            "is refused by the API server",
        ),
        ("echo 'kidn: x' >> \"$1\"", "unknown field `kidn`"),
        (
            "echo 'template: {tpye: x}' >> \"$1\"",
            "`spec.template.tpye`",
        ),
        (
            "echo 'template: {data: {url: \"{{ .x \"}}' >> \"$1\"",
            "template `url`, line 1",
        ),
        (
            "printf -- '---\\na: b\\n' >> \"$1\"",
            "there must be one document",
        ),
        ("exit 1", "ended with an error"),
        ("printf '\\377' > \"$1\"", "not UTF-8"),
        (
            "echo changed >> clusters/db.yaml; sed -i 's/password: .*/password: x/' \"$1\"",
            "changed by somebody else",
        ),
    ] {
        repo.write(&file, &before);
        let message = edit(&repo, &file, script).fails(2);
        assert!(message.contains(expected), "{script}: {message}");
        assert_eq!(
            repo.read(&file).trim_end_matches("changed\n"),
            before,
            "{script}"
        );
    }
    assert_eq!(repo.names("clusters"), ["db.yaml"]);
}

#[test]
fn deleting_everything_cancels() {
    let repo = Repo::new();
    let file = repo.envelope("db");
    let before = repo.read(&file);
    for script in [": > \"$1\"", "sed -i '/^[^#]/d' \"$1\""] {
        assert_eq!(edit(&repo, &file, script).stderr, "nothing was changed\n");
        assert_eq!(repo.read(&file), before);
    }
}

#[test]
fn an_editor_with_flags_works_and_a_missing_one_is_named() {
    let repo = Repo::new();
    let file = repo.envelope("db");
    let call = |editor: &str| {
        let mut command = repo.command();
        command.args(["edit", &file]).env("VISUAL", editor);
        run(command, b"")
    };
    call("sed -i -e s/username:.*/username:\\ flags/").ok();
    assert_eq!(repo.value(&file, "username"), "flags");
    assert!(
        call("no-such-editor")
            .fails(2)
            .contains("the editor `no-such-editor` ended with an error")
    );
}
