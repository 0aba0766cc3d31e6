//! `bulla open`, and where private keys are looked for.

use std::fs;

use snapbox::{assert_data_eq, str};

use crate::support::{CANARY, Repo, run, secret};

#[test]
fn one_value_is_written_byte_for_byte() {
    let repo = Repo::new();
    let file = repo.envelope("db");
    assert_eq!(
        repo.bulla(&format!("open {file} -k password -I @prod"))
            .ok(),
        CANARY
    );
    assert_eq!(
        repo.bulla_with("open -k username -I @alice", repo.read(&file))
            .ok(),
        "admin"
    );
    assert_data_eq!(
        repo.bulla(&format!("open {file} --key nope -I @alice"))
            .fails(2),
        str![[r#"
error: `clusters/db.yaml`, line 1, column 1: SecretEnvelope `shop/db`
  caused by: there is no key `nope`: it has `password`, `username`

hint: `bulla inspect FILE` lists the keys of each of them

"#]]
    );
}

#[test]
fn every_place_for_private_keys_is_looked_at() {
    let repo = Repo::new();
    let file = repo.envelope("db");
    let alice = repo.path("alice.key");
    let text = fs::read_to_string(&alice).unwrap();
    let open = |name: &str, value: &str| {
        let mut command = repo.command();
        command
            .args(["open", &file, "--key", "password"])
            .env(name, value);
        run(command, b"")
    };
    for (name, value) in [
        ("BULLA_IDENTITY", alice.to_str().unwrap()),
        ("SOPS_AGE_KEY_FILE", alice.to_str().unwrap()),
        ("SOPS_AGE_KEY", text.trim()),
    ] {
        assert_eq!(open(name, value).ok(), CANARY, "{name}");
    }
    assert_eq!(
        repo.bulla_with(&format!("open {file} -k password -I -"), &text)
            .ok(),
        CANARY
    );
    for usual in ["bulla/identities", "sops/age/keys.txt"] {
        let path = repo.path("config").join(usual);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(
            &path,
            format!("# a comment\nAGE-PLUGIN-YUBIKEY-1XYZ\n{text}\n"),
        )
        .unwrap();
        let found = open("XDG_CONFIG_HOME", repo.path("config").to_str().unwrap());
        // What is wrong with one line matters only where no other opens.
        assert_eq!(found.stderr, "");
        assert_eq!(found.ok(), CANARY, "{usual}");
        fs::remove_file(path).unwrap();
    }
}

#[test]
fn without_a_key_it_says_who_could_open_it_and_where_it_looked() {
    let repo = Repo::new();
    let file = repo.envelope("db");
    assert_data_eq!(
        repo.bulla(&format!("open {file} -I @safe")).fails(3),
        str![[r#"
error: `clusters/db.yaml`, line [..], column [..]: SecretEnvelope `shop/db`
  caused by: no key at hand opens data key `[..]`
    it is closed for prod (fp-[..]), alice (fp-[..])
    keys were looked for in `[..]safe.key`

hint: give the private key of one of them: `--identity FILE`; or let one of them `bulla rewrap` it for you

"#]]
    );
    let message = repo.bulla(&format!("open {file}")).fails(3);
    assert!(
        message.contains("home/.config/bulla/identities`, `"),
        "{message}"
    );
    let message = repo.bulla(&format!("open {file} -I nope.key")).fails(2);
    assert!(message.contains("failed to read `nope.key`"), "{message}");
    repo.write("bad.key", "AGE-SECRET-KEY-1NOTAKEY\n");
    let message = repo.bulla(&format!("open {file} -I bad.key")).fails(2);
    assert!(
        message.contains("invalid identity on line 1") && !message.contains("NOTAKEY"),
        "{message}"
    );
}

#[test]
fn output_languages() {
    let repo = Repo::new();
    let (a, b) = (repo.envelope("a"), repo.envelope("b"));
    let env = repo.bulla(&format!("open {a} -o env -I @alice")).ok();
    assert_eq!(env, format!("password='{CANARY}'\nusername='admin'\n"));
    let both = repo.bulla(&format!("open {a} {b} -I @alice")).ok();
    assert_eq!(both.matches("\n---\n").count(), 1);
    assert!(
        repo.bulla(&format!("open {a} -o json -I @alice"))
            .ok()
            .starts_with("{\n")
    );
    repo.bulla(&format!("open {a} -w plain.yaml -I @alice"))
        .ok();
    assert_eq!(
        repo.mode("plain.yaml"),
        0o600,
        "nobody else reads plaintext"
    );
    // Whoever could read what was there before must not read plaintext, the same bytes included.
    for _ in 0..2 {
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o644);
        fs::set_permissions(repo.file("plain.yaml"), mode).unwrap();
        for envelope in [&b, &b] {
            repo.bulla(&format!("open {envelope} -w plain.yaml -I @alice"))
                .ok();
            assert_eq!(repo.mode("plain.yaml"), 0o600);
        }
        assert!(repo.read("plain.yaml").contains("name: b"));
    }
    let several = repo
        .bulla(&format!("open {a} {b} -k password -I @alice"))
        .fails(2);
    assert!(
        several.contains("`--key` takes one value, and there are several resources"),
        "{several}"
    );
    let two = repo.bulla(&format!("open {a} {b} --name b -k username -I @alice"));
    assert!(!two.fails(2).is_empty());
}

#[test]
fn templates_are_rendered_as_the_controller_does() {
    let repo = Repo::new();
    let file = repo.envelope("db");
    let url = "postgres://{{ .username }}:{{ .password }}@db";
    let mut command = repo.command();
    command.args([
        "edit",
        &file,
        "-I",
        repo.path("alice.key").to_str().unwrap(),
    ]);
    command.env(
        "EDITOR",
        format!("printf 'template: {{data: {{url: \"{url}\"}}}}\\n' >>"),
    );
    run(command, b"").ok();
    let opened = repo.bulla(&format!("open {file} -k url -I @alice")).ok();
    assert_eq!(opened, format!("postgres://admin:{CANARY}@db"));
    // Who can write the file must not choose what becomes of the values.
    let changed = repo.read(&file).replace("@db", "@evil");
    repo.write(&file, changed);
    let message = repo
        .bulla(&format!("open {file} -k url -I @alice"))
        .fails(3);
    assert!(
        message.contains("the template is not the one that data key"),
        "{message}"
    );
    assert!(
        message.contains("bulla reseal --accept-template"),
        "{message}"
    );
    let message = repo.bulla(&format!("reseal {file} -I @alice")).fails(3);
    assert!(message.contains("the template is not the one"), "{message}");
    repo.bulla(&format!("reseal {file} -I @alice --accept-template"))
        .ok();
    assert!(
        repo.bulla(&format!("open {file} -k url -I @alice"))
            .ok()
            .ends_with("@evil")
    );
}

#[test]
fn each_way_of_being_wrong_has_its_line() {
    let repo = Repo::new();
    let file = repo.envelope("db");
    let good = repo.read(&file);
    let line_of =
        |text: &str, needle: &str| text.lines().position(|line| line.contains(needle)).unwrap() + 1;
    let swapped = good
        .replace("password:", "x:")
        .replace("username:", "password:")
        .replace("x:", "username:");
    let table = [
        (
            good.replace("namespace: shop", "namespace: staging"),
            "name: db",
            "sealed for `shop/db`, found in `staging/db`",
        ),
        (swapped, "password:", "was sealed for key"),
        (
            good.replace("bulla1.", "bulla2."),
            "password:",
            "of a format version that this program does not know",
        ),
        (
            good.replace("v1alpha1", "v9"),
            "apiVersion",
            "`bulla.dev/v9` is not a version that this program knows",
        ),
        (
            good.replace("  scope:", "  scpoe:"),
            "scpoe",
            "malformed field",
        ),
    ];
    for (text, needle, expected) in table {
        repo.write(&file, &text);
        let run = repo.bulla(&format!("open {file} -I @alice"));
        let message = run.stderr.clone();
        assert!(message.contains(expected), "{expected}: {message}");
        let line = line_of(&text, needle);
        assert!(
            message.contains(&format!("line {line},")) || expected == "malformed field",
            "{line}: {message}"
        );
        assert!(
            [2, 3].contains(&run.status) && run.stdout.is_empty(),
            "{message}"
        );
    }
}

#[test]
fn a_secret_is_not_an_envelope() {
    let repo = Repo::new();
    repo.write("clusters/db.yaml", secret("db"));
    assert_data_eq!(
        repo.bulla("open clusters/db.yaml").fails(2),
        str![[r#"
error: failed to use `clusters/db.yaml`
  caused by: there is no SecretEnvelope in it, and no SealedSecret

hint: there is a Secret in it: `bulla seal -i FILE` turns it into an envelope

"#]]
    );
}

#[test]
fn plaintext_goes_neither_over_what_is_opened_nor_unnoticed_into_the_work_tree() {
    let repo = Repo::new();
    std::fs::remove_dir(repo.file(".git")).unwrap();
    let mut git = std::process::Command::new("git");
    git.args(["init", "--quiet"]).current_dir(repo.file(""));
    assert!(git.status().unwrap().success());
    let file = repo.envelope("db");
    let before = repo.read(&file);
    for output in [file.clone(), format!("./clusters/../{file}")] {
        let message = repo
            .bulla(&format!("open {file} -w {output} -I @alice"))
            .fails(2);
        assert!(message.contains("refusing to replace"), "{message}");
        assert_eq!(repo.read(&file), before);
    }
    repo.write(".gitignore", "*.plain\n");
    for (output, warned) in [("db.plain", false), ("plain.yaml", true)] {
        let run = repo.bulla(&format!("open {file} -w {output} -I @alice"));
        let says = run.stderr.contains("Git does not ignore it");
        assert_eq!(says, warned, "{output}: {}", run.stderr);
        run.ok();
    }
}
