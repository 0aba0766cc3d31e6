//! `convert` between files of SOPS, envelopes and SealedSecrets.

use crate::support::{CANARY, secret};
use crate::world::{repo, sealed};

#[test]
fn a_file_of_sops_becomes_an_envelope_and_comes_back() {
    let repo = repo();
    let manifest = format!(
        "# the database\n{}---\napiVersion: v1\nkind: Service   # kept\nmetadata: {{name: a}}\n",
        secret("db")
            .replace("name: db", "name: db   # name")
            .replace("  username", "  # closed comment\n  username")
    );
    repo.write("k8s/db.yaml", &manifest);
    repo.bulla("seal -i k8s/db.yaml").ok();
    let text = repo.read("k8s/db.yaml");
    repo.write("clusters/db.yaml", text);
    let run = repo.bulla("convert --to envelope -i clusters/db.yaml -I @alice");
    assert!(
        run.stderr
            .contains("comments that were encrypted are left out"),
        "{}",
        run.stderr
    );
    run.ok();
    let envelope = repo.read("clusters/db.yaml");
    for part in [
        "# the database\n",
        "kind: SecretEnvelope",
        "name: db   # name",
        "kind: Service   # kept",
    ] {
        assert!(envelope.contains(part), "{part}: {envelope}");
    }
    assert!(
        !envelope.contains("closed comment") && !envelope.contains("sops:"),
        "{envelope}"
    );
    assert_eq!(repo.value("clusters/db.yaml", "password"), CANARY);
    repo.write("k8s/back.yaml", &envelope);
    repo.bulla("convert --to sops -i k8s/back.yaml -I @alice")
        .ok();
    let back = repo.read("k8s/back.yaml");
    assert!(
        back.contains("kind: Secret\n") && back.contains("# the database\n"),
        "{back}"
    );
    assert!(!back.contains(CANARY), "{back}");
    assert_eq!(repo.value("k8s/back.yaml", "password"), CANARY);
    repo.bulla("check k8s/back.yaml").ok();
}

#[test]
fn what_would_become_readable_is_kept() {
    let repo = repo();
    repo.write("env/values.yaml", format!("password: {CANARY}\n"));
    repo.bulla("seal -i env/values.yaml").ok();
    let config = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: b}\n---\n";
    repo.write("k8s/mixed.yaml", format!("{config}{}", secret("db")));
    repo.bulla("seal -i k8s/mixed.yaml").ok();
    for (file, expected) in [
        ("env/values.yaml", "holds no Secret of Kubernetes"),
        ("k8s/mixed.yaml", "would be readable"),
    ] {
        let before = repo.read(file);
        let run = repo.bulla(&format!(
            "convert --to envelope --for alice -i {file} -I @alice"
        ));
        assert_eq!(run.status, 1, "{}", run.stderr);
        assert!(run.stderr.contains(expected), "{}", run.stderr);
        assert_eq!(repo.read(file), before);
    }
    let file = sealed(&repo, "db");
    repo.bulla(&format!(
        "convert --to envelope --for alice -i {file} -I @safe"
    ))
    .fails(3);
    let run = repo.bulla(&format!("convert --to sops -i {file} -I @alice"));
    assert!(
        run.stderr
            .contains("nothing to convert: 1 file of SOPS already"),
        "{}",
        run.stderr
    );
}
