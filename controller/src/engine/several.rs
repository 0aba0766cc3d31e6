//! The reconcile of a resource that makes several Secrets: each has its plan, its write and its record; the resource has
//! one verdict.
//!
//! # Guarantees
//!
//! - Everything opens before anything is written, and before anything is removed.
//! - A Secret that the resource no longer names is removed only by the proof that the resource controls it. One that it
//!   adopted stays.
//! - A Secret that is refused does not keep the others from being made.
//!
//! # Caveats
//!
//! - What the Secrets are called may be closed, too. So a change of one of them is told apart from a mere touch only
//!   after the resource was opened: one private operation, and a read of that Secret alone.

use std::collections::BTreeSet;

use bulla_core::plan::controlled_by;
use bulla_core::reason::Reason;
use bulla_core::secret::SecretContent;
use bulla_core::sops_secret::SopsSecret;

use super::opening::open_several;
use super::{
    ATTEMPTS, Action, Child, Engine, Keys, Progress, Record, Report, Request, Settled, Verdict,
    World, WorldError, Wrote, status,
};

impl Engine {
    pub(super) async fn converge_several<W: World>(
        &self,
        world: &W,
        request: &Request,
        sealed: &SopsSecret,
        keys: &Keys,
        progress: &mut Progress,
    ) -> Result<(), Verdict> {
        let children = world.children(request).await?;
        let records = match request.forced() {
            true => Vec::new(),
            false => request.records(),
        };
        if self.all_hold(request, &records, &children) {
            return Ok(());
        }
        if let Some(verdict) = self.still_refused(request, keys) {
            progress.refusal = request.status().refused.clone();
            return Err(verdict);
        }
        progress.unbound = Some(!sealed.has_place());
        let effort = &mut progress.effort;
        let contents = world
            .compute(|| open_several(sealed, keys, &self.policy, effort))
            .await
            .map_err(|verdict| self.remembered(verdict, request, keys, progress))?;
        progress.keys = Some(contents.len());
        self.settle_several(world, request, &contents, (&records, children), progress)
            .await
    }

    /// Makes every Secret as it should be, and removes those that the resource no longer names.
    async fn settle_several<W: World>(
        &self,
        world: &W,
        request: &Request,
        contents: &[SecretContent],
        (records, children): (&[Record], Vec<Child>),
        progress: &mut Progress,
    ) -> Result<(), Verdict> {
        let names: Vec<_> = contents.iter().map(|it| it.outline().name()).collect();
        world.wants(request, &names);
        let mut failures = Failures::default();
        let mut settled = Vec::with_capacity(contents.len());
        for content in contents {
            let known = (records, children.as_slice());
            match self.settle_child(world, request, content, known).await {
                Ok(Settled {
                    record,
                    action,
                    drift,
                }) => {
                    settled.push(record.to_string());
                    if let Some(action) = action {
                        let secret = content.outline().name().clone();
                        let wrote = Wrote {
                            secret,
                            action,
                            drift,
                        };
                        tell(world, request, progress, wrote).await;
                    }
                }
                Err(verdict @ Verdict::Failed(WorldError::Stopped)) => return Err(verdict),
                Err(verdict) => failures.add(verdict),
            }
        }
        progress.record = Some(settled.join(","));
        let names: BTreeSet<_> = names.into_iter().collect();
        let unnamed = |child: &Child| !child.adopted && !names.contains(&child.name);
        for child in children.into_iter().filter(unnamed) {
            match self.remove(world, request, &child).await {
                Ok(false) => {}
                Ok(true) => {
                    let wrote = Wrote {
                        secret: child.name,
                        action: Action::Removed,
                        drift: None,
                    };
                    tell(world, request, progress, wrote).await;
                }
                Err(error) => failures.add(error.into()),
            }
        }
        failures.into_verdict().map_or(Ok(()), Err)
    }

