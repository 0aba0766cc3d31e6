//! In the place of sops-secrets-operator: `deploy/overlays/sops-secrets`, and resources that the real `sops` encrypted.

mod alone;
mod binding;
mod by_cli;
mod delivery;
mod failures;

use std::{process::Command, sync::OnceLock};

use bulla_core::api::KeySuite;
use bulla_tests::{
    Cluster, Controller, Deployment, Options, peers, process, tenant,
    wait::{DEADLINE, eventually},
};
use k8s_openapi::api::{core::v1::Secret, events::v1::Event};
use kube::{
    Api, Client, ResourceExt,
    api::{ApiResource, DynamicObject, GroupVersionKind, ListParams, Patch, PatchParams},
};
use serde_json::{Value, json};

/// A cluster with the overlay and a controller that nobody stops.
struct Shared {
    deployment: Deployment<'static>,
    controller: Controller,
}

fn shared() -> &'static Shared {
    static SHARED: OnceLock<Shared> = OnceLock::new();
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    SHARED.get_or_init(|| {
        let cluster = CLUSTER.get_or_init(|| Cluster::start(Options::default()));
        let deployment = Deployment::install_from(cluster, "deploy/overlays/sops-secrets");
        let controller = deployment.start(&["--sops-secrets", "--sops-require-place"]);
        Shared {
            deployment,
            controller,
        }
    })
}

/// A namespace on the shared cluster.
async fn bench(prefix: &str) -> Bench {
    Bench::new(shared().deployment.cluster(), prefix).await
}

/// A namespace, and the cluster's key to encrypt for.
struct Bench {
    cluster: &'static Cluster,
    client: Client,
    namespace: String,
    recipient: String,
    secrets: Api<Secret>,
    resources: Api<DynamicObject>,
}

impl Bench {
    async fn new(cluster: &'static Cluster, prefix: &str) -> Self {
        let client = cluster.client().await;
        let namespace = cluster.fresh_namespace(prefix);
        let kind = GroupVersionKind::gvk("isindir.github.com", "v1alpha3", "SopsSecret");
        let kind = ApiResource::from_gvk_with_plural(&kind, "sopssecrets");
        let keys = Api::<bulla_core::api::SealingKey>::all(client.clone());
        let recipient = eventually("there is a key to encrypt for", DEADLINE, async || {
            let keys = keys.list(&ListParams::default()).await.ok()?;
            let suite = KeySuite::MlKem768X25519;
            let mut keys = keys.items.into_iter().filter(|key| key.spec.suite == suite);
            keys.find_map(|key| key.status?.public_key)
        });
        Self {
            cluster,
            recipient: recipient.await,
            secrets: Api::namespaced(client.clone(), &namespace),
            resources: Api::namespaced_with(client.clone(), &namespace, &kind),
            client,
            namespace,
        }
    }

    /// The place of `name` as a template.
    fn place(&self, name: &str) -> Value {
        json!({"name": "bulla-place", "stringData": {"bulla.dev.place": format!("{}/{name}", self.namespace)}})
    }

    /// Encrypts as users of sops-secrets-operator do.
    fn encrypt(&self, name: &str, templates: &[Value]) -> Value {
        self.encrypt_for(&self.recipient, name, templates)
    }

    fn encrypt_for(&self, recipient: &str, name: &str, templates: &[Value]) -> Value {
        let resource = json!({
            "apiVersion": "isindir.github.com/v1alpha3", "kind": "SopsSecret",
            "metadata": {"name": name, "namespace": self.namespace},
            "spec": {"secretTemplates": templates},
        });
        let selector = ["--encrypted-suffix", "Templates"];
        encrypt_by(self.cluster, &resource, recipient, &selector)
    }

    /// Encrypts with the place, and applies.
    fn deliver(&self, name: &str, templates: &[Value]) -> Value {
        let mut templates = templates.to_vec();
        templates.push(self.place(name));
        let resource = self.encrypt(name, &templates);
        self.cluster.apply(&resource.to_string());
        resource
    }

    /// Waits until a resource is as `condition` says; returns it.
    async fn until(&self, name: &str, what: &str, condition: impl Fn(&Value) -> bool) -> Value {
        let mut last = Value::Null;
        let waiting = eventually(what, DEADLINE * 2, async || {
            let resource = self.resources.get_opt(name).await.ok()??;
            last = serde_json::to_value(&resource).expect("it is JSON");
            condition(&last).then(|| last.clone())
        });
        match tokio::time::timeout(DEADLINE, waiting).await {
            Ok(resource) => resource,
            Err(_) => panic!("waited in vain until `{name}`: {what}: {}", last["status"]),
        }
    }

