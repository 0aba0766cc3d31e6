//! The servers of a cluster: what they need in files, and how each is started.

use std::{
    fs,
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use aws_lc_rs::{
    encoding::AsDer,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use base64::{Engine, engine::general_purpose::STANDARD};

use crate::{go::create_directory, process::Process};

use super::{Options, assets, egress::Egress};

/// Where a cluster listens and what its servers are told, which stays the same when one starts again.
#[derive(Debug)]
pub(super) struct Servers {
    directory: PathBuf,
    logs: PathBuf,
    etcd_port: u16,
    api_port: u16,
    admin_token: String,
    audited: bool,
    api_server_arguments: Vec<String>,
}

impl Servers {
    /// Picks ports and writes keys, the admin's token and the audit policy.
    pub(super) fn prepare(directory: &Path, options: &Options) -> Self {
        let servers = Self {
            directory: directory.to_path_buf(),
            logs: directory.join("logs"),
            etcd_port: free_port(),
            api_port: free_port(),
            admin_token: random_token(),
            audited: options.audit.policy().is_some(),
            api_server_arguments: options.api_server_arguments.clone(),
        };
        create_directory(&servers.logs);
        create_directory(&directory.join("home"));
        let [private, public] = service_account_keys();
        servers.write(SERVICE_ACCOUNT_KEY, private);
        servers.write(SERVICE_ACCOUNT_PUBLIC_KEY, public);
        servers.write(
            TOKENS,
            format!("{},admin,admin,\"system:masters\"\n", servers.admin_token),
        );
        servers.write(EGRESS, Egress::configuration(directory).to_string());
        if let Some(policy) = options.audit.policy() {
            servers.write(AUDIT_POLICY, policy.to_string());
        }
        servers
    }

    pub(super) fn start_etcd(&self) -> Process {
        let url = format!("http://127.0.0.1:{}", self.etcd_port);
        let mut command = Command::new(assets::program("etcd"));
        command
            .arg(format!("--data-dir={}", self.file("etcd")))
            .arg(format!("--listen-client-urls={url}"))
            .arg(format!("--advertise-client-urls={url}"))
            // A cluster of one has no peers, but etcd wants to listen for them.
            .args(["--listen-peer-urls=http://127.0.0.1:0", "--log-level=warn"])
            // The data is gone with the test, so what a power failure would lose does not matter.
            .arg("--unsafe-no-fsync");
        Process::start("etcd", command, &self.logs)
    }

    pub(super) fn start_api_server(&self) -> Process {
        let mut command = Command::new(assets::program("kube-apiserver"));
        command
            .arg(format!(
                "--etcd-servers=http://127.0.0.1:{}",
                self.etcd_port
            ))
            .args(["--bind-address=127.0.0.1", "--advertise-address=127.0.0.1"])
            .arg(format!("--secure-port={}", self.api_port))
            .arg(format!("--cert-dir={}", self.file(CERTIFICATES)))
            .arg(format!("--token-auth-file={}", self.file(TOKENS)))
            .arg(format!("--service-account-issuer={ISSUER}"))
            .arg(format!(
                "--service-account-key-file={}",
                self.file(SERVICE_ACCOUNT_PUBLIC_KEY)
            ))
            .arg(format!(
                "--service-account-signing-key-file={}",
                self.file(SERVICE_ACCOUNT_KEY)
            ))
            .args([
                "--authorization-mode=RBAC",
                "--service-cluster-ip-range=10.0.0.0/24",
            ])
            .arg(format!(
                "--egress-selector-config-file={}",
                self.file(EGRESS)
            ))
            // No Service need point at this API server, and an address on loopback would be refused there.
            .arg("--endpoint-reconciler-type=none")
            // Pods need no ServiceAccount of their own to be admitted.
            .arg("--disable-admission-plugins=ServiceAccount");
        if self.audited {
            command
                .arg(format!("--audit-policy-file={}", self.file(AUDIT_POLICY)))
                .arg(format!("--audit-log-path={}", self.audit_log().display()))
                // In megabytes. The default starts another file at 100.
                .arg("--audit-log-maxsize=10000");
        }
        command.args(&self.api_server_arguments);
        Process::start("kube-apiserver", command, &self.logs).with_grace(API_SERVER_GRACE)
    }

    pub(super) fn start_controller_manager(&self, kubeconfig: &Path) -> Process {
        let mut command = Command::new(assets::program("kube-controller-manager"));
        command
            .arg(format!("--kubeconfig={}", kubeconfig.display()))
            .args(["--leader-elect=false", "--secure-port=0"])
            .arg(format!("--controllers={CONTROLLERS}"));
        Process::start("kube-controller-manager", command, &self.logs).with_grace(API_SERVER_GRACE)
    }

    pub(super) fn url(&self) -> String {
        format!("https://127.0.0.1:{}", self.api_port)
    }

    pub(super) fn admin_token(&self) -> &str {
        &self.admin_token
    }

    pub(super) fn logs(&self) -> &Path {
        &self.logs
    }

    pub(super) fn audit_log(&self) -> PathBuf {
        self.directory.join("audit.log")
    }

    /// Returns the certificate that the API server made for itself at its first start, if it has yet.
    pub(super) fn certificate(&self) -> Option<Vec<u8>> {
        fs::read(self.directory.join(CERTIFICATES).join("apiserver.crt")).ok()
    }

    fn file(&self, name: &str) -> String {
        self.directory.join(name).display().to_string()
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.directory.join(name);
        fs::write(&path, content)
            .unwrap_or_else(|error| panic!("failed to write {}: {error}", path.display()));
    }
}

/// Returns a port that nothing listens on.
pub(crate) fn free_port() -> u16 {
    // Below the range of ephemeral ports: a client that retries while the API server is down could otherwise be
    // given that very port for its own end, and connect to itself.
    (0..1000)
        .map(|_| 20_000 + (crate::random_u32() % 12_000) as u16)
        .find(|&port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok())
        .expect("one of a thousand ports is free")
}

fn random_token() -> String {
    (0..8)
        .map(|_| format!("{:08x}", crate::random_u32()))
        .collect()
}

/// Makes the key pair that signs ServiceAccounts' tokens, in PEM: the private half, then the public one.
fn service_account_keys() -> [String; 2] {
    let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("the curve is known");
    let private = key.to_pkcs8v1().expect("a fresh key can be encoded");
    let public = key
        .public_key()
        .as_der()
        .expect("a fresh key can be encoded");
    [
        pem("PRIVATE KEY", private.as_ref()),
        pem("PUBLIC KEY", public.as_ref()),
    ]
}

fn pem(label: &str, der: &[u8]) -> String {
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        STANDARD.encode(der)
    )
}

const API_SERVER_GRACE: Duration = Duration::from_secs(2);
const AUDIT_POLICY: &str = "audit-policy.yaml";
const CERTIFICATES: &str = "certificates";
const CONTROLLERS: &str = "garbage-collector-controller,namespace-controller,serviceaccount-controller,\
    clusterrole-aggregation-controller";
const EGRESS: &str = "egress.yaml";
const ISSUER: &str = "https://kubernetes.default.svc";
const SERVICE_ACCOUNT_KEY: &str = "service-account.key";
const SERVICE_ACCOUNT_PUBLIC_KEY: &str = "service-account.pub";
const TOKENS: &str = "tokens.csv";
