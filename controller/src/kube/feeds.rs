//! The watches: what each one follows, where it goes, and whom it wakes.

use std::sync::Arc;

use bulla_core::api::SEALING_KEY_LABEL;
use bulla_core::secret::REFUSED_TYPES;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::cluster::Cluster;
use super::mirror::{Feed, Mirror, Mirrored, News};
use super::rest::Rest;
use super::watch::{Source, follow};

/// Starts every watch.
pub(super) fn start(
    tasks: &mut JoinSet<()>,
    cluster: &Arc<Cluster>,
    namespaces: &[String],
    special_types: bool,
    keys_changed: &Arc<Notify>,
) {
    let all = [String::new()];
    let namespaces = if namespaces.is_empty() {
        &all[..]
    } else {
        namespaces
    };
    for namespace in namespaces {
        let within = |prefix: &str, collection: &str| match namespace.as_str() {
            "" => format!("{prefix}/{collection}"),
            namespace => format!("{prefix}/namespaces/{namespace}/{collection}"),
        };
        let envelopes = Source {
            path: within("/apis/bulla.dev/v1alpha1", "secretenvelopes"),
            query: String::new(),
            metadata_only: false,
        };
        let waked = cluster.clone();
        spawn(
            tasks,
            &cluster.open,
            envelopes,
            &cluster.envelopes,
            namespace,
            move |news| {
                if news.status_only {
                    waked.queue.add_if_idle(news.key);
                } else {
                    waked.queue.add(news.key);
                }
            },
        );
        // Of Secrets that are never made here, nothing is sent at all; of the others no value is.
        let secrets = Source {
            path: within("/api/v1", "secrets"),
            query: if special_types {
                String::new()
            } else {
                without_special_types()
            },
            metadata_only: true,
        };
        let waked = cluster.clone();
        spawn(
            tasks,
            &cluster.open,
            secrets,
            &cluster.secrets,
            namespace,
            move |news| {
                if waked.envelopes.get(&news.key).is_some() {
                    waked.queue.add(news.key);
                }
            },
        );
    }
    let sealing_keys = Source {
        path: "/apis/bulla.dev/v1alpha1/sealingkeys".to_owned(),
        query: String::new(),
        metadata_only: false,
    };
    let changed = keys_changed.clone();
    spawn(
        tasks,
        &cluster.open,
        sealing_keys,
        &cluster.sealing_keys,
        "",
        move |_| changed.notify_one(),
    );
    let key_secrets = Source {
        path: format!("/api/v1/namespaces/{}/secrets", cluster.namespace),
        query: format!("labelSelector={}", SEALING_KEY_LABEL.replace('/', "%2F")),
        metadata_only: false,
    };
    let changed = keys_changed.clone();
    spawn(
        tasks,
        &cluster.open,
        key_secrets,
        &cluster.key_secrets,
        "",
        move |_| changed.notify_one(),
    );
}

fn spawn<T: Mirrored>(
    tasks: &mut JoinSet<()>,
    rest: &Rest,
    source: Source,
    mirror: &Arc<Mirror<T>>,
    namespace: &str,
    wake: impl Fn(News) + Send + 'static,
) {
    let mut feed = Feed::new(mirror.clone(), namespace);
    tasks.spawn(follow(rest.clone(), source, move |change| {
        for news in feed.receive(change) {
            wake(news);
        }
    }));
}

/// `fieldSelector=type!=…,type!=…`, encoded.
fn without_special_types() -> String {
    let types: Vec<String> = REFUSED_TYPES
        .iter()
        .map(|name| format!("type%21%3D{}", name.replace('/', "%2F")))
        .collect();
    format!("fieldSelector={}", types.join("%2C"))
}
