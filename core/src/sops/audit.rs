//! What can be told of an encrypted file without any key: which values are closed, and which should be.

use super::cipher::is_closed;
use super::error::{At, SopsError};
use super::file::Store;
use super::metadata::Metadata;
use super::value::{Kind, Value};
use super::walk::{Step, Walk};

/// A file as anybody can see it.
pub struct Audit {
    /// Its block.
    pub metadata: Metadata,
    /// Values that are encrypted, in their order.
    pub closed: Vec<At>,
    /// Values that the selector wants encrypted, and that are readable.
    pub readable: Vec<At>,
    /// How many values stay plaintext by the selector.
    pub plain: usize,
}

impl Store {
    /// Looks at an encrypted file.
    ///
    /// # Errors
    ///
    /// What is wrong with the file; `NotEncrypted` where it has no block.
    pub fn audit(self, file: &[u8]) -> Result<Audit, SopsError> {
        let metadata = self.metadata(file)?;
        let selector = match self {
            Self::Binary => None,
            _ => Some(metadata.selector()?),
        };
        let mut audit = Audit {
            metadata,
            closed: Vec::new(),
            readable: Vec::new(),
            plain: 0,
        };
        self.read(file, |body| {
            let mut walk = Walk::new(selector.as_ref());
            for step in body.steps() {
                match step {
                    Step::Open(key, ..) => walk.open(key.as_deref()),
                    Step::Close => walk.close(),
                    Step::Comment(text, ..) => drop(walk.comment(text)),
                    Step::Leaf(key, value, ..) => {
                        let selected = walk.enter(key.as_deref());
                        if let Some(value) = value {
                            audit.count(value, selected, &walk);
                        }
                        walk.leave();
                    }
                }
            }
            Ok(())
        })?;
        Ok(audit)
    }

    /// Which values of a file that is not encrypted the selector names.
    ///
    /// # Errors
    ///
    /// What is wrong with the file.
    pub fn selected(
        self,
        file: &[u8],
        selector: &super::selector::Selector,
    ) -> Result<Vec<At>, SopsError> {
        if self == Self::Binary {
            return Ok(Vec::new());
        }
        self.read(file, |body| {
            let mut walk = Walk::new(Some(selector));
            let mut found = Vec::new();
            for step in body.steps() {
                match step {
                    Step::Open(key, ..) => walk.open(key.as_deref()),
                    Step::Close => walk.close(),
                    Step::Comment(text, ..) => drop(walk.comment(text)),
                    Step::Leaf(key, value, ..) => {
                        let selected = walk.enter(key.as_deref());
                        if selected && value.as_ref().is_some_and(|value| !is_nothing(value)) {
                            found.push(at(&walk));
                        }
                        walk.leave();
                    }
                }
            }
            Ok(found)
        })
    }
}

impl Audit {
    fn count(&mut self, value: &Value, selected: bool, walk: &Walk<'_>) {
        if is_nothing(value) {
            return;
        }
        let text = value.as_text().filter(|_| value.kind() == Kind::Str);
        let closed = text.is_some_and(is_closed);
        match (selected, closed) {
            (true, true) => self.closed.push(at(walk)),
            (true, false) => self.readable.push(at(walk)),
            (false, _) => self.plain += 1,
        }
    }

    /// True where the block has a MAC.
    pub fn has_mac(&self) -> bool {
        self.metadata.mac().is_some_and(is_closed)
    }
}

fn is_nothing(value: &Value) -> bool {
    value.kind() == Kind::Str && value.is_empty()
}

fn at(walk: &Walk<'_>) -> At {
    At {
        document: walk.document(),
        path: walk.place(),
    }
}
