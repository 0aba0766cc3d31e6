//! `bulla seal --format sealed-secret`, and `set`, `unset` and `open` on SealedSecrets.

use std::os::unix::fs::PermissionsExt;

use crate::keys::{LONG_AGO, pin, repo, rule, sealed};
use crate::support::{CANARY, run, secret};

#[test]
fn a_rule_says_the_format_and_the_certificate() {
    let repo = repo();
    rule(
        &repo,
        "{path: clusters/sealed/**, for: [prod], format: sealed-secret, scope: Namespace}",
    );
    let file = "clusters/sealed/db.yaml";
    repo.write(file, secret("db"));
    let run = repo.bulla(&format!("seal -i {file}"));
    assert_eq!(
        run.stderr,
        "sealed `clusters/sealed/db.yaml`: Secret `shop/db` into a SealedSecret, 2 values, for prod\n"
    );
    run.ok();
    let text = repo.read(file);
    assert!(
        text.starts_with("apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\n"),
        "{text}"
    );
    assert!(
        text.contains("sealedsecrets.bitnami.com/namespace-wide: \"true\""),
        "{text}"
    );
    assert_eq!(
        repo.bulla(&format!("open {file} --key password -I @prod-rsa"))
            .ok(),
        CANARY
    );
    let again = repo.bulla(&format!("seal -i {file}"));
    assert_eq!(
        again.stderr,
        "nothing to seal: 1 resource is sealed already\n"
    );
    repo.bulla("check clusters/sealed").ok();
}

#[test]
fn annotations_of_sealed_secrets_on_the_secret_say_the_scope() {
    let repo = repo();
    let annotated = secret("db").replace(
        "  namespace: shop\n",
        "  namespace: shop\n  annotations:\n    sealedsecrets.bitnami.com/cluster-wide: \"true\"\n    sealedsecrets.bitnami.com/managed: \"true\"\n",
    );
    sealed(&repo, "clusters/db.yaml", &annotated);
    let text = repo.read("clusters/db.yaml");
    assert_eq!(text.matches("cluster-wide: \"true\"").count(), 1, "{text}");
    assert_eq!(text.matches("managed: \"true\"").count(), 1, "{text}");
    let moved = text.replace("namespace: shop", "namespace: elsewhere");
    repo.write("clusters/moved.yaml", moved);
    assert_eq!(
        repo.bulla("open clusters/moved.yaml -k password -I @prod-rsa")
            .ok(),
        CANARY
    );
}

#[test]
fn a_value_is_set_with_the_certificate_alone_and_the_others_stay() {
    let repo = repo();
    let file = "clusters/db.yaml";
    sealed(&repo, file, &secret("db"));
    let before = repo.read(file);
    let run = repo.bulla_with(&format!("set {file} token"), "fresh");
    assert!(
        run.stderr
            .contains("set `token` (a new key) of `shop/db` in `clusters/db.yaml`, for prod\n"),
        "{}",
        run.stderr
    );
    run.ok();
    let after = repo.read(file);
    let added: Vec<_> = after
        .lines()
        .filter(|line| !before.contains(line))
        .collect();
    assert_eq!(added.len(), 1, "{after}");
    assert!(before.lines().all(|line| after.contains(line)), "{after}");
    let value = |key: &str| {
        repo.bulla(&format!("open {file} -k {key} -I @prod-rsa"))
            .ok()
    };
    assert_eq!(
        (value("token"), value("password")),
        ("fresh".to_owned(), CANARY.to_owned())
    );

    repo.bulla_with(&format!("set {file} password"), "other")
        .ok();
    assert_eq!(
        (value("token"), value("password")),
        ("fresh".to_owned(), "other".to_owned())
    );
    repo.bulla(&format!("unset {file} token password")).ok();
    let left = repo.read(file);
    assert!(
        !left.contains("token") && left.contains("username: "),
        "{left}"
    );
    let message = repo.bulla(&format!("unset {file} token")).fails(2);
    assert!(
        message.contains("there is no key `token`: it has `username`"),
        "{message}"
    );
    repo.bulla(&format!("open {file} -k nope -I @prod-rsa"))
        .fails(2);
    repo.bulla(&format!("reseal {file}")).fails(3);
}

#[test]
fn a_value_in_another_place_does_not_open_and_says_where_it_belongs() {
    let repo = repo();
    let file = "clusters/db.yaml";
    sealed(&repo, file, &secret("db"));
    repo.write(
        file,
        repo.read(file)
            .replace("namespace: shop", "namespace: prod"),
    );
    let message = repo
        .bulla(&format!("open {file} -I @prod-rsa --reveal"))
        .fails(3);
    assert!(
        !message.contains("sealed for `shop/db`"),
        "nothing in the file says `shop`: {message}"
    );
    sealed(&repo, file, &secret("db"));
    repo.write(
        file,
        repo.read(file)
            .replacen("namespace: shop", "namespace: prod", 1),
    );
    let message = repo
        .bulla(&format!("open {file} -I @prod-rsa --reveal"))
        .fails(3);
    assert!(
        message.contains("sealed for `shop/db`, found in `prod/db`"),
        "{message}"
    );
    let message = repo
        .bulla(&format!("open {file} -I @alice --reveal"))
        .fails(3);
    assert!(
        message.contains("no private key of Sealed Secrets is at hand"),
        "{message}"
    );
}

