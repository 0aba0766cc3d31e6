//! What a pass over a store found and did.

use std::path::PathBuf;

use bulla_core::names::{Namespace, ResourceName};
use bulla_core::recipient::Recipient;
use bulla_core::rotation::{Block, Timestamp};

use super::error::Problem;
use crate::engine::{Event, Outcome, Verdict};

/// One pass: every sealed resource with its outcome, and what else happened.
#[derive(Debug, Default)]
pub struct Report {
    /// Sealed resources, by namespace and name.
    pub resources: Vec<Resource>,
    /// Resources whose manifest is gone: their Secrets were removed.
    pub removed: Vec<(Namespace, ResourceName)>,
    /// Fingerprints or names of the sealing keys that were made.
    pub keys_made: Vec<String>,
    /// Public keys to close for, one for each suite.
    pub recipients: Vec<Recipient>,
    /// Why there is no key to close with.
    pub blocked: Option<Block>,
    /// When the next key is due.
    pub next_key: Option<Timestamp>,
    /// What could not be used; everything else was.
    pub problems: Vec<Problem>,
    /// Files that are no manifests and do not mention a sealed resource either.
    pub skipped: Vec<PathBuf>,
    /// Secrets without a manifest were kept, because one of `problems` may hold it.
    pub kept_for_problems: bool,
}

/// One sealed resource in a pass.
#[derive(Debug)]
pub struct Resource {
    /// Its namespace.
    pub namespace: Namespace,
    /// Its name.
    pub name: ResourceName,
    /// The file that defines it, below the folder of manifests.
    pub file: PathBuf,
    /// What came of it.
    pub outcome: Outcome,
    /// What there is to tell.
    pub events: Vec<Event>,
}

impl Report {
    /// True when every resource is ready or suspended, and nothing was wrong with a file.
    pub fn is_clean(&self) -> bool {
        let fine = |resource: &Resource| {
            matches!(
                resource.outcome.verdict,
                Verdict::Ready | Verdict::Suspended
            ) && resource.outcome.reported.is_ok()
        };
        self.problems.is_empty() && self.blocked.is_none() && self.resources.iter().all(fine)
    }

    /// True when the pass wrote nothing and has nothing to tell.
    pub fn is_quiet(&self) -> bool {
        let quiet =
            |resource: &Resource| resource.outcome.action.is_none() && resource.events.is_empty();
        self.removed.is_empty() && self.keys_made.is_empty() && self.resources.iter().all(quiet)
    }

    /// Private-key operations of the pass.
    pub fn private_operations(&self) -> usize {
        let of = |resource: &Resource| resource.outcome.effort.private_operations;
        self.resources.iter().map(of).sum()
    }

    /// The outcome of one resource.
    pub fn outcome(&self, namespace: &str, name: &str) -> Option<&Outcome> {
        self.resources
            .iter()
            .find(|resource| {
                resource.namespace.as_str() == namespace && resource.name.as_str() == name
            })
            .map(|resource| &resource.outcome)
    }
}