    /// True when nothing changed since: each Secret is as its record says, and there is no other one.
    fn all_hold(&self, request: &Request, records: &[Record], children: &[Child]) -> bool {
        let made = request
            .status()
            .keys
            .and_then(|keys| usize::try_from(keys).ok());
        if records.is_empty() || made != Some(records.len()) {
            return false;
        }
        let mut left: Vec<&Record> = records.iter().collect();
        for child in children {
            let place = self.place(request, child, &left);
            match place {
                Some(place) => drop(left.swap_remove(place)),
                // What it once adopted, and no longer names, is nobody's business here.
                None if child.adopted => {}
                None => return false,
            }
        }
        left.is_empty()
    }

    /// Which of the records is that of the Secret as it is.
    fn place(&self, request: &Request, child: &Child, records: &[&Record]) -> Option<usize> {
        records
            .iter()
            .position(|record| record.is_of(&self.key, &self.policy, request, &child.seen))
    }

    async fn settle_child<W: World>(
        &self,
        world: &W,
        request: &Request,
        content: &SecretContent,
        (records, children): (&[Record], &[Child]),
    ) -> Result<Settled, Verdict> {
        let mac = self.key.content(&self.policy, request, content);
        let name = content.outline().name();
        let applied: Vec<&Record> = records.iter().filter(|it| it.has_content(&mac)).collect();
        let child = children.iter().find(|child| child.name == *name);
        if let Some(child) = child
            && let Some(place) = self.place(request, child, &applied)
        {
            return Ok(Settled {
                record: *applied[place],
                action: None,
                drift: None,
            });
        }
        let seen = world.peek(request, name).await?;
        // Of some types a cache shows no Secret: one that was in the way may still be.
        let live = if seen.is_some() || request.was_refused_for(Reason::NotOwned) {
            world.observe(request, name).await?
        } else {
            None
        };
        let applied_before = request
            .records()
            .iter()
            .any(|record| record.has_content(&mac));
        self.settle(world, request, (content, mac), live, applied_before)
            .await
    }

    /// Deletes a Secret of the resource. False where it is not its any more.
    async fn remove<W: World>(
        &self,
        world: &W,
        request: &Request,
        child: &Child,
    ) -> Result<bool, WorldError> {
        for attempt in 1..=ATTEMPTS {
            let live = world.observe(request, &child.name).await?;
            let owned = live
                .as_ref()
                .and_then(|it| controlled_by(request.owner(), it));
            let Some(owned) = owned else {
                return Ok(false);
            };
            match world.remove(request, &child.name, &owned).await {
                Ok(()) => return Ok(true),
                Err(WorldError::Conflict) if attempt < ATTEMPTS => {}
                Err(error) => return Err(error),
            }
        }
        Err(WorldError::Conflict)
    }
}

/// An Event for each Secret, at once: the resource's own says how all of it ended.
async fn tell<W: World>(world: &W, request: &Request, progress: &mut Progress, wrote: Wrote) {
    let event = status::written_of_several(&wrote);
    progress.writes.push(wrote);
    let report = Report {
        status: None,
        event: Some(event),
    };
    // An Event is for people, and may be lost.
    let _ = world.report(request, &report).await;
}

/// Secrets that are not as they should be.
#[derive(Default)]
struct Failures {
    refused: Option<(Reason, String)>,
    more: usize,
    /// What time can mend: it is tried again for that.
    passing: Option<Verdict>,
}

impl Failures {
    fn add(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Refused { reason, detail } => match self.refused {
                None => self.refused = Some((reason, detail)),
                Some(_) => self.more += 1,
            },
            passing => {
                self.passing.get_or_insert(passing);
            }
        }
    }

    fn into_verdict(self) -> Option<Verdict> {
        if self.passing.is_some() {
            return self.passing;
        }
        let (reason, mut detail) = self.refused?;
        if self.more > 0 {
            detail = format!("{detail} (and {} more Secrets)", self.more);
        }
        Some(Verdict::Refused { reason, detail })
    }
}
