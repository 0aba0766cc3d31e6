//! `bulla set` and `bulla unset`.

use std::os::unix::fs::PermissionsExt;

use snapbox::{assert_data_eq, str};

use crate::support::{CANARY, Repo, run, secret};

#[test]
fn a_value_is_set_without_any_key_and_the_others_stay() {
    let repo = Repo::new();
    let file = repo.envelope("db");
    std::fs::set_permissions(repo.file(&file), PermissionsExt::from_mode(0o604)).unwrap();
    let before = repo.read(&file);
    let set = repo.bulla_with(&format!("set {file} token"), format!("{CANARY}\n"));
    assert_data_eq!(
        &set.stderr,
        str![[r#"
note: the newline at its end is part of the value; `--trim-newline` drops it
set `token` (a new key) of `shop/db` in `clusters/db.yaml`, for prod, alice

"#]]
    );
    set.ok();
    let after = repo.read(&file);
    for line in before.lines() {
        assert!(after.lines().any(|other| other == line), "{line}");
    }
    assert_eq!(repo.mode(&file), 0o604);
    assert_eq!(repo.value(&file, "token"), format!("{CANARY}\n"));
    repo.bulla_with(
        &format!("set {file} token --trim-newline"),
        format!("{CANARY}\r\n"),
    )
    .ok();
    assert_eq!(repo.value(&file, "token"), CANARY);
    repo.write("value.bin", [0, 1, 255]);
    repo.bulla(&format!("set {file} token --from-file value.bin"))
        .ok();
    repo.bulla(&format!("set {file} token --literal -x")).ok();
    assert_eq!(repo.value(&file, "token"), "-x");
    assert_eq!(
        repo.read(&file).matches("commitment:").count(),
        2,
        "data keys that nothing uses are dropped"
    );
    assert_eq!(repo.names("clusters"), ["db.yaml"]);
}

#[test]
fn a_value_on_the_command_line_is_refused_and_not_repeated() {
    let repo = Repo::new();
    let file = repo.envelope("db");
    for line in [
        format!("set {file} password {CANARY}"),
        format!("set {file} password={CANARY}"),
        format!("set {file} password --{CANARY}"),
        format!("set {file} password -- -{CANARY}"),
    ] {
        let message = repo.bulla(&line).fails(2);
        assert!(message.contains("--literal"), "{line}: {message}");
    }
    for line in [
        format!("--color never set {file} password --{CANARY}"),
        format!("--config .bulla.yaml set {file} password --{CANARY}"),
        format!("--color={CANARY} set {file} password"),
        format!("--{CANARY} set {file} password"),
        format!("set {file} password --trim-newline={CANARY}"),
        format!("set {file} password --dry-run={CANARY}"),
        format!("set {file} password --namespace {CANARY}!"),
        format!("set {file} password -x{CANARY}"),
        format!("seal --name db -n shop --from-literal password --{CANARY}"),
        format!("seal --name db -n shop --from-litral=password={CANARY}"),
        format!("seal --name password={CANARY} -n shop"),
        format!("seal --name db --from-literal=a=b --scope {CANARY}"),
        format!("--from-literal=password={CANARY} --name db"),
    ] {
        let message = repo.bulla(&line).fails(2);
        assert!(message.contains("--help` lists"), "{line}: {message}");
    }
    // What the grammar itself says is still of use.
    for (line, says) in [
        ("seal --scope wide", "[possible values: strict"),
        (
            "seal --recursiv --from-literal=a=b",
            "perhaps `--recursive` is meant",
        ),
        (
            "seal --scope wide --from-literal=a=b",
            "`--scope <SCOPE>` does not take",
        ),
        (
            "set --literal",
            "a value is required for '--literal <VALUE>'",
        ),
        ("set", "Usage: bulla set"),
        ("set --help", ""),
        ("seal --recursiv", "unexpected argument '--recursiv'"),
    ] {
        let run = repo.bulla(line);
        assert_eq!(run.status, if line.ends_with("help") { 0 } else { 2 });
        assert!(run.stderr.contains(says), "{line}: {}", run.stderr);
    }
    assert_data_eq!(
        repo.bulla(&format!("set {file} ../../x")).fails(2),
        str![[r#"
error: the second argument, KEY, is not the name of a key

hint: the usage is `bulla set FILE KEY`, and the value is asked for, or comes from a pipe

"#]]
    );
}

#[test]
fn several_envelopes_are_told_apart() {
    let repo = Repo::new();
    repo.write(
        "clusters/two.yaml",
        format!("{}---\n{}", secret("a"), secret("b")),
    );
    repo.bulla("seal -i clusters/two.yaml").ok();
    assert_data_eq!(
        repo.bulla_with("set clusters/two.yaml token", "x").fails(2),
        str![[r#"
error: failed to use `clusters/two.yaml`
  caused by: it holds several sealed resources: `shop/a`, `shop/b`

hint: choose one with `--name NAME` and `-n NAMESPACE`

"#]]
    );
    let before = repo.read("clusters/two.yaml");
    repo.bulla_with("set clusters/two.yaml token --name b", "x")
        .ok();
    let after = repo.read("clusters/two.yaml");
    let first = |text: &str| text.split("---").next().unwrap().to_owned();
    assert_eq!(first(&before), first(&after));
    assert!(
        repo.bulla_with("set clusters/two.yaml t --name c", "x")
            .fails(2)
            .contains("it holds `shop/a`, `shop/b`")
    );
}

#[test]
fn what_cannot_be_set() {
    let repo = Repo::new();
    repo.write("clusters/db.yaml", secret("db"));
    assert!(
        repo.bulla_with("set clusters/db.yaml a", "x")
            .fails(2)
            .contains("bulla seal -i FILE")
    );
    let file = repo.envelope("db");
    let before = repo.read(&file);
    let large = vec![b'x'; (1 << 20) + 1];
    assert!(
        repo.bulla_with(&format!("set {file} a"), large)
            .fails(2)
            .contains("it has more than 1 MiB")
    );
    repo.write("apps/db.yaml", &before);
    assert!(
        repo.bulla_with("set apps/db.yaml a", "x")
            .fails(5)
            .contains("no rule in .bulla.yaml matches")
    );
    assert!(repo.bulla("set - a").fails(2).contains("standard input"));
    repo.bulla_with(&format!("set {file} a --dry-run"), "x")
        .ok();
    assert_eq!(repo.read(&file), before);
}

#[test]
fn many_data_keys_suggest_a_reseal() {
    let repo = Repo::new();
    let file = repo.envelope("db");
    for key in ["a", "b", "c", "d", "e", "f"] {
        assert!(
            !repo
                .bulla_with(&format!("set {file} {key}"), "x")
                .stderr
                .contains("reseal")
        );
    }
    let last = repo.bulla_with(&format!("set {file} g"), "x");
    assert!(
        last.stderr
            .contains("has 8 data keys: `bulla reseal` brings it back to one"),
        "{}",
        last.stderr
    );
}

#[test]
fn values_are_taken_out_with_their_data_keys() {
    let repo = Repo::new();
    let file = repo.envelope("db");
    repo.bulla_with(&format!("set {file} token"), "x").ok();
    let message = repo.bulla(&format!("unset {file} token nope")).fails(2);
    assert!(
        message.contains("there is no key `nope`: it has `password`, `token`, `username`"),
        "{message}"
    );
    let unset = repo.bulla(&format!("unset {file} token password"));
    assert_eq!(
        unset.stderr,
        "took `password`, `token` out of `shop/db` in `clusters/db.yaml`\n"
    );
    unset.ok();
    let text = repo.read(&file);
    assert!(!text.contains("token") && !text.contains("password"));
    assert_eq!(text.matches("commitment:").count(), 1);
    let piped = repo.bulla_with("unset - username", &text).ok();
    assert!(!piped.contains("username:"));
    assert_eq!(repo.read(&file), text);
}

#[test]
fn a_forgotten_key_name_does_not_put_the_value_into_the_error() {
    let repo = Repo::new();
    let file = repo.envelope("db");
    for words in [
        vec!["set", &file, "my hunter2-canary"],
        vec!["set", &file, "hunter2-canary!", "--dry-run"],
        vec!["set", &file, ""],
        vec!["unset", &file, "my hunter2-canary"],
        vec!["open", &file, "--key", "my hunter2-canary"],
    ] {
        let mut command = repo.command();
        command.args(&words);
        let said = run(command, b"").fails(2);
        assert!(said.contains("KEY"), "{said}");
        if words[0] == "set" {
            assert!(said.contains("bulla set FILE KEY"), "{said}");
        }
    }
}
