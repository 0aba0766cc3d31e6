//! The way through a file in its order: the path of each value, and whether it is encrypted.

use std::borrow::Cow;

use crate::manifest::{self, Path};

use super::error::At;
use super::selector::{Selector, SelectorKind};
use super::value::{Kind, Value};

/// One step through a file, whatever its store.
#[derive(Clone)]
pub(super) enum Step<'a> {
    /// A mapping or list begins, under this key or as an item; a document begins without one.
    Open(Option<Cow<'a, str>>, Shape),
    /// What began last ends.
    Close,
    /// A comment: what stands after its mark, and whether it shares the line of what follows here.
    Comment(Cow<'a, str>, Line),
    /// A value, or null, and how it is written.
    Leaf(Option<Cow<'a, str>>, Option<Scalar<'a>>, Form),
}

/// A value as it stands in a file. Most texts are a piece of it, and are not copied: ciphertexts are long.
#[derive(Clone)]
pub(super) enum Scalar<'a> {
    /// A text that stands there as it is.
    Text(&'a str),
    /// Anything else.
    Value(Value),
}

/// What holds entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// Keys with values.
    Mapping,
    /// Items.
    List,
}

/// Where a comment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line {
    /// On a line of its own.
    Own,
    /// At the end of the line of the value that is the next step.
    Shared,
}

/// How the text of a value is written, so that a ciphertext that comes back looks as it did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Without quotes.
    Bare,
    /// In `'`.
    SingleQuoted,
    /// In `"`.
    DoubleQuoted,
    /// As an item of a list with dashes, in quotes or not.
    Item,
}

impl Scalar<'_> {
    /// Its type.
    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::Text(_) => Kind::Str,
            Self::Value(value) => value.kind(),
        }
    }

    /// The bytes that are closed and counted.
    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Value(value) => value.bytes(),
        }
    }

    /// The bytes as text, where they are text.
    pub(super) fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Value(value) => value.as_text(),
        }
    }

    /// The value by itself.
    pub(super) fn to_value(&self) -> Value {
        match self {
            Self::Text(text) => Value::text(text),
            Self::Value(value) => value.clone(),
        }
    }
}

/// Follows the steps of one file.
pub(super) struct Walk<'s> {
    /// `None` encrypts everything, as in binary files.
    selector: Option<&'s Selector>,
    /// The keys so far, each followed by a colon.
    path: String,
    levels: Vec<Level>,
    /// How many documents began.
    documents: usize,
}

struct Level {
    /// Where its own key starts and ends in the path.
    start: usize,
    end: usize,
    /// Its place among items, where it is one.
    index: Option<usize>,
    /// How many items came in it so far.
    items: usize,
    /// True when a key of the path was hit.
    hit: bool,
    /// True when a comment that still holds was hit.
    commented: bool,
}

impl<'s> Walk<'s> {
    pub(super) fn new(selector: Option<&'s Selector>) -> Self {
        Self {
            selector,
            path: String::new(),
            levels: Vec::new(),
            documents: 0,
        }
    }

    /// Goes into a collection.
    pub(super) fn open(&mut self, key: Option<&str>) {
        self.documents += usize::from(self.levels.is_empty());
        let hit = self.levels.last().is_some_and(|level| level.hit)
            || key.is_some_and(|key| self.selector.is_some_and(|selector| selector.hits_key(key)));
        let index = self.next_index(key);
        let start = self.path.len();
        if let Some(key) = key {
            self.path.push_str(key);
            self.path.push(':');
        }
        self.levels.push(Level {
            start,
            end: self.path.len(),
            index,
            items: 0,
            hit,
            commented: false,
        });
    }

    /// Leaves it.
    pub(super) fn close(&mut self) {
        self.leave_comment();
        self.clear_comments();
    }

    /// Whether a comment is encrypted; it holds for what follows from then on.
    pub(super) fn comment(&mut self, text: &str) -> bool {
        let hit = self
            .selector
            .is_some_and(|selector| selector.hits_comment(text));
        let before = self.decide();
        if let Some(level) = self.levels.last_mut() {
            level.commented |= hit;
        }
        match self.selector.map(Selector::kind) {
            // A comment that keeps others plain stays plain itself; one that encrypts others doesn't hide itself.
            Some(SelectorKind::UnencryptedCommentRegex) => self.decide(),
            _ => before,
        }
    }

    /// Whether a value is encrypted; its path is [`Walk::path`] until [`Walk::leave`].
    pub(super) fn enter(&mut self, key: Option<&str>) -> bool {
        self.open(key);
        self.decide()
    }

    /// Ends a value.
    pub(super) fn leave(&mut self) {
        self.close();
    }

    /// Ends a value that was a comment: what stood above it holds still for what follows.
    pub(super) fn leave_comment(&mut self) {
        if let Some(level) = self.levels.pop() {
            self.path.truncate(level.start);
        }
    }

    /// The associated data of what stands here.
    pub(super) fn path(&self) -> &str {
        associated(&self.path)
    }

