//! Keys of ssh, sealed for and opened with; every place where keys are looked for; keys under a passphrase.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use age::secrecy::SecretString;

use crate::support::{CANARY, Repo, Run, has, run, secret};
use crate::terminal::on_terminal;

/// A key that `ssh-keygen` made.
fn key(name: &str) -> PathBuf {
    let keys = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../core/tests/vectors/recipient/ssh"
    );
    Path::new(keys).join(name)
}

fn public(name: &str) -> String {
    let text = fs::read_to_string(key(&format!("{name}.pub"))).unwrap();
    text.trim_end().to_owned()
}

/// A repository whose rules close for keys of ssh, and a sealed file in it.
fn repo(names: &[&str]) -> (Repo, String) {
    let repo = Repo::new();
    let people: String = names
        .iter()
        .map(|name| format!("  {name}: {{recipients: ['{}']}}\n", public(name)))
        .collect();
    repo.write(
        ".bulla.yaml",
        format!(
            "people:\n{people}rules:\n\
             - {{path: clusters/**, for: [{names}]}}\n\
             - {{path: strict/**, for: [{names}], postQuantum: required}}\n",
            names = names.join(", ")
        ),
    );
    let file = repo.envelope("db");
    (repo, file)
}

fn open(repo: &Repo, file: &str, variables: &[(&str, &str)]) -> Run {
    let mut command = repo.command();
    command.args(["open", file, "--key", "password"]);
    command.envs(variables.iter().copied());
    run(command, b"")
}

#[test]
fn what_is_sealed_for_keys_of_ssh_is_opened_with_them() {
    let (repo, file) = repo(&["ed25519", "rsa"]);
    for name in ["ed25519", "rsa", "rsa-pkcs1", "rsa-pkcs8"] {
        let key = key(name);
        let line = format!("open {file} -k password -I {}", key.display());
        assert_eq!(repo.bulla(&line).ok(), CANARY, "{name}");
    }
    let other = format!("open {file} -I {}", key("ed25519-pkcs8").display());
    assert!(repo.bulla(&other).fails(3).contains("no key at hand opens"));

    // On the command line, too: the base64 of this one ends in `=`.
    assert!(public("rsa-locked").contains("= "));
    for recipient in [
        public("rsa-locked"),
        format!("somebody={}", public("rsa-locked")),
    ] {
        let mut seal = repo.command();
        repo.write("clusters/asked.yaml", secret("asked"));
        seal.args(["seal", "clusters/asked.yaml", "--for", &recipient]);
        assert!(run(seal, b"").ok().contains("bulla1."));
    }

    let seen = repo.bulla(&format!("inspect {file}")).ok();
    assert!(
        seen.contains("ssh-ed25519") && seen.contains("ssh-rsa"),
        "{seen}"
    );
    let shown = repo
        .bulla(&format!("key show {}", key("ed25519").display()))
        .ok();
    assert!(shown.contains(&public("ed25519")[..60]), "{shown}");
    assert!(
        shown.contains("suite:        ssh-ed25519\nname:         ed25519 (people)"),
        "{shown}"
    );
    let locked = repo
        .bulla(&format!("key show {}", key("rsa-locked").display()))
        .ok();
    assert!(locked.contains(&public("rsa-locked")[..60]), "{locked}");
    let line = repo
        .bulla(&format!("key show {}", key("ed25519.pub").display()))
        .ok();
    assert!(line.contains("suite:        ssh-ed25519"), "{line}");
}

#[test]
fn a_rule_that_demands_post_quantum_keys_refuses_those_of_ssh() {
    let (repo, _) = repo(&["ed25519"]);
    repo.write("strict/db.yaml", secret("db"));
    let refused = repo.bulla("seal -i strict/db.yaml").fails(5);
    assert!(refused.contains("post-quantum"), "{refused}");
    assert_eq!(repo.read("strict/db.yaml"), secret("db"));
}

