//! Ways into a cluster: kubeconfigs, tokens, `kubectl`, and a client.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
    thread,
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use kube::{
    Client, Config,
    config::{KubeConfigOptions, Kubeconfig},
};
use serde_json::{Value, json};

use crate::process;

use super::{Cluster, assets};

impl Cluster {
    /// Returns the kubeconfig of the admin, who may do anything.
    pub fn admin_kubeconfig(&self) -> PathBuf {
        self.kubeconfig_for_token("admin", self.servers.admin_token())
    }

    /// Writes a kubeconfig for a token and returns its path; `name` tells it from others.
    ///
    /// # Panics
    ///
    /// If it cannot be written.
    pub fn kubeconfig_for_token(&self, name: &str, token: &str) -> PathBuf {
        let path = self.scratch.path().join(format!("{name}.kubeconfig"));
        let certificate = STANDARD.encode(self.servers.certificate().unwrap_or_default());
        let kubeconfig = json!({
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "test", "cluster": {
                "server": self.url(), "certificate-authority-data": certificate,
            }}],
            "users": [{"name": name, "user": {"token": token}}],
            "contexts": [{"name": name, "context": {"cluster": "test", "user": name}}],
            "current-context": name,
        });
        // Whole or not at all: another thread may be reading the one from before.
        let unfinished = path.with_extension(format!("{:08x}", crate::random_u32()));
        fs::write(&unfinished, kubeconfig.to_string())
            .and_then(|()| fs::rename(&unfinished, &path))
            .unwrap_or_else(|error| panic!("failed to write {}: {error}", path.display()));
        path
    }

    /// Returns the token of the cluster's admin.
    ///
    /// # Panics
    ///
    /// If the admin's kubeconfig has none.
    pub fn admin_token(&self) -> String {
        let kubeconfig =
            fs::read(self.admin_kubeconfig()).expect("the admin's kubeconfig is there");
        let kubeconfig: Value = serde_json::from_slice(&kubeconfig).expect("it is JSON");
        let token = kubeconfig.pointer("/users/0/user/token");
        token
            .and_then(Value::as_str)
            .expect("it has a token")
            .to_owned()
    }

    /// Returns a token of an existing ServiceAccount, by `kubectl create token`.
    ///
    /// # Panics
    ///
    /// If the API server gives none.
    pub fn service_account_token(&self, namespace: &str, name: &str) -> String {
        self.kubectl_ok(&["create", "token", name, "--namespace", namespace])
            .trim()
            .to_owned()
    }

    /// Creates a namespace that no other test has, whose name begins with `prefix`, and returns the name.
    ///
    /// # Panics
    ///
    /// If the API server refuses.
    pub fn fresh_namespace(&self, prefix: &str) -> String {
        let name = format!("{prefix}-{:08x}", crate::random_u32());
        self.kubectl_ok(&["create", "namespace", &name]);
        name
    }

    /// Applies manifests as the admin.
    ///
    /// # Panics
    ///
    /// If `kubectl apply` fails.
    pub fn apply(&self, manifests: &str) {
        let output = self.kubectl_with_stdin(&["apply", "-f", "-"], manifests);
        assert!(
            output.status.success(),
            "failed to apply: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }

    /// Runs `kubectl` as the admin.
    pub fn kubectl(&self, arguments: &[&str]) -> Output {
        self.kubectl_with_stdin(arguments, "")
    }

    /// Runs `kubectl` as the admin and returns what it printed.
    ///
    /// # Panics
    ///
    /// If it fails.
    pub fn kubectl_ok(&self, arguments: &[&str]) -> String {
        let output = self.kubectl(arguments);
        assert!(
            output.status.success(),
            "`kubectl {}` failed: {}",
            arguments.join(" "),
            String::from_utf8_lossy(&output.stderr),
        );
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Runs `kubectl` as the admin with an input.
    pub fn kubectl_with_stdin(&self, arguments: &[&str], input: &str) -> Output {
        self.kubectl_as(&self.admin_kubeconfig(), arguments, input)
    }

    /// Runs `kubectl` with another kubeconfig and an input.
    pub fn kubectl_as(&self, kubeconfig: &Path, arguments: &[&str], input: &str) -> Output {
        let mut command = Command::new(self.kubectl_path());
        command
            .args(arguments)
            .env("KUBECONFIG", kubeconfig)
            .env("HOME", self.scratch.path().join("home"));
        process::run(command, input.as_bytes())
    }

    /// Returns the path of `kubectl`, for programs that find it by `PATH`.
    pub fn kubectl_path(&self) -> PathBuf {
        assets::program("kubectl")
    }

    /// Returns a client of the admin's, for the runtime that it is called in.
    ///
    /// # Panics
    ///
    /// If none can be made.
    pub async fn client(&self) -> Client {
        self.client_with(&self.admin_kubeconfig()).await
    }

    /// Returns a client with another kubeconfig, for the runtime that it is called in.
    ///
    /// # Panics
    ///
    /// If none can be made of the kubeconfig.
    pub async fn client_with(&self, kubeconfig: &Path) -> Client {
        match client(kubeconfig).await {
            Ok(client) => client,
            Err(error) => panic!(
                "failed to make a client of {}: {error}",
                kubeconfig.display()
            ),
        }
    }

    /// Asks the API server once whether it is ready, and whether its first namespaces are there.
    pub(super) fn is_ready(&self) -> bool {
        if self.servers.certificate().is_none() {
            return false;
        }
        let kubeconfig = self.admin_kubeconfig();
        let asking = async {
            let client = client(&kubeconfig).await?;
            for path in ["/readyz", "/api/v1/namespaces/default"] {
                client
                    .request_text(http::Request::get(path).body(Vec::new())?)
                    .await?;
            }
            Ok::<_, Box<dyn std::error::Error>>(())
        };
        // A thread of its own, as the caller may be in a runtime already.
        thread::scope(|scope| scope.spawn(|| block_on(asking)).join()).unwrap_or(false)
    }
}

async fn client(kubeconfig: &Path) -> Result<Client, Box<dyn std::error::Error>> {
    let kubeconfig = Kubeconfig::read_from(kubeconfig)?;
    let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await?;
    Ok(Client::try_from(config)?)
}

fn block_on<T, E>(future: impl Future<Output = Result<T, E>>) -> bool {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.is_ok_and(|runtime| {
        runtime.block_on(async {
            matches!(
                tokio::time::timeout(ASKING_DEADLINE, future).await,
                Ok(Ok(_))
            )
        })
    })
}

const ASKING_DEADLINE: Duration = Duration::from_secs(2);
