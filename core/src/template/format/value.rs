//! Values in `fmt`'s verbs, composite ones included.

use super::Printer;
use super::integer::Integer;
use super::quote::{can_backquote, quote};
use crate::template::error::TemplateFault as Fault;
use crate::template::text::Buffer;
use crate::template::value::{Element, List, Map, Value};

impl Printer<'_> {
    /// Prints one operand.
    pub(super) fn argument(&mut self, value: &Value, verb: char) {
        match (value, verb) {
            (Value::Nil | Value::NilInterface, 'T' | 'v') => self.padded(b"<nil>"),
            (Value::Nil | Value::NilInterface, _) => self.bad_verb(value, verb),
            (_, 'T') => self.string(value.type_name().as_bytes(), 's'),
            (Value::List(list), 'p') if list.is_nil() => self.null(),
            (Value::Map(map), 'p') if map.is_nil() => self.null(),
            (Value::List(_) | Value::Map(_), 'p') => self.address(),
            (Value::Object(object), 'p') if object.is_pointer() => self.address(),
            (_, 'p') => self.bad_verb(value, verb),
            // Of bytes, each one is refused by itself.
            (Value::List(list), 'w') if list.of == Element::Byte => self.value(value, verb),
            (Value::List(_) | Value::Map(_) | Value::Object(_), 'w') => self.bad_verb(value, verb),
            _ => self.value(value, verb),
        }
    }

    /// Prints a value, an element of another one included.
    pub(super) fn value(&mut self, value: &Value, verb: char) {
        if self.fault.is_some() {
            return;
        }
        let known = match value {
            Value::Nil | Value::NilInterface => {
                self.text(if self.flags.sharp_v {
                    "interface {}(nil)"
                } else {
                    "<nil>"
                });
                true
            }
            Value::Bool(b) => {
                let known = matches!(verb, 't' | 'v');
                if known {
                    self.padded(if *b { b"true" } else { b"false" });
                }
                known
            }
            Value::Int(i) | Value::Int64(i) => self.integer(Integer::signed(*i), verb),
            Value::Byte(b) => self.integer(Integer::byte(*b), verb),
            Value::Uint(n) => self.integer(Integer::unsigned(*n), verb),
            Value::Named(named, n) if self.shows(verb) => {
                self.string(named.show(*n).as_bytes(), verb);
                true
            }
            Value::Named(_, n) => self.integer(Integer::signed(*n), verb),
            Value::Object(object) => {
                self.nested(|printer| printer.object(object, verb));
                true
            }
            Value::Float(f) => self.float(*f, verb),
            Value::Complex(real, imaginary) => self.complex(*real, *imaginary, verb),
            Value::Text(text) => {
                let known = matches!(verb, 'v' | 's' | 'x' | 'X' | 'q');
                if known {
                    self.string(text.bytes(), verb);
                }
                known
            }
            Value::List(list) => {
                self.nested(|printer| printer.list(*list, verb));
                true
            }
            Value::Map(map) => {
                self.nested(|printer| printer.map(*map, verb));
                true
            }
        };
        if !known {
            self.bad_verb(value, verb);
        }
    }

    fn nested(&mut self, print: impl FnOnce(&mut Self)) {
        self.depth += 1;
        if self.depth > DEPTH {
            self.fault = Some(Fault::TooDeep);
        } else if self.fault.is_none() && !self.out.is_over() {
            print(self);
        }
        self.depth -= 1;
    }

    /// Whether a directive asks a value for its text.
    pub(super) fn shows(&self, verb: char) -> bool {
        !self.erroring && !self.flags.sharp_v && matches!(verb, 'v' | 's' | 'x' | 'X' | 'q')
    }

    fn list(&mut self, list: List, verb: char) {
        let is_bytes = list.of == Element::Byte;
        if is_bytes && matches!(verb, 's' | 'q' | 'x' | 'X') {
            return self.string(&self.heap.bytes_of(list), verb);
        }
        let (open, between, close) = self.brackets(b"[", b"]");
        if self.flags.sharp_v {
            // By itself it is called by the other name of its type.
            self.text(match is_bytes && self.depth == 1 && verb == 'v' {
                true => "[]byte",
                false => Value::List(list).type_name(),
            });
            if list.is_nil() {
                return self.text("(nil)");
            }
        }
        self.out.extend(open);
        for (n, item) in self.heap.items(list).iter().enumerate() {
            if n > 0 {
                self.out.extend(between);
            }
            self.value(item, verb);
        }
        self.out.extend(close);
    }

    fn map(&mut self, map: Map, verb: char) {
        let (open, between, close) = self.brackets(b"map[", b"]");
        if self.flags.sharp_v {
            self.text(Value::Map(map).type_name());
            if map.is_nil() {
                return self.text("(nil)");
            }
        }
        self.out.extend(open);
        for (n, (key, item)) in self.heap.entries(map).iter().enumerate() {
            if n > 0 {
                self.out.extend(between);
            }
            self.value(&Value::Text(key.clone()), verb);
            self.out.push(b':');
            self.value(item, verb);
        }
        self.out.extend(close);
    }

    /// What opens, separates and closes elements: `{`, `, ` and `}` in Go syntax.
    pub(super) fn brackets(
        &self,
        open: &'static [u8],
        close: &'static [u8],
    ) -> (&'static [u8], &'static [u8], &'static [u8]) {
        if self.flags.sharp_v {
            (b"{", b", ", b"}")
        } else {
            (open, b" ", close)
        }
    }

    fn complex(&mut self, real: f64, imaginary: f64, verb: char) -> bool {
        if !"vbgGxXfFeE".contains(verb) {
            return false;
        }
        self.out.push(b'(');
        self.float(real, verb);
        let plus = std::mem::replace(&mut self.flags.plus, true);
        self.float(imaginary, verb);
        self.flags.plus = plus;
        self.out.extend(b"i)");
        true
    }

    pub(super) fn string(&mut self, text: &[u8], verb: char) {
        match verb {
            'x' | 'X' => self.hex(text, verb == 'X'),
            'q' => self.quoted(text),
            'v' if self.flags.sharp_v => self.quoted(text),
            _ => self.padded(self.truncated(text)),
        }
    }

    fn quoted(&mut self, text: &[u8]) {
        let text = self.truncated(text);
        let mut out = Buffer::new();
        if self.flags.sharp && can_backquote(text) {
            out.push(b'`');
            out.extend(text);
            out.push(b'`');
        } else {
            quote(&mut out, text, '"', self.flags.plus);
        }
        self.over_or(&out);
        self.padded(out.bytes());
    }

    /// `%!d(string=hi)`
    fn bad_verb(&mut self, value: &Value, verb: char) {
        if value.is_nil() {
            self.text("%!");
            self.out.push_char(verb);
            return self.text("(<nil>)");
        }
        self.wrong(verb, value.type_name(), |printer| match value {
            Value::Object(object) => printer.inside(object, 'v'),
            value => printer.value(value, 'v'),
        });
    }

    /// A verb that does not fit, around what is there: no part of that is asked for its text.
    pub(super) fn wrong(&mut self, verb: char, kind: &str, print: impl FnOnce(&mut Self)) {
        self.text("%!");
        self.out.push_char(verb);
        self.out.push(b'(');
        self.text(kind);
        self.out.push(b'=');
        let outer = std::mem::replace(&mut self.erroring, true);
        self.nested(print);
        self.erroring = outer;
        self.out.push(b')');
    }

    /// `!(EXTRA string=a, int=1)` for operands that no directive asked for.
    pub(super) fn extra(&mut self, values: &[Value]) {
        self.clear();
        self.text("%!(EXTRA ");
        for (n, value) in values.iter().enumerate() {
            if n > 0 {
                self.text(", ");
            }
            if !value.is_nil() {
                self.text(value.type_name());
                self.out.push(b'=');
            }
            self.argument(value, 'v');
        }
        self.out.push(b')');
    }
}

/// How deeply printed values may be nested.
const DEPTH: usize = 100;
