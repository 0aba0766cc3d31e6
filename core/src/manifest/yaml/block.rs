//! Block scalars: their span from `|` or `>` to the end of their last line, and their text at the end of a file.

use std::borrow::Cow;
use std::ops::Range;

use super::Reader;
use crate::manifest::error::ManifestError;
use crate::manifest::lex::{line_end, next_line, skip_blanks};
use crate::manifest::node::Style;

impl Reader<'_> {
    /// Finds the header that the parser's span leaves out, and the end of the last line.
    pub(super) fn block<'t>(
        &self,
        style: Style,
        text: Cow<'t, str>,
        range: Range<usize>,
    ) -> Result<(Style, Range<usize>, Cow<'t, str>), ManifestError> {
        let source = self.tree.source;
        let start = self.content_start();
        if !matches!(source.as_bytes().get(start), Some(b'|' | b'>')) {
            return Err(self.refused(start, "a block scalar without its indicator"));
        }
        let header_end = line_end(source, start);
        let header = source[start..header_end]
            .split('#')
            .next()
            .unwrap_or_default();
        let keep = header.contains('+');
        let first_line = next_line(source, start);
        let content = source
            .get(first_line..range.end.max(first_line))
            .unwrap_or_default();
        let mut end = first_line + content.trim_end_matches([' ', '\t', '\r', '\n']).len();
        if end == first_line {
            end = start + header.trim_end().len();
        } else {
            end = line_end(source, end);
        }
        end = self
            .blank_lines_end(end.max(header_end), keep)
            .unwrap_or(end);
        let unended = range.end >= source.len() && !source.ends_with('\n');
        let text = if unended {
            self.unended(header, first_line, keep, text)?
        } else {
            text
        };
        Ok((style, start..end, text))
    }

    /// The text of a block scalar that ends a file without a line end: the parser adds one to the last line.
    fn unended<'t>(
        &self,
        header: &str,
        first_line: usize,
        keep: bool,
        text: Cow<'t, str>,
    ) -> Result<Cow<'t, str>, ManifestError> {
        let content = self.tree.source.get(first_line..).unwrap_or_default();
        let last = content.rsplit('\n').next().unwrap_or_default();
        let filled = |line: &&str| line.bytes().any(|b| !b" \r".contains(&b));
        if !last.is_empty() && !filled(&last) && header.bytes().any(|b| b.is_ascii_digit()) {
            let end = self.tree.source.len();
            return Err(self.refused(end, "a last line of blanks alone, without a line end"));
        }
        let Some(first) = content.split('\n').find(filled) else {
            let empty_lines = if keep {
                content.matches('\n').count()
            } else {
                0
            };
            return Ok("\n".repeat(empty_lines).into());
        };
        let indent = first.len() - first.trim_start_matches(' ').len();
        let last_is_text = filled(&last) || last.len() > indent;
        Ok(if last_is_text && text.ends_with('\n') {
            without_last_break(text)
        } else {
            text
        })
    }

    /// Where the lines of blanks end that may belong to the text; with `+` empty lines do as well.
    fn blank_lines_end(&self, mut at: usize, keep: bool) -> Option<usize> {
        let source = self.tree.source;
        let mut end = None;
        loop {
            let line = next_line(source, at);
            at = line_end(source, line);
            if line >= source.len() || skip_blanks(source, line) != at {
                return end;
            }
            if keep || line < at {
                end = Some(at);
            }
        }
    }
}

fn without_last_break(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(&text[..text.len() - 1]),
        Cow::Owned(mut text) => {
            text.pop();
            Cow::Owned(text)
        }
    }
}
