//! What a new value meets at its place in an encrypted file, told without any key.

use serde_json::Value as Json;

use crate::manifest::Path;

use super::body::Put;
use super::error::SopsError;
use super::file::Store;
use super::selector::Selector;
use super::walk::{Step, Walk};

/// What a text that is set at a path meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spot {
    /// True where something stands there already.
    pub there: bool,
    /// True where that is a mapping or a list.
    pub collection: bool,
    /// True where the selector of the file has the text encrypted.
    pub selected: bool,
}

impl Store {
    /// What a text would meet at a path of the first document of the encrypted file.
    ///
    /// # Errors
    ///
    /// `NoSuchPath` where nothing can stand there, and what is wrong with the file.
    pub fn spot(self, file: &[u8], path: &Path) -> Result<Spot, SopsError> {
        // It stands for the text, whatever that will be.
        let text = Json::from("text");
        let Put { file: put, at } = self.put_at(file, path, Some(&text))?;
        let before = self.read(file, |body| Ok(standing(body.steps(), None, &at)))?;
        let after = self.read(&put, |body| {
            let selector = body.metadata()?.selector()?;
            Ok(standing(body.steps(), Some(&selector), &at))
        })?;
        Ok(Spot {
            there: before.is_some(),
            collection: before == Some(Standing::Collection),
            selected: after == Some(Standing::Value { selected: true }),
        })
    }
}

#[derive(PartialEq, Eq)]
enum Standing {
    Collection,
    Value { selected: bool },
}

/// What stands at the path, if anything does.
fn standing(steps: &[Step<'_>], selector: Option<&Selector>, path: &Path) -> Option<Standing> {
    let mut walk = Walk::new(selector);
    for step in steps {
        let found = match step {
            Step::Open(key, _) => {
                walk.open(key.as_deref());
                Standing::Collection
            }
            Step::Leaf(key, ..) => Standing::Value {
                selected: walk.enter(key.as_deref()),
            },
            Step::Comment(text, _) => {
                walk.comment(text);
                continue;
            }
            Step::Close => {
                walk.close();
                continue;
            }
        };
        if walk.depth() == path.0.len() + 1 && walk.is_below(path) {
            return Some(found);
        }
        if found != Standing::Collection {
            walk.leave();
        }
    }
    None
}
