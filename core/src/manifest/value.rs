//! Nodes as generic values, for types that are read through serde.

use serde_json::{Map, Number, Value};

use super::error::ManifestError;
use super::node::{Kind, Node, Style, TAG_STR};
use super::plain::{Plain, classify};
use super::tree::MAX_DEPTH;

impl Node<'_> {
    /// The value as Kubernetes and YAML 1.2 both read it; for sealed objects, since nothing wipes it but the allocator.
    ///
    /// Aliases are written out, within a budget. Dates are strings, as they are to Kubernetes.
    ///
    /// # Errors
    ///
    /// `Ambiguous` where YAML 1.1 and 1.2 differ, `Tag` for tags other than those of strings, mappings and
    /// sequences, `MergeKey`, `KeyNotString`, `NumberRange`, `AliasBudget`, `TooDeep`, `OddCharacter`.
    pub fn to_value(self) -> Result<Value, ManifestError> {
        self.stream.refuse_odd_characters(self.span().start)?;
        Conversion {
            budget: MAX_ALIASED_NODES,
            bytes: MAX_ALIASED_BYTES,
            outermost: None,
        }
        .value(self, 0)
    }
}

struct Conversion<'s> {
    /// How many more nodes aliases may add.
    budget: usize,
    /// How many more bytes of text aliases may add.
    bytes: usize,
    /// The alias that the node stands in, if any.
    outermost: Option<Node<'s>>,
}

impl<'s> Conversion<'s> {
    fn value(&mut self, node: Node<'s>, depth: usize) -> Result<Value, ManifestError> {
        if depth > MAX_DEPTH {
            return Err(ManifestError::TooDeep {
                at: node.place(),
                limit: MAX_DEPTH,
            });
        }
        if let Some(alias) = self.outermost {
            let text = node.text().map_or(0, str::len);
            self.budget = self
                .budget
                .checked_sub(1)
                .ok_or_else(|| over_budget(alias))?;
            self.bytes = self
                .bytes
                .checked_sub(text)
                .ok_or_else(|| over_budget(alias))?;
        }
        match node.kind() {
            Kind::Alias => {
                let around = self.outermost;
                self.outermost = around.or(Some(node));
                let value = self.value(node.resolved(), depth + 1)?;
                self.outermost = around;
                Ok(value)
            }
            Kind::Scalar(style) => scalar(node, style),
            Kind::Sequence => {
                refuse_tag(node, "tag:yaml.org,2002:seq")?;
                node.items()
                    .map(|item| self.value(item, depth + 1))
                    .collect()
            }
            Kind::Mapping => {
                refuse_tag(node, "tag:yaml.org,2002:map")?;
                let mut map = Map::new();
                for (key, value) in node.entries() {
                    map.insert(key_text(key)?, self.value(value, depth + 1)?);
                }
                Ok(Value::Object(map))
            }
        }
    }
}

/// The text of a key that every reader takes for this string.
pub(super) fn key_text(key: Node<'_>) -> Result<String, ManifestError> {
    let node = key.resolved();
    let at = key.place();
    let (Kind::Scalar(style), Some(text)) = (node.kind(), node.text()) else {
        return Err(ManifestError::KeyNotString { at });
    };
    match classify(text, node.stream.format()) {
        _ if node.tag().is_some_and(|tag| tag != TAG_STR) => {
            Err(ManifestError::KeyNotString { at })
        }
        _ if style != Style::Plain || (node.tag().is_some() && !text.is_empty()) => {
            Ok(text.to_owned())
        }
        Plain::Text | Plain::Date => Ok(text.to_owned()),
        Plain::Int(10)
            if text
                .parse::<i64>()
                .is_ok_and(|number| number.to_string() == text) =>
        {
            Ok(text.to_owned())
        }
        Plain::MergeKey => Err(ManifestError::MergeKey { at }),
        _ => Err(ManifestError::KeyNotString { at }),
    }
}

