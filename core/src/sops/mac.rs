//! The integrity code of a file: SHA-512 over the bytes of its values in their order.

use std::fmt::Write;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{Context, SHA512};
use zeroize::Zeroizing;

use super::cipher::{Cipher, ClosedValue};
use super::error::SopsError;
use super::value::Kind;

/// Counts values.
pub(super) struct Mac {
    context: Context,
    only_encrypted: bool,
}

impl Mac {
    pub(super) fn new(only_encrypted: bool) -> Self {
        let mut context = Context::new(&SHA512);
        if only_encrypted {
            context.update(&ONLY_ENCRYPTED_START);
        }
        Self {
            context,
            only_encrypted,
        }
    }

    /// Counts the bytes of one value, `selected` for encryption or not.
    pub(super) fn count(&mut self, kind: Kind, bytes: &[u8], selected: bool) {
        if (selected || !self.only_encrypted) && kind != Kind::Comment {
            self.context.update(bytes);
        }
    }

    /// Counts a value that is encrypted, by its bytes.
    pub(super) fn count_bytes(&mut self, bytes: &[u8]) {
        self.context.update(bytes);
    }

    /// 128 digits in capitals. It tells values that are short enough to be guessed, and is wiped for that.
    pub(super) fn finish(self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(2 * SHA512.output_len));
        for byte in self.context.finish().as_ref() {
            write!(text, "{byte:02X}").expect("writing to a string does not fail");
        }
        text
    }
}

/// Compares what was counted with what the file says, in constant time.
pub(super) fn verify(
    cipher: &Cipher,
    counted: &str,
    stored: Option<&str>,
    last_modified: &str,
) -> Result<(), SopsError> {
    let stored = stored
        .filter(|text| !text.is_empty())
        .ok_or(SopsError::MacMissing)?;
    let closed: ClosedValue = stored.parse().map_err(|_| SopsError::MacMismatch)?;
    let opened = cipher
        .open(&closed, last_modified)
        .map_err(|_| SopsError::MacMismatch)?;
    verify_slices_are_equal(opened.bytes(), counted.as_bytes()).map_err(|_| SopsError::MacMismatch)
}

/// SHA-256 of `sops`, which keeps the two kinds of code apart.
const ONLY_ENCRYPTED_START: [u8; 32] = [
    0x8a, 0x3f, 0xd2, 0xad, 0x54, 0xce, 0x66, 0x52, 0x7b, 0x10, 0x34, 0xf3, 0xd1, 0x47, 0xbe, 0x0b,
    0x0b, 0x97, 0x5b, 0x3b, 0xf4, 0x4f, 0x72, 0xc6, 0xfd, 0xad, 0xec, 0x81, 0x76, 0xf2, 0x7d, 0x69,
];
