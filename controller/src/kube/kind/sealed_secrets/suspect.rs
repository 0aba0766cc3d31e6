//! For where else a value may have been sealed that no key opens where it is.

use bulla_core::names::{KeyName, Namespace, ResourceName};
use bulla_core::scope::Scope;
use bulla_core::sealed_secrets::{Label, SealedData, SealedSecret};
use serde_json::Value;

use super::{SealedSecrets, wire};
use crate::kube::cluster::Cluster;
use crate::kube::kind::Suspect;
use crate::kube::mirror::SeenResource;

/// Its place's other scopes; what the template has kept of names; namespaces that hold a resource of that name.
pub(super) fn suspect(
    seen: &SeenResource<SealedSecrets>,
    value: &KeyName,
    cluster: &Cluster,
) -> Option<Suspect> {
    let wire = wire(seen, seen.spec());
    let sealed = SealedSecret::try_from(&wire).ok()?;
    let SealedData::Items(items) = sealed.sealed() else {
        return None;
    };
    let item = items.get(value)?.as_ref().ok()?.clone();
    let (namespace, name) = (sealed.namespace()?.clone(), sealed.name().clone());
    let mut candidates = Candidates::default();
    candidates.add(&namespace, &name);
    candidates.labels.push(Label::cluster());
    let metadata = wire.spec.template.and_then(|template| template.metadata);
    let kept = |field: &str| metadata.as_ref()?.get(field).and_then(Value::as_str);
    let kept_namespace: Option<Namespace> = kept("namespace").and_then(|text| text.parse().ok());
    let kept_name: Option<ResourceName> = kept("name").and_then(|text| text.parse().ok());
    let (its_namespace, its_name) = (
        kept_namespace.as_ref().unwrap_or(&namespace),
        kept_name.as_ref().unwrap_or(&name),
    );
    candidates.add(its_namespace, its_name);
    candidates.add(&namespace, its_name);
    candidates.add(its_namespace, &name);
    let mut others: Vec<_> = cluster.resources();
    others.append(&mut cluster.secrets.keys());
    others.retain(|key| key.name == seen.name && key.namespace != seen.namespace);
    others.sort_unstable();
    others.dedup();
    for other in others.into_iter().take(NAMESAKES_MAX) {
        if let Ok(namespace) = other.namespace.parse() {
            candidates.add(&namespace, &name);
        }
    }
    Some(Suspect {
        item,
        found_in: sealed.label(),
        candidates: candidates.labels,
    })
}

#[derive(Default)]
struct Candidates {
    labels: Vec<Label>,
}

impl Candidates {
    /// Everything that binds to this place; what is bound to none is the same for all.
    fn add(&mut self, namespace: &Namespace, name: &ResourceName) {
        for scope in [Scope::Strict, Scope::Namespace] {
            let label = Label::new(scope, namespace, name);
            if !self.labels.contains(&label) {
                self.labels.push(label);
            }
        }
    }
}

/// Private operations are few: who has this many namesakes is not among the first ones either.
const NAMESAKES_MAX: usize = 32;
