//! Templates parse and render within their bounds. What stands before the first zero byte is a value.

use std::collections::BTreeMap;
use std::time::SystemTime;

use bulla_core::names::KeyName;
use bulla_core::plaintext::Plaintext;
use bulla_core::template::{MissingKeys, Surroundings, parse};

/// Whatever these bytes are.
pub(crate) fn round(bytes: &[u8]) {
    let (value, source) = match bytes.iter().position(|byte| *byte == 0) {
        Some(at) => (&bytes[..at], &bytes[at + 1..]),
        None => (&b"7"[..], bytes),
    };
    let Ok(source) = std::str::from_utf8(source) else {
        return;
    };
    let key = |text: &str| text.parse::<KeyName>().expect("a valid name");
    let Ok(template) = parse(&key("out"), source) else {
        return;
    };
    template.keys();
    let mut values = BTreeMap::new();
    for (name, value) in [
        ("a", value),
        ("password", b"p:/?#"),
        ("n", b"42"),
        ("json", br#"{"a":[1,2]}"#),
    ] {
        values.insert(key(name), Plaintext::from(value));
    }
    // The same each time, so that what is found is found again.
    let mut surroundings = Surroundings::new(SystemTime::UNIX_EPOCH, [7; 32]);
    for missing in [MissingKeys::Refuse, MissingKeys::AsGo] {
        let _ = template
            .render_with(&values, missing, Some(&mut surroundings))
            .map_err(|error| error.to_string());
    }
}
