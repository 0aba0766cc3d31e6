//! `--validate` and `--re-encrypt`: what only the controller can do.

use std::path::Path;

use bulla_core::manifest::{Rewriter, Stream};
use bulla_core::sealed_secrets::{CLUSTER_WIDE_ANNOTATION, NAMESPACE_WIDE_ANNOTATION};
use serde_json::{Map, Value};

use super::args::Args;
use super::controller::{Controller, Verdict};
use super::output::Output;
use super::remote_error::ControllerError;
use super::sealed::{self, Found, Others};
use crate::atomic::{NewFile, Replacement, replace};
use crate::failure::Failure;
use crate::located::InFile;
use crate::printer::Printer;

/// Asks whether every SealedSecret opens; all that don't are named.
///
/// # Errors
/// `DoesNotOpen` for each, and whatever stands in the way of asking.
pub(super) fn validate(stream: &Stream, args: &Args, printer: &Printer) -> Result<(), Failure> {
    let found = sealed::find(stream, Others::Refuse)?;
    let controller = Controller::find(args, printer)?;
    let mut failures = Vec::new();
    for sealed in &found {
        match controller.verify(&sealed.value.to_string())? {
            Verdict::Opens => {}
            Verdict::DoesNotOpen => {
                failures.push(ControllerError::DoesNotOpen(sealed.name().to_owned()).into());
            }
        }
    }
    Failure::all(failures)
}

/// Has every SealedSecret sealed anew, and writes all of them where the flags say.
///
/// # Errors
/// Those of the controller; nothing is written then.
pub(super) fn re_encrypt(
    stream: &Stream,
    args: &Args,
    output: &Output<'_>,
    printer: &Printer,
) -> Result<(), Failure> {
    let found = sealed::find(stream, Others::Refuse)?;
    let renewed = renew(&found, args, printer)?;
    let shown: Vec<Value> = renewed.into_iter().map(without_traces).collect();
    output.resources(&shown, NewFile::Public)
}

