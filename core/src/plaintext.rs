//! The one type that plaintext lives in, for every reader and writer of secret values.

use std::fmt;

use zeroize::Zeroize;

/// A secret value in memory: boxed, wiped on drop, redacted in `Debug`.
///
/// It has no `Display`, no `Serialize` and no `Clone`, so that it can't slip into a message or
/// multiply unseen. It leaves through [`Plaintext::reveal`] only, and each call says why.
pub struct Plaintext(Box<[u8]>);

impl Plaintext {
    /// Takes over `bytes`; nothing of them stays behind in a spare part of the vector.
    pub fn new(mut bytes: Vec<u8>) -> Self {
        if bytes.len() == bytes.capacity() {
            return Self(bytes.into_boxed_slice());
        }
        let exact = bytes.as_slice().into();
        bytes.zeroize();
        Self(exact)
    }

    /// Hands out the bytes, for as long as the borrow lasts. The caller says in a comment why.
    pub fn reveal(&self) -> &[u8] {
        &self.0
    }

    /// Makes a second copy, for a reader that must own it.
    pub fn duplicate(&self) -> Self {
        Self(self.0.clone())
    }

    /// True when there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<&[u8]> for Plaintext {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.into())
    }
}

impl From<String> for Plaintext {
    fn from(text: String) -> Self {
        Self::new(text.into_bytes())
    }
}

/// Compares in constant time for equal lengths.
impl PartialEq for Plaintext {
    fn eq(&self, other: &Self) -> bool {
        aws_lc_rs::constant_time::verify_slices_are_equal(&self.0, &other.0).is_ok()
    }
}

impl Eq for Plaintext {}

impl Drop for Plaintext {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for Plaintext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Plaintext(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_neither_value_nor_length() {
        let shown = format!("{:?}", Plaintext::new(b"hunter2".to_vec()));
        assert_eq!(shown, "Plaintext(redacted)");
        assert_eq!(shown, format!("{:?}", Plaintext::new(Vec::new())));
    }

    #[test]
    fn a_vector_with_room_to_spare_is_copied_exactly() {
        let mut bytes = Vec::with_capacity(64);
        bytes.extend_from_slice(b"abc");
        assert_eq!(Plaintext::new(bytes).reveal(), b"abc");
    }
}
