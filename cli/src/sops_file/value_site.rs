//! Where a value of a file of SOPS stands, and whether one may be written there.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bulla_core::manifest::{Object, Path as NodePath, Step, Stream};
use bulla_core::plaintext::Plaintext;
use bulla_core::sops::{At, SopsError, Store, place_of};
use serde_json::Value;

use super::error::{SopsUsage, in_file};
use super::opening::SopsFile;
use crate::cli::SelectArgs;
use crate::failure::Failure;
use crate::located::InFile;
use crate::manifest::{self, is_secret};

/// Where a value stands in a file, and how it is written there.
pub(crate) struct ValueSite {
    at: At,
    base64: bool,
    /// True for a value of a Secret.
    secret: bool,
    /// The path form of a key with dots that was not given as one: perhaps it is what was meant.
    path_form: Option<String>,
    /// True where something stands there already.
    pub(crate) there: bool,
}

impl ValueSite {
    /// The place that KEY means: of a Secret one of its values, elsewhere a key at the top, or a path such as
    /// `["db"]["password"]`, in the document that has it. `value` decides in which field of a Secret a new one goes.
    ///
    /// # Errors
    /// [`SopsUsage`] by variant.
    pub(crate) fn of(file: &SopsFile, key: &str, select: &SelectArgs) -> Result<Self, Failure> {
        let failed = |error| InFile::new("change", &file.path, error);
        let chosen = select.name.is_some() || select.namespace.is_some();
        let mut stream = None;
        match file.store {
            Store::Binary => return Err(failed(SopsUsage::NoKeys).into()),
            Store::Dotenv | Store::Ini if chosen => {
                return Err(SopsUsage::Flag("--name or --namespace").into());
            }
            Store::Dotenv | Store::Ini => {}
            Store::Yaml | Store::Json => {
                // What can't be looked into may be a Secret.
                let read = Stream::parse(&file.bytes);
                let read = read.map_err(|error| InFile::new("read", &file.path, error))?;
                let objects = read.objects();
                if let Some(object) = the_secret(&objects, select).map_err(failed)? {
                    return Ok(Self::in_secret(&read, object, key));
                }
                stream = Some(read);
            }
        }
        let path = path_in(file.store, &file.bytes, key).map_err(failed)?;
        let document = stream.map_or(Ok(1), |stream| document_with(&stream, &path));
        let document = document.map_err(failed)?;
        let at = At { document, path };
        let there = match file.store.spot(&file.bytes, &at) {
            Ok(spot) => spot.there,
            Err(SopsError::NoSuchPath { .. }) => false,
            // What stands in the way of a new value says so when one is written.
            Err(_) => true,
        };
        let path_form = (!key.starts_with('[') && key.contains('.')).then(|| {
            let steps = key.split('.').map(|step| format!("[{step:?}]"));
            steps.collect::<String>()
        });
        Ok(Self {
            at,
            base64: false,
            secret: false,
            path_form,
            there,
        })
    }

    fn in_secret(stream: &Stream, object: &Object<'_>, key: &str) -> Self {
        let stands = |field: &str| {
            let map = object.node.get(field);
            map.is_some_and(|map| map.get(key).is_some())
        };
        let base64 = stands("data") && !stands("stringData");
        let field = if base64 { "data" } else { "stringData" };
        let mut at = place_of(stream, object.document, object.node);
        at.path = at.path.join(field).join(key);
        Self {
            at,
            base64,
            secret: true,
            path_form: None,
            there: stands(field),
        }
    }

    pub(super) fn at(&self) -> &At {
        &self.at
    }

    /// A value can be written here, and is encrypted then. No key is needed to tell.
    ///
    /// # Errors
    /// [`SopsUsage`] by variant; what is wrong with the file.
    pub(crate) fn takes_a_value(&self, file: &SopsFile) -> Result<(), Failure> {
        let failed = |error| Failure::from(InFile::new("change", &file.path, error));
        let in_file = |error| in_file("change", &file.path, error);
        if let Some(Step::Key(last)) = self.at.path.0.last().filter(|_| !self.there) {
            if self.secret && manifest::key(last).is_err() {
                return Err(failed(SopsUsage::SecretKey));
            }
            if file.store == Store::Dotenv && !is_variable(last) {
                return Err(failed(SopsUsage::DotenvKey));
            }
        }
        let spot = file.store.spot(&file.bytes, &self.at).map_err(in_file)?;
        if spot.collection {
            return Err(failed(SopsUsage::Collection));
        }
        if !spot.selected {
            let metadata = file.store.metadata(&file.bytes);
            let selector = metadata.and_then(|metadata| metadata.selector());
            let selector = selector.map_err(in_file)?;
            return Err(failed(SopsUsage::LeftOut {
                selector: format!("{} `{}`", selector.kind().name(), selector.text()),
                path_form: self.path_form.clone(),
            }));
        }
        Ok(())
    }

    /// The value as it is written here; bytes that are no text decide for another field of a Secret.
    pub(super) fn value(&mut self, plaintext: &Plaintext) -> Result<Value, SopsUsage> {
        let bytes = plaintext.reveal();
        if self.base64 {
            return Ok(STANDARD.encode(bytes).into());
        }
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok(text.into()),
            // Only a Secret has a place for bytes.
            Err(_) if self.secret && !self.there => {
                let steps = &mut self.at.path.0;
                if let [.., field, _] = &mut steps[..] {
                    *field = "data".into();
                }
                self.base64 = true;
                Ok(STANDARD.encode(bytes).into())
            }
            Err(_) => Err(SopsUsage::NotText),
        }
    }
}

