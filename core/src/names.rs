//! Names as types: what a namespace, a resource, a key of a Secret, a data key and a person may be called.

use std::fmt;
use std::str::FromStr;

/// A name that breaks the rule of its kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid {kind} `{}`: {rule}", shown(.text))]
pub struct NameError {
    kind: &'static str,
    rule: &'static str,
    text: String,
}

/// Declares a newtype over `String` whose only door is `FromStr`.
macro_rules! name {
    ($(#[$doc:meta])* $type:ident, $kind:literal, $rule:literal, $test:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $type(String);

        impl $type {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $type {
            type Err = NameError;

            fn from_str(text: &str) -> Result<Self, NameError> {
                let test: fn(&str) -> bool = $test;
                if test(text) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(NameError { kind: $kind, rule: $rule, text: text.to_owned() })
                }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl AsRef<str> for $type {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
    };
}

name!(
    /// A Kubernetes namespace: an RFC 1123 label.
    Namespace,
    "namespace",
    "at most 63 of a-z, 0-9 and `-`, with a letter or digit at both ends",
    |text| text.len() <= 63 && is_label(text)
);

name!(
    /// The name of a Kubernetes resource: an RFC 1123 subdomain.
    ResourceName,
    "resource name",
    "at most 253 of a-z, 0-9, `-` and `.`, with a letter or digit at both ends of each part",
    |text| text.len() <= 253 && text.split('.').all(is_label)
);

name!(
    /// A key of a Secret's `data`, as the API server validates it.
    KeyName,
    "key",
    "at most 253 of A-Z, a-z, 0-9, `-`, `_` and `.`, and neither `.` nor beginning with `..`",
    |text| {
        (1..=253).contains(&text.len())
            && text != "."
            && !text.starts_with("..")
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
    }
);

name!(
    /// The id of a data key inside one envelope.
    DataKeyId,
    "data key id",
    "8 characters, a letter a-z and then seven of a-z and 2-7",
    |text| {
        text.len() == 8
            && text.as_bytes()[0].is_ascii_lowercase()
            && text.bytes().all(|b| b.is_ascii_lowercase() || (b'2'..=b'7').contains(&b))
    }
);

name!(
    /// What people call a recipient: a cluster, a person, a recovery key.
    RecipientName,
    "recipient name",
    "at most 63 of A-Z, a-z, 0-9, `-`, `_`, `.` and `@`, beginning with a letter or digit",
    |text| {
        (1..=63).contains(&text.len())
            && text.as_bytes()[0].is_ascii_alphanumeric()
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.@".contains(&b))
    }
);

pub(crate) fn is_label(part: &str) -> bool {
    let bytes = part.as_bytes();
    let edge = |b: Option<&u8>| b.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    edge(bytes.first())
        && edge(bytes.last())
        && bytes
            .iter()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-')
}

/// A hostile name is shown escaped and cut short.
pub(crate) fn shown(text: &str) -> String {
    let mut out: String = text.chars().take(64).flat_map(char::escape_debug).collect();
    if text.chars().count() > 64 {
        out.push('…');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_api_server() {
        for good in ["a", "a-b", "0", "x9"] {
            assert!(good.parse::<Namespace>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "-a",
            "a-",
            "A",
            "a.b",
            "a_b",
            "../../x",
            "a/b",
            &"a".repeat(64),
        ] {
            assert!(bad.parse::<Namespace>().is_err(), "{bad}");
        }
        for good in ["a.b", "db", "a-b.c-d"] {
            assert!(good.parse::<ResourceName>().is_ok(), "{good}");
        }
        for bad in [
            "",
            ".",
            "..",
            "a..b",
            "a.-b",
            "../x",
            "a/b",
            &"a".repeat(254),
        ] {
            assert!(bad.parse::<ResourceName>().is_err(), "{bad}");
        }
        for good in ["a", ".dockerconfigjson", "tls.crt", "A_B-c", "_"] {
            assert!(good.parse::<KeyName>().is_ok(), "{good}");
        }
        for bad in ["", ".", "..", "..a", "a/b", "a b", "ä", &"a".repeat(254)] {
            assert!(bad.parse::<KeyName>().is_err(), "{bad}");
        }
        assert!("h7q2mzkd".parse::<DataKeyId>().is_ok());
        for bad in [
            "",
            "h7q2mzk",
            "h7q2mzkd2",
            "77q2mzkd",
            "h7q2mzk1",
            "H7q2mzkd",
        ] {
            assert!(bad.parse::<DataKeyId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_hostile_name_is_shown_escaped_and_cut() {
        let error = format!("\u{1b}[31m{}", "x".repeat(300))
            .parse::<Namespace>()
            .unwrap_err();
        let text = error.to_string();
        assert!(!text.contains('\u{1b}') && text.len() < 250, "{text}");
    }
}
