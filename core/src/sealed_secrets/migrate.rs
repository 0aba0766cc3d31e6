//! Values and templates on their way from a SealedSecret to an envelope, and back.
//!
//! # Guarantees
//!
//! - What comes out makes the same data of the Secret as what went in: both are rendered and compared.
//! - What the other format can't say is an error, or is told in `left_out`.

use std::collections::BTreeMap;

use super::annotations::{
    CLUSTER_WIDE_ANNOTATION, MANAGED_ANNOTATION, NAMESPACE_WIDE_ANNOTATION, PATCH_ANNOTATION,
    SKIP_SET_OWNER_REFERENCES_ANNOTATION, is_set,
};
use super::label::Label;
use super::seal::LAST_APPLIED;
use super::template::SecretTemplate;
use super::unseal::Unsealed;
use crate::envelope::{EnvelopeError, Opened, OutputTemplate};
use crate::names::KeyName;
use crate::plaintext::Plaintext;
use crate::secret::MAX_SECRET_BYTES;
use crate::template::{self, MissingKeys, Rendering, TemplateError};

/// What an envelope is to hold that takes the place of a SealedSecret.
#[derive(Debug)]
pub struct EnvelopeParts {
    /// The values to close.
    pub values: BTreeMap<KeyName, Plaintext>,
    /// The template.
    pub template: OutputTemplate,
    /// What of the SealedSecret has no meaning for an envelope, for telling people.
    pub left_out: Vec<String>,
}

/// What a SealedSecret is to hold that takes the place of an envelope.
#[derive(Debug)]
pub struct SealedSecretParts {
    /// The values to seal.
    pub values: BTreeMap<KeyName, Plaintext>,
    /// The template.
    pub template: SecretTemplate,
}

/// What can't be said in the other format. No text holds a value.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MigrateError {
    /// A template that the other format refuses, or that renders in one of them only.
    #[error("a template renders in one of the formats only")]
    Template(#[source] TemplateError),
    /// The Secret of the one would differ from that of the other.
    #[error("the Secret would not be the same: the template of key `{key}` makes something else")]
    Differs {
        /// The key.
        key: KeyName,
    },
    /// A null in the template.
    #[error(
        "the template takes the value of key `{key}` out of the Secret, which an envelope can't say"
    )]
    TakenOut {
        /// The key.
        key: KeyName,
    },
    /// Finalizers.
    #[error("the template has finalizers, which an envelope can't say")]
    Finalizers,
    /// An annotation that changes what becomes of the Secret.
    #[error("the template has the annotation `{name}`, which an envelope can't say")]
    Annotation {
        /// Its name.
        name: &'static str,
    },
    /// A label or annotation that no envelope may set.
    #[error(transparent)]
    Reserved(#[from] EnvelopeError),
}

impl MigrateError {
    /// The step that helps.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Template(_) | Self::Differs { .. } => {
                "mend the template first: in an envelope it sees opened values only, and its functions give the same each time"
            }
            Self::TakenOut { .. } => {
                "let the Secret have the key, or keep the SealedSecret: the controller serves both"
            }
            Self::Finalizers | Self::Annotation { .. } | Self::Reserved(_) => {
                "take it out of `spec.template.metadata`, or keep the SealedSecret: the controller serves both"
            }
        }
    }
}

impl Unsealed {
    /// What an envelope is to hold for the Secret to stay as it is.
    ///
    /// # Errors
    /// [`MigrateError`] by variant: what an envelope can't say.
    pub fn into_envelope_parts(self) -> Result<EnvelopeParts, MigrateError> {
        let mut left_out = Vec::new();
        let template = self.output_template(&mut left_out)?;
        let values = copies(&self.values);
        let (expected, _) = self.render().map_err(MigrateError::Template)?;
        compare(&expected, &rendered(&values, &template)?)?;
        Ok(EnvelopeParts {
            values,
            template,
            left_out,
        })
    }

