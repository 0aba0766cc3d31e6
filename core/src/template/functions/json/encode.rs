//! Writing JSON.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::template::error::TemplateFault as Fault;
use crate::template::format::format_float;
use crate::template::heap::Heap;
use crate::template::object::Object;
use crate::template::text::{Buffer, Text};
use crate::template::unicode;
use crate::template::value::{Element, Value};

/// How JSON is written.
#[derive(Clone, Copy)]
pub(super) struct Style {
    /// Two blanks for each level, each element on a line of its own.
    pretty: bool,
    /// `<`, `>` and `&` are escaped.
    html: bool,
}

impl Style {
    pub(super) const COMPACT: Self = Self {
        pretty: false,
        html: true,
    };
    pub(super) const PRETTY: Self = Self {
        pretty: true,
        html: true,
    };
    pub(super) const RAW: Self = Self {
        pretty: false,
        html: false,
    };
}

/// Writes `value`; nothing when JSON doesn't have it.
pub(super) fn encode(heap: &Heap, value: &Value, style: Style) -> Result<Option<Text>, Fault> {
    let mut encoder = Encoder {
        heap,
        style,
        out: Buffer::new(),
        depth: 0,
    };
    if !encoder.value(value)? {
        // What was written is dropped, so that nobody else counts it.
        heap.spend_bytes(encoder.out.len())?;
        return Ok(None);
    }
    encoder.out.finish().map(Some)
}

struct Encoder<'h> {
    heap: &'h Heap,
    style: Style,
    out: Buffer,
    depth: usize,
}

impl Encoder<'_> {
    /// Writes a value; `false` for one that JSON doesn't have.
    fn value(&mut self, value: &Value) -> Result<bool, Fault> {
        match value {
            Value::Nil | Value::NilInterface => self.out.extend(b"null"),
            Value::Bool(b) => self.out.extend(if *b { b"true" } else { b"false" }),
            Value::Uint(n) => self.out.extend(n.to_string().as_bytes()),
            Value::Int(i) | Value::Int64(i) | Value::Named(_, i) => {
                self.out.extend(i.to_string().as_bytes())
            }
            Value::Byte(b) => self.out.extend(b.to_string().as_bytes()),
            Value::Float(f) if !f.is_finite() => return Ok(false),
            Value::Float(f) => {
                self.heap.spend(1)?;
                self.out.extend(number(*f).as_bytes());
            }
            Value::Complex(..) => return Ok(false),
            Value::Text(text) => self.text(text.bytes()),
            Value::Object(object) => return self.object(object),
            Value::List(list) if list.is_nil() => self.out.extend(b"null"),
            Value::Map(map) if map.is_nil() => self.out.extend(b"null"),
            Value::List(list) if list.of == Element::Byte => {
                let text = Zeroizing::new(STANDARD.encode(self.heap.bytes_of(*list)));
                self.text(text.as_bytes());
            }
            Value::List(list) => {
                let items = self.heap.items(*list).iter().map(|item| (None, item));
                return self.composite(b'[', items, b']');
            }
            Value::Map(map) => {
                let entries = self.heap.entries(*map).iter();
                return self.composite(b'{', entries.map(|(key, item)| (Some(key), item)), b'}');
            }
        }
        Ok(true)
    }

    fn object(&mut self, object: &Object) -> Result<bool, Fault> {
        match object {
            Object::Time(time) => match time.show_json() {
                Some(text) => self.text(text.as_bytes()),
                None => return Ok(false),
            },
            Object::Version(_) | Object::Changed(_) => {
                self.text(object.show().unwrap_or_default().as_bytes());
            }
            Object::Location(_) => self.out.extend(b"{}"),
            Object::Certificate(certificate) => {
                let fields = [("Cert", &certificate.cert), ("Key", &certificate.key)];
                let fields = fields.map(|(name, v)| (Text::from(name), Value::Text(v.clone())));
                let items = fields.iter().map(|(name, value)| (Some(name), value));
                return self.composite(b'{', items, b'}');
            }
        }
        Ok(true)
    }

    fn composite<'v>(
        &mut self,
        open: u8,
        items: impl Iterator<Item = (Option<&'v Text>, &'v Value)>,
        close: u8,
    ) -> Result<bool, Fault> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(Fault::TooDeep);
        }
        self.out.push(open);
        let mut any = false;
        for (key, item) in items {
            if any {
                self.out.push(b',');
            }
            any = true;
            self.line();
            if let Some(key) = key {
                self.text(key.bytes());
                self.out
                    .extend(if self.style.pretty { b": " } else { b":" });
            }
            if !self.value(item)? {
                return Ok(false);
            }
            if self.out.is_over() {
                return Err(Fault::TextTooLarge);
            }
        }
        self.depth -= 1;
        if any {
            self.line();
        }
        self.out.push(close);
        Ok(true)
    }

    /// Begins a line, where the style has lines.
    fn line(&mut self) {
        if self.style.pretty {
            self.out.push(b'\n');
            self.out.pad(b' ', 2 * self.depth);
        }
    }

    fn text(&mut self, text: &[u8]) {
        self.out.push(b'"');
        for (_, c, width) in unicode::chars(text) {
            match c {
                '"' => self.out.extend(b"\\\""),
                '\\' => self.out.extend(b"\\\\"),
                '\u{8}' => self.out.extend(b"\\b"),
                '\u{c}' => self.out.extend(b"\\f"),
                '\n' => self.out.extend(b"\\n"),
                '\r' => self.out.extend(b"\\r"),
                '\t' => self.out.extend(b"\\t"),
                char::REPLACEMENT_CHARACTER if width == 1 => self.out.extend(b"\\ufffd"),
                '<' | '>' | '&' if self.style.html => self.escape(c),
                '\0'..='\u{1f}' | '\u{2028}' | '\u{2029}' => self.escape(c),
                c => self.out.push_char(c),
            }
        }
        self.out.push(b'"');
    }

    fn escape(&mut self, c: char) {
        self.out
            .extend(format!("\\u{:04x}", u32::from(c)).as_bytes());
    }
}

/// A number as JavaScript writes it.
fn number(f: f64) -> String {
    let size = f.abs();
    if size == 0.0 || (1e-6..1e21).contains(&size) {
        return format_float(f, 'f', None);
    }
    let text = format_float(f, 'e', None);
    // A single digit of the exponent has no zero before it when it is negative.
    match text.split_once("e-0") {
        Some((mantissa, digit)) => format!("{mantissa}e-{digit}"),
        None => text,
    }
}

/// How deeply a value may be nested.
const DEPTH: usize = 100;
