//! The controller in the place of Sealed Secrets' own, on a real API server: the real `kubeseal` works against it, and
//! what is known of Sealed Secrets' defects is absent.

mod attacks;
mod beside;
mod differences;
mod effort;
mod flags;
mod kubeseal;
mod metrics;
mod places;
mod reconcile;
mod reconciled;
mod rendering;
mod secrets;
mod upstream;

use std::sync::OnceLock;

use bulla_tests::{
    Cluster,
    sealed_secrets::{SealedSecrets, SealedTenant},
};

/// A cluster with a controller that nobody stops.
fn shared() -> &'static SealedSecrets<'static> {
    static SHARED: OnceLock<SealedSecrets<'static>> = OnceLock::new();
    SHARED.get_or_init(|| {
        let flags = ["--rate-limit", "1000", "--rate-limit-burst", "1000"];
        SealedSecrets::start(Cluster::shared(), &[OLD_KEY, NEW_KEY], &flags)
    })
}

/// A namespace on the shared cluster.
async fn tenant(prefix: &str) -> SealedTenant {
    shared().tenant(prefix).await
}

/// Two keys of the cluster. Neither need be the newest: the controller may have made one of its own.
const OLD_KEY: &str = "generated-2048";
const NEW_KEY: &str = "generated-2048-named";
/// A key that the cluster does not have.
const FOREIGN_KEY: &str = "generated-4096";
