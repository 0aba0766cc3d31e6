//! From opened values to the data of the Secret, by the rules of Sealed Secrets 0.40.
//!
//! Templates see the opened values, and each other's raw text. A sealed value wins over a template of
//! its name, which must render all the same; a null takes a sealed value out of the Secret and leaves
//! it to the templates.

use std::collections::{BTreeMap, BTreeSet};

use super::template::SecretTemplate;
use super::unseal::Unsealed;
use crate::names::KeyName;
use crate::plaintext::Plaintext;
use crate::secret::MAX_SECRET_BYTES;
use crate::template::{self, MissingKeys, Rendering, TemplateError};

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
        let mut borrowed = BTreeSet::new();
        for (key, source) in &template.data {
            if let Some(source) = source
                && !values.contains_key(key)
            {
                values.insert(key.clone(), Plaintext::from(source.as_bytes()));
                borrowed.insert(key);
            }
        }
        let mut rendering = Rendering::new(&values, MissingKeys::AsGo);
        // The raw text of a template makes way for its output.
        values.retain(|key, _| template.data.get(key) != Some(&None) && !borrowed.contains(&key));
        let taken: usize = values.values().map(|value| value.reveal().len()).sum();
        let mut room = MAX_SECRET_BYTES.saturating_sub(taken);
        for (key, source) in &template.data {
            let Some(source) = source else { continue };
            let parsed = template::parse(key, source)?;
            let is_kept = borrowed.contains(&key);
            let room_now = if is_kept { room } else { usize::MAX };
            let output = rendering.render(&parsed, room_now, None)?.output;
            if is_kept {
                room -= output.reveal().len();
                values.insert(key.clone(), output);
            }
        }
        Ok((values, template))
    }
}
