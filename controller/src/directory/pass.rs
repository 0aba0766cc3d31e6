//! One pass: every sealed resource through the engine, and what no manifest wants any more away.

use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use bulla_core::rotation::Timestamp;

use super::sources::{Source, Sources};
use super::world::{DirectoryWorld, Told};
use super::{DirectoryStore, Problem, Report, Resource, StoreError, state, sweep};
use crate::engine::{Keys, Request};

impl DirectoryStore {
    /// Makes keys that are due, makes the Secrets as the manifests below `sources` want them, and
    /// removes those that none of them wants any more.
    ///
    /// A file or a resource that is wrong is reported, and stops no other one.
    ///
    /// # Errors
    ///
    /// `Sources` when the folder can't be read, `State` when the keys can't: nothing is removed then.
    pub fn reconcile_once(&mut self, sources: &Path) -> Result<Report, StoreError> {
        self.reconcile_at(sources, crate::engine::now())
    }

    pub(super) fn reconcile_at(
        &mut self,
        sources: &Path,
        now: Timestamp,
    ) -> Result<Report, StoreError> {
        let keys = self.rotate(now)?;
        let store = self.roots.root.identity().map_err(StoreError::State)?;
        let read = Sources::read(sources, store).map_err(|source| StoreError::Sources {
            path: sources.to_owned(),
            source,
        })?;
        let mut report = Report {
            keys_made: keys.made,
            recipients: keys.recipients,
            blocked: keys.blocked,
            next_key: keys.due,
            problems: keys.problems,
            skipped: read.skipped,
            kept_for_problems: read.incomplete,
            ..Report::default()
        };
        report.problems.extend(read.problems);
        let wanted: Vec<_> = read.resources.keys().cloned().collect();
        let ring = Keys {
            age: keys.ring,
            ..Keys::default()
        };
        for (_, source) in read.resources {
            self.reconcile_one(source, &ring, now, &mut report);
        }
        let swept = sweep::sweep(&self.roots, |namespace, name| {
            let wanted = wanted.binary_search_by(|(a, b)| (a, b).cmp(&(namespace, name)));
            read.incomplete || wanted.is_ok()
        });
        report.removed = swept.removed;
        report.problems.extend(swept.problems);
        Ok(report)
    }

    fn reconcile_one(&self, mut source: Source, keys: &Keys, now: Timestamp, report: &mut Report) {
        let metadata = &mut source.wire.metadata;
        let (namespace, name) = (metadata.namespace.clone(), metadata.name.clone());
        let place = format!(
            "{}/{}",
            namespace.unwrap_or_default(),
            name.unwrap_or_default()
        );
        // Nothing else makes two resources of one kind in a directory differ.
        metadata.uid = Some(format!("SecretEnvelope/{place}"));
        metadata.generation = Some(GENERATION);
        source.wire.status = None;
        let request = match Request::from_envelope(&source.wire) {
            Ok(request) => request,
            Err(error) => {
                return report.problems.push(Problem {
                    file: source.file,
                    message: error.to_string(),
                });
            }
        };
        let (namespace, name) = (request.namespace().clone(), request.name().clone());
        let resource = self.roots.resource(&namespace, &name).ok().flatten();
        let mut request = request.with_status(
            resource
                .map(|resource| state::read_status(&resource))
                .unwrap_or_default(),
        );
        if let Some(error) = source.refused {
            request = request.refused(error);
        }
        let world = DirectoryWorld {
            roots: &self.roots,
            digest_key: &self.digest_key,
            told: Mutex::default(),
        };
        let outcome = ready(self.engine.reconcile(&world, &request, keys, now));
        let Told { events, failures } = world
            .told
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        let failures = failures.iter().map(|error| Problem {
            file: PathBuf::from(&place),
            message: error.to_string(),
        });
        report.problems.extend(failures);
        report.resources.push(Resource {
            namespace,
            name,
            file: source.file,
            outcome,
            events,
        });
    }
}

/// Files have no generations: what changed is told by the records.
const GENERATION: i64 = 1;

/// The world of files answers at once, so that a future over it is ready when it is first polled.
fn ready<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("the world of files never waits"),
    }
}
