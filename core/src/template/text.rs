//! Strings of templates: bytes as in Go, wiped when nobody holds them any more.

use std::cmp::Ordering;
use std::rc::Rc;

use zeroize::{Zeroize, Zeroizing};

use super::error::TemplateFault as Fault;

/// A Go string: bytes that need not be UTF-8, shared, wiped with the last holder.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Text(Rc<Zeroizing<Vec<u8>>>);

impl Text {
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        Self(Rc::new(Zeroizing::new(bytes)))
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

/// By bytes, as Go sorts the keys of maps.
impl Ord for Text {
    fn cmp(&self, other: &Self) -> Ordering {
        self.bytes().cmp(other.bytes())
    }
}

impl PartialOrd for Text {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl From<&[u8]> for Text {
    fn from(bytes: &[u8]) -> Self {
        Self::new(bytes.to_vec())
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::from(text.as_bytes())
    }
}

/// A growing text with a bound; what it outgrows is wiped.
///
/// What exceeds the bound is dropped and remembered, so that writers need no error path of their own.
pub(crate) struct Buffer {
    bytes: Zeroizing<Vec<u8>>,
    limit: usize,
    over: bool,
}

impl Buffer {
    pub(crate) fn with_limit(limit: usize) -> Self {
        Self {
            bytes: Zeroizing::new(Vec::new()),
            limit,
            over: false,
        }
    }

    /// A buffer for a text on the way.
    pub(crate) fn new() -> Self {
        Self::with_limit(TEXT_BYTES)
    }

    pub(crate) fn push(&mut self, byte: u8) {
        self.extend(&[byte]);
    }

    pub(crate) fn extend(&mut self, more: &[u8]) {
        let needed = self.bytes.len() + more.len();
        if self.over || needed > self.limit {
            self.over = true;
            return;
        }
        if needed > self.bytes.capacity() {
            let mut larger = Vec::with_capacity(needed.max(2 * self.bytes.capacity()).max(64));
            larger.extend_from_slice(&self.bytes);
            self.bytes.zeroize();
            *self.bytes = larger;
        }
        self.bytes.extend_from_slice(more);
    }

    pub(crate) fn push_char(&mut self, c: char) {
        self.extend(c.encode_utf8(&mut [0; 4]).as_bytes());
    }

    /// Adds `count` times `byte`.
    pub(crate) fn pad(&mut self, byte: u8, count: usize) {
        if count > self.limit {
            self.over = true;
        }
        let block = [byte; 64];
        let mut missing = count;
        while missing > 0 && !self.over {
            let part = missing.min(block.len());
            self.extend(&block[..part]);
            missing -= part;
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(crate) fn limit(&self) -> usize {
        self.limit
    }

    pub(crate) fn is_over(&self) -> bool {
        self.over
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The whole text, unless it exceeded the bound.
    pub(crate) fn finish(mut self) -> Result<Text, Fault> {
        if self.over {
            return Err(Fault::TextTooLarge);
        }
        Ok(Text::new(std::mem::take(&mut *self.bytes)))
    }

    /// The bytes, which the caller must wipe.
    pub(crate) fn into_bytes(mut self) -> Vec<u8> {
        std::mem::take(&mut *self.bytes)
    }
}

/// The longest text that a function may make on the way to the output.
pub(crate) const TEXT_BYTES: usize = 4 << 20;
