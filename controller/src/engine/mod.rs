//! One reconcile of one sealed resource: open, plan, apply, report, in whatever [`World`] it lives.
//!
//! # Guarantees
//!
//! - Where nothing changed since the last time, nothing is opened, read or written: see [`Record`]. That holds for what
//!   was refused too.
//! - A first reconcile costs one write of the Secret, one of the status and one Event.
//! - A failure leaves the Secret as it was. What a failure says was written in this code base: the
//!   text of an error that could quote a value is never passed on.
//!
//! # Assumptions
//!
//! - One reconcile of a resource at a time.
//! - The world keeps the contract of [`World`], above all that it never shows less than its own writes.

mod applied;
mod clock;
mod hint;
mod opening;
mod outcome;
mod report;
mod request;
mod several;
mod status;
mod world;

pub use applied::{Record, RecordError, RecordKey};
pub use clock::{TimeError, now, parse_time, rfc3339};
pub use opening::Keys;
pub use outcome::{Action, Drift, Effort, Outcome, Requeue, Verdict, Wrote};
pub use report::{Event, EventKind, Report, Status};
pub use request::{Fault, Holds, Request, RequestError, Sealed, SpecDigest};
#[cfg(feature = "kube")]
pub(crate) use status::SUSPENDED;
pub use status::cut;
pub use world::{Child, Seen, World, WorldError};

use applied::ContentMac;
use bulla_core::plan::{Live, Mode, Owned, Plan, Write, check_ownership, matches_outline, plan};
use bulla_core::reason::Reason;
use bulla_core::rotation::Timestamp;
use bulla_core::secret::{Outline, SecretContent, SecretPolicy};

/// What every reconcile needs besides the world, the resource and the keys.
#[derive(Debug)]
pub struct Engine {
    key: RecordKey,
    policy: SecretPolicy,
}

/// What a reconcile has found out; its parts are gathered on the way, so that a failure keeps them.
#[derive(Default)]
struct Progress {
    effort: Effort,
    action: Option<Action>,
    drift: Option<Drift>,
    /// The record, or those of several Secrets.
    record: Option<String>,
    refusal: Option<String>,
    keys: Option<usize>,
    varies: Option<bool>,
    unbound: Option<bool>,
    writes: Vec<Wrote>,
}

/// What came of one Secret.
struct Settled {
    record: Record,
    action: Option<Action>,
    drift: Option<Drift>,
}

/// How often a write is tried again at once when somebody else wrote in between.
const ATTEMPTS: usize = 3;

impl Engine {
    /// An engine that keeps its records under `key` and makes what `policy` allows.
    pub fn new(key: RecordKey, policy: SecretPolicy) -> Self {
        Self { key, policy }
    }

    /// The policy for Secrets; the names of key Secrets change as keys come and go.
    pub fn policy_mut(&mut self) -> &mut SecretPolicy {
        &mut self.policy
    }

    /// Makes the world as `request` wants it, and reports. It never fails: the outcome says what
    /// happened and when to come again.
    pub async fn reconcile<W: World>(
        &self,
        world: &W,
        request: &Request,
        keys: &Keys,
        now: Timestamp,
    ) -> Outcome {
        let mut progress = Progress::default();
        if request.suspended() {
            return match request.makes_several() {
                // Its status has a word for that.
                true => {
                    self.told(world, request, Verdict::Suspended, progress, now)
                        .await
                }
                false => Outcome::suspended(),
            };
        }
        let verdict = match self.converge(world, request, keys, &mut progress).await {
            Ok(()) => Verdict::Ready,
            Err(verdict) => verdict.bounded(),
        };
        self.told(world, request, verdict, progress, now).await
    }

    /// Tells more of a refusal for want of a key, if that is what the status tells of; nothing is opened for it. Otherwise
    /// it reconciles as ever. The caller vouches that resource and keys are those that it was found out with.
    pub async fn explain<W: World>(
        &self,
        world: &W,
        request: &Request,
        keys: &Keys,
        (reason, detail): (Reason, String),
        now: Timestamp,
    ) -> Outcome {
        let told = status::told_refusal(request).is_some_and(|(before, told)| {
            before == Reason::NoKey && detail.starts_with(told)
                || before == reason && detail == told
        });
        if request.suspended() || request.forced() || !told {
            return self.reconcile(world, request, keys, now).await;
        }
        let record = self
            .key
            .refusal(&self.policy, request, keys, (reason, &detail));
        let progress = Progress {
            refusal: Some(record),
            ..Progress::default()
        };
        let verdict = Verdict::Refused { reason, detail };
        self.told(world, request, verdict, progress, now).await
    }

    /// Reports what came of a reconcile.
    async fn told<W: World>(
        &self,
        world: &W,
        request: &Request,
        verdict: Verdict,
        progress: Progress,
        now: Timestamp,
    ) -> Outcome {
        let mut outcome = Outcome {
            verdict,
            action: progress.action,
            drift: progress.drift,
            writes: progress.writes,
            effort: progress.effort,
            varies: progress.varies,
            unbound: progress.unbound,
            reported: Ok(()),
        };
        if let Some(report) = status::report(
            request,
            &outcome,
            progress.record,
            progress.refusal,
            progress.keys,
            now,
        ) {
            outcome.reported = world.report(request, &report).await;
        }
        outcome
    }

