//! A repository with rules for SOPS, and files in every store.

use std::path::Path;

use crate::support::{CANARY, Repo, secret};

/// Rules for `k8s/**` (Secrets) and `app/**` (two keys of any file), for prod and alice.
pub(crate) fn repo() -> Repo {
    let repo = with_git();
    rules(&repo, "prod, alice");
    repo
}

/// A repository that Git knows too, for `check`.
pub(crate) fn with_git() -> Repo {
    let repo = Repo::new();
    let mut git = repo.around(Path::new("git"));
    assert!(git.args(["init", "-q"]).status().unwrap().success());
    repo
}

/// The same rules for others.
pub(crate) fn rules(repo: &Repo, names: &str) {
    let parties = ["prod", "alice", "safe"].map(|name| repo.recipient(name));
    let [prod, alice, safe] = parties;
    repo.write(
        ".bulla.yaml",
        format!(
            "clusters: {{prod: {{recipients: [{prod}]}}}}\n\
             people: {{alice: {{recipients: [{alice}]}}}}\n\
             recovery: {{safe: {{recipients: [{safe}]}}}}\n\
             rules:\n\
             - {{path: k8s/**, for: [{names}], format: sops}}\n\
             - {{path: app/**, for: [{names}], format: sops, encryptedRegex: ^(password|token)$}}\n\
             - {{path: env/**, for: [{names}], format: sops}}\n\
             - {{path: clusters/**, for: [{names}]}}\n"
        ),
    );
}

/// A file of values, with formatting that no serializer keeps.
pub(crate) fn values() -> String {
    format!(
        "# how it runs\nimage: {{tag: 'v1'}}   # flow\n\ndb:\n  hosts:\n  - a\n  - b\n  password: \"{CANARY}\"\n  port: 0x1F\n"
    )
}

/// A Secret in `k8s/NAME.yaml`, encrypted.
pub(crate) fn sealed(repo: &Repo, name: &str) -> String {
    let file = format!("k8s/{name}.yaml");
    repo.write(&file, secret(name));
    repo.bulla(&format!("seal -i {file}")).ok();
    file
}

/// The line of a file that holds this word.
pub(crate) fn line(text: &str, word: &str) -> String {
    let found = text.lines().find(|line| line.contains(word));
    found.unwrap_or_default().to_owned()
}
