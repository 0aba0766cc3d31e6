//! What the editor shows of an envelope, and what was made of it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bulla_core::api::SecretEnvelopeSpec;
use bulla_core::envelope::{Envelope, EnvelopeError, OutputTemplate};
use bulla_core::manifest::{ManifestError, SecretSource, Stream, emit, read_secret};
use bulla_core::names::KeyName;
use bulla_core::plaintext::Plaintext;
use bulla_core::template::{self, TemplateError};
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use crate::exit::Blame;
use crate::failure::{Failure, Fault};
use crate::manifest::{self, Found};
use crate::sealed_secret::FoundSealed;

/// Values by key, where they are known.
pub(crate) type Known = BTreeMap<KeyName, Plaintext>;

/// What came back from the editor.
pub(crate) struct Edited {
    /// New values; nothing for those that are left sealed.
    values: BTreeMap<KeyName, Option<Plaintext>>,
    template: OutputTemplate,
}

/// What is to be changed.
pub(crate) struct Changes {
    /// Values to seal.
    pub(crate) set: Known,
    /// Keys to take out.
    pub(crate) unset: std::collections::BTreeSet<KeyName>,
    /// Another template; every value is sealed anew then, since it is bound to them.
    pub(crate) template: Option<OutputTemplate>,
}

/// An edit that can't be carried out. No message holds a value.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EditError {
    /// The file does not parse.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// More documents than one.
    #[error("there must be one document")]
    Documents,
    /// A field that the view does not have.
    #[error("unknown field `{0}`: `stringData`, `data` and `template` are known")]
    UnknownField(String),
    /// The template does not parse.
    #[error(transparent)]
    Template(#[from] EnvelopeError),
    /// A template of a key does not parse.
    #[error(transparent)]
    Source(#[from] TemplateError),
    /// A sealed value that is not there.
    #[error(
        "there is no sealed value of key `{0}` that could stay: values can't be renamed without a key"
    )]
    NothingSealed(KeyName),
    /// The template was changed, and not every value is at hand.
    #[error(
        "the template is bound to the values: it can be changed only where all of them are at hand"
    )]
    TemplateIsBound,
}

/// The view as YAML: text as it is, everything else in base64, `<sealed>` for what is not known.
pub(crate) fn text(found: &Found<'_>, known: Option<&Known>, file: &str) -> Zeroizing<String> {
    let mut values = values_text(found.envelope.data().keys(), known);
    let template = found.envelope.template().to_json();
    if template.as_object().is_some_and(|map| !map.is_empty()) {
        values.push_str(&emit(&json!({ "template": template })));
    }
    let how = if known.is_some() { OPENED } else { NOT_OPENED };
    let head = format!("# Envelope {} in {file}.\n#\n{how}#\n", found.title());
    Zeroizing::new(head + &values)
}

/// The same of a SealedSecret: its values alone, since nothing binds its template to them.
pub(crate) fn sealed_text(
    found: &FoundSealed<'_>,
    known: Option<&Known>,
    file: &str,
) -> Zeroizing<String> {
    let values = values_text(found.sealed.keys(), known);
    let how = if known.is_some() { OPENED } else { NOT_OPENED };
    let head = format!("# SealedSecret {} in {file}.\n#\n{how}#\n", found.title());
    Zeroizing::new(head + &values)
}

fn values_text<'k>(
    keys: impl Iterator<Item = &'k KeyName>,
    known: Option<&Known>,
) -> Zeroizing<String> {
    let (mut plain, mut binary) = (Map::new(), Map::new());
    for key in keys {
        match known.map(|known| &known[key]) {
            None => drop(plain.insert(key.to_string(), SEALED.into())),
            // Revealed to the one who holds the key, on a file in memory.
            Some(value) => match readable(value.reveal()) {
                Some(text) => drop(plain.insert(key.to_string(), text.into())),
                None => {
                    drop(binary.insert(key.to_string(), STANDARD.encode(value.reveal()).into()))
                }
            },
        }
    }
    let mut values = json!({ "stringData": plain });
    if !binary.is_empty() {
        values["data"] = binary.into();
    }
    let mut values = Zeroizing::new(emit(&values));
    if known.is_none() {
        // Every value is this one, and no key can hold it.
        *values = values.replace(&format!("\"{SEALED}\""), SEALED);
    }
    values
}

/// Reads the view again; nothing when all of it was deleted.
///
/// # Errors
/// [`EditError`] by variant.
pub(crate) fn parse(found: &Found<'_>, text: &[u8]) -> Result<Option<Edited>, EditError> {
    let stream = Stream::parse(text)?;
    let objects = stream.objects();
    let object = match objects.as_slice() {
        [] if manifest::is_empty(&stream) => return Ok(None),
        [object] => object,
        _ => return Err(EditError::Documents),
    };
    let secret = read_secret(object)?;
    let other = |name: &&String| name.as_str() != "template";
    if let Some(name) = secret
        .other_fields
        .iter()
        .find(other)
        .or(secret.other_metadata.first())
    {
        return Err(EditError::UnknownField(name.escape_debug().to_string()));
    }
    let template = match object.node.get("template") {
        Some(node) => output_template(found, node.to_value()?)?,
        None => OutputTemplate::default(),
    };
    for (key, source) in template.data() {
        template::parse(key, source)?;
    }
    Ok(Some(Edited {
        values: values_of(secret),
        template,
    }))
}

