//! YAML as go-yaml 3 writes it for sops: in blocks, no line folded.

use serde_json::Value as Json;

use crate::sops::metadata::Metadata;
use crate::sops::tree::{Child, Comment, Item};
use crate::sops::value::Value;
use crate::sops::walk::Line;

use super::scalar::{self, Written};
use super::{children, is_closed_comment};

/// All documents, each with the block where there is one.
pub(super) fn documents(all: &[Item], block: Option<&Metadata>, step: usize) -> String {
    let mut out = String::new();
    for (nth, item) in all.iter().enumerate() {
        if nth > 0 {
            out.push_str("---\n");
        }
        let mut writer = Writer { out, step };
        let block = block.map(|metadata| from_json(&Json::Object(metadata.raw().clone())));
        let empty = block.is_none() && item.entries().next().is_none();
        if empty {
            writer.out.push_str("{}\n");
        }
        writer.mapping(children(item), 0);
        if let Some(block) = &block {
            writer.out.push_str("sops:");
            writer.value(block, 0, None);
        }
        out = writer.out;
    }
    out
}

/// A node alone, as sops prints it.
pub(super) fn item(item: &Item, step: usize) -> String {
    let mut writer = Writer {
        out: String::new(),
        step,
    };
    match item {
        Item::Mapping(all) if item.entries().next().is_some() => writer.mapping(all, 0),
        Item::List(all) if item.entries().next().is_some() => writer.list(all, 0),
        other => {
            writer.value(other, 0, None);
            return writer.out.trim_start().to_owned();
        }
    }
    writer.out
}

struct Writer {
    out: String,
    step: usize,
}

impl Writer {
    fn mapping(&mut self, all: &[Child], indent: usize) {
        let mut beside = None;
        for child in all {
            match child {
                Child::Comment(comment) => self.comment(comment, indent, &mut beside),
                Child::Entry(key, item) => {
                    let beside = self.beside(item, beside.take(), indent);
                    self.begin(indent);
                    self.out
                        .push_str(&scalar::key(key.as_deref().unwrap_or_default()));
                    self.out.push(':');
                    self.value(item, indent, beside);
                }
            }
        }
        self.late(beside, indent);
    }

    fn list(&mut self, all: &[Child], indent: usize) {
        let mut beside = None;
        for child in all {
            match child {
                // A comment that is encrypted is an item.
                Child::Comment(comment) if is_closed(comment) => {
                    self.begin(indent);
                    self.out.push_str("- ");
                    self.out
                        .push_str(comment.text.as_text().unwrap_or_default());
                    self.out.push('\n');
                }
                Child::Comment(comment) => self.comment(comment, indent, &mut beside),
                Child::Entry(_, item) => {
                    let beside = self.beside(item, beside.take(), indent);
                    for comment in above_dash(item) {
                        self.comment_line(&comment.text, indent);
                    }
                    self.begin(indent);
                    self.out.push('-');
                    self.item(item, indent, beside);
                }
            }
        }
        self.late(beside, indent);
    }

    /// What stands behind a dash, to the end of its last line.
    fn item(&mut self, item: &Item, indent: usize, beside: Option<&Value>) {
        let inner = indent + DASH;
        match item {
            Item::Mapping(all) if item.entries().next().is_some() => {
                self.out.push(' ');
                self.mapping(&all[above_dash(item).count()..], inner);
            }
            Item::List(all) if item.entries().next().is_some() => {
                self.out.push(' ');
                self.list(&all[above_dash(item).count()..], inner);
            }
            other => self.scalar(other, inner, DASH, beside),
        }
    }

    /// What stands behind a key, to the end of its last line.
    fn value(&mut self, item: &Item, indent: usize, beside: Option<&Value>) {
        let inner = self.step * ((indent + self.step) / self.step);
        match item {
            Item::Mapping(all) if item.entries().next().is_some() => {
                self.out.push('\n');
                self.mapping(all, inner);
            }
            Item::List(all) if !all.is_empty() => {
                self.out.push('\n');
                self.list(all, inner);
            }
            Item::Mapping(all) if !all.is_empty() => {
                // Comments alone, in a flow mapping.
                self.out.push_str(" {\n");
                self.mapping(all, inner);
                self.out.push_str("}\n");
            }
            other => self.scalar(other, inner, inner - indent, beside),
        }
    }

