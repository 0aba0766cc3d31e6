//! Secrets on their way out: bodies of creations and patches, with the values encoded as they are written.

use std::collections::BTreeMap;

use base64::display::Base64Display;
use base64::engine::general_purpose::STANDARD;
use bulla_core::plaintext::Plaintext;
use bulla_core::plan::{
    ADOPT_ANNOTATION, ADOPTED_BY_ANNOTATION, Claim, Consent, Mode, Owned, Owner,
};
use bulla_core::sealed_secrets::MANAGED_ANNOTATION;
use bulla_core::secret::SecretContent;
use bulla_core::sops_secret;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use crate::kube::world::live_secret::Observed;

/// The body of a POST.
pub(crate) fn creation<'a>(
    content: &'a SecretContent,
    owner: &'a Owner,
    claim: Claim,
) -> impl Serialize + 'a {
    let outline = content.outline();
    let mut annotations: BTreeMap<&str, &str> = outline
        .annotations()
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let owner_references = match claim {
        Claim::Owner => vec![reference(owner)],
        Claim::Adopted => {
            annotations.insert(ADOPTED_BY_ANNOTATION, &owner.uid);
            Vec::new()
        }
        Claim::Shared => Vec::new(),
    };
    Creation {
        api_version: "v1",
        kind: "Secret",
        metadata: CreationMetadata {
            name: outline.name().as_str(),
            namespace: outline.namespace().as_str(),
            labels: outline.labels(),
            annotations,
            owner_references,
            finalizers: outline.finalizers(),
        },
        secret_type: outline.secret_type(),
        immutable: outline.immutable().then_some(true),
        data: Data {
            content,
            removed: Vec::new(),
        },
    }
}

/// The body of a merge patch, which fails with a conflict unless uid and resource version are the proof's.
///
/// A merge patch rather than server-side apply: apply leaves keys alone that another field manager owns, and here
/// they go in the same write that puts the others right.
pub(crate) fn change<'a>(
    content: &'a SecretContent,
    owner: &Owner,
    owned: &Owned,
    observed: &Observed,
    adopting: bool,
) -> impl Serialize + 'a {
    let outline = content.outline();
    let mut annotations = patched(outline.annotations(), &observed.ours.annotations);
    let mut owner_references = None;
    if adopting {
        annotations.insert(ADOPT_ANNOTATION.to_owned(), Value::Null);
        let used_up = match owner.consent {
            Consent::SopsSecrets { .. } => sops_secret::MANAGED_ANNOTATION,
            _ => MANAGED_ANNOTATION,
        };
        if owned.mode() == Mode::Whole && !outline.annotations().contains_key(used_up) {
            annotations.insert(used_up.to_owned(), Value::Null);
        }
        let mut others = observed.owner_references.clone();
        others.retain(|reference| reference["controller"] != true);
        match owned.claim() {
            Claim::Owner => others.push(reference(owner)),
            Claim::Adopted => {
                annotations.insert(ADOPTED_BY_ANNOTATION.to_owned(), json!(owner.uid));
            }
            Claim::Shared => {}
        }
        owner_references = Some(others);
    }
    let removed = match owned.mode() {
        Mode::Merge => Vec::new(),
        Mode::Whole => {
            let unwanted =
                |key: &&String| !content.data().keys().any(|wanted| wanted.as_str() == *key);
            observed.keys.iter().filter(unwanted).cloned().collect()
        }
    };
    ChangeBody {
        metadata: ChangeMetadata {
            uid: owned.uid().to_owned(),
            resource_version: owned.resource_version().to_owned(),
            labels: patched(outline.labels(), &observed.ours.labels),
            annotations,
            owner_references,
        },
        immutable: outline.immutable().then_some(true),
        data: Data { content, removed },
    }
}

/// The controlling owner reference.
fn reference(owner: &Owner) -> Value {
    json!({
        "apiVersion": owner.api_version,
        "kind": owner.kind,
        "name": owner.name.as_str(),
        "uid": owner.uid,
        "controller": true,
    })
}

/// What is wanted, and `null` for what we once wrote and is not wanted any more.
fn patched(wanted: &BTreeMap<String, String>, ours: &[String]) -> BTreeMap<String, Value> {
    let leftover = ours
        .iter()
        .filter(|name| !name.starts_with("bulla.dev/"))
        .map(|name| (name.clone(), Value::Null));
    let wanted = wanted
        .iter()
        .map(|(name, value)| (name.clone(), json!(value)));
    leftover.chain(wanted).collect()
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Creation<'a> {
    api_version: &'static str,
    kind: &'static str,
    metadata: CreationMetadata<'a>,
    #[serde(rename = "type")]
    secret_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    immutable: Option<bool>,
    data: Data<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CreationMetadata<'a> {
    name: &'a str,
    namespace: &'a str,
    labels: &'a BTreeMap<String, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    annotations: BTreeMap<&'a str, &'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    owner_references: Vec<Value>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    finalizers: &'a [String],
}

#[derive(Serialize)]
struct ChangeBody<'a> {
    metadata: ChangeMetadata,
    /// `null` takes it away.
    immutable: Option<bool>,
    data: Data<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ChangeMetadata {
    uid: String,
    resource_version: String,
    labels: BTreeMap<String, Value>,
    annotations: BTreeMap<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner_references: Option<Vec<Value>>,
}

/// `data`: every value in base64, encoded straight into the body.
struct Data<'a> {
    content: &'a SecretContent,
    removed: Vec<String>,
}

impl Serialize for Data<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let data = self.content.data();
        let mut map = serializer.serialize_map(Some(data.len() + self.removed.len()))?;
        for (key, value) in data {
            map.serialize_entry(key.as_str(), &Encoded(value))?;
        }
        for key in &self.removed {
            map.serialize_entry(key, &Value::Null)?;
        }
        map.end()
    }
}

struct Encoded<'a>(&'a Plaintext);

impl Serialize for Encoded<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // This is where a value leaves for the API server: the Secret is what it is for.
        serializer.collect_str(&Base64Display::new(self.0.reveal(), &STANDARD))
    }
}
