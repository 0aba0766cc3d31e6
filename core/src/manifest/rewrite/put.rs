//! One value set or taken out at a path, wherever it stands.

use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::changes::{Change, New};
use super::element::{Element, not_editable};
use super::layout::block_layout;
use super::plan::Plan;
use super::replace::Slot;
use crate::manifest::error::{ManifestError, Place};
use crate::manifest::node::{Kind, Node};
use crate::manifest::path::{Path, Step};
use crate::manifest::splice::splice;
use crate::manifest::stream::Stream;

/// A file with one value set or taken out.
pub(crate) struct Put {
    pub(crate) text: Zeroizing<String>,
    /// What was written anew, or taken out; positions count all items.
    pub(crate) at: Path,
}

/// What is passed over: an item that counts for nothing, and the key that new keys stand before.
pub(crate) struct Passed<'p> {
    pub(crate) item: &'p dyn Fn(Node<'_>) -> bool,
    pub(crate) last_key: &'p str,
}

impl Stream {
    /// Sets the value at a path below `root`, or takes out what stands there; what is missing on the way is made.
    /// `None` where the path leads nowhere. Whoever calls reads the result again and compares it.
    ///
    /// # Errors
    ///
    /// `NotEditable`, `AnchorInUse`, and `EditNotFaithful` where edits overlap.
    pub(crate) fn put<'s>(
        &'s self,
        root: Node<'s>,
        path: &Path,
        value: Option<&Value>,
        passed: &Passed<'_>,
    ) -> Result<Option<Put>, ManifestError> {
        let mut plan = Plan::new(self);
        plan.layout = block_layout(self, root);
        let Some(at) = plan.put(root, path, value, passed)? else {
            return Ok(None);
        };
        plan.refuse_used_anchors()?;
        plan.keep_unended_block();
        let Plan { text, edits, .. } = plan;
        let text = splice(&text, edits).ok_or(ManifestError::EditNotFaithful {
            at: Place::START,
            what: "edits overlap",
        })?;
        Ok(Some(Put { text, at }))
    }
}

/// The elements of a collection, which of them is meant, and the collection.
type Within<'s> = (Vec<Element<'s>>, usize, Node<'s>);

impl<'s> Plan<'s> {
    fn put(
        &mut self,
        root: Node<'s>,
        path: &Path,
        value: Option<&Value>,
        passed: &Passed<'_>,
    ) -> Result<Option<Path>, ManifestError> {
        let mut at = Path::default();
        let mut node = root;
        let mut around: Option<Within<'s>> = None;
        for (nth, step) in path.0.iter().enumerate() {
            let rest = &path.0[nth + 1..];
            if node.kind() == Kind::Alias {
                return Err(not_editable(node, "a value behind an alias"));
            }
            let elements =
                Element::all(&self.text, node).collect::<Result<Vec<Element<'s>>, _>>()?;
            let found = match (node.kind(), step) {
                (Kind::Mapping, Step::Key(key)) => {
                    let named = |e: &Element<'_>| e.key.and_then(Node::text) == Some(key.as_str());
                    elements.iter().position(named)
                }
                (Kind::Sequence, Step::Index(index)) => {
                    let counts = |e: &(usize, &Element<'_>)| !(passed.item)(e.1.value);
                    let mut counted = elements.iter().enumerate().filter(counts);
                    counted.nth(*index).map(|(nth, _)| nth)
                }
                (Kind::Scalar(_), _) if value.is_some() && around.is_some() => {
                    let new = nested(&path.0[nth..], value.unwrap_or(&Value::Null));
                    self.replace_in(&around, &new, &at)?;
                    return Ok(Some(at));
                }
                _ => return Ok(None),
            };
            let Some(found) = found else {
                let Some(value) = value else { return Ok(None) };
                at = match step {
                    Step::Key(key) => at.join(key.as_str()),
                    Step::Index(_) => at.join(elements.len()),
                };
                let new = nested(rest, value);
                if elements.is_empty() {
                    let new = nested(std::slice::from_ref(step), &new);
                    self.replace_in(&around, &new, &at)?;
                } else {
                    self.append(node, &elements, step, &new, &at, passed);
                }
                return Ok(Some(at));
            };
            at = match step {
                Step::Key(key) => at.join(key.as_str()),
                Step::Index(_) => at.join(found),
            };
            if rest.is_empty() {
                self.put_into((elements, found, node), &around, value, &at)?;
                return Ok(Some(at));
            }
            let next = elements[found].value;
            around = Some((elements, found, node));
            node = next;
        }
        Ok(None)
    }

    /// Replaces an element, or takes it out.
    fn put_into(
        &mut self,
        within: Within<'s>,
        around: &Option<Within<'s>>,
        value: Option<&Value>,
        at: &Path,
    ) -> Result<(), ManifestError> {
        if let Some(value) = value {
            return self.replace_in(&Some(within), value, at);
        }
        let (elements, found, node) = within;
        if elements.len() == 1 && around.is_some() {
            let empty = match node.kind() {
                Kind::Sequence => Value::Array(Vec::new()),
                _ => Value::Object(Map::new()),
            };
            return self.replace_in(around, &empty, at);
        }
        let stays = |nth| match nth == found {
            true => Change::Remove(nth),
            false => Change::Keep(nth),
        };
        let changes: Vec<_> = (0..elements.len()).map(stays).collect();
        self.change(node, &elements, &changes, at);
        Ok(())
    }

    fn replace_in(
        &mut self,
        around: &Option<Within<'s>>,
        new: &Value,
        at: &Path,
    ) -> Result<(), ManifestError> {
        let Some((elements, nth, parent)) = around else {
            return Err(ManifestError::NotEditable {
                at: Place::START,
                what: "an empty document",
            });
        };
        let slot = Slot {
            element: &elements[*nth],
            parent: *parent,
        };
        self.replace(&slot, new, at)
    }

    fn append(
        &mut self,
        node: Node<'s>,
        elements: &[Element<'s>],
        step: &Step,
        new: &Value,
        at: &Path,
        passed: &Passed<'_>,
    ) {
        let key = match step {
            Step::Key(key) => Some(key.as_str()),
            Step::Index(_) => None,
        };
        let insert = Change::Insert(New {
            key,
            number: elements.len(),
            value: new,
        });
        let last = elements.last().and_then(|last| last.key?.text());
        let behind = usize::from(at.0.len() == 1 && last == Some(passed.last_key));
        let mut changes: Vec<_> = (0..elements.len()).map(Change::Keep).collect();
        changes.insert(elements.len() - behind, insert);
        self.change(node, elements, &changes, at);
    }
}

/// The value inside of the mappings and lists that a path names.
fn nested(path: &[Step], value: &Value) -> Value {
    path.iter()
        .rev()
        .fold(value.clone(), |value, step| match step {
            Step::Key(key) => Value::Object([(key.clone(), value)].into_iter().collect()),
            Step::Index(_) => Value::Array(vec![value]),
        })
}
