//! How keys of Sealed Secrets are made and told apart, as its own flags say.

use std::collections::BTreeMap;
use std::time::Duration;

use bulla_core::sealed_secrets::rotation::Policy;

/// The settings of the keeper.
#[derive(Debug, Clone)]
pub(in crate::kube) struct Settings {
    /// What the names of its Secrets begin with; the whole name of the oldest one.
    pub(in crate::kube) prefix: String,
    /// The size of a new key.
    pub(in crate::kube) bits: u32,
    /// How long a new certificate is valid.
    pub(in crate::kube) ttl: Duration,
    /// The common name of new certificates.
    pub(in crate::kube) common_name: String,
    pub(in crate::kube) policy: Policy,
    /// More annotations of new Secrets.
    pub(in crate::kube) annotations: BTreeMap<String, String>,
    /// More labels of new Secrets.
    pub(in crate::kube) labels: BTreeMap<String, String>,
    /// A key that appears later closes at once, as with Sealed Secrets itself.
    pub(in crate::kube) adopt_keys: bool,
    /// Start beside another controller.
    pub(in crate::kube) take_over: bool,
}
