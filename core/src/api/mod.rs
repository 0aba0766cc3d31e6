//! Wire types of the resources, as the API server and files carry them.
//!
//! They hold whatever somebody wrote. `TryFrom` is the one door from them into the domain types.

mod condition;
mod crd;
mod envelope;
mod sealed_secret;
mod sealed_secret_crd;
mod sealing_key;
mod sops_secret;
mod sops_secret_crd;
mod strict;

pub use condition::{Condition, ConditionStatus};
pub use crd::{crds, sealing_key_crd, secret_envelope_crd};
pub use envelope::{
    ClosedForSpec, DataKeySpec, RecipientSpec, ScopeSpec, SecretEnvelope, SecretEnvelopeSpec,
    SecretEnvelopeStatus, TemplateMetadataSpec, TemplateSpec,
};
pub use sealed_secret::{
    SealedSecret, SealedSecretCondition, SealedSecretSpec, SealedSecretStatus, SecretTemplateSpec,
};
pub use sealed_secret_crd::sealed_secret_crd;
pub use sealing_key::{
    KeySecretRef, KeyState, KeySuite, KeyUse, SealingKey, SealingKeySpec, SealingKeyStatus,
};
pub use sops_secret::{SopsSecret, SopsSecretSpec, SopsSecretStatus, SopsSecretTemplate};
pub use sops_secret_crd::sops_secret_crd;
pub use strict::from_value;

pub use crate::plan::{ADOPT_ANNOTATION, ADOPTED_BY_ANNOTATION};
/// `metadata` of every object.
pub use kube::core::ObjectMeta;

/// The API group.
pub const GROUP: &str = "bulla.dev";
/// Group and version.
pub const API_VERSION: &str = "bulla.dev/v1alpha1";
/// The kind of an envelope.
pub const SECRET_ENVELOPE: &str = "SecretEnvelope";
/// Group and version of Sealed Secrets.
pub const SEALED_SECRETS_API_VERSION: &str = "bitnami.com/v1alpha1";
/// The kind of its resource.
pub const SEALED_SECRET: &str = "SealedSecret";
/// Group and version of sops-secrets-operator.
pub const SOPS_SECRETS_API_VERSION: &str = "isindir.github.com/v1alpha3";
/// The kind of its resource.
pub const SOPS_SECRET: &str = "SopsSecret";
/// The kind of a sealing key.
pub const SEALING_KEY: &str = "SealingKey";

/// On a resource: `true` leaves its Secret as it is.
pub const SUSPEND_ANNOTATION: &str = "bulla.dev/suspend";
/// On a resource: keys of `template.data` that are plain on purpose, separated by commas.
pub const PLAIN_ANNOTATION: &str = "bulla.dev/plain";
/// On a resource: any new value asks for a reconcile now; it comes back as `status.lastHandledReconcileAt`.
pub const REQUESTED_AT_ANNOTATION: &str = "reconcile.fluxcd.io/requestedAt";
/// On a key Secret: the name of its `SealingKey`.
pub const SEALING_KEY_LABEL: &str = "bulla.dev/sealing-key";