    async fn converge<W: World>(
        &self,
        world: &W,
        request: &Request,
        keys: &Keys,
        progress: &mut Progress,
    ) -> Result<(), Verdict> {
        let sealed = match request.holds().map_err(Verdict::from)? {
            Holds::Secret(sealed) => sealed,
            Holds::Secrets(sealed) => {
                return self
                    .converge_several(world, request, sealed, keys, progress)
                    .await;
            }
        };
        let outline = sealed.outline(request);
        // What is refused by what anybody can see of it is refused before any private key is used, each time.
        if let Some(outline) = &outline {
            self.policy.check(outline)?;
        }
        let record = request.record().filter(|_| !request.forced());
        let seen = world.peek(request, request.name()).await?;
        if let (Some(record), Some(seen)) = (&record, &seen)
            && record.is_of(&self.key, &self.policy, request, seen)
        {
            return Ok(());
        }
        // Of some types a cache shows no Secret: one that was in the way may still be.
        let live = if seen.is_some() || request.was_refused_for(Reason::NotOwned) {
            world.observe(request, request.name()).await?
        } else {
            None
        };
        if let (Some(outline), Some(live)) = (&outline, &live) {
            let owned = check_ownership(outline, request.owner(), live)?;
            if live.deleting {
                return Err(Verdict::Waiting);
            }
            if let Some(record) = &record
                && let Some(content) =
                    self.still_holds(record, request, sealed, outline, live, &owned)
            {
                let record = self
                    .key
                    .record(&self.policy, request, content, &Seen::from(live));
                progress.record = Some(record.to_string());
                return Ok(());
            }
        }
        if let Some(verdict) = self.still_refused(request, keys) {
            progress.refusal = request.status().refused.clone();
            return Err(verdict);
        }
        let effort = &mut progress.effort;
        let content = world
            .compute(|| sealed.open(request, keys, &self.policy, effort))
            .await
            .map_err(|verdict| self.remembered(verdict, request, keys, progress))?;
        progress.varies = Some(content.varies());
        let mac = self.key.content(&self.policy, request, &content);
        let applied_before = request.record().is_some_and(|record| {
            // What varies is another content each time: whoever made it differ, it was applied once.
            record.has_content(&mac) || content.varies() && request.is_applied()
        });
        let settled = self
            .settle(world, request, (&content, mac), live, applied_before)
            .await?;
        progress.drift = settled.drift;
        progress.action = settled.action;
        progress.record = Some(settled.record.to_string());
        progress.keys = Some(content.data().len());
        Ok(())
    }

    /// Makes one Secret as it should be.
    async fn settle<W: World>(
        &self,
        world: &W,
        request: &Request,
        (content, mac): (&SecretContent, ContentMac),
        mut live: Option<Live>,
        applied_before: bool,
    ) -> Result<Settled, Verdict> {
        let record = |seen: &Seen| self.key.record(&self.policy, request, mac, seen);
        for attempt in 1.. {
            let (write, changes) = match plan(content, request.owner(), live.as_ref()) {
                Plan::Write(write, changes) => (write, changes),
                Plan::Unchanged(owned) => {
                    return Ok(Settled {
                        record: record(&Seen::from(&owned)),
                        action: None,
                        drift: None,
                    });
                }
                Plan::Wait => return Err(Verdict::Waiting),
                Plan::Refuse(refusal) => return Err(refusal.into()),
            };
            match world.apply(request, &write, content).await {
                Ok(seen) => {
                    let drift = applied_before && !matches!(write, Write::Adopt(_));
                    return Ok(Settled {
                        record: record(&seen),
                        action: Some(Action::of(&write, drift)),
                        drift: drift.then(|| Drift::new(changes, live.as_ref())),
                    });
                }
                Err(WorldError::Conflict) if attempt < ATTEMPTS => {
                    live = world.observe(request, content.outline().name()).await?;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(Verdict::Failed(WorldError::Conflict))
    }

    /// What opening came to, in vain: a refusal gets a record, so that it is told again without opening.
    fn remembered(
        &self,
        verdict: Verdict,
        request: &Request,
        keys: &Keys,
        progress: &mut Progress,
    ) -> Verdict {
        let verdict = verdict.bounded();
        if let Verdict::Refused { reason, detail } = &verdict {
            let told = (*reason, detail.as_str());
            progress.refusal = Some(self.key.refusal(&self.policy, request, keys, told));
        }
        verdict
    }

    /// The refusal that the status tells of, if it would come to the same again: told without opening anything.
    fn still_refused(&self, request: &Request, keys: &Keys) -> Option<Verdict> {
        let status = request.status();
        let (reason, detail) = status::told_refusal(request)?;
        let record = self
            .key
            .refusal(&self.policy, request, keys, (reason, detail));
        let same = status.refused.as_deref() == Some(record.as_str());
        let detail = detail.to_owned();
        (same && !request.forced()).then_some(Verdict::Refused { reason, detail })
    }

    /// Whether a Secret of another resourceVersion still holds what was applied: told by a keyed
    /// digest, without opening anything.
    fn still_holds(
        &self,
        record: &Record,
        request: &Request,
        sealed: &Sealed,
        outline: &Outline,
        live: &Live,
        owned: &Owned,
    ) -> Option<ContentMac> {
        if owned.is_new() || !matches_outline(outline, live) {
            return None;
        }
        let ours = |key: &str| owned.mode() == Mode::Whole || sealed.makes(key);
        let data = live.data.iter().filter(|(key, _)| ours(key));
        let data = data.map(|(key, value)| (key.as_str(), value));
        let mac = self.key.content_of(&self.policy, request, outline, data);
        record.has_content(&mac).then_some(mac)
    }
}

#[cfg(test)]
mod tests;
