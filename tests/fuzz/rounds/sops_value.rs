//! One closed value: what is read is written as it was, and nobody's key opens it by chance.

use bulla_core::sops::{ClosedValue, is_closed};

/// Whatever these bytes are.
pub(crate) fn round(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Ok(closed) = text.parse::<ClosedValue>() {
        assert!(is_closed(text), "what reads as closed looks closed");
        assert_eq!(closed.to_string(), text, "one spelling");
    }
}