    fn output_template(&self, left_out: &mut Vec<String>) -> Result<OutputTemplate, MigrateError> {
        let template = &self.template;
        if !template.finalizers.is_empty() {
            return Err(MigrateError::Finalizers);
        }
        for name in [PATCH_ANNOTATION, SKIP_SET_OWNER_REFERENCES_ANNOTATION] {
            if is_set(&template.annotations, name) {
                return Err(MigrateError::Annotation { name });
            }
        }
        let mut annotations = template.annotations.clone();
        // The scope is said by `spec.scope`; nothing reads it off the Secret.
        annotations.remove(CLUSTER_WIDE_ANNOTATION);
        annotations.remove(NAMESPACE_WIDE_ANNOTATION);
        let without_meaning = [
            MANAGED_ANNOTATION,
            PATCH_ANNOTATION,
            SKIP_SET_OWNER_REFERENCES_ANNOTATION,
        ];
        for name in without_meaning.iter().chain(&LAST_APPLIED) {
            if annotations.remove(*name).is_some() {
                left_out.push(format!("the annotation `{name}` of the template"));
            }
        }
        let mut data = BTreeMap::new();
        for (key, source) in &template.data {
            match source {
                None if self.values.contains_key(key) => {
                    return Err(MigrateError::TakenOut { key: key.clone() });
                }
                None => {}
                Some(_) if self.values.contains_key(key) => {
                    left_out.push(format!("the template of `{key}`, which never counts"));
                }
                Some(source) => drop(data.insert(key.clone(), source.clone())),
            }
        }
        Ok(OutputTemplate::new(
            template.secret_type.clone(),
            template.immutable,
            template.labels.clone(),
            annotations,
            data,
        )?)
    }
}

impl SealedSecretParts {
    /// What a SealedSecret is to hold for the Secret of an envelope to stay as it is; it is to be sealed for `label`.
    ///
    /// # Errors
    /// [`MigrateError`] by variant.
    pub fn of(opened: Opened, label: Label) -> Result<Self, MigrateError> {
        let (values, trusted) = opened.into_parts();
        let from = trusted.get();
        let template = SecretTemplate::from(from);
        let expected = rendered(&values, from)?;
        let sealed = Unsealed::new(copies(&values), template.clone(), label);
        let (made, _) = sealed.render().map_err(MigrateError::Template)?;
        compare(&expected, &made)?;
        Ok(Self { values, template })
    }
}

impl From<&OutputTemplate> for SecretTemplate {
    fn from(from: &OutputTemplate) -> Self {
        let source = |(key, source): (&KeyName, &String)| (key.clone(), Some(source.clone()));
        Self {
            secret_type: from.secret_type().map(str::to_owned),
            immutable: from.immutable(),
            labels: from.labels().clone(),
            annotations: from.annotations().clone(),
            finalizers: Vec::new(),
            data: from.data().iter().map(source).collect(),
        }
    }
}

/// The data of the Secret that an envelope makes.
fn rendered(
    values: &BTreeMap<KeyName, Plaintext>,
    template: &OutputTemplate,
) -> Result<BTreeMap<KeyName, Plaintext>, MigrateError> {
    let mut data = copies(values);
    let mut rendering = Rendering::new(values, MissingKeys::Refuse);
    let taken: usize = values.values().map(|value| value.reveal().len()).sum();
    let mut room = MAX_SECRET_BYTES.saturating_sub(taken);
    for (key, source) in template.data() {
        let made = template::parse(key, source)
            .and_then(|template| rendering.render(&template, room, None))
            .map_err(MigrateError::Template)?;
        room -= made.output.reveal().len();
        data.insert(key.clone(), made.output);
    }
    Ok(data)
}

fn compare(
    expected: &BTreeMap<KeyName, Plaintext>,
    made: &BTreeMap<KeyName, Plaintext>,
) -> Result<(), MigrateError> {
    let mut keys = expected.keys().chain(made.keys());
    match keys.find(|key| expected.get(*key) != made.get(*key)) {
        Some(key) => Err(MigrateError::Differs { key: key.clone() }),
        None => Ok(()),
    }
}

