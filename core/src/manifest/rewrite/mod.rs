//! Objects turned into other objects by the smallest edits, read again before they are handed out.

mod align;
mod block;
mod changes;
mod element;
mod flow;
mod guard;
mod layout;
mod notes;
mod plan;
mod put;
mod replace;
mod verify;

use std::collections::BTreeMap;

use serde_json::Value;
use zeroize::Zeroizing;

use super::error::ManifestError;
use super::object::Object;
use super::path::Path;
use super::splice::splice;
use super::stream::Stream;
use plan::Plan;
pub(crate) use put::Passed;

/// Says that what was at one path of the object is at another one now, so that its comments follow.
///
/// It holds for everything below the paths too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    /// Where it was.
    pub from: Path,
    /// Where it goes.
    pub to: Path,
}

impl Move {
    /// From one path to another.
    pub fn new(from: impl Into<Path>, to: impl Into<Path>) -> Self {
        Self {
            from: from.into(),
            to: to.into(),
        }
    }
}

/// Collects rewrites of objects of one stream.
pub struct Rewriter<'s> {
    stream: &'s Stream,
    objects: Vec<Object<'s>>,
    plan: Plan<'s>,
    desired: BTreeMap<usize, &'s Value>,
}

impl<'s> Rewriter<'s> {
    /// Begins with nothing to change.
    pub fn new(stream: &'s Stream) -> Self {
        Self {
            stream,
            objects: stream.objects(),
            plan: Plan::new(stream),
            desired: BTreeMap::new(),
        }
    }

    /// Plans the edits that turn the object of that number into `desired`.
    ///
    /// What is equal stays as it is, byte for byte; what goes takes its own comments along, unless
    /// `moves` says where they belong now.
    ///
    /// # Errors
    ///
    /// `NoSuchObject`, `NotEditable`, and those of [`Node::to_value`](super::Node::to_value).
    pub fn rewrite(
        &mut self,
        index: usize,
        desired: &'s Value,
        moves: &[Move],
    ) -> Result<(), ManifestError> {
        let Some(object) = self.objects.get(index) else {
            return Err(ManifestError::NoSuchObject {
                at: self.stream.place(0),
                index,
            });
        };
        if self.desired.contains_key(&index) {
            let at = object.node.place();
            return Err(ManifestError::NotEditable {
                at,
                what: "an object twice in one go",
            });
        }
        let old = object.node.to_value()?;
        self.plan.object(object, &old, desired, moves)?;
        self.desired.insert(index, desired);
        Ok(())
    }

    /// Carries the edits out, and reads the result again.
    ///
    /// # Errors
    ///
    /// `AnchorInUse`; `EditNotFaithful` where the result doesn't read as the objects that were asked for and
    /// otherwise as before.
    pub fn finish(mut self) -> Result<Zeroizing<String>, ManifestError> {
        self.plan.refuse_used_anchors()?;
        self.plan.keep_unended_block();
        let refused = |what| ManifestError::EditNotFaithful {
            at: self.stream.place(0),
            what,
        };
        let Plan { text, edits, .. } = self.plan;
        let result = splice(&text, edits).ok_or_else(|| refused("edits overlap"))?;
        let check =
            |result: &str| verify::verify(self.stream, &self.objects, &self.desired, result);
        if text.len() != self.stream.source().len()
            && let Some(unended) = result
                .strip_suffix("\r\n")
                .or_else(|| result.strip_suffix('\n'))
        {
            // The file ends without a line end, and does so again where that changes no block scalar.
            let unended = Zeroizing::new(unended.to_owned());
            if check(&unended).is_ok() {
                return Ok(unended);
            }
        }
        check(&result)?;
        Ok(result)
    }
}

impl Stream {
    /// Turns one object into `desired`; see [`Rewriter`].
    ///
    /// # Errors
    ///
    /// Those of [`Rewriter::rewrite`] and [`Rewriter::finish`].
    pub fn rewrite(
        &self,
        index: usize,
        desired: &Value,
        moves: &[Move],
    ) -> Result<Zeroizing<String>, ManifestError> {
        let mut rewriter = Rewriter::new(self);
        rewriter.rewrite(index, desired, moves)?;
        rewriter.finish()
    }
}
