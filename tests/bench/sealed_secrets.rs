//! Our controller and Sealed Secrets' own, one after the other, on one API server with the same keys and objects.

mod objects;

use std::process::Command;
use std::time::{Duration, Instant};

use bulla_core::plaintext::Plaintext;
use bulla_core::sealed_secrets::{Label, RsaKeyRing, SealedItem, Search};
use bulla_tests::{Audit, Cluster, Options, Process, SealedSecretsController, programs, target};
use k8s_openapi::api::core::v1::Secret;
use kube::api::ListParams;
use kube::{Api, Client};

use self::objects::{Keys, OBJECTS, VALUES};
use crate::machine::{cpu_seconds, memory_mib};
use crate::metrics::{scrape, sum};
use crate::table::Table;

const MANY: usize = 2000;
const KEYS: usize = 31;
const PORT: u16 = 19_482;
const HOME: &str = "bulla-system";
const THEIR_HOME: &str = "sealed-secrets";
const PATIENCE: Duration = Duration::from_secs(600);

pub(crate) async fn run(table: &mut Table) {
    let operation = private_operation();
    table.beside(
        "one private RSA-4096 operation, here",
        format!("{:.2} ms", operation * 1000.0),
    );
    let bench = Bench::start().await;
    let mut keys = Keys::default();
    bench.add_keys(&mut keys, 1).await;
    objects::create(&bench.client, "one", OBJECTS, |_| keys.newest()).await;
    let ours = bench.ours("one").await;
    bench.forget("one").await;
    objects::create(&bench.client, "one", OBJECTS, |_| keys.newest()).await;
    let theirs = bench.theirs("one").await;
    bench.forget("one").await;
    let factor = theirs.seconds / ours.seconds;
    table.goal(
        "500 SealedSecrets × 4 values (RSA-4096), fresh controller, until every Secret exists",
        format!(
            "{:.1} s, theirs without its rate limit {:.1} s: {factor:.1} times",
            ours.seconds, theirs.seconds
        ),
        "≥ 4 times with AVX512-IFMA, ≥ 2 times without",
        factor >= if has_ifma() { 4.0 } else { 2.0 },
    );
    table.beside(
        "processor time of the controllers for that",
        format!("{:.1} s, theirs {:.1} s", ours.cpu, theirs.cpu),
    );
    let envelope = 4.0 * operation;
    let each = ours.cpu / OBJECTS as f64;
    table.goal(
        "processor time of our controller per object",
        format!(
            "{:.2} ms, of which {:.2} ms are private operations",
            each * 1000.0,
            envelope * 1000.0
        ),
        "≤ 1.3 × four private operations + what bare writes cost (taken as 1 ms)",
        each <= 1.3 * envelope + 0.001,
    );
    table.goal(
        "resident memory after 500 objects",
        format!("{:.0} MiB, theirs {:.0} MiB", ours.memory, theirs.memory),
        "≤ ⅔ of theirs",
        ours.memory <= theirs.memory * 2.0 / 3.0,
    );

    bench.add_keys(&mut keys, KEYS - 1).await;
    objects::create(&bench.client, "newest", OBJECTS, |_| keys.newest()).await;
    let newest = bench.ours("newest").await;
    bench.forget("newest").await;
    let slower = newest.seconds / ours.seconds;
    table.goal(
        "the same with 31 keys in place, all sealed by the newest",
        format!("{:.1} s: {slower:.2} times", newest.seconds),
        "≤ 1.3 times one key",
        slower <= 1.3,
    );
    objects::create(&bench.client, "spread", OBJECTS, |n| keys.nth(n)).await;
    let spread = bench.ours("spread").await;
    let operations = spread.operations / OBJECTS as f64;
    // One search for the key in each object, and three values that it opens at once.
    let expected = (KEYS as f64 + 1.0) / 2.0 + (VALUES as f64 - 1.0);
    table.goal(
        "31 keys, objects spread evenly over them, first pass",
        format!(
            "{:.1} s, {operations:.1} private operations an object",
            spread.seconds
        ),
        &format!("≤ {expected:.1} private operations an object"),
        operations <= expected * 1.02,
    );
    objects::change_one_value(&bench.client, "spread", |n| keys.nth(n)).await;
    let changed = bench.ours("spread").await;
    let slower = changed.seconds / ours.seconds;
    table.goal(
        "each of those changed in one value, after a restart",
        format!(
            "{:.1} s: {slower:.2} times, {:.1} private operations an object",
            changed.seconds,
            changed.operations / OBJECTS as f64
        ),
        "≤ 1.3 times one key",
        slower <= 1.3,
    );
    objects::create(&bench.client, "many", MANY - OBJECTS, |_| keys.newest()).await;
    bench.ours("many").await;
    let again = bench.ours("many").await;
    table.goal(
        "restart with 2,000 unchanged SealedSecrets",
        format!("{} private operations", again.operations),
        "0",
        again.operations == 0.0,
    );
}

/// What a run took.
struct Run {
    seconds: f64,
    cpu: f64,
    memory: f64,
    operations: f64,
}

struct Bench {
    cluster: Cluster,
    client: Client,
    token: String,
}

