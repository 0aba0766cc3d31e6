//! Results in another type than the input's, or in the formatting of the real sops.
//!
//! Without being asked, nothing is formatted: a file keeps what is not concerned, byte for byte.

use bulla_core::plaintext::Plaintext;
use bulla_core::sops::{Item, Layout, Store, Tree};

use super::error::{CommandError, Ended, in_core};
use super::grammar::Flag;
use super::line::Line;
use super::rules::Rules;
use super::source::Source;
use crate::printer::Printer;

/// True where the result is laid out anew.
pub(super) fn is_wanted(line: &Line, source: &Source) -> Result<bool, Ended> {
    let asked = line.has(Flag::Reformat) || line.text(Flag::Indent)?.is_some();
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
    let layout = layout(line, Some(source.output), printer)?;
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
    // A binary file in plaintext has no layout.
    let laid_out = Some(source.output).filter(|output| *output != Store::Binary);
    let layout = layout(line, laid_out, printer)?;
    if source.output != Store::Yaml && tree.documents().len() > 1 {
        printer.warn(format_args!(
            "{} has {} documents: only the first one fits into the output",
            source.shown(),
            tree.documents().len()
        ));
    }
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
    let layout = layout(line, Some(source.output), printer)?;
    item.write(source.output, &layout)
        .map_err(|error| in_core(error, false).inside(&source.shown()))
}

/// How far it indents: as `--indent` says, or else the configuration.
fn layout(line: &Line, output: Option<Store>, printer: &Printer) -> Result<Layout, Ended> {
    let [yaml, json, json_binary] = match line.text(Flag::Indent)?.is_some() {
        true => [Some(line.number(Flag::Indent)?); 3],
        false => {
            let rules = Rules::find(line, printer)?;
            let indents = rules.located().map(|located| located.config.indents());
            let indents = indents.unwrap_or_default();
            [indents.yaml, indents.json, indents.json_binary]
        }
    };
    // -1 is a tab, and so is nothing.
    let (given, least) = match output {
        Some(Store::Yaml) => (yaml, 0),
        Some(Store::Json) => (json, -1),
        Some(Store::Binary) => (json_binary, -1),
        _ => (None, 0),
    };
    if given.is_some_and(|given| given < least) {
        return Err(CommandError::Indent(least).into());
    }
    let blanks = |number: Option<i64>| number.and_then(|number| usize::try_from(number).ok());
    Ok(Layout {
        yaml_indent: blanks(yaml).unwrap_or(0),
        json_indent: blanks(json),
        json_binary_indent: blanks(json_binary),
    })
}
