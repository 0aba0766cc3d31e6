//! Values in braces and brackets: JSON, and the flow style of YAML.

use serde_json::Value;

use super::scalar::{double_quoted, key_text, scalar_text};

/// How the collections around are written.
#[derive(Clone)]
pub(in crate::manifest) struct FlowStyle {
    /// Keys and strings in double quotes, as JSON has them.
    pub(in crate::manifest) quoted: bool,
    pub(in crate::manifest) colon: &'static str,
    /// Between two entries on one line; without its blank where lines break.
    pub(in crate::manifest) comma: &'static str,
    /// One entry in each line; `None` for all in one.
    pub(in crate::manifest) lines: Option<FlowLines>,
}

#[derive(Clone)]
pub(in crate::manifest) struct FlowLines {
    pub(in crate::manifest) line_end: &'static str,
    /// One level of indentation.
    pub(in crate::manifest) unit: String,
    /// The indentation of the line that the value starts in.
    pub(in crate::manifest) indent: String,
}

impl FlowStyle {
    /// A value, from its first character to its last.
    pub(in crate::manifest) fn text(&self, value: &Value) -> String {
        let mut out = String::new();
        self.write(value, 0, &mut out);
        out
    }

    /// `key: value`.
    pub(in crate::manifest) fn entry(&self, key: &str, value: &Value) -> String {
        let mut out = self.key(key);
        out.push_str(self.colon);
        self.write(value, 0, &mut out);
        out
    }

    fn write(&self, value: &Value, level: usize, out: &mut String) {
        match value {
            Value::Array(items) if !items.is_empty() => {
                out.push('[');
                for (nth, item) in items.iter().enumerate() {
                    self.separate(nth, level + 1, out);
                    self.write(item, level + 1, out);
                }
                self.break_line(level, out);
                out.push(']');
            }
            Value::Object(map) if !map.is_empty() => {
                out.push('{');
                for (nth, (key, value)) in map.iter().enumerate() {
                    self.separate(nth, level + 1, out);
                    out.push_str(&self.key(key));
                    out.push_str(self.colon);
                    self.write(value, level + 1, out);
                }
                self.break_line(level, out);
                out.push('}');
            }
            Value::String(text) if self.quoted => out.push_str(&double_quoted(text)),
            scalar => out.push_str(&scalar_text(scalar, true).unwrap_or_default()),
        }
    }

    fn key(&self, key: &str) -> String {
        if self.quoted {
            double_quoted(key)
        } else {
            key_text(key, true)
        }
    }

    fn separate(&self, nth: usize, level: usize, out: &mut String) {
        if nth > 0 {
            out.push_str(if self.lines.is_some() {
                self.comma.trim_end()
            } else {
                self.comma
            });
        }
        self.break_line(level, out);
    }

    fn break_line(&self, level: usize, out: &mut String) {
        if let Some(lines) = &self.lines {
            out.push_str(lines.line_end);
            out.push_str(&lines.indent);
            out.push_str(&lines.unit.repeat(level));
        }
    }
}
