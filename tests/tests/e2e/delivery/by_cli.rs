//! As users do it: the key is fetched and pinned, Secrets are sealed in their files, and the files are applied.

use base64::{Engine, engine::general_purpose::STANDARD};
use bulla_tests::{Repository, Tenant, tenant::data};
use k8s_openapi::api::core::v1::Secret;
use kube::ResourceExt;

use crate::{shared, tenant};

/// A work tree whose configuration has the cluster's key, fetched with no rights but to read it.
fn repository(tenant: &Tenant) -> Repository {
    let cluster = shared().deployment.cluster();
    let repository = Repository::new().with_reader_of(cluster, &tenant.namespace);
    repository.bulla_ok(&["init", "--cluster", "test", "--fetch"]);
    assert!(
        repository.read(".bulla.yaml").contains("age1pq1"),
        "the post-quantum key is pinned"
    );
    repository
}

/// Labels and annotations that a person wrote.
fn metadata(secret: &Secret) -> Vec<(String, String)> {
    let all = secret.labels().iter().chain(secret.annotations());
    let own = all.filter(|(name, _)| {
        !name.starts_with("kubectl.kubernetes.io/") && *name != "app.kubernetes.io/managed-by"
    });
    own.map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

#[tokio::test]
async fn the_secret_is_the_one_that_kubectl_would_have_made() {
    let cluster = shared().deployment.cluster();
    let (tenant, oracle) = (tenant("cli").await, tenant("oracle").await);
    let every_byte: Vec<u8> = (0..=255).collect();
    let manifest = |namespace: &str| {
        format!(
            "# The shop's database.\n\
             apiVersion: v1\n\
             kind: Secret\n\
             metadata:\n\
             \x20 name: db\n\
             \x20 namespace: {namespace}\n\
             \x20 labels: {{app: shop}}\n\
             \x20 annotations: {{example.com/owner: \"the shop's\"}}\n\
             type: kubernetes.io/basic-auth\n\
             immutable: true\n\
             stringData:\n\
             \x20 username: shop   # not a secret, but not for everyone\n\
             \x20 password: \"p\\u00e4ss: '{{{{ .x }}}}'\\n\"\n\
             \x20 empty: \"\"\n\
             \x20 block: |\n\
             \x20   -----BEGIN-----\n\
             \x20     indented\n\
             \n\
             \x20   -----END-----\n\
             \x20 folded: >-\n\
             \x20   one\n\
             \x20   line\n\
             data:\n\
             \x20 every-byte: {}\n\
             \x20 large: {}\n\
             \x20 username: {}\n",
            STANDARD.encode(&every_byte),
            STANDARD.encode(every_byte.repeat(400)),
            STANDARD.encode("`stringData` wins"),
        )
    };
    let repository = repository(&tenant);
    repository.write("db.yaml", manifest(&tenant.namespace));

    repository.bulla_ok(&["seal", "-i", "db.yaml"]);
    repository.bulla_ok(&["check", "."]);
    let sealed = repository.read("db.yaml");
    assert!(
        sealed.contains("kind: SecretEnvelope") && sealed.starts_with("# The shop's database.")
    );
    cluster.apply(&sealed);
    cluster.apply(&manifest(&oracle.namespace));

    tenant.ready("db").await;
    let (made, expected) = (tenant.secret("db").await, oracle.secret("db").await);
    assert!(data(&made) == data(&expected), "the bytes differ");
    assert_eq!(data(&made).len(), 7);
    assert_eq!(
        (&made.type_, made.immutable),
        (&expected.type_, expected.immutable)
    );
    assert_eq!(metadata(&made), metadata(&expected));
}

#[tokio::test]
async fn values_are_set_and_unset_without_a_key_at_hand() {
    let cluster = shared().deployment.cluster();
    let tenant = tenant("set").await;
    let repository = repository(&tenant);
    let create = [
        "create",
        "secret",
        "generic",
        "db",
        "--from-literal=username=shop",
        "--from-literal=password=hunter2",
    ];
    let plain = cluster.kubectl_ok(&[&create[..], &["--dry-run=client", "-o", "yaml"]].concat());
    let sealed = repository.bulla_with_stdin(
        &["seal", "-n", &tenant.namespace, "--as-path", "db.yaml"],
        plain,
    );
    assert!(
        sealed.status.success(),
        "{}",
        String::from_utf8_lossy(&sealed.stderr)
    );
    repository.write("db.yaml", &sealed.stdout);
    cluster.apply(&repository.read("db.yaml"));
    tenant.ready("db").await;

    let set = repository.bulla_with_stdin(&["set", "db.yaml", "password"], b"correct horse\0\xff");
    assert!(
        set.status.success(),
        "{}",
        String::from_utf8_lossy(&set.stderr)
    );
    cluster.apply(&repository.read("db.yaml"));
    let secret = tenant
        .until_secret("the new value is there", "db", |secret| {
            data(secret)["password"] == b"correct horse\0\xff"
        })
        .await;
    assert_eq!(data(&secret)["username"], b"shop");
    assert_eq!(
        tenant.ready("db").await.spec.data_keys.len(),
        2,
        "each run closes with its own data key"
    );

    repository.bulla_ok(&["unset", "db.yaml", "username"]);
    cluster.apply(&repository.read("db.yaml"));
    let secret = tenant
        .until_secret("the other value is gone", "db", |secret| {
            !data(secret).contains_key("username")
        })
        .await;
    assert_eq!(data(&secret).len(), 1);
}

#[tokio::test]
async fn an_unsealed_value_is_stopped_by_the_check_and_by_the_api_server() {
    let cluster = shared().deployment.cluster();
    let tenant = tenant("plain").await;
    let repository = repository(&tenant);
    let manifest = format!(
        "apiVersion: v1\nkind: Secret\nmetadata: {{name: db, namespace: {}}}\nstringData: {{password: hunter2hunter2}}\n",
        tenant.namespace
    );
    repository.write("db.yaml", &manifest);
    let check = repository.bulla_with_stdin(&["check", "."], "");
    assert_eq!(check.status.code(), Some(1), "{check:?}");

    repository.bulla_ok(&["seal", "-i", "db.yaml"]);
    let sealed = repository.read("db.yaml");
    let value = sealed
        .lines()
        .find(|line| line.contains("password: bulla1."))
        .expect("it is sealed");
    let plain = sealed.replace(value, "    password: hunter2hunter2");
    repository.write("db.yaml", &plain);
    assert_eq!(
        repository
            .bulla_with_stdin(&["check", "."], "")
            .status
            .code(),
        Some(1)
    );
    let refused = cluster.kubectl_with_stdin(&["apply", "--dry-run=server", "-f", "-"], &plain);
    let text = String::from_utf8_lossy(&refused.stderr);
    assert!(
        !refused.status.success() && text.contains("refusing plaintext"),
        "{text}"
    );
    assert!(!text.contains("hunter2"), "{text}");
}
