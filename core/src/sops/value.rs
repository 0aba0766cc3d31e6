//! Typed values and the bytes that stand for them, in ciphertexts and in the MAC alike.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use zeroize::Zeroizing;

use crate::manifest::Timestamp;

/// The type of a value.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Kind {
    /// Text, or any bytes.
    Str,
    /// A whole number of 64 bits.
    Int,
    /// A number of 64 bits with a fraction.
    Float,
    /// `True` or `False`.
    Bool,
    /// Bytes; read, never written.
    Bytes,
    /// A point in time.
    Time,
    /// A comment.
    Comment,
}

/// A value with its type, as the bytes that are closed and counted. Wiped when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Value {
    kind: Kind,
    bytes: Zeroizing<Vec<u8>>,
}

/// What is wrong with one value. It holds nothing of the value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ValueFault {
    /// Something else stands where a closed value must be.
    #[error("it is not encrypted, and should be")]
    NotClosed,
    /// A closed value that breaks the grammar.
    #[error("malformed ciphertext: {0}")]
    Malformed(&'static str),
    /// A type that nobody writes.
    #[error("malformed ciphertext: its type is not known")]
    UnknownKind,
    /// Changed, moved from another key, or closed with another data key.
    #[error("it does not open: it was changed, or moved here from another place or file")]
    NotAuthentic,
    /// What came out is no value of its type.
    #[error("what it holds is not of its type, {0}")]
    NotOfKind(Kind),
    /// A closed value that the selector leaves out, so that it would be taken for a value itself.
    #[error("it is encrypted, but the selector of the `sops` block leaves it out")]
    NotSelected,
    /// A value of another type where only texts belong.
    #[error("a text belongs there, not a value of type {0}: quote it before it is encrypted")]
    NotText(Kind),
    /// A number that no reader of sops takes.
    #[error("a whole number between 2^63 and 2^64, which sops has no type for")]
    Unsigned,
    /// Something beside the one value of a binary file.
    #[error("a binary file has nothing but `data` and `sops` in it")]
    NotData,
    /// A time in a zone that has no form.
    #[error("a time a day or more from UTC, which sops has no form for")]
    Zone,
    /// A tag such as `!!int` on something else.
    #[error("its tag says what it is not")]
    Tag,
}

impl Value {
    /// A string.
    pub fn text(text: impl AsRef<[u8]>) -> Self {
        Self::new(Kind::Str, text.as_ref())
    }

    /// A whole number.
    pub fn int(number: i64) -> Self {
        Self::new(Kind::Int, number.to_string().as_bytes())
    }

    /// A number: its shortest digits, without an exponent.
    pub fn float(number: f64) -> Self {
        let text = Zeroizing::new(match number {
            f64::INFINITY => "+Inf".to_owned(),
            f64::NEG_INFINITY => "-Inf".to_owned(),
            _ => number.to_string(),
        });
        Self::new(Kind::Float, text.as_bytes())
    }

    /// A truth value.
    pub fn bool(truth: bool) -> Self {
        Self::new(Kind::Bool, if truth { b"True" } else { b"False" })
    }

    /// A comment: what stands after its mark.
    pub fn comment(text: &str) -> Self {
        Self::new(Kind::Comment, text.as_bytes())
    }

    pub(super) fn time(time: &Timestamp) -> Self {
        Self::new(Kind::Time, time.to_string().as_bytes())
    }

    fn new(kind: Kind, bytes: &[u8]) -> Self {
        let bytes = Zeroizing::new(bytes.to_vec());
        Self { kind, bytes }
    }

    /// What a ciphertext held, in the one form that counts for the MAC.
    pub(super) fn opened(kind: Kind, bytes: Zeroizing<Vec<u8>>) -> Result<Self, ValueFault> {
        let text = || std::str::from_utf8(&bytes).map_err(|_| ValueFault::NotOfKind(kind));
        let no = |()| ValueFault::NotOfKind(kind);
        match kind {
            Kind::Str | Kind::Bytes => Ok(Self { kind, bytes }),
            Kind::Comment => text().map(Self::comment),
            Kind::Int => Ok(Self::int(text()?.parse().map_err(|_| no(()))?)),
            Kind::Float => Ok(Self::float(parse_float(text()?).ok_or(()).map_err(no)?)),
            Kind::Bool => match text()? {
                "1" | "t" | "T" | "TRUE" | "true" | "True" => Ok(Self::bool(true)),
                "0" | "f" | "F" | "FALSE" | "false" | "False" => Ok(Self::bool(false)),
                _ => Err(no(())),
            },
            Kind::Time => {
                let time = Timestamp::parse(text()?).ok_or(()).map_err(no)?;
                Ok(Self::time(&time))
            }
        }
    }

    /// Its type.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The bytes that are closed and counted. The caller says in a comment where they go.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes, and nothing else of it.
    pub(super) fn into_bytes(self) -> Zeroizing<Vec<u8>> {
        self.bytes
    }

    /// The bytes as text, where they are text.
    pub fn as_text(&self) -> Option<&str> {
        std::str::from_utf8(&self.bytes).ok()
    }

    /// True for the same value, a float without a fraction being the whole number that it is written as.
    pub(super) fn same(&self, other: &Self) -> bool {
        let numbers = |kind| matches!(kind, Kind::Int | Kind::Float);
        let bytes = |value: &Self| match value.bytes.as_slice() {
            b"-0" => b"0".to_vec(),
            bytes => bytes.to_vec(),
        };
        self == other || numbers(self.kind) && numbers(other.kind) && bytes(self) == bytes(other)
    }

