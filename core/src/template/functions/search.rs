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
///
/// The pieces come one by one, so that whoever takes them can stop at a bound.
pub(super) fn split<'a>(text: &'a [u8], separator: &'a [u8], limit: usize) -> Pieces<'a> {
    let none = limit == 0 || (separator.is_empty() && text.is_empty());
    Pieces {
        finder: Finder::new(separator),
        rest: (!none).then_some(text),
        left: limit,
    }
}

/// What is left to be cut.
pub(super) struct Pieces<'a> {
    finder: Finder<'a>,
    rest: Option<&'a [u8]>,
    left: usize,
}

impl<'a> Iterator for Pieces<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let rest = self.rest?;
        let separator = self.finder.part.len();
        let cut = if self.left == 1 {
            None
        } else if separator == 0 {
            let (_, width) = unicode::decode(rest);
            (width < rest.len()).then_some(width)
        } else {
            self.finder.find(rest)
        };
        self.left -= 1;
        self.rest = cut.map(|at| &rest[at + separator..]);
        Some(cut.map_or(rest, |at| &rest[..at]))
    }
}
