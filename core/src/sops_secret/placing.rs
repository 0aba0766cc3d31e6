//! What a file of a SopsSecret lacks to say where it belongs: for the tools that encrypt it.

use serde_json::{Value as Json, json};

use super::place::{PLACE_KEY, place, place_template};
use crate::manifest::{Node, Object, Path, Place as ReadAt, Stream};
use crate::names::{Namespace, ResourceName};
use crate::sops::{At, is_closed, place_of};

/// What there is to say about the place of a SopsSecret.
#[derive(Debug, PartialEq, Eq)]
pub struct Placing {
    /// Where the resource stands in the file.
    pub resource: ReadAt,
    /// Its place; nothing where it names no namespace, or no name, so that nobody knows where it belongs.
    pub put: Option<PutPlace>,
}

/// `value` belongs at `at`, in plaintext before it is encrypted.
#[derive(Debug, PartialEq, Eq)]
pub struct PutPlace {
    /// `namespace/name`.
    pub place: String,
    /// Where the place stands, or a new template that holds it.
    pub at: At,
    /// What belongs there.
    pub value: Json,
    /// Whether something stands there already, and whether that looks encrypted.
    pub there: Option<Stands>,
}

/// How a place stands in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stands {
    /// As a closed value.
    Closed,
    /// As plaintext.
    Plain,
}

/// Looks at every SopsSecret of a file, encrypted or not: keys are readable in both.
pub fn placings(stream: &Stream) -> Vec<Placing> {
    let objects = stream.objects().into_iter();
    let resources = objects.filter(|object| object.kind() == Some("SopsSecret"));
    let placings = resources.map(|object| Placing {
        resource: object.node.place(),
        put: put(stream, &object),
    });
    placings.collect()
}

fn put(stream: &Stream, object: &Object<'_>) -> Option<PutPlace> {
    let namespace: Namespace = object.namespace()?.parse().ok()?;
    let name: ResourceName = object.name()?.parse().ok()?;
    let text = place(&namespace, &name);
    let list = Path::from(["spec", "secretTemplates"]);
    let templates = object.node.find(&list);
    let templates: Vec<Node<'_>> = templates.into_iter().flat_map(Node::items).collect();
    let mut fields = templates
        .iter()
        .filter_map(|template| template.get("stringData"));
    let (at, value, there) = match fields.find_map(|field| field.get(PLACE_KEY)) {
        Some(there) => {
            let stands = match there.text().is_some_and(is_closed) {
                true => Stands::Closed,
                false => Stands::Plain,
            };
            let at = place_of(stream, object.document, there);
            (at, json!(text), Some(stands))
        }
        None => {
            let mut at = place_of(stream, object.document, object.node);
            for step in list.join(templates.len()).0 {
                at.path = at.path.join(step);
            }
            let template = json!({"name": place_template(&name), "stringData": {PLACE_KEY: text}});
            (at, template, None)
        }
    };
    Some(PutPlace {
        place: text,
        at,
        value,
        there,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<Placing> {
        placings(&Stream::parse(text.as_bytes()).unwrap())
    }

    fn put_of(text: &str) -> PutPlace {
        of(text).pop().and_then(|placing| placing.put).unwrap()
    }

    #[test]
    fn a_place_is_added_replaced_or_left_out() {
        let head = "apiVersion: isindir.github.com/v1alpha3\nkind: SopsSecret\nmetadata: {name: db, namespace: shop}\n";
        let templates = "spec:\n  secretTemplates:\n    - name: a\n      stringData: {x: y}\n";
        let put = put_of(&format!("{head}{templates}"));
        assert_eq!(
            (put.at.to_string().as_str(), put.there),
            ("`spec.secretTemplates[1]`", None)
        );
        assert_eq!(
            put.value,
            json!({"name": "db-bulla-place", "stringData": {PLACE_KEY: "shop/db"}})
        );
        for (text, expected) in [
            ("elsewhere/db", Stands::Plain),
            ("ENC[AES256_GCM,data:x,type:str]", Stands::Closed),
        ] {
            let more = format!("    - stringData: {{{PLACE_KEY}: \"{text}\"}}\n");
            let put = put_of(&format!("{head}{templates}{more}"));
            let at = "`spec.secretTemplates[1].stringData[\"bulla.dev.place\"]`";
            assert_eq!(
                (put.at.to_string().as_str(), put.there),
                (at, Some(expected))
            );
            assert_eq!(put.value, json!("shop/db"));
        }
        let nowhere = head.replace(", namespace: shop", "");
        let placings = of(&format!("{nowhere}{templates}"));
        assert!(placings.len() == 1 && placings[0].put.is_none());
        assert_eq!(of("kind: Secret\n"), []);
    }

    #[test]
    fn documents_that_are_nothing_do_not_count_and_items_of_lists_do() {
        let head = "kind: SopsSecret\nmetadata: {name: db, namespace: shop}\n";
        let put = put_of(&format!("a: b\n---\n---\n{head}spec: {{}}\n"));
        let at = put.at.to_string();
        assert_eq!(at, "document 2, `spec.secretTemplates[0]`");
        let item = "apiVersion: v1\nkind: List\nitems:\n- kind: ConfigMap\n- kind: SopsSecret\n  metadata: {name: db, namespace: shop}\n";
        let at = put_of(item).at.to_string();
        assert_eq!(at, "`items[1].spec.secretTemplates[0]`");
    }
}
