//! Where the output goes, and in which language.

use std::path::Path;

use bulla_core::sealed_secrets::{to_json, to_yaml};
use serde_json::Value;
use zeroize::Zeroizing;

use super::args::Args;
use super::error::KubesealError;
use crate::atomic::{NewFile, Replacement, replace};
use crate::failure::Failure;
use crate::printer::Printer;

/// The language of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    /// One object after the other, indented by two blanks.
    Json,
    /// Documents, each after a `---`.
    Yaml,
}

/// Where the output goes.
pub(super) struct Output<'a> {
    file: Option<&'a Path>,
    /// In which language resources are written.
    pub(super) language: Language,
    printer: &'a Printer,
}

impl<'a> Output<'a> {
    /// By the flags. The name of a YAML file beats `--format`.
    ///
    /// # Errors
    /// `Format`.
    pub(super) fn new(args: &'a Args, printer: &'a Printer) -> Result<Self, KubesealError> {
        let file = args.sealed_secret_file.as_deref();
        let file = file.filter(|path| !path.as_os_str().is_empty());
        let named_yaml = file
            .and_then(Path::extension)
            .is_some_and(|extension| extension == "yaml" || extension == "yml");
        let language = match args.format.to_ascii_lowercase().as_str() {
            _ if named_yaml => Language::Yaml,
            "json" | "" => Language::Json,
            "yaml" => Language::Yaml,
            _ => return Err(KubesealError::Format(args.format.clone())),
        };
        Ok(Self {
            file,
            language,
            printer,
        })
    }

    /// Writes resources.
    pub(super) fn resources(&self, resources: &[Value], new_file: NewFile) -> Result<(), Failure> {
        let mut text = Zeroizing::new(String::new());
        for resource in resources {
            match self.language {
                Language::Json => text.push_str(&to_json(resource)),
                Language::Yaml => {
                    text.push_str("---\n");
                    text.push_str(&to_yaml(resource));
                }
            }
        }
        self.bytes(text.as_bytes(), new_file)
    }

    /// Writes bytes as they are.
    pub(super) fn bytes(&self, bytes: &[u8], new_file: NewFile) -> Result<(), Failure> {
        match self.file {
            Some(path) => {
                replace(&[Replacement {
                    path,
                    bytes,
                    new_file,
                }])?;
                Ok(())
            }
            None => self.printer.data(bytes),
        }
    }
}
