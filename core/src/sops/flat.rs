//! The `sops` block in stores that know keys and texts only: names such as `age__list_0__map_enc`.

use serde_json::{Map, Value as Json};

use super::error::SopsError;
use super::metadata::Metadata;

/// Writes a block as sorted pairs.
pub(super) fn flatten(metadata: &Metadata) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    for (key, value) in metadata.raw() {
        push(key.clone(), value, &mut pairs);
    }
    pairs.sort();
    pairs
}

fn push(name: String, value: &Json, pairs: &mut Vec<(String, String)>) {
    match value {
        Json::Null => {}
        Json::Object(map) => {
            for (key, value) in map {
                push(format!("{name}{MAP}{key}"), value, pairs);
            }
        }
        Json::Array(items) => {
            for (nth, item) in items.iter().enumerate() {
                push(format!("{name}{LIST}{nth}"), item, pairs);
            }
        }
        Json::String(text) => pairs.push((name, text.clone())),
        other => pairs.push((name, other.to_string())),
    }
}

/// Reads a block out of pairs.
///
/// # Errors
///
/// `Metadata` where two names contradict each other, or a list has a gap.
pub(super) fn unflatten<'p>(
    pairs: impl IntoIterator<Item = (&'p str, String)>,
) -> Result<Metadata, SopsError> {
    let mut root = Json::Object(Map::new());
    for (name, value) in pairs {
        let fault = |rule| SopsError::Metadata {
            field: name.chars().take(64).flat_map(char::escape_debug).collect(),
            rule,
        };
        let mut node = &mut root;
        let mut rest = name;
        let mut step = Token::Key;
        loop {
            let end = [MAP, LIST].iter().filter_map(|mark| rest.find(mark)).min();
            let word = &rest[..end.unwrap_or(rest.len())];
            if node.is_null() {
                *node = match step {
                    Token::Key => Json::Object(Map::new()),
                    Token::Item => Json::Array(Vec::new()),
                };
            }
            node = match (step, node) {
                (Token::Key, Json::Object(map)) => map.entry(word).or_insert(Json::Null),
                (Token::Item, Json::Array(items)) => {
                    let nth: usize = word
                        .parse()
                        .map_err(|_| fault("has an item without a number"))?;
                    if nth > items.len().max(ITEMS_MAX) {
                        return Err(fault("has an item number that is too large"));
                    }
                    if nth >= items.len() {
                        items.resize(nth + 1, Json::Null);
                    }
                    &mut items[nth]
                }
                _ => return Err(fault("contradicts another entry")),
            };
            let Some(end) = end else { break };
            rest = &rest[end..];
            (step, rest) = match rest.strip_prefix(MAP) {
                Some(rest) => (Token::Key, rest),
                None => (Token::Item, rest.strip_prefix(LIST).unwrap_or_default()),
            };
        }
        if !node.is_null() {
            return Err(fault("stands there twice"));
        }
        *node = Json::String(value);
    }
    match root {
        Json::Object(raw) if has_gap(&raw) => Err(SopsError::Metadata {
            field: "sops".to_owned(),
            rule: "has a list with a gap",
        }),
        Json::Object(raw) => Ok(Metadata::from_raw(raw, None)),
        _ => Err(SopsError::NotEncrypted),
    }
}

fn has_gap(map: &Map<String, Json>) -> bool {
    fn gap(value: &Json) -> bool {
        match value {
            Json::Null => true,
            Json::Array(items) => items.iter().any(gap),
            Json::Object(map) => map.values().any(gap),
            _ => false,
        }
    }
    map.values().any(gap)
}

#[derive(Clone, Copy)]
enum Token {
    Key,
    Item,
}

const MAP: &str = "__map_";
const LIST: &str = "__list_";
const ITEMS_MAX: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn read(names: &[&str]) -> Result<Metadata, SopsError> {
        unflatten(names.iter().map(|name| (*name, "x".to_owned())))
    }

    #[test]
    fn what_is_flattened_is_read_back() {
        let names = [
            "age__list_0__map_enc",
            "age__list_0__map_recipient",
            "age__list_1__map_enc",
            "mac",
        ];
        let metadata = read(&names).expect("a block");
        let flat = flatten(&metadata);
        assert_eq!(
            flat.iter()
                .map(|(name, _)| name.as_str())
                .collect::<Vec<_>>(),
            names
        );
    }

    #[test]
    fn contradictions_and_gaps_are_refused() {
        for names in [
            &["a", "a"][..],
            &["a", "a__map_b"],
            &["a__list_0", "a__map_b"],
            &["a__list_1"],
            &["a__list_x"],
            &["a__list_99999999999"],
        ] {
            assert!(read(names).is_err(), "{names:?}");
        }
    }
}