/// For comparing, and wiped afterwards.
fn copies(values: &BTreeMap<KeyName, Plaintext>) -> BTreeMap<KeyName, Plaintext> {
    let copy = |(key, value): (&KeyName, &Plaintext)| (key.clone(), value.duplicate());
    values.iter().map(copy).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> KeyName {
        name.parse().unwrap()
    }

    fn unsealed(values: &[(&str, &str)], template: SecretTemplate) -> Unsealed {
        let value = |(name, value): &(&str, &str)| (key(name), Plaintext::from(value.to_string()));
        let values = values.iter().map(value).collect();
        Unsealed::new(values, template, Label::cluster())
    }

    fn templates(data: &[(&str, Option<&str>)]) -> SecretTemplate {
        let source = |(name, source): &(&str, Option<&str>)| (key(name), source.map(str::to_owned));
        SecretTemplate {
            data: data.iter().map(source).collect(),
            ..SecretTemplate::default()
        }
    }

    fn annotated(name: &str) -> SecretTemplate {
        SecretTemplate {
            annotations: BTreeMap::from([(name.to_owned(), "true".to_owned())]),
            ..SecretTemplate::default()
        }
    }

    #[test]
    fn what_makes_the_same_secret_is_taken_over() {
        let mut template = templates(&[
            ("url", Some("https://{{ .user }}@db/{{ index . \"a-b\" }}")),
            ("user", Some("never counts")),
            ("gone", None),
        ]);
        template.secret_type = Some("example.com/x".to_owned());
        template.immutable = Some(true);
        template.labels = BTreeMap::from([("app".to_owned(), "shop".to_owned())]);
        for name in [CLUSTER_WIDE_ANNOTATION, MANAGED_ANNOTATION, "note"] {
            template
                .annotations
                .insert(name.to_owned(), "true".to_owned());
        }
        let parts = unsealed(&[("user", "ann"), ("a-b", "c")], template);
        let parts = parts.into_envelope_parts().unwrap();
        assert_eq!(parts.template.secret_type(), Some("example.com/x"));
        assert_eq!(parts.template.immutable(), Some(true));
        assert_eq!(parts.template.labels().len(), 1);
        let annotations: Vec<_> = parts.template.annotations().keys().collect();
        assert_eq!(annotations, ["note"]);
        assert!(parts.template.data().keys().eq([&key("url")]));
        let [managed, never] = parts.left_out.as_slice() else {
            panic!("{:?}", parts.left_out)
        };
        assert!(managed.contains(MANAGED_ANNOTATION) && never.contains("`user`"));
    }

    #[test]
    fn what_an_envelope_cannot_say_is_told_and_no_value_with_it() {
        let finalizers = SecretTemplate {
            finalizers: vec!["example.com/x".to_owned()],
            ..SecretTemplate::default()
        };
        for (template, expected) in [
            (finalizers, "finalizers"),
            (annotated(PATCH_ANNOTATION), PATCH_ANNOTATION),
            (
                annotated(SKIP_SET_OWNER_REFERENCES_ANNOTATION),
                SKIP_SET_OWNER_REFERENCES_ANNOTATION,
            ),
            (annotated("kubectl.kubernetes.io/x"), "reserved"),
            (templates(&[("password", None)]), "takes the value"),
            // A neighbour's raw text is not to be seen in an envelope.
            (
                templates(&[("a", Some("x")), ("b", Some("{{ .a }}"))]),
                "one of the formats only",
            ),
            (
                templates(&[("b", Some("{{ .missing }}"))]),
                "one of the formats only",
            ),
            (
                templates(&[("b", Some("{{ range $k, $v := . }}{{ $k }} {{ end }}"))]),
                "something else",
            ),
        ] {
            let parts = unsealed(&[("password", "hunter2")], template);
            let error = parts.into_envelope_parts().unwrap_err();
            let text = format!("{error} {error:?}");
            assert!(text.contains(expected), "{text}");
            assert!(!text.contains("hunter2"), "{text}");
        }
    }
}
