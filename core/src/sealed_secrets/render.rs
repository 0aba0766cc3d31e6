//! From opened values to the data of the Secret, by the rules of Sealed Secrets 0.40.
//!
//! Templates see the opened values, and each other's raw text. A sealed value wins over a template of
//! its name, which must render all the same; a null takes a sealed value out of the Secret and leaves
//! it to the templates.

use std::collections::BTreeMap;

use super::template::SecretTemplate;
use super::unseal::Unsealed;
use crate::names::KeyName;
use crate::plaintext::Plaintext;
use crate::template::{self, MissingKeys, TemplateError};

impl Unsealed {
    /// Renders the templates; what comes out is the data of the Secret, and the template that says
    /// the rest.
    ///
    /// # Errors
    /// The first template that does not parse or render, by the order of their keys. The error holds
    /// no value, nor what a template made of one.
    pub fn render(self) -> Result<(BTreeMap<KeyName, Plaintext>, SecretTemplate), TemplateError> {
        let Self {
            mut values,
            template,
            ..
        } = self;
        if template.data.is_empty() {
            return Ok((values, template));
        }
        let mut borrowed = Vec::new();
        for (key, source) in &template.data {
            if let Some(source) = source
                && !values.contains_key(key)
            {
                values.insert(key.clone(), Plaintext::from(source.as_bytes()));
                borrowed.push(key);
            }
        }
        let mut rendered = BTreeMap::new();
        for (key, source) in &template.data {
            let Some(source) = source else { continue };
            let output = template::parse(key, source)?.render_with(&values, MissingKeys::AsGo)?;
            if borrowed.contains(&key) {
                rendered.insert(key.clone(), output);
            }
        }
        values.retain(|key, _| template.data.get(key) != Some(&None));
        values.append(&mut rendered);
        Ok((values, template))
    }
}
