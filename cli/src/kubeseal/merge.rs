//! `--merge-into`: values added to a SealedSecret in its file, and every other byte as it was.

use std::path::Path;

use bulla_core::manifest::{Rewriter, Stream};
use bulla_core::scope::Scope;
use bulla_core::sealed_secrets::{
    CLUSTER_WIDE_ANNOTATION, NAMESPACE_WIDE_ANNOTATION, SealedSecret,
};
use serde_json::{Map, Value};

use super::args::{Args, ScopeArg};
use super::error::KubesealError;
use super::sealed::{self, Found, Others};
use super::sealing::Sealer;
use super::secret::Secret;
use crate::atomic::{NewFile, Replacement, replace};
use crate::failure::Failure;
use crate::input::{self, MANIFEST_BYTES_MAX};
use crate::located::InFile;

/// Seals every Secret for the place of its target, and adds what it has to it.
///
/// Name, namespace and scope are the target's. Where the file holds several SealedSecrets, the one of the
/// Secret's own name and namespace is meant.
///
/// # Errors
/// `NoTarget`, `OtherScope`, those of sealing; the file stays as it was then.
pub(super) fn into_file(
    path: &Path,
    secrets: Vec<Secret>,
    sealer: &Sealer<'_>,
    args: &Args,
) -> Result<(), Failure> {
    let bytes = input::read(path, MANIFEST_BYTES_MAX)?.bytes;
    let stream = Stream::parse(&bytes).map_err(|error| InFile::new("read", path, error))?;
    let mut targets = sealed::find(&stream, Others::Keep)?;
    let mut changed = vec![false; targets.len()];
    for secret in secrets {
        let nth = target_of(&targets, &secret, args)?;
        let namespace = match (&secret.namespace, targets[nth].object.namespace()) {
            (None, None) => sealer.asked_namespace()?,
            (given, _) => given.as_deref(),
        };
        let target = targets[nth].domain(namespace)?;
        check_scope(&target, args.scope)?;
        let merged = sealer.seal_within(at_place_of(secret, &target), target.scope())?;
        add(&mut targets[nth].value, &merged);
        changed[nth] = true;
    }
    let mut rewriter = Rewriter::new(&stream);
    let edit = || {
        for (target, _) in targets
            .iter()
            .zip(&changed)
            .filter(|(_, changed)| **changed)
        {
            rewriter.rewrite(target.object.index, &target.value, &[])?;
        }
        rewriter.finish()
    };
    let text = edit().map_err(|error| InFile::new("change", path, error))?;
    replace(&[Replacement {
        path,
        bytes: text.as_bytes(),
        new_file: NewFile::Public,
    }])?;
    Ok(())
}

fn target_of(targets: &[Found<'_>], secret: &Secret, args: &Args) -> Result<usize, KubesealError> {
    if targets.len() == 1 {
        return Ok(0);
    }
    let given = |flag: &String| Some(flag.clone()).filter(|flag| !flag.is_empty());
    let name = given(&args.name).or_else(|| secret.name.clone());
    let namespace = given(&args.namespace).or_else(|| secret.namespace.clone());
    let fits = |target: &Found<'_>| {
        target.object.name() == name.as_deref()
            && (namespace.is_none() || target.object.namespace() == namespace.as_deref())
    };
    let mut fitting = (0..targets.len()).filter(|nth| fits(&targets[*nth]));
    match (fitting.next(), fitting.next()) {
        (Some(nth), None) => Ok(nth),
        _ => Err(KubesealError::NoTarget),
    }
}

/// All values of one object are sealed for one place.
fn check_scope(target: &SealedSecret, asked: ScopeArg) -> Result<(), KubesealError> {
    let asked = Scope::from(asked);
    if asked == Scope::Strict || asked == target.scope() {
        return Ok(());
    }
    Err(KubesealError::OtherScope {
        target: spelled(target.scope()),
        asked: spelled(asked),
    })
}

fn spelled(scope: Scope) -> &'static str {
    match scope {
        Scope::Strict => "strict",
        Scope::Namespace => "namespace-wide",
        Scope::Cluster => "cluster-wide",
    }
}

fn at_place_of(mut secret: Secret, target: &SealedSecret) -> Secret {
    secret.name = Some(target.name().to_string());
    if let Some(namespace) = target.namespace() {
        secret.namespace = Some(namespace.to_string());
    }
    for annotation in [CLUSTER_WIDE_ANNOTATION, NAMESPACE_WIDE_ANNOTATION] {
        secret.annotations.remove(annotation);
    }
    secret
}

/// Adds values, and labels and annotations of the template; what is there under the same name is replaced.
fn add(target: &mut Value, merged: &Value) {
    for path in [
        &["spec", "encryptedData"][..],
        &["spec", "template", "metadata", "labels"],
        &["spec", "template", "metadata", "annotations"],
    ] {
        let pointer = format!("/{}", path.join("/"));
        let Some(new) = merged.pointer(&pointer).and_then(Value::as_object) else {
            continue;
        };
        let new: Vec<_> = new
            .iter()
            // The target's own annotation says its scope; in the template it would say nothing.
            .filter(|(name, _)| {
                *name != CLUSTER_WIDE_ANNOTATION && *name != NAMESPACE_WIDE_ANNOTATION
            })
            .collect();
        if new.is_empty() {
            continue;
        }
        let there = path.iter().fold(&mut *target, |at, field| {
            if !at.is_object() {
                *at = Value::Object(Map::new());
            }
            &mut at[*field]
        });
        if !there.is_object() {
            *there = Value::Object(Map::new());
        }
        let Some(there) = there.as_object_mut() else {
            continue;
        };
        for (name, value) in new {
            insert(there, name, value.clone());
        }
    }
}

/// Replaces an entry in its place, or puts a new one where it belongs by name.
fn insert(map: &mut Map<String, Value>, name: &str, value: Value) {
    match map.get_mut(name) {
        Some(there) => *there = value,
        None => {
            let at = map.keys().position(|key| key.as_str() > name);
            map.shift_insert(at.unwrap_or(map.len()), name.to_owned(), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_go_where_they_belong_by_name() {
        let mut target =
            json!({"spec": {"encryptedData": {"b": "old", "d": "old"}, "template": null}});
        let merged = json!({"spec": {
            "encryptedData": {"a": 1, "c": 2, "d": 3, "e": 4},
            "template": {"metadata": {
                "name": "x",
                "annotations": {"n": "o", CLUSTER_WIDE_ANNOTATION: "true"},
            }},
        }});
        add(&mut target, &merged);
        let expected = json!({"spec": {
            "encryptedData": {"a": 1, "b": "old", "c": 2, "d": 3, "e": 4},
            "template": {"metadata": {"annotations": {"n": "o"}}},
        }});
        assert_eq!(target.to_string(), expected.to_string());
    }
}
