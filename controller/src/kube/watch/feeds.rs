//! The watches: what each one follows, where it goes, and whom it wakes.

use std::sync::Arc;

use bulla_core::api::SEALING_KEY_LABEL;
use bulla_core::secret::{AGE_IDENTITIES_LABEL, REFUSED_TYPES};
use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::kube::cluster::Cluster;
use crate::kube::keys::rsa::RSA_KEY_LABEL;
use crate::kube::kind::{Envelopes, Kind, SealedSecrets, SopsSecrets, collection};
use crate::kube::mirror::{Feed, Mirror, Mirrored, News};
use crate::kube::watch::{Change, Source, follow};

/// Starts the watches, as tasks of the set.
pub(crate) struct Feeds<'a> {
    pub(crate) tasks: &'a mut JoinSet<()>,
    pub(crate) cluster: &'a Arc<Cluster>,
    /// Wakes the keeper of the sealing keys.
    pub(crate) keys_changed: &'a Arc<Notify>,
    /// Wakes the keeper of Sealed Secrets' keys.
    pub(crate) rsa_keys_changed: &'a Arc<Notify>,
    /// Wakes whoever reads the identities for SopsSecrets.
    pub(crate) identities_changed: &'a Arc<Notify>,
    /// Which SealedSecrets are looked at; empty for all.
    pub(crate) label_selector: &'a str,
}

impl Feeds<'_> {
    /// Sealed resources and Secrets of one namespace, or of all when it is empty.
    pub(crate) fn start_namespace(&mut self, namespace: &str, special_types: bool) {
        self.start_kind::<Envelopes>(namespace, String::new());
        if self.cluster.with_sealed_secrets {
            let query = match self.label_selector {
                "" => String::new(),
                selector => format!("labelSelector={}", encoded(selector)),
            };
            self.start_kind::<SealedSecrets>(namespace, query);
        }
        if self.cluster.with_sops_secrets {
            self.start_kind::<SopsSecrets>(namespace, String::new());
        }
        // Of Secrets that are never made here, nothing is sent at all; of the others no value is.
        let secrets = Source {
            path: match namespace {
                "" => "/api/v1/secrets".to_owned(),
                namespace => format!("/api/v1/namespaces/{namespace}/secrets"),
            },
            query: if special_types {
                String::new()
            } else {
                without_special_types()
            },
            metadata_only: true,
        };
        let (mirror, waked) = (self.cluster.secrets.clone(), self.cluster.clone());
        self.start(secrets, mirror, namespace, move |news| waked.wake(&news));
    }

    fn start_kind<K: Kind>(&mut self, namespace: &str, query: String) {
        let source = Source {
            path: collection::<K>(Some(namespace).filter(|namespace| !namespace.is_empty())),
            query,
            metadata_only: false,
        };
        let (mirror, waked) = (K::mirror(self.cluster).clone(), self.cluster.clone());
        self.start(source, mirror, namespace, move |news| {
            if news.status_only {
                waked.queue.add_if_idle(news.key);
            } else {
                waked.queue.add(news.key);
            }
        });
    }

    /// Sealing keys, and the Secrets with their private halves.
    pub(crate) fn start_keys(&mut self) {
        let sealing_keys = Source {
            path: "/apis/bulla.dev/v1alpha1/sealingkeys".to_owned(),
            query: String::new(),
            metadata_only: false,
        };
        let (changed, rsa_changed) = (self.keys_changed.clone(), self.rsa_keys_changed.clone());
        let mirror = self.cluster.sealing_keys.clone();
        self.start(sealing_keys, mirror, "", move |_| {
            changed.notify_one();
            rsa_changed.notify_one();
        });
        let key_secrets = Source {
            path: format!("/api/v1/namespaces/{}/secrets", self.cluster.namespace),
            query: format!("labelSelector={}", SEALING_KEY_LABEL.replace('/', "%2F")),
            metadata_only: false,
        };
        let changed = self.keys_changed.clone();
        let mirror = self.cluster.key_secrets.clone();
        self.start(key_secrets, mirror, "", move |_| changed.notify_one());
    }

    /// Secrets with identities for SopsSecrets.
    pub(crate) fn start_age_identities(&mut self) {
        let source = Source {
            path: format!("/api/v1/namespaces/{}/secrets", self.cluster.namespace),
            query: format!("labelSelector={}", encoded(AGE_IDENTITIES_LABEL)),
            metadata_only: false,
        };
        let changed = self.identities_changed.clone();
        let mirror = self.cluster.age_identities.clone();
        self.start(source, mirror, "", move |_| changed.notify_one());
    }

    /// Sealed Secrets' key Secrets: those with its label, and the one that is named `legacy_name`.
    ///
    /// Two watches, so that no private key of anything else in the namespace is ever sent here.
    pub(crate) fn start_rsa_keys(&mut self, legacy_name: &str) {
        let path = format!("/api/v1/namespaces/{}/secrets", self.cluster.namespace);
        let labelled = format!("labelSelector={}", RSA_KEY_LABEL.replace('/', "%2F"));
        let named = format!("fieldSelector=metadata.name%3D{legacy_name}");
        let (by_label, by_name) = (
            &self.cluster.rsa_key_secrets,
            &self.cluster.legacy_key_secret,
        );
        for (query, mirror) in [(labelled, by_label.clone()), (named, by_name.clone())] {
            let source = Source {
                path: path.clone(),
                query,
                metadata_only: false,
            };
            let changed = self.rsa_keys_changed.clone();
            self.start(source, mirror, "", move |_| changed.notify_one());
        }
    }

    fn start<T: Mirrored>(
        &mut self,
        source: Source,
        mirror: Arc<Mirror<T>>,
        namespace: &str,
        wake: impl Fn(News) + Send + 'static,
    ) {
        let mut feed = Feed::new(mirror, namespace);
        let complete = self.keys_changed.clone();
        let rsa_complete = self.rsa_keys_changed.clone();
        let identities_complete = self.identities_changed.clone();
        let rest = self.cluster.open.clone();
        self.tasks.spawn(follow(rest, source, move |change| {
            let synced = matches!(change, Change::Synced);
            feed.receive(change).into_iter().for_each(&wake);
            if synced {
                // The keepers wait for complete caches, also when there is nothing in them.
                complete.notify_one();
                rsa_complete.notify_one();
                identities_complete.notify_one();
            }
        }));
    }
}

/// Every byte that a query may not hold as it is, encoded.
fn encoded(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => {
            char::from(byte).to_string()
        }
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(byte).collect()
}

/// `fieldSelector=type!=…,type!=…`, encoded.
fn without_special_types() -> String {
    let types: Vec<String> = REFUSED_TYPES
        .iter()
        .map(|name| format!("type%21%3D{}", name.replace('/', "%2F")))
        .collect();
    format!("fieldSelector={}", types.join("%2C"))
}
