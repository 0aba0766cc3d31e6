//! In the place of Sealed Secrets' own controller: `deploy/overlays/sealed-secrets`, and keys as that one leaves them.

mod keys;
mod made;
mod takeover;

use std::{
    collections::BTreeMap,
    process::Command,
    time::{SystemTime, UNIX_EPOCH},
};

use bulla_core::{
    api::{SealedSecret, SealingKey, SealingKeyStatus},
    rotation::Timestamp,
    sealed_secrets::{Certificate, CertificateRequest, RsaPrivateKey},
};
use bulla_tests::{
    Cluster, Controller, Deployment, Options, peers, process,
    wait::{DEADLINE, eventually},
};
use k8s_openapi::api::core::v1::Secret;
use kube::{
    Api, Client, ResourceExt,
    api::{ListParams, Patch, PatchParams},
};
use rand_core::OsRng;
use serde_json::{Value, json};

/// Where Sealed Secrets is by default.
const HOME: &str = "kube-system";
const LABEL: &str = "sealedsecrets.bitnami.com/sealed-secrets-key";

/// A key as somebody brings it.
struct BroughtKey {
    private: RsaPrivateKey,
    certificate: Certificate,
}

impl BroughtKey {
    /// A key of 2048 bits whose certificate is valid from so many seconds ago.
    fn new(age: i64) -> Self {
        let private = RsaPrivateKey::generate(2048).expect("it can be made");
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = i64::try_from(now.expect("a clock").as_secs()).expect("a time");
        let not_before = Timestamp(now - age);
        let request = CertificateRequest {
            common_name: String::new(),
            not_before,
            not_after: not_before.plus(10 * 365 * 86_400),
        };
        let certificate = request.sign(&private, &mut OsRng).expect("it signs");
        Self {
            private,
            certificate,
        }
    }

    /// As a Secret; without a label when that is empty.
    fn secret(&self, name: &str, label: &str) -> Value {
        let mut metadata = json!({"name": name, "namespace": HOME});
        if !label.is_empty() {
            metadata["labels"] = json!({LABEL: label});
        }
        // Into a Secret: this is a test's key.
        let key = self.private.expose_pem().expect("it can be written");
        json!({
            "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls", "metadata": metadata,
            "stringData": {"tls.key": key.as_str(), "tls.crt": self.certificate.to_pem()},
        })
    }
}

/// A cluster with the overlay, and a namespace to seal for.
struct Bench {
    cluster: &'static Cluster,
    deployment: Deployment<'static>,
    client: Client,
    keys: Api<SealingKey>,
    home: Api<Secret>,
    namespace: String,
}

impl Bench {
    async fn new() -> Self {
        // Until the test process ends, and its processes with it.
        let cluster: &'static Cluster = Box::leak(Box::new(Cluster::start(Options::default())));
        let deployment = Deployment::install_into(cluster, "deploy/overlays/sealed-secrets", HOME);
        let client = cluster.client().await;
        Self {
            cluster,
            deployment,
            keys: Api::all(client.clone()),
            home: Api::namespaced(client.clone(), HOME),
            namespace: cluster.fresh_namespace("sealed"),
            client,
        }
    }

    /// Starts a controller with `--sealed-secrets` and more flags.
    fn start(&self, flags: &[&str]) -> Controller {
        let flags = [&["--sealed-secrets"], flags].concat();
        self.deployment.start(&flags)
    }

    /// Seals with the real `kubeseal` and applies; returns the name.
    fn seal(&self, name: &str, certificate: &str, value: &str) {
        let secret = json!({
            "apiVersion": "v1", "kind": "Secret",
            "metadata": {"name": name, "namespace": self.namespace},
            "stringData": {"password": value},
        });
        let path = self.cluster.logs().join(format!("{name}.pem"));
        std::fs::write(&path, certificate).expect("the certificate can be written");
        let mut command = Command::new(peers::kubeseal());
        command.env_clear().arg("--cert").arg(&path);
        let sealed = process::run(command, secret.to_string().as_bytes());
        assert!(sealed.status.success(), "{sealed:?}");
        self.cluster.apply(&String::from_utf8_lossy(&sealed.stdout));
    }

