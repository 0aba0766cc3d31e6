//! Support for whole-program tests: a real Kubernetes control plane, the programs under test, the tools of
//! others, and the means to watch them all.
//!
//! It has no test doubles: where the real thing runs on loopback, the real thing is used. What goes wrong in
//! here is a failed test, so functions panic with what they were doing instead of returning errors.

pub mod canary;
pub mod cluster;
mod controller;
pub mod deployment;
pub mod difference;
mod fixture;
pub mod flux;
pub mod go;
pub mod http;
pub mod metrics;
pub mod peers;
pub mod process;
pub mod programs;
mod reaper;
mod repository;
pub mod rival;
pub mod sealed_secrets;
pub mod target;
pub mod tenant;
pub mod wait;

pub use canary::Canary;
pub use cluster::{Audit, Cluster, Options};
pub use controller::Controller;
pub use deployment::Deployment;
pub use fixture::Draft;
pub use flux::Flux;
pub use process::Process;
pub use repository::Repository;
pub use rival::SealedSecretsController;
pub use tenant::Tenant;

/// Returns 32 random bits.
pub(crate) fn random_u32() -> u32 {
    let mut bytes = [0; 4];
    getrandom::getrandom(&mut bytes).expect("the operating system has random bytes");
    u32::from_le_bytes(bytes)
}
