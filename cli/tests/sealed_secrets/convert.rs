//! `bulla convert`.

use snapbox::{assert_data_eq, str};

use crate::keys::{LATER, pin, repo, rule, sealed};
use crate::support::{CANARY, Repo};

/// A Secret with everything that must come through.
fn secret() -> String {
    format!(
        "# the database\napiVersion: v1\nkind: Secret\nmetadata:\n  name: db\n  namespace: shop\n  labels: {{app: shop}}\n  \
         annotations:\n    note: kept\n    argocd.argoproj.io/sync-wave: \"1\"\ntype: example.com/db\nimmutable: true\n\
         stringData:\n  # rotated yearly\n  password: {CANARY}\n  username: admin\n"
    )
}

/// The SealedSecret of it, with a template, in a file with other documents and odd formatting.
fn file(repo: &Repo) -> &'static str {
    let file = "clusters/db.yaml";
    sealed(repo, file, &secret());
    let text = repo.read(file);
    let template = "  template:\n    data:\n      url: \"db://{{ .username }}:{{ .password | urlquery }}@db\" # not secret\n";
    assert!(text.contains("  template:\n"), "{text}");
    let text = text.replacen("  template:\n", template, 1);
    repo.write(
        file,
        format!("a:   1   # first\n---\n{text}---\nz: [1,\n  2]\n"),
    );
    file
}

fn opened(repo: &Repo, file: &str, key: &str) -> String {
    let secret = repo.bulla(&format!("open {file} --reveal -I {key}")).ok();
    // The label says who made the Secret.
    secret.replace("    app.kubernetes.io/managed-by: bulla\n", "")
}

