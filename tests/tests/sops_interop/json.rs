//! JSON by a grammar.

use crate::random::Random;

pub(crate) fn file(random: &mut Random) -> String {
    if random.each(8) {
        return random.row(&WRONG).to_owned();
    }
    let style = random.below(3);
    random.cover(["json compact", "json indented", "json tabs"][style]);
    let mut keys = 0;
    let text = object(random, 0, style, &mut keys);
    if random.one_in(3) { text } else { text + "\n" }
}

fn object(random: &mut Random, depth: usize, style: usize, keys: &mut usize) -> String {
    let entries: Vec<String> = (0..1 + random.below(5))
        .map(|_| {
            if *keys == 0 || !random.chance("json key twice", 20) {
                *keys += 1;
            }
            let key = match random.below(8) {
                0 => format!("k{keys}_plain"),
                1 => {
                    random
                        .pick(&["data", "a<b", "x\\u0041", "é", "a:b", ""])
                        .to_owned()
                        + &keys.to_string()
                }
                _ => format!("k{keys}"),
            };
            let colon = if style == 0 { ":" } else { ": " };
            format!("\"{key}\"{colon}{}", value(random, depth + 1, style, keys))
        })
        .collect();
    around('{', &entries, '}', depth, style)
}

fn value(random: &mut Random, depth: usize, style: usize, keys: &mut usize) -> String {
    match random.below(6) {
        0 if depth < 4 => {
            random.cover("json object");
            object(random, depth, style, keys)
        }
        1 if depth < 4 => {
            random.cover("json list");
            let items: Vec<String> = (0..random.below(4))
                .map(|_| value(random, depth + 1, style, keys))
                .collect();
            around('[', &items, ']', depth, style)
        }
        _ => random.row(&VALUES).to_owned(),
    }
}

fn around(open: char, parts: &[String], close: char, depth: usize, style: usize) -> String {
    if parts.is_empty() || style == 0 {
        return format!("{open}{}{close}", parts.join(","));
    }
    let unit = if style == 1 { "  " } else { "\t" };
    let inner = format!("\n{}", unit.repeat(depth + 1));
    let outer = format!("\n{}", unit.repeat(depth));
    format!(
        "{open}{inner}{}{outer}{close}",
        parts.join(&format!(",{inner}"))
    )
}

const VALUES: [(&str, &str); 26] = [
    ("json text", "\"text\""),
    ("json empty text", "\"\""),
    ("json escapes", "\"a\\nb\\t\\\"\\\\\\/\""),
    ("json unicode", "\"\\u00e9\\ud83d\\ude00\""),
    ("json html", "\"<a & b>\""),
    ("json line separator", "\"\u{2028}\u{2029}\""),
    ("json control", "\"\\u0001\\u007f\\b\\f\""),
    ("json int", "5"),
    ("json negative", "-17"),
    ("json minus zero", "-0"),
    ("json largest", "9223372036854775807"),
    ("json smallest", "-9223372036854775808"),
    ("json beyond", "12345678901234567890"),
    ("json far beyond", "123456789012345678901234567890"),
    ("json float", "1.5"),
    ("json float whole", "1.0"),
    ("json exponent", "1e3"),
    ("json small", "0.0000005"),
    ("json large", "1e21"),
    ("json below large", "123456789012345678.5"),
    ("json 2^53", "9007199254740993"),
    ("json true", "true"),
    ("json false", "false"),
    ("json null", "null"),
    ("json empty object", "{}"),
    ("json empty list", "[]"),
];

const WRONG: [(&str, &str); 6] = [
    ("refused: json list at the top", "[1, {\"a\": \"b\"}]\n"),
    ("refused: json text at the top", "\"text\"\n"),
    (
        "refused: json encrypted already",
        "{\"a\": 1, \"sops\": {\"mac\": \"x\"}}\n",
    ),
    ("refused: json without quotes", "{a: 1}\n"),
    ("refused: json with a comma too many", "{\"a\": 1,}\n"),
    ("refused: json nothing", ""),
];
