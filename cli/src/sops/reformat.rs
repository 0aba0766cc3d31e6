//! Results in another type than the input's, or in the formatting of the real sops.
//!
//! Without being asked, nothing is formatted: a file keeps what is not concerned, byte for byte.

use bulla_core::plaintext::Plaintext;
use bulla_core::sops::{Item, Layout, Tree};

use super::error::{Ended, in_core};
use super::grammar::Flag;
use super::line::Line;
use super::rules::Rules;
use super::source::Source;
use crate::printer::Printer;

/// True where the result is laid out anew.
pub(super) fn is_wanted(line: &Line, source: &Source) -> Result<bool, Ended> {
    let asked = line.has(Flag::Reformat) || line.number(Flag::Indent)? != 0;
    Ok(asked || source.store != source.output)
}

/// What was encrypted, as it is written out.
pub(super) fn encrypted(
    line: &Line,
    source: &Source,
    file: Vec<u8>,
    printer: &Printer,
) -> Result<Vec<u8>, Ended> {
    if !is_wanted(line, source)? {
        return Ok(file);
    }
    let layout = layout(line, printer)?;
    source
        .store
        .lay_out(&file, source.output, &layout)
        .map_err(|error| in_core(error, true).inside(&source.shown()))
}

/// A file that was decrypted, as it is written out.
pub(super) fn decrypted(
    line: &Line,
    source: &Source,
    tree: &Tree,
    printer: &Printer,
) -> Result<Plaintext, Ended> {
    let layout = layout(line, printer)?;
    tree.write(source.output, &layout)
        .map_err(|error| in_core(error, false).inside(&source.shown()))
}

/// A part of such a file.
pub(super) fn item(
    line: &Line,
    source: &Source,
    item: &Item,
    printer: &Printer,
) -> Result<Plaintext, Ended> {
    let layout = layout(line, printer)?;
    item.write(source.output, &layout)
        .map_err(|error| in_core(error, false).inside(&source.shown()))
}

/// How far it indents: as `--indent` says, or else the configuration.
fn layout(line: &Line, printer: &Printer) -> Result<Layout, Ended> {
    let blanks = |number: i64| usize::try_from(number).ok();
    if let Some(indent) = blanks(line.number(Flag::Indent)?).filter(|indent| *indent > 0) {
        return Ok(Layout {
            yaml_indent: indent,
            json_indent: Some(indent),
        });
    }
    let rules = Rules::find(line, printer)?;
    let indents = rules.located().map(|located| located.config.indents());
    let indents = indents.unwrap_or_default();
    Ok(Layout {
        yaml_indent: indents.yaml.and_then(blanks).unwrap_or(0),
        // -1 is a tab, and so is nothing.
        json_indent: indents.json.and_then(blanks),
    })
}
