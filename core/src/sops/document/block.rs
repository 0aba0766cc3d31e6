//! The `sops` block as YAML: read from its node, written as sops writes it.

use serde_json::{Map, Value as Json};

use crate::manifest::{
    Edit, Format, Kind, Node, Resolved, Stream, Style, double_quoted, fits_literal, lex, resolve,
    splice, string_in_style,
};
use crate::sops::error::SopsError;
use crate::sops::metadata::Metadata;

/// Reads the block of a document; numbers and times that are not known to be such stay text.
pub(super) fn read(root: Node<'_>, block: Node<'_>, source: &str) -> Result<Metadata, SopsError> {
    match json(block) {
        Some(Json::Object(raw)) => Ok(Metadata::from_raw(raw, lines(root, block, source))),
        _ => Err(SopsError::Metadata {
            field: "sops".into(),
            rule: "must be a mapping without aliases",
        }),
    }
}

fn json(node: Node<'_>) -> Option<Json> {
    Some(match node.kind() {
        Kind::Alias => return None,
        Kind::Mapping => {
            let entries = node
                .entries()
                .map(|(key, value)| Some((key.text()?.to_owned(), json(value)?)));
            Json::Object(entries.collect::<Option<Map<_, _>>>()?)
        }
        Kind::Sequence => Json::Array(node.items().map(json).collect::<Option<_>>()?),
        Kind::Scalar(_) => match node.resolve()? {
            Resolved::Null => Json::Null,
            Resolved::Bool(truth) => truth.into(),
            Resolved::Int(number) => number.into(),
            _ => node.text()?.into(),
        },
    })
}

/// The lines of a block of YAML that begin in the first column.
fn lines(root: Node<'_>, block: Node<'_>, source: &str) -> Option<Box<str>> {
    let key = root
        .entries()
        .find(|(_, value)| value.span() == block.span())
        .map(|(key, _)| key.span().start)?;
    let own = !root.is_flow() && lex::line_start(source, key) == key;
    let text = &source[key..lex::next_line(source, block.span().end)];
    let ends = text.ends_with('\n');
    own.then(|| {
        if ends {
            text.into()
        } else {
            format!("{text}\n").into()
        }
    })
}

/// Writes a block as lines behind `indent` blanks, with `line_end` at the end of each. Lines that it was read
/// from are kept, apart from the few fields at its top that are texts and differ.
pub(super) fn write(metadata: &Metadata, indent: usize, line_end: &str) -> String {
    let kept = metadata.written().filter(|_| indent == 0);
    let fits = |text: &&str| text.contains("\r\n") == (line_end == "\r\n");
    if let Some(text) = kept
        .filter(fits)
        .and_then(|text| kept_lines(text, metadata))
    {
        return text;
    }
    let mut writer = Writer { out: String::new() };
    writer.out.push_str("sops:\n");
    writer.mapping(metadata.raw(), STEP);
    let prefix = " ".repeat(indent);
    let lines = writer.out.lines();
    lines.flat_map(|line| [&prefix, line, line_end]).collect()
}

fn kept_lines(text: &str, metadata: &Metadata) -> Option<String> {
    let stream = Stream::parse_sops(text.as_bytes(), Format::Yaml).ok()?;
    let root = stream.documents().find_map(|document| document.root)?;
    let block = root.get("sops")?;
    let old = read(root, block, text).ok()?;
    let (old, new) = (old.raw(), metadata.raw());
    if !old.keys().eq(new.keys()) {
        return None;
    }
    // A time without quotes is one that sops does not read.
    let bare = |key: &str, value: &Json| {
        let node = block.get(key).filter(|_| value.is_string());
        node.is_some_and(|node| {
            node.kind() == Kind::Scalar(Style::Plain) && node.resolve() != Some(Resolved::Text)
        })
    };
    let mut edits = Vec::new();
    let differs = |key: &str, value: &Json| old[key] != *value || bare(key, value);
    for (key, value) in new.iter().filter(|(key, value)| differs(key, value)) {
        let node = block.get(key)?;
        let text = match (value, node.kind()) {
            (Json::String(text), Kind::Scalar(Style::Plain)) => scalar(text),
            (Json::String(text), Kind::Scalar(style)) if !style.is_block() => {
                string_in_style(text, style, block.is_flow())
            }
            _ => return None,
        };
        let span = node.outer_span();
        edits.push(Edit { span, text });
    }
    let text = splice(text, edits)?.to_string();
    let again = Stream::parse_sops(text.as_bytes(), Format::Yaml).ok()?;
    let root = again.documents().find_map(|document| document.root)?;
    let same = read(root, root.get("sops")?, &text).ok()? == *metadata;
    same.then_some(text)
}