    /// Waits until a SealedSecret is `Synced`, or is not; returns its Secret if it is there.
    async fn synced(&self, name: &str, status: &str) -> Option<Secret> {
        let sealed = Api::<SealedSecret>::namespaced(self.client.clone(), &self.namespace);
        eventually(
            &format!("`{name}` is synced: {status}"),
            DEADLINE,
            async || {
                let sealed = sealed.get(name).await.ok()?;
                let first = sealed.status.as_ref()?.conditions.first()?.clone();
                (first.type_ == "Synced" && first.status == status).then_some(())
            },
        )
        .await;
        let secrets = Api::<Secret>::namespaced(self.client.clone(), &self.namespace);
        secrets.get_opt(name).await.expect("Secrets can be read")
    }

    /// Seals with this certificate and waits until the value is there.
    async fn opens(&self, name: &str, certificate: &str) -> Secret {
        self.seal(name, certificate, "hunter2");
        let secret = self
            .synced(name, "True")
            .await
            .expect("its Secret is there");
        let data = secret.data.clone().unwrap_or_default();
        assert_eq!(data["password"].0, b"hunter2");
        secret
    }

    /// Waits until the status of a key satisfies `condition`.
    async fn key(
        &self,
        name: &str,
        what: &str,
        condition: impl Fn(&SealingKey, &SealingKeyStatus) -> bool,
    ) -> SealingKey {
        eventually(&format!("`{name}`: {what}"), DEADLINE, async || {
            let key = self.keys.get(name).await.ok()?;
            let is_so = key
                .status
                .as_ref()
                .is_some_and(|status| condition(&key, status));
            is_so.then_some(key)
        })
        .await
    }

    /// Waits until one RSA key closes that is not called `other`.
    async fn closing(&self, other: &str) -> SealingKey {
        eventually("an RSA key closes", DEADLINE, async || {
            let keys = self.rsa_keys().await;
            let closes =
                |key: &SealingKey| key.status.as_ref().and_then(|s| s.closes) == Some(true);
            let mut closing: Vec<_> = keys.into_iter().filter(closes).collect();
            closing.retain(|key| key.name_any() != other);
            closing.pop().filter(|_| closing.is_empty())
        })
        .await
    }

    async fn rsa_keys(&self) -> Vec<SealingKey> {
        let keys = self.keys.list(&ListParams::default()).await;
        let keys = keys.expect("the keys can be listed").items;
        let rsa = keys.into_iter().filter(|key| key.spec.bits.is_some());
        rsa.collect()
    }

    async fn say(&self, name: &str, state: &str) {
        let patch = Patch::Merge(json!({"spec": {"state": state}}));
        let patched = self.keys.patch(name, &PatchParams::default(), &patch).await;
        patched.expect("the state can be changed");
    }

    fn label(&self, secret: &str, value: &str) {
        let label = format!("{LABEL}={value}");
        self.cluster
            .kubectl_ok(&["label", "secret", secret, "-n", HOME, "--overwrite", &label]);
    }

    /// The resource versions of every Secret in the two namespaces, but those that are ours alone.
    async fn versions(&self) -> BTreeMap<String, Option<String>> {
        let mut versions = BTreeMap::new();
        for namespace in [HOME, &self.namespace] {
            let secrets = Api::<Secret>::namespaced(self.client.clone(), namespace);
            let secrets = secrets.list(&ListParams::default()).await;
            for secret in secrets.expect("the Secrets can be listed").items {
                if secret.labels().contains_key(LABEL) || namespace != HOME {
                    let name = format!("{namespace}/{}", secret.name_any());
                    versions.insert(name, secret.resource_version());
                }
            }
        }
        versions
    }
}

fn certificate(key: &SealingKey) -> String {
    let status = key.status.clone().unwrap_or_default();
    status.public_key.expect("it is published")
}