fn scalar(node: Node<'_>, style: Style) -> Result<Value, ManifestError> {
    let text = node.text().unwrap_or_default();
    if style != Style::Plain || node.tag().is_some() {
        refuse_tag(node, TAG_STR)?;
        return Ok(Value::String(text.to_owned()));
    }
    let format = node.stream.format();
    let out_of_range = || ManifestError::NumberRange {
        at: node.place(),
        path: node.path(),
    };
    Ok(match classify(text, format) {
        Plain::Text | Plain::Date => Value::String(text.to_owned()),
        Plain::Null => Value::Null,
        Plain::Bool(truth) => Value::Bool(truth),
        Plain::Int(base) => {
            let digits = text.strip_prefix("0x").unwrap_or(text);
            let signed = i64::from_str_radix(digits, base).map(Number::from);
            let number = signed.or_else(|_| u64::from_str_radix(digits, base).map(Number::from));
            Value::Number(number.map_err(|_| out_of_range())?)
        }
        Plain::Float => {
            let number = text.parse().ok().filter(|number: &f64| number.is_finite());
            Value::Number(number.and_then(Number::from_f64).ok_or_else(out_of_range)?)
        }
        other @ (Plain::MergeKey | Plain::Disputed(_)) => {
            let (at, path) = (node.place(), node.path());
            return Err(ManifestError::Ambiguous {
                at,
                path,
                read_as: other.described(),
            });
        }
    })
}

fn refuse_tag(node: Node<'_>, but: &str) -> Result<(), ManifestError> {
    match node.tag() {
        Some(tag) if tag != but => Err(ManifestError::Tag {
            at: node.place(),
            path: node.path(),
        }),
        _ => Ok(()),
    }
}

fn over_budget(node: Node<'_>) -> ManifestError {
    ManifestError::AliasBudget {
        at: node.place(),
        limit: MAX_ALIASED_NODES,
    }
}

pub(super) const MAX_ALIASED_NODES: usize = 10_000;
pub(super) const MAX_ALIASED_BYTES: usize = 4 << 20;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::Stream;
    use serde_json::json;

    fn value(source: &str) -> Result<Value, ManifestError> {
        let stream = Stream::parse(source.as_bytes())?;
        stream.objects()[0].node.to_value()
    }

    #[test]
    fn values_are_what_both_yaml_versions_read() {
        let source = "a: 1\nb: -0x\nc: 0x1F\nd: 1.5\ne: true\nf:\ng: ~\nh: 2001-01-01\ni: !!str 1\nj: \"yes\"\n5: k\nl: [1, {m: &m x}, *m]\n";
        let expected = json!({
            "a": 1, "b": "-0x", "c": 31, "d": 1.5, "e": true, "f": null, "g": null, "h": "2001-01-01", "i": "1", "j": "yes",
            "5": "k", "l": [1, {"m": "x"}, "x"],
        });
        assert_eq!(value(source), Ok(expected));
        assert_eq!(
            value("{\"a\": 18446744073709551615, \"b\": -1.5e1}"),
            Ok(json!({"a": u64::MAX, "b": -15.0}))
        );
    }

    #[test]
    fn what_readers_differ_on_is_refused_with_its_path() {
        for (source, path) in [
            ("a: {b: [yes]}\n", "a.b[0]"),
            ("a:\n  b.c: 0777\n", "a[\"b.c\"]"),
            ("a: 1_0\n", "a"),
        ] {
            match value(source) {
                Err(ManifestError::Ambiguous { path: found, .. }) => {
                    assert_eq!(found.to_string(), path)
                }
                other => panic!("{source}: {other:?}"),
            }
        }
        assert!(matches!(
            value("a: &a {}\n<<: *a\n"),
            Err(ManifestError::MergeKey { .. })
        ));
        assert!(matches!(
            value("a: 1\nyes: 2\n"),
            Err(ManifestError::KeyNotString { .. })
        ));
        assert!(matches!(
            value("a: !!set {b}\n"),
            Err(ManifestError::Tag { .. })
        ));
        assert!(matches!(
            value("{\"a\": 1e999}"),
            Err(ManifestError::NumberRange { .. })
        ));
    }
}