#[test]
fn an_expired_certificate_is_refused_unless_somebody_insists() {
    let repo = repo();
    pin(&repo, "old", LONG_AGO);
    repo.write("clusters/db.yaml", secret("db"));
    let message = repo
        .bulla("seal -i clusters/db.yaml --format sealed-secret --for old")
        .fails(5);
    assert!(message.contains("the certificate has expired"), "{message}");
    let run =
        repo.bulla("seal -i clusters/db.yaml --format sealed-secret --for old --allow-expired");
    assert!(
        run.stderr.contains(
            "is not sealed for prod, alice, whom its rule names: a SealedSecret has one key"
        ),
        "{}",
        run.stderr
    );
    run.ok();
    assert_eq!(
        repo.bulla("open clusters/db.yaml -k password -I @old-rsa")
            .ok(),
        CANARY
    );
}

#[test]
fn wrong_certificates_and_flags_are_refused_by_name() {
    let repo = repo();
    repo.write("clusters/db.yaml", secret("db"));
    repo.write("a.pem", "nothing\n");
    let key = std::fs::read_to_string(repo.path("prod-rsa.key")).unwrap();
    let private = key.split("tls.crt").next().unwrap();
    repo.write("b.pem", private.replace("      ", ""));
    for (flags, status, expected) in [
        ("--cert a.pem", 2, "there is no PEM block in it"),
        ("--cert b.pem", 2, "it is a private key"),
        ("--cert none.pem", 2, "failed to read `none.pem`"),
        (
            "--cert keys/prod.pem --format envelope",
            2,
            "leave out `--cert`",
        ),
        ("--cert keys/prod.pem --unbound-template", 2, "never bound"),
        (
            "--format sealed-secret --for alice",
            2,
            "`alice` is not a cluster with a certificate",
        ),
        (
            "--format sealed-secret --for prod,alice",
            2,
            "several were named",
        ),
        (
            "--format sealed-secret --as-path elsewhere/x.yaml",
            5,
            "no rule",
        ),
        (
            "--format sealed-secret --as-path strict/x.yaml",
            5,
            "postQuantum: required",
        ),
    ] {
        let message = repo
            .bulla(&format!("seal clusters/db.yaml {flags}"))
            .fails(status);
        assert!(message.contains(expected), "{flags}: {message}");
    }
}

#[test]
fn an_editor_shows_the_values_to_whoever_has_the_key_and_changes_what_was_changed() {
    let repo = repo();
    let file = "clusters/db.yaml";
    sealed(&repo, file, &secret("db"));
    let before = repo.read(file);
    let edit = |flags: &str, script: &str| {
        let editor = repo.path("editor");
        std::fs::write(&editor, format!("#!/bin/sh\nset -e\n{script}\n")).unwrap();
        std::fs::set_permissions(&editor, PermissionsExt::from_mode(0o755)).unwrap();
        let mut command = repo.command();
        command
            .args(repo.words(&format!("edit {file} {flags}")))
            .env("EDITOR", &editor);
        run(command, b"")
    };
    let seen = repo.path("seen").display().to_string();
    let run = edit("", &format!("cp \"$1\" {seen}"));
    assert!(
        run.stderr.ends_with("nothing was changed\n"),
        "{}",
        run.stderr
    );
    let shown = std::fs::read_to_string(&seen).unwrap();
    assert!(
        shown.contains("  password: <sealed>\n  username: <sealed>\n"),
        "{shown}"
    );
    edit("-I @prod-rsa", &format!("cp \"$1\" {seen}")).ok();
    let shown = std::fs::read_to_string(&seen).unwrap();
    assert!(
        shown.contains(CANARY) && shown.contains("# SealedSecret `shop/db`"),
        "{shown}"
    );
    assert_eq!(repo.read(file), before);

    let run = edit("", "sed -i 's/username: .*/token: new/' \"$1\"");
    assert!(
        run.stderr
            .contains("set `token`; took out `username`, for prod\n"),
        "{}",
        run.stderr
    );
    run.ok();
    let after = repo.read(file);
    let password = |text: &str| {
        text.lines()
            .find(|line| line.contains("password: "))
            .map(str::to_owned)
    };
    assert_eq!(password(&after), password(&before));
    assert_eq!(
        repo.bulla(&format!("open {file} -k token -I @prod-rsa"))
            .ok(),
        "new"
    );
    let message = edit("", "echo 'template: {}' >> \"$1\"").fails(2);
    assert!(message.contains("unknown field `template`"), "{message}");
    edit("-I @alice --sealed", "exit 0").ok();
    assert_eq!(repo.read(file), after);
}
