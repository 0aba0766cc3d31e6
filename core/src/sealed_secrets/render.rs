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
use crate::template::{self, Functions, MissingKeys, Rendering, Surroundings, TemplateError};

/// What an opened resource was rendered to.
pub struct RenderedSecret {
    /// The data of the Secret.
    pub data: BTreeMap<KeyName, Plaintext>,
    /// What says the rest.
    pub template: SecretTemplate,
    /// Whether the clock or chance had a part in it, so that it would be another one the next time.
    pub varies: bool,
}

impl Unsealed {
    /// Renders the templates; what comes out is the data of the Secret, and the template that says
    /// the rest. Functions that look at the clock or at chance fail.
    ///
    /// # Errors
    /// As [`Unsealed::render_with`].
    pub fn render(self) -> Result<(BTreeMap<KeyName, Plaintext>, SecretTemplate), TemplateError> {
        let rendered = self.render_with(None)?;
        Ok((rendered.data, rendered.template))
    }

    /// Renders the templates with what they may take from outside.
    ///
    /// # Errors
    /// The first template that does not parse or render, by the order of their keys. The error holds
    /// no value, nor what a template made of one.
    pub fn render_with(
        self,
        mut surroundings: Option<&mut Surroundings>,
    ) -> Result<RenderedSecret, TemplateError> {
        let Self {
            values: mut data,
            template,
            ..
        } = self;
        let mut borrowed = BTreeSet::new();
        for (key, source) in &template.data {
            if let Some(source) = source
                && !data.contains_key(key)
            {
                data.insert(key.clone(), Plaintext::from(source.as_bytes()));
                borrowed.insert(key);
            }
        }
        let mut rendering = Rendering::new(&data, MissingKeys::AsGo);
        // The raw text of a template makes way for its output.
        data.retain(|key, _| template.data.get(key) != Some(&None) && !borrowed.contains(&key));
        let taken: usize = data.values().map(|value| value.reveal().len()).sum();
        let (mut room, mut varies) = (MAX_SECRET_BYTES.saturating_sub(taken), false);
        for (key, source) in &template.data {
            let Some(source) = source else { continue };
            let parsed = template::parse_with(key, source, Functions::All)?;
            let is_kept = borrowed.contains(&key);
            let room_now = if is_kept { room } else { usize::MAX };
            let made = rendering.render(&parsed, room_now, surroundings.as_deref_mut())?;
            if is_kept {
                room -= made.output.reveal().len();
                varies |= made.varies;
                data.insert(key.clone(), made.output);
            }
        }
        Ok(RenderedSecret {
            data,
            template,
            varies,
        })
    }
}
