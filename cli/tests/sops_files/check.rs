//! `check`, without any key.

use crate::support::{CANARY, Repo, secret};
use crate::world::{line, repo, rules, sealed, values, with_git};

/// The findings of a file, by kind.
fn kinds(repo: &Repo, file: &str) -> Vec<String> {
    let out = repo.bulla(&format!("check {file} -o json")).stdout;
    assert!(!out.contains(CANARY), "{out}");
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    let findings = report["findings"].as_array().unwrap().iter();
    let mut kinds: Vec<_> = findings
        .filter(|finding| finding["severity"] == "error")
        .map(|finding| finding["rule"].as_str().unwrap_or_default().to_owned())
        .collect();
    kinds.sort();
    kinds
}

#[test]
fn a_file_as_its_rule_says_has_no_findings() {
    let repo = repo();
    let file = sealed(&repo, "db");
    repo.write("app/values.yaml", values());
    repo.bulla("seal -i app/values.yaml").ok();
    repo.write("env/a.env", "A=b\n");
    repo.bulla("seal -i env/a.env").ok();
    for file in [file.as_str(), "app/values.yaml", "env/a.env"] {
        assert!(kinds(&repo, file).is_empty(), "{file}");
    }
}

#[test]
fn what_is_wrong_is_found() {
    let repo = repo();
    let file = sealed(&repo, "db");
    let good = repo.read(&file);
    let time = line(&good, "lastmodified:");
    let mac = format!("{}\n", line(&good, "mac:"));
    let username = line(&good, "username:");
    for (bad, expected) in [
        (
            good.replace(&time, &time.replace('"', "")),
            &["sops-block"][..],
        ),
        (good.replace(&mac, ""), &["sops-block"]),
        (
            good.replace(&username, "  username: plain"),
            &["plaintext-value"],
        ),
        (
            good.replace(&username, "  username: ENC[AES256_GCM,data:x,iv:"),
            &["damaged-envelope"],
        ),
        (
            good.replace("^(data|stringData)$", "^nothing$"),
            &["plaintext-value"],
        ),
        (
            good.replace("encrypted_regex: ^", "encrypted_regex: (?!"),
            &["damaged-envelope"],
        ),
        (
            good.replace(
                "    encrypted_regex",
                "    unencrypted_suffix: x\n    encrypted_regex",
            ),
            &["damaged-envelope"],
        ),
    ] {
        repo.write("k8s/bad.yaml", &bad);
        let found = kinds(&repo, "k8s/bad.yaml");
        let found: Vec<_> = found.iter().map(String::as_str).collect();
        // A Secret with ciphertext that its block leaves out is told once more by its own check.
        let found: Vec<_> = found
            .into_iter()
            .filter(|kind| *kind != "plaintext-secret")
            .collect();
        assert_eq!(found, expected, "{bad}");
    }
}

/// Nobody signs the selector: one that was narrowed would leave the next value readable.
#[test]
fn another_selector_than_the_rules_is_found() {
    let repo = repo();
    repo.write("app/values.yaml", values());
    repo.bulla("seal -i app/values.yaml").ok();
    let sealed = repo.read("app/values.yaml");
    let selector = line(&sealed, "encrypted_regex:");
    repo.write(
        "app/values.yaml",
        sealed.replace(&selector, &format!("{selector}|^never$")),
    );
    assert_eq!(kinds(&repo, "app/values.yaml"), ["sops-block"]);
}

#[test]
fn recipients_and_formats_follow_the_rule() {
    let repo = repo();
    let file = sealed(&repo, "db");
    let text = repo.read(&file);
    rules(&repo, "prod, safe");
    assert_eq!(kinds(&repo, &file), ["wrong-recipients"]);
    let out = repo.bulla(&format!("check {file}"));
    assert!(
        out.stdout.contains(
            "it is not closed for safe; it is closed for others than its rule names: alice"
        ),
        "{}",
        out.stdout
    );
    assert!(
        out.stdout.contains("`bulla rewrap k8s/db.yaml`"),
        "{}",
        out.stdout
    );
    repo.write("clusters/db.yaml", &text);
    assert_eq!(kinds(&repo, "clusters/db.yaml"), ["other-format"]);
    repo.write("elsewhere.yaml", &text);
    assert_eq!(kinds(&repo, "elsewhere.yaml"), ["no-rule"]);
}

