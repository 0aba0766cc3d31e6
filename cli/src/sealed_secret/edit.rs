//! One SealedSecret changed: values set and taken out, the other ciphertexts byte for byte as they were.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use bulla_core::names::KeyName;
use bulla_core::plaintext::Plaintext;
use bulla_core::scope::Scope;
use bulla_core::sealed_secrets::SealedData;
use bulla_core::template::{self, Functions};
use rand_core::CryptoRngCore;
use serde_json::{Map, Value, json};

use super::{FoundSealed, MakeError, Making, SealedFor};
use crate::failure::Failure;
use crate::manifest::ContentError;
use crate::printer::Printer;

impl FoundSealed<'_> {
    /// Refuses the deprecated form: it is one value, which no certificate can change.
    ///
    /// # Errors
    /// [`ContentError::Legacy`].
    pub(crate) fn refuse_legacy(&self, path: &Path) -> Result<(), Failure> {
        match self.sealed.sealed() {
            SealedData::Items(_) => Ok(()),
            SealedData::Legacy(_) => Err(self.error(path, None, ContentError::Legacy)),
        }
    }

    /// True when there is a sealed value under this key.
    pub(crate) fn has(&self, key: &KeyName) -> bool {
        self.sealed.keys().any(|known| known == key)
    }

    /// The object with values sealed for its own place and scope.
    ///
    /// # Errors
    /// [`MakeError`].
    pub(crate) fn with_values(
        &self,
        values: &BTreeMap<KeyName, Plaintext>,
        sealed_for: &SealedFor,
        rng: &mut impl CryptoRngCore,
    ) -> Result<Value, MakeError> {
        let mut items = Map::new();
        for (key, value) in values {
            let label = self.sealed.label();
            let item = Making::item(&sealed_for.key, &label, key, value, rng)?;
            items.insert(key.to_string(), item.into());
        }
        Ok(changed(self.value.clone(), |data| data.extend(items)))
    }

    /// The object without some of its values.
    pub(crate) fn without(&self, keys: &BTreeSet<KeyName>) -> Value {
        Self::without_keys(self.value.clone(), keys)
    }

    /// The same of an object that was changed already.
    pub(crate) fn without_keys(resource: Value, keys: &BTreeSet<KeyName>) -> Value {
        let stays = |key: &str| !keys.iter().any(|gone| gone.as_str() == key);
        changed(resource, |data| data.retain(|key, _| stays(key)))
    }

    /// Says what only a person can judge: a wide scope that no rule limits.
    pub(crate) fn warn_of_scope(&self, sealed_for: &SealedFor, printer: &Printer) {
        if self.sealed.scope() != Scope::Strict && !sealed_for.limits_scope() {
            printer.warn(format_args!(
                "the file says scope {}, and no rule limits it: the new value opens {}",
                self.sealed.scope(),
                self.sealed.label()
            ));
        }
    }

    /// A template that names a key which is no longer there makes something else of it.
    pub(crate) fn warn_of_templates(&self, gone: &BTreeSet<KeyName>, printer: &Printer) {
        for (templated, source) in &self.sealed.template().data {
            let parsed = source
                .as_ref()
                .and_then(|source| template::parse_with(templated, source, Functions::All).ok());
            let named = parsed.map(|template| template.keys()).unwrap_or_default();
            for key in gone.iter().filter(|key| named.contains(key.as_str())) {
                printer.warn(format_args!(
                    "the template of `{templated}` names `{key}`: `<no value>` is written in its place until it is set again"
                ));
            }
        }
    }
}

fn changed(mut resource: Value, change: impl FnOnce(&mut Map<String, Value>)) -> Value {
    let data = &mut resource["spec"]["encryptedData"];
    if !data.is_object() {
        *data = json!({});
    }
    if let Some(data) = data.as_object_mut() {
        change(data);
    }
    resource
}
