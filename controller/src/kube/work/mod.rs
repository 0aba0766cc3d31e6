//! Workers: one key of the queue at a time each, from the cache through the engine to the API server.

pub(super) mod background;
pub(super) mod diagnoses;
pub(super) mod openings;
pub(super) mod queue;
pub(super) mod wanted;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use bulla_core::reason::Reason;
use futures::FutureExt;
use tokio::sync::watch;

use self::diagnoses::Diagnoses;
use self::queue::{Again, Key};
use super::cluster::Cluster;
use super::kind::{Envelopes, Kind, SealedSecrets, SopsSecrets};
use super::world::ClusterWorld;
use crate::engine::{Engine, Keys, Outcome, Requeue, Verdict, now};

/// What the workers need beside the cluster. It changes while they run.
#[derive(Clone)]
pub(super) struct Tools {
    /// Nothing until this process has led for the first time.
    pub(super) engine: watch::Receiver<Option<Arc<Engine>>>,
    /// Nothing until the keys were looked at.
    pub(super) keys: watch::Receiver<Option<Keys>>,
    /// What is wrong with values that no key opens.
    pub(super) diagnoses: Arc<Diagnoses>,
}

/// Works until `stop` says true; what has been begun is finished.
pub(super) async fn work(cluster: Arc<Cluster>, tools: Tools, mut stop: watch::Receiver<bool>) {
    loop {
        let key = tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => return,
            key = cluster.queue.take() => key,
        };
        // A panic is a bug in the handling of one resource: it must not take the others' worker away.
        let again = AssertUnwindSafe(reconcile(&cluster, &tools, &key))
            .catch_unwind()
            .await;
        if again.is_err() {
            tracing::error!(
                namespace = &*key.namespace,
                name = &*key.name,
                "a reconcile panicked"
            );
        }
        cluster
            .queue
            .done(key, again.unwrap_or(Again::Backoff(None)));
    }
}

/// Reconciles what has this name. Resources of two kinds that want the same Secret are told so one after the other: the
/// second one finds that it is not its own.
async fn reconcile(cluster: &Cluster, tools: &Tools, key: &Key) -> Again {
    let envelope = reconcile_kind::<Envelopes>(cluster, tools, key).await;
    // Their keeper puts them all into the queue when the time has come.
    let sealed_secret = match cluster.may_open_sealed_secrets.load(Ordering::Acquire) {
        true => reconcile_kind::<SealedSecrets>(cluster, tools, key).await,
        false => Again::OnChange,
    };
    let sops_secret = reconcile_kind::<SopsSecrets>(cluster, tools, key).await;
    if cluster.sops_secrets.get(key).is_none() {
        cluster.wanted.forget(key);
    }
    if !cluster.has_resource(key) {
        tools.diagnoses.forget(key);
        cluster.restraint.forget(key);
    }
    envelope.sooner(sealed_secret).sooner(sops_secret)
}

async fn reconcile_kind<K: Kind>(cluster: &Cluster, tools: &Tools, key: &Key) -> Again {
    let seen = K::mirror(cluster).get(key);
    let diagnoses = &tools.diagnoses;
    let Some(seen) = seen.filter(|seen| !seen.deleting) else {
        // Its Secret goes by garbage collection, or stays if it was adopted.
        return Again::OnChange;
    };
    let mut keys = tools.keys.clone();
    let tools = (
        tools.engine.borrow().clone(),
        keys.borrow_and_update().clone(),
    );
    let (Some(engine), Some(ring)) = tools else {
        return Again::Backoff(None);
    };
    let start = Instant::now();
    let request = match K::request(&seen) {
        Ok(request) => request,
        Err(error) => {
            tracing::error!(kind = K::KIND, namespace = &*key.namespace, name = &*key.name, %error, "an object without identity");
            return Again::OnChange;
        }
    };
    let restraint = K::restraint(cluster).filter(|restraint| restraint.leaves_deleted);
    if restraint.is_some_and(|restraint| restraint.was_made(&seen))
        && cluster.secrets.get(key).is_none()
        && !request.forced()
    {
        return Again::OnChange;
    }
    let world = ClusterWorld::new(cluster, &*seen);
    let told = diagnoses.get(&seen, &ring);
    let explained = told.is_some() && !request.forced();
    let outcome = match told {
        Some(told) => engine.explain(&world, &request, &ring, told, now()).await,
        None => engine.reconcile(&world, &request, &ring, now()).await,
    };
    if let Verdict::Refused { detail, .. } = &outcome.verdict
        && let Some(unopened) = &outcome.effort.unopened
        // What is not in the status can't be told more of; and once is enough.
        && outcome.reported.is_ok()
        && !explained
    {
        diagnoses.begin(&seen, unopened, detail, &ring);
    }
    cluster
        .metrics
        .reconciled::<K>(&key.namespace, &outcome, start.elapsed());
    log::<K>(key, &outcome);
    if let Some(restraint) = restraint.filter(|_| outcome.verdict == Verdict::Ready) {
        restraint.made(&seen);
    }
    // Keys that changed meanwhile came too early to find this one among those that wait for a key.
    if waits_for_key(&outcome) && keys.has_changed().unwrap_or(false) {
        cluster.queue.add(key.clone());
    }
    match outcome.requeue() {
        Requeue::OnChange => Again::OnChange,
        // A lost lease as well: it may come back before anybody has noticed.
        Requeue::Backoff | Requeue::Stop => Again::Backoff(world.stay_away()),
    }
}

fn waits_for_key(outcome: &Outcome) -> bool {
    let verdict = &outcome.verdict;
    matches!(verdict, Verdict::Refused { reason, .. } if *reason == Reason::NoKey)
}

/// One line for whatever is worth one. An outcome holds names, reasons and counts.
fn log<K: Kind>(key: &Key, outcome: &Outcome) {
    let kind = K::KIND;
    let (namespace, name) = (&*key.namespace, &*key.name);
    let effort = &outcome.effort;
    for wrote in &outcome.writes {
        let by = wrote.drift.as_ref().and_then(|drift| drift.by.as_deref());
        let (action, secret) = (wrote.action.as_str(), wrote.secret.as_str());
        tracing::info!(kind, namespace, name, secret, action, by, "wrote a Secret");
    }
    match (&outcome.verdict, outcome.action) {
        (_, Some(action)) => {
            let by = outcome.drift.as_ref().and_then(|drift| drift.by.as_deref());
            let action = action.as_str();
            let private_operations = effort.private_operations;
            tracing::info!(
                kind,
                namespace,
                name,
                action,
                by,
                private_operations,
                "wrote the Secret"
            );
        }
        (Verdict::Refused { reason, detail }, _) => {
            tracing::warn!(kind, namespace, name, %reason, detail, "refused");
        }
        (Verdict::Failed(error), _) => {
            tracing::warn!(kind, namespace, name, %error, "failed; it is tried again")
        }
        (verdict, _) => tracing::debug!(
            kind,
            namespace,
            name,
            outcome = outcome.word(),
            ?verdict,
            "nothing to do"
        ),
    }
    if let Err(error) = outcome.reported {
        tracing::warn!(kind, namespace, name, %error, "failed to report; it is tried again");
    }
}