    /// A scalar; the lines of a block stand at `indent`, `deeper` than what is around.
    fn scalar(&mut self, item: &Item, indent: usize, deeper: usize, beside: Option<&Value>) {
        self.out.push(' ');
        let line = match item {
            Item::Null => "null".to_owned(),
            Item::Mapping(_) => "{}".to_owned(),
            Item::List(_) => "[]".to_owned(),
            Item::Value(value) => match scalar::value(value) {
                Written::Line(line) => line,
                Written::Literal(text) => return self.literal(text, indent, deeper, beside),
            },
        };
        self.out.push_str(&line);
        self.end_line(beside);
    }

    fn literal(&mut self, text: &str, indent: usize, deeper: usize, beside: Option<&Value>) {
        self.out.push('|');
        if text.starts_with([' ', '\n']) {
            // go-yaml says its step whatever the case may be, and then can't read it.
            self.out.push_str(&deeper.to_string());
        }
        let line = text.strip_suffix('\n');
        match line {
            None => self.out.push('-'),
            Some(line) if line.is_empty() || line.ends_with('\n') => self.out.push('+'),
            Some(_) => {}
        }
        self.end_line(beside);
        for line in line.unwrap_or(text).split('\n') {
            if !line.is_empty() {
                self.begin(indent);
                self.out.push_str(line);
            }
            self.out.push('\n');
        }
    }

    fn comment<'c>(&mut self, comment: &'c Comment, indent: usize, beside: &mut Option<&'c Value>) {
        if comment.line == Line::Shared {
            *beside = Some(&comment.text);
        } else {
            self.comment_line(&comment.text, indent);
        }
    }

    /// A comment behind the line of a scalar; above anything else.
    fn beside<'c>(
        &mut self,
        item: &Item,
        comment: Option<&'c Value>,
        indent: usize,
    ) -> Option<&'c Value> {
        let collection = item.entries().next().is_some();
        if !collection {
            return comment;
        }
        self.late(comment, indent);
        None
    }

    fn late(&mut self, comment: Option<&Value>, indent: usize) {
        if let Some(comment) = comment {
            self.comment_line(comment, indent);
        }
    }

    fn comment_line(&mut self, comment: &Value, indent: usize) {
        for line in comment.as_text().unwrap_or_default().split('\n') {
            self.begin(indent);
            self.out.push('#');
            self.out.push_str(line);
            self.out.push('\n');
        }
    }

    /// Goes to the column `indent`, unless the line has begun with dashes.
    fn begin(&mut self, indent: usize) {
        if self.out.is_empty() || self.out.ends_with('\n') {
            self.out.extend(std::iter::repeat_n(' ', indent));
        }
    }

    fn end_line(&mut self, beside: Option<&Value>) {
        if let Some(comment) = beside.and_then(Value::as_text) {
            self.out.push_str(" #");
            self.out.push_str(comment);
        }
        self.out.push('\n');
    }
}

/// The comments that a mapping or a list in a list begins with: go-yaml writes them above the dash.
fn above_dash(item: &Item) -> impl Iterator<Item = &Comment> {
    let all = match item {
        Item::Mapping(all) | Item::List(all) if item.entries().next().is_some() => &all[..],
        _ => &[],
    };
    all.iter().map_while(|child| match child {
        Child::Comment(comment) if comment.line != Line::Shared && !is_closed(comment) => {
            Some(comment)
        }
        _ => None,
    })
}

fn is_closed(comment: &Comment) -> bool {
    comment.text.as_text().is_some_and(is_closed_comment)
}

/// The block as a tree.
fn from_json(value: &Json) -> Item {
    match value {
        Json::Null => Item::Null,
        Json::Bool(truth) => Item::Value(Value::bool(*truth)),
        Json::Number(number) => Item::Value(match number.as_i64() {
            Some(number) => Value::int(number),
            None => Value::float(number.as_f64().unwrap_or(f64::NAN)),
        }),
        Json::String(text) => Item::Value(Value::text(text)),
        Json::Array(items) => {
            let child = |item| Child::Entry(None, from_json(item));
            Item::List(items.iter().map(child).collect())
        }
        Json::Object(map) => {
            let child =
                |(key, value): (&String, &Json)| Child::Entry(Some(key.clone()), from_json(value));
            Item::Mapping(map.iter().map(child).collect())
        }
    }
}

/// The width of `- `.
const DASH: usize = 2;
