//! Lines of dotenv and sections of INI out of a tree.

use crate::manifest::Path;
use crate::sops::error::SopsError;
use crate::sops::flat::flatten;
use crate::sops::flat_value;
use crate::sops::ini;
use crate::sops::metadata::Metadata;
use crate::sops::tree::{Child, Item};
use crate::sops::value::Value;

use super::{children, unwritable_at};

/// A mapping of scalars as lines.
pub(super) fn dotenv(item: &Item, block: Option<&Metadata>) -> Result<String, SopsError> {
    let mut out = String::new();
    let mut line = |start: &str, text: &str| {
        out.push_str(start);
        out.push_str(&text.replace('\n', "\\n"));
        out.push('\n');
    };
    if !matches!(item, Item::Mapping(_)) {
        return Err(unwritable_at(
            Path::default(),
            "only keys with values have a form in this format",
        ));
    }
    for child in children(item) {
        match child {
            Child::Comment(comment) => line("#", comment.text.as_text().unwrap_or_default()),
            Child::Entry(key, item) => {
                let key = key.as_deref().unwrap_or_default();
                line(&format!("{key}="), &text(item, key)?);
            }
        }
    }
    for (name, value) in block.map(flatten).unwrap_or_default() {
        line(&format!("sops_{name}="), &value);
    }
    Ok(out)
}

/// Mappings of scalars as sections.
pub(super) fn ini(item: &Item, block: Option<&Metadata>) -> Result<String, SopsError> {
    let mut out = String::new();
    for child in children(item) {
        let Child::Entry(name, section) = child else {
            continue;
        };
        let name = name.as_deref().unwrap_or_default();
        let rule = "only sections have a form in this format";
        let Item::Mapping(entries) = section else {
            return Err(unwritable_at([name].into(), rule));
        };
        if !out.is_empty() {
            out.push('\n');
        }
        let (above, pairs, rest) = pairs(name, entries)?;
        out.push_str(&above);
        let lines: Vec<_> = pairs.iter().map(|(pair, _)| pair.clone()).collect();
        if name != "DEFAULT" {
            out.push_str(&format!("[{name}]\n"));
        }
        for (line, (_, notes)) in ini::aligned(&lines, "\n").iter().zip(&pairs) {
            out.push_str(notes);
            out.push_str(line);
        }
        out.push_str(&rest);
    }
    if let Some(block) = block {
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(&ini::block(block)?);
    }
    Ok(out)
}

/// The comment above a section, its pairs with the comments above each, and what belongs to none of them. In the
/// tree, as in sops', the comment of a pair stands behind it.
#[expect(clippy::type_complexity, reason = "three parts of one section")]
fn pairs(
    section: &str,
    entries: &[Child],
) -> Result<(String, Vec<((String, String), String)>, String), SopsError> {
    let (mut above, mut rest) = (String::new(), String::new());
    let mut pairs: Vec<((String, String), String)> = Vec::new();
    for child in entries {
        match child {
            Child::Comment(comment) => {
                let lines = ini::spaced_comment_lines(comment.text.as_text().unwrap_or_default());
                match pairs.last_mut() {
                    None => above.push_str(&lines),
                    Some((_, notes)) if notes.is_empty() => notes.push_str(&lines),
                    Some(_) => rest.push_str(&lines),
                }
            }
            Child::Entry(key, item) => {
                let key = key.as_deref().unwrap_or_default();
                let rule = "the value has no form in this format";
                let value = ini::value(&Value::text(text(item, key)?));
                let value = value.ok_or_else(|| unwritable_at([section, key].into(), rule))?;
                pairs.push(((key.to_owned(), value), String::new()));
            }
        }
    }
    Ok((above, pairs, rest))
}

/// A scalar as Go prints it.
fn text(item: &Item, key: &str) -> Result<String, SopsError> {
    let rule = "lists and mappings have no form in this format";
    match item {
        Item::Null => Ok("<nil>".to_owned()),
        Item::Mapping(_) | Item::List(_) => Err(unwritable_at([key].into(), rule)),
        Item::Value(value) => {
            let text = flat_value::text(value);
            let rule = "bytes have no form in this format";
            Ok(text
                .ok_or_else(|| unwritable_at([key].into(), rule))?
                .into_owned())
        }
    }
}
