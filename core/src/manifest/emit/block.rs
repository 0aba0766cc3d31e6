//! Values in lines and indentation: the block style of YAML.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::scalar::{fits_literal, key_text, scalar_text};
use crate::manifest::path::Path;

/// How the lines around are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::manifest) struct BlockLayout {
    pub(in crate::manifest) line_end: &'static str,
    /// Blanks for each level of mappings.
    pub(in crate::manifest) step: usize,
    /// Blanks of a list below its key.
    pub(in crate::manifest) list_step: usize,
}

/// The comments that belong to one entry.
#[derive(Debug, Clone, Default)]
pub(in crate::manifest) struct Notes {
    /// Lines above it, from their `#`.
    pub(in crate::manifest) lead: Vec<String>,
    /// At the end of its line, from its `#`.
    pub(in crate::manifest) trail: Option<String>,
    /// Lines after its last child.
    pub(in crate::manifest) foot: Vec<String>,
}

/// Comments for entries that are about to be written, by their path.
#[derive(Debug, Default)]
pub(in crate::manifest) struct Notebook(pub(in crate::manifest) HashMap<Path, Notes>);

/// Writes lines, each with its line end.
pub(in crate::manifest) struct BlockWriter<'n> {
    out: String,
    layout: &'n BlockLayout,
    notes: &'n Notebook,
}

impl<'n> BlockWriter<'n> {
    pub(in crate::manifest) fn new(layout: &'n BlockLayout, notes: &'n Notebook) -> Self {
        Self {
            out: String::new(),
            layout,
            notes,
        }
    }

    pub(in crate::manifest) fn finish(self) -> String {
        self.out
    }

    /// A whole document.
    pub(in crate::manifest) fn document(&mut self, value: &Value) {
        match value {
            Value::Object(map) if !map.is_empty() => self.entries(map, 0, &Path::default()),
            Value::Array(items) if !items.is_empty() => self.items(items, 0, &Path::default()),
            Value::String(text) if fits_literal(text) => self.literal(text, 0, None),
            scalar => {
                self.out
                    .push_str(&scalar_text(scalar, false).unwrap_or_default());
                self.end_line(None);
            }
        }
    }

    /// The entries of a mapping, one after the other.
    pub(in crate::manifest) fn entries(
        &mut self,
        map: &Map<String, Value>,
        indent: usize,
        path: &Path,
    ) {
        for (key, value) in map {
            self.entry(key, value, indent, &path.join(key.as_str()));
        }
    }

    /// One entry of a mapping, with its comments.
    pub(in crate::manifest) fn entry(
        &mut self,
        key: &str,
        value: &Value,
        indent: usize,
        path: &Path,
    ) {
        self.lead(indent, path);
        self.indent(indent);
        self.entry_in_line(key, value, indent, path);
    }

    /// An entry whose line has begun.
    pub(in crate::manifest) fn entry_in_line(
        &mut self,
        key: &str,
        value: &Value,
        indent: usize,
        path: &Path,
    ) {
        self.out.push_str(&key_text(key, false));
        self.out.push(':');
        let trail = self
            .notes
            .0
            .get(path)
            .and_then(|notes| notes.trail.as_deref());
        self.value(value, indent, path, trail);
    }

    /// One item of a list, with its comments.
    pub(in crate::manifest) fn item(&mut self, value: &Value, indent: usize, path: &Path) {
        self.lead(indent, path);
        self.indent(indent);
        self.item_in_line(value, indent, path);
    }

    /// An item whose line has begun.
    pub(in crate::manifest) fn item_in_line(&mut self, value: &Value, indent: usize, path: &Path) {
        self.out.push('-');
        let trail = self
            .notes
            .0
            .get(path)
            .and_then(|notes| notes.trail.as_deref());
        self.item_value(value, indent, path, trail);
    }

