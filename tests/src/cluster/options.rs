//! What a cluster is started with.

use serde_json::{Value, json};

/// What a cluster is started with.
#[derive(Clone, Debug)]
pub struct Options {
    /// What the API server writes down.
    pub audit: Audit,
    /// Whether to run the controller manager: garbage collection, namespaces and their ServiceAccounts.
    /// Without it a deleted namespace stays `Terminating`, and dependents stay when their owner goes.
    pub controller_manager: bool,
    /// More arguments for the API server, such as `--enable-admission-plugins=…`.
    pub api_server_arguments: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            audit: Audit::Requests,
            controller_manager: true,
            api_server_arguments: Vec::new(),
        }
    }
}

/// How much the API server writes to its audit log. Contents of Secrets and tokens are never written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audit {
    /// Nothing: for benchmarks.
    Off,
    /// Who did what; for what Bulla writes (its own resources, Events, Leases) the body of the request too.
    Requests,
    /// The bodies of all requests and responses: where a canary is looked for.
    Full,
}

impl Audit {
    /// Returns the audit policy, or `None` when nothing is to be written.
    pub(super) fn policy(self) -> Option<Value> {
        let secret = json!({"level": "Metadata", "resources": [
            {"group": "", "resources": ["secrets", "serviceaccounts/token"]},
            {"group": "authentication.k8s.io", "resources": ["tokenreviews"]},
        ]});
        let ours = json!({"level": "Request", "resources": [
            {"group": "bulla.dev"},
            {"group": "bitnami.com"},
            {"group": "isindir.github.com"},
            {"group": "", "resources": ["events"]},
            {"group": "events.k8s.io", "resources": ["events"]},
            {"group": "coordination.k8s.io", "resources": ["leases"]},
        ]});
        let rules = match self {
            Self::Off => return None,
            Self::Requests => json!([secret, ours, {"level": "Metadata"}]),
            Self::Full => json!([secret, {"level": "RequestResponse"}]),
        };
        Some(json!({
            "apiVersion": "audit.k8s.io/v1",
            "kind": "Policy",
            "omitStages": ["RequestReceived"],
            "rules": rules,
        }))
    }
}
