//! The controller end to end, on a real API server, with the rights that `deploy/` gives it and no others.
//!
//! Most tests share one cluster with one controller, and keep apart by namespace. The tests in [`alone`] stop
//! and start controllers, keys and the API server: they take turns on a cluster of their own.

mod alone;
mod delivery;
mod healing;
mod keys;
mod namespaced;
mod ownership;
mod probes;
mod refusals;
mod roles;
mod sealed_secrets;
mod sops_secrets;
mod status;

use std::sync::OnceLock;

use bulla_tests::{Cluster, Controller, Deployment, Tenant};

/// A cluster with a controller that nobody stops.
struct Shared {
    deployment: Deployment<'static>,
    controller: Controller,
}

fn shared() -> &'static Shared {
    static SHARED: OnceLock<Shared> = OnceLock::new();
    SHARED.get_or_init(|| {
        let deployment = Deployment::install(Cluster::shared());
        let controller = deployment.start(&[]);
        Shared {
            deployment,
            controller,
        }
    })
}

/// A namespace on the shared cluster.
async fn tenant(prefix: &str) -> Tenant {
    Tenant::new(shared().deployment.cluster(), prefix).await
}
