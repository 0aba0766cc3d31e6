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

/// Reads a block out of pairs. What a name costs is bounded: a line of a hostile file is a tree of any depth and width.
///
/// # Errors
///
/// `Metadata` where two names contradict each other, a list has a gap, or a name or all of them are too large.
pub(super) fn unflatten<'p>(
    pairs: impl IntoIterator<Item = (&'p str, String)>,
) -> Result<Metadata, SopsError> {
    let mut root = Json::Object(Map::new());
    let mut nodes = 0;
    for (name, value) in pairs {
        let fault = |rule| SopsError::Metadata {
            field: name.chars().take(64).flat_map(char::escape_debug).collect(),
            rule,
        };
        if name.len() > NAME_BYTES_MAX {
            return Err(fault("has a name that is too long"));
        }
        let mut node = &mut root;
        let mut rest = name;
        let mut step = Token::Key;
        let mut levels = 0;
        loop {
            levels += 1;
            if levels > LEVELS_MAX {
                return Err(fault("has too many levels"));
            }
            let end = [MAP, LIST].iter().filter_map(|mark| rest.find(mark)).min();
            let word = &rest[..end.unwrap_or(rest.len())];
            if node.is_null() {
                *node = match step {
                    Token::Key => Json::Object(Map::new()),
                    Token::Item => Json::Array(Vec::new()),
                };
            }
            node = match (step, node) {
                (Token::Key, Json::Object(map)) => map.entry(word).or_insert_with(|| {
                    nodes += 1;
                    Json::Null
                }),
                (Token::Item, Json::Array(items)) => {
                    let nth: usize = word
                        .parse()
                        .map_err(|_| fault("has an item without a number"))?;
                    if nth >= ITEMS_MAX {
                        return Err(fault("has an item number that is too large"));
                    }
                    // Items may come in any order: as texts, 10 is before 2.
                    if nth >= items.len() {
                        nodes += nth + 1 - items.len();
                        items.resize(nth + 1, Json::Null);
                    }
                    &mut items[nth]
                }
                _ => return Err(fault("contradicts another entry")),
            };
            if nodes > NODES_MAX {
                return Err(fault("is too much: the block has too many entries"));
            }
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
/// `key_groups__list_0__map_age__list_0__map_enc` has five.
const LEVELS_MAX: usize = 8;
const NAME_BYTES_MAX: usize = 256;
/// Also items that a number makes before they come.
const NODES_MAX: usize = 20_000;

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

    #[test]
    fn items_in_the_order_of_their_names_are_read() {
        let mut names: Vec<String> = (0..120)
            .map(|nth| format!("age__list_{nth}__map_enc"))
            .collect();
        names.sort();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let metadata = read(&names).expect("a block");
        assert_eq!(metadata.raw()["age"].as_array().map(Vec::len), Some(120));
    }

    #[test]
    fn hostile_names_cost_little() {
        let rule = |names: &[&str]| match read(names) {
            Err(SopsError::Metadata { rule, .. }) => rule,
            other => panic!("{other:?}"),
        };
        let deep = format!("a{}", "__map_b".repeat(60_000));
        assert_eq!(rule(&[&deep]), "has a name that is too long");
        let deep = format!("a{}", "__map_b".repeat(LEVELS_MAX));
        assert_eq!(rule(&[&deep]), "has too many levels");
        read(&[&deep[.."a".len() + "__map_b".len() * (LEVELS_MAX - 1)]]).expect("a block");
        assert_eq!(
            rule(&["a__list_1024"]),
            "has an item number that is too large"
        );
        let wide: Vec<String> = (0..1000)
            .map(|nth| format!("a{nth}__list_1023__list_1023__list_1023"))
            .collect();
        let wide: Vec<&str> = wide.iter().map(String::as_str).collect();
        let last = "is too much: the block has too many entries";
        assert_eq!(rule(&wide), last);
        let many: Vec<String> = (0..=NODES_MAX).map(|nth| format!("a{nth}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(rule(&many), last);
    }
}
