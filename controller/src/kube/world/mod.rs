//! The engine's world, as a Kubernetes API server has it.

mod live_secret;
mod secret_body;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bulla_core::names::ResourceName;
use bulla_core::plan::{Claim, Live, Owned, Write as PlannedWrite};
use bulla_core::secret::SecretContent;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::json;

use self::live_secret::{LiveSecret, Observed};
use self::secret_body::{change, creation};
use super::FIELD_MANAGER;
use super::api::error::ApiError;
use super::api::rest::{View, Write, body};
use super::cluster::Cluster;
use super::kind::{Kind, collection};
use super::mirror::{Meta, SeenResource, SeenSecret};
use super::telemetry::events::{Regarding, write_event};
use super::work::queue::Key;
use crate::engine::{Child, Event, Report, Request, Seen, World, WorldError};

/// The world for one reconcile of one resource.
pub(super) struct ClusterWorld<'a, K> {
    cluster: &'a Cluster,
    resource: &'a SeenResource<K>,
    /// What the last read of the Secret showed, for a patch of it.
    observed: Mutex<Option<Observed>>,
    /// How long the API server asked us to stay away.
    stay_away: Mutex<Option<Duration>>,
}

impl<'a, K: Kind> ClusterWorld<'a, K> {
    pub(super) fn new(cluster: &'a Cluster, resource: &'a SeenResource<K>) -> Self {
        Self {
            cluster,
            resource,
            observed: Mutex::default(),
            stay_away: Mutex::default(),
        }
    }

