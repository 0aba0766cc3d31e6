//! Sealed Secrets' own controller on a cluster of the tests.
//!
//! It reads its credentials from where a pod has them and nowhere else, so it runs in a mount namespace of its
//! own in which that folder is there.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    process::Command,
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;

use crate::{Cluster, Process, cluster::free_port, http, peers, target, wait};

/// A running controller of Sealed Secrets. Dropping it ends it.
#[derive(Debug)]
pub struct SealedSecretsController {
    process: Process,
    address: SocketAddr,
}

impl SealedSecretsController {
    /// Applies the definition of `SealedSecret`, starts the controller in `namespace` with the rights of the
    /// admin, and waits until it has a certificate.
    ///
    /// # Panics
    ///
    /// If it does not come that far.
    pub fn start(cluster: &Cluster, namespace: &str, flags: &[&str]) -> Self {
        let definition = target::workspace().join("deploy/crds/sealedsecrets.yaml");
        cluster.kubectl_ok(&["apply", "-f", &definition.display().to_string()]);
        cluster.kubectl_ok(&["wait", "--for=condition=Established", "crd", "--all"]);
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
        let metrics = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
        let (host, port) = cluster
            .url()
            .strip_prefix("https://")
            .and_then(|url| url.split_once(':'))
            .map(|(host, port)| (host.to_owned(), port.to_owned()))
            .expect("the API server's address has a host and a port");
        let script = "mount -t tmpfs tmpfs /run && mkdir -p /run/secrets/kubernetes.io && \
                      cp -r \"$1\" /run/secrets/kubernetes.io/serviceaccount && shift && exec \"$@\"";
        let mut command = Command::new("unshare");
        command
            .args([
                "--user",
                "--map-root-user",
                "--mount",
                "sh",
                "-c",
                script,
                "sh",
            ])
            .arg(credentials(cluster, namespace))
            .arg(peers::sealed_secrets_controller())
            .args(["--listen-addr", &address.to_string()])
            .args(["--listen-metrics-addr", &metrics.to_string()])
            .args([
                "--key-size",
                "2048",
                "--rate-limit",
                "1000",
                "--rate-limit-burst",
                "1000",
            ])
            .args(flags)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("KUBERNETES_SERVICE_HOST", host)
            .env("KUBERNETES_SERVICE_PORT", port)
            .env("POD_NAMESPACE", namespace);
        let mut controller = Self {
            process: Process::start("sealed-secrets-controller", command, cluster.logs()),
            address,
        };
        wait::eventually_blocking("Sealed Secrets has a certificate", DEADLINE, || {
            assert_eq!(
                controller.process.exit_status(),
                None,
                "{}",
                controller.process.tail()
            );
            let answer = http::get(controller.address, "/v1/cert.pem").ok()?;
            (answer.0 == 200).then_some(())
        });
        controller
    }

    /// The port of its API.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The certificate that it seals with now.
    pub fn certificate(&self) -> String {
        let answer = http::get(self.address, "/v1/cert.pem");
        answer.expect("it answers").1
    }

    /// Returns the process.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }
}

/// The files that a pod would find.
fn credentials(cluster: &Cluster, namespace: &str) -> PathBuf {
    let kubeconfig = fs::read(cluster.admin_kubeconfig()).expect("the kubeconfig is there");
    let kubeconfig: Value = serde_json::from_slice(&kubeconfig).expect("it is JSON");
    let text = |pointer: &str| {
        let value = kubeconfig.pointer(pointer).and_then(Value::as_str);
        value.expect("the kubeconfig has it").to_owned()
    };
    let authority = text("/clusters/0/cluster/certificate-authority-data");
    let authority = STANDARD.decode(authority).expect("it is base64");
    let folder = cluster
        .scratch()
        .join(format!("pod-{:08x}", crate::random_u32()));
    let write = |name: &str, bytes: &[u8]| {
        fs::write(folder.join(name), bytes).expect("the folder takes files");
    };
    fs::create_dir_all(&folder).expect("the folder can be made");
    write("token", text("/users/0/user/token").as_bytes());
    write("ca.crt", &authority);
    write("namespace", namespace.as_bytes());
    folder
}

const DEADLINE: Duration = Duration::from_secs(60);
