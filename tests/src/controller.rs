//! `bulla-controller` as a process: its flags, its probes and metrics, and what the audit log knows of it.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    process::Command,
    time::Duration,
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;

use crate::{
    Cluster, Process,
    cluster::{AuditEvent, free_port},
    http,
    metrics::Metrics,
    programs, wait,
};

/// A running controller. Dropping it ends it.
#[derive(Debug)]
pub struct Controller {
    process: Process,
    address: SocketAddr,
    endpoints: SocketAddr,
    pod: String,
    token_id: String,
}

impl Controller {
    /// Starts a controller of `namespace` that calls itself `pod` and uses this token, and waits until it answers its
    /// probes.
    pub(crate) fn start(
        cluster: &Cluster,
        namespace: &str,
        pod: &str,
        token: &str,
        flags: &[&str],
    ) -> Self {
        let [address, endpoints] =
            [free_port(), free_port()].map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
        let mut command = Command::new(programs::controller());
        command
            .env_clear()
            .env("KUBECONFIG", cluster.kubeconfig_for_token(pod, token))
            .env("BULLA_NAMESPACE", namespace)
            .env("BULLA_POD_NAME", pod)
            .env("RUST_BACKTRACE", "1")
            .args(["--listen", &address.to_string()])
            .args(["--listen-addr", &endpoints.to_string()])
            .args(flags);
        let controller = Self {
            process: Process::start(pod, command, cluster.logs()),
            address,
            endpoints,
            pod: pod.to_owned(),
            token_id: token_id(token),
        };
        wait::eventually_blocking(&format!("{pod} is alive"), DEADLINE, || {
            (controller.get("/healthz")?.0 == 200).then_some(())
        });
        controller
    }

    /// Returns the process.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// Returns where the endpoints of Sealed Secrets are, with `--sealed-secrets`.
    pub fn endpoints(&self) -> SocketAddr {
        self.endpoints
    }

    /// Returns what it calls itself.
    pub fn pod(&self) -> &str {
        &self.pod
    }

    /// Returns all that it has logged.
    pub fn log(&self) -> String {
        self.process.output()
    }

    /// Returns the file that it logs to.
    pub fn log_file(&self) -> &Path {
        self.process.stderr()
    }

    /// Sends `GET path` to its HTTP server; nothing when there is no answer.
    pub fn get(&self, path: &str) -> Option<(u16, String)> {
        http::get(self.address, path).ok()
    }

    /// Scrapes its metrics.
    ///
    /// # Panics
    ///
    /// If it does not answer.
    pub fn metrics(&self) -> Metrics {
        let answer = self.get("/metrics");
        let (code, text) = answer.unwrap_or_else(|| panic!("{} answers no scrape", self.pod));
        assert_eq!(code, 200, "{text}");
        Metrics::parse(&text)
    }

    /// Waits until its metrics satisfy `condition`.
    ///
    /// # Panics
    ///
    /// If they do not in time; the message quotes them.
    pub async fn until_metrics(&self, what: &str, condition: impl Fn(&Metrics) -> bool) -> Metrics {
        let mut last = Metrics::default();
        let waiting = wait::eventually(what, DEADLINE * 2, async || {
            last = self.metrics();
            condition(&last).then(|| last.clone())
        });
        match tokio::time::timeout(DEADLINE, waiting).await {
            Ok(metrics) => metrics,
            Err(_) => panic!("waited in vain until {what}:\n{}", last.text()),
        }
    }

    /// Tells whether this very process made a request: no two of them have the same token.
    pub fn asked(&self, event: &AuditEvent) -> bool {
        event.user.used_token(&self.token_id)
    }
}

/// Returns the `jti` claim of a ServiceAccount's token.
fn token_id(token: &str) -> String {
    let claims = token.split('.').nth(1).unwrap_or_default();
    let claims = URL_SAFE_NO_PAD.decode(claims).unwrap_or_default();
    let claims: Value = serde_json::from_slice(&claims).expect("a token is a JWT");
    claims["jti"]
        .as_str()
        .expect("the API server numbers its tokens")
        .to_owned()
}

const DEADLINE: Duration = Duration::from_secs(60);