#[test]
fn plaintext_that_a_rule_wants_encrypted_is_found() {
    let repo = repo();
    repo.write("app/values.yaml", values());
    assert_eq!(kinds(&repo, "app/values.yaml"), ["plaintext-value"]);
    let out = repo.bulla("check app/values.yaml").stdout;
    assert!(out.contains("`bulla seal -i app/values.yaml`"), "{out}");
    repo.write("app/none.yaml", "a: b\n");
    assert!(kinds(&repo, "app/none.yaml").is_empty());
    repo.write("env/a.env", "A=b\n");
    assert_eq!(kinds(&repo, "env/a.env"), ["plaintext-value"]);
    repo.write("env/.env.production", "A=b\n");
    assert_eq!(kinds(&repo, "env/.env.production"), ["disguised-dotenv"]);
    repo.write("k8s/db.yaml", secret("db"));
    assert_eq!(
        kinds(&repo, "k8s/db.yaml"),
        ["plaintext-secret", "plaintext-secret"]
    );
    repo.write(
        "k8s/service.yaml",
        "apiVersion: v1\nkind: Service\nmetadata: {name: a}\n",
    );
    assert!(kinds(&repo, "k8s/service.yaml").is_empty());
}

#[test]
fn a_private_key_in_the_tree_is_found_and_not_shown() {
    let repo = repo();
    repo.write("notes.yaml", "# keys begin with AGE-SECRET-KEY-1…\na: b\n");
    repo.bulla("check").ok();
    for name in ["alice", "prod"] {
        let key = std::fs::read_to_string(repo.path(&format!("{name}.key"))).unwrap();
        repo.write("app/key.yaml", format!("a: b\nidentity: {}\n", key.trim()));
        let run = repo.bulla("check");
        assert_eq!(run.status, 1, "{}", run.stderr);
        let told = run.stdout + &run.stderr;
        assert!(
            told.contains("private-key") && told.contains("line 2"),
            "{told}"
        );
        assert!(!told.contains("AGE-SECRET-KEY-"), "{told}");
    }
}

#[test]
fn what_a_rule_of_sops_wants_encrypted_is_found_in_plaintext() {
    let repo = with_git();
    std::fs::remove_file(repo.file(".bulla.yaml")).unwrap();
    let alice = repo.recipient("alice");
    repo.write(
        ".sops.yaml",
        format!(
            "creation_rules:\n- {{path_regex: '^secrets/.*\\.(yaml|json|env)$', age: {alice}}}\n- {{path_regex: '\\.enc\\.yaml$', age: {alice}, encrypted_regex: '^(password|token)$'}}\n- {{path_regex: '^keys/', age: {alice}, encrypted_regex: ^password$}}\n- {{age: {alice}}}\n"
        ),
    );
    let plain = format!("user: root\npassword: {CANARY}\n");
    for file in ["secrets/db.yaml", "app/db.enc.yaml", "keys/x.yaml"] {
        repo.write(file, &plain);
    }
    repo.write(
        "secrets/db.json",
        format!("{{\"password\": \"{CANARY}\"}}\n"),
    );
    repo.write("secrets/db.env", format!("PASSWORD={CANARY}\n"));
    // No rule names these, or their keys, or they are manifests.
    repo.write("values.yaml", &plain);
    repo.write("tox.ini", "[tox]\na = b\n");
    repo.write("keys/public.yaml", "user: root\n");
    repo.write(
        "secrets/map.yaml",
        "apiVersion: v1\nkind: ConfigMap\ndata: {a: b}\n",
    );
    let run = repo.bulla("check");
    assert_eq!(run.status, 1, "{}{}", run.stdout, run.stderr);
    assert!(!run.stdout.contains(CANARY));
    for (file, rule) in [
        ("secrets/db.yaml", 1),
        ("secrets/db.json", 1),
        ("secrets/db.env", 1),
        ("app/db.enc.yaml", 2),
        ("keys/x.yaml", 3),
    ] {
        assert!(run.stdout.contains(file), "{file}: {}", run.stdout);
        let said = format!("refusing plaintext: rule {rule} of .sops.yaml wants ");
        assert!(run.stdout.contains(&said), "{said}: {}", run.stdout);
        let seal = format!("`bulla seal -i {file}` encrypts it");
        assert!(run.stdout.contains(&seal), "{seal}: {}", run.stdout);
    }
    for file in ["values.yaml", "tox.ini", "public.yaml", "map.yaml"] {
        assert!(!run.stdout.contains(file), "{file}: {}", run.stdout);
    }
    // As the hook asks, and mended as it says.
    let mut git = repo.around(std::path::Path::new("git"));
    assert!(git.args(["add", "-A"]).status().unwrap().success());
    let staged = repo.bulla("check --staged");
    assert_eq!(staged.status, 1, "{}", staged.stdout);
    for file in [
        "secrets/db.yaml",
        "secrets/db.json",
        "secrets/db.env",
        "app/db.enc.yaml",
        "keys/x.yaml",
    ] {
        repo.bulla(&format!("seal -i {file}")).ok();
    }
    repo.bulla("check -R .").ok();
}
