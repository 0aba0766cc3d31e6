//! What can be told of a SealedSecret: most of it without a key, and whose it is only with one.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;

use bulla_core::names::KeyName;
use bulla_core::recipient::Fingerprint;
use bulla_core::sealed_secrets::{
    CLUSTER_WIDE_ANNOTATION, ItemError, NAMESPACE_WIDE_ANNOTATION, RsaKeyRing, SealedData,
    SealedItem, Search,
};
use bulla_core::template::{self, Functions};
use serde_json::{Value, json};

use super::pinned::Pinned;
use crate::identities::Identities;
use crate::report::count;
use crate::sealed_secret::{FoundSealed, diagnosis};
use crate::shown::Shown;

/// A SealedSecret as the configuration and the keys at hand see it.
pub(super) struct SealedView<'a> {
    pub(super) found: &'a FoundSealed<'a>,
    pub(super) pinned: &'a [Pinned],
    /// Nothing where no key was given.
    pub(super) identities: Option<&'a Identities>,
}

/// What a private key at hand makes of a value.
enum Tried {
    Opens(Fingerprint),
    Closed(String),
}

impl SealedView<'_> {
    pub(super) fn text(&self, path: &Path) -> String {
        let (found, sealed) = (self.found, &self.found.sealed);
        let line = found.object.node.place().line;
        let mut text = format!(
            "{}, line {line}: SealedSecret {}\n",
            Shown(path),
            found.title()
        );
        let mut line = |name: &str, content: &str| {
            let _ = writeln!(text, "  {name:<10}{content}");
        };
        line(
            "opens in",
            &format!("{} (scope {})", sealed.label(), sealed.scope()),
        );
        line("values", &self.values());
        line(
            "template",
            &format!("{}; bound to nothing", self.template()),
        );
        for (bits, keys) in self.sizes() {
            let keys: Vec<&str> = keys.iter().map(|key| key.as_str()).collect();
            line(
                "sealed by",
                &format!("an RSA key of {bits} bits: {}", keys.join(", ")),
            );
            for pinned in self
                .pinned
                .iter()
                .filter(|pinned| pinned.bits() == Some(bits))
            {
                line("", &format!("perhaps {pinned}"));
            }
        }
        if !self.sizes().is_empty() && self.identities.is_none() {
            line(
                "",
                "which key of that size it was can't be told without the private half",
            );
        }
        for (key, tried) in self.tried() {
            match tried {
                Tried::Opens(fingerprint) => {
                    let name = self.pinned.iter().find(|pinned| pinned.is(fingerprint));
                    let name = name.map(|pinned| format!(", the pinned one of {}", pinned.name));
                    let name = name.unwrap_or_default();
                    line("opens", &format!("{key}: with {fingerprint}{name}"));
                }
                Tried::Closed(why) => line("closed", &format!("{key}: {why}")),
            }
        }
        for wrong in self.wrong() {
            line("wrong", &wrong);
        }
        text
    }

    pub(super) fn json(&self, path: &Path) -> Value {
        let sealed = &self.found.sealed;
        let template = sealed.template();
        let tried: serde_json::Map<_, _> = self
            .tried()
            .into_iter()
            .map(|(key, tried)| {
                let told = match tried {
                    Tried::Opens(fingerprint) => json!({"opensWith": fingerprint.to_string()}),
                    Tried::Closed(why) => json!({"closed": why}),
                };
                (key, told)
            })
            .collect();
        let sizes: Vec<_> = self
            .sizes()
            .into_iter()
            .map(|(bits, keys)| {
                json!({
                    "bits": bits,
                    "values": keys.iter().map(|key| key.as_str()).collect::<Vec<_>>(),
                    "perhaps": self
                        .pinned
                        .iter()
                        .filter(|pinned| pinned.bits() == Some(bits))
                        .map(Pinned::json)
                        .collect::<Vec<_>>(),
                })
            })
            .collect();
        json!({
            "kind": "SealedSecret",
            "path": path.to_string_lossy(),
            "line": self.found.object.node.place().line,
            "namespace": sealed.namespace().map(|namespace| namespace.as_str()),
            "name": sealed.name().as_str(),
            "scope": sealed.scope().as_str(),
            "values": sealed.keys().map(|key| key.as_str()).collect::<Vec<_>>(),
            "deprecatedData": matches!(sealed.sealed(), SealedData::Legacy(_)),
            "sealedBy": sizes,
            "template": {
                "bound": false,
                "type": template.secret_type,
                "immutable": template.immutable,
                "labels": template.labels.keys().collect::<Vec<_>>(),
                "annotations": template.annotations.keys().collect::<Vec<_>>(),
                "keys": template.data.keys().map(|key| key.as_str()).collect::<Vec<_>>(),
            },
            "opened": self.identities.map(|_| tried),
            "wrong": self.wrong(),
            "postQuantum": false,
        })
    }

    fn values(&self) -> String {
        match self.found.sealed.sealed() {
            SealedData::Items(items) => {
                let names: Vec<&str> = items.keys().map(|key| key.as_str()).collect();
                format!("{}: {}", names.len(), names.join(", "))
            }
            SealedData::Legacy(_) => "a whole Secret in the deprecated `spec.data`".to_owned(),
        }
    }

    fn template(&self) -> String {
        let template = self.found.sealed.template();
        let mut parts = Vec::new();
        parts.extend(
            template
                .secret_type
                .as_ref()
                .map(|kind| format!("type {}", kind.escape_debug())),
        );
        parts.extend(template.immutable.map(|is| format!("immutable {is}")));
        for (what, number) in [
            ("label", template.labels.len()),
            ("annotation", template.annotations.len()),
            ("finalizer", template.finalizers.len()),
        ] {
            parts.extend((number > 0).then(|| count(number, what)));
        }
        let keys: Vec<&str> = template.data.keys().map(|key| key.as_str()).collect();
        parts.extend((!keys.is_empty()).then(|| format!("templated keys {}", keys.join(", "))));
        match parts.is_empty() {
            true => "none".to_owned(),
            false => parts.join(", "),
        }
    }

    /// The values that are whole, by the name under which they are shown.
    fn items(&self) -> Vec<(String, Result<&SealedItem, &ItemError>)> {
        match self.found.sealed.sealed() {
            SealedData::Items(items) => items
                .iter()
                .map(|(key, item)| (key.to_string(), item.as_ref()))
                .collect(),
            SealedData::Legacy(item) => vec![("spec.data".to_owned(), item.as_ref())],
        }
    }

    /// The sizes of the keys that sealed the values: all that a ciphertext tells.
    fn sizes(&self) -> BTreeMap<usize, Vec<String>> {
        let mut sizes: BTreeMap<usize, Vec<String>> = BTreeMap::new();
        for (key, item) in self.items() {
            if let Ok(item) = item
                && item.is_of_known_size()
            {
                sizes.entry(item.block_bytes() * 8).or_default().push(key);
            }
        }
        sizes
    }

    fn tried(&self) -> Vec<(String, Tried)> {
        let Some(identities) = self.identities else {
            return Vec::new();
        };
        let mut search = Search::default();
        let mut tried = Vec::new();
        for (key, item) in self.items() {
            if let Ok(item) = item {
                tried.push((key, self.try_one(item, &identities.rsa, &mut search)));
            }
        }
        tried
    }

    fn try_one(&self, item: &SealedItem, ring: &RsaKeyRing, search: &mut Search) -> Tried {
        match ring.open(item, &self.found.sealed.label(), search) {
            // The value itself is dropped, and wiped, unseen.
            Ok((_, fingerprint)) => Tried::Opens(fingerprint),
            Err(error) => match diagnosis(self.found, item, ring) {
                Some(diagnosis) => Tried::Closed(diagnosis.to_string()),
                None => Tried::Closed(error.to_string()),
            },
        }
    }

    /// Everything that will not do what its author may believe.
    fn wrong(&self) -> Vec<String> {
        let sealed = &self.found.sealed;
        let mut wrong = Vec::new();
        for (key, item) in self.items() {
            match item {
                Err(error) => wrong.push(format!("value `{key}`: {error}")),
                Ok(item) if !item.is_of_known_size() => wrong.push(format!(
                    "value `{key}`: its length prefix says a key of {} bits, and there are none: it is not a sealed value",
                    item.block_bytes() * 8
                )),
                Ok(_) => {}
            }
        }
        if sealed.namespace().is_none() {
            wrong.push("it names no namespace".to_owned());
        }
        if matches!(sealed.sealed(), SealedData::Legacy(_)) {
            wrong.push(
                "`spec.data` is deprecated: `kubeseal` refuses it, and its keys can't be told"
                    .to_owned(),
            );
        }
        wrong.extend(self.wrong_annotations());
        wrong.extend(self.wrong_names());
        let keys: BTreeSet<&KeyName> = sealed.keys().collect();
        for (key, source) in &sealed.template().data {
            match source {
                None if !keys.contains(key) => {
                    wrong.push(format!(
                        "the template takes out `{key}`, which is not there"
                    ));
                }
                None => {}
                Some(source) => {
                    if let Err(error) = template::parse_with(key, source, Functions::All) {
                        wrong.push(error.to_string());
                    }
                    if keys.contains(key) {
                        wrong.push(format!("the template of `{key}` never counts: there is a sealed value of that name"));
                    }
                }
            }
        }
        wrong.extend(self.pinned.iter().filter_map(|pinned| pinned.wrong.clone()));
        wrong
    }

    fn wrong_annotations(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        let annotations = |path: &str| self.found.value.pointer(path).and_then(Value::as_object);
        let own = annotations("/metadata/annotations");
        let templated = annotations("/spec/template/metadata/annotations");
        let says = |map: Option<&serde_json::Map<String, Value>>, name: &str| {
            let text = map?.get(name)?.as_str()?;
            Some(text.to_owned())
        };
        for name in [CLUSTER_WIDE_ANNOTATION, NAMESPACE_WIDE_ANNOTATION] {
            match says(own, name) {
                Some(text) if text != "true" => wrong.push(format!(
                    "the annotation `{name}` counts with the value `true` only, and says `{}`",
                    text.escape_debug()
                )),
                None if says(templated, name).as_deref() == Some("true") => wrong.push(format!(
                    "the annotation `{name}` stands in `spec.template` only, where it does not count for opening"
                )),
                _ => {}
            }
        }
        let both = [CLUSTER_WIDE_ANNOTATION, NAMESPACE_WIDE_ANNOTATION]
            .iter()
            .all(|name| says(own, name).as_deref() == Some("true"));
        if both {
            wrong.push(
                "it is annotated cluster-wide and namespace-wide: cluster-wide counts".to_owned(),
            );
        }
        wrong
    }

    fn wrong_names(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        for field in ["name", "namespace"] {
            let at = |path: &str| {
                let text = self
                    .found
                    .value
                    .pointer(&format!("{path}/{field}"))?
                    .as_str()?;
                Some(text.to_owned()).filter(|text| !text.is_empty())
            };
            if let (Some(own), Some(other)) = (at("/metadata"), at("/spec/template/metadata"))
                && own != other
            {
                wrong.push(format!(
                    "its template says {field} `{}`: what counts is `{}`, of the SealedSecret itself",
                    other.escape_debug(),
                    own.escape_debug()
                ));
            }
        }
        wrong
    }
}
