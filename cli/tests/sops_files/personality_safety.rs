//! Files that `bulla sops` changes: old bytes or new ones, never others, and the exit codes of the real one.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::support::{CALLS, CANARY, Repo, Run, has, names, on_disk, run, survives};
use crate::world::repo;

const FILE: &str = "dir/db.yaml";

fn sealed() -> Repo {
    let repo = repo();
    repo.write(FILE, plain());
    let (alice, safe) = (repo.recipient("alice"), repo.recipient("safe"));
    sops(&repo, &format!("encrypt -i --age {alice} {FILE}")).ok();
    repo.write(
        ".sops.yaml",
        format!("creation_rules: [{{age: '{alice},{safe}'}}]\n"),
    );
    let editor = "#!/bin/sh\nsed -i 's/^user: .*/user: edited/' \"$1\"\n";
    fs::write(repo.path("editor"), editor).unwrap();
    fs::set_permissions(repo.path("editor"), fs::Permissions::from_mode(0o755)).unwrap();
    repo
}

fn plain() -> String {
    format!("# kept\nuser: root\npassword: {CANARY}\n")
}

/// Every command that changes a file in its place.
fn changes(repo: &Repo) -> Vec<String> {
    let safe = repo.recipient("safe");
    vec![
        format!("sops set {FILE} [\"user\"] \"new\""),
        format!("sops unset {FILE} [\"user\"]"),
        format!("sops rotate -i {FILE}"),
        format!("sops rotate -i --add-age {safe} {FILE}"),
        format!("sops updatekeys -y {FILE}"),
        format!("sops decrypt -i {FILE}"),
        format!("sops edit {FILE}"),
    ]
}

fn sops(repo: &Repo, line: &str) -> Run {
    let mut command = repo.command();
    command
        .env("SOPS_AGE_KEY_FILE", repo.path("alice.key"))
        .env("EDITOR", repo.path("editor"))
        .arg("sops")
        .args(repo.words(line));
    run(command, b"")
}

#[test]
fn a_command_that_is_killed_leaves_a_whole_file_and_the_next_one_cleans_up() {
    if !has("strace") {
        return;
    }
    let repo = sealed();
    let before = repo.read(FILE);
    let (key, editor) = (repo.path("alice.key"), repo.path("editor"));
    let variables = [("SOPS_AGE_KEY_FILE", key.as_path()), ("EDITOR", &editor)];
    let encrypt = format!("sops encrypt -i --age {} {FILE}", repo.recipient("alice"));
    for line in changes(&repo).into_iter().chain([encrypt]) {
        let start = match line.contains("encrypt") {
            true => plain(),
            false => before.clone(),
        };
        for call in CALLS {
            for nth in 1.. {
                repo.write(FILE, &start);
                let survived = survives(&repo, &line, (call, nth), &variables);
                let now = repo.read(FILE);
                let opens = || {
                    sops(&repo, &format!("decrypt {FILE}"))
                        .ok()
                        .contains(CANARY)
                };
                let whole = now == start || line.contains("decrypt") && now == plain();
                assert!(whole || opens(), "{line}: {call} {nth}: {now}");
                if survived {
                    break;
                }
                repo.write(FILE, &before);
                sops(&repo, &format!("set {FILE} [\"user\"] \"next\"")).ok();
                assert_eq!(repo.names("dir"), ["db.yaml"], "{line}: {call} {nth}");
            }
        }
    }
}

#[test]
fn a_full_disk_ends_with_3_and_the_file_stays() {
    if !has("unshare") {
        return;
    }
    let repo = sealed();
    for line in changes(&repo) {
        let script = format!(
            "export SOPS_AGE_KEY_FILE={} EDITOR={}
             cp {FILE} dir/disk/db.yaml; cd dir; dd if=/dev/zero of=disk/full bs=1k count=100 2>/dev/null || true
             status=0; $bulla {} >/dev/null || status=$?
             cmp db.yaml disk/db.yaml; ls -A disk; echo status=$status",
            repo.path("alice.key").display(),
            repo.path("editor").display(),
            line.replace(FILE, "disk/db.yaml")
                .replace('[', "'[")
                .replace(']', "]'")
                .replace("\"new\"", "'\"new\"'"),
        );
        let out = on_disk(&repo, "dir/disk", "64k", &script);
        assert!(
            out.stderr.contains("no space left on device"),
            "{line}: {}",
            out.stderr
        );
        assert_eq!(out.ok(), "db.yaml\nfull\nstatus=3\n", "{line}");
    }
}

/// Runs it without the power of root to write where nobody may.
fn as_somebody(repo: &Repo, line: &str) -> Run {
    let bulla = Path::new(env!("CARGO_BIN_EXE_bulla"));
    let mut command = match rustix::process::geteuid().is_root() {
        true => {
            let mut command = repo.around(Path::new("setpriv"));
            command.args(["--bounding-set=-dac_override", "--inh-caps=-dac_override"]);
            command.arg(bulla);
            command
        }
        false => repo.around(bulla),
    };
    command
        .env("SOPS_AGE_KEY_FILE", repo.path("alice.key"))
        .env("EDITOR", repo.path("editor"))
        .args(repo.words(line));
    run(command, b"")
}

#[test]
fn read_only_files_and_directories_end_with_3_and_stay() {
    if rustix::process::geteuid().is_root() && !has("setpriv") {
        return;
    }
    let repo = sealed();
    let before = repo.read(FILE);
    let mode = |path: &str, mode| {
        let mode = fs::Permissions::from_mode(mode);
        fs::set_permissions(repo.file(path), mode).unwrap();
    };
    for line in changes(&repo) {
        for (path, read_only, writable) in [(FILE, 0o444, 0o644), ("dir", 0o555, 0o755)] {
            mode(path, read_only);
            let run = as_somebody(&repo, &line);
            mode(path, writable);
            assert_eq!(run.status, 3, "{line}: {path}: {}", run.stderr);
            assert!(
                run.stderr.contains("permission denied"),
                "{line}: {}",
                run.stderr
            );
            assert_eq!(repo.read(FILE), before, "{line}: {path}");
            assert_eq!(names(&repo.file("dir")), ["db.yaml"]);
        }
    }
    mode("dir", 0o555);
    let run = as_somebody(&repo, &format!("sops decrypt --output dir/new.yaml {FILE}"));
    mode("dir", 0o755);
    assert_eq!(run.fails(3).matches("permission denied").count(), 1);
}

#[test]
fn variables_in_plaintext_that_name_code_are_told() {
    let repo = repo();
    let alice = repo.recipient("alice");
    repo.write("a.env", "LD_PRELOAD=\nPATH=/nowhere\nTOKEN=t\nBASH_ENV=x\n");
    let encrypt = format!("encrypt -i --unencrypted-regex ^(LD_PRELOAD|PATH)$ --age {alice} a.env");
    sops(&repo, &encrypt).ok();
    let mut command = repo.command();
    command
        .env("SOPS_AGE_KEY_FILE", repo.path("alice.key"))
        .args(["sops", "exec-env", "a.env", "echo $PATH $TOKEN"]);
    let run = run(command, b"");
    assert_eq!(run.stdout, "/nowhere t\n", "{}", run.stderr);
    // What is encrypted comes from whoever has a key, and what is empty names nothing.
    assert_eq!(
        run.stderr,
        "warning: `a.env` sets PATH in plaintext: it decides which code the command runs\n"
    );
}