fn values_of(secret: SecretSource) -> BTreeMap<KeyName, Option<Plaintext>> {
    let values = secret.values.into_iter().map(|(key, value)| {
        // Compared with the word that stands for what is sealed.
        let sealed = value.plaintext.reveal() == SEALED.as_bytes();
        (key, (!sealed).then_some(value.plaintext))
    });
    values.collect()
}

/// What was made of the view of a SealedSecret; nothing when all of it was deleted.
///
/// # Errors
/// [`EditError`] by variant.
pub(crate) fn sealed_changes_of(
    found: &FoundSealed<'_>,
    text: &[u8],
    known: Option<&Known>,
) -> Result<Option<Changes>, EditError> {
    let stream = Stream::parse(text)?;
    let objects = stream.objects();
    let object = match objects.as_slice() {
        [] if manifest::is_empty(&stream) => return Ok(None),
        [object] => object,
        _ => return Err(EditError::Documents),
    };
    let secret = read_secret(object)?;
    let mut others = secret.other_fields.iter().chain(&secret.other_metadata);
    if let Some(name) = others.next() {
        return Err(EditError::UnknownField(name.escape_debug().to_string()));
    }
    let values = values_of(secret);
    let gone = found.sealed.keys().filter(|key| !values.contains_key(*key));
    let mut changes = Changes {
        set: Known::new(),
        unset: gone.cloned().collect(),
        template: None,
    };
    for (key, value) in values {
        let before = known.and_then(|known| known.get(&key));
        match value {
            Some(value) if before != Some(&value) => drop(changes.set.insert(key, value)),
            None if !found.has(&key) => return Err(EditError::NothingSealed(key)),
            _ => {}
        }
    }
    Ok(Some(changes))
}

fn output_template(found: &Found<'_>, template: Value) -> Result<OutputTemplate, EditError> {
    let mut value = found.value.clone();
    value["spec"] = json!(SecretEnvelopeSpec::from(&found.envelope));
    // Without its values, so that a key may move from them to the template.
    value["spec"]["data"] = json!({});
    value["spec"]["dataKeys"] = json!([]);
    value["spec"]["template"] = template;
    Ok(manifest::domain(&value)?.template().clone())
}

impl Edited {
    /// What differs from the envelope. `known` are its values, where they could be opened.
    ///
    /// # Errors
    /// [`EditError::NothingSealed`], [`EditError::TemplateIsBound`].
    pub(crate) fn changes(
        self,
        envelope: &Envelope,
        known: Option<&Known>,
    ) -> Result<Changes, EditError> {
        let mut set = Known::new();
        let unset = envelope
            .data()
            .keys()
            .filter(|key| !self.values.contains_key(*key))
            .cloned()
            .collect();
        let template = (&self.template != envelope.template()).then_some(self.template);
        for (key, value) in self.values {
            let before = known.and_then(|known| known.get(&key));
            match value {
                Some(value) if template.is_some() || before != Some(&value) => {
                    drop(set.insert(key, value))
                }
                Some(_) => {}
                None if !envelope.data().contains_key(&key) => {
                    return Err(EditError::NothingSealed(key));
                }
                None if template.is_some() => {
                    let before = before.ok_or(EditError::TemplateIsBound)?;
                    set.insert(key, before.duplicate());
                }
                None => {}
            }
        }
        Ok(Changes {
            set,
            unset,
            template,
        })
    }
}

impl Changes {
    /// True when there is nothing to do.
    pub(crate) fn is_empty(&self) -> bool {
        self.set.is_empty() && self.unset.is_empty() && self.template.is_none()
    }
}

/// Text that an editor shows without harm.
pub(crate) fn readable(bytes: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(bytes).ok()?;
    (!text
        .chars()
        .any(|c| c.is_control() && !"\n\t\r".contains(c)))
    .then_some(text)
}

impl Fault for EditError {
    fn blame(&self) -> Blame {
        match self {
            Self::TemplateIsBound | Self::NothingSealed(_) => Blame::Caller,
            _ => Blame::Input,
        }
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(match self {
            Self::Manifest(error) => return error.hint().map(Cow::Borrowed),
            Self::Template(error) => return Fault::hint(error),
            Self::Source(error) => return Fault::hint(error),
            Self::NothingSealed(_) => "write the value itself, or give a key: `--identity FILE`",
            Self::TemplateIsBound => "give a key: `--identity FILE`; or write every value anew",
            Self::Documents | Self::UnknownField(_) => "keep the shape of the file as it was",
        }))
    }
}

/// Makes the edit a failure of its own kind, so that callers can use `?`.
pub(crate) fn changes_of(
    found: &Found<'_>,
    text: &[u8],
    known: Option<&Known>,
) -> Result<Option<Changes>, Failure> {
    match parse(found, text)? {
        Some(edited) => Ok(Some(edited.changes(&found.envelope, known)?)),
        None => Ok(None),
    }
}

const SEALED: &str = "<sealed>";
const OPENED: &str = "\
# Save and close: what you changed is sealed anew, everything else stays byte for byte.
# Values that are not text stand under `data`, in base64.
# Change nothing, or delete everything, and nothing is written.
";
const NOT_OPENED: &str = "\
# There is no key at hand, so values appear as `<sealed>`: left so, they stay byte for byte.
# Write a value in its place, or add or remove lines. Save and close, and it is done.
# Change nothing, or delete everything, and nothing is written.
";
