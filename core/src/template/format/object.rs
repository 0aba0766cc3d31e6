//! Structs and pointers in `fmt`'s verbs, hidden fields included.

use super::Printer;
use super::integer::Integer;
use crate::template::error::TemplateFault as Fault;
use crate::template::object::{Field, Object};

impl Printer<'_> {
    /// Prints a value of a Go type with methods or fields.
    pub(super) fn object(&mut self, object: &Object, verb: char) {
        self.spend(4 + object.bytes() / 64);
        match (object, object.show()) {
            (_, Some(text)) if self.shows(verb) => self.string(text.as_bytes(), verb),
            (Object::Time(time), _) if self.flags.sharp_v && !self.erroring => {
                self.string(time.show_go().as_bytes(), 's');
            }
            _ if object.is_pointer() && self.depth > 1 => match object.fields() {
                Some(fields) => {
                    let to = Field::Struct(object.struct_name(), fields);
                    self.pointer(object.type_name(), Some(&to), verb);
                }
                None => self.address(),
            },
            _ => self.inside(object, verb),
        }
    }

    /// The fields, behind `&` where the value is a pointer.
    pub(super) fn inside(&mut self, object: &Object, verb: char) {
        let Some(fields) = object.fields() else {
            return self.address();
        };
        if object.is_pointer() {
            self.out.push(b'&');
        }
        self.structure(object.struct_name(), &fields, verb);
    }

    fn structure(&mut self, kind: &str, fields: &[(&'static str, Field)], verb: char) {
        if self.flags.sharp_v {
            self.text(kind);
        }
        let (open, between, close) = self.brackets(b"{", b"}");
        self.out.extend(open);
        for (n, (name, field)) in fields.iter().enumerate() {
            if n > 0 {
                self.out.extend(between);
            }
            if self.flags.plus_v || self.flags.sharp_v {
                self.text(name);
                self.out.push(b':');
            }
            self.field(field, verb);
        }
        self.out.extend(close);
    }

    fn field(&mut self, field: &Field, verb: char) {
        match field {
            Field::Of(value) => self.value(value, verb),
            Field::Struct(kind, fields) => self.structure(kind, fields, verb),
            Field::List(kind, items) => self.hidden_list(kind, items, verb),
            Field::Pointer(kind, to) => self.pointer(kind, to.as_deref(), verb),
        }
    }

    fn hidden_list(&mut self, kind: &str, items: &[Field], verb: char) {
        let (open, between, close) = self.brackets(b"[", b"]");
        if self.flags.sharp_v {
            self.text(kind);
            if items.is_empty() {
                return self.text("(nil)");
            }
        }
        self.out.extend(open);
        for (n, item) in items.iter().enumerate() {
            if n > 0 {
                self.out.extend(between);
            }
            self.field(item, verb);
        }
        self.out.extend(close);
    }

    /// A pointer inside of another value, which `fmt` shows as a number.
    fn pointer(&mut self, kind: &str, to: Option<&Field>, verb: char) {
        match (verb, to) {
            ('v' | 'b' | 'o' | 'd' | 'x' | 'X', Some(_)) => self.address(),
            ('v', None) if self.flags.sharp_v => {
                self.text("(");
                self.text(kind);
                self.text(")(nil)");
            }
            ('v', None) => self.padded(b"<nil>"),
            ('b' | 'o' | 'd' | 'x' | 'X', None) => {
                self.integer(Integer::unsigned(0), verb);
            }
            _ => self.wrong(verb, kind, |printer| match to {
                Some(to) => {
                    printer.out.push(b'&');
                    printer.field(to, 'v');
                }
                None => printer.pointer(kind, None, 'v'),
            }),
        }
    }

    /// The address of what was never made.
    pub(super) fn null(&mut self) {
        let sharp = self.flags.sharp;
        self.flags.sharp = !sharp;
        self.integer(Integer::unsigned(0), 'x');
        self.flags.sharp = sharp;
    }

    /// An address differs from run to run.
    pub(super) fn address(&mut self) {
        self.fault = Some(Fault::Function {
            name: "printf",
            why: "an address differs from run to run",
        });
    }
}
