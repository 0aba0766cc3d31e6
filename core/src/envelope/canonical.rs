//! The bytes that a template tag covers: the template as canonical JSON (RFC 8785).

use serde_json::Value;

use super::template::OutputTemplate;

/// The canonical JSON of a template, empty parts left out.
pub(super) fn tag_input(template: &OutputTemplate) -> String {
    template.canonical_json()
}

/// Writes `value` as RFC 8785 does: no blanks, keys ordered by UTF-16 code units, strings escaped
/// minimally. A template has no numbers, so their rules are not needed.
pub(super) fn canonical_json(value: &Value) -> String {
    let mut out = String::new();
    write(value, &mut out);
    out
}

fn write(value: &Value, out: &mut String) {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
            out.push('{');
            for (index, (key, value)) in entries.into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_string(key, out);
                out.push(':');
                write(value, out);
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write(item, out);
            }
            out.push(']');
        }
        Value::String(text) => write_string(text, out),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Null => out.push_str("null"),
        Value::Number(number) => out.push_str(&number.to_string()),
    }
}

fn write_string(text: &str, out: &mut String) {
    // serde_json escapes just what RFC 8785 asks for, with the same short forms and lower-case hex.
    out.push_str(&Value::String(text.to_owned()).to_string());
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keys_are_ordered_by_utf16_and_strings_escaped_minimally() {
        // RFC 8785 section 3.2.3: the order of the euro sign, CR, Hebrew, "1", emoji, control, o-umlaut.
        let value = json!({
            "\u{20ac}": "Euro Sign", "\r": "Carriage Return", "\u{fb33}": "Hebrew Letter Dalet With Dagesh",
            "1": "One", "\u{1f600}": "Emoji: Grinning Face", "\u{80}": "Control", "\u{f6}": "Latin Small Letter O With Diaeresis",
        });
        let text = canonical_json(&value);
        let order: Vec<_> = [
            "Carriage", "One", "Control", "Latin", "Euro", "Emoji", "Hebrew",
        ]
        .iter()
        .map(|word| text.find(word).unwrap())
        .collect();
        assert!(order.is_sorted(), "{text}");
        assert_eq!(
            canonical_json(&json!("\u{8}\t\n\u{c}\r\"\\/\u{1f}\u{7f}é")),
            "\"\\b\\t\\n\\f\\r\\\"\\\\/\\u001f\u{7f}é\""
        );
    }
}
