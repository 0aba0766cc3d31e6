//! A sealed file as a diff should show it: every key on a line of its own, and of a sealed value only that it is
//! another one now.

use std::fmt::Write;

use bulla_core::manifest::Path;
use bulla_core::sops::{Item, Metadata, SopsError, Store, Value, is_closed};
use sha2::{Digest, Sha256};

/// Lists the values of a file, sealed as they are.
///
/// # Errors
/// What is wrong with the file.
pub(super) fn listing(store: Store, bytes: &[u8]) -> Result<String, Box<SopsError>> {
    let tree = store.tree(bytes).map_err(Box::new)?;
    let mut text = String::new();
    for (number, document) in tree.documents().iter().enumerate() {
        if number > 0 {
            text.push_str("---\n");
        }
        list(document, &Path::default(), &mut text);
    }
    Ok(text)
}

/// Lists who can open a SOPS file, and which of its values are closed.
pub(super) fn openers(metadata: &Metadata) -> String {
    let mut text = String::new();
    let groups = metadata.key_groups();
    for (number, group) in (1..).zip(&groups) {
        let of_group = match groups.len() {
            1 => String::new(),
            _ => format!(" (group {number})"),
        };
        let mut recipients: Vec<_> = group.age.iter().map(|entry| &entry.recipient).collect();
        recipients.sort_unstable();
        for recipient in recipients {
            let _ = writeln!(text, "# opens for{of_group}: {}", printable(recipient));
        }
        for provider in &group.others {
            let _ = writeln!(
                text,
                "# opens for{of_group}: whoever may use {}",
                printable(provider)
            );
        }
    }
    if let Ok(selector) = metadata.selector() {
        let _ = writeln!(
            text,
            "# {}: {}",
            selector.kind().name(),
            printable(selector.text())
        );
    }
    text
}

fn list(item: &Item, path: &Path, text: &mut String) {
    let line = |said: &str, text: &mut String| {
        let _ = writeln!(text, "{}: {said}", printable(&path.to_string()));
    };
    match item {
        Item::Null => line("null", text),
        Item::Value(value) => line(&shown(item, value), text),
        Item::Mapping(_) | Item::List(_) => {
            let mut entries = item.entries().peekable();
            if entries.peek().is_none() {
                let empty = if matches!(item, Item::List(_)) {
                    "[]"
                } else {
                    "{}"
                };
                line(empty, text);
            }
            for (index, (key, item)) in entries.enumerate() {
                let path = match key {
                    Some(key) => path.join(key),
                    None => path.join(index),
                };
                list(item, &path, text);
            }
        }
    }
}

/// A plain value as JSON, which has no line breaks; of a ciphertext, a piece of its hash.
fn shown(item: &Item, value: &Value) -> String {
    let bytes = value.bytes();
    let text = String::from_utf8_lossy(bytes);
    if !is_sealed(&text) {
        return item.to_json().to_string();
    }
    // Of the ciphertext, which the repository shows to everybody.
    let hash = Sha256::digest(bytes);
    let start = hash.iter().take(SHOWN_BYTES);
    let start: String = start.map(|byte| format!("{byte:02x}")).collect();
    format!("sealed ({start})")
}

/// Values of envelopes, of SealedSecrets and of SOPS, and the age files of an envelope's data keys.
fn is_sealed(text: &str) -> bool {
    let of_base64 = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=-_.\n".contains(&byte);
    is_closed(text.trim()) || text.len() >= SEALED_MIN && text.bytes().all(of_base64)
}

/// Names come out of files: no line of one passes for another line, and none talks to the terminal.
fn printable(text: &str) -> String {
    let mut shown = String::new();
    for c in text.chars() {
        match c.is_control() {
            true => shown.extend(c.escape_debug()),
            false => shown.push(c),
        }
    }
    shown
}

const SHOWN_BYTES: usize = 4;
/// A commitment has 43 characters, the name of a public key's fingerprint 19.
const SEALED_MIN: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ciphertexts_are_told_apart_and_not_shown() {
        let envelope = |value: &str| {
            let text = format!(
                "a: x\nb:\n  - c: |\n      1\n      2\n  - bulla1.h7q2mzkd.{value}\n  - {{}}\n"
            );
            listing(Store::Yaml, text.as_bytes()).expect("it is YAML")
        };
        let one = envelope(&"A".repeat(80));
        let other = envelope(&"B".repeat(80));
        let lines: Vec<_> = one.lines().collect();
        assert_eq!(lines[..2], ["a: \"x\"", "b[0].c: \"1\\n2\\n\""]);
        assert!(
            lines[2].starts_with("b[1]: sealed (") && lines[2].len() == 23,
            "{one}"
        );
        assert_eq!(lines[3], "b[2]: {}");
        assert_ne!(one, other);
        assert!(!one.contains("AAAA"));
    }
}
