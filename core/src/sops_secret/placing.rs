//! What a file of a SopsSecret lacks to say where it belongs: for the tools that encrypt it.

use serde_json::{Value as Json, json};

use super::place::{PLACE_KEY, place, place_template};
use crate::manifest::{Node, Path, Stream};
use crate::names::{Namespace, ResourceName};

/// What is to be done about the place of a file.
#[derive(Debug, PartialEq, Eq)]
pub enum Placing {
    /// Its first document is no SopsSecret.
    NoSopsSecret,
    /// It names no namespace, or no name: nobody knows where it belongs.
    Unknown,
    /// `value` belongs at `path`, in plaintext before it is encrypted.
    Put {
        /// Where the place stands, or a new template that holds it.
        path: Path,
        /// What belongs there.
        value: Json,
        /// Whether something stands there already, and whether that looks encrypted.
        there: Option<Stands>,
    },
}

/// How a place stands in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stands {
    /// As a closed value.
    Closed,
    /// As plaintext.
    Plain,
}

/// Looks at the first document of a file, encrypted or not: keys are readable in both.
pub fn placing(stream: &Stream) -> Placing {
    let objects = stream.objects();
    let first = objects.first().filter(|object| {
        object.document == 1 && object.list.is_none() && object.kind() == Some("SopsSecret")
    });
    let Some(object) = first else {
        return Placing::NoSopsSecret;
    };
    let namespace: Option<Namespace> = object.namespace().and_then(|text| text.parse().ok());
    let name: Option<ResourceName> = object.name().and_then(|text| text.parse().ok());
    let (Some(namespace), Some(name)) = (namespace, name) else {
        return Placing::Unknown;
    };
    let text = place(&namespace, &name);
    let list = Path::from(["spec", "secretTemplates"]);
    let templates = object.node.find(&list);
    let templates: Vec<Node<'_>> = templates.into_iter().flat_map(Node::items).collect();
    let known = templates.iter().enumerate().find_map(|(index, template)| {
        let there = template.get("stringData")?.get(PLACE_KEY)?;
        Some((index, there))
    });
    match known {
        Some((index, there)) => Placing::Put {
            path: list
                .join(index)
                .join("stringData".to_owned())
                .join(PLACE_KEY.to_owned()),
            value: json!(text),
            there: Some(match there.text().is_some_and(crate::sops::is_closed) {
                true => Stands::Closed,
                false => Stands::Plain,
            }),
        },
        None => Placing::Put {
            path: list.join(templates.len()),
            value: json!({"name": place_template(&name), "stringData": {PLACE_KEY: text}}),
            there: None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Placing {
        placing(&Stream::parse(text.as_bytes()).unwrap())
    }

    #[test]
    fn a_place_is_added_replaced_or_left_out() {
        let head = "apiVersion: isindir.github.com/v1alpha3\nkind: SopsSecret\nmetadata: {name: db, namespace: shop}\n";
        let templates = "spec:\n  secretTemplates:\n    - name: a\n      stringData: {x: y}\n";
        let Placing::Put { path, value, there } = of(&format!("{head}{templates}")) else {
            panic!("it can be put");
        };
        assert_eq!(
            (path.to_string().as_str(), there),
            ("spec.secretTemplates[1]", None)
        );
        assert_eq!(
            value,
            json!({"name": "db-bulla-place", "stringData": {PLACE_KEY: "shop/db"}})
        );
        for (text, expected) in [
            ("elsewhere/db", Stands::Plain),
            ("ENC[AES256_GCM,data:x,type:str]", Stands::Closed),
        ] {
            let more = format!("    - stringData: {{{PLACE_KEY}: \"{text}\"}}\n");
            let Placing::Put { path, value, there } = of(&format!("{head}{templates}{more}"))
            else {
                panic!("it can be put");
            };
            let at = "spec.secretTemplates[1].stringData[\"bulla.dev.place\"]";
            assert_eq!((path.to_string().as_str(), there), (at, Some(expected)));
            assert_eq!(value, json!("shop/db"));
        }
        let nowhere = head.replace(", namespace: shop", "");
        assert_eq!(of(&format!("{nowhere}{templates}")), Placing::Unknown);
        assert_eq!(of("kind: Secret\n"), Placing::NoSopsSecret);
    }
}
