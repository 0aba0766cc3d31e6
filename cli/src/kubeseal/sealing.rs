//! Secrets into SealedSecrets by the flags of `kubeseal`: whose name, which namespace, what scope.

use std::cell::OnceCell;

use bulla_core::names::{Namespace, ResourceName};
use bulla_core::plaintext::Plaintext;
use bulla_core::scope::Scope;
use bulla_core::sealed_secrets::{Label, RsaPublicKey, SealedItem, SecretToSeal};
use rand_core::OsRng;
use serde_json::{Map, Value};

use super::args::{Args, ScopeArg};
use super::error::KubesealError;
use super::namespace;
use super::secret::Secret;
use crate::failure::Failure;

/// Seals for one key, by the flags.
pub(super) struct Sealer<'a> {
    args: &'a Args,
    key: RsaPublicKey,
    /// Of the kubeconfig, which is read only when an input names none.
    usual_namespace: OnceCell<Option<String>>,
}

impl<'a> Sealer<'a> {
    pub(super) fn new(args: &'a Args, key: RsaPublicKey) -> Self {
        Self {
            args,
            key,
            usual_namespace: OnceCell::new(),
        }
    }

    /// Seals one Secret into a resource.
    ///
    /// # Errors
    /// `EmptyData`, `NoName`, `NoNamespace`, `NamespaceMismatch`, `Named`, `Seal`.
    pub(super) fn seal(&self, secret: Secret) -> Result<Value, Failure> {
        self.seal_within(secret, self.args.scope.into())
    }

    /// The same for a scope that was decided elsewhere; `Strict` leaves it to the annotations of the input.
    ///
    /// # Errors
    /// Those of [`Sealer::seal`].
    pub(super) fn seal_within(&self, secret: Secret, scope: Scope) -> Result<Value, Failure> {
        let args = self.args;
        if secret.values.is_empty() && !args.allow_empty_data {
            return Err(KubesealError::EmptyData.into());
        }
        let asked = Some(&args.name).filter(|name| !name.is_empty());
        let name = asked
            .or(secret.name.as_ref())
            .ok_or(KubesealError::NoName)?;
        let mut to_seal = SecretToSeal {
            name: resource_name(name)?,
            namespace: secret.namespace.as_deref().map(parsed).transpose()?,
            secret_type: secret.secret_type,
            immutable: secret.immutable,
            labels: secret.labels,
            annotations: secret.annotations,
            finalizers: secret.finalizers,
            values: secret.values,
        };
        // Strict is what nobody has asked for.
        if scope != Scope::Strict {
            to_seal.set_scope(scope);
        }
        if to_seal.scope() != Scope::Cluster {
            let namespace = self.namespace(to_seal.namespace.take())?;
            to_seal.namespace = Some(namespace);
        }
        let mut resource = to_seal
            .seal(&self.key, &mut OsRng)
            .map_err(KubesealError::Seal)?;
        if let Some(prefix) = secret.generate_name
            && let Some(metadata) = resource.pointer_mut("/spec/template/metadata")
            && let Some(metadata) = metadata.as_object_mut()
        {
            after_name(metadata, prefix);
        }
        Ok(resource)
    }

    /// Seals one value for the place that the flags name, and returns its text.
    ///
    /// # Errors
    /// `NameMissing`, `NoNamespace`, `Named`, `SealRaw`.
    pub(super) fn seal_raw(&self, value: &Plaintext) -> Result<String, Failure> {
        let args = self.args;
        let label = match args.scope {
            ScopeArg::ClusterWide => Label::cluster(),
            ScopeArg::Strict if args.name.is_empty() => {
                return Err(KubesealError::NameMissing.into());
            }
            ScopeArg::Strict => Label::new(
                Scope::Strict,
                &self.namespace(None)?,
                &resource_name(&args.name)?,
            ),
            // This scope leaves the name open.
            ScopeArg::NamespaceWide => Label::new(
                Scope::Namespace,
                &self.namespace(None)?,
                &resource_name("any")?,
            ),
        };
        let item = SealedItem::seal(&self.key, &label, value, &mut OsRng)
            .map_err(KubesealError::SealRaw)?;
        Ok(item.to_string())
    }

    /// The namespace of the input, of the flag, or of the kubeconfig.
    fn namespace(&self, input: Option<Namespace>) -> Result<Namespace, Failure> {
        let asked = self.args.namespace.as_str();
        match input {
            Some(input) if !asked.is_empty() && input.as_str() != asked => {
                Err(KubesealError::NamespaceMismatch {
                    input: input.to_string(),
                    asked: asked.to_owned(),
                }
                .into())
            }
            Some(input) => Ok(input),
            None => match self.asked_namespace()? {
                Some(namespace) => parsed(namespace),
                None => Err(KubesealError::NoNamespace.into()),
            },
        }
    }

    /// The namespace of what names none: of the flag, or of the kubeconfig.
    ///
    /// # Errors
    /// Those of reading the kubeconfig.
    pub(super) fn asked_namespace(&self) -> Result<Option<&str>, Failure> {
        match self.args.namespace.as_str() {
            "" => self.usual_namespace(),
            asked => Ok(Some(asked)),
        }
    }

    fn usual_namespace(&self) -> Result<Option<&str>, Failure> {
        if self.usual_namespace.get().is_none() {
            let found = namespace::usual(&self.args.cluster)?;
            self.usual_namespace.get_or_init(|| found);
        }
        Ok(self.usual_namespace.get().and_then(Option::as_deref))
    }
}

fn parsed(namespace: &str) -> Result<Namespace, Failure> {
    let named = |source| KubesealError::Named {
        what: "namespace",
        source,
    };
    Ok(namespace.parse().map_err(named)?)
}

fn resource_name(name: &str) -> Result<ResourceName, Failure> {
    let named = |source| KubesealError::Named {
        what: "name",
        source,
    };
    Ok(name.parse().map_err(named)?)
}

/// Puts `generateName` where Kubernetes' types have it.
fn after_name(metadata: &mut Map<String, Value>, prefix: String) {
    metadata.shift_insert(1, "generateName".to_owned(), prefix.into());
}

impl From<ScopeArg> for Scope {
    fn from(arg: ScopeArg) -> Self {
        match arg {
            ScopeArg::Strict => Self::Strict,
            ScopeArg::NamespaceWide => Self::Namespace,
            ScopeArg::ClusterWide => Self::Cluster,
        }
    }
}
