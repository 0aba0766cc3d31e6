//! `bulla reseal` and `rewrap` on SealedSecrets.

use crate::keys::{LATER, pin, repo, sealed};
use crate::support::{CANARY, Repo, secret};

const FILE: &str = "clusters/db.yaml";

/// A repository with a SealedSecret of the cluster's first key, beside something else, and its next certificate.
fn renewed() -> Repo {
    let repo = repo();
    sealed(&repo, FILE, &secret("db"));
    let text = repo.read(FILE);
    repo.write(
        FILE,
        format!("# kept\n{text}---\nkind: ConfigMap # kept too\n"),
    );
    pin(&repo, "next", LATER);
    repo
}

/// The lines of sealed values.
fn values(text: &str) -> Vec<String> {
    let lines = text.lines().map(str::trim);
    lines
        .filter(|line| line.contains(": AQ"))
        .map(str::to_owned)
        .collect()
}

#[test]
fn reseal_seals_every_value_for_the_certificate_and_keeps_the_rest() {
    let repo = renewed();
    let before = repo.read(FILE);
    let reseal = format!("reseal {FILE} --cert keys/next.pem -I @prod-rsa");
    let dry = repo.bulla(&format!("{reseal} --dry-run"));
    let says = "would reseal `shop/db` in `clusters/db.yaml`, for next\n";
    assert!(dry.stderr.ends_with(says), "{}", dry.stderr);
    dry.ok();
    assert_eq!(repo.read(FILE), before);

    repo.bulla(&reseal).ok();
    let after = repo.read(FILE);
    let (old, new) = (values(&before), values(&after));
    assert_eq!((old.len(), new.len()), (2, 2));
    assert!(old.iter().all(|line| !new.contains(line)));
    let rest = |text: &str| -> Vec<String> {
        let lines = text.lines().filter(|line| !line.contains(": AQ"));
        lines.map(str::to_owned).collect()
    };
    assert_eq!(rest(&after), rest(&before), "comments and other documents");
    let open = |key: &str| repo.bulla(&format!("open {FILE} --key password -I @{key}"));
    assert_eq!(open("next-rsa").ok(), CANARY);
    open("prod-rsa").fails(3);
}

#[test]
fn rewrap_seals_what_the_key_of_the_certificate_does_not_open() {
    let repo = renewed();
    repo.bulla(&format!("reseal {FILE} --cert keys/next.pem -I @prod-rsa"))
        .ok();
    repo.bulla_with(&format!("set {FILE} token"), "fresh").ok();
    let before = repo.read(FILE);
    let rewrap = format!("rewrap {FILE} --cert keys/next.pem -I @prod-rsa -I @next-rsa");
    let run = repo.bulla(&rewrap);
    let says = "rewrapped `shop/db` in `clusters/db.yaml`: sealed for next\n";
    assert!(run.stderr.ends_with(says), "{}", run.stderr);
    run.ok();
    let after = repo.read(FILE);
    let changed: Vec<_> = values(&after)
        .into_iter()
        .filter(|line| !before.contains(line))
        .collect();
    assert!(
        changed.len() == 1 && changed[0].starts_with("token: "),
        "{changed:?}"
    );
    let again = repo.bulla(&rewrap);
    let says = "nothing to rewrap: 1 resource is closed for the right recipients already\n";
    assert!(again.stderr.ends_with(says), "{}", again.stderr);
    again.ok();
    assert_eq!(repo.read(FILE), after);
}

#[test]
fn without_its_keys_nothing_is_written() {
    let repo = renewed();
    let before = repo.read(FILE);
    for verb in ["reseal", "rewrap"] {
        let message = repo.bulla(&format!("{verb} {FILE}")).fails(3);
        assert!(
            message.contains("no private key of Sealed Secrets is at hand"),
            "{message}"
        );
        // The certificate of a cluster is no place to ask for one.
        repo.bulla(&format!("{verb} {FILE} --controller --cert keys/next.pem"))
            .fails(2);
    }
    assert_eq!(repo.read(FILE), before);
}
