//! An envelope on its way into a SealedSecret.

use std::path::Path;

use bulla_core::api;
use bulla_core::manifest::Object;
use bulla_core::sealed_secrets::{Label, SealedSecretParts};

use super::report::Done;
use super::to_envelope::{ConvertError, kept_metadata};
use super::{Converted, Converter, line_of};
use crate::failure::Failure;
use crate::manifest;
use crate::sealed_secret::{Making, SealedFor};

impl Converter<'_> {
    /// Opens it with a private key at hand and seals its values with the cluster's certificate.
    pub(super) fn to_sealed_secret(
        &self,
        path: &Path,
        object: Object<'_>,
        sealed_for: &SealedFor,
    ) -> Result<Converted, Failure> {
        let found = manifest::read(path, object)?;
        let envelope = &found.envelope;
        sealed_for.scope(Some(envelope.scope()))?;
        let opened = envelope
            .open(&self.identities.ring)
            .map_err(|error| self.identities.explain(envelope, error))?;
        let parts = SealedSecretParts::of(opened, Label::from(envelope.place()))
            .map_err(ConvertError::Migrate)?;
        let making = Making {
            namespace: envelope.namespace(),
            name: envelope.name(),
            scope: envelope.scope(),
            metadata: kept_metadata(&found.value),
            values: &parts.values,
            template: &parts.template,
        };
        let resource = making.seal(&sealed_for.key, &mut self.session.rng())?;
        let shows = !parts.template.data.is_empty() || !parts.template.annotations.is_empty();
        let unbound = "its template is bound to nothing from here on: who can write it decides what is made of the values";
        Ok(Converted {
            done: Done {
                path: path.to_owned(),
                line: line_of(&object),
                namespace: envelope.namespace().to_string(),
                name: envelope.name().to_string(),
                from: api::SECRET_ENVELOPE,
                to: api::SEALED_SECRET,
                values: parts.values.len(),
                scope: envelope.scope(),
                closed_for: sealed_for.name.to_string(),
                notes: shows.then(|| unbound.to_owned()).into_iter().collect(),
            },
            resource,
        })
    }
}
