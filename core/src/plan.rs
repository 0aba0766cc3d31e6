//! What to do with a Secret: a pure decision over what is wanted and what is there.
//!
//! # Guarantees
//!
//! - A Secret that does not belong to the resource is never written: every write but a creation
//!   needs an [`Owned`], and only the check of ownership makes one.
//! - Ownership is by uid: the controller owner reference's, or [`ADOPTED_BY_ANNOTATION`]'s on a
//!   Secret that was adopted. A label never counts.
//! - A write is asked for only when something differs.

mod compare;
mod ownership;

use std::collections::BTreeMap;

pub use compare::{Changes, matches_outline};
pub use ownership::{
    ADOPT_ANNOTATION, ADOPTED_BY_ANNOTATION, Claim, Consent, Owned, check_ownership, controlled_by,
};

use crate::names::ResourceName;
use crate::plaintext::Plaintext;
use crate::reason::Reason;
use crate::secret::SecretContent;

/// The sealed resource that a Secret is made for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// Group and version.
    pub api_version: String,
    /// The kind.
    pub kind: String,
    /// The name, and that of its Secret.
    pub name: ResourceName,
    /// The uid, never empty for a resource that exists.
    pub uid: String,
    /// By which signs it may have a Secret that is not its own.
    pub consent: Consent,
}

/// A live Secret, as one read showed it.
#[derive(Debug, Default)]
pub struct Live {
    /// Its uid.
    pub uid: String,
    /// The resourceVersion of the read.
    pub resource_version: String,
    /// Its type.
    pub secret_type: String,
    /// Whether the API server refuses changes of its data.
    pub immutable: bool,
    /// It has a deletionTimestamp.
    pub deleting: bool,
    /// The owner reference with `controller: true`.
    pub controller: Option<Controller>,
    /// It has an owner reference of any kind.
    pub owned: bool,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its annotations.
    pub annotations: BTreeMap<String, String>,
    /// Its data.
    pub data: BTreeMap<String, Plaintext>,
    /// Which metadata is there by our own writing; nothing when we never wrote this Secret.
    pub ours: Option<OurMetadata>,
    /// The Secret is kept in another form than it was written in (a directory: permissions, links).
    pub deformed: bool,
    /// The last field manager but ours that wrote it, for the Event about drift.
    pub changed_by: Option<String>,
}

/// The owner reference of a controller.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Controller {
    /// The kind of the owner.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its uid.
    pub uid: String,
}

/// Labels and annotations that our field manager owns.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OurMetadata {
    /// Names of labels.
    pub labels: Vec<String>,
    /// Names of annotations.
    pub annotations: Vec<String>,
}

/// How much of a Secret is ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// All of its data: a foreign key is drift, and goes.
    #[default]
    Whole,
    /// The keys that we write; others stay.
    Merge,
}

/// What to do.
#[derive(Debug, PartialEq, Eq)]
pub enum Plan {
    /// Write, because of these differences.
    Write(Write, Changes),
    /// Everything is as it should be.
    Unchanged(Owned),
    /// The live Secret is being deleted; look again when it is gone.
    Wait,
    /// Leave it alone.
    Refuse(Refusal),
}

/// A write, with the proof that it may be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Write {
    /// Make it, with the owner's [`Owner::first_claim`]. Fails with a conflict when it is there.
    Create,
    /// Change it in place, under uid and resourceVersion of the proof; keys that are not wanted go.
    Update(Owned),
    /// Take it over in one write under uid and resourceVersion of the proof: as an update, with the
    /// claim of the proof ([`ADOPTED_BY_ANNOTATION`] set to the owner's uid, or the owner reference),
    /// without the annotation that consented and without the controller owner reference of anybody else.
    Adopt(Owned),
    /// Delete it under the uid of the proof, and create it anew with the same [`Claim`].
    Replace(Owned),
}

/// Why a Secret is left alone. The text holds names only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The bounded word.
    pub reason: Reason,
    /// The sentence.
    pub detail: String,
}

/// Decides what to do so that `live` becomes `wanted`.
pub fn plan(wanted: &SecretContent, owner: &Owner, live: Option<&Live>) -> Plan {
    let Some(live) = live else {
        return Plan::Write(Write::Create, Changes::all(wanted));
    };
    let owned = match check_ownership(wanted.outline(), owner, live) {
        Ok(owned) => owned,
        Err(refusal) => return Plan::Refuse(refusal),
    };
    if live.deleting {
        return Plan::Wait;
    }
    let mode = owned.mode();
    let changes = Changes::between(wanted, live, mode);
    if changes.need_replacement(wanted, live) {
        return match mode {
            Mode::Whole => Plan::Write(Write::Replace(owned), changes),
            // Deleting would lose the keys of others.
            Mode::Merge => Plan::Refuse(Refusal {
                reason: Reason::TypeRefused,
                detail:
                    "refusing to replace a Secret that others write to: its type would change, \
                         or it is immutable"
                        .to_owned(),
            }),
        };
    }
    if owned.is_new() {
        Plan::Write(Write::Adopt(owned), changes)
    } else if changes.is_empty() {
        Plan::Unchanged(owned)
    } else {
        Plan::Write(Write::Update(owned), changes)
    }
}

#[cfg(test)]
mod tests;
