//! Where `bulla check` looks: the work tree, the index, a revision's rules, directories, standard input.

use std::process::Stdio;

use crate::support::{CANARY, Repo, run, secret};

#[test]
fn new_files_count_and_ignored_ones_do_not() {
    let repo = Repo::new();
    repo.write(".gitignore", "scratch/\n");
    repo.write("scratch/a.yaml", secret("a"));
    repo.bulla("check").ends(0);
    repo.write("new.yaml", secret("b"));
    repo.bulla("check").ends(1).says(&["new.yaml:7:3"]);
    // Named, it is looked at whatever Git thinks of it.
    repo.bulla("check scratch/a.yaml")
        .ends(1)
        .says(&["scratch/a.yaml:7:3"]);
}

#[test]
fn paths_are_shown_from_where_one_stands() {
    let repo = Repo::new();
    repo.write("clusters/a/db.yaml", secret("a"));
    repo.write("b.yaml", secret("b"));
    repo.bulla_in("clusters", "check", "")
        .ends(1)
        .says(&["../b.yaml:7:3", "a/db.yaml:7:3"]);
    repo.bulla_in("clusters", "check .", "").ends(1).says(&[
        "a/db.yaml",
        "bulla seal -i a/db.yaml",
        "1 file looked at",
    ]);
}

#[test]
fn staged_is_what_is_about_to_be_committed() {
    let repo = Repo::new();
    repo.envelope("strict/db.yaml", "db");
    repo.commit();
    let sealed = repo.read("strict/db.yaml");
    repo.write("strict/db.yaml", secret("db"));
    repo.bulla("check --staged").ends(0);
    repo.git("add strict/db.yaml");
    repo.write("strict/db.yaml", sealed);
    repo.bulla("check --staged")
        .ends(1)
        .says(&["strict/db.yaml:7:3", "`git add` a file again"]);
    repo.bulla("check").ends(0);
    // As a hook runs it, in a directory of its own choice.
    let mut hook = repo.command(env!("CARGO_BIN_EXE_bulla"));
    hook.args(["check", "--staged"])
        .env("GIT_DIR", ".git")
        .env("GIT_INDEX_FILE", ".git/index");
    run(hook, "").ends(1);
}

#[test]
fn a_change_does_not_widen_its_own_rules() {
    let repo = Repo::new();
    repo.envelope("clusters/db.yaml", "db");
    repo.commit();
    repo.write(
        ".bulla.yaml",
        repo.config("- {path: clusters/db.yaml, for: [prod, alice, mallory]}\n"),
    );
    repo.bulla("rewrap clusters/db.yaml -I @alice").ends(0);
    repo.bulla("check").ends(0);
    repo.commit();
    repo.bulla("check --config-from HEAD~1")
        .ends(1)
        .says(&["wrong-recipients", "mallory"]);
    repo.bulla("check --config-from HEAD").ends(0);
    repo.bulla("check --config-from nowhere")
        .ends(2)
        .says(&["`nowhere` is not a revision", "hint: "]);
    repo.bulla("check --config-from --all").ends(2);
}

#[test]
fn a_base_without_rules_is_told() {
    let repo = Repo::bare();
    repo.commit();
    repo.write("db.yaml", secret("db"));
    repo.bulla("check --config-from HEAD").ends(1).says(&[
        "plaintext-secret",
        "warning",
        "`HEAD` has no .bulla.yaml",
    ]);
}

#[test]
fn files_that_are_no_manifests_are_passed_over() {
    let repo = Repo::new();
    repo.write(
        "chart/templates/secret.yaml",
        "{{ if .Values.x }}\napiVersion: v1\nkind: Secret\n{{ end }}\n",
    );
    repo.write("tsconfig.json", "{ // comments\n \"Secret\": 1 }\n");
    repo.write("x.yaml", b"\xff\xfe\0Secret");
    repo.write("empty.yaml", "");
    repo.write("deep.yaml", "[".repeat(10_000));
    repo.write(
        "crlf.yaml",
        "apiVersion: v1\r\nkind: ConfigMap\r\ndata: {Secret: x}\r\n",
    );
    repo.bulla("check")
        .ends(0)
        .says(&["6 files looked at", "2 files passed over"]);
    repo.bulla("check -v")
        .ends(0)
        .says(&["chart/templates/secret.yaml: passed over: a template of Helm"]);
    repo.bulla("check x.yaml")
        .ends(1)
        .says(&["unreadable-manifest", "not UTF-8"]);
    repo.bulla("check deep.yaml")
        .ends(1)
        .says(&["unreadable-manifest"]);
}

#[test]
fn a_link_is_not_followed_and_a_missing_file_is_an_error() {
    let repo = Repo::new();
    std::fs::write(repo.beside("outside.yaml"), secret("x")).unwrap();
    std::os::unix::fs::symlink(repo.beside("outside.yaml"), repo.file("link.yaml")).unwrap();
    repo.bulla("check").ends(0);
    repo.bulla("check nothing.yaml")
        .ends(2)
        .says(&["`nothing.yaml`", "no such file"]);
    repo.write("gone.yaml", "a: b\n");
    repo.commit();
    std::fs::remove_file(repo.file("gone.yaml")).unwrap();
    repo.bulla("check").ends(0);
}

#[test]
fn outside_of_git_a_directory_is_looked_at() {
    let repo = Repo::bare();
    std::fs::remove_dir_all(repo.file(".git")).unwrap();
    repo.write("a/db.yaml", secret("db"));
    repo.bulla("check")
        .ends(1)
        .says(&["a/db.yaml:7:3", "`bulla init` writes"]);
    repo.bulla("check --staged")
        .ends(2)
        .says(&["not in a Git work tree"]);
    std::fs::remove_dir_all(repo.file("a")).unwrap();
    repo.bulla("check").ends(2).says(&["holds no `.yaml`"]);
}

#[test]
fn standard_input_is_looked_at() {
    let repo = Repo::new();
    repo.bulla_in("", "check -", &secret("db"))
        .ends(1)
        .says(&["standard input:7:3"]);
    repo.bulla_in("", "check -", "").ends(0);
}

#[test]
fn flags_that_do_not_go_together_are_refused() {
    let repo = Repo::new();
    repo.bulla("check --staged clusters").ends(2);
    repo.bulla("check --config .bulla.yaml --config-from HEAD")
        .ends(2);
    repo.bulla("check -o xml")
        .ends(2)
        .says(&["[possible values: text, json]"]);
}

#[test]
fn a_reader_that_goes_away_changes_nothing() {
    let repo = Repo::new();
    for nth in 0..50 {
        repo.write(&format!("{nth}.yaml"), secret("x"));
    }
    let mut command = repo.command(env!("CARGO_BIN_EXE_bulla"));
    let mut child = command
        .arg("check")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!said.contains("panic") && !said.contains(CANARY), "{said}");
}

#[test]
fn plaintext_in_another_encoding_is_not_passed_over() {
    let repo = Repo::new();
    for (bytes_of, name) in [
        (u16::to_le_bytes as fn(u16) -> [u8; 2], "le.yaml"),
        (u16::to_be_bytes, "be.json"),
    ] {
        let text = format!("\u{feff}{}", secret("db"));
        let bytes: Vec<u8> = text.encode_utf16().flat_map(bytes_of).collect();
        repo.write(name, bytes);
        repo.bulla("check")
            .ends(1)
            .says(&[name, "unreadable-manifest", "not UTF-8"]);
        std::fs::remove_file(repo.file(name)).unwrap();
    }
}