#[test]
fn there_and_back_the_secret_is_the_same_and_so_is_everything_around_it() {
    let repo = repo();
    let file = file(&repo);
    let before = repo.read(file);
    let secret = opened(&repo, file, "@prod-rsa");
    assert!(
        secret.contains("immutable: true") && secret.contains("type: example.com/db"),
        "{secret}"
    );

    let run = repo.bulla(&format!("convert --to envelope -i {file} -I @prod-rsa"));
    assert_data_eq!(
        &run.stderr,
        str![[r#"
converted SealedSecret `shop/db` in `clusters/db.yaml`, 2 values, for prod, alice
warning: `shop/db`: its template was bound to nothing, and its values vouch for it from here on: review `spec.template`
what was sealed before stays in the history of Git, for whoever holds or will break the old keys

"#]]
    );
    assert_eq!(run.ok(), "");
    let envelope = repo.read(file);
    assert!(envelope.starts_with("a:   1   # first\n---\n# the database\napiVersion: bulla.dev/v1alpha1\nkind: SecretEnvelope\n"), "{envelope}");
    assert!(envelope.ends_with("---\nz: [1,\n  2]\n"), "{envelope}");
    for kept in [
        "# rotated yearly\n",
        "# not secret\n",
        "argocd.argoproj.io/sync-wave: \"1\"\n",
    ] {
        assert!(envelope.contains(kept), "{kept}: {envelope}");
    }
    assert!(
        !envelope.contains("encryptedData") && !envelope.contains("bitnami"),
        "{envelope}"
    );
    assert_eq!(opened(&repo, file, "@alice"), secret);

    repo.bulla(&format!("convert --to sealed-secret -i {file} -I @alice"))
        .ok();
    let back = repo.read(file);
    assert_eq!(opened(&repo, file, "@prod-rsa"), secret);
    let without_values = |text: &str| {
        let lines = text
            .lines()
            .filter(|line| !line.contains(": Ag") && !line.contains(": AQ"));
        let mut lines: Vec<_> = lines.map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert_eq!(without_values(&back), without_values(&before));
}

#[test]
fn each_scope_is_mapped_to_itself() {
    let repo = repo();
    for scope in ["strict", "namespace", "cluster"] {
        let file = format!("clusters/{scope}.yaml");
        repo.write(&file, secret());
        repo.bulla(&format!(
            "seal -i {file} --format sealed-secret --scope {scope}"
        ))
        .ok();
        let sealed = repo.read(&file);
        assert_eq!(
            sealed.contains(&format!("sealedsecrets.bitnami.com/{scope}-wide: \"true\"")),
            scope != "strict",
            "{sealed}"
        );
        repo.bulla(&format!("convert --to envelope -i {file} -I @prod-rsa"))
            .ok();
        let envelope = repo.read(&file);
        assert!(
            envelope
                .to_lowercase()
                .contains(&format!("scope: {scope}\n")),
            "{envelope}"
        );
        assert!(
            !envelope.contains("sealedsecrets.bitnami.com"),
            "{envelope}"
        );
        repo.bulla(&format!("convert --to sealed-secret -i {file} -I @alice"))
            .ok();
        assert_eq!(
            repo.bulla(&format!("open {file} -k password -I @prod-rsa"))
                .ok(),
            CANARY
        );
    }
}

#[test]
fn what_cannot_be_converted_is_kept_and_listed_and_the_rest_is_done() {
    let repo = repo();
    pin(&repo, "other", LATER);
    let named = |name: &str| secret().replace("name: db", &format!("name: {name}"));
    sealed(&repo, "clusters/a.yaml", &named("a"));
    repo.write("clusters/b.yaml", named("b"));
    repo.bulla("seal -i clusters/b.yaml --cert keys/other.pem")
        .ok();
    sealed(&repo, "clusters/c.yaml", &named("c"));
    repo.write(
        "clusters/c.yaml",
        repo.read("clusters/c.yaml").replacen(
            "  template:\n",
            "  template:\n    data: {x: '{{ randAlphaNum 8 }}'}\n",
            1,
        ),
    );
    sealed(&repo, "clusters/moved.yaml", &named("moved"));
    repo.write(
        "clusters/moved.yaml",
        repo.read("clusters/moved.yaml")
            .replacen("name: moved", "name: elsewhere", 1),
    );
    repo.write(
        "clusters/helm.yaml",
        "{{- if .Values.x }}\nkind: SealedSecret\n{{- end }}\n",
    );
    repo.write(
        "clusters/two.yaml",
        format!(
            "{}---\n{}",
            repo.read("clusters/a.yaml"),
            repo.read("clusters/b.yaml")
        ),
    );
    let kept = ["b", "c", "moved", "helm", "two"].map(|name| format!("clusters/{name}.yaml"));
    let before = kept.each_ref().map(|file| repo.read(file));

    let plan = repo.bulla("convert --to envelope --dry-run -o json -R clusters -I @prod-rsa");
    assert_eq!(plan.status, 1, "{}", plan.stderr);
    let run = repo.bulla("convert --to envelope -i -R clusters -I @prod-rsa");
    assert_eq!((run.status, run.stdout.as_str()), (1, ""), "{}", run.stderr);
    for expected in [
        "converted SealedSecret `shop/a` in `clusters/a.yaml`, 2 values, for prod, alice\n",
        "kept `clusters/b.yaml`, line 2: SealedSecret `shop/b`: values `password`, `username`: no key could decrypt it",
        "kept `clusters/c.yaml`, line 2: SealedSecret `shop/c`: a template renders in one of the formats only: ",
        "kept `clusters/helm.yaml`: ",
        "SealedSecret `shop/elsewhere`: values `password`, `username`: no key could decrypt it: it is sealed with another key or for another place; it was sealed for `shop/moved`, found in `shop/elsewhere`\n",
        "another one in the file is kept, and a file is converted as a whole\n",
        "hint: ",
        "1 converted, 6 kept as they are\n",
    ] {
        assert!(run.stderr.contains(expected), "{expected}\n{}", run.stderr);
    }
    assert!(!run.stderr.contains(CANARY));
    assert_eq!(kept.each_ref().map(|file| repo.read(file)), before);
    assert!(repo.read("clusters/a.yaml").contains("SecretEnvelope"));

    let report: serde_json::Value = serde_json::from_str(&plan.stdout).unwrap();
    assert_eq!(report["converted"][0]["path"], "clusters/a.yaml");
    assert_eq!(
        report["converted"][0]["closedFor"],
        serde_json::json!(["prod", "alice"])
    );
    assert_eq!(report["kept"].as_array().unwrap().len(), 6);
    assert!(!plan.stdout.contains(CANARY));
}

#[test]
fn without_a_key_everything_is_kept() {
    let repo = repo();
    let file = file(&repo);
    let before = repo.read(file);
    let run = repo.bulla("convert --to envelope -i -R clusters");
    assert_eq!(run.status, 1);
    assert!(
        run.stderr
            .contains("no private key of Sealed Secrets is at hand"),
        "{}",
        run.stderr
    );
    assert!(
        run.stderr.contains("kubectl get secret -n kube-system"),
        "{}",
        run.stderr
    );
    assert_eq!(repo.read(file), before);
    let envelope = repo.envelope("e");
    let before = repo.read(&envelope);
    let run = repo.bulla(&format!("convert --to sealed-secret -i {envelope}"));
    assert_eq!(run.status, 1);
    assert!(run.stderr.contains("no key at hand"), "{}", run.stderr);
    assert_eq!(repo.read(&envelope), before);
}

#[test]
fn to_standard_output_the_files_stay() {
    let repo = repo();
    let file = file(&repo);
    let before = repo.read(file);
    let out = repo
        .bulla(&format!("convert --to envelope {file} -I @prod-rsa"))
        .ok();
    assert!(out.contains("kind: SecretEnvelope"), "{out}");
    assert_eq!(repo.read(file), before);
    let out = repo
        .bulla_with(
            "convert --to envelope - --as-path clusters/x.yaml -I @prod-rsa",
            &before,
        )
        .ok();
    assert!(out.contains("kind: SecretEnvelope"), "{out}");
    let json = r#"{"kind":"List","apiVersion":"v1","items":[]}"#;
    repo.bulla_with("convert --to envelope - --for alice", json)
        .fails(2);
    repo.bulla_with("convert --to envelope -i -", json).fails(2);
    repo.bulla(&format!("convert --to envelope -o json {file}"))
        .fails(2);
    repo.bulla(&format!(
        "convert --to envelope --cert keys/prod.pem {file}"
    ))
    .fails(2);
}

#[test]
fn the_rules_hold_for_what_is_converted() {
    let repo = repo();
    rule(
        &repo,
        "{path: clusters/narrow/**, for: [prod, alice], scope: Strict}",
    );
    rule(
        &repo,
        "{path: clusters/pq/**, for: [prod], postQuantum: required}",
    );
    rule(
        &repo,
        "{path: clusters/sealed/**, for: [prod], format: sealed-secret}",
    );
    repo.write("clusters/narrow/db.yaml", secret());
    repo.bulla("seal -i clusters/narrow/db.yaml --cert keys/prod.pem --scope cluster")
        .fails(5);
    repo.bulla("seal --cert keys/prod.pem --scope cluster clusters/narrow/db.yaml --as-path clusters/x.yaml -w clusters/narrow/db.yaml").ok();
    let run = repo.bulla("convert --to envelope -i clusters/narrow/db.yaml -I @prod-rsa");
    assert_eq!(run.status, 1);
    assert!(
        run.stderr.contains("refusing scope `Cluster`"),
        "{}",
        run.stderr
    );

    let envelope = repo.envelope("e");
    let text = repo.read(&envelope);
    repo.write("clusters/pq/e.yaml", &text);
    let message = repo
        .bulla("convert --to sealed-secret -i clusters/pq/e.yaml -I @alice")
        .fails(5);
    assert!(message.contains("postQuantum: required"), "{message}");
    sealed(&repo, "clusters/sealed/s.yaml", &secret());
    let message = repo
        .bulla("convert --to envelope -i clusters/sealed/s.yaml -I @prod-rsa")
        .fails(5);
    assert!(message.contains("format: sealed-secret"), "{message}");
}
