//! `seal` and `open`.

use crate::support::{CANARY, secret};
use crate::world::{line, repo, sealed, values};

#[test]
fn a_secret_is_encrypted_in_place_and_opens_again_byte_for_byte() {
    let repo = repo();
    let before = secret("db").replace("admin", "admin   # who");
    repo.write("k8s/db.yaml", &before);
    let out = repo.bulla("seal -i k8s/db.yaml");
    assert!(
        out.stderr
            .contains("2 values encrypted for sops, for prod, alice"),
        "{}",
        out.stderr
    );
    out.ok();
    let text = repo.read("k8s/db.yaml");
    assert!(!text.contains(CANARY) && !text.contains("admin"), "{text}");
    for part in [
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\n",
        "\nsops:\n",
        "encrypted_regex: ^(data|stringData)$\n",
        "lastmodified: \"20",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert_eq!(repo.bulla("open k8s/db.yaml -I @alice").ok(), before);
    assert_eq!(repo.bulla("open k8s/db.yaml -I @prod").ok(), before);
    assert_eq!(repo.value("k8s/db.yaml", "password"), CANARY);
    let message = repo.bulla("open k8s/db.yaml -I @safe").fails(3);
    assert!(message.contains("no identity at hand opens the data key"));
    assert!(message.contains("safe.key"), "{message}");
}

#[test]
fn what_is_sealed_stays_as_it_is_and_plaintext_beside_it_is_refused() {
    let repo = repo();
    let file = sealed(&repo, "db");
    let before = repo.read(&file);
    let out = repo.bulla(&format!("seal -i {file}"));
    assert!(out.stderr.contains("1 resource is sealed already"));
    out.ok();
    assert_eq!(repo.read(&file), before);
    let username = line(&before, "username:");
    repo.write(&file, before.replace(&username, "  username: plain"));
    let message = repo.bulla(&format!("seal -i {file}")).fails(5);
    assert!(message.contains("`stringData.username`"), "{message}");
}

#[test]
fn every_store_is_written_and_read() {
    let repo = repo();
    let files: [(&str, &[u8]); 5] = [
        ("env/a.env", b"A=hunter2-canary\n# c\nB=two\\nlines\n"),
        ("env/a.ini", b"[s]\nk = hunter2-canary\n"),
        (
            "env/a.json",
            b"{\"a\": \"hunter2-canary\", \"n\": [1, null]}\n",
        ),
        ("env/a.yaml", b"a: {b: \"hunter2-canary\"}   # c\n"),
        ("env/a.bin", b"hunter2-canary \n\n"),
    ];
    for (name, bytes) in files {
        repo.write(name, bytes);
        repo.bulla(&format!("seal -i {name}")).ok();
        let text = repo.read(name);
        assert!(
            !text.contains(CANARY) && text.contains("ENC[AES256_GCM,"),
            "{text}"
        );
        let opened = repo.bulla(&format!("open {name} -I @alice")).ok();
        assert_eq!(opened.as_bytes(), bytes, "{name}");
    }
    let open = |line: &str| repo.bulla(&format!("open -I @alice {line}")).ok();
    assert_eq!(open("env/a.env --key B"), "two\nlines");
    assert_eq!(open("env/a.json --key [\"n\"][0]"), "1");
    assert_eq!(open("env/a.yaml --key [\"a\"][\"b\"]"), CANARY);
    let message = repo.bulla("open env/a.bin --key a -I @alice").fails(2);
    assert!(message.contains("no keys"), "{message}");
    let message = repo.bulla("open env/a.yaml --key nope -I @alice").fails(2);
    assert!(message.contains("nothing under that key"), "{message}");
}

#[test]
fn formatting_stays_and_only_the_selected_keys_are_closed() {
    let repo = repo();
    repo.write("app/values.yaml", values());
    repo.bulla("seal -i app/values.yaml").ok();
    let text = repo.read("app/values.yaml");
    let password = line(&text, "password:");
    let before = format!("  password: \"{CANARY}\"");
    assert!(
        text.replace(&password, &before).starts_with(&values()),
        "{text}"
    );
    assert_eq!(repo.bulla("open app/values.yaml -I @alice").ok(), values());
}

#[test]
fn what_nobody_meant_is_refused_before_anything_is_written() {
    let repo = repo();
    repo.write("env/.env.production", format!("A={CANARY}\n"));
    let message = repo.bulla("seal -i env/.env.production").fails(5);
    assert!(message.contains("take it for binary"), "{message}");
    assert!(message.contains("hint: "), "{message}");
    repo.write("app/none.yaml", "a: b\n");
    let message = repo.bulla("seal -i app/none.yaml").fails(5);
    assert!(
        message.contains("encrypted_regex selects no value"),
        "{message}"
    );
    assert_eq!(repo.read("app/none.yaml"), "a: b\n");
    repo.write("app/list.yaml", "- password: hunter2-canary\n");
    repo.bulla("seal -i app/list.yaml").fails(2);
    repo.write("app/twice.yaml", "password: a\npassword: hunter2-canary\n");
    repo.bulla("seal -i app/twice.yaml").fails(2);
    repo.write("elsewhere.yaml", secret("x"));
    let message = repo.bulla("seal --format sops -i elsewhere.yaml").fails(5);
    assert!(message.contains("no rule"), "{message}");
    for flag in ["--scope cluster", "--unbound-template", "-o json"] {
        repo.write("k8s/flag.yaml", secret("flag"));
        let message = repo.bulla(&format!("seal {flag} k8s/flag.yaml")).fails(2);
        assert!(
            message.contains("means nothing for files of SOPS"),
            "{message}"
        );
    }
}

#[test]
fn a_new_secret_and_standard_input() {
    let repo = repo();
    repo.write("k8s/.keep", "");
    let line = "seal --name db -n shop --from-literal user=admin -w k8s/db.yaml";
    repo.bulla(line).ok();
    assert_eq!(repo.value("k8s/db.yaml", "user"), "admin");
    let out = repo
        .bulla_with("seal --as-path k8s/x.yaml", secret("x"))
        .ok();
    repo.write("k8s/x.yaml", &out);
    assert_eq!(repo.value("k8s/x.yaml", "password"), CANARY);
    let opened = repo.bulla_with("open - -I @alice", out).ok();
    assert_eq!(opened, secret("x"));
    repo.write("k8s/y.yaml", secret("y"));
    let message = repo.bulla("seal k8s/x.yaml k8s/y.yaml").fails(2);
    assert!(message.contains("can't be joined"), "{message}");
}

/// Manifests that mention Secrets, and hold none.
const OTHERS: [(&str, &str); 5] = [
    (
        "deploy.yaml",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {imagePullSecrets: [{name: b}]}\n",
    ),
    (
        "external.yaml",
        "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: a}\nspec: {data: [{secretKey: k}]}\n",
    ),
    (
        "kustomization.yaml",
        "# Secrets come first\nresources: [a.yaml]\n",
    ),
    (
        "account.yaml",
        "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: a}\nimagePullSecrets: [{name: Secret}]\n",
    ),
    (
        "sealed.yaml",
        "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: a, namespace: b}\nspec: {encryptedData: {k: AgBy}}\n",
    ),
];

/// A value as long as sealed ones are.
fn item() -> String {
    format!("Ag{}", "A".repeat(726))
}

#[test]
fn only_secrets_are_sealed_in_directories() {
    let repo = repo();
    let envelope = repo.envelope("native");
    let envelope = repo.read(&envelope);
    let mut files = OTHERS
        .map(|(name, text)| (name, text.replace("AgBy", &item())))
        .to_vec();
    files.push(("envelope.yaml", envelope));
    // A rule without a selector, and one whose selector finds nothing in most of them.
    let plain = repo.read(".bulla.yaml");
    let (rule, regex) = (
        "alice], format: sops}",
        "encryptedRegex: ^(data|stringData)$}",
    );
    let selecting = plain.replacen(rule, &format!("alice], format: sops, {regex}"), 1);
    assert_ne!(plain, selecting);
    for config in [plain, selecting] {
        repo.write(".bulla.yaml", config);
        for (name, text) in &files {
            repo.write(&format!("k8s/{name}"), text);
        }
        let list = secret("db").replace('\n', "\n  ");
        let list = format!(
            "apiVersion: v1\nkind: List\nitems:\n- {}\n",
            list.trim_end()
        );
        repo.write("k8s/list.yaml", list);
        let run = repo.bulla("seal -i -R .");
        assert_eq!(run.stderr.matches("sealed ").count(), 1, "{}", run.stderr);
        run.ok();
        for (name, text) in &files {
            assert_eq!(repo.read(&format!("k8s/{name}")), *text, "{name}");
        }
        let list = repo.read("k8s/list.yaml");
        assert!(!list.contains(CANARY) && list.contains("sops:"), "{list}");
    }
}

#[test]
fn what_is_sealed_in_another_way_is_never_closed_twice() {
    let repo = repo();
    let envelope = repo.envelope("native");
    let texts = [
        repo.read(&envelope),
        OTHERS[4].1.to_owned(),
        format!("{}---\n{}", secret("db"), repo.read(&envelope)),
    ];
    for text in texts {
        repo.write("k8s/one.yaml", &text);
        let message = repo.bulla("seal -i k8s/one.yaml").fails(2);
        assert!(message.contains("sealed already"), "{message}");
        assert!(message.contains("bulla convert"), "{message}");
        assert_eq!(repo.read("k8s/one.yaml"), text);
    }
    let message = repo.bulla("seal -i -R k8s").fails(2);
    assert!(message.contains("one.yaml"), "{message}");
}

#[test]
fn a_key_of_several_secrets_is_nobodys() {
    let repo = repo();
    repo.write(
        "k8s/two.yaml",
        format!("{}---\n{}", secret("a"), secret("b")),
    );
    repo.bulla("seal -i k8s/two.yaml").ok();
    let message = repo
        .bulla("open k8s/two.yaml --key password -I @alice")
        .fails(2);
    assert!(message.contains("several Secrets"), "{message}");
    assert!(
        repo.bulla("open k8s/two.yaml -I @alice")
            .ok()
            .contains("name: b")
    );
}
