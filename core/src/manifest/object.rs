//! The Kubernetes objects of a stream.
//!
//! Who looks for Secrets must not miss one, so fields are taken as they are written, even where readers differ on
//! them, and through merge keys; [`read_secret`](super::read_secret) and [`Node::to_value`] are the strict ones.

use std::collections::HashSet;

use super::error::ManifestError;
use super::node::{Kind, Node, Style};
use super::stream::{Document, Stream};
use super::tree::MAX_DEPTH;

/// One object: a document, or an item of a list.
#[derive(Debug, Clone, Copy)]
pub struct Object<'s> {
    /// Its number among the objects of the stream, from 0.
    pub index: usize,
    /// The number of its document, from 1.
    pub document: usize,
    /// Its mapping.
    pub node: Node<'s>,
    /// The list that it is an item of.
    pub list: Option<Node<'s>>,
}

impl Stream {
    /// The documents that are mappings; in place of a list its items.
    ///
    /// A list is what kubectl takes for one: an object whose kind ends in `List`, or with objects as its `items`.
    pub fn objects(&self) -> Vec<Object<'_>> {
        let mut found = Found {
            objects: Vec::new(),
            seen: HashSet::new(),
        };
        for Document { number, root, .. } in self.documents() {
            if let Some(root) = root {
                found.collect(root, None, number, 0);
            }
        }
        found.objects
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

impl<'s> Object<'s> {
    /// `apiVersion`, or that of a typed list.
    pub fn api_version(&self) -> Option<&'s str> {
        let own = text(field(self.node, "apiVersion"));
        own.or_else(|| self.item_kind().and(text(field(self.list?, "apiVersion"))))
    }

    /// `kind`, or that of the items of a typed list.
    pub fn kind(&self) -> Option<&'s str> {
        text(field(self.node, "kind")).or_else(|| self.item_kind())
    }

    /// `metadata.name`.
    pub fn name(&self) -> Option<&'s str> {
        text(self.metadata("name"))
    }

    /// `metadata.namespace`.
    pub fn namespace(&self) -> Option<&'s str> {
        text(self.metadata("namespace"))
    }

    /// The node of a field of `metadata`, for its place.
    pub fn metadata(&self, name: &str) -> Option<Node<'s>> {
        field(field(self.node, "metadata")?, name)
    }

    /// True when it is of that group, version and kind.
    pub fn is(&self, api_version: &str, kind: &str) -> bool {
        self.api_version() == Some(api_version) && self.kind() == Some(kind)
    }

    /// The items of a `SecretList` are Secrets, even if they don't say so.
    fn item_kind(&self) -> Option<&'s str> {
        let item_kind = text(field(self.list?, "kind"))?.strip_suffix("List")?;
        Some(item_kind).filter(|kind| !kind.is_empty())
    }

    fn items(&self) -> Option<Node<'s>> {
        let items = self.node.get("items")?.resolved();
        let typed = self.kind().is_some_and(|kind| kind.ends_with("List"));
        let is_object =
            |item: Node<'s>| field(item, "apiVersion").is_some() && field(item, "kind").is_some();
        let list = items.kind() == Kind::Sequence && (typed || items.items().any(is_object));
        list.then_some(items)
    }
}

struct Found<'s> {
    objects: Vec<Object<'s>>,
    /// An object that aliases repeat is there once.
    seen: HashSet<u32>,
}

impl<'s> Found<'s> {
    fn collect(&mut self, node: Node<'s>, list: Option<Node<'s>>, document: usize, depth: usize) {
        let node = node.resolved();
        if node.kind() != Kind::Mapping || !self.seen.insert(node.id) {
            return;
        }
        let object = Object {
            index: self.objects.len(),
            document,
            node,
            list,
        };
        match object.items().filter(|_| depth < MAX_DEPTH) {
            Some(items) => {
                for item in items.items() {
                    self.collect(item, Some(node), document, depth + 1);
                }
            }
            None => self.objects.push(object),
        }
    }
}

