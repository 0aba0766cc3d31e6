//! Age files are read, and opened by somebody whom they may be for.

use std::sync::LazyLock;

use bulla_core::recipient::{Identity, kind_of, unwrap};

static IDENTITIES: LazyLock<Vec<Identity>> = LazyLock::new(|| {
    let text = include_str!("../../../core/tests/vectors/envelope/identities.txt");
    bulla_core::recipient::parse_identity_file(text).expect("the vectors' own keys")
});

/// Whatever these bytes are.
pub(crate) fn round(bytes: &[u8]) {
    let kind = kind_of(bytes);
    for identity in IDENTITIES.iter() {
        let opened = unwrap(identity, bytes, 1024);
        assert!(opened.is_err() || kind.is_ok());
    }
}
