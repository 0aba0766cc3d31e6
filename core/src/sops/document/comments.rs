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
    /// Every reader counts it to the same level.
    pub(super) clear: bool,
}

/// The comments of one document, in order.
pub(super) struct Comments<'s> {
    source: &'s str,
    found: Vec<Comment>,
    /// Those that were given out.
    taken: Vec<bool>,
    next: usize,
    /// The column of the innermost block that the last scalar is in, and whether that is a list; none before the first.
    inner: Option<(usize, bool)>,
    /// No document stands above.
    is_first: bool,
    /// One is counted to another level than its column says.
    displaced: bool,
    /// Where the document ends.
    end: usize,
}

impl<'s> Comments<'s> {
    /// Finds those in `span`, where the nodes of `root` stand.
    pub(super) fn find(
        source: &'s str,
        span: Range<usize>,
        root: Node<'s>,
        is_first: bool,
    ) -> Self {
        let mut comments = Self::none(source);
        let mut at = span.start;
        comments.end = span.end;
        comments.is_first = is_first;
        comments.visit(root, &mut at, (0, false));
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
            inner: None,
            is_first: true,
            displaced: false,
            end: 0,
        }
    }

    fn visit(&mut self, node: Node<'s>, at: &mut usize, inner: (usize, bool)) {
        match node.kind() {
            Kind::Mapping | Kind::Sequence => {
                let list = node.kind() == Kind::Sequence;
                let inner = match node.is_flow() {
                    true => inner,
                    false => (column(self.source, node.span().start), list),
                };
                node.children()
                    .for_each(|child| self.visit(child, at, inner));
            }
            kind => {
                let span = node.span();
                self.gap(*at..span.start);
                if let Kind::Scalar(Style::Literal | Style::Folded) = kind {
                    self.gap(span.start..line_end(self.source, span.start));
                }
                *at = span.end.max(*at);
                self.inner = Some(inner);
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
                let clear = !alone || self.is_clear(at, span.clone());
                self.displaced |= !clear;
                self.found.push(Comment {
                    span: at..end,
                    column,
                    clear,
                });
                at = end;
            } else {
                at += 1;
            }
        }
    }

    /// Whether go-yaml counts the comment at `at`, on a line of its own in the gap `span`, to the level that its column
    /// says. It takes some that have an empty line below them for ones of what stands above, or of what comes next.
    fn is_clear(&self, at: usize, span: Range<usize>) -> bool {
        let own = column(self.source, at);
        let below = Below::of(&self.source[at..self.end], own);
        let Some((inner, in_list)) = self.inner else {
            // In a later document it would be one of the document before.
            return self.is_first || below.directly && below.column == Some(own);
        };
        let above = &self.source[span.start..at];
        let last = last_token(above);
        let ended = last.is_none_or(|b| b"]}".contains(&b));
        let lines = || above.lines().skip(1);
        let mixed = below.mixed
            || lines()
                .filter_map(comment_column)
                .any(|column| column != own);
        let second = lines().any(|line| comment_column(line).is_some());
        // What stands behind the last line break is the indentation of this one.
        let empty = below.empty || lines().any(|line| line.trim().is_empty() && line.len() != own);
        match below.column {
            // Nothing comes that it could be counted to.
            None => true,
            Some(next) if next == own && below.directly => true,
            // An earlier one that is taken for another's can displace it.
            Some(next) if next == own && (mixed || self.displaced) => false,
            Some(next) if next == own && ended => match own == inner {
                true => below.dash == in_list,
                false => own < inner && !below.dash,
            },
            Some(next) if next == own => last == Some(b':') && own >= inner,
            Some(next) => own == inner && next < own && ended && !mixed && !(second && empty),
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

/// What stands below a comment.
struct Below {
    /// The column of the next line that is neither empty nor a comment.
    column: Option<usize>,
    /// Such a line begins with a dash.
    dash: bool,
    /// Only comments of the same column stand between.
    directly: bool,
    /// An empty line does.
    empty: bool,
    /// Comments of other columns do.
    mixed: bool,
}

impl Below {
    /// Looks at the lines below the first one of `text`, where a comment stands in the column `own`.
    fn of(text: &str, own: usize) -> Self {
        let mut below = Self {
            column: None,
            dash: false,
            directly: true,
            empty: false,
            mixed: false,
        };
        for line in text.lines().skip(1) {
            let content = line.trim_start_matches(' ');
            if let Some(column) = comment_column(line) {
                below.mixed |= column != own;
            } else if content.trim_end().is_empty() {
                below.empty = true;
            } else {
                below.column = Some(line.len() - content.len());
                below.dash = content.trim_end() == "-" || content.starts_with("- ");
                break;
            }
        }
        below.directly = !below.empty && !below.mixed;
        below
    }
}

/// The column of a comment on a line of its own.
fn comment_column(line: &str) -> Option<usize> {
    let content = line.trim_start_matches(' ');
    let is_comment = content.starts_with('#');
    is_comment.then_some(line.len() - content.len())
}

/// The last byte of a gap that belongs to no comment.
fn last_token(gap: &str) -> Option<u8> {
    let lines = gap.lines().rev();
    let mut tokens = lines.filter_map(|line| {
        let comment = line.match_indices('#').map(|(at, _)| at);
        let mut comment =
            comment.filter(|at| *at == 0 || line.as_bytes()[at - 1].is_ascii_whitespace());
        let code = comment.next().map_or(line, |at| &line[..at]);
        code.trim().bytes().last()
    });
    tokens.next()
}