    /// The associated data of comments that stand here, and on each level around, nearest first.
    pub(super) fn paths_around(&self) -> impl Iterator<Item = &str> {
        let levels = self.levels.iter().rev();
        levels.map(|level| associated(&self.path[..level.end]))
    }

    /// How many levels are open.
    pub(super) fn depth(&self) -> usize {
        self.levels.len()
    }

    /// True there, and below it.
    pub(super) fn is_below(&self, at: &At) -> bool {
        let mut levels = self.levels.iter().skip(1);
        let steps = at.path.0.iter();
        self.documents == at.document
            && steps.into_iter().all(|step| {
                levels
                    .next()
                    .is_some_and(|level| match (step, level.index) {
                        (manifest::Step::Index(at), Some(index)) => *at == index,
                        (manifest::Step::Key(key), None) => {
                            self.path[level.start..level.end - 1] == **key
                        }
                        _ => false,
                    })
            })
    }

    /// Where this is in the file.
    pub(super) fn at(&self) -> At {
        At {
            document: self.documents,
            path: self.place(),
        }
    }

    /// The keys and positions that lead here.
    pub(super) fn place(&self) -> Path {
        let mut path = Path::default();
        for level in self.levels.iter().skip(1) {
            path = match level.index {
                Some(index) => path.join(index),
                None => path.join(self.path[level.start..level.end - 1].to_owned()),
            };
        }
        path
    }

    fn decide(&self) -> bool {
        let Some(selector) = self.selector else {
            return true;
        };
        let hit = self.levels.last().is_some_and(|level| level.hit)
            || self.levels.iter().any(|level| level.commented);
        selector.decides(hit)
    }

    fn next_index(&mut self, key: Option<&str>) -> Option<usize> {
        let level = self.levels.last_mut()?;
        let index = level.items;
        level.items += 1;
        key.is_none().then_some(index)
    }

    fn clear_comments(&mut self) {
        if let Some(level) = self.levels.last_mut() {
            level.commented = false;
        }
    }
}

/// The empty path is a colon.
fn associated(path: &str) -> &str {
    if path.is_empty() { ":" } else { path }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selector(kind: SelectorKind, text: &str) -> Selector {
        Selector::new(kind, text).expect("compiles")
    }

    #[test]
    fn paths_have_keys_but_no_positions() {
        let mut walk = Walk::new(None);
        walk.open(None);
        assert_eq!(walk.path(), ":");
        walk.open(Some("data"));
        walk.open(None);
        assert!(walk.enter(Some("name")));
        assert_eq!(walk.path(), "data:name:");
        assert_eq!(walk.place().to_string(), "data[0].name");
        walk.leave();
        walk.close();
        walk.enter(None);
        assert_eq!(
            (walk.path(), walk.place().to_string()),
            ("data:", "data[1]".to_owned())
        );
        assert_eq!(
            walk.paths_around().collect::<Vec<_>>(),
            ["data:", "data:", ":"]
        );
    }

    #[test]
    fn one_hit_decides_for_all_below() {
        for (kind, text, expected) in [
            (SelectorKind::UnencryptedSuffix, "ata", [false, true]),
            (SelectorKind::EncryptedSuffix, "ata", [true, false]),
            (SelectorKind::UnencryptedRegex, "^data$", [false, true]),
            (SelectorKind::EncryptedRegex, "^data$", [true, false]),
        ] {
            let selector = selector(kind, text);
            let mut walk = Walk::new(Some(&selector));
            walk.open(None);
            walk.open(Some("data"));
            let inside = walk.enter(Some("x"));
            walk.leave();
            walk.close();
            assert_eq!([inside, walk.enter(Some("x"))], expected, "{}", kind.name());
        }
    }

    #[test]
    fn comments_hold_for_the_next_sibling() {
        let plain = selector(SelectorKind::UnencryptedCommentRegex, "keep");
        let closed = selector(SelectorKind::EncryptedCommentRegex, "keep");
        for (selector, expected) in [
            (&plain, [false, false, false, true]),
            (&closed, [false, true, true, false]),
        ] {
            let mut walk = Walk::new(Some(selector));
            walk.open(None);
            let mut found = vec![walk.comment(" keep")];
            found.push(walk.comment(" another"));
            walk.open(Some("a"));
            found.push(walk.enter(Some("b")));
            walk.leave();
            walk.close();
            found.push(walk.enter(Some("c")));
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn what_go_does_not_compile_is_refused() {
        for text in ["(", "(?!x)y"] {
            assert!(Selector::new(SelectorKind::EncryptedRegex, text).is_err());
        }
        let both = [
            (SelectorKind::EncryptedRegex, "a"),
            (SelectorKind::UnencryptedSuffix, "b"),
        ];
        assert!(Selector::only(both).is_err());
        assert!(
            Selector::only([(SelectorKind::EncryptedRegex, "")]).is_ok_and(|found| found.is_none())
        );
    }
}
