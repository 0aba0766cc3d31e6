//! Puts the controller together and runs it until it is told to stop.
//!
//! Two threads matter: one renews the lease and answers health checks and does nothing else, so that no amount of work
//! delays them; the runtime of all the rest has a thread for each processor.

mod control;
mod leading;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use bulla_core::names::{NameError, Namespace};
use bulla_core::rotation::Policy;
use bulla_core::sealed_secrets::LegacyData;
use bulla_core::secret::SecretPolicy;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

use self::leading::lead;
use super::api::fence::Fence;
use super::api::transport::{Transport, TransportError};
use super::args::Args;
use super::backoff::{Backoff, jittered};
use super::cluster::{Beginning, Cluster};
use super::hardening;
use super::http::endpoints::{Endpoints, Rate};
use super::keys::age::Keeper;
use super::keys::rsa::RsaKeeper;
use super::keys::{Published, Publisher, age_identities};
use super::telemetry::logging;
use super::telemetry::metrics::Metrics;
use super::watch::feeds::Feeds;
use super::work::background::Background;
use super::work::diagnoses::Diagnoses;
use super::work::{Tools, work};
use crate::engine::Engine;

/// Why the controller did not start, or ended by itself.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Flags that contradict each other.
    #[error("{0}")]
    Usage(&'static str),
    /// A namespace that is none.
    #[error("a flag names no namespace")]
    Namespace(#[from] NameError),
    /// No API server.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The address for health and metrics, a signal or a thread can't be had.
    #[error("failed to set up the process")]
    Setup(#[from] std::io::Error),
    /// A part that runs for ever has ended.
    #[error("a part of the controller has ended unexpectedly; the log says which")]
    Ended,
}

/// Runs the controller.
///
/// # Errors
/// [`RunError`] by variant.
pub fn run(args: &Args) -> Result<(), RunError> {
    args.check().map_err(RunError::Usage)?;
    logging::start(args.log_format, args.log_level);
    hardening::start();
    let threads = std::thread::available_parallelism()
        .map_or(2, usize::from)
        .clamp(2, 8);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        .enable_all()
        .build()?;
    let result = runtime.block_on(controller(args));
    // Watches never end by themselves.
    runtime.shutdown_timeout(Duration::from_millis(100));
    result
}

async fn controller(args: &Args) -> Result<(), RunError> {
    let fence = Arc::new(Fence::default());
    let identity = identity(args);
    let transport = Transport::prepare(&identity, fence.clone(), args.request_timeout).await?;
    let namespace: Namespace = args
        .namespace
        .clone()
        .unwrap_or_else(|| transport.namespace.clone())
        .parse()?;
    let watched = args.watched(namespace.as_ref())?;
    let cluster = Arc::new(Cluster::new(Beginning {
        namespace: namespace.to_string(),
        identity,
        open: transport.open,
        fenced: transport.fenced,
        with_sealed_secrets: args.sealed_secrets,
        with_sops_secrets: args.sops_secrets,
        restraint: args.sealed_secrets_args.restraint(),
        retries: RETRIES,
        metrics: metrics(args),
        namespaces_watched: watched.len(),
    }));
    // Until this process leads.
    cluster.queue.pause(true);

    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let (lead, leading) = watch::channel(false);
    let mut startup = Startup {
        args,
        cluster: &cluster,
        leading,
        tasks: JoinSet::new(),
    };
    let keys = startup.watches_and_keys(&watched);
    startup.upkeep();
    let engine = startup.engine(namespace, &keys);
    let background = Arc::new(Background::start()?);
    if args.sealed_secrets {
        startup.endpoints(&background, &keys).await?;
    }
    let mut tasks = startup.tasks;
    let (give_back, given_back) = watch::channel(false);
    let published = keys.keys.clone();
    let mut control = control::start(args, &cluster, fence, published, lead, given_back).await?;
    let tools = Tools {
        engine,
        keys: keys.keys,
        diagnoses: Arc::new(Diagnoses::new(cluster.clone(), background)),
    };
    let (stop, stopped) = watch::channel(false);
    let mut workers = JoinSet::new();
    for _ in 0..args.concurrency {
        workers.spawn(work(cluster.clone(), tools.clone(), stopped.clone()));
    }
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        identity = cluster.identity,
        "started"
    );

    let result = tokio::select! {
        _ = terminate.recv() => Ok(()),
        _ = interrupt.recv() => Ok(()),
        _ = tasks.join_next() => Err(RunError::Ended),
        _ = workers.join_next() => Err(RunError::Ended),
        _ = &mut control => Err(RunError::Ended),
    };
    tracing::info!("stopping: finishing what has begun");
    stop.send_replace(true);
    drain(workers, args.grace).await;
    // Only now, when nothing of ours can be under way any more.
    give_back.send_replace(true);
    let _ = tokio::time::timeout(args.request_timeout, control).await;
    result
}

/// Starts what runs beside the workers, part by part.
struct Startup<'a> {
    args: &'a Args,
    cluster: &'a Arc<Cluster>,
    /// Whether this process leads.
    leading: watch::Receiver<bool>,
    /// All that runs until the process ends.
    tasks: JoinSet<()>,
}

