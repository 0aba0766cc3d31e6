//! The controller on a real API server, beside a bare client that makes the same writes.

use std::process::Command;
use std::time::{Duration, Instant};

use bulla_core::api::{SealingKey, SecretEnvelope};
use bulla_core::recipient::Recipient;
use bulla_tests::{Audit, Cluster, Options, Process, programs, target, wait};
use k8s_openapi::api::core::v1::Secret;
use kube::api::ListParams;
use kube::{Api, Client};

use crate::bare;
use crate::fixture::{create, envelopes};
use crate::machine::{cpu_seconds, median, memory_mib};
use crate::metrics::{scrape, sum};
use crate::table::Table;

const ENVELOPES: usize = 500;
const MANY: usize = 2000;
const ROUNDS: usize = 3;
const PORT: u16 = 19_480;
/// Envelopes that are as they should be.
const APPLIED: &str = "bulla_resources{kind=\"SecretEnvelope\",reason=\"Applied\"}";
const POLL: Duration = Duration::from_millis(20);
const PATIENCE: Duration = Duration::from_secs(300);

pub(crate) async fn run(table: &mut Table) {
    let bench = Bench::start().await;
    let (mut ours, mut theirs, mut bare_secrets) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let (namespace, twin) = (format!("ours-{round}"), format!("bare-{round}"));
        bench.seal_into(&namespace, ENVELOPES).await;
        let took = bench.converge().await;
        ours.push(ENVELOPES as f64 / took);
        let bodies = bare::bodies(&bench.client, &namespace, &twin).await;
        theirs.push(bare::rate(&bench.client, &bodies, bare::Writes::All).await);
        bare::clear(&bench.client, &twin).await;
        bare_secrets.push(bare::rate(&bench.client, &bodies, bare::Writes::Secrets).await);
        for namespace in [&namespace, &twin] {
            bare::clear_all(&bench.client, namespace).await;
        }
        eprintln!(
            "round {} of {ROUNDS}: {:.0}/s, bare {:.0}/s",
            round + 1,
            ours[round],
            theirs[round]
        );
    }
    let ratios = ours.iter().zip(&theirs).map(|(a, b)| a / b).collect();
    let ratio = median(ratios);
    table.goal(
        "500 post-quantum envelopes × 4 values, controller started after they are applied, until every Secret exists and every envelope is Ready",
        format!("{:.0}/s, {:.0} % of bare writes", median(ours.clone()), ratio * 100.0),
        "≥ 80 % of bare writes of Secret, status and Event",
        ratio >= 0.8,
    );
    table.beside(
        "the same writes (Secret, status, Event) by a bare client, 16 at a time",
        format!("{:.0}/s", median(theirs)),
    );
    table.beside(
        "Secrets alone by a bare client",
        format!("{:.0}/s", median(bare_secrets)),
    );
    bench.many(table).await;
}

struct Bench {
    cluster: Cluster,
    client: Client,
    token: String,
    recipient: Recipient,
}

impl Bench {
    async fn start() -> Self {
        let cluster = Cluster::start(Options {
            audit: Audit::Off,
            controller_manager: false,
            ..Options::default()
        });
        let deploy = target::workspace().join("deploy").display().to_string();
        cluster.kubectl_ok(&["apply", "-k", &deploy]);
        cluster.kubectl_ok(&[
            "wait",
            "--for=condition=Established",
            "crd",
            "--all",
            "--timeout=30s",
        ]);
        let token = cluster.service_account_token("bulla-system", "bulla-controller");
        let client = cluster.client().await;
        let mut controller = controller(&cluster, &token);
        let keys: Api<SealingKey> = Api::all(client.clone());
        let text = wait::eventually("a sealing key", PATIENCE, async || {
            let keys = keys.list(&ListParams::default()).await.ok()?;
            keys.items
                .into_iter()
                .find_map(|key| key.status?.public_key)
        })
        .await;
        stop(&mut controller);
        let recipient = text.parse().expect("the status holds a recipient");
        Self {
            cluster,
            client,
            token,
            recipient,
        }
    }

    async fn seal_into(&self, namespace: &str, count: usize) {
        self.cluster.kubectl_ok(&["create", "namespace", namespace]);
        create(
            &self.client,
            namespace,
            envelopes(namespace, count, &self.recipient),
        )
        .await;
    }

