//! What an edit would do to places that it doesn't touch: aliases, and the end of the file.

use super::plan::Plan;
use crate::manifest::error::ManifestError;
use crate::manifest::lex;
use crate::manifest::node::{Kind, Node, Style};
use crate::manifest::splice::Edit;
use crate::manifest::tree::{Content, offset};

impl Plan<'_> {
    /// An alias that stays repeats what stays, unchanged.
    pub(super) fn refuse_used_anchors(&mut self) -> Result<(), ManifestError> {
        self.removed.sort_unstable_by_key(|range| range.start);
        self.touched.sort_unstable();
        let gone = |id: u32| {
            let after = self.removed.partition_point(|range| range.start <= id);
            after
                .checked_sub(1)
                .is_some_and(|at| self.removed[at].contains(&id))
        };
        let touched = |first: u32, next: u32| {
            let at = self.touched.partition_point(|id| *id < first);
            self.touched.get(at).is_some_and(|id| *id < next)
        };
        for (id, node) in self.stream.nodes().iter().enumerate() {
            let Content::Alias(target) = node.content else {
                continue;
            };
            let next = self.stream.nodes()[target as usize].next;
            if (gone(target) || touched(target, next)) && !gone(offset(id)) {
                let at = Node {
                    stream: self.stream,
                    id: target,
                }
                .place();
                return Err(ManifestError::AnchorInUse { at });
            }
        }
        Ok(())
    }

    /// A block scalar that ended the file without a line end gets one when something follows, but not in its text.
    pub(super) fn keep_unended_block(&mut self) {
        let unended = self.text.len() > self.stream.source().len();
        let followed = unended
            && self
                .edits
                .iter()
                .any(|edit| edit.span.start == self.text.len());
        let last = self.stream.nodes().len().checked_sub(1).map(offset);
        let Some(id) =
            last.filter(|id| followed && !self.removed.iter().any(|range| range.contains(id)))
        else {
            return;
        };
        let node = Node {
            stream: self.stream,
            id,
        };
        let (Kind::Scalar(Style::Literal | Style::Folded), Some(value)) =
            (node.kind(), node.text())
        else {
            return;
        };
        let chomping = match value.len() - value.trim_end_matches('\n').len() {
            0 => "-",
            1 => "",
            _ => return,
        };
        let start = node.span().start;
        let header = &self.text[start + 1..lex::line_end(&self.text, start)];
        let header = &header[..header.find([' ', '\t']).unwrap_or(header.len())];
        let at = start + 1 + header.find(['+', '-']).unwrap_or(header.len());
        let span = at..(at + 1).min(start + 1 + header.len());
        self.edits.push(Edit {
            span,
            text: chomping.to_owned(),
        });
    }
}