    /// The same number as a float, where it is a whole one.
    pub(super) fn whole_as_float(&self) -> Option<Self> {
        let bytes = self.bytes.clone();
        let kind = Kind::Float;
        (self.kind == Kind::Int).then_some(Self { kind, bytes })
    }

    /// The value in JSON, as far as JSON has a form for it; text otherwise.
    pub(super) fn to_json(&self) -> serde_json::Value {
        let text = || String::from_utf8_lossy(&self.bytes).into_owned();
        match self.kind {
            Kind::Int => text()
                .parse::<i64>()
                .map_or_else(|_| text().into(), Into::into),
            Kind::Float => self.as_float().map_or_else(|| text().into(), Into::into),
            Kind::Bool => (self.bytes.as_slice() == b"True").into(),
            Kind::Str | Kind::Bytes | Kind::Time | Kind::Comment => text().into(),
        }
    }

    /// The number of a float.
    pub(super) fn as_float(&self) -> Option<f64> {
        let float = self.kind == Kind::Float;
        float.then(|| parse_float(self.as_text()?)).flatten()
    }

    /// Empty strings and comments are never closed.
    pub(super) fn is_never_closed(&self) -> bool {
        self.bytes.is_empty()
    }
}

impl Hash for Value {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.kind.hash(state);
        self.bytes.as_slice().hash(state);
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Value(redacted {})", self.kind)
    }
}

/// A scalar of JSON as the text that stands for it where there are only texts.
pub(super) fn json_text(value: &serde_json::Value) -> Option<Zeroizing<String>> {
    use serde_json::Value as Json;
    Some(Zeroizing::new(match value {
        Json::String(text) => text.clone(),
        Json::Bool(truth) => truth.to_string(),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(number), _) => number.to_string(),
            (None, Some(number)) => number.to_string(),
            (None, None) => return None,
        },
        Json::Null | Json::Array(_) | Json::Object(_) => return None,
    }))
}

/// What Go's `ParseFloat` takes among what writers write.
fn parse_float(text: &str) -> Option<f64> {
    match text {
        "+Inf" | "Inf" => return Some(f64::INFINITY),
        "-Inf" => return Some(f64::NEG_INFINITY),
        "NaN" => return Some(f64::NAN),
        _ => {}
    }
    let number = |b: u8| b.is_ascii_digit() || b"+-.eE".contains(&b);
    let number = text.bytes().all(number).then(|| text.parse::<f64>().ok())?;
    number.filter(|number| number.is_finite())
}

impl FromStr for Kind {
    type Err = ValueFault;

    fn from_str(text: &str) -> Result<Self, ValueFault> {
        KINDS
            .iter()
            .find(|(_, name)| *name == text)
            .map(|(kind, _)| *kind)
            .ok_or(ValueFault::UnknownKind)
    }
}

impl Kind {
    /// Its name in files.
    pub(super) fn name(self) -> &'static str {
        let name = KINDS.iter().find(|(kind, _)| *kind == self);
        name.map_or("", |(_, name)| name)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

const KINDS: [(Kind, &str); 7] = [
    (Kind::Str, "str"),
    (Kind::Int, "int"),
    (Kind::Float, "float"),
    (Kind::Bool, "bool"),
    (Kind::Bytes, "bytes"),
    (Kind::Time, "time"),
    (Kind::Comment, "comment"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_their_shortest_digits_without_exponent() {
        for (number, text) in [
            (1.0, "1"),
            (1e3, "1000"),
            (1e-7, "0.0000001"),
            (1.2345678901234568e29, "123456789012345680000000000000"),
            (-0.0, "-0"),
            (f64::INFINITY, "+Inf"),
            (f64::NEG_INFINITY, "-Inf"),
            (f64::NAN, "NaN"),
        ] {
            let value = Value::float(number);
            assert_eq!(value.as_text(), Some(text));
            let again = Value::opened(Kind::Float, Zeroizing::new(text.into()));
            assert!(again.is_ok_and(|again| again == value), "{text}");
        }
    }

    #[test]
    fn what_is_not_of_its_type_is_refused() {
        for (kind, text) in [
            (Kind::Int, "9223372036854775808"),
            (Kind::Int, "1.0"),
            (Kind::Int, ""),
            (Kind::Float, "1e999"),
            (Kind::Float, "infinity"),
            (Kind::Float, "x"),
            (Kind::Bool, "yes"),
            (Kind::Time, "2020-13-01T00:00:00Z"),
        ] {
            let opened = Value::opened(kind, Zeroizing::new(text.into()));
            assert_eq!(opened, Err(ValueFault::NotOfKind(kind)), "{text}");
        }
        assert!(Value::opened(Kind::Comment, Zeroizing::new(vec![0xff])).is_err());
        assert!(Value::opened(Kind::Str, Zeroizing::new(vec![0xff])).is_ok());
    }

    #[test]
    fn other_spellings_count_as_the_one() {
        for (kind, text, counted) in [
            (Kind::Int, "+5", "5"),
            (Kind::Bool, "t", "True"),
            (Kind::Float, "1.50", "1.5"),
            (
                Kind::Time,
                "2020-01-02T03:04:05.500+00:00",
                "2020-01-02T03:04:05.5Z",
            ),
        ] {
            let value = Value::opened(kind, Zeroizing::new(text.into())).expect("of its type");
            assert_eq!(value.as_text(), Some(counted));
        }
    }

    #[test]
    fn debug_shows_no_value() {
        assert_eq!(
            format!("{:?}", Value::text("hunter2")),
            "Value(redacted str)"
        );
    }
}
