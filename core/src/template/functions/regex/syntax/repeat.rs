//! Repetitions of Go's regular expressions.

use regex_syntax::hir::{self, Hir};

use super::{Node, Parser, Wrong};

/// How often something is repeated: at least, and at most.
pub(super) type Counts = (u32, Option<u32>);

impl Parser<'_> {
    /// Repeats the last node.
    pub(super) fn repeat(
        &mut self,
        nodes: &mut Vec<Node>,
        repeated: bool,
        (min, max): Counts,
        counted: bool,
    ) -> Result<(), Wrong> {
        let lazy = self.flags.lazy != self.take("?");
        let node = nodes.pop().filter(|_| !repeated).ok_or(Wrong::Syntax)?;
        let counts = match max {
            _ if !counted => 1,
            Some(0) => 0,
            Some(max) => u64::from(max),
            None => u64::from(min.max(1)),
        };
        let repeats = if counts == 0 {
            1
        } else {
            counts.saturating_mul(node.repeats)
        };
        if counted && (min >= 2 || max.is_some_and(|max| max >= 2)) && repeats > REPEATS {
            return Err(Wrong::Syntax);
        }
        nodes.push(Node {
            hir: Hir::repetition(hir::Repetition {
                min,
                max,
                greedy: !lazy,
                sub: Box::new(node.hir),
            }),
            repeats,
        });
        Ok(())
    }

    /// The bounds in braces and the length of it; no bounds inside when they are out of range.
    pub(super) fn counts(&self) -> Option<(Option<Counts>, usize)> {
        let end = self.rest().find('}')?;
        let inner = &self.rest()[1..end];
        let number = |text: &str| {
            let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
            let plain = digits && (text.len() == 1 || !text.starts_with('0'));
            plain.then(|| text.parse::<u32>().unwrap_or(u32::MAX))
        };
        let (min, max) = match inner.split_once(',') {
            None => (number(inner)?, Some(number(inner)?)),
            Some((min, "")) => (number(min)?, None),
            Some((min, max)) => (number(min)?, Some(number(max)?)),
        };
        let fits = u64::from(min) <= REPEATS
            && max.is_none_or(|max| u64::from(max) <= REPEATS && min <= max);
        Some((fits.then_some((min, max)), end + 1))
    }
}

/// Go's bound on the product of nested counts.
const REPEATS: u64 = 1000;
