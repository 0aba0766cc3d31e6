//! What can be said of the values of a file without its key.

use std::str::FromStr;

use super::cipher::{ClosedValue, is_closed};
use super::error::At;
use super::selector::Selector;
use super::value::Kind;
use super::walk::{Step, Walk};

/// A value or comment of an encrypted file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// Where it stands; a comment, where the collection around it stands.
    pub at: At,
    /// True where the block wants it encrypted.
    pub selected: bool,
    /// True for a comment, which may stay plaintext wherever it stands.
    pub comment: bool,
    /// What stands there.
    pub state: SiteState,
}

/// What stands where a value does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SiteState {
    /// A ciphertext, whose value has this type by the file's own word.
    Closed(Kind),
    /// Something that begins like a ciphertext, and breaks its grammar.
    Malformed,
    /// Plaintext.
    Plain,
    /// An empty text or null, which is never encrypted.
    Empty,
}

impl Site {
    /// True where plaintext stands that should be encrypted.
    pub fn is_exposed(&self) -> bool {
        self.selected && !self.comment && self.state == SiteState::Plain
    }
}

pub(super) fn sites(steps: &[Step<'_>], selector: Option<&Selector>) -> Vec<Site> {
    let mut walk = Walk::new(selector);
    let mut sites = Vec::new();
    for step in steps {
        match step {
            Step::Open(key, _) => walk.open(key.as_deref()),
            Step::Close => walk.close(),
            Step::Comment(text, _) => {
                let selected = walk.comment(text);
                sites.push(Site {
                    at: walk.at(),
                    selected,
                    comment: true,
                    state: state(text),
                });
            }
            Step::Leaf(key, value, _) => {
                let selected = walk.enter(key.as_deref());
                let text = value.as_ref().map(|value| (value.kind(), value.as_text()));
                let state = match text {
                    None => SiteState::Empty,
                    Some((Kind::Str, Some(text))) => state(text),
                    Some(_) => SiteState::Plain,
                };
                sites.push(Site {
                    at: walk.at(),
                    selected,
                    comment: state == SiteState::Closed(Kind::Comment),
                    state,
                });
                walk.leave();
            }
        }
    }
    sites
}

fn state(text: &str) -> SiteState {
    match text {
        "" => SiteState::Empty,
        text if !is_closed(text) => SiteState::Plain,
        text => match ClosedValue::from_str(text) {
            Ok(closed) => SiteState::Closed(closed.kind()),
            Err(_) => SiteState::Malformed,
        },
    }
}
