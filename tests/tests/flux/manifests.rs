//! Vectors that are Secrets, applied as they stand in the repository.

use crate::support::{Team, flux, text, vector};

/// Fields of these vectors' metadata that are there for SOPS' sake: the API server knows none of them.
const CLEANED: &str = "\
resources: [foo.yaml]
patches:
  - target: {kind: Secret, name: foo}
    patch: |
      - {op: remove, path: /metadata/n}
      - {op: remove, path: /metadata/b}
      - {op: remove, path: /metadata/d}
";

#[tokio::test]
async fn secrets_that_sops_encrypted_are_applied_in_plaintext() {
    let team = Team::new("flux-manifests", &[("age", &text("age-x25519.txt"))]).await;
    for name in ["k8s_regex", "k8s_unregex", "enc_suffix"] {
        let kustomization = team
            .kustomization(&name.replace('_', "-"))
            .file("kustomization.yaml", CLEANED)
            .file("foo.yaml", vector(&format!("{name}.enc.yaml")));
        assert_eq!(flux().deliver(&kustomization).await, Ok(()), "{name}");
        let secret = team.secret("foo").await.expect("the Secret is there");
        // `stringData` beats `data`.
        assert_eq!(secret["pw"], b"a\nb\n", "{name}");
        flux()
            .cluster()
            .kubectl_ok(&["delete", "secret", "foo", "-n", &team.namespace]);
    }
}
