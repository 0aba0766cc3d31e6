//! A text to search, as Go reads it.

use regex_automata::Span;
use zeroize::Zeroizing;

use crate::template::unicode;

/// A text to search. Go reads each byte that is not UTF-8 as U+FFFD, and so it is spelled here.
pub(super) struct Subject<'t> {
    pub(super) original: &'t [u8],
    /// Where bytes are respelled; otherwise the original is UTF-8.
    spelled: Option<Zeroizing<Vec<u8>>>,
    /// Where bytes were respelled, in the text: each is two bytes longer than it was.
    respelled: Vec<usize>,
}

impl<'t> Subject<'t> {
    pub(super) fn new(original: &'t [u8]) -> Self {
        let mut respelled = Vec::new();
        let spelled = std::str::from_utf8(original).is_err().then(|| {
            let mut text = Zeroizing::new(Vec::with_capacity(3 * original.len()));
            for (_, c, width) in unicode::chars(original) {
                if c == char::REPLACEMENT_CHARACTER && width == 1 {
                    respelled.push(text.len());
                }
                text.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            }
            text
        });
        Self {
            original,
            spelled,
            respelled,
        }
    }

    pub(super) fn text(&self) -> &[u8] {
        self.spelled.as_deref().map_or(self.original, Vec::as_slice)
    }

    /// The place in the text of a place in the original.
    pub(super) fn inner(&self, at: usize) -> usize {
        let (mut low, mut high) = (0, self.respelled.len());
        while low < high {
            let middle = usize::midpoint(low, high);
            if self.respelled[middle] - 2 * middle < at {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        at + 2 * low
    }

    /// The place in the original of a place in the text.
    pub(super) fn outer(&self, span: Span) -> Span {
        let place = |at: usize| at - 2 * self.respelled.partition_point(|r| *r < at);
        Span::from(place(span.start)..place(span.end))
    }
}
