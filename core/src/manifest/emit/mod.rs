//! Fresh text for values: whole documents, and the pieces that an edit puts in.

mod block;
mod flow;
mod scalar;

use serde_json::Value;

pub(super) use block::{BlockLayout, BlockWriter, Notebook, Notes};
pub(super) use flow::{FlowLines, FlowStyle};
pub(super) use scalar::scalar_text;
pub(crate) use scalar::{double_quoted, fits_literal, string_in_style};

/// A YAML document as kubectl would print it, without `---`: two blanks of indentation, lists not indented.
///
/// Every reader of YAML 1.1 or 1.2 reads it alike: text that some reader takes for something else is quoted,
/// long lines are never folded.
pub fn emit(value: &Value) -> String {
    let layout = BlockLayout {
        line_end: "\n",
        step: 2,
        list_step: 0,
    };
    let notes = Notebook::default();
    let mut writer = BlockWriter::new(&layout, &notes);
    writer.document(value);
    writer.finish()
}

/// A JSON document as kubectl would print it: four blanks of indentation, a line end at the end.
pub fn emit_json(value: &Value) -> String {
    let style = FlowStyle {
        quoted: true,
        colon: ": ",
        comma: ",",
        lines: Some(FlowLines {
            line_end: "\n",
            unit: "    ".to_owned(),
            indent: String::new(),
        }),
    };
    let mut text = style.text(value);
    text.push('\n');
    text
}
