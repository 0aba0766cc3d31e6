//! `deploy/` applied to a cluster, and the controller run as it says: with that ServiceAccount, and no more rights.
//!
//! There is no kubelet, so the controller is a process of the test's own; all else is what users apply.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use crate::{Cluster, Controller, target, wait};

/// A cluster to which `deploy/` was applied.
#[derive(Debug)]
pub struct Deployment<'c> {
    cluster: &'c Cluster,
    namespace: &'static str,
    started: AtomicUsize,
}

impl<'c> Deployment<'c> {
    /// Applies `deploy/` and waits until its definitions are served.
    ///
    /// # Panics
    ///
    /// If the API server refuses.
    pub fn install(cluster: &'c Cluster) -> Self {
        Self::install_from(cluster, "deploy")
    }

    /// Applies another folder of `deploy/`.
    ///
    /// # Panics
    ///
    /// If the API server refuses.
    pub fn install_from(cluster: &'c Cluster, folder: &str) -> Self {
        Self::install_into(cluster, folder, NAMESPACE)
    }

    /// Applies a folder of `deploy/` that puts the controller into `namespace`.
    ///
    /// # Panics
    ///
    /// If the API server refuses.
    pub fn install_into(cluster: &'c Cluster, folder: &str, namespace: &'static str) -> Self {
        let deploy = target::workspace().join(folder).display().to_string();
        cluster.kubectl_ok(&["apply", "-k", &deploy]);
        cluster.kubectl_ok(&["wait", "--for=condition=Established", "crd", "--all"]);
        wait::eventually_blocking("the resources are served", DEADLINE, || {
            let served = cluster.kubectl(&["get", "sealingkeys,secretenvelopes", "-A"]);
            served.status.success().then_some(())
        });
        Self {
            cluster,
            namespace,
            started: AtomicUsize::new(0),
        }
    }

    /// Returns the cluster.
    pub fn cluster(&self) -> &'c Cluster {
        self.cluster
    }

    /// Starts a controller with more flags than it has by default, and waits until it answers.
    pub fn start(&self, flags: &[&str]) -> Controller {
        let number = self.started.fetch_add(1, Ordering::Relaxed);
        let pod = format!("bulla-controller-{number}");
        let token = self
            .cluster
            .service_account_token(self.namespace, SERVICE_ACCOUNT);
        Controller::start(self.cluster, self.namespace, &pod, &token, flags)
    }
}

/// The namespace of the controller and its keys, as `deploy/` has it.
pub const NAMESPACE: &str = "bulla-system";
const SERVICE_ACCOUNT: &str = "bulla-controller";
const DEADLINE: Duration = Duration::from_secs(30);
