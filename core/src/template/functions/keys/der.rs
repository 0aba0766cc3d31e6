//! DER, as far as keys and certificates need it.

pub(super) const INTEGER: u8 = 0x02;
pub(super) const BIT_STRING: u8 = 0x03;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const OID: u8 = 0x06;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;

/// An element of `tag` around `parts`, one behind the other.
pub(super) fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let mut out = vec![tag];
    if length < 0x80 {
        out.push(length as u8);
    } else {
        let bytes = length.to_be_bytes();
        let used = &bytes[bytes.iter().take_while(|b| **b == 0).count()..];
        out.push(0x80 | used.len() as u8);
        out.extend_from_slice(used);
    }
    parts.iter().for_each(|part| out.extend_from_slice(part));
    out
}

pub(super) fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    element(SEQUENCE, parts)
}

/// A number that is not negative, from its bytes.
pub(super) fn integer(bytes: &[u8]) -> Vec<u8> {
    let zeros = bytes.iter().take_while(|b| **b == 0).count();
    match &bytes[zeros..] {
        [] => element(INTEGER, &[&[0]]),
        number @ [0x80..=0xff, ..] => element(INTEGER, &[&[0], number]),
        number => element(INTEGER, &[number]),
    }
}

/// A string of whole bytes.
pub(super) fn bit_string(bytes: &[u8]) -> Vec<u8> {
    element(BIT_STRING, &[&[0], bytes])
}

/// Reads elements one behind the other.
#[derive(Clone, Copy)]
pub(super) struct Reader<'d>(&'d [u8]);

/// One element: its tag, what is inside, and all of its bytes.
#[derive(Clone, Copy)]
pub(super) struct Element<'d> {
    pub(super) tag: u8,
    pub(super) inner: &'d [u8],
    pub(super) whole: &'d [u8],
}

impl<'d> Reader<'d> {
    pub(super) fn new(bytes: &'d [u8]) -> Self {
        Self(bytes)
    }

    /// What is inside the one element that `bytes` are.
    pub(super) fn inside(bytes: &'d [u8], tag: u8) -> Option<Self> {
        let mut reader = Self(bytes);
        let inner = reader.expect(tag)?.inner;
        reader.0.is_empty().then_some(Self(inner))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn next(&mut self) -> Option<Element<'d>> {
        let (&tag, rest) = self.0.split_first()?;
        let (&first, mut rest) = rest.split_first()?;
        // Tags of several bytes have no place in what is read here.
        if tag & 0x1f == 0x1f {
            return None;
        }
        let length = if first < 0x80 {
            usize::from(first)
        } else {
            let (bytes, after) = rest.split_at_checked(usize::from(first & 0x7f))?;
            rest = after;
            let shortest = !bytes.is_empty() && bytes.len() <= 4 && bytes[0] != 0;
            let length = bytes.iter().fold(0, |n, b| n << 8 | usize::from(*b));
            (shortest && length >= 0x80).then_some(length)?
        };
        let inner = rest.get(..length)?;
        let whole = &self.0[..self.0.len() - rest.len() + length];
        self.0 = &rest[length..];
        Some(Element { tag, inner, whole })
    }

    pub(super) fn expect(&mut self, tag: u8) -> Option<Element<'d>> {
        self.next().filter(|element| element.tag == tag)
    }

    /// The next element, if it has this tag.
    pub(super) fn optional(&mut self, tag: u8) -> Option<Element<'d>> {
        let mut ahead = *self;
        let element = ahead.expect(tag)?;
        *self = ahead;
        Some(element)
    }

    /// Any number.
    pub(super) fn integer(&mut self) -> Option<&'d [u8]> {
        let bytes = self.expect(INTEGER)?.inner;
        is_integer(bytes).then_some(bytes)
    }

    /// A number that is not negative, without leading zeros.
    pub(super) fn unsigned(&mut self) -> Option<&'d [u8]> {
        match self.integer()? {
            [0x80..=0xff, ..] => None,
            [0, rest @ ..] => Some(rest),
            bytes => Some(bytes),
        }
    }
}

/// Whether a number is written with no more bytes than it needs.
pub(super) fn is_integer(bytes: &[u8]) -> bool {
    !matches!(bytes, [] | [0, 0..=0x7f, ..] | [0xff, 0x80..=0xff, ..])
}
