//! What a file says, whoever wrote it down.

use std::fmt::Write as _;

use bulla_core::sops::{Item, Store, Tree};

/// The values of a file in plaintext, with what changes in writing them down taken away.
pub(crate) fn values(store: Store, plain: &[u8]) -> Result<String, String> {
    let tree = store.tree(plain).map_err(|error| {
        format!(
            "plaintext that can't be read: {error}\n{}",
            String::from_utf8_lossy(plain)
        )
    })?;
    Ok(retyped(&outline(&tree)))
}

/// A float without a fraction is read as a whole number, and minus zero as zero.
pub(crate) fn retyped(outline: &str) -> String {
    let line = |line: &str| match line.rsplit_once(" float ") {
        Some((path, "-0")) => format!("{path} int 0\n"),
        Some((path, number)) if !number.contains(['.', 'n', 'N']) && number.len() < 19 => {
            format!("{path} int {number}\n")
        }
        _ => format!("{line}\n"),
    };
    outline.lines().map(line).collect()
}

/// Paths with types and values.
pub(crate) fn outline(tree: &Tree) -> String {
    let mut out = String::new();
    for item in tree.documents() {
        describe(item, "", &mut out);
    }
    out
}

fn describe(item: &Item, path: &str, out: &mut String) {
    match item {
        Item::Null => writeln!(out, "{path} null"),
        Item::Mapping(_) => writeln!(out, "{path} mapping"),
        Item::List(_) => writeln!(out, "{path} list"),
        Item::Value(value) => {
            let bytes = value
                .as_text()
                .map_or_else(|| format!("{:?}", value.bytes()), str::to_owned);
            match value.kind() {
                bulla_core::sops::Kind::Str => writeln!(out, "{path} str {bytes:?}"),
                kind => writeln!(out, "{path} {kind} {bytes}"),
            }
        }
    }
    .unwrap();
    for (nth, (key, item)) in item.entries().enumerate() {
        let step = key.map_or_else(|| format!("[{nth}]"), |key| format!("/{key:?}"));
        describe(item, &format!("{path}{step}"), out);
    }
}