#[test]
fn keys_of_ssh_are_found_where_sops_finds_them() {
    let (repo, file) = repo(&["ed25519", "rsa"]);
    let path = |name: &str| key(name).display().to_string();
    let command = format!("cat '{}'", path("rsa"));
    for (variable, value) in [
        ("SOPS_AGE_SSH_PRIVATE_KEY_FILE", path("ed25519")),
        ("SOPS_AGE_SSH_PRIVATE_KEY_FILE", path("rsa")),
        ("SOPS_AGE_SSH_PRIVATE_KEY_CMD", command.clone()),
        ("SOPS_AGE_KEY_CMD", command),
        ("SOPS_AGE_KEY_FILE", path("ed25519")),
        ("SOPS_AGE_KEY", fs::read_to_string(key("ed25519")).unwrap()),
    ] {
        let opened = open(&repo, &file, &[(variable, &value)]);
        assert_eq!(opened.ok(), CANARY, "{variable}");
    }
    for name in ["ed25519", "rsa"] {
        let home = repo.path(&format!("home/.ssh/id_{name}"));
        fs::create_dir_all(home.parent().unwrap()).unwrap();
        fs::copy(key(name), &home).unwrap();
        assert_eq!(open(&repo, &file, &[]).ok(), CANARY, "{name}");
        // A variable that names another key replaces those of ssh itself.
        let other = path("ed25519-pkcs8");
        let closed = open(&repo, &file, &[("SOPS_AGE_SSH_PRIVATE_KEY_FILE", &other)]);
        assert!(closed.fails(3).contains("no key at hand"));
        fs::remove_file(home).unwrap();
    }
}

#[test]
fn a_broken_key_is_told_only_when_nothing_else_opens() {
    let repo = Repo::new();
    let file = repo.envelope("db");
    let ssh = repo.path("home/.ssh/id_ed25519");
    fs::create_dir_all(ssh.parent().unwrap()).unwrap();
    fs::write(&ssh, "-----BEGIN OPENSSH PRIVATE KEY-----\nbroken\n").unwrap();
    let alice = fs::read_to_string(repo.path("alice.key")).unwrap();
    let broken = [
        ("SOPS_AGE_KEY_FILE", "/nonexistent/keys"),
        ("SOPS_AGE_KEY_CMD", "false"),
        ("SOPS_AGE_SSH_PRIVATE_KEY_CMD", "'unclosed"),
    ];
    let with_key = [&broken[..], &[("SOPS_AGE_KEY", alice.trim())]].concat();
    let opened = open(&repo, &file, &with_key);
    assert_eq!(opened.stderr, "");
    assert_eq!(opened.ok(), CANARY);

    let nothing = open(
        &repo,
        &file,
        &[&broken[..2], &[("SOPS_AGE_KEY", "AGE-SECRET-KEY-1NOT")]].concat(),
    )
    .fails(3);
    for line in [
        "- $SOPS_AGE_KEY: invalid identity on line 1: ",
        "- failed to read `/nonexistent/keys`: no such file or directory",
        "/.ssh/id_ed25519`: the ssh key is malformed",
        "- $SOPS_AGE_KEY_CMD: its program failed: it ended with 1",
    ] {
        assert!(nothing.contains(line), "{line}\n{nothing}");
    }
    assert!(!nothing.contains("1NOT"), "{nothing}");
    let nothing = open(&repo, &file, &broken[2..]).fails(3);
    assert!(
        nothing.contains("- $SOPS_AGE_SSH_PRIVATE_KEY_CMD: it can't be split into words"),
        "{nothing}"
    );
}

#[test]
fn a_command_runs_only_when_it_is_needed_and_is_told_the_recipient() {
    let repo = Repo::new();
    let log = repo.path("log");
    let script = repo.write(
        "key.sh",
        format!(
            "echo \"run $SOPS_AGE_RECIPIENT\" >> '{}'; cat '{}'\n",
            log.display(),
            repo.path("alice.key").display()
        ),
    );
    let command = format!("sh \"{}\"", script.display());
    repo.write("plain.yaml", "a: b\n");
    let alice = repo.recipient("alice");
    let mut encrypt = repo.command();
    encrypt.args(["sops", "encrypt", "--age", &alice, "plain.yaml"]);
    repo.write("sealed.yaml", run(encrypt, b"").ok());
    let decrypt = |variables: &[(&str, &str)]| {
        let mut decrypt = repo.command();
        decrypt
            .args(["sops", "decrypt", "sealed.yaml"])
            .envs(variables.iter().copied());
        run(decrypt, b"").ok()
    };
    let text = fs::read_to_string(repo.path("alice.key")).unwrap();
    assert_eq!(
        decrypt(&[
            ("SOPS_AGE_KEY_CMD", &command),
            ("SOPS_AGE_KEY", text.trim())
        ]),
        "a: b\n"
    );
    assert!(!log.exists());
    assert_eq!(decrypt(&[("SOPS_AGE_KEY_CMD", &command)]), "a: b\n");
    assert_eq!(fs::read_to_string(&log).unwrap(), format!("run {alice}\n"));
}

