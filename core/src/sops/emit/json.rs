//! JSON as sops writes it with Go's `encoding/json`.

use crate::manifest::Path;
use crate::sops::document::json as scalar;
use crate::sops::error::SopsError;
use crate::sops::metadata::Metadata;
use crate::sops::tree::Item;
use crate::sops::value::{Kind, Value};

use super::unwritable_at;

/// A document, with the block where there is one, and a line end.
pub(super) fn document(
    item: &Item,
    block: Option<&Metadata>,
    indent: Option<usize>,
) -> Result<String, SopsError> {
    let mut writer = Writer::new(indent);
    let mut empty = true;
    writer.out.push('{');
    for (key, item) in item.entries() {
        let key = key.unwrap_or_default();
        writer.entry(empty, key, 1);
        writer.item(item, 1, &Path::from([key]))?;
        empty = false;
    }
    if let Some(block) = block {
        writer.entry(empty, "sops", 1);
        writer.json(&serde_json::Value::Object(block.raw().clone()), 1);
        empty = false;
    }
    if !empty {
        writer.line(0);
    }
    writer.out.push_str("}\n");
    Ok(writer.out)
}

/// A node alone.
pub(super) fn item(item: &Item, indent: Option<usize>) -> Result<String, SopsError> {
    if let Item::Mapping(_) = item {
        return document(item, None, indent);
    }
    let mut writer = Writer::new(indent);
    writer.item(item, 0, &Path::default())?;
    Ok(writer.out)
}

struct Writer {
    out: String,
    unit: String,
}

impl Writer {
    fn new(indent: Option<usize>) -> Self {
        Self {
            out: String::new(),
            unit: indent.map_or_else(|| "\t".to_owned(), |blanks| " ".repeat(blanks)),
        }
    }

    fn item(&mut self, item: &Item, depth: usize, path: &Path) -> Result<(), SopsError> {
        let mut first = true;
        match item {
            Item::Null => self.out.push_str("null"),
            Item::Value(value) => match text(value) {
                Some(text) => self.out.push_str(&escaped(&text)),
                None => {
                    let rule = "the value has no form in JSON";
                    return Err(unwritable_at(path.clone(), rule));
                }
            },
            Item::Mapping(_) => {
                self.out.push('{');
                for (key, item) in item.entries() {
                    let key = key.unwrap_or_default();
                    self.entry(first, key, depth + 1);
                    self.item(item, depth + 1, &path.join(key))?;
                    first = false;
                }
                self.close(first, '}', depth);
            }
            Item::List(_) => {
                self.out.push('[');
                for (nth, (_, item)) in item.entries().enumerate() {
                    self.next(first, depth + 1);
                    self.item(item, depth + 1, &path.join(nth))?;
                    first = false;
                }
                self.close(first, ']', depth);
            }
        }
        Ok(())
    }

    fn json(&mut self, value: &serde_json::Value, depth: usize) {
        use serde_json::Value as Json;
        let mut first = true;
        match value {
            Json::Object(map) => {
                self.out.push('{');
                for (key, value) in map {
                    self.entry(first, key, depth + 1);
                    self.json(value, depth + 1);
                    first = false;
                }
                self.close(first, '}', depth);
            }
            Json::Array(items) => {
                self.out.push('[');
                for item in items {
                    self.next(first, depth + 1);
                    self.json(item, depth + 1);
                    first = false;
                }
                self.close(first, ']', depth);
            }
            other => self.out.push_str(&escaped(&other.to_string())),
        }
    }

    fn entry(&mut self, first: bool, key: &str, depth: usize) {
        self.next(first, depth);
        let key = serde_json::Value::from(key).to_string();
        self.out.push_str(&escaped(&key));
        self.out.push_str(": ");
    }

    fn next(&mut self, first: bool, depth: usize) {
        if !first {
            self.out.push(',');
        }
        self.line(depth);
    }

    fn close(&mut self, empty: bool, bracket: char, depth: usize) {
        if !empty {
            self.line(depth);
        }
        self.out.push(bracket);
    }

    fn line(&mut self, depth: usize) {
        self.out.push('\n');
        for _ in 0..depth {
            self.out.push_str(&self.unit);
        }
    }
}

fn text(value: &Value) -> Option<String> {
    match value.kind() {
        Kind::Str | Kind::Bytes | Kind::Time | Kind::Comment => {
            Some(serde_json::Value::from(value.as_text()?).to_string())
        }
        Kind::Int | Kind::Float | Kind::Bool => scalar(value),
    }
}

/// Go escapes what HTML reads.
fn escaped(text: &str) -> String {
    if !text.contains(['<', '>', '&', '\u{2028}', '\u{2029}']) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                out.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => out.push(c),
        }
    }
    out
}
