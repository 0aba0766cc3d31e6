//! Where the parts of a file stand, read as go-ini reads them.

use std::collections::HashSet;
use std::ops::Range;

use zeroize::Zeroizing;

use crate::sops::error::SopsError;

/// One section; keys before the first one are in `DEFAULT`.
pub(super) struct Section<'s> {
    pub(super) name: &'s str,
    pub(super) notes: Notes,
    pub(super) pairs: Vec<Pair<'s>>,
    keys: HashSet<&'s str>,
    /// Comments behind its last pair, which belong to nothing.
    pub(super) rest: Notes,
    /// All of its lines, without comments above it.
    pub(super) span: Range<usize>,
    /// Where another pair goes.
    pub(super) end: usize,
}

/// One key with its value.
pub(super) struct Pair<'s> {
    pub(super) key: &'s str,
    pub(super) value: Zeroizing<String>,
    /// What stands for the value, with its quotes.
    pub(super) span: Range<usize>,
    /// All of its lines, without comments above it.
    pub(super) line: Range<usize>,
    pub(super) notes: Notes,
}

/// A value, what stands for it, and the comment behind it.
type Found = (Zeroizing<String>, Range<usize>, Option<Range<usize>>);

/// Comments that count as one.
#[derive(Clone, Default)]
pub(super) struct Notes {
    /// Whole lines, with their ends.
    pub(super) lines: Vec<Range<usize>>,
    /// What stands behind a value or a section's name, with the blanks before it.
    pub(super) behind: Option<Range<usize>>,
    /// Where the line of the key or section begins.
    pub(super) owner: Option<usize>,
}

impl Notes {
    /// The text of all of them, without the first mark.
    pub(super) fn text(&self, source: &str) -> Option<String> {
        let lines = self.lines.iter().chain(&self.behind);
        let lines: Vec<&str> = lines.map(|span| source[span.clone()].trim()).collect();
        let text = lines.join("\n");
        let text = text.trim_start_matches(['#', ';']).trim();
        (!lines.is_empty()).then(|| text.to_owned())
    }
}

/// Reads a file.
///
/// # Errors
///
/// `Store`, for what go-ini refuses, and for keys that stand twice in one section.
pub(super) fn read(source: &str) -> Result<Vec<Section<'_>>, SopsError> {
    let mut reader = Reader {
        source,
        at: source.len() - source.trim_start_matches('\u{feff}').len(),
        notes: Notes::default(),
        sections: Vec::new(),
    };
    while reader.at < source.len() {
        reader.line()?;
    }
    reader.end_section(source.len());
    Ok(reader.sections)
}

struct Reader<'s> {
    source: &'s str,
    at: usize,
    notes: Notes,
    sections: Vec<Section<'s>>,
}

impl<'s> Reader<'s> {
    fn line(&mut self) -> Result<(), SopsError> {
        let start = self.at;
        let end = self.line_end(start);
        self.at = end;
        let line = &self.source[start..end];
        let trimmed = line.trim_start();
        let first = start + line.len() - trimmed.len();
        match trimmed.as_bytes().first() {
            None => Ok(()),
            Some(b'#' | b';') => {
                self.notes.lines.push(start..end);
                Ok(())
            }
            Some(b'[') => self.section(start, first, end),
            Some(_) => self.pair(start, first, end),
        }
    }

    fn section(&mut self, start: usize, first: usize, end: usize) -> Result<(), SopsError> {
        let line = &self.source[first..end];
        let close = line
            .rfind(']')
            .ok_or_else(|| self.fault(start, "a section without a `]`"))?;
        let name = &line[1..close];
        if name.is_empty() {
            return Err(self.fault(start, "a section without a name"));
        }
        let rest = line[close + 1..].trim_end();
        let mut notes = std::mem::take(&mut self.notes);
        if rest.trim_start().starts_with(['#', ';']) {
            notes.behind = Some(first + close + 1..first + close + 1 + rest.len());
        }
        notes.owner = Some(start);
        let above = notes.lines.first().map_or(start, |line| line.start);
        if name == BLOCK {
            // Comments above the block were at the end of the file before there was one.
            self.notes.lines = std::mem::take(&mut notes.lines);
        }
        self.end_section(above);
        self.sections.push(Section {
            name,
            notes,
            pairs: Vec::new(),
            keys: HashSet::new(),
            rest: Notes::default(),
            span: start..end,
            end,
        });
        Ok(())
    }

    fn end_section(&mut self, at: usize) {
        let rest = std::mem::take(&mut self.notes);
        if let Some(section) = self.sections.last_mut() {
            section.span.end = at;
            section.rest = rest;
        } else if !rest.lines.is_empty() {
            // Comments alone: they belong to a section that has nothing else.
            self.sections.push(Section {
                name: DEFAULT,
                notes: Notes::default(),
                pairs: Vec::new(),
                keys: HashSet::new(),
                rest,
                span: 0..at,
                end: at,
            });
        }
    }

    fn pair(&mut self, start: usize, first: usize, end: usize) -> Result<(), SopsError> {
        let line = &self.source[first..end];
        let (key, delimiter) = self.key(start, line)?;
        let mut notes = std::mem::take(&mut self.notes);
        let (value, span, behind) = self.value(first + delimiter + 1, end)?;
        notes.behind = behind;
        notes.owner = Some(start);
        let pair = Pair {
            key,
            value,
            span,
            line: start..self.at,
            notes,
        };
        if self.sections.is_empty() {
            self.sections.push(Section {
                name: DEFAULT,
                notes: Notes::default(),
                pairs: Vec::new(),
                keys: HashSet::new(),
                rest: Notes::default(),
                span: 0..end,
                end,
            });
        }
        let section = self.sections.last_mut().expect("one was begun above");
        if !section.keys.insert(key) {
            return Err(self.fault(start, "a key that stands twice in its section"));
        }
        section.end = pair.line.end;
        section.pairs.push(pair);
        Ok(())
    }