    /// What stands after `-`, to the end of its last line.
    pub(in crate::manifest) fn item_value(
        &mut self,
        value: &Value,
        indent: usize,
        path: &Path,
        trail: Option<&str>,
    ) {
        let indent = indent + DASH;
        match value {
            Value::Object(map) if !map.is_empty() => {
                let mut entries = map.iter();
                let first = map.keys().next().map(|key| path.join(key.as_str()));
                if let Some((key, value)) = self.begin_in_line(&mut entries, first.as_ref(), trail)
                {
                    self.entry_in_line(key, value, indent, &path.join(key.as_str()));
                }
                for (key, value) in entries {
                    self.entry(key, value, indent, &path.join(key.as_str()));
                }
                self.foot(indent, path);
            }
            Value::Array(items) if !items.is_empty() => {
                let mut entries = items.iter().enumerate();
                if let Some((nth, item)) =
                    self.begin_in_line(&mut entries, Some(&path.join(0)), trail)
                {
                    self.item_in_line(item, indent, &path.join(nth));
                }
                for (nth, item) in entries {
                    self.item(item, indent, &path.join(nth));
                }
                self.foot(indent, path);
            }
            other => self.value(other, indent - DASH, path, trail),
        }
    }

    /// The first child, if it can stand in the line of its dash; otherwise that line ends here.
    fn begin_in_line<T>(
        &mut self,
        children: &mut impl Iterator<Item = T>,
        first: Option<&Path>,
        trail: Option<&str>,
    ) -> Option<T> {
        let commented = first
            .and_then(|path| self.notes.0.get(path))
            .is_some_and(|notes| !notes.lead.is_empty());
        if trail.is_some() || commented {
            self.end_line(trail);
            return None;
        }
        self.out.push(' ');
        children.next()
    }

    /// What stands after `key:` or `-`, to the end of its last line.
    pub(in crate::manifest) fn value(
        &mut self,
        value: &Value,
        indent: usize,
        path: &Path,
        trail: Option<&str>,
    ) {
        match value {
            Value::Object(map) if !map.is_empty() => {
                self.end_line(trail);
                self.entries(map, indent + self.layout.step, path);
                self.foot(indent + self.layout.step, path);
            }
            Value::Array(items) if !items.is_empty() => {
                self.end_line(trail);
                self.items(items, indent + self.layout.list_step, path);
                self.foot(indent + self.layout.list_step, path);
            }
            Value::String(text) if fits_literal(text) => {
                self.out.push(' ');
                self.literal(text, indent, trail);
            }
            scalar => {
                self.out.push(' ');
                self.out
                    .push_str(&scalar_text(scalar, false).unwrap_or_default());
                self.end_line(trail);
            }
        }
    }

    fn items(&mut self, items: &[Value], indent: usize, path: &Path) {
        for (nth, item) in items.iter().enumerate() {
            self.item(item, indent, &path.join(nth));
        }
    }

    fn literal(&mut self, text: &str, indent: usize, trail: Option<&str>) {
        self.out
            .push_str(if text.ends_with('\n') { "|" } else { "|-" });
        self.end_line(trail);
        for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
            if !line.is_empty() {
                self.indent(indent + self.layout.step);
                self.out.push_str(line);
            }
            self.end_line(None);
        }
    }

    fn lead(&mut self, indent: usize, path: &Path) {
        let notes = self.notes.0.get(path);
        self.comments(
            indent,
            notes.map(|notes| notes.lead.as_slice()).unwrap_or_default(),
        );
    }

    fn foot(&mut self, indent: usize, path: &Path) {
        let notes = self.notes.0.get(path);
        self.comments(
            indent,
            notes.map(|notes| notes.foot.as_slice()).unwrap_or_default(),
        );
    }

    fn comments(&mut self, indent: usize, lines: &[String]) {
        for line in lines {
            self.indent(indent);
            self.out.push_str(line);
            self.end_line(None);
        }
    }

    fn indent(&mut self, blanks: usize) {
        self.out.extend(std::iter::repeat_n(' ', blanks));
    }

    fn end_line(&mut self, trail: Option<&str>) {
        if let Some(comment) = trail {
            self.out.push(' ');
            self.out.push_str(comment);
        }
        self.out.push_str(self.layout.line_end);
    }
}

/// The width of `- `.
const DASH: usize = 2;
