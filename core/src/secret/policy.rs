//! Secrets that no sealed resource makes, and metadata that is not copied onto one.

use std::collections::BTreeSet;

use super::{ContentError, Outline};
use crate::names::{Namespace, ResourceName};
use crate::sops_secret::PlaceRule;

/// What the controller's configuration says of the Secrets that may be made.
#[derive(Debug, Clone, Default)]
pub struct SecretPolicy {
    /// Lets [`REFUSED_TYPES`] pass: whoever may write a sealed resource may then make tokens.
    pub allow_special_types: bool,
    /// The controller's namespace; none where there is no such thing.
    pub key_namespace: Option<Namespace>,
    /// Names of the Secrets there that hold keys.
    pub key_secrets: BTreeSet<ResourceName>,
    /// The Secret that age identities are exported into, where they are.
    pub export: Option<(Namespace, ResourceName)>,
    /// Whether a SopsSecret must say where it belongs.
    pub place: PlaceRule,
}

/// Types whose Secrets give rights to their maker: the token controller fills the first, the
/// second joins nodes to the cluster, the third is what Helm believes that it installed.
pub const REFUSED_TYPES: [&str; 3] = [
    "kubernetes.io/service-account-token",
    "bootstrap.kubernetes.io/token",
    "helm.sh/release.v1",
];

/// Labels that make a Secret count as a key: sealing keys, ours and those of Sealed Secrets, and identities for SOPS.
pub const KEY_LABELS: [&str; 3] = [
    "bulla.dev/sealing-key",
    AGE_IDENTITIES_LABEL,
    "sealedsecrets.bitnami.com/sealed-secrets-key",
];

/// On a Secret in the controller's namespace: its entries are files of age identities that open SopsSecrets.
pub const AGE_IDENTITIES_LABEL: &str = "bulla.dev/age-identities";

/// Labels and annotations by which GitOps tools know what they have applied, and may prune.
const TRACKING: [&str; 6] = [
    "argocd.argoproj.io/tracking-id",
    "argocd.argoproj.io/instance",
    "kustomize.toolkit.fluxcd.io/name",
    "kustomize.toolkit.fluxcd.io/namespace",
    "helm.toolkit.fluxcd.io/name",
    "helm.toolkit.fluxcd.io/namespace",
];

impl SecretPolicy {
    /// Refuses what no sealed resource may make.
    ///
    /// # Errors
    ///
    /// `Type`, `KeyLabel`, `KeySecret`.
    pub fn check(&self, outline: &Outline) -> Result<(), ContentError> {
        let refused = REFUSED_TYPES
            .into_iter()
            .find(|refused| *refused == outline.secret_type());
        if let Some(secret_type) = refused.filter(|_| !self.allow_special_types) {
            return Err(ContentError::Type { secret_type });
        }
        if let Some(label) = KEY_LABELS
            .into_iter()
            .find(|label| outline.labels().contains_key(*label))
        {
            return Err(ContentError::KeyLabel { label });
        }
        let home = self.key_namespace.as_ref() == Some(outline.namespace());
        let holds_keys = home && self.key_secrets.contains(outline.name());
        let export = self.export.as_ref();
        let is_export = export.is_some_and(|(namespace, name)| {
            namespace == outline.namespace() && name == outline.name()
        });
        if holds_keys || is_export {
            return Err(ContentError::KeySecret {
                namespace: outline.namespace().clone(),
                name: outline.name().clone(),
            });
        }
        Ok(())
    }
}

pub(super) fn is_tracking(name: &str) -> bool {
    TRACKING.contains(&name)
}
