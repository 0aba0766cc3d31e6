//! Go's `fmt`, for the values that templates have.

mod float;
mod integer;
mod object;
mod printf;
mod quote;
mod value;

use super::error::TemplateFault as Fault;
use super::heap::Heap;
use super::text::{Buffer, Text};
use super::unicode;
use super::value::Value;

pub(crate) use float::format_float;
pub(crate) use quote::quote;

/// `fmt.Sprint`: blanks between operands of which neither is a string.
pub(crate) fn sprint(heap: &Heap, values: &[Value]) -> Result<Text, Fault> {
    let mut out = Buffer::new();
    let mut printer = Printer::new(heap, &mut out);
    let mut after_text = true;
    for (n, value) in values.iter().enumerate() {
        let text = matches!(value, Value::Text(_));
        if n > 0 && !text && !after_text {
            printer.out.push(b' ');
        }
        printer.argument(value, 'v');
        after_text = text;
    }
    printer.done()?;
    out.finish()
}

/// `fmt.Sprintln`: blanks between all operands and a line break.
pub(crate) fn sprintln(heap: &Heap, values: &[Value]) -> Result<Text, Fault> {
    let mut out = Buffer::new();
    let mut printer = Printer::new(heap, &mut out);
    for (n, value) in values.iter().enumerate() {
        if n > 0 {
            printer.out.push(b' ');
        }
        printer.argument(value, 'v');
    }
    printer.out.push(b'\n');
    printer.done()?;
    out.finish()
}

/// `fmt.Sprintf`.
pub(crate) fn sprintf(heap: &Heap, format: &[u8], values: &[Value]) -> Result<Text, Fault> {
    let mut out = Buffer::new();
    let mut printer = Printer::new(heap, &mut out);
    printer.directives(format, values);
    printer.done()?;
    out.finish()
}

/// `fmt.Fprint` of one value.
pub(crate) fn print(heap: &Heap, value: &Value, out: &mut Buffer) -> Result<(), Fault> {
    let mut printer = Printer::new(heap, out);
    printer.argument(value, 'v');
    printer.done()
}

/// The state of one directive, and where it writes.
struct Printer<'a> {
    heap: &'a Heap,
    out: &'a mut Buffer,
    flags: Flags,
    width: Option<usize>,
    precision: Option<usize>,
    /// How deeply the value being printed is nested.
    depth: usize,
    /// Whether what is printed did not fit its verb.
    erroring: bool,
    fault: Option<Fault>,
}

#[derive(Clone, Copy, Default)]
struct Flags {
    minus: bool,
    plus: bool,
    sharp: bool,
    space: bool,
    zero: bool,
    /// `%#v`: Go syntax.
    sharp_v: bool,
    /// `%+v`: names of fields.
    plus_v: bool,
}

impl<'a> Printer<'a> {
    fn new(heap: &'a Heap, out: &'a mut Buffer) -> Self {
        Self {
            heap,
            out,
            flags: Flags::default(),
            width: None,
            precision: None,
            depth: 0,
            erroring: false,
            fault: None,
        }
    }

    fn done(&mut self) -> Result<(), Fault> {
        self.fault.take().map_or(Ok(()), Err)
    }

    fn clear(&mut self) {
        self.flags = Flags::default();
        self.width = None;
        self.precision = None;
    }

    /// Counts work; once it is too much, nothing more is printed.
    fn spend(&mut self, steps: usize) {
        if let Err(fault) = self.heap.spend(steps) {
            self.fault = Some(fault);
        }
    }

    fn text(&mut self, text: &str) {
        self.out.extend(text.as_bytes());
    }

    /// Writes `bytes`, padded to the width in characters.
    fn padded(&mut self, bytes: &[u8]) {
        let missing = match self.width {
            Some(width) => width.saturating_sub(unicode::count(bytes)),
            None => 0,
        };
        if self.flags.minus {
            self.out.extend(bytes);
            self.padding(missing);
        } else {
            self.padding(missing);
            self.out.extend(bytes);
        }
    }

    /// Padded without the zero flag.
    fn padded_with_blanks(&mut self, bytes: &[u8]) {
        let zero = std::mem::replace(&mut self.flags.zero, false);
        self.padded(bytes);
        self.flags.zero = zero;
    }

    /// Zeros pad on the left only.
    fn padding(&mut self, count: usize) {
        let zero = self.flags.zero && !self.flags.minus;
        self.out.pad(if zero { b'0' } else { b' ' }, count);
    }

    /// The part of `text` that the precision keeps, in characters.
    fn truncated<'t>(&self, text: &'t [u8]) -> &'t [u8] {
        let Some(keep) = self.precision else {
            return text;
        };
        let end = unicode::chars(text)
            .nth(keep)
            .map_or(text.len(), |(at, ..)| at);
        &text[..end]
    }
}
