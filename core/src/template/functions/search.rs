//! Finding and splitting, in time linear in the text.

use crate::template::unicode;

/// Finds a part in texts by Knuth, Morris and Pratt.
pub(super) struct Finder<'p> {
    part: &'p [u8],
    /// For each prefix of the part, the length of its longest proper prefix that is a suffix too.
    borders: Vec<usize>,
}

impl<'p> Finder<'p> {
    pub(super) fn new(part: &'p [u8]) -> Self {
        let mut borders = vec![0; part.len()];
        let mut matched = 0;
        for n in 1..part.len() {
            while matched > 0 && part[n] != part[matched] {
                matched = borders[matched - 1];
            }
            matched += usize::from(part[n] == part[matched]);
            borders[n] = matched;
        }
        Self { part, borders }
    }

    /// Where the part begins first in `text`.
    pub(super) fn find(&self, text: &[u8]) -> Option<usize> {
        if self.part.is_empty() {
            return Some(0);
        }
        let mut matched = 0;
        for (n, byte) in text.iter().enumerate() {
            while matched > 0 && *byte != self.part[matched] {
                matched = self.borders[matched - 1];
            }
            matched += usize::from(*byte == self.part[matched]);
            if matched == self.part.len() {
                return Some(n + 1 - matched);
            }
        }
        None
    }
}

/// `strings.SplitN`: cuts `text` into at most `limit` pieces; between nothing lie characters.
pub(super) fn split<'t>(text: &'t [u8], separator: &[u8], limit: usize) -> Vec<&'t [u8]> {
    if limit == 0 || (separator.is_empty() && text.is_empty()) {
        return Vec::new();
    }
    let finder = Finder::new(separator);
    let mut pieces = Vec::new();
    let mut rest = text;
    while pieces.len() + 1 < limit {
        let (end, next) = if separator.is_empty() {
            let (_, width) = unicode::decode(rest);
            if width == rest.len() {
                break;
            }
            (width, width)
        } else {
            match finder.find(rest) {
                Some(at) => (at, at + separator.len()),
                None => break,
            }
        };
        pieces.push(&rest[..end]);
        rest = &rest[next..];
    }
    pieces.push(rest);
    pieces
}