    /// Starts the controller and returns the seconds until every envelope is Ready at its generation.
    ///
    /// The clock stops when the controller's gauge says so, which costs the API server nothing; whether it is true
    /// is asked of the API server afterwards.
    async fn converge(&self) -> f64 {
        let expected = self.count().await;
        let start = Instant::now();
        let mut controller = controller(&self.cluster, &self.token);
        loop {
            let text = scrape(PORT).unwrap_or_default();
            if sum(&text, APPLIED) >= expected as f64 {
                break;
            }
            assert!(start.elapsed() < PATIENCE, "{}", controller.tail());
            tokio::time::sleep(POLL).await;
        }
        let took = start.elapsed().as_secs_f64();
        let cpu = cpu_seconds(controller.id()).unwrap_or(f64::NAN);
        eprintln!("converged in {took:.2} s, with {cpu:.2} s of the controller's processor time");
        let api: Api<SecretEnvelope> = Api::all(self.client.clone());
        let envelopes = api.list(&ListParams::default()).await.expect("a list");
        let ready = envelopes.iter().filter(|e| is_ready(e)).count();
        assert_eq!(ready, expected, "every envelope is Ready");
        let secrets: Api<Secret> = Api::all(self.client.clone());
        let made = ListParams::default().labels("app.kubernetes.io/managed-by=bulla");
        let made = secrets.list_metadata(&made).await.expect("a list");
        assert!(made.items.len() >= expected, "every Secret is there");
        stop(&mut controller);
        took
    }

    async fn count(&self) -> usize {
        let api: Api<SecretEnvelope> = Api::all(self.client.clone());
        api.list_metadata(&ListParams::default())
            .await
            .expect("a list")
            .items
            .len()
    }

    /// Fills up to 2,000 envelopes; then memory, and a restart with nothing changed.
    async fn many(&self, table: &mut Table) {
        let there = self.count().await;
        self.seal_into("many", MANY - there).await;
        self.converge().await;
        let before = self.versions().await;
        let mut controller = controller(&self.cluster, &self.token);
        let figures = wait::eventually("every envelope to be looked at", PATIENCE, async || {
            let text = scrape(PORT)?;
            (sum(&text, "bulla_reconciles_total") >= MANY as f64
                && sum(&text, "bulla_queue_depth") == 0.0)
                .then_some(text)
        })
        .await;
        let after = self.versions().await;
        let changed = before.iter().zip(&after).filter(|(a, b)| a != b).count();
        let operations = sum(&figures, "bulla_private_operations_total");
        table.goal(
            "restart with 2,000 unchanged envelopes",
            format!(
                "{operations} private-key operations, {changed} of {} objects changed",
                after.len()
            ),
            "0 and 0",
            operations == 0.0 && changed == 0 && before.len() == after.len(),
        );
        let resident = memory_mib(controller.id(), "VmRSS").unwrap_or(f64::INFINITY);
        table.goal(
            "controller, resident memory at 2,000 envelopes",
            format!("{resident:.0} MiB"),
            "≤ 60 MiB",
            resident <= 60.0,
        );
        let peak = memory_mib(controller.id(), "VmHWM").unwrap_or(f64::INFINITY);
        table.beside("the same at its highest", format!("{peak:.0} MiB"));
        stop(&mut controller);
    }

    /// uid and resourceVersion of every envelope and Secret.
    async fn versions(&self) -> Vec<(Option<String>, Option<String>)> {
        let envelopes: Api<SecretEnvelope> = Api::all(self.client.clone());
        let secrets: Api<Secret> = Api::all(self.client.clone());
        let all = ListParams::default();
        let envelopes = envelopes
            .list_metadata(&all)
            .await
            .expect("a list")
            .items
            .into_iter()
            .map(|o| o.metadata);
        let secrets = secrets
            .list_metadata(&all)
            .await
            .expect("a list")
            .items
            .into_iter()
            .map(|o| o.metadata);
        envelopes
            .chain(secrets)
            .map(|meta| (meta.uid, meta.resource_version))
            .collect()
    }
}

fn controller(cluster: &Cluster, token: &str) -> Process {
    let mut command = Command::new(programs::controller());
    command
        .env("KUBECONFIG", cluster.kubeconfig_for_token("bench", token))
        .env("BULLA_NAMESPACE", "bulla-system")
        .env("BULLA_LISTEN", format!("127.0.0.1:{PORT}"));
    Process::start("controller", command, cluster.scratch())
}

fn stop(controller: &mut Process) {
    controller.term();
    controller.wait(PATIENCE);
}

fn is_ready(envelope: &SecretEnvelope) -> bool {
    let Some(status) = &envelope.status else {
        return false;
    };
    status.observed_generation == envelope.metadata.generation
        && status
            .conditions
            .iter()
            .any(|c| c.type_ == "Ready" && c.status == bulla_core::api::ConditionStatus::True)
}
