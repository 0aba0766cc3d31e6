//! A world in memory: for conflicts, foreign owners and answers that no real server gives on demand.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};

use bulla_core::api::SecretEnvelope;
use bulla_core::names::ResourceName;
use bulla_core::plan::{ADOPT_ANNOTATION, ADOPTED_BY_ANNOTATION, Claim, Controller, OurMetadata};
use bulla_core::secret::SecretContent;

use super::super::*;

#[derive(Default)]
pub(super) struct Memory {
    pub(super) state: Mutex<State>,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) secret: Option<Live>,
    /// What the cache shows, where that is not the Secret itself.
    pub(super) stale: Option<Option<Seen>>,
    pub(super) calls: Vec<&'static str>,
    /// Answers to the next writes.
    pub(super) errors: VecDeque<WorldError>,
    pub(super) reports: Vec<Report>,
    version: u64,
}

impl Memory {
    pub(super) fn with<T>(&self, f: impl FnOnce(&mut State) -> T) -> T {
        f(&mut self.state.lock().unwrap())
    }

    /// Changes the live Secret as somebody else would.
    pub(super) fn edit(&self, edit: impl FnOnce(&mut Live)) {
        self.with(|state| {
            state.version += 1;
            let version = state.version.to_string();
            let live = state.secret.as_mut().unwrap();
            live.resource_version = version;
            live.changed_by = Some("kubectl-edit".into());
            edit(live);
        });
    }

    pub(super) fn calls(&self) -> Vec<&'static str> {
        self.with(|state| std::mem::take(&mut state.calls))
    }

    pub(super) fn reports(&self) -> Vec<Report> {
        self.with(|state| std::mem::take(&mut state.reports))
    }
}

impl World for Memory {
    async fn peek(&self, _: &Request, _: &ResourceName) -> Result<Option<Seen>, WorldError> {
        Ok(self.with(|state| {
            state.calls.push("peek");
            let seen = state.secret.as_ref().map(Seen::from);
            state.stale.take().unwrap_or(seen)
        }))
    }

    async fn observe(&self, _: &Request, _: &ResourceName) -> Result<Option<Live>, WorldError> {
        Ok(self.with(|state| {
            state.calls.push("observe");
            state.secret.as_ref().map(duplicate)
        }))
    }

    async fn apply(
        &self,
        request: &Request,
        write: &Write,
        content: &SecretContent,
    ) -> Result<Seen, WorldError> {
        self.with(|state| {
            state.calls.push("apply");
            if let Some(error) = state.errors.pop_front() {
                return Err(error);
            }
            let current = state.secret.as_ref().map(Seen::from);
            let (claim, uid) = match (write, &current) {
                (Write::Create, None) => {
                    (request.owner().first_claim(), format!("s{}", state.version))
                }
                (Write::Update(owned) | Write::Adopt(owned), Some(seen))
                    if *seen == Seen::from(owned) =>
                {
                    (owned.claim(), seen.uid.clone())
                }
                (Write::Replace(owned), Some(seen)) if seen.uid == owned.uid() => {
                    (owned.claim(), format!("s{}", state.version))
                }
                _ => return Err(WorldError::Conflict),
            };
            state.version += 1;
            let mut live = written(request, content, claim);
            live.uid = uid;
            live.resource_version = state.version.to_string();
            let seen = Seen::from(&live);
            state.secret = Some(live);
            Ok(seen)
        })
    }

    async fn report(&self, _: &Request, report: &Report) -> Result<(), WorldError> {
        self.with(|state| {
            state.calls.push("report");
            state.reports.push(report.clone());
        });
        Ok(())
    }
}

/// A resource with its world: the status of each report goes into the next request.
pub(super) struct Bench {
    pub(super) world: Memory,
    pub(super) wire: SecretEnvelope,
    pub(super) keys: Keys,
    pub(super) engine: Engine,
}

impl Bench {
    pub(super) fn run(&mut self) -> (Outcome, Vec<&'static str>, Vec<Report>) {
        let request = Request::from_envelope(&self.wire).unwrap();
        let future = self
            .engine
            .reconcile(&self.world, &request, &self.keys, Timestamp(0));
        let outcome = ready(future);
        let reports = self.world.reports();
        for report in &reports {
            if let Some(status) = &report.status {
                self.wire.status = Some(status.clone().into());
            }
        }
        (outcome, self.world.calls(), reports)
    }
}

pub(super) fn ready<F: Future>(future: F) -> F::Output {
    match std::pin::pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("the world in memory never waits"),
    }
}

pub(super) fn written(request: &Request, content: &SecretContent, claim: Claim) -> Live {
    let outline = content.outline();
    let mut live = Live {
        secret_type: outline.secret_type().to_owned(),
        immutable: outline.immutable(),
        labels: outline.labels().clone(),
        annotations: outline.annotations().clone(),
        ours: Some(OurMetadata {
            labels: outline.labels().keys().cloned().collect(),
            annotations: outline.annotations().keys().cloned().collect(),
        }),
        ..Live::default()
    };
    let data = content.data().iter();
    live.data = data
        .map(|(key, value)| (key.to_string(), value.duplicate()))
        .collect();
    let uid = request.owner().uid.clone();
    match claim {
        Claim::Owner => {
            live.controller = Some(Controller {
                uid,
                ..Controller::default()
            });
        }
        Claim::Adopted => {
            let annotation = (ADOPTED_BY_ANNOTATION.to_owned(), uid);
            live.annotations.extend([annotation]);
            live.annotations.remove(ADOPT_ANNOTATION);
        }
        Claim::Shared => {}
    }
    live
}

pub(super) fn duplicate(live: &Live) -> Live {
    let data = live.data.iter();
    Live {
        uid: live.uid.clone(),
        resource_version: live.resource_version.clone(),
        secret_type: live.secret_type.clone(),
        immutable: live.immutable,
        deleting: live.deleting,
        controller: live.controller.clone(),
        owned: live.owned,
        labels: live.labels.clone(),
        annotations: live.annotations.clone(),
        data: data
            .map(|(key, value)| (key.clone(), value.duplicate()))
            .collect(),
        ours: live.ours.clone(),
        deformed: live.deformed,
        changed_by: live.changed_by.clone(),
    }
}