struct Writer {
    out: String,
}

impl Writer {
    fn mapping(&mut self, map: &Map<String, Json>, indent: usize) {
        for (nth, (key, value)) in map.iter().enumerate() {
            // The first key of an item stands behind its dash.
            if nth > 0 || !self.out.ends_with("- ") {
                self.blanks(indent);
            }
            self.out.push_str(&scalar(key));
            self.out.push(':');
            self.value(value, indent);
        }
    }

    fn value(&mut self, value: &Json, indent: usize) {
        let inner = next(indent);
        match value {
            Json::Object(map) if !map.is_empty() => {
                self.out.push('\n');
                self.mapping(map, inner);
            }
            Json::Array(items) if !items.is_empty() => {
                self.out.push('\n');
                for item in items {
                    self.blanks(inner);
                    self.out.push_str("- ");
                    self.item(item, inner + 2);
                }
            }
            Json::String(text) if fits_literal(text) => {
                let ends = text.ends_with('\n');
                self.out.push_str(if ends { " |\n" } else { " |-\n" });
                for line in text.lines() {
                    if !line.is_empty() {
                        self.blanks(inner);
                    }
                    self.out.push_str(line);
                    self.out.push('\n');
                }
            }
            other => {
                self.out.push(' ');
                self.out.push_str(&inline(other));
                self.out.push('\n');
            }
        }
    }

    fn item(&mut self, item: &Json, indent: usize) {
        match item {
            Json::Object(map) if !map.is_empty() => self.mapping(map, indent),
            other => {
                self.out.push_str(&inline(other));
                self.out.push('\n');
            }
        }
    }

    fn blanks(&mut self, count: usize) {
        self.out.extend(std::iter::repeat_n(' ', count));
    }
}

/// go-yaml rounds up to a multiple of its step.
fn next(indent: usize) -> usize {
    STEP * ((indent + STEP) / STEP)
}

fn inline(value: &Json) -> String {
    match value {
        Json::String(text) => scalar(text),
        // Lists inside of lists occur in no block; JSON is YAML.
        other => other.to_string(),
    }
}

fn scalar(text: &str) -> String {
    if is_plain(text) {
        text.to_owned()
    } else {
        double_quoted(text)
    }
}

/// True for text that every reader takes for the same string without quotes.
pub(super) fn is_plain(text: &str) -> bool {
    let safe = |b: u8| matches!(b, b' '..=b'~');
    let Some(first) = text.bytes().next() else {
        return false;
    };
    let bare = first.is_ascii_alphanumeric() || b"_/.^$(+=~".contains(&first);
    let words = ["y", "n", "yes", "no", "on", "off"];
    bare && text.bytes().all(safe)
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !text.contains(" #")
        && resolve(text) == Resolved::Text
        && !words.iter().any(|word| text.eq_ignore_ascii_case(word))
        && text != "="
        && !is_base_60(text)
}

/// YAML 1.1 reads `12:30` as a number, and `1_0` too.
fn is_base_60(text: &str) -> bool {
    text.bytes()
        .all(|b| b.is_ascii_digit() || b":._+-".contains(&b))
        && text.contains([':', '_'])
}

const STEP: usize = 4;
