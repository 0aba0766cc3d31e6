//! Files of private keys, and public keys; what is read is written as it was.

use bulla_core::recipient::{Recipient, parse_identity_file};

/// Whatever these bytes are.
pub(crate) fn round(text: &str) {
    for identity in parse_identity_file(text).into_iter().flatten() {
        let again = identity.expose_text();
        assert_eq!(parse_identity_file(&again).expect("a key reads").len(), 1);
    }
    for word in text.split_whitespace() {
        if let Ok(recipient) = word.parse::<Recipient>() {
            let again: Recipient = recipient.to_string().parse().expect("a public key reads");
            assert_eq!(again.fingerprint(), recipient.fingerprint());
        }
    }
}