impl Startup<'_> {
    /// The watches, and the keepers of keys that they wake.
    fn watches_and_keys(&mut self, watched: &BTreeSet<String>) -> Published {
        let (args, cluster) = (self.args, self.cluster);
        let [keys_changed, rsa_keys_changed, identities_changed] =
            std::array::from_fn(|_| Arc::new(Notify::new()));
        let mut feeds = Feeds {
            tasks: &mut self.tasks,
            cluster,
            keys_changed: &keys_changed,
            rsa_keys_changed: &rsa_keys_changed,
            identities_changed: &identities_changed,
            label_selector: &args.sealed_secrets_args.label_selector,
        };
        feeds.start_keys();
        if cluster.with_sealed_secrets {
            feeds.start_rsa_keys(&args.sealed_secrets_args.key_prefix);
        }
        if cluster.with_sops_secrets {
            feeds.start_age_identities();
        }
        for namespace in watched {
            feeds.start_namespace(namespace, args.allow_secret_types);
        }
        let legacy = match args.sealed_secrets_args.accept_deprecated_v1_data {
            true => LegacyData::Accept,
            false => LegacyData::Refuse,
        };
        let (publisher, published) =
            Publisher::new((args.sealed_secrets, args.sops_secrets), legacy);
        let publisher = Arc::new(publisher);
        self.keep_sealing_keys(&publisher, keys_changed);
        if cluster.with_sops_secrets {
            let (cluster, publisher) = (cluster.clone(), publisher.clone());
            let identities = age_identities::keep(cluster, publisher, identities_changed);
            self.tasks.spawn(identities);
        }
        if cluster.with_sealed_secrets {
            self.keep_rsa_keys(publisher, rsa_keys_changed);
        }
        published
    }

    fn keep_sealing_keys(&mut self, publisher: &Arc<Publisher>, changed: Arc<Notify>) {
        let args = self.args;
        let policy = Policy {
            suite: args.key_suite,
            renew_period: args.renew_period.as_secs(),
            require_existing_key: args.require_existing_key,
        };
        let keeper = Keeper::new(
            self.cluster.clone(),
            publisher.clone(),
            policy,
            args.renew_check,
            self.leading.clone(),
            changed,
        );
        let keeper = keeper.with_export(args.export_age_secret.clone());
        self.tasks.spawn(keeper.run());
    }

    fn keep_rsa_keys(&mut self, publisher: Arc<Publisher>, changed: Arc<Notify>) {
        let args = self.args;
        for (flag, why) in args.sealed_secrets_args.needless() {
            tracing::warn!("--{flag} changes nothing: {why}");
        }
        let keeper = RsaKeeper::new(
            self.cluster.clone(),
            publisher,
            args.sealed_secrets_args.settings(args.require_existing_key),
            args.renew_check,
            self.leading.clone(),
            changed,
        );
        self.tasks.spawn(keeper.run());
    }

    /// What goes by the clock.
    fn upkeep(&mut self) {
        let beating = self.cluster.clone();
        self.tasks.spawn(async move { beating.pulse.beat().await });
        self.tasks
            .spawn(resync(self.cluster.clone(), self.args.resync));
    }

    /// The engine: nothing until this process leads, another one whenever the names of key Secrets change.
    fn engine(
        &mut self,
        key_namespace: Namespace,
        keys: &Published,
    ) -> watch::Receiver<Option<Arc<Engine>>> {
        let export = self.args.export_age_secret.as_ref();
        let policy = SecretPolicy {
            allow_special_types: self.args.allow_secret_types,
            key_namespace: Some(key_namespace),
            key_secrets: BTreeSet::new(),
            export: export.map(|export| (export.namespace.clone(), export.name.clone())),
            place: self.args.place_rule(),
        };
        let (engine_sender, engine) = watch::channel(None);
        let leading = self.leading.clone();
        let leader = lead(
            self.cluster.clone(),
            policy,
            leading,
            keys.clone(),
            engine_sender,
        );
        self.tasks.spawn(leader);
        engine
    }

    /// The endpoints of Sealed Secrets.
    async fn endpoints(
        &mut self,
        background: &Arc<Background>,
        keys: &Published,
    ) -> Result<(), RunError> {
        let args = &self.args.sealed_secrets_args;
        let rate = Rate {
            per_second: args.rate_limit,
            burst: args.rate_limit_burst,
        };
        let (cluster, background) = (self.cluster.clone(), background.clone());
        let endpoints = Endpoints::new(cluster, background, keys.clone(), rate);
        self.tasks.spawn(endpoints.bind(args.listen_addr).await?);
        Ok(())
    }
}

fn metrics(args: &Args) -> Metrics {
    let metrics = Metrics::new();
    match args.sealed_secrets {
        true => metrics.with_sealed_secrets(args.sealed_secrets_args.metrics_omit_secret_labels),
        false => metrics,
    }
}

/// Lets the workers finish what they have begun, within `grace`.
async fn drain(mut workers: JoinSet<()>, grace: Duration) {
    let finished = async { while workers.join_next().await.is_some() {} };
    if tokio::time::timeout(grace, finished).await.is_err() {
        tracing::warn!("some work did not finish in time; the next leader takes it up");
        workers.abort_all();
    }
}

/// Looks at everything again, every so often.
async fn resync(cluster: Arc<Cluster>, period: Duration) {
    loop {
        tokio::time::sleep(jittered(period)).await;
        for key in cluster.resources() {
            cluster.queue.add(key);
        }
    }
}

/// The pod's name, and something that another run of the pod does not have.
fn identity(args: &Args) -> String {
    let mut random = [0; 4];
    // Without randomness the process id has to do.
    if getrandom::getrandom(&mut random).is_err() {
        random = std::process::id().to_le_bytes();
    }
    let name: String = args.pod_name.chars().take(100).collect();
    format!("{name}_{:08x}", u32::from_le_bytes(random))
}

const RETRIES: Backoff = Backoff {
    first: Duration::from_millis(500),
    cap: Duration::from_secs(60),
};
