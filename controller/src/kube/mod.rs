//! The world of Kubernetes: caches, queue, lease, sealing keys, and the program that runs them.
//!
//! ```text
//! api server ─ api ─▶ watch ─▶ mirror (caches) ─ names ─▶ work/queue ─▶ work ─ engine over world ─▶ api/fence ─▶ api server
//!                                 └▶ keys: SealingKeys and their Secrets ─▶ key rings ─▶ work
//! control thread: lease ─▶ api/fence (closes by itself) ─▶ every write; http: health, metrics
//! ```
//!
//! | Module | Subject |
//! |---|---|
//! | `run`, `args`, `hardening` | the process: flags, threads, start and end |
//! | `cluster` | what all parts share |
//! | `api` | connections and requests to the API server, and the fence that no write passes without the lease |
//! | `lease`, `backoff` | leader election; delays between attempts |
//! | `watch`, `mirror` | what is followed, and what is kept of it |
//! | `work` | the queue, the workers, and the threads that open |
//! | `kind` | what differs between `SecretEnvelope`, `SealedSecret` and `SopsSecret` |
//! | `world` | the engine's port: reads and writes of Secrets and statuses |
//! | `keys` | sealing keys of both families: made, bound to their Secrets, published |
//! | `telemetry`, `http` | Events, log, metrics; probes and the endpoints of Sealed Secrets |
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

mod api;
mod args;
mod backoff;
mod cluster;
mod hardening;
mod http;
mod keys;
mod kind;
mod lease;
mod mirror;
mod run;
#[cfg(test)]
mod stand_in;
mod telemetry;
mod watch;
mod work;
mod world;

pub use api::transport::TransportError;
pub use args::{Args, ExportTarget, LogFormat, SealedSecretsArgs};
pub use run::{RunError, run};

/// Under which name the API server keeps what is ours.
const FIELD_MANAGER: &str = "bulla";
