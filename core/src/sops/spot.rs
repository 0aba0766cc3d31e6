//! What a new value meets at its place in an encrypted file, told without any key.

use serde_json::Value as Json;

use super::body::Put;
use super::error::{At, SopsError};
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
    /// What a text would meet at a path of the encrypted file.
    ///
    /// # Errors
    ///
    /// `NoSuchPath` where nothing can stand there, and what is wrong with the file.
    pub fn spot(self, file: &[u8], at: impl Into<At>) -> Result<Spot, SopsError> {
        let asked = at.into();
        // It stands for the text, whatever that will be.
        let text = Json::from("text");
        let Put { file: put, at } = self.put_at(file, &asked, Some(&text))?;
        let (before, _) = self.read(file, |body| Ok(standing(body.steps(), None, &at)))?;
        let (_, selected) = self.read(&put, |body| {
            let selector = body.metadata()?.selector()?;
            Ok(standing(body.steps(), Some(&selector), &at))
        })?;
        // What is missing on the way is made with the text; what stands on it would be lost.
        let made = at.path.0.len() < asked.path.0.len();
        if made && before.is_some_and(|before| before != Standing::Null) {
            return Err(SopsError::NoSuchPath { path: asked.path });
        }
        Ok(Spot {
            there: !made && before.is_some(),
            collection: before == Some(Standing::Collection),
            selected,
        })
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    Collection,
    Value,
    Null,
}

/// What stands at the path, if anything does, and whether the first value there or below it is encrypted.
fn standing(steps: &[Step<'_>], selector: Option<&Selector>, at: &At) -> (Option<Standing>, bool) {
    let mut walk = Walk::new(selector);
    let mut found = None;
    for step in steps {
        match step {
            Step::Open(key, _) => {
                walk.open(key.as_deref());
                if walk.depth() == at.path.0.len() + 1 && walk.is_below(at) {
                    found = Some(Standing::Collection);
                }
            }
            Step::Leaf(key, value, _) => {
                let selected = walk.enter(key.as_deref());
                if walk.is_below(at) {
                    let here = match value {
                        Some(_) => Standing::Value,
                        None => Standing::Null,
                    };
                    return (found.or(Some(here)), selected);
                }
                walk.leave();
            }
            Step::Comment(text, _) => {
                walk.comment(text);
            }
            Step::Close => walk.close(),
        }
    }
    (found, false)
}
