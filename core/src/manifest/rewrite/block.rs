//! Edits of block collections: whole lines come and go.

use super::changes::Change;
use super::element::Element;
use super::plan::Plan;
use crate::manifest::lex::{column, line_end, line_start, next_line, skip_blanks};
use crate::manifest::path::Path;
use crate::manifest::splice::Edit;

impl<'s> Plan<'s> {
    /// Carries out changes to a block collection of which at least one element stays, each followed by its line end.
    pub(super) fn change_block(
        &mut self,
        elements: &[Element<'s>],
        changes: &[Change<'_>],
        path: &Path,
    ) {
        let indent = column(&self.text, elements[0].start);
        let mut after: Option<usize> = None;
        for (nth, change) in changes.iter().enumerate() {
            match change {
                Change::Keep(at) => after = Some(elements[*at].region(&self.text).end),
                Change::Remove(at) => {
                    let moves_up = matches!(changes.get(nth + 1), Some(Change::Keep(_)));
                    after = Some(self.remove_lines(elements, *at, moves_up));
                }
                Change::Insert(new) => {
                    let path = new.path(path);
                    let mut writer = self.writer();
                    let in_line = after.is_none() && !elements[0].own_line;
                    if in_line {
                        new.write_in_line(&mut writer, indent, &path);
                    } else {
                        new.write(&mut writer, indent, &path);
                    }
                    let mut text = writer.finish();
                    if in_line {
                        // It takes the place in the line of a dash; what was there gets a line of its own.
                        text.extend(std::iter::repeat_n(' ', indent));
                    }
                    let first = || {
                        if in_line {
                            elements[0].start
                        } else {
                            elements[0].region(&self.text).start
                        }
                    };
                    let at = after.unwrap_or_else(first);
                    self.insert(at, text);
                }
            }
        }
    }

    /// Returns where the line after it starts.
    fn remove_lines(&mut self, elements: &[Element<'s>], at: usize, moves_up: bool) -> usize {
        let text = &self.text;
        let element = &elements[at];
        let mut span = element.region(text);
        let after = span.end;
        if element.own_line {
            if is_blank_above(text, span.start) && is_blank_line(text, span.end) {
                span.end = next_line(text, span.end);
            }
            self.remove(span.clone(), element);
            return span.end;
        }
        // In the line of a dash: the next element moves up, unless comments stand between.
        let next = elements.get(at + 1).filter(|next| {
            moves_up && next.own_line && next.region(text).start == line_start(text, next.start)
        });
        let span = match next {
            Some(next) => element.start..next.start,
            None => text[..element.start].trim_end_matches(' ').len()..line_end(text, element.end),
        };
        self.remove(span, element);
        after
    }

    fn insert(&mut self, at: usize, text: String) {
        self.edits.push(Edit { span: at..at, text });
    }
}

fn is_blank_line(text: &str, start: usize) -> bool {
    start < text.len() && skip_blanks(text, start) == line_end(text, start)
}

fn is_blank_above(text: &str, start: usize) -> bool {
    !text[..start].ends_with('\n') || is_blank_line(text, line_start(text, start - 1))
}