#[test]
fn a_sops_file_is_opened_with_a_key_of_ssh() {
    let repo = Repo::new();
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/tests/vectors/sops");
    fs::copy(
        vectors.join("multi_recipient.enc.yaml"),
        repo.file("sealed.yaml"),
    )
    .unwrap();
    let ssh = vectors.join("ssh_ed25519").display().to_string();
    let mut decrypt = repo.command();
    decrypt.args(["sops", "decrypt", "sealed.yaml"]);
    decrypt.env("SOPS_AGE_SSH_PRIVATE_KEY_FILE", &ssh);
    assert!(!run(decrypt, b"").ok().contains("ENC["));
}

#[test]
fn a_passphrase_is_asked_for_once_and_only_when_it_is_needed() {
    if !has("script") {
        return;
    }
    let (repo, file) = repo(&["ed25519-locked", "rsa"]);
    fs::copy(repo.file(&file), repo.file("clusters/again.yaml")).unwrap();
    let ssh = repo.path("home/.ssh/id_ed25519");
    fs::create_dir_all(ssh.parent().unwrap()).unwrap();
    fs::copy(key("ed25519-locked"), &ssh).unwrap();
    let question = "id_ed25519`: ";
    let both = on_terminal(
        &repo,
        "open -R clusters --reveal",
        &[(question, "correct horse\n")],
    );
    assert!(both.contains("status=0"), "{both}");
    assert_eq!(both.matches("Passphrase of").count(), 1, "{both}");
    assert!(!both.contains("correct horse"), "{both}");
    let wrong = on_terminal(
        &repo,
        &format!("open {file} --reveal"),
        &[(question, "horse\n")],
    );
    assert!(
        wrong.contains("the passphrase of the ssh key is another one")
            && wrong.contains("status=3"),
        "{wrong}"
    );
    // Another key opens: nobody is asked.
    let line = format!(
        "open {file} --reveal -I {} -I {}",
        key("ed25519-locked").display(),
        key("rsa").display()
    );
    let unasked = on_terminal(&repo, &line, &[]);
    assert!(
        unasked.contains("status=0") && !unasked.contains("Passphrase"),
        "{unasked}"
    );
    // Nobody can be asked without a terminal.
    let mut command = repo.around(Path::new("setsid"));
    command.args(["--wait", env!("CARGO_BIN_EXE_bulla"), "open", &file]);
    let nobody = run(command, b"").fails(3);
    assert!(
        nobody.contains("there is no terminal to ask on"),
        "{nobody}"
    );
}

/// `age -p` of a key file, at a small cost of work; `@locked` from now on.
pub(crate) fn lock_alices_key(repo: &Repo) {
    let mut passphrase = age::scrypt::Recipient::new(SecretString::from("correct horse"));
    passphrase.set_work_factor(4);
    let passphrase: &dyn age::Recipient = &passphrase;
    let encryptor = age::Encryptor::with_recipients([passphrase].into_iter()).unwrap();
    let mut writer = encryptor.wrap_output(Vec::new()).unwrap();
    writer
        .write_all(&fs::read(repo.path("alice.key")).unwrap())
        .unwrap();
    fs::write(repo.path("locked.key"), writer.finish().unwrap()).unwrap();
}

#[test]
fn a_file_of_identities_may_have_a_passphrase() {
    if !has("script") {
        return;
    }
    let repo = Repo::new();
    let file = repo.envelope("db");
    lock_alices_key(&repo);
    let line = format!("open {file} -k password --reveal -I @locked");
    let question = "locked.key`: ";
    let opened = on_terminal(&repo, &line, &[(question, "correct horse\n")]);
    assert!(
        opened.contains(CANARY) && opened.contains("status=0"),
        "{opened}"
    );
    let wrong = on_terminal(&repo, &line, &[(question, "horse\n")]);
    assert!(
        wrong.contains("the passphrase is another one") && wrong.contains("status=3"),
        "{wrong}"
    );
}
