//! A SealedSecret on its way into an envelope.

use std::borrow::Cow;
use std::path::Path;

use bulla_core::api::{self, SecretEnvelopeSpec};
use bulla_core::envelope::{Binding, Envelope, SealRequest};
use bulla_core::manifest::Object;
use bulla_core::sealed_secrets::MigrateError;
use serde_json::{Map, Value, json};

use super::report::Done;
use super::{Converted, Converter, line_of};
use crate::exit::Blame;
use crate::failure::{Failure, Fault};
use crate::recipients::Chosen;
use crate::sealed_secret::{self, cleared_annotations};

/// Something that the other format can't say.
#[derive(Debug, thiserror::Error)]
pub(super) enum ConvertError {
    /// The other format lacks it, or renders it otherwise.
    #[error(transparent)]
    Migrate(#[from] MigrateError),
    /// Sealed for the whole cluster, in a file that names no namespace.
    #[error("it has no namespace, and an envelope lies in one")]
    NoNamespace,
}

impl Converter<'_> {
    /// Opens it with a private key at hand and closes its values for whom the rule names.
    pub(super) fn to_envelope(
        &self,
        path: &Path,
        object: Object<'_>,
        chosen: &Chosen,
    ) -> Result<Converted, Failure> {
        let found = sealed_secret::read(path, object, self.args.namespace.as_ref())?;
        let (sealed, scope) = (&found.sealed, found.sealed.scope());
        let namespace = sealed.namespace().ok_or(ConvertError::NoNamespace)?.clone();
        chosen.scope(Some(scope))?;
        let unsealed = found.unseal(&self.identities)?;
        let parts = unsealed
            .into_envelope_parts()
            .map_err(ConvertError::Migrate)?;
        let has_templates = !parts.template.data().is_empty();
        let request = SealRequest {
            namespace,
            name: sealed.name().clone(),
            scope,
            values: parts.values,
            template: parts.template,
            binding: Binding::Template,
        };
        let envelope = Envelope::seal(&request, &chosen.recipients, &mut self.session.rng())?;
        let mut notes: Vec<_> = parts
            .left_out
            .into_iter()
            .map(|what| format!("{what} is left out"))
            .collect();
        if has_templates {
            notes.push(
                "its template was bound to nothing, and its values vouch for it from here on: review `spec.template`"
                    .to_owned(),
            );
        }
        let mut metadata = kept_metadata(&found.value);
        metadata.insert("name".into(), request.name.as_str().into());
        metadata.insert("namespace".into(), request.namespace.as_str().into());
        let resource = json!({
            "apiVersion": api::API_VERSION,
            "kind": api::SECRET_ENVELOPE,
            "metadata": metadata,
            "spec": SecretEnvelopeSpec::from(&envelope),
        });
        Ok(Converted {
            done: Done {
                path: path.to_owned(),
                line: line_of(&object),
                namespace: request.namespace.to_string(),
                name: request.name.to_string(),
                from: api::SEALED_SECRET,
                to: api::SECRET_ENVELOPE,
                values: envelope.data().len(),
                scope,
                closed_for: chosen.names(),
                notes,
            },
            resource,
        })
    }
}

/// Name, namespace, labels and annotations of the resource itself; what only a live object has is dropped.
pub(super) fn kept_metadata(value: &Value) -> Map<String, Value> {
    let mut kept = Map::new();
    let metadata = value.get("metadata").and_then(Value::as_object);
    for (field, value) in metadata.into_iter().flatten() {
        if !["name", "namespace", "labels", "annotations"].contains(&field.as_str()) {
            continue;
        }
        let mut value = value.clone();
        if let ("annotations", Some(annotations)) = (field.as_str(), value.as_object_mut()) {
            cleared_annotations(annotations);
        }
        let is_empty = value.is_null() || value.as_object().is_some_and(Map::is_empty);
        if !is_empty {
            kept.insert(field.clone(), value);
        }
    }
    kept
}

impl Fault for ConvertError {
    fn blame(&self) -> Blame {
        Blame::Input
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(match self {
            Self::Migrate(error) => error.hint(),
            Self::NoNamespace => "write `metadata.namespace`, or give it: `-n NAMESPACE`",
        }))
    }
}
