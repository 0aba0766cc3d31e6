//! Flux' own kustomize-controller as a process, and the Kustomizations that it is given.
//!
//! There is no source-controller: the test hands over archives itself, by a GitRepository whose status it writes.

mod artifacts;
mod kustomization;

use std::{
    net::{Ipv4Addr, SocketAddr},
    process::Command,
    time::Duration,
};

use crate::{Cluster, Process, cluster::free_port, http, peers, wait};

use self::artifacts::Artifacts;

pub use self::{
    artifacts::Files,
    kustomization::{Kustomization, Outcome},
};

/// A running kustomize-controller v1.9.5 with its definitions installed. Dropping it ends it.
#[derive(Debug)]
pub struct Flux<'c> {
    cluster: &'c Cluster,
    process: Process,
    artifacts: Artifacts,
}

impl<'c> Flux<'c> {
    /// Installs the definitions and starts it with the rights of the admin, as Flux' own manifests do.
    ///
    /// `fallback` is the Secret of `--sops-age-secret` in [`RUNTIME_NAMESPACE`].
    ///
    /// # Panics
    ///
    /// If it does not start.
    pub fn start(cluster: &'c Cluster, fallback: &str) -> Self {
        for definition in peers::flux_definitions() {
            let definition = definition.display().to_string();
            cluster.kubectl_ok(&["apply", "--server-side", "-f", &definition]);
        }
        cluster.kubectl_ok(&["wait", "--for=condition=Established", "crd", "--all"]);
        cluster.kubectl_ok(&["create", "namespace", RUNTIME_NAMESPACE]);
        let health = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
        let temporary = cluster.scratch().join("kustomize-controller");
        std::fs::create_dir_all(&temporary)
            .unwrap_or_else(|error| panic!("failed to create {}: {error}", temporary.display()));
        let mut command = Command::new(peers::kustomize_controller());
        command
            .env_clear()
            .env("KUBECONFIG", cluster.admin_kubeconfig())
            .env("RUNTIME_NAMESPACE", RUNTIME_NAMESPACE)
            .env("HOME", &temporary)
            .env("TMPDIR", &temporary)
            .args(["--metrics-addr", "0", "--http-retry", "1"])
            .args(["--health-addr", &health.to_string()])
            .args(["--requeue-dependency", "1s", "--no-remote-bases"])
            .args(["--sops-age-secret", fallback]);
        let mut process = Process::start("kustomize-controller", command, cluster.logs());
        wait::eventually_blocking("kustomize-controller is ready", DEADLINE, || {
            if let Some(status) = process.exit_status() {
                panic!("it ended with {status}: {}", process.tail());
            }
            (http::get(health, "/readyz").ok()?.0 == 200).then_some(())
        });
        Self {
            cluster,
            process,
            artifacts: Artifacts::serve(),
        }
    }

    /// Returns the cluster.
    pub fn cluster(&self) -> &'c Cluster {
        self.cluster
    }

    /// Returns all that it has logged.
    pub fn log(&self) -> String {
        self.process.output()
    }
}

/// The namespace that it runs in, and takes the fallback key from.
pub const RUNTIME_NAMESPACE: &str = "flux-system";
const DEADLINE: Duration = Duration::from_secs(60);
