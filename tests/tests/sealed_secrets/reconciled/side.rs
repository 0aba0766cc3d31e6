//! One of the two controllers, as somebody sees it who looks at its namespace.

use std::sync::atomic::{AtomicUsize, Ordering};

use bulla_core::api::SealedSecret;
use bulla_tests::{Cluster, sealed_secrets::SealedTenant};
use k8s_openapi::api::core::v1::Secret;
use kube::ResourceExt;
use serde_json::{Value, json};

use super::super::OLD_KEY;

/// A namespace that one controller looks at.
pub(super) struct Side<'c> {
    pub(super) tenant: SealedTenant,
    pub(super) cluster: &'c Cluster,
    /// Where the keys are.
    pub(super) home: String,
    witnesses: AtomicUsize,
}

impl<'c> Side<'c> {
    pub(super) fn new(tenant: SealedTenant, cluster: &'c Cluster, home: &str) -> Self {
        Self {
            tenant,
            cluster,
            home: home.to_owned(),
            witnesses: AtomicUsize::new(0),
        }
    }

    /// A SealedSecret of these values.
    pub(super) fn sealed(&self, name: &str, values: &[(&str, &str)]) -> Value {
        self.sealed_with(name, values, &[])
    }

    pub(super) fn sealed_with(&self, name: &str, values: &[(&str, &str)], flags: &[&str]) -> Value {
        let secret = self.tenant.secret_of(name, values);
        self.tenant.seal_for(OLD_KEY, &secret, flags)
    }

    /// Applies it, and waits until the controller has looked at it.
    pub(super) async fn looked_at(&self, object: &Value) -> SealedSecret {
        let name = self.tenant.apply(object).await.name_any();
        self.tenant.until("it was looked at", &name, |_| true).await
    }

    /// Applies it, and says what there is then.
    pub(super) async fn made(&self, object: &Value) -> String {
        let sealed = self.looked_at(object).await;
        self.shown(&sealed.name_any()).await
    }

    /// The Secret, and whether the SealedSecret is synced.
    pub(super) async fn shown(&self, name: &str) -> String {
        let secret = self.tenant.secrets.get_opt(name).await.expect("an answer");
        let secret = secret.map_or("no Secret".to_owned(), |secret| shape(&secret));
        let sealed = self.tenant.sealed.get(name).await.expect("it is there");
        let status = bulla_tests::sealed_secrets::synced(&sealed).map(|told| told.status.clone());
        let synced = match status.as_deref() {
            Some("True") => "synced",
            Some("False") => "not synced",
            _ => "nothing said",
        };
        format!("{secret}; {synced}")
    }

    /// What the status says, without the names of the namespace.
    pub(super) async fn message(&self, name: &str) -> String {
        let sealed = self.tenant.sealed.get(name).await.expect("it is there");
        let told = bulla_tests::sealed_secrets::synced(&sealed).cloned();
        let message = told.and_then(|told| told.message).unwrap_or_default();
        message.replace(&self.tenant.namespace, "NAMESPACE")
    }

    /// The data of the Secret, or that there is none.
    pub(super) async fn data(&self, name: &str) -> String {
        let secret = self.tenant.secrets.get_opt(name).await.expect("an answer");
        secret.map_or("none".to_owned(), |secret| data(&secret))
    }

    /// Waits until what failed is not tried again at once: theirs tries for a fifth of a second.
    pub(super) async fn calms_down(&self) {
        self.comes_to(async || false).await;
    }

    /// Whether it comes to this before other objects have been delivered; those are looked at later.
    pub(super) async fn comes_to(&self, holds: impl AsyncFn() -> bool) -> bool {
        for _ in 0..4 {
            if holds().await {
                return true;
            }
            let number = self.witnesses.fetch_add(1, Ordering::Relaxed);
            let witness = self.sealed(&format!("witness-{number}"), &[("a", "b")]);
            self.tenant.deliver(&witness).await;
        }
        holds().await
    }

    /// Makes a Secret of somebody's own.
    pub(super) fn secret(&self, name: &str, annotations: &Value, data: &Value) {
        let secret = json!({
            "apiVersion": "v1", "kind": "Secret", "stringData": data,
            "metadata": {"name": name, "namespace": self.tenant.namespace, "annotations": annotations},
        });
        self.cluster.apply(&secret.to_string());
    }
}

/// Type, data, labels, annotations and owners of a Secret; what only one of the two adds to all of them is left out.
fn shape(secret: &Secret) -> String {
    let pairs = |of: &std::collections::BTreeMap<String, String>| {
        let own = of.iter().filter(|(name, _)| !name.starts_with("kubectl."));
        let pairs: Vec<_> = own
            .map(|(name, value)| match name.starts_with("bulla.dev/") {
                true => name.clone(),
                false => format!("{name}={value}"),
            })
            .collect();
        pairs.join(",")
    };
    let mut parts = vec![
        secret.type_.clone().unwrap_or_default(),
        format!("data {}", data(secret)),
    ];
    if !secret.labels().is_empty() {
        parts.push(format!("labels {}", pairs(secret.labels())));
    }
    let annotations = pairs(secret.annotations());
    if !annotations.is_empty() {
        parts.push(format!("annotations {annotations}"));
    }
    if !secret.finalizers().is_empty() {
        parts.push(format!("finalizers {}", secret.finalizers().join(",")));
    }
    if secret.immutable == Some(true) {
        parts.push("immutable".to_owned());
    }
    let owners = secret.owner_references().iter();
    let owners: Vec<_> = owners
        .map(|owner| format!("{} {}", owner.kind, owner.controller.unwrap_or_default()))
        .collect();
    parts.push(match owners.is_empty() {
        true => "not owned".to_owned(),
        false => format!("owned by {}", owners.join(",")),
    });
    parts.join("; ")
}

fn data(secret: &Secret) -> String {
    let data = secret.data.iter().flatten();
    let pairs: Vec<_> = data
        .map(|(key, value)| format!("{key}={}", String::from_utf8_lossy(&value.0)))
        .collect();
    pairs.join(",")
}
