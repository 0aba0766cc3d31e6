//! The Secret of `--export-age-secret`: the identities of the cluster's own age keys, for a tool that opens SOPS files.
//!
//! # Guarantees
//!
//! - Without the flag nothing is exported, and with it to one Secret only.
//! - A Secret that is not ours is never changed: ours is owned by a `SealingKey`, by uid, has no controller,
//!   and is Opaque.
//! - A key is in the Secret before its public half is told, so that nobody closes for a key that is missing there; and
//!   one that doesn't open any more leaves as soon as somebody has said so.
//! - What can't be exported keeps no key from being used.

mod secret;

use std::collections::BTreeMap;

use bulla_core::recipient::Fingerprint;
use serde_json::json;

use self::secret::{Live, SecretBody, Version, Wanted, labels};
use super::found::Found;
use crate::engine::{Event, EventKind};
use crate::kube::FIELD_MANAGER;
use crate::kube::api::error::ApiError;
use crate::kube::api::rest::{View, Write, body};
use crate::kube::args::ExportTarget;
use crate::kube::cluster::Cluster;
use crate::kube::telemetry::events::{Regarding, write_event};

/// Keeps the Secret.
pub(super) struct Exporter {
    target: ExportTarget,
    /// The Secret as it was last seen to be right, and for which keys.
    kept: Option<(Version, Vec<Fingerprint>)>,
    /// What the log last said of why it can't be kept.
    told: Option<Trouble>,
}

/// Why the Secret can't be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum Trouble {
    #[error(
        "a Secret of this name is there that no SealingKey owns, or that is not ours alone, and is left as it is"
    )]
    Foreign,
    #[error(transparent)]
    Api(#[from] ApiError),
}

impl Exporter {
    pub(super) fn new(target: ExportTarget) -> Self {
        Self {
            target,
            kept: None,
            told: None,
        }
    }

    /// Brings the Secret to what it should be. Tells what has changed, and once of each reason why nothing can.
    pub(super) async fn keep(&mut self, cluster: &Cluster, found: &[Found]) {
        let mut kept = Err(Trouble::Api(ApiError::Conflict));
        for _ in 0..ATTEMPTS {
            kept = self.attempt(cluster, found).await;
            // Somebody was faster: what he did is read by the next attempt.
            let again = matches!(
                kept,
                Err(Trouble::Api(ApiError::Conflict | ApiError::AlreadyExists))
            );
            if !again {
                break;
            }
        }
        let secret = self.target.to_string();
        match kept {
            Ok(()) => self.told = None,
            Err(Trouble::Api(ApiError::NoLease)) => {}
            Err(trouble) => {
                cluster.metrics.export_failed(trouble.word());
                if self.told.replace(trouble) != Some(trouble) {
                    tracing::warn!(secret, error = %trouble, "failed to export the age identities");
                }
            }
        }
    }

    async fn attempt(&mut self, cluster: &Cluster, found: &[Found]) -> Result<(), Trouble> {
        let wanted = Wanted::of(found);
        let path = self.path();
        let seen = cluster.open.read::<Live>(&path, View::Metadata).await;
        let seen = match seen {
            Err(ApiError::NotFound) if wanted.names.is_empty() => return Ok(()),
            Err(ApiError::NotFound) => return self.create(cluster, wanted).await,
            seen => seen?.version(),
        };
        if self.kept.as_ref() == Some(&(seen, wanted.fingerprints.clone())) {
            return Ok(());
        }
        let live: Live = cluster.open.read(&path, View::Whole).await?;
        if !live.is_owned(cluster) {
            if self.told != Some(Trouble::Foreign) {
                self.tell(cluster, &live.metadata.uid, &refused()).await;
            }
            return Err(Trouble::Foreign);
        }
        if wanted.is(&live) {
            self.note(cluster, live.version(), wanted.fingerprints);
            return Ok(());
        }
        self.change(cluster, &live, wanted).await
    }

