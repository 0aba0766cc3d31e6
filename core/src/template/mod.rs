//! Output templates (stand-in until the branch `template` lands).
#![expect(missing_docs, reason = "stand-in")]
use crate::{names::KeyName, plaintext::Plaintext};
use std::collections::BTreeMap;
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("template")]
pub struct TemplateError;
pub struct Template(String);
pub fn parse(_: &KeyName, source: &str) -> Result<Template, TemplateError> {
    if source.contains("{{ bad") { Err(TemplateError) } else { Ok(Template(source.to_owned())) }
}
impl Template {
    pub fn render(&self, values: &BTreeMap<KeyName, Plaintext>) -> Result<Plaintext, TemplateError> {
        let mut out = self.0.clone();
        for (key, value) in values {
            out = out.replace(&format!("{{{{ .{key} }}}}"), &String::from_utf8_lossy(value.reveal()));
        }
        Ok(Plaintext::from(out))
    }
}