    /// The key, and where the delimiter behind it stands.
    fn key(&self, start: usize, line: &'s str) -> Result<(&'s str, usize), SopsError> {
        let missing = || {
            self.fault(
                start,
                "a line must be empty, a comment, a section, or have a `=` or `:`",
            )
        };
        let quote = match line.as_bytes() {
            [b'"', b'"', b'"', ..] => "\"\"\"",
            [b'"', ..] => "\"",
            [b'`', ..] => "`",
            _ => "",
        };
        let (key, rest) = match quote {
            "" => {
                let at = line.find(['=', ':']).ok_or_else(missing)?;
                (line[..at].trim(), at)
            }
            quote => {
                let inner = &line[quote.len()..];
                let close = inner.find(quote).ok_or_else(missing)?;
                let after = quote.len() * 2 + close;
                let at = line[after..].find(['=', ':']).ok_or_else(missing)?;
                (inner[..close].trim(), after + at)
            }
        };
        if key.is_empty() {
            return Err(self.fault(start, "a key without a name"));
        }
        if key == "-" {
            return Err(self.fault(start, "a key `-`, which go-ini gives numbers to"));
        }
        Ok((key, rest))
    }

    /// A value with what stands for it, and the comment behind it.
    fn value(&mut self, from: usize, end: usize) -> Result<Found, SopsError> {
        let line = &self.source[from..end];
        let start = from + line.len() - line.trim_start().len();
        let text = line.trim();
        if text.is_empty() {
            let blank = from + usize::from(line.starts_with(' '));
            return Ok((Zeroizing::default(), blank..blank, None));
        }
        // Three quotes alone on their line begin a text of several lines, unless the file ends there.
        let quote = match line.trim_start().as_bytes() {
            [b'"', b'"', b'"', _, ..] => "\"\"\"",
            [b'`', ..] => "`",
            _ => "",
        };
        if !quote.is_empty() {
            let inner = start + quote.len();
            let close = match self.source[inner..end].rfind(quote) {
                Some(close) => inner + close,
                None => {
                    let first = self.source[end..].find(quote).map(|close| end + close);
                    let first = first
                        .ok_or_else(|| self.fault(from, "a value whose quotes are not closed"))?;
                    self.at = self.line_end(first);
                    // Of several on the last line, the last one counts.
                    let more = self.source[first..self.at].rfind(quote);
                    first + more.unwrap_or_default()
                }
            };
            let value = Zeroizing::new(self.source[inner..close].replace("\r\n", "\n"));
            let (span, behind) = self.behind_quotes(start, close + quote.len());
            return Ok((value, span, behind));
        }
        if text.ends_with('\\') {
            return Ok(self.continued(start, text));
        }
        let comment = text.find(['#', ';']);
        let kept = text[..comment.unwrap_or(text.len())].trim_end();
        let behind = comment.map(|_| start + kept.len()..start + text.len());
        let span = start..start + kept.len();
        Ok((Zeroizing::new(unquoted(kept).to_owned()), span, behind))
    }

    /// What goes with a value in quotes that go-ini reads to `end`: it passes over the rest of the line, up to a comment.
    fn behind_quotes(&self, start: usize, end: usize) -> (Range<usize>, Option<Range<usize>>) {
        let line = self.source[end..self.line_end(end)].trim_end();
        match line.find(['#', ';']) {
            Some(comment) => {
                let kept = end + line[..comment].trim_end().len();
                (start..kept, Some(kept..end + line.len()))
            }
            None => (start..end + line.len(), None),
        }
    }

    /// A value whose lines end with a backslash.
    fn continued(&mut self, start: usize, text: &str) -> Found {
        let mut value = Zeroizing::new(text[..text.len() - 1].to_owned());
        let mut end = start + text.len();
        loop {
            let next = self.line_end(self.at);
            let line = self.source[self.at..next].trim();
            if line.is_empty() {
                return (value, start..end, None);
            }
            end = self.at + self.source[self.at..next].trim_end().len();
            self.at = next;
            match line.strip_suffix('\\') {
                Some(line) => value.push_str(line),
                None => {
                    value.push_str(line);
                    return (value, start..end, None);
                }
            }
        }
    }

    fn line_end(&self, from: usize) -> usize {
        let rest = &self.source[from..];
        rest.find('\n')
            .map_or(self.source.len(), |at| from + at + 1)
    }

    fn fault(&self, at: usize, rule: &'static str) -> SopsError {
        let before = &self.source.as_bytes()[..at];
        SopsError::Store {
            line: before.iter().filter(|b| **b == b'\n').count() + 1,
            rule,
        }
    }
}

/// Quotes around the whole of a value go, unless the same one stands between them.
pub(super) fn unquoted(text: &str) -> &str {
    let inner = |mark| {
        let inner = text.strip_prefix(mark)?.strip_suffix(mark)?;
        (!inner.contains(mark)).then_some(inner)
    };
    ['\'', '"'].into_iter().find_map(inner).unwrap_or(text)
}

pub(super) const DEFAULT: &str = "DEFAULT";
pub(super) const BLOCK: &str = "sops";
