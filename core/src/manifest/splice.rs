//! Replacing pieces of a text.

use std::ops::Range;

use zeroize::Zeroizing;

/// A piece of the source and what goes in its place.
#[derive(Clone, PartialEq, Eq)]
pub struct Edit {
    /// The bytes that go; empty to insert only.
    pub span: Range<usize>,
    /// What stands there instead.
    pub text: String,
}

/// Carries out edits; bytes outside of them stay as they are. Insertions at one place keep their order.
///
/// Returns `None` when two edits overlap, or one leaves the text or splits a character.
pub fn splice(source: &str, mut edits: Vec<Edit>) -> Option<Zeroizing<String>> {
    edits.sort_by_key(|edit| (edit.span.start, edit.span.end));
    let added: usize = edits.iter().map(|edit| edit.text.len()).sum();
    let removed: usize = edits.iter().map(|edit| edit.span.len()).sum();
    let length = (source.len() + added).saturating_sub(removed);
    let mut out = Zeroizing::new(String::with_capacity(length));
    let mut done = 0;
    for Edit { span, text } in &edits {
        out.push_str(source.get(done..span.start)?);
        source.get(span.clone())?;
        out.push_str(text);
        done = span.end;
    }
    out.push_str(source.get(done..)?);
    Some(out)
}

/// Shows where, never what.
impl std::fmt::Debug for Edit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Edit")
            .field("span", &self.span)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit(span: Range<usize>, text: &str) -> Edit {
        Edit {
            span,
            text: text.to_owned(),
        }
    }

    #[test]
    fn edits_apply_in_the_order_of_the_text() {
        let out = splice(
            "abcdef",
            vec![
                edit(4..5, "E"),
                edit(0..0, "<"),
                edit(0..0, "-"),
                edit(1..3, ""),
            ],
        );
        assert_eq!(out.as_deref().map(String::as_str), Some("<-adEf"));
    }

    #[test]
    fn overlapping_or_foreign_edits_are_refused() {
        assert!(splice("abc", vec![edit(0..2, ""), edit(1..3, "")]).is_none());
        assert!(splice("abc", vec![edit(2..4, "")]).is_none());
        assert!(splice("ä", vec![edit(1..1, "x")]).is_none());
    }
}