    async fn create(&mut self, cluster: &Cluster, wanted: Wanted) -> Result<(), Trouble> {
        let secret = SecretBody {
            metadata: json!({
                "name": self.target.name.as_ref(),
                "namespace": self.target.namespace.as_ref(),
                "labels": labels(),
                "ownerReferences": wanted.owners,
            }),
            data: wanted
                .data
                .iter()
                .map(|(name, text)| (&**name, Some(text.text())))
                .collect(),
        };
        let path = format!("{}?fieldManager={FIELD_MANAGER}", self.collection());
        let create = Write::Create(body(&secret)?);
        self.write(cluster, &path, create, &wanted).await
    }

    /// Changes our Secret under its uid and version; nothing but what is wanted stays in it.
    async fn change(
        &mut self,
        cluster: &Cluster,
        live: &Live,
        wanted: Wanted,
    ) -> Result<(), Trouble> {
        let mut metadata = json!({
            "uid": &*live.metadata.uid,
            "resourceVersion": &*live.metadata.resource_version,
            "labels": labels(),
        });
        // Ours has none: some tell programs to copy a Secret elsewhere.
        let annotations = live.metadata.annotations.keys();
        let annotations: BTreeMap<_, _> = annotations.map(|name| (&**name, ())).collect();
        if !annotations.is_empty() {
            metadata["annotations"] = json!(annotations);
        }
        // Without a key the last owners stay: by them it is known to be ours.
        if !wanted.owners.is_empty() {
            metadata["ownerReferences"] = json!(wanted.owners);
        }
        let foreign = live.data.keys().map(|name| (&**name, None));
        let ours = wanted
            .data
            .iter()
            .map(|(name, text)| (&**name, Some(text.text())));
        let secret = SecretBody {
            metadata,
            data: foreign.chain(ours).collect(),
        };
        let path = format!("{}?fieldManager={FIELD_MANAGER}", self.path());
        let change = Write::Merge(body(&secret)?);
        self.write(cluster, &path, change, &wanted).await
    }

    async fn write(
        &mut self,
        cluster: &Cluster,
        path: &str,
        write: Write,
        wanted: &Wanted,
    ) -> Result<(), Trouble> {
        let fenced = &cluster.fenced;
        let lease = fenced.lease()?;
        let written: Live = fenced.write(lease, path, write, View::Metadata).await?;
        let (names, secret) = (&wanted.names, self.target.to_string());
        let count = names.len();
        tracing::info!(secret, sealing_keys = ?names, "exported the age identities");
        let exported = Event {
            kind: EventKind::Normal,
            reason: "Exported",
            action: "Export",
            note: format!(
                "holds the identities of {count} sealing keys: who reads it opens what is closed for them"
            ),
        };
        self.tell(cluster, &written.metadata.uid, &exported).await;
        self.note(cluster, written.version(), wanted.fingerprints.clone());
        Ok(())
    }

    fn note(&mut self, cluster: &Cluster, version: Version, keys: Vec<Fingerprint>) {
        cluster.metrics.exported(keys.len());
        self.kept = Some((version, keys));
    }

    /// Tells by an Event about the Secret; that it is lost keeps nothing from going on.
    async fn tell(&self, cluster: &Cluster, uid: &str, event: &Event) {
        let regarding = Regarding {
            api_version: "v1",
            kind: "Secret",
            namespace: Some(self.target.namespace.as_ref()),
            name: self.target.name.as_ref(),
            uid,
        };
        if let Err(error) = write_event(cluster, &regarding, event).await {
            cluster.metrics.api_error(error);
            tracing::debug!(%error, "an Event is lost");
        }
    }

    fn collection(&self) -> String {
        format!("/api/v1/namespaces/{}/secrets", self.target.namespace)
    }

    fn path(&self) -> String {
        format!("{}/{}", self.collection(), self.target.name)
    }
}

fn refused() -> Event {
    Event {
        kind: EventKind::Warning,
        reason: "NotOwned",
        action: "Export",
        note: format!("refusing to export into this Secret: {}", Trouble::Foreign),
    }
}

impl Trouble {
    /// The bounded word for metrics.
    fn word(self) -> &'static str {
        match self {
            Self::Foreign => "not-owned",
            Self::Api(error) => error.category(),
        }
    }
}

const ATTEMPTS: usize = 3;
