//! Sealed Secrets as its users have it: the real `kubeseal`, a controller behind its Service, SealedSecrets in a namespace.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use bulla_core::api::{SealedSecret, SealedSecretCondition};
use k8s_openapi::api::{core::v1::Secret, events::v1::Event};
use kube::{
    Api, Client, ResourceExt,
    api::{ListParams, Patch, PatchParams},
};
use serde_json::{Value, json};

use crate::{
    Cluster, Controller, Deployment, peers, process, target,
    wait::{self, DEADLINE},
};

/// The controller in the place of Sealed Secrets' own.
#[derive(Debug)]
pub struct SealedSecrets<'c> {
    /// The cluster, with the overlay applied to it.
    pub deployment: Deployment<'c>,
    /// The process.
    pub controller: Controller,
    /// Where its endpoints are.
    pub endpoints: SocketAddr,
}

impl<'c> SealedSecrets<'c> {
    /// Applies the overlay, puts these keys there, and starts a controller that the Service leads to.
    ///
    /// # Panics
    ///
    /// If any of that fails.
    pub fn start(cluster: &'c Cluster, keys: &[&str], flags: &[&str]) -> Self {
        let deployment = Deployment::install_into(cluster, OVERLAY, NAMESPACE);
        for name in keys {
            cluster.apply(&key_secret(name).to_string());
        }
        let (controller, endpoints) = start(&deployment, flags);
        cluster.expose(NAMESPACE, SERVICE, endpoints.port());
        Self {
            deployment,
            controller,
            endpoints,
        }
    }

    /// Starts one more controller, which the Service does not lead to.
    pub fn start_another(&self, flags: &[&str]) -> (Controller, SocketAddr) {
        start(&self.deployment, flags)
    }

    /// Runs the real `kubeseal` with a kubeconfig.
    pub fn kubeseal(&self, kubeconfig: &Path, arguments: &[&str], input: &str) -> Output {
        let mut command = Command::new(peers::kubeseal());
        command
            .env_clear()
            .env("KUBECONFIG", kubeconfig)
            .args(arguments);
        process::run(command, input.as_bytes())
    }

    /// Runs the real `kubeseal` as the admin and returns what it printed.
    ///
    /// # Panics
    ///
    /// If it fails.
    pub fn kubeseal_ok(&self, arguments: &[&str], input: &str) -> String {
        let kubeconfig = self.deployment.cluster().admin_kubeconfig();
        let output = self.kubeseal(&kubeconfig, arguments, input);
        assert!(
            output.status.success(),
            "`kubeseal {}` failed: {}",
            arguments.join(" "),
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).expect("it prints text")
    }

    /// A namespace of a test's own.
    pub async fn tenant(&self, prefix: &str) -> SealedTenant {
        let cluster = self.deployment.cluster();
        let client = cluster.client().await;
        let namespace = cluster.fresh_namespace(prefix);
        SealedTenant {
            sealed: Api::namespaced(client.clone(), &namespace),
            secrets: Api::namespaced(client.clone(), &namespace),
            kubeconfig: cluster.admin_kubeconfig(),
            namespace,
            client,
        }
    }
}

fn start(deployment: &Deployment<'_>, flags: &[&str]) -> (Controller, SocketAddr) {
    let mut all = vec!["--sealed-secrets"];
    all.extend(flags);
    let controller = deployment.start(&all);
    wait::eventually_blocking("the controller is ready", DEADLINE, || {
        (controller.get("/readyz")?.0 == 200).then_some(())
    });
    let endpoints = controller.endpoints();
    (controller, endpoints)
}

/// A namespace, and the way to seal for it.
#[derive(Clone)]
pub struct SealedTenant {
    /// The name of the namespace.
    pub namespace: String,
    /// A client of the admin's.
    pub client: Client,
    /// The namespace's SealedSecrets.
    pub sealed: Api<SealedSecret>,
    /// The namespace's Secrets.
    pub secrets: Api<Secret>,
    kubeconfig: PathBuf,
}

impl SealedTenant {
    /// Goes on in another namespace, which is there.
    pub fn enter(&mut self, namespace: &str) {
        self.sealed = Api::namespaced(self.client.clone(), namespace);
        self.secrets = Api::namespaced(self.client.clone(), namespace);
        self.namespace = namespace.to_owned();
    }

