//! A repository with a cluster that has a certificate, and a backup of its keys.

use std::fs;

use bulla_core::rotation::Timestamp;
use bulla_core::sealed_secrets::{CertificateRequest, RsaPrivateKey};
use rand_core::OsRng;

use crate::support::Repo;

/// In the far future, and long ago.
pub(crate) const LATER: Timestamp = Timestamp(4_000_000_000);
pub(crate) const LONG_AGO: Timestamp = Timestamp(1_000_000_000);

/// `prod` has a certificate; `rsa.key` beside the work tree is the backup of its key.
pub(crate) fn repo() -> Repo {
    let repo = Repo::new();
    fs::remove_dir(repo.file(".git")).unwrap();
    let mut git = repo.around("git".as_ref());
    assert!(git.args(["init", "-q"]).status().unwrap().success());
    pin(&repo, "prod", LATER);
    repo
}

/// Makes a key, pins its certificate as `keys/NAME.pem`, and lays its backup beside the work tree.
pub(crate) fn pin(repo: &Repo, name: &str, not_after: Timestamp) {
    let key = RsaPrivateKey::generate(2048).unwrap();
    let request = CertificateRequest {
        common_name: String::new(),
        not_before: LONG_AGO,
        not_after,
    };
    let certificate = request.sign(&key, &mut OsRng).unwrap();
    repo.write(&format!("keys/{name}.pem"), certificate.to_pem());
    let indented = |text: &str| {
        text.lines()
            .map(|line| format!("    {line}\n"))
            .collect::<String>()
    };
    let backup = format!(
        "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Secret\n  metadata: {{name: {name}-key}}\n  \
         stringData:\n    tls.key: |\n  {}    tls.crt: |\n  {}",
        indented(key.expose_pem().unwrap().as_str())
            .replace('\n', "\n  ")
            .trim_end_matches(' '),
        indented(&certificate.to_pem())
            .replace('\n', "\n  ")
            .trim_end_matches(' '),
    );
    fs::write(repo.path(&format!("{name}-rsa.key")), backup).unwrap();
    let config = repo.read(".bulla.yaml");
    let pinned = if name == "prod" {
        config.replacen("prod: {", "prod: {certificate: keys/prod.pem, ", 1)
    } else {
        config.replacen(
            "clusters: {",
            &format!("clusters: {{{name}: {{certificate: keys/{name}.pem}}, "),
            1,
        )
    };
    repo.write(".bulla.yaml", pinned);
}

/// The rules in front of the others.
pub(crate) fn rule(repo: &Repo, rule: &str) {
    let config = repo.read(".bulla.yaml");
    repo.write(
        ".bulla.yaml",
        config.replacen("rules:\n", &format!("rules:\n- {rule}\n"), 1),
    );
}

/// Seals a Secret into a SealedSecret of the cluster `prod`.
pub(crate) fn sealed(repo: &Repo, file: &str, secret: &str) {
    repo.write(file, secret);
    repo.bulla(&format!("seal -i {file} --format sealed-secret"))
        .ok();
}
