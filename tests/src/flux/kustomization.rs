//! A Kustomization with its source, as a team writes them.

use kube::{
    Api, Client,
    api::{ApiResource, DynamicObject, GroupVersionKind, Patch, PatchParams},
};
use serde_json::{Value, json};

use crate::wait::{self, DEADLINE};

use super::{Flux, artifacts::Files};

/// A Kustomization over files, in the namespace that it applies them to.
#[derive(Clone, Debug)]
pub struct Kustomization {
    namespace: String,
    name: String,
    files: Files,
    spec: Value,
}

/// What became of a revision: applied, or the message that says why not.
pub type Outcome = Result<(), String>;

impl Kustomization {
    /// Begins one without files, which decrypts with the fallback key.
    pub fn new(namespace: &str, name: &str) -> Self {
        let spec = json!({
            "interval": "1h", "timeout": "1m", "path": "./", "prune": true,
            "targetNamespace": namespace,
            "sourceRef": {"kind": SOURCE.2, "name": name},
            "decryption": {"provider": "sops"},
        });
        Self {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            files: Files::new(),
            spec,
        }
    }

    /// Adds a file.
    #[must_use]
    pub fn file(mut self, path: &str, content: impl AsRef<[u8]>) -> Self {
        self.files
            .insert(path.to_owned(), content.as_ref().to_vec());
        self
    }

    /// Decrypts with the keys of a Secret in its namespace.
    #[must_use]
    pub fn keys(self, secret: &str) -> Self {
        self.with(json!({"decryption": {"secretRef": {"name": secret}}}))
    }

    /// Merges something into its spec; null takes away.
    #[must_use]
    pub fn with(mut self, change: Value) -> Self {
        merge(&mut self.spec, change);
        self
    }
}

impl Flux<'_> {
    /// Hands a Kustomization and its files over, and waits until the controller is done with this revision.
    ///
    /// # Panics
    ///
    /// If the controller says nothing about it in time.
    pub async fn deliver(&self, kustomization: &Kustomization) -> Outcome {
        let Kustomization {
            namespace, name, ..
        } = kustomization;
        let client = self.cluster.client().await;
        let artifact = self.artifacts.publish(&kustomization.files);
        let revision = format!(
            "main@sha1:{:.40}",
            artifact.digest.trim_start_matches("sha256:")
        );
        let source = json!({
            "spec": {"url": "https://git.invalid/repository", "interval": "1h"},
            "status": {"observedGeneration": 1, "artifact": {
                "url": artifact.url, "path": artifact.path, "digest": artifact.digest,
                "revision": revision, "lastUpdateTime": "2026-11-21T12:00:00Z",
            }},
        });
        let sources = resources(&client, SOURCE, namespace);
        apply(&sources, SOURCE, name, &source).await;
        let kustomizations = resources(&client, KUSTOMIZATION, namespace);
        let wanted = json!({"spec": kustomization.spec});
        let generation = apply(&kustomizations, KUSTOMIZATION, name, &wanted).await;
        let what = format!("Flux is done with `{namespace}/{name}`");
        wait::eventually(&what, DEADLINE, async || {
            let found = kustomizations.get(name).await.ok()?;
            outcome(&found.data, generation, &revision)
        })
        .await
    }
}

/// Reads what the controller says, once it says it about this generation and revision.
fn outcome(object: &Value, generation: Option<i64>, revision: &str) -> Option<Outcome> {
    let status = &object["status"];
    let ready = status["conditions"].as_array()?.iter();
    let ready = ready
        .clone()
        .find(|condition| condition["type"] == "Ready")?;
    let current = ready["observedGeneration"].as_i64() == generation
        && status["lastAttemptedRevision"] == revision;
    match ready["status"].as_str()? {
        "True" if current && status["lastAppliedRevision"] == revision => Some(Ok(())),
        // Of a retry nothing but the reason tells.
        "False" if current && ready["reason"] != "DependencyNotReady" => {
            Some(Err(ready["message"].as_str()?.to_owned()))
        }
        _ => None,
    }
}

/// Group, version, kind.
type Kind = (&'static str, &'static str, &'static str);

fn resources(client: &Client, (group, version, kind): Kind, namespace: &str) -> Api<DynamicObject> {
    let kind = GroupVersionKind::gvk(group, version, kind);
    let resource = match kind.kind.as_str() {
        "GitRepository" => ApiResource::from_gvk_with_plural(&kind, "gitrepositories"),
        _ => ApiResource::from_gvk(&kind),
    };
    Api::namespaced_with(client.clone(), namespace, &resource)
}

/// Applies an object and its status, and returns its generation.
async fn apply(
    api: &Api<DynamicObject>,
    (group, version, kind): Kind,
    name: &str,
    content: &Value,
) -> Option<i64> {
    let mut object = content.clone();
    object["apiVersion"] = json!(format!("{group}/{version}"));
    object["kind"] = json!(kind);
    object["metadata"] = json!({"name": name});
    let parameters = PatchParams::apply("source-controller").force();
    let applied = api.patch(name, &parameters, &Patch::Apply(&object)).await;
    let applied = applied.unwrap_or_else(|error| panic!("failed to apply {kind} {name}: {error}"));
    if content.get("status").is_some() {
        let told = api
            .patch_status(name, &parameters, &Patch::Apply(&object))
            .await;
        told.unwrap_or_else(|error| panic!("failed to write the status of {kind} {name}: {error}"));
    }
    applied.metadata.generation
}

fn merge(into: &mut Value, change: Value) {
    match (into, change) {
        (Value::Object(into), Value::Object(change)) => {
            for (key, value) in change {
                if value.is_null() {
                    into.remove(&key);
                } else {
                    merge(into.entry(key).or_insert(Value::Null), value);
                }
            }
        }
        (into, change) => *into = change,
    }
}

const KUSTOMIZATION: Kind = ("kustomize.toolkit.fluxcd.io", "v1", "Kustomization");
const SOURCE: Kind = ("source.toolkit.fluxcd.io", "v1", "GitRepository");