/// The value of a field, also where a merge key brings it in.
fn field<'s>(node: Node<'s>, name: &str) -> Option<Node<'s>> {
    let merged = |source: Node<'s>| match source.resolved().kind() {
        Kind::Sequence => source.items().find_map(|source| source.get(name)),
        _ => source.get(name),
    };
    let merge_key = |(key, _): &(Node<'s>, Node<'s>)| {
        key.kind() == Kind::Scalar(Style::Plain) && key.text() == Some("<<")
    };
    node.get(name).or_else(|| {
        node.entries()
            .find(merge_key)
            .and_then(|(_, source)| merged(source))
    })
}

fn text(node: Option<Node<'_>>) -> Option<&str> {
    node?.text().filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(source: &str) -> Vec<(usize, String)> {
        let stream = Stream::parse(source.as_bytes()).expect("readable");
        let shown = |object: &Object<'_>| {
            let part = |text: Option<&str>| text.unwrap_or("-").to_owned();
            let parts = [
                object.api_version(),
                object.kind(),
                object.namespace(),
                object.name(),
            ]
            .map(part);
            (object.document, parts.join(" "))
        };
        stream.objects().iter().map(shown).collect()
    }

    #[test]
    fn documents_and_items_of_lists_are_objects() {
        let source = "kind: A\n---\n# nothing\n---\napiVersion: v1\nkind: List\nitems:\n- kind: B\n- apiVersion: v1\n  \
                      kind: List\n  items: [{kind: C, metadata: {name: c, namespace: n}}]\n---\n- kind: D\n";
        let found = kinds(source);
        assert_eq!(
            found,
            [
                (1, "- A - -".to_owned()),
                (3, "- B - -".to_owned()),
                (3, "- C n c".to_owned())
            ]
        );
    }

    #[test]
    fn what_kubectl_takes_for_a_list_is_one() {
        let typed = "apiVersion: v1\nkind: SecretList\nitems: [{metadata: {name: a}}]\n";
        assert_eq!(kinds(typed), [(1, "v1 Secret - a".to_owned())]);
        let foreign = "apiVersion: x/v1\nkind: Bag\nitems: [{apiVersion: v1, kind: Secret}]\n";
        assert_eq!(kinds(foreign), [(1, "v1 Secret - -".to_owned())]);
        let no_list = "apiVersion: x/v1\nkind: Bag\nitems: [{name: a}]\n";
        assert_eq!(kinds(no_list), [(1, "x/v1 Bag - -".to_owned())]);
    }

    #[test]
    fn no_secret_hides_behind_aliases_tags_or_merge_keys() {
        let aliases =
            "x: &x {apiVersion: v1, kind: Secret}\nkind: List\napiVersion: v1\nitems: [*x, *x]\n";
        assert_eq!(kinds(aliases), [(1, "v1 Secret - -".to_owned())]);
        let merged = "x: &x {kind: Secret, metadata: {name: a}}\n<<: *x\napiVersion: !hidden v1\n";
        assert_eq!(kinds(merged), [(1, "v1 Secret - a".to_owned())]);
        let merged = "x: [&x {kind: Secret}, &y1 {apiVersion: v1}]\n<<: [*x, *y1]\n";
        assert_eq!(kinds(merged), [(1, "v1 Secret - -".to_owned())]);
    }

    #[test]
    fn lists_of_lists_by_alias_do_not_multiply() {
        let mut source = "l0: &l0 {apiVersion: v1, kind: List, items: [{kind: A}]}\n".to_owned();
        for level in 1..40 {
            let before = level - 1;
            source += &format!(
                "l{level}: &l{level} {{apiVersion: v1, kind: List, items: [*l{before}, *l{before}]}}\n"
            );
        }
        source += "apiVersion: v1\nkind: List\nitems: [*l39, *l39]\n";
        assert_eq!(kinds(&source).len(), 1);
    }
}
