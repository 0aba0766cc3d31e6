//! The world of Kubernetes: caches, queue, lease, sealing keys, and the program that runs them.
//!
//! ```text
//! feeds ─ watch ─▶ mirror (caches) ─ names ─▶ queue ─▶ work ─ engine over world ─▶ FencedRest ─▶ API server
//!                       └▶ keys (Keeper): SealingKeys + key Secrets ─▶ key ring ─▶ work
//! control thread: lease ─▶ fence (closes by itself) ─▶ every write; http: health, metrics
//! ```
//!
//! # What it asks of the API server
//!
//! `deploy/base/rbac.yaml` grants exactly this.
//!
//! | Resource | Verbs | Why |
//! |---|---|---|
//! | secretenvelopes | list, watch | what to open |
//! | secretenvelopes/status | patch | conditions and the record of what was applied |
//! | secrets | list, watch | drift, by metadata only; in the own namespace, key Secrets with their content |
//! | secrets | get | the one Secret whose resource version is not the recorded one; the key of the records |
//! | secrets | create, patch, delete | making, mending and replacing Secrets; key Secrets; the key of the records |
//! | secrets (of `--export-age-secret`) | get, create, patch | the identities, for Flux |
//! | sealingkeys | list, watch, create, patch | the keys, new ones, their finalizer |
//! | sealingkeys/status | patch | public key, use, conditions |
//! | events (events.k8s.io) | create | transitions; those of sealing keys in `default` |
//! | leases (own namespace) | get, create, update | leader election |
//! | pods (own namespace) | get, list | with SealedSecrets: whether the other controller is gone |
//! | sopssecrets | list, watch | with SopsSecrets: what to open |
//! | sopssecrets/status | patch | with SopsSecrets: message, conditions and records |
//! | secrets (own namespace) | list, watch | with SopsSecrets: identities, by their label |
//! | secrets | delete | with SopsSecrets: those that a resource no longer names |
//!
//! Oldest Kubernetes that is supported: 1.33.

mod age_identities;
mod args;
mod background;
mod backoff;
mod cluster;
mod connections;
mod diagnoses;
mod duration;
mod endpoints;
mod error;
mod events;
mod feeds;
mod fence;
mod hardening;
mod http;
mod keys;
mod kind;
mod lease;
mod live_secret;
mod logging;
mod metrics;
mod mirror;
mod openings;
mod queue;
mod record_key;
mod rest;
mod restraint;
mod rsa_keys;
mod run;
mod secret_body;
#[cfg(test)]
mod stand_in;
mod transport;
mod wanted;
mod watch;
mod work;
mod world;

pub use args::{Args, ExportTarget, LogFormat, SealedSecretsArgs};
pub use run::{RunError, run};
pub use transport::TransportError;

/// Under which name the API server keeps what is ours.
const FIELD_MANAGER: &str = "bulla";