    /// How long the API server asked us to stay away, if it did.
    pub(super) fn stay_away(&self) -> Option<Duration> {
        *self
            .stay_away
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn secrets(&self) -> String {
        format!("/api/v1/namespaces/{}/secrets", self.resource.namespace)
    }

    fn secret(&self, name: &ResourceName) -> String {
        format!("{}/{name}", self.secrets())
    }

    /// Under which name the cache has a Secret.
    fn key(&self, secret: &ResourceName) -> Key {
        Key {
            namespace: self.resource.namespace.clone(),
            name: secret.as_str().into(),
        }
    }

    fn failed(&self, error: ApiError) -> WorldError {
        self.cluster.metrics.api_error(error);
        if let ApiError::Busy { after } = error {
            *self
                .stay_away
                .lock()
                .unwrap_or_else(PoisonError::into_inner) = after;
        }
        // The kind and the status code; the server's own words stay with the server.
        tracing::debug!(
            namespace = &*self.resource.namespace,
            name = &*self.resource.name,
            %error,
            "a request failed",
        );
        match error {
            ApiError::NotFound => WorldError::Gone,
            ApiError::AlreadyExists | ApiError::Conflict => WorldError::Conflict,
            ApiError::Invalid { code: 413 } => WorldError::TooLarge,
            ApiError::Invalid { .. } => WorldError::Rejected,
            ApiError::Forbidden { .. } => WorldError::Forbidden,
            ApiError::NoLease => WorldError::Stopped,
            _ => WorldError::Unavailable,
        }
    }

    /// Asks whether the API server would take the creation, by all that validation and admission say. That the name
    /// is taken it finds out last.
    async fn rehearse(
        &self,
        request: &Request,
        claim: Claim,
        content: &SecretContent,
    ) -> Result<(), ApiError> {
        let path = format!("{}?fieldManager={FIELD_MANAGER}&dryRun=All", self.secrets());
        let body = body(&creation(content, request.owner(), claim))?;
        let fenced = &self.cluster.fenced;
        let rehearsed: Result<IgnoredAny, _> = fenced
            .write(fenced.lease()?, &path, Write::Create(body), View::Metadata)
            .await;
        match rehearsed {
            Ok(_) | Err(ApiError::AlreadyExists) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Makes a Secret anew. The old one, which is good, goes only once the new one is known to be acceptable.
    async fn replace(
        &self,
        request: &Request,
        owned: &Owned,
        content: &SecretContent,
    ) -> Result<Seen, ApiError> {
        self.rehearse(request, owned.claim(), content).await?;
        self.delete(content.outline().name(), owned).await?;
        self.create(request, owned.claim(), content).await
    }

    async fn create(
        &self,
        request: &Request,
        claim: Claim,
        content: &SecretContent,
    ) -> Result<Seen, ApiError> {
        let path = format!("{}?fieldManager={FIELD_MANAGER}", self.secrets());
        let body = body(&creation(content, request.owner(), claim))?;
        self.write_secret(&path, Write::Create(body)).await
    }

    async fn write_secret(&self, path: &str, write: Write) -> Result<Seen, ApiError> {
        let fenced = &self.cluster.fenced;
        // Only metadata comes back: the values are not sent a second time.
        let secret: SeenSecret = fenced
            .write(fenced.lease()?, path, write, View::Metadata)
            .await?;
        let seen = seen(&secret);
        self.cluster.secrets.learn(secret);
        Ok(seen)
    }

    /// Deletes the very Secret whose ownership was checked: it may have been given to somebody else since.
    async fn delete(&self, secret: &ResourceName, owned: &Owned) -> Result<(), ApiError> {
        let fenced = &self.cluster.fenced;
        let options = body(&json!({
            "preconditions": {"uid": owned.uid(), "resourceVersion": owned.resource_version()},
            "propagationPolicy": "Background",
        }))?;
        let deleted: Result<IgnoredAny, _> = fenced
            .write(
                fenced.lease()?,
                &self.secret(secret),
                Write::Delete(options),
                View::Metadata,
            )
            .await;
        match deleted {
            Ok(_) | Err(ApiError::NotFound) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn write_status(&self, report: &Report) -> Result<(), ApiError> {
        let Some(status) = &report.status else {
            return Ok(());
        };
        if K::restraint(self.cluster).is_some_and(|restraint| restraint.leaves_status) {
            let seen = self.resource.with_status(status.clone());
            K::mirror(self.cluster).amend(seen);
            return Ok(());
        }
        // A merge patch sets what it names and takes away what it names as null: the whole status is named.
        let patch = json!({
            // A resource of the same name that came after this one has another uid: conflict.
            "metadata": {"uid": &*self.resource.uid},
            "status": K::write_status(status),
        });
        let collection = collection::<K>(Some(&self.resource.namespace));
        let name = &self.resource.name;
        let path = format!("{collection}/{name}/status?fieldManager={FIELD_MANAGER}");
        let fenced = &self.cluster.fenced;
        let written: Result<Answer, _> = fenced
            .write(
                fenced.lease()?,
                &path,
                Write::Merge(body(&patch)?),
                View::Metadata,
            )
            .await;
        match written {
            Ok(answer) => {
                if let Some(seen) = self.resource.after_report(answer.metadata, status.clone()) {
                    K::mirror(self.cluster).learn(seen);
                }
                Ok(())
            }
            // The resource is gone, or another one has come: its own event brings us back.
            Err(ApiError::NotFound | ApiError::Conflict) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn write_event(&self, event: &Event) -> Result<(), ApiError> {
        let regarding = Regarding {
            api_version: K::API_VERSION,
            kind: K::KIND,
            namespace: Some(&self.resource.namespace),
            name: &self.resource.name,
            uid: &self.resource.uid,
        };
        write_event(self.cluster, &regarding, &K::event(event)).await
    }
}

impl<K: Kind> World for ClusterWorld<'_, K> {
    async fn compute<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        self.cluster.openings.run(work).await
    }

    async fn peek(
        &self,
        _request: &Request,
        secret: &ResourceName,
    ) -> Result<Option<Seen>, WorldError> {
        let secret = self.cluster.secrets.get(&self.key(secret));
        Ok(secret.map(|secret| seen(&secret)))
    }

    async fn observe(
        &self,
        _request: &Request,
        secret: &ResourceName,
    ) -> Result<Option<Live>, WorldError> {
        let known = self.cluster.secrets.get(&self.key(secret));
        match self
            .cluster
            .open
            .read::<LiveSecret>(&self.secret(secret), View::Whole)
            .await
        {
            Ok(secret) => {
                self.cluster.metrics.secret_read();
                let (live, observed) = secret.into_parts();
                *self.observed.lock().unwrap_or_else(PoisonError::into_inner) = Some(observed);
                Ok(Some(live))
            }
            Err(ApiError::NotFound) => {
                if let Some(known) = known {
                    self.cluster
                        .secrets
                        .forget(&self.key(secret), &known.version);
                }
                Ok(None)
            }
            Err(error) => Err(self.failed(error)),
        }
    }

    async fn apply(
        &self,
        request: &Request,
        write: &PlannedWrite,
        content: &SecretContent,
    ) -> Result<Seen, WorldError> {
        let done = match write {
            PlannedWrite::Create => {
                self.create(request, request.owner().first_claim(), content)
                    .await
            }
            PlannedWrite::Update(owned) | PlannedWrite::Adopt(owned) => {
                let adopting = matches!(write, PlannedWrite::Adopt(_));
                let patch = {
                    let observed = self.observed.lock().unwrap_or_else(PoisonError::into_inner);
                    // A proof of ownership comes from a read, and the read was noted.
                    let observed = observed.as_ref().ok_or(WorldError::Conflict)?;
                    body(&change(content, request.owner(), owned, observed, adopting))
                };
                let secret = self.secret(content.outline().name());
                let path = format!("{secret}?fieldManager={FIELD_MANAGER}");
                match patch {
                    Ok(patch) => match self.write_secret(&path, Write::Merge(patch)).await {
                        // It was deleted since it was read.
                        Err(ApiError::NotFound) => Err(ApiError::Conflict),
                        other => other,
                    },
                    Err(error) => Err(error),
                }
            }
            PlannedWrite::Replace(owned) => self.replace(request, owned, content).await,
        };
        done.map_err(|error| self.failed(error))
    }

    async fn children(&self, _request: &Request) -> Result<Vec<Child>, WorldError> {
        let secrets = self.cluster.secrets.marked(&self.resource.uid);
        let secrets = secrets
            .iter()
            .filter(|secret| secret.namespace == self.resource.namespace);
        // What the API server took for a name is one.
        let child = |secret: &Arc<SeenSecret>| {
            Some(Child {
                name: secret.name.parse().ok()?,
                seen: seen(secret),
                adopted: secret.is_adopted(),
            })
        };
        Ok(secrets.filter_map(child).collect())
    }

    async fn remove(
        &self,
        _request: &Request,
        secret: &ResourceName,
        owned: &Owned,
    ) -> Result<(), WorldError> {
        let known = self.cluster.secrets.get(&self.key(secret));
        let deleted = self.delete(secret, owned).await;
        deleted.map_err(|error| self.failed(error))?;
        if let Some(known) = known {
            let key = self.key(secret);
            self.cluster.secrets.forget(&key, &known.version);
        }
        Ok(())
    }

    fn wants(&self, _request: &Request, secrets: &[&ResourceName]) {
        let secrets = secrets.iter().map(|name| self.key(name)).collect();
        self.cluster.wanted.set(self.resource.key(), secrets);
    }

    async fn report(&self, _request: &Request, report: &Report) -> Result<(), WorldError> {
        self.write_status(report)
            .await
            .map_err(|error| self.failed(error))?;
        if let Some(event) = &report.event
            && let Err(error) = self.write_event(event).await
        {
            // An Event is for people, and may be lost.
            self.failed(error);
        }
        Ok(())
    }
}

fn seen(secret: &SeenSecret) -> Seen {
    Seen {
        uid: secret.uid.to_string(),
        resource_version: secret.version.to_string(),
    }
}

/// The answer to a write of the status.
#[derive(Deserialize)]
struct Answer {
    metadata: Meta,
}

#[cfg(test)]
mod tests;