/// The Secret that is meant, where the file holds any; never something else beside it.
fn the_secret<'o, 's>(
    objects: &'o [Object<'s>],
    select: &SelectArgs,
) -> Result<Option<&'o Object<'s>>, SopsUsage> {
    let secrets: Vec<_> = objects.iter().filter(|object| is_secret(object)).collect();
    if secrets.is_empty() && select.name.is_none() && select.namespace.is_none() {
        return Ok(None);
    }
    let meant = secrets.iter().filter(|object| is_meant(object, select));
    match meant.copied().collect::<Vec<_>>()[..] {
        [object] => Ok(Some(object)),
        [] => {
            let all = (!secrets.is_empty()).then(|| names(secrets.iter().copied()));
            Err(SopsUsage::NoSuchSecret(all))
        }
        ref several => Err(SopsUsage::SeveralSecrets(names(several.iter().copied()))),
    }
}

/// True for an object that `--name` and `--namespace` leave, where they are given.
pub(crate) fn is_meant(object: &Object<'_>, select: &SelectArgs) -> bool {
    let name = select.name.as_ref().map(|name| name.as_str());
    let namespace = select.namespace.as_ref().map(|name| name.as_str());
    name.is_none_or(|name| object.name() == Some(name))
        && namespace.is_none_or(|name| object.namespace() == Some(name))
}

/// The namespaces and names of objects, for people to choose from.
pub(crate) fn names<'o, 's: 'o>(objects: impl Iterator<Item = &'o Object<'s>>) -> String {
    let title = |object: &Object<'_>| {
        let parts = [object.namespace(), object.name()];
        let parts: Vec<_> = parts.into_iter().flatten().collect();
        format!("`{}`", parts.join("/").escape_debug())
    };
    objects.map(title).collect::<Vec<_>>().join(", ")
}

/// The document that something stands in at the path; the first one where it stands in none.
fn document_with(stream: &Stream, path: &NodePath) -> Result<usize, SopsUsage> {
    let roots = stream.documents().filter_map(|document| document.root);
    let mut having = (1..)
        .zip(roots)
        .filter(|(_, root)| root.find(path).is_some());
    match (having.next(), having.next()) {
        (Some(_), Some(_)) => Err(SopsUsage::SeveralDocuments),
        (found, _) => Ok(found.map_or(1, |(document, _)| document)),
    }
}

/// Where a key stands that is no key of a Secret. In INI, one without a section is before all of them.
pub(super) fn path_in(store: Store, bytes: &[u8], key: &str) -> Result<NodePath, SopsUsage> {
    let path = path_of(key).ok_or(SopsUsage::KeyPath)?;
    let [Step::Key(name)] = &path.0[..] else {
        return Ok(path);
    };
    if store != Store::Ini {
        return Ok(path);
    }
    let tree = store.tree(bytes).ok();
    let sections = tree.as_ref().and_then(|tree| tree.documents().first());
    let mut sections = sections.into_iter().flat_map(|file| file.entries());
    let other = sections.find(|(section, item)| {
        *section != Some(INI_DEFAULT) && item.entries().any(|(key, _)| key == Some(name))
    });
    match other {
        Some((section, _)) => Err(SopsUsage::Section(format!(
            "[{:?}][{name:?}]",
            section.unwrap_or_default()
        ))),
        None => Ok(NodePath::from([INI_DEFAULT, name.as_str()])),
    }
}

/// What those who read dotenv files take for the name of a variable.
fn is_variable(name: &str) -> bool {
    let first = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    first
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte))
}

/// The section of keys that stand before any.
const INI_DEFAULT: &str = "DEFAULT";

/// A key at the top, or a path as sops writes it: `["db"]["hosts"][0]`.
fn path_of(text: &str) -> Option<NodePath> {
    if !text.starts_with('[') {
        return (!text.is_empty()).then(|| NodePath::from([text]));
    }
    let mut path = NodePath::default();
    let mut rest = text;
    while let Some(inner) = rest.strip_prefix('[') {
        let quote = inner
            .chars()
            .next()
            .filter(|first| ['"', '\''].contains(first));
        if let Some(quote) = quote {
            let (name, after) = inner[1..].split_once(quote)?;
            path = path.join(name);
            rest = after.strip_prefix(']')?;
        } else {
            let (number, after) = inner.split_once(']')?;
            path = path.join(number.parse::<usize>().ok()?);
            rest = after;
        }
    }
    rest.is_empty().then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_paths_are_told_apart() {
        for (text, expected) in [
            ("password", "password"),
            ("tls.crt", r#"["tls.crt"]"#),
            (r#"["db"]["pass word"][0]"#, r#"db["pass word"][0]"#),
            ("['a'][12]", "a[12]"),
        ] {
            assert_eq!(path_of(text).unwrap().to_string(), expected, "{text}");
        }
        for text in ["", "[", "[x]", r#"["a""#, r#"["a"]b"#, "[-1]"] {
            assert!(path_of(text).is_none(), "{text}");
        }
    }
}