    /// A Secret of this namespace, in plaintext.
    pub fn secret_of(&self, name: &str, values: &[(&str, &str)]) -> Value {
        let data: serde_json::Map<_, _> = values
            .iter()
            .map(|(key, value)| ((*key).to_owned(), json!(value)))
            .collect();
        json!({
            "apiVersion": "v1", "kind": "Secret",
            "metadata": {"name": name, "namespace": self.namespace},
            "stringData": data,
        })
    }

    /// Seals a Secret with the real `kubeseal`, for the newest key of the cluster.
    ///
    /// # Panics
    ///
    /// If it fails.
    pub fn seal(&self, secret: &Value, arguments: &[&str]) -> Value {
        self.run_kubeseal(arguments, &secret.to_string())
    }

    /// Seals a Secret with the real `kubeseal`, for one of the keys in `core/tests/vectors/sealed-secrets`.
    ///
    /// # Panics
    ///
    /// If it fails.
    pub fn seal_for(&self, key: &str, secret: &Value, arguments: &[&str]) -> Value {
        let file = key_file(key).display().to_string();
        let mut all = vec!["--cert", &file];
        all.extend(arguments);
        self.run_kubeseal(&all, &secret.to_string())
    }

    fn run_kubeseal(&self, arguments: &[&str], input: &str) -> Value {
        let mut command = Command::new(peers::kubeseal());
        command
            .env_clear()
            .env("KUBECONFIG", &self.kubeconfig)
            .args(arguments);
        let output = process::run(command, input.as_bytes());
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| {
            let error = String::from_utf8_lossy(&output.stderr);
            panic!("`kubeseal {}` failed: {error}", arguments.join(" "))
        })
    }

    /// Applies an object as a GitOps operator does: server-side, all of it.
    ///
    /// # Panics
    ///
    /// If the API server refuses.
    pub async fn apply(&self, object: &Value) -> SealedSecret {
        let name = object["metadata"]["name"].as_str().expect("a name");
        let parameters = PatchParams::apply("gitops").force();
        let applied = self
            .sealed
            .patch(name, &parameters, &Patch::Apply(object))
            .await;
        applied.expect("the SealedSecret can be applied")
    }

    /// Applies an object, waits until it is synced, and returns its Secret.
    pub async fn deliver(&self, object: &Value) -> Secret {
        let name = self.apply(object).await.name_any();
        self.synced(&name).await;
        self.secret(&name).await
    }

    /// Waits until a SealedSecret is synced at its generation.
    pub async fn synced(&self, name: &str) -> SealedSecret {
        self.until("it is synced", name, |sealed| {
            synced(sealed).is_some_and(|told| told.status == "True")
        })
        .await
    }

    /// Waits until a SealedSecret is not synced at its generation, and says this; returns the message.
    pub async fn failed(&self, name: &str, says: &str) -> String {
        let what = format!("it is not synced and says `{says}`");
        let sealed = self
            .until(&what, name, |sealed| {
                synced(sealed).is_some_and(|told| {
                    let message = told.message.as_deref().unwrap_or_default();
                    told.status == "False" && message.contains(says)
                })
            })
            .await;
        let message = synced(&sealed).and_then(|told| told.message.clone());
        message.unwrap_or_default()
    }

    /// Waits by a watch until the controller has looked at a SealedSecret's generation and it satisfies `condition`.
    ///
    /// # Panics
    ///
    /// If it does not in time; the message has its status.
    pub async fn until(
        &self,
        what: &str,
        name: &str,
        condition: impl Fn(&SealedSecret) -> bool,
    ) -> SealedSecret {
        let watching =
            kube::runtime::wait::await_condition(self.sealed.clone(), name, |found: Option<&_>| {
                found.is_some_and(|sealed| is_current(sealed) && condition(sealed))
            });
        match tokio::time::timeout(DEADLINE, watching).await {
            Ok(Ok(Some(sealed))) => sealed,
            other => {
                let last = self.sealed.get_opt(name).await;
                let status = last.map(|last| last.map(|last| last.status));
                let namespace = &self.namespace;
                panic!(
                    "waited in vain until of `{namespace}/{name}` {what} ({:?}); its status: {status:#?}",
                    other.map(|watched| watched.map(|_| ()))
                )
            }
        }
    }

    /// Returns a Secret that exists.
    pub async fn secret(&self, name: &str) -> Secret {
        let secret = self.secrets.get(name).await;
        secret.unwrap_or_else(|error| panic!("failed to read the Secret `{name}`: {error}"))
    }

    /// Waits by a watch until a Secret satisfies `condition`.
    ///
    /// # Panics
    ///
    /// If it does not in time.
    pub async fn until_secret(
        &self,
        what: &str,
        name: &str,
        condition: impl Fn(&Secret) -> bool,
    ) -> Secret {
        let watching = kube::runtime::wait::await_condition(
            self.secrets.clone(),
            name,
            |found: Option<&_>| found.is_some_and(&condition),
        );
        match tokio::time::timeout(DEADLINE, watching).await {
            Ok(Ok(Some(secret))) => secret,
            _ => panic!("waited in vain until {what}"),
        }
    }

    /// Changes a SealedSecret or a Secret by a merge patch.
    ///
    /// # Panics
    ///
    /// If the API server refuses.
    pub async fn patch<K>(&self, api: &Api<K>, name: &str, change: &Value) -> K
    where
        K: Clone + std::fmt::Debug + serde::de::DeserializeOwned,
    {
        let parameters = PatchParams {
            field_manager: Some("somebody".to_owned()),
            ..PatchParams::default()
        };
        let patched = api.patch(name, &parameters, &Patch::Merge(change)).await;
        patched.unwrap_or_else(|error| panic!("failed to change `{name}`: {error}"))
    }

    /// Returns reason and note of the Events about a SealedSecret so far.
    ///
    /// # Panics
    ///
    /// If they can't be listed.
    pub async fn events(&self, name: &str) -> Vec<(String, String)> {
        let api = Api::<Event>::namespaced(self.client.clone(), &self.namespace);
        let parameters = ListParams::default().fields(&format!("regarding.name={name}"));
        let events = api.list(&parameters).await.expect("they can be listed");
        let told = events.items.into_iter();
        told.map(|event| {
            (
                event.reason.unwrap_or_default(),
                event.note.unwrap_or_default(),
            )
        })
        .collect()
    }

    /// Waits for an Event about a SealedSecret whose reason is this, and returns its note.
    pub async fn event(&self, name: &str, reason: &str) -> String {
        let what = format!("there is an Event `{reason}` about `{name}`");
        wait::eventually(&what, DEADLINE, async || {
            let mut events = self.events(name).await.into_iter();
            Some(events.find(|(word, _)| word == reason)?.1)
        })
        .await
    }
}

