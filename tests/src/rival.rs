//! Sealed Secrets' own controller as a process.
//!
//! It finds the API server as a pod does and no other way, so that it is given a pod's files, in a mount
//! namespace of its own.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    process::Command,
    time::Duration,
};

use crate::{Cluster, Process, cluster::free_port, http, metrics::Metrics, peers, wait};

/// A running controller of Sealed Secrets v0.40. Dropping it ends it.
#[derive(Debug)]
pub struct SealedSecretsController {
    process: Process,
    address: SocketAddr,
    metrics: SocketAddr,
}

impl SealedSecretsController {
    /// Starts it for `namespace` with the rights of `token`, and waits until it has a certificate.
    ///
    /// # Panics
    ///
    /// If it does not start, or the system has no mount namespaces.
    pub fn start(cluster: &Cluster, namespace: &str, token: &str, flags: &[&str]) -> Self {
        let [address, metrics] =
            [free_port(), free_port()].map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
        let account = cluster.scratch().join(format!("pod-{}", address.port()));
        let write = |name: &str, text: &[u8]| {
            fs::create_dir_all(&account)
                .and_then(|()| fs::write(account.join(name), text))
                .unwrap_or_else(|error| panic!("failed to write {name} of a pod: {error}"));
        };
        write("token", token.as_bytes());
        write("namespace", namespace.as_bytes());
        write("ca.crt", &cluster.certificate());
        let server: SocketAddr = cluster
            .url()
            .trim_start_matches("https://")
            .parse()
            .expect("the API server listens on an address of this machine");
        let mut command = Command::new("unshare");
        command
            .args(["--map-root-user", "--mount", "sh", "-ec", IN_A_POD, "pod"])
            .arg(&account)
            .arg(peers::sealed_secrets_controller())
            .args(["--listen-addr", &address.to_string()])
            .args(["--listen-metrics-addr", &metrics.to_string()])
            .args(flags)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("POD_NAMESPACE", namespace)
            .env("KUBERNETES_SERVICE_HOST", server.ip().to_string())
            .env("KUBERNETES_SERVICE_PORT", server.port().to_string());
        let name = format!("sealed-secrets-{}", address.port());
        let mut controller = Self {
            process: Process::start(&name, command, cluster.logs()),
            address,
            metrics,
        };
        wait::eventually_blocking("Sealed Secrets has a certificate", DEADLINE, || {
            if let Some(status) = controller.process.exit_status() {
                panic!("it ended with {status}: {}", controller.process.tail());
            }
            (http::get(address, "/v1/cert.pem").ok()?.0 == 200).then_some(())
        });
        controller
    }

    /// Returns the process.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// Sends `GET path` to its endpoints.
    ///
    /// # Panics
    ///
    /// If it does not answer.
    pub fn get(&self, path: &str) -> (u16, String) {
        http::get(self.address, path).expect("it answers")
    }

    /// Returns where it serves its endpoints.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the port of its endpoints.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Returns the certificate that it hands out now.
    ///
    /// # Panics
    ///
    /// If it does not answer.
    pub fn certificate(&self) -> String {
        self.get("/v1/cert.pem").1
    }

    /// Returns the file that it logs to.
    pub fn log_file(&self) -> &Path {
        self.process.stderr()
    }

    /// Scrapes its metrics.
    ///
    /// # Panics
    ///
    /// If it does not answer.
    pub fn metrics(&self) -> Metrics {
        let (code, text) = http::get(self.metrics, "/metrics").expect("it answers a scrape");
        assert_eq!(code, 200, "{text}");
        Metrics::parse(&text)
    }
}

/// `$1` holds the files of the ServiceAccount; the rest is the command.
const IN_A_POD: &str = "account=$1; shift
    mkdir -p /var/run
    mount -t tmpfs tmpfs /var/run
    mkdir -p /var/run/secrets/kubernetes.io
    cp -r \"$account\" /var/run/secrets/kubernetes.io/serviceaccount
    exec \"$@\"";
const DEADLINE: Duration = Duration::from_secs(60);
