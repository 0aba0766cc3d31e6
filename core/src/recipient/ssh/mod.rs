//! ssh keys as recipients and identities of age: `ssh-ed25519` and `ssh-rsa`.
//!
//! A stanza for one names it by a tag of four bytes, which is there to find the key and says nothing else: another
//! key may have the same tag. Source: <https://c2sp.org/age>, and what age does.

mod ed25519;
mod key_file;
mod openssh;
mod rsa;

pub(super) use ed25519::{Ed25519Public, Ed25519Secret};
pub(super) use key_file::ed25519_text;
pub use key_file::{LockedSshKey, SshKey, SshKeyError};
pub(super) use rsa::{RsaPublic, RsaSecret};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest as _, Sha256};

/// The beginning of SHA-256 over a key as ssh sends it.
pub(super) type Tag = [u8; 4];

fn tag_of(wire: &[u8]) -> Tag {
    let digest = Sha256::digest(wire);
    *digest.first_chunk().expect("a digest has 32 bytes")
}

/// `ssh-ed25519`, or another word, and the key in base64.
fn text_of(kind: &str, wire: &[u8]) -> String {
    format!("{kind} {}", BASE64_STANDARD.encode(wire))
}

/// Appends a string as RFC 4251 writes it, after its length.
fn push_string(wire: &mut Vec<u8>, bytes: &[u8]) {
    let length = u32::try_from(bytes.len()).expect("parts of keys are short");
    wire.extend_from_slice(&length.to_be_bytes());
    wire.extend_from_slice(bytes);
}

/// Takes strings and numbers off the front, as RFC 4251 writes them.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self) -> Option<u32> {
        let bytes = self.bytes(4)?.try_into().ok()?;
        Some(u32::from_be_bytes(bytes))
    }

    fn string(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        self.bytes(length)
    }

    /// A positive number in its one form: no zeros before it but the one that makes it positive.
    fn positive(&mut self) -> Option<&'a [u8]> {
        match self.string()? {
            [0, rest @ ..] if rest.first().is_some_and(|first| first & 0x80 != 0) => Some(rest),
            whole @ [first, ..] if first & 0x80 == 0 && *first != 0 => Some(whole),
            _ => None,
        }
    }
}

/// The largest key that is read, public or private: RSA of 8192 bits in PEM is half of it.
const KEY_BYTES_MAX: usize = 16 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_one_form() {
        let read = |bytes: &[u8]| {
            let mut wire = Vec::new();
            push_string(&mut wire, bytes);
            Reader(&wire).positive().map(<[u8]>::to_vec)
        };
        assert_eq!(read(&[1]), Some(vec![1]));
        assert_eq!(read(&[0, 0x80]), Some(vec![0x80]));
        for bad in [&[][..], &[0], &[0x80], &[0, 1], &[0, 0, 0x80]] {
            assert_eq!(read(bad), None, "{bad:?}");
        }
    }
}
