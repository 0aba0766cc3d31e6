//! The Kubernetes objects of a stream.

use super::error::ManifestError;
use super::node::{Kind, Node};
use super::stream::{Document, Stream};
use super::tree::MAX_DEPTH;

/// One object: a document, or an item of a `List`.
#[derive(Debug, Clone, Copy)]
pub struct Object<'s> {
    /// Its number among the objects of the stream, from 0.
    pub index: usize,
    /// The number of its document, from 1.
    pub document: usize,
    /// Its mapping.
    pub node: Node<'s>,
}

impl Stream {
    /// The documents that are mappings; in place of a `List` (`v1`, any kind that ends in `List`) its items.
    pub fn objects(&self) -> Vec<Object<'_>> {
        let mut objects = Vec::new();
        for Document { number, root, .. } in self.documents() {
            if let Some(root) = root {
                collect(root, number, 0, &mut objects);
            }
        }
        objects
    }

    /// The object of that number.
    ///
    /// # Errors
    ///
    /// `NoSuchObject`.
    pub fn object(&self, index: usize) -> Result<Object<'_>, ManifestError> {
        let found = self.objects().get(index).copied();
        found.ok_or_else(|| ManifestError::NoSuchObject {
            at: self.place(0),
            index,
        })
    }
}

/// The fields are taken as they are written, even where readers differ on them; [`read_secret`](super::read_secret)
/// and [`Node::to_value`] are strict.
impl<'s> Object<'s> {
    /// `apiVersion`.
    pub fn api_version(&self) -> Option<&'s str> {
        string(self.node.get("apiVersion"))
    }

    /// `kind`.
    pub fn kind(&self) -> Option<&'s str> {
        string(self.node.get("kind"))
    }

    /// `metadata.name`.
    pub fn name(&self) -> Option<&'s str> {
        string(self.metadata("name"))
    }

    /// `metadata.namespace`.
    pub fn namespace(&self) -> Option<&'s str> {
        string(self.metadata("namespace"))
    }

    /// The node of a field of `metadata`, for its place.
    pub fn metadata(&self, field: &str) -> Option<Node<'s>> {
        self.node.get("metadata")?.get(field)
    }

    /// True when it is of that group, version and kind.
    pub fn is(&self, api_version: &str, kind: &str) -> bool {
        self.api_version() == Some(api_version) && self.kind() == Some(kind)
    }
}

fn collect<'s>(node: Node<'s>, document: usize, depth: usize, objects: &mut Vec<Object<'s>>) {
    if node.kind() != Kind::Mapping {
        return;
    }
    let object = Object {
        index: objects.len(),
        document,
        node,
    };
    let list = object.kind().is_some_and(|kind| kind.ends_with("List"))
        && object.api_version() == Some("v1");
    match node
        .get("items")
        .filter(|items| list && items.kind() == Kind::Sequence)
    {
        Some(items) if depth < MAX_DEPTH => {
            for item in items.items() {
                collect(item, document, depth + 1, objects);
            }
        }
        _ => objects.push(object),
    }
}

/// Whatever some reader takes for this text counts: who looks for Secrets must not miss one.
fn string(node: Option<Node<'_>>) -> Option<&str> {
    node?.text().filter(|text| !text.is_empty())
}
