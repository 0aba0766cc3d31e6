//! `bulla check`, `bulla verify` and `bulla diff` on SealedSecrets.

use crate::keys::{repo, rule, sealed};
use crate::support::{Repo, secret};

fn findings(repo: &Repo) -> Vec<(String, String)> {
    let run = repo.bulla("check clusters -o json");
    assert!(!run.stdout.contains("hunter2"), "{}", run.stdout);
    let report: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let text = |finding: &serde_json::Value, field: &str| {
        finding[field].as_str().unwrap_or_default().to_owned()
    };
    let findings = report["findings"].as_array().unwrap();
    findings
        .iter()
        .map(|f| (text(f, "rule"), text(f, "key")))
        .collect()
}

#[test]
fn plaintext_wide_scopes_and_deprecated_forms_are_found() {
    let repo = repo();
    rule(
        &repo,
        "{path: clusters/**/s.yaml, for: [prod], format: sealed-secret, scope: Strict}",
    );
    let file = "clusters/s.yaml";
    sealed(&repo, file, &secret("db"));
    assert_eq!(repo.bulla("check clusters").status, 0);
    let good = repo.read(file);
    let has = |kind: &str, key: &str| {
        let found = findings(&repo);
        assert!(
            found.contains(&(kind.to_owned(), key.to_owned())),
            "{kind} {key}: {found:?}"
        );
    };
    for plain in [
        "hunter2",
        "aHVudGVyMg==",
        "{a: hunter2}",
        "12",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    ] {
        repo.write(
            file,
            good.replacen(
                "  encryptedData:\n",
                &format!("  encryptedData:\n    plain: {plain}\n"),
                1,
            ),
        );
        has("plaintext-value", "plain");
        assert_eq!(repo.bulla("check clusters").status, 1, "{plain}");
    }
    for (text, kind, key) in [
        (format!("{good}stringData: {{a: hunter2}}\n"), "plaintext-value", ""),
        (good.replacen("spec:\n", "spec:\n  stringData: {a: hunter2}\n", 1), "plaintext-value", ""),
        (good.replacen("  template:\n", "  template:\n    data: {a: hunter2}\n", 1), "plain-template", "a"),
        (good.replacen("  template:\n", "  template:\n    data: {a: '{{'}\n", 1), "broken-template", "a"),
        (good.replacen("  namespace: shop\n", "  namespace: shop\n  annotations: {sealedsecrets.bitnami.com/cluster-wide: \"true\"}\n", 1), "wide-scope", ""),
        (good.replacen("spec:\n", "spec:\n  encryptedDate: {}\n", 1).replacen("encryptedDate: {}", "encryptedDate: {a: b}", 1), "damaged-envelope", ""),
    ] {
        repo.write(file, text);
        has(kind, key);
        assert_eq!(repo.bulla("check clusters").status, 1, "{kind}");
    }
    repo.write(file, good.replacen("  namespace: shop\n", "  namespace: shop\n  annotations: {sealedsecrets.bitnami.com/cluster-wide: \"True\"}\n", 1));
    has("scope-annotation", "");
    assert_eq!(repo.bulla("check clusters").status, 0);
    let value = good
        .lines()
        .find_map(|line| line.trim().strip_prefix("password: "))
        .unwrap();
    let at = good.find("  encryptedData:").unwrap();
    repo.write(file, format!("{}  data: {value}\n", &good[..at]));
    has("deprecated-data", "");
}

#[test]
fn a_rule_for_the_other_format_is_not_kept() {
    let repo = repo();
    sealed(&repo, "clusters/s.yaml", &secret("db"));
    assert!(findings(&repo).contains(&("other-format".to_owned(), String::new())));
    let text = repo.read("clusters/s.yaml");
    repo.write("strict/s.yaml", &text);
    let run = repo.bulla("check strict");
    assert_eq!(run.status, 1);
    assert!(
        run.stdout.contains("postQuantum: required"),
        "{}",
        run.stdout
    );
    repo.write("nowhere/s.yaml", &text);
    assert!(
        repo.bulla("check nowhere")
            .stdout
            .contains("no rule in .bulla.yaml matches")
    );
}

#[test]
fn verify_and_diff_tell_by_ciphertext_which_values_changed() {
    let repo = repo();
    let git = |line: &str| {
        let mut git = repo.around("git".as_ref());
        git.args(["-c", "user.name=a", "-c", "user.email=a@b"]);
        assert!(
            git.args(line.split(' ')).output().unwrap().status.success(),
            "{line}"
        );
    };
    let file = "clusters/db.yaml";
    sealed(&repo, file, &secret("db"));
    git("add -A");
    git("commit -qm a");
    let same = repo.bulla("verify --against HEAD");
    assert_eq!(
        same.stderr,
        "no envelope differs from `HEAD` (1 manifest unchanged)\n"
    );
    repo.bulla_with(&format!("set {file} token"), "x").ok();
    repo.bulla_with(&format!("set {file} password"), "hunter3")
        .ok();
    let text = repo
        .read(file)
        .replacen("  template:\n", "  template:\n    type: a/b\n", 1);
    repo.write(file, text);
    let run = repo.bulla("verify --against HEAD");
    assert_eq!(
        (run.status, run.stdout.as_str()),
        (
            1,
            "`clusters/db.yaml`, line 1: SealedSecret `shop/db`\n  values     added: token; sealed anew: password; 1 untouched\n  template   type changed\n"
        )
    );
    let run = repo.bulla("diff --reveal -I @prod-rsa");
    assert!(
        run.stdout.contains("  token:\n    +x\n"),
        "{}{}",
        run.stdout,
        run.stderr
    );
    assert!(run.stdout.contains("    +hunter3\n"), "{}", run.stdout);
    git("add -A");
    git("commit -qm b");
    let moved = repo.read(file).replace("name: db", "name: other");
    repo.write("clusters/other.yaml", moved);
    std::fs::remove_file(repo.file(file)).unwrap();
    let run = repo.bulla("verify --against HEAD");
    assert!(run.stdout.contains("  moved      from `clusters/db.yaml`\n  place      opens in `shop/other` now, in `shop/db` before\n"), "{}", run.stdout);
    repo.bulla("diff --reveal -I @prod-rsa -o json").fails(2);
    let json = repo.bulla("verify --against HEAD -o json").stdout;
    assert!(json.contains("\"kind\": \"SealedSecret\""), "{json}");
}