/// The same within a file: comments, other objects and its mode stay.
///
/// # Errors
/// Those of the controller; the file stays as it was then.
pub(super) fn re_encrypt_in_place(
    path: &Path,
    stream: &Stream,
    args: &Args,
    printer: &Printer,
) -> Result<(), Failure> {
    let found = sealed::find(stream, Others::Keep)?;
    let renewed = renew(&found, args, printer)?;
    let mut rewriter = Rewriter::new(stream);
    let edit = || {
        for (sealed, value) in found.iter().zip(&renewed) {
            rewriter.rewrite(sealed.object.index, value, &[])?;
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

/// Every SealedSecret of a stream sealed anew, with its place there.
///
/// # Errors
/// Those of the controller.
pub(super) fn re_encrypted(
    stream: &Stream,
    args: &Args,
    printer: &Printer,
) -> Result<Vec<(usize, Value)>, Failure> {
    let found = sealed::find(stream, Others::Keep)?;
    let renewed = renew(&found, args, printer)?;
    let places = found.iter().map(|sealed| sealed.object.index);
    Ok(places.zip(renewed).collect())
}

fn renew(found: &[Found<'_>], args: &Args, printer: &Printer) -> Result<Vec<Value>, Failure> {
    let controller = Controller::find(args, printer)?;
    let renew = |sealed: &Found<'_>| {
        let one = || {
            let answer = controller.rotate(&sealed.value.to_string())?;
            let answer = serde_json::from_slice(&answer);
            let answer = answer.map_err(|_| ControllerError::Answer("it is not JSON"))?;
            take_values(&sealed.value, &answer)
        };
        one().map_err(|error| Failure::from(error).inside(&sealed.describe()))
    };
    found.iter().map(renew).collect()
}

/// The SealedSecret with the sealed values of the answer. Everything else stays: controllers before and
/// since 0.40 lose templates, labels or annotations on the way.
fn take_values(sealed: &Value, answer: &Value) -> Result<Value, ControllerError> {
    let annotation = |name| ["metadata", "annotations", name];
    for path in [
        &["metadata", "name"][..],
        &["metadata", "namespace"],
        &annotation(CLUSTER_WIDE_ANNOTATION),
        &annotation(NAMESPACE_WIDE_ANNOTATION),
    ] {
        let at = |object: &Value| {
            let found = path.iter().try_fold(object, |at, field| at.get(*field));
            found.cloned()
        };
        if at(answer) != at(sealed) {
            let what = "it is another object, or for another scope";
            return Err(ControllerError::Answer(what));
        }
    }
    let items = |value: &Value| value.pointer("/spec/encryptedData")?.as_object().cloned();
    let theirs = items(answer).ok_or(ControllerError::Answer("it has no sealed values"))?;
    let mut renewed = sealed.clone();
    let legacy = sealed
        .pointer("/spec/data")
        .is_some_and(|data| !data.is_null());
    if legacy {
        // The template was in the one sealed value, together with the rest.
        renewed["spec"] = answer["spec"].clone();
        return Ok(renewed);
    }
    let mut values = Map::new();
    for key in items(sealed).unwrap_or_default().keys() {
        let value = theirs.get(key);
        let value = value.filter(|value| value.is_string());
        let value = value.ok_or(ControllerError::Answer("a value is missing"))?;
        values.insert(key.clone(), value.clone());
    }
    if !values.is_empty() {
        renewed["spec"]["encryptedData"] = values.into();
    }
    Ok(renewed)
}

/// Without what the API server wrote into it, in the order of Sealed Secrets' own fields.
fn without_traces(sealed: Value) -> Value {
    let mut out = ordered(&sealed, &["kind", "apiVersion", "metadata", "spec"]);
    let named = ["name", "namespace", "labels", "annotations"];
    out.insert(
        "metadata".to_owned(),
        ordered(&sealed["metadata"], &named).into(),
    );
    let mut spec = ordered(&sealed["spec"], &["template", "data", "encryptedData"]);
    if let Some(template) = spec.get("template") {
        let mut template = ordered(template, &["metadata", "type", "immutable", "data"]);
        if let Some(metadata) = template.get("metadata") {
            let fields = [
                "name",
                "generateName",
                "namespace",
                "labels",
                "annotations",
                "finalizers",
            ];
            template.insert("metadata".to_owned(), ordered(metadata, &fields).into());
        }
        spec.insert("template".to_owned(), template.into());
    }
    out.insert("spec".to_owned(), spec.into());
    out.into()
}

/// These fields in this order, and what is by name in them by name.
fn ordered(value: &Value, fields: &[&str]) -> Map<String, Value> {
    let fields = fields.iter().filter_map(|field| {
        let mut value = value.get(*field).filter(|value| !value.is_null())?.clone();
        if let (Some(map), true) = (value.as_object_mut(), BY_NAME.contains(field)) {
            map.sort_keys();
        }
        Some(((*field).to_owned(), value))
    });
    fields.collect()
}

const BY_NAME: [&str; 4] = ["labels", "annotations", "data", "encryptedData"];

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_the_values_are_taken_from_the_answer() {
        let sealed = json!({
            "kind": "SealedSecret",
            "metadata": {"name": "a", "namespace": "b", "labels": {"x": "y"}, "uid": "1"},
            "spec": {
                "encryptedData": {"k": "old"},
                "template": {"metadata": {"namespace": "b", "name": "a"}, "data": {"t": "{{ .k }}"}},
            },
            "status": {},
        });
        let answer = |items: Value| {
            json!({
                "metadata": {"name": "a", "namespace": "b"},
                "spec": {"encryptedData": items, "template": {"metadata": {"uid": "1"}}},
            })
        };
        let renewed = take_values(&sealed, &answer(json!({"k": "new", "t": "rendered"}))).unwrap();
        let mut expected = sealed.clone();
        expected["spec"]["encryptedData"]["k"] = "new".into();
        assert_eq!(renewed, expected);
        assert_eq!(
            without_traces(renewed).to_string(),
            r#"{"kind":"SealedSecret","metadata":{"name":"a","namespace":"b","labels":{"x":"y"}},"spec":{"template":{"metadata":{"name":"a","namespace":"b"},"data":{"t":"{{ .k }}"}},"encryptedData":{"k":"new"}}}"#
        );
        assert!(take_values(&sealed, &answer(json!({}))).is_err());
        assert!(take_values(&sealed, &answer(json!({"k": 1}))).is_err());
        let mut other = answer(json!({"k": "new"}));
        other["metadata"]["namespace"] = "c".into();
        assert!(take_values(&sealed, &other).is_err());
        let mut wider = answer(json!({"k": "new"}));
        wider["metadata"]["annotations"] = json!({CLUSTER_WIDE_ANNOTATION: "true"});
        assert!(take_values(&sealed, &wider).is_err());
    }
}
