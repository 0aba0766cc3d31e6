//! Where the comments of a YAML file are: in the gaps between its scalars.

use std::ops::Range;

use crate::manifest::lex::{column, line_end, line_start};
use crate::manifest::{Kind, Node, Style};

/// A comment, from its `#` to the end of its line.
#[derive(Debug, Clone)]
pub(super) struct Comment {
    pub(super) span: Range<usize>,
    /// Its column, from 0; one that follows something on its line counts as far to the right.
    pub(super) column: usize,
}

/// The comments of one document, in order.
pub(super) struct Comments<'s> {
    source: &'s str,
    found: Vec<Comment>,
    /// Those that were given out.
    taken: Vec<bool>,
    next: usize,
}

impl<'s> Comments<'s> {
    /// Finds those in `span`, where the nodes of `root` stand.
    pub(super) fn find(source: &'s str, span: Range<usize>, root: Node<'s>) -> Self {
        let mut comments = Self::none(source);
        let mut at = span.start;
        comments.visit(root, &mut at);
        comments.gap(at..span.end);
        comments.taken = vec![false; comments.found.len()];
        comments
    }

    /// No comments at all.
    pub(super) fn none(source: &'s str) -> Self {
        Self {
            source,
            found: Vec::new(),
            taken: Vec::new(),
            next: 0,
        }
    }

    fn visit(&mut self, node: Node<'s>, at: &mut usize) {
        match node.kind() {
            Kind::Mapping | Kind::Sequence => {
                node.children().for_each(|child| self.visit(child, at))
            }
            kind => {
                let span = node.span();
                self.gap(*at..span.start);
                if let Kind::Scalar(Style::Literal | Style::Folded) = kind {
                    self.gap(span.start..line_end(self.source, span.start));
                }
                *at = span.end.max(*at);
            }
        }
    }

    fn gap(&mut self, span: Range<usize>) {
        let bytes = self.source.as_bytes();
        let mut at = span.start;
        while at < span.end {
            let begins = at == 0 || bytes[at - 1].is_ascii_whitespace();
            if bytes[at] == b'#' && begins {
                let end = line_end(self.source, at);
                let before = &self.source[line_start(self.source, at)..at];
                let alone = before.bytes().all(|b| b == b' ' || b == b'\t' || b == b'-');
                let column = if alone {
                    column(self.source, at)
                } else {
                    usize::MAX
                };
                self.found.push(Comment {
                    span: at..end,
                    column,
                });
                at = end;
            } else {
                at += 1;
            }
        }
    }

    /// Takes the comment on the line of what ends at `end`, with only a colon or an indicator between.
    pub(super) fn take_inline(&mut self, end: usize, block_header: bool) -> Option<Comment> {
        let nth = self
            .found
            .partition_point(|comment| comment.span.start < end);
        let comment = self.found.get(nth).filter(|_| !self.taken[nth])?;
        let between = &self.source[end..comment.span.start];
        let plain = |b: u8| {
            matches!(b, b' ' | b'\t' | b':') || (block_header && b"|>+-0123456789".contains(&b))
        };
        if comment.column != usize::MAX || !between.bytes().all(plain) {
            return None;
        }
        self.taken[nth] = true;
        Some(comment.clone())
    }

    /// Takes the next comment, if it starts before `limit` and stands at `column` or right of it.
    pub(super) fn take_next(&mut self, limit: usize, column: usize) -> Option<Comment> {
        while self.taken.get(self.next).is_some_and(|taken| *taken) {
            self.next += 1;
        }
        let comment = self.found.get(self.next)?;
        if comment.span.start >= limit || comment.column < column {
            return None;
        }
        self.next += 1;
        Some(comment.clone())
    }
}