    /// Waits until it is ready at its generation.
    async fn ready(&self, name: &str) -> Value {
        let resource = self.until(name, "it is ready", |it| {
            told(it, "Ready", "True", "Applied")
        });
        let resource = resource.await;
        assert_eq!(resource["status"]["message"], "Healthy");
        assert!(condition(&resource, "Stalled").is_null());
        resource
    }

    /// Waits until it is refused for this reason, as kstatus wants it told.
    async fn refused(&self, name: &str, reason: &str) -> Value {
        let is_refused =
            |it: &Value| told(it, "Ready", "False", reason) && told(it, "Stalled", "True", reason);
        self.until(name, &format!("it is refused: {reason}"), is_refused)
            .await
    }

    /// Waits until a Secret has these texts, and nothing else.
    async fn secret(&self, name: &str, expected: &[(&str, &str)]) -> Secret {
        let what = format!("`{name}` has its values");
        eventually(&what, DEADLINE, async || {
            let secret = self.secrets.get_opt(name).await.ok()??;
            let data = tenant::data(&secret);
            let same = data.len() == expected.len()
                && expected
                    .iter()
                    .all(|(key, text)| data.get(*key).is_some_and(|it| it == text.as_bytes()));
            same.then_some(secret)
        })
        .await
    }

    async fn no_secret(&self, name: &str) {
        eventually(&format!("there is no `{name}`"), DEADLINE, async || {
            let secret = self.secrets.get_opt(name).await.ok()?;
            secret.is_none().then_some(())
        })
        .await;
    }

    /// The names of all Secrets, without those of Kubernetes itself.
    async fn names(&self) -> Vec<String> {
        let secrets = self.secrets.list(&ListParams::default()).await;
        let secrets = secrets.expect("the Secrets can be listed").items;
        secrets.iter().map(ResourceExt::name_any).collect()
    }

    async fn patch(&self, name: &str, patch: Value) {
        let (parameters, patch) = (PatchParams::default(), Patch::Merge(patch));
        let patched = self.resources.patch(name, &parameters, &patch);
        patched.await.expect("the resource can be changed");
    }

    /// Changes a Secret as somebody else.
    async fn intrude(&self, name: &str, change: Value) {
        let parameters = PatchParams {
            field_manager: Some("kubectl-edit".to_owned()),
            ..PatchParams::default()
        };
        let change = Patch::Merge(change);
        let patched = self.secrets.patch(name, &parameters, &change);
        patched.await.expect("the Secret can be changed");
    }

    /// Waits for an Event about a resource.
    async fn event(&self, name: &str, reason: &str, note: &str) {
        let events = Api::<Event>::namespaced(self.client.clone(), &self.namespace);
        let fields = format!("regarding.kind=SopsSecret,regarding.name={name}");
        eventually(
            &format!("an Event: {reason}: {note}"),
            DEADLINE,
            async || {
                let found = events
                    .list(&ListParams::default().fields(&fields))
                    .await
                    .ok()?;
                let is_it = |event: &&Event| {
                    let said = event.note.as_deref().unwrap_or_default();
                    event.reason.as_deref() == Some(reason) && said.contains(note)
                };
                found.iter().find(is_it).map(drop)
            },
        )
        .await;
    }

    /// All that the cluster shows of this namespace to whoever may not read Secrets.
    fn shown(&self) -> String {
        let (kinds, namespace) = ("sopssecrets,events.events.k8s.io,events", &self.namespace);
        self.cluster
            .kubectl_ok(&["get", kinds, "-n", namespace, "-o", "yaml"])
    }
}

/// The real `sops`, on what a file would hold.
fn encrypt_by(cluster: &Cluster, resource: &Value, recipient: &str, selector: &[&str]) -> Value {
    let mut command = Command::new(peers::sops());
    command
        .env_clear()
        .env("HOME", cluster.logs())
        .args(["--disable-version-check", "encrypt", "--age", recipient])
        .args(selector)
        .args(["--input-type", "yaml", "--output-type", "json"])
        .args(["--filename-override", "secrets.yaml"]);
    let output = process::run(command, resource.to_string().as_bytes());
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).expect("sops writes JSON")
}

fn condition<'a>(resource: &'a Value, type_: &str) -> &'a Value {
    let conditions = resource["status"]["conditions"].as_array();
    let mut conditions = conditions.into_iter().flatten();
    conditions
        .find(|it| it["type"] == type_)
        .unwrap_or(&Value::Null)
}

fn told(resource: &Value, type_: &str, status: &str, reason: &str) -> bool {
    let condition = condition(resource, type_);
    let generation = &resource["metadata"]["generation"];
    (&condition["status"], &condition["reason"]) == (&json!(status), &json!(reason))
        && &resource["status"]["observedGeneration"] == generation
        && &condition["observedGeneration"] == generation
}