impl Bench {
    async fn start() -> Self {
        let cluster = Cluster::start(Options {
            audit: Audit::Off,
            controller_manager: false,
            ..Options::default()
        });
        let path = |name: &str| target::workspace().join(name).display().to_string();
        cluster.kubectl_ok(&["apply", "-k", &path("deploy")]);
        cluster.kubectl_ok(&["apply", "-f", &path("deploy/crds/sealedsecrets.yaml")]);
        cluster.kubectl_ok(&["wait", "--for=condition=Established", "crd", "--all"]);
        cluster.kubectl_ok(&["create", "namespace", THEIR_HOME]);
        // Both with the same rights: it is not their roles that are measured.
        let admin = format!("--serviceaccount={HOME}:bulla-controller");
        cluster.kubectl_ok(&[
            "create",
            "clusterrolebinding",
            "bench",
            "--clusterrole=cluster-admin",
            &admin,
        ]);
        let token = cluster.service_account_token(HOME, "bulla-controller");
        let client = cluster.client().await;
        Self {
            cluster,
            client,
            token,
        }
    }

    /// Makes more keys, newer ones last, and puts them where both controllers look.
    async fn add_keys(&self, keys: &mut Keys, count: usize) {
        for _ in 0..count {
            let secret = keys.add();
            for home in [HOME, THEIR_HOME] {
                objects::create_key(&self.client, home, &secret).await;
            }
        }
    }

    /// Starts our controller, waits until it has looked at everything in `namespace`, and stops it.
    async fn ours(&self, namespace: &str) -> Run {
        let expected = objects::count(&self.client, namespace).await;
        let start = Instant::now();
        let mut command = Command::new(programs::controller());
        command
            .env(
                "KUBECONFIG",
                self.cluster.kubeconfig_for_token("bench", &self.token),
            )
            .env("BULLA_NAMESPACE", HOME)
            .env("BULLA_LISTEN", format!("127.0.0.1:{PORT}"))
            .args(["--sealed-secrets", "--watch-namespaces", namespace]);
        let mut controller = Process::start("controller", command, self.cluster.scratch());
        let text = loop {
            let text = scrape(PORT).unwrap_or_default();
            let looked_at = sum(
                &text,
                "bulla_reconciles_total{kind=\"SealedSecret\",outcome=\"Ready\"}",
            );
            let done = looked_at >= expected as f64 && sum(&text, "bulla_queue_depth") == 0.0;
            // A resource may be looked at twice while another is still being written.
            if done && self.secrets(namespace).await >= expected {
                break text;
            }
            assert!(start.elapsed() < PATIENCE, "{}", controller.tail());
            tokio::time::sleep(POLL).await;
        };
        let run = self
            .measured(start, controller.id(), namespace, expected)
            .await;
        controller.term();
        controller.wait(PATIENCE);
        Run {
            operations: sum(&text, "bulla_private_operations_total"),
            ..run
        }
    }

    /// The same with theirs, without its client's rate limit.
    async fn theirs(&self, namespace: &str) -> Run {
        let expected = objects::count(&self.client, namespace).await;
        let start = Instant::now();
        let flags = ["--kubeclient-qps=5000", "--kubeclient-burst=5000"];
        let token = self.cluster.service_account_token(HOME, "bulla-controller");
        let mut controller =
            SealedSecretsController::start(&self.cluster, THEIR_HOME, &token, &flags);
        while self.secrets(namespace).await < expected {
            assert!(
                start.elapsed() < PATIENCE,
                "{}",
                controller.process().tail()
            );
            tokio::time::sleep(POLL).await;
        }
        let id = controller.process().id();
        let run = self.measured(start, id, namespace, expected).await;
        controller.process().term();
        controller.process().wait(PATIENCE);
        run
    }

    async fn measured(&self, start: Instant, id: u32, namespace: &str, expected: usize) -> Run {
        let seconds = start.elapsed().as_secs_f64();
        assert_eq!(
            self.secrets(namespace).await,
            expected,
            "every Secret is there"
        );
        let run = Run {
            seconds,
            cpu: cpu_seconds(id).unwrap_or(f64::NAN),
            memory: memory_mib(id, "VmRSS").unwrap_or(f64::NAN),
            operations: 0.0,
        };
        eprintln!(
            "{namespace}: {:.2} s, {:.2} s of processor time, {:.0} MiB",
            run.seconds, run.cpu, run.memory
        );
        run
    }

    async fn secrets(&self, namespace: &str) -> usize {
        let api: Api<Secret> = Api::namespaced(self.client.clone(), namespace);
        let list = api.list_metadata(&ListParams::default()).await;
        list.expect("a list").items.len()
    }

    /// Deletes what is in `namespace`.
    async fn forget(&self, namespace: &str) {
        objects::delete(&self.client, namespace).await;
    }
}

/// Seconds of one private operation, on one thread.
fn private_operation() -> f64 {
    let key = objects::key();
    let value = Plaintext::from(&b"x"[..]);
    let label = Label::cluster();
    let item = SealedItem::seal(key.public(), &label, &value, &mut rand_core::OsRng);
    let item = item.expect("it seals");
    let ring = RsaKeyRing::new(vec![key]);
    let start = Instant::now();
    for _ in 0..OPERATIONS {
        let opened = ring.open(&item, &label, &mut Search::default());
        std::hint::black_box(opened.expect("it opens"));
    }
    start.elapsed().as_secs_f64() / f64::from(OPERATIONS)
}

/// Whether the processor multiplies large numbers 52 bits at a time.
fn has_ifma() -> bool {
    std::fs::read_to_string("/proc/cpuinfo").is_ok_and(|text| text.contains("avx512ifma"))
}

const OPERATIONS: u32 = 300;
const POLL: Duration = Duration::from_millis(50);
