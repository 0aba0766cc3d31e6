//! One pass: every sealed resource through the engine, and what no manifest wants any more away.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};

use bulla_core::rotation::Timestamp;

use super::flush::Flush;
use super::sources::{Source, Sources};
use super::state::LastSource;
use super::world::{DirectoryWorld, Told};
use super::{DirectoryStore, Problem, Report, Resource, StoreError, state, sweep};
use crate::engine::{Keys, Outcome, Request};

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
        let mut sources = read.resources.into_values().peekable();
        while sources.peek().is_some() {
            let batch = sources.by_ref().take(BATCH);
            let batch = batch.filter_map(|source| self.prepare(source, &mut report.problems));
            let batch = batch.collect();
            self.reconcile_all(batch, &ring, now, &mut report);
        }
        let unread: BTreeSet<&Path> = report.skipped.iter().map(PathBuf::as_path).collect();
        let mut hidden = Vec::new();
        let swept = sweep::sweep(&self.roots, |resource, namespace, name| {
            let wanted = wanted.binary_search_by(|(a, b)| (a, b).cmp(&(namespace, name)));
            if read.incomplete || wanted.is_ok() {
                return true;
            }
            let last = LastSource::read(resource).filter(|last| unread.contains(&*last.file));
            let kept = last.is_some();
            hidden.extend(last.map(|last| Problem {
                message: format!("it does not read any more: `{namespace}/{name}` of it is kept"),
                file: last.file,
            }));
            kept
        });
        report.kept_for_problems |= !hidden.is_empty();
        report.problems.extend(hidden);
        report.removed = swept.removed;
        report.problems.extend(swept.problems);
        Ok(report)
    }

    fn prepare(&self, mut source: Source, problems: &mut Vec<Problem>) -> Option<Prepared> {
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
                problems.push(Problem {
                    file: source.file,
                    message: error.to_string(),
                });
                return None;
            }
        };
        let resource = self.roots.resource(request.namespace(), request.name());
        let status = resource.ok().flatten().map(|r| state::read_status(&r));
        let mut request = request.with_status(status.unwrap_or_default());
        if let Some(error) = source.refused {
            request = request.refused(error);
        }
        Some(Prepared {
            request,
            place,
            file: source.file,
        })
    }

    /// Reconciles resources side by side, so that they share their flushes.
    fn reconcile_all(
        &self,
        batch: Vec<Prepared>,
        keys: &Keys,
        now: Timestamp,
        report: &mut Report,
    ) {
        let flush = Flush::default();
        let world = |_: &Prepared| DirectoryWorld {
            roots: &self.roots,
            digest_key: &self.digest_key,
            flush: &flush,
            told: Mutex::default(),
        };
        let worlds: Vec<_> = batch.iter().map(world).collect();
        let runs = batch.iter().zip(&worlds).map(|(prepared, world)| {
            let run = self.engine.reconcile(world, &prepared.request, keys, now);
            Box::pin(run) as Pin<Box<dyn Future<Output = Outcome> + '_>>
        });
        let outcomes = flush.drive(runs);
        for ((prepared, world), outcome) in batch.iter().zip(&worlds).zip(outcomes) {
            let mut told = world.told.lock().unwrap_or_else(PoisonError::into_inner);
            let Told {
                events,
                mut failures,
            } = std::mem::take(&mut *told);
            let (namespace, name) = (prepared.request.namespace(), prepared.request.name());
            failures.extend(self.remember(prepared).err());
            let failures = failures.iter().map(|error| Problem {
                file: PathBuf::from(&prepared.place),
                message: error.to_string(),
            });
            report.problems.extend(failures);
            report.resources.push(Resource {
                namespace: namespace.clone(),
                name: name.clone(),
                file: prepared.file.clone(),
                outcome,
                events,
            });
        }
    }

    /// Writes down which manifest defines a resource that the store has a directory for.
    fn remember(&self, prepared: &Prepared) -> io::Result<()> {
        let (namespace, name) = (prepared.request.namespace(), prepared.request.name());
        let file = prepared.file.clone();
        match self.roots.resource(namespace, name)? {
            Some(resource) => LastSource { file }.write(&resource),
            None => Ok(()),
        }
    }
}

/// A resource on its way through the engine.
struct Prepared {
    request: Request,
    /// Its namespace and name.
    place: String,
    file: PathBuf,
}

/// How many resources share their flushes; all of their values are in memory at once.
const BATCH: usize = 64;
/// Files have no generations: what changed is told by the records.
const GENERATION: i64 = 1;
