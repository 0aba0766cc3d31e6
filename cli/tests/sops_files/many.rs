//! Whole repositories in one run.

use crate::support::{CANARY, secret};
use crate::world::{repo, rules, sealed};

#[test]
fn a_repository_is_sealed_opened_checked_and_rewrapped_at_once() {
    let repo = repo();
    for nth in 0..40 {
        repo.write(&format!("k8s/{nth:02}.yaml"), secret(&format!("s{nth}")));
    }
    repo.write("env/a.env", format!("A={CANARY}\n"));
    repo.write("k8s/kustomization.yaml", "resources: [a.yaml]\n");
    repo.bulla("seal -i -R .").ok();
    let opened = repo.bulla("open -R . -I @alice");
    assert_eq!(opened.stdout.matches(CANARY).count(), 40);
    assert!(
        opened.stderr.contains("`./env/a.env` is passed over"),
        "{}",
        opened.stderr
    );
    repo.bulla("check").ok();
    rules(&repo, "prod, alice, safe");
    let run = repo.bulla("rewrap -R . -I @alice");
    assert_eq!(
        run.stderr.matches("added safe").count(),
        41,
        "{}",
        run.stderr
    );
    run.ok();
    let run = repo.bulla("rewrap -R . -I @alice");
    assert!(
        run.stderr
            .contains("41 files of SOPS are closed for the right recipients already"),
        "{}",
        run.stderr
    );
    repo.bulla("check").ok();
}

#[test]
fn one_bad_file_stops_the_run_unless_it_is_told_to_go_on() {
    let repo = repo();
    let good = sealed(&repo, "good");
    let bad = sealed(&repo, "bad");
    let before = repo.read(&good);
    let damaged = repo.read(&bad).replacen("GCM,data:", "GCM,data:AAAA", 1);
    repo.write(&bad, &damaged);
    let message = repo.bulla("reseal -R k8s -I @alice").fails(3);
    assert!(message.contains("bad.yaml"), "{message}");
    assert_eq!(repo.read(&good), before);
    let run = repo.bulla("reseal --keep-going -R k8s -I @alice");
    assert_eq!(run.status, 3, "{}", run.stderr);
    assert!(
        run.stderr.contains("resealed `k8s/good.yaml`"),
        "{}",
        run.stderr
    );
    assert_ne!(repo.read(&good), before);
    assert_eq!(repo.read(&bad), damaged);
    // What is no YAML any more is not passed over either.
    repo.write(&bad, damaged.replacen("metadata:", "metadata:x", 1));
    let message = repo.bulla("rewrap -R k8s -I @alice").fails(2);
    assert!(message.contains("bad.yaml"), "{message}");
}

#[test]
fn envelopes_and_files_of_sops_lie_side_by_side() {
    let repo = repo();
    sealed(&repo, "sops");
    repo.envelope("native");
    let opened = repo.bulla("open -R . -I @alice").ok();
    assert!(
        opened.contains("name: native") && opened.contains("name: sops"),
        "{opened}"
    );
    let run = repo.bulla("reseal -R . -I @alice");
    for part in ["`shop/native`", "`./k8s/sops.yaml`"] {
        assert!(run.stderr.contains(part), "{}", run.stderr);
    }
    run.ok();
    repo.bulla("check").ok();
}
