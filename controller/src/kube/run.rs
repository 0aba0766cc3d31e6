//! Puts the controller together and runs it until it is told to stop.
//!
//! Two threads matter: one renews the lease and answers health checks and does nothing else, so that no amount of work
//! delays them; the runtime of all the rest has a thread for each processor.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use bulla_core::names::{NameError, Namespace};
use bulla_core::rotation::Policy;
use bulla_core::sealed_secrets::LegacyData;
use bulla_core::secret::SecretPolicy;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Notify, oneshot, watch};
use tokio::task::JoinSet;

use super::api::fence::Fence;
use super::api::transport::{Transport, TransportError};
use super::args::Args;
use super::backoff::{Backoff, jittered};
use super::cluster::{Beginning, Cluster};
use super::http::endpoints::{Endpoints, Rate};
use super::keys::age::Keeper;
use super::keys::record_key::{RECORD_KEY_SECRET, RecordKeyBytes, record_key};
use super::keys::rsa::RsaKeeper;
use super::keys::{Published, Publisher, age_identities};
use super::lease::{Election, LeaseOptions};
use super::telemetry::logging;
use super::telemetry::metrics::Metrics;
use super::watch::feeds::Feeds;
use super::work::background::Background;
use super::work::diagnoses::Diagnoses;
use super::work::{Tools, work};
use super::{hardening, http};
use crate::engine::{Engine, Keys, RecordKey};

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
    let mut metrics = Metrics::new();
    if args.sealed_secrets {
        metrics = metrics.with_sealed_secrets(args.sealed_secrets_args.metrics_omit_secret_labels);
    }
    let cluster = Arc::new(Cluster::new(Beginning {
        namespace: namespace.to_string(),
        identity,
        open: transport.open,
        fenced: transport.fenced,
        with_sealed_secrets: args.sealed_secrets,
        with_sops_secrets: args.sops_secrets,
        restraint: args.sealed_secrets_args.restraint(),
        retries: RETRIES,
        metrics,
        namespaces_watched: watched.len(),
    }));
    cluster.queue.pause(true);

    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut tasks = JoinSet::new();
    let (keys_changed, rsa_keys_changed) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let identities_changed = Arc::new(Notify::new());
    let (stop, stopped) = watch::channel(false);
    let (leading_sender, leading) = watch::channel(false);
    let policy = Policy {
        suite: args.key_suite,
        renew_period: args.renew_period.as_secs(),
        require_existing_key: args.require_existing_key,
    };
    let (publisher, keys) = Publisher::new(
        (args.sealed_secrets, args.sops_secrets),
        match args.sealed_secrets_args.accept_deprecated_v1_data {
            true => LegacyData::Accept,
            false => LegacyData::Refuse,
        },
    );
    let publisher = Arc::new(publisher);
    let keeper = Keeper::new(
        cluster.clone(),
        publisher.clone(),
        policy,
        args.renew_check,
        leading.clone(),
        keys_changed.clone(),
    )
    .with_export(args.export_age_secret.clone());
    let mut feeds = Feeds {
        tasks: &mut tasks,
        cluster: &cluster,
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
    for namespace in &watched {
        feeds.start_namespace(namespace, args.allow_secret_types);
    }
    tasks.spawn(keeper.run());
    if cluster.with_sops_secrets {
        let (cluster, publisher) = (cluster.clone(), publisher.clone());
        tasks.spawn(age_identities::keep(cluster, publisher, identities_changed));
    }
    if cluster.with_sealed_secrets {
        for (flag, why) in args.sealed_secrets_args.needless() {
            tracing::warn!("--{flag} changes nothing: {why}");
        }
        let settings = args.sealed_secrets_args.settings(args.require_existing_key);
        let keeper = RsaKeeper::new(
            cluster.clone(),
            publisher,
            settings,
            args.renew_check,
            leading.clone(),
            rsa_keys_changed,
        );
        tasks.spawn(keeper.run());
    }
    let beating = cluster.clone();
    tasks.spawn(async move { beating.pulse.beat().await });
    tasks.spawn(resync(cluster.clone(), args.resync));
    let (engine_sender, engine) = watch::channel(None);
    let policy = SecretPolicy {
        allow_special_types: args.allow_secret_types,
        key_namespace: Some(namespace),
        key_secrets: BTreeSet::new(),
        export: args
            .export_age_secret
            .as_ref()
            .map(|export| (export.namespace.clone(), export.name.clone())),
        place: args.place_rule(),
    };
    tasks.spawn(lead(
        cluster.clone(),
        policy,
        leading,
        keys.clone(),
        engine_sender,
    ));
    let background = Arc::new(Background::start()?);
    if args.sealed_secrets {
        let rate = Rate {
            per_second: args.sealed_secrets_args.rate_limit,
            burst: args.sealed_secrets_args.rate_limit_burst,
        };
        let endpoints = Endpoints::new(cluster.clone(), background.clone(), keys.clone(), rate);
        tasks.spawn(endpoints.bind(args.sealed_secrets_args.listen_addr).await?);
    }
    let diagnoses = Arc::new(Diagnoses::new(cluster.clone(), background));
    let (give_back, given_back) = watch::channel(false);
    let mut control = control_thread(
        args,
        &cluster,
        fence,
        keys.keys.clone(),
        leading_sender,
        given_back,
    )
    .await?;
    let mut workers = JoinSet::new();
    for _ in 0..args.concurrency {
        let tools = Tools {
            engine: engine.clone(),
            keys: keys.keys.clone(),
            diagnoses: diagnoses.clone(),
        };
        workers.spawn(work(cluster.clone(), tools, stopped.clone()));
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
    let drained = tokio::time::timeout(args.grace, async {
        while workers.join_next().await.is_some() {}
    })
    .await;
    if drained.is_err() {
        tracing::warn!("some work did not finish in time; the next leader takes it up");
        workers.abort_all();
    }
    // Only now, when nothing of ours can be under way any more.
    give_back.send_replace(true);
    let _ = tokio::time::timeout(args.request_timeout, control).await;
    result
}

/// The thread of the lease and of health. It ends after `give_back` says true.
async fn control_thread(
    args: &Args,
    cluster: &Arc<Cluster>,
    fence: Arc<Fence>,
    keys: watch::Receiver<Option<Keys>>,
    leading: watch::Sender<bool>,
    give_back: watch::Receiver<bool>,
) -> Result<oneshot::Receiver<()>, RunError> {
    let options = LeaseOptions {
        namespace: cluster.namespace.clone(),
        name: args.lease_name.clone(),
        identity: cluster.identity.clone(),
        duration: args.lease_duration,
        renew_deadline: args.lease_renew_deadline,
        retry_period: args.lease_retry_period,
    };
    let (address, timeout, cluster) = (
        args.control_address(),
        args.request_timeout,
        cluster.clone(),
    );
    let (ready, is_ready) = oneshot::channel::<Result<(), RunError>>();
    let (ended, has_ended) = oneshot::channel();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    std::thread::Builder::new()
        .name("control".to_owned())
        .spawn(move || {
            runtime.block_on(async move {
                let set_up = async {
                    let listener = http::bind(address).await?;
                    // Connections of its own: the others' tasks run elsewhere.
                    let transport =
                        Transport::prepare(&cluster.identity, fence.clone(), timeout).await?;
                    Ok((listener, transport.open))
                };
                let (listener, rest) = match set_up.await {
                    Ok(set_up) => set_up,
                    Err(error) => {
                        let _ = ready.send(Err(error));
                        return;
                    }
                };
                let _ = ready.send(Ok(()));
                tokio::spawn(http::serve(listener, cluster.clone(), keys));
                Election::new(rest, options, fence, leading, cluster.metrics.clone())
                    .run(give_back)
                    .await;
                let _ = ended.send(());
            });
        })?;
    is_ready.await.map_err(|_| RunError::Ended)??;
    Ok(has_ended)
}

/// Follows the lease: readies the engine and opens the queue on each election, closes it on each loss.
async fn lead(
    cluster: Arc<Cluster>,
    policy: SecretPolicy,
    mut leading: watch::Receiver<bool>,
    mut keys: Published,
    engine: watch::Sender<Option<Arc<Engine>>>,
) {
    loop {
        if leading.wait_for(|leading| *leading).await.is_err() {
            return;
        }
        let key = tokio::select! {
            _ = leading.wait_for(|leading| !*leading) => continue,
            key = prepare(&cluster, &mut keys.keys) => key,
        };
        for key in cluster.resources() {
            cluster.queue.add(key);
        }
        loop {
            let mut policy = policy.clone();
            policy.key_secrets = keys.names.borrow_and_update().clone();
            policy
                .key_secrets
                .insert(RECORD_KEY_SECRET.parse().expect("it is a name"));
            engine.send_replace(Some(Arc::new(Engine::new(
                RecordKey::new(key.clone()),
                policy,
            ))));
            cluster.queue.pause(false);
            tokio::select! {
                _ = leading.wait_for(|leading| !*leading) => break,
                _ = keys.names.changed() => {}
            }
        }
        cluster.queue.pause(true);
    }
}

/// Waits until the caches are complete and the keys are known, and gets the key of the records.
async fn prepare(cluster: &Cluster, keys: &mut watch::Receiver<Option<Keys>>) -> RecordKeyBytes {
    // Without the keys, everything new would be refused for a moment, and say so.
    let _ = keys.wait_for(Option::is_some).await;
    let mut failures = 0;
    let key = loop {
        match record_key(cluster).await {
            Ok(key) => break key,
            Err(error) => {
                failures += 1;
                tracing::warn!(%error, secret = RECORD_KEY_SECRET, "failed to get the key of the records");
                tokio::time::sleep(RETRIES.delay(failures)).await;
            }
        }
    };
    while !cluster.is_synced() {
        tokio::time::sleep(SYNC_POLL).await;
    }
    key
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
const SYNC_POLL: Duration = Duration::from_millis(5);