/// The condition that Sealed Secrets' users read; it has to be the first.
pub fn synced(sealed: &SealedSecret) -> Option<&SealedSecretCondition> {
    let first = sealed.status.as_ref()?.conditions.first()?;
    assert_eq!(first.type_, "Synced", "columns read it by its place");
    Some(first)
}

fn is_current(sealed: &SealedSecret) -> bool {
    let status = sealed.status.as_ref();
    status.and_then(|status| status.observed_generation) == sealed.metadata.generation
}

/// A certificate and its private key in one file.
pub fn key_file(name: &str) -> PathBuf {
    target::workspace().join(format!("core/tests/vectors/sealed-secrets/{name}.pem"))
}

/// A key Secret as Sealed Secrets' controller leaves it.
///
/// # Panics
///
/// If there is no such key.
pub fn key_secret(name: &str) -> Value {
    let text = std::fs::read_to_string(key_file(name)).expect("a key");
    let start = text.find("-----BEGIN RSA PRIVATE KEY").expect("a key");
    json!({
        "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls",
        "metadata": {
            "name": format!("sealed-secrets-key-{name}"), "namespace": NAMESPACE,
            "labels": {"sealedsecrets.bitnami.com/sealed-secrets-key": "active"},
        },
        "stringData": {"tls.crt": text[..start], "tls.key": text[start..]},
    })
}

/// Where Sealed Secrets is by default.
pub const NAMESPACE: &str = "kube-system";
/// What `kubeseal` asks for by default.
pub const SERVICE: &str = "sealed-secrets-controller";
const OVERLAY: &str = "deploy/overlays/sealed-secrets";
