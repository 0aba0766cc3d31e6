//! Where files are published, and how stores indent: read for the `sops` personality.

use crate::manifest::Node;

use super::error::SopsConfigError;
use super::fields::{Context, Fields, is_null, number, text, truth};
use super::rule::{CreationRule, PathPattern, Rule};

/// A rule of `destination_rules`.
#[derive(Debug)]
pub struct DestinationRule {
    path: PathPattern,
    /// The destinations that it names.
    pub destinations: Vec<Destination>,
    /// True when names lose their extensions.
    pub omit_extensions: bool,
    recreation: Option<CreationRule>,
}

/// A place that files are published to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// A bucket of S3 and a prefix.
    S3(String, String),
    /// A bucket of Google Cloud Storage and a prefix.
    Gcs(String, String),
    /// A path of HashiCorp Vault.
    Vault {
        /// The path.
        path: String,
        /// The server.
        address: String,
        /// The mount of the key-value engine.
        mount: String,
        /// The version of that engine; 0 where nothing is said.
        version: i64,
    },
    /// A directory of this machine, relative to that of the configuration. sops itself passes the field over.
    Local(String),
}

/// Spaces for each level, where the configuration says so.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Indents {
    /// Of YAML files.
    pub yaml: Option<i64>,
    /// Of JSON files; -1 is a tab.
    pub json: Option<i64>,
    /// Of the JSON around binary files.
    pub json_binary: Option<i64>,
}

impl DestinationRule {
    pub(super) fn read(node: Node<'_>, context: &mut Context) -> Result<Self, SopsConfigError> {
        let fields = Fields::read(node, "destination_rules")?;
        let mut rule = Self {
            path: PathPattern::everything(node.place()),
            destinations: Vec::new(),
            omit_extensions: false,
            recreation: None,
        };
        let [mut s3, mut gcs, mut vault] = [(); 3].map(|()| (String::new(), String::new()));
        let (mut mount, mut version, mut local) = (String::new(), 0, String::new());
        for (name, value) in fields.iter() {
            let known = TEXTS.iter().find(|known| **known == name);
            let value_text = known.map(|field| text(field, value).map(str::to_owned));
            let value_text = value_text.transpose()?.unwrap_or_default();
            match name {
                "path_regex" => rule.path = PathPattern::read(value)?,
                "s3_bucket" => s3.0 = value_text,
                "s3_prefix" => s3.1 = value_text,
                "gcs_bucket" => gcs.0 = value_text,
                "gcs_prefix" => gcs.1 = value_text,
                "vault_path" => vault.0 = value_text,
                "vault_address" => vault.1 = value_text,
                "vault_kv_mount_name" => mount = value_text,
                "local_path" => local = value_text,
                "vault_kv_version" => version = number("vault_kv_version", value)?,
                "omit_extensions" => rule.omit_extensions = truth("omit_extensions", value)?,
                "recreation_rule" if is_null(value) => {}
                "recreation_rule" => {
                    rule.recreation = Some(CreationRule::read(1, value, context)?);
                }
                _ => context.unknown(&fields, name, &DESTINATION_FIELDS)?,
            }
        }
        if !s3.0.is_empty() {
            rule.destinations.push(Destination::S3(s3.0, s3.1));
        }
        if !gcs.0.is_empty() {
            rule.destinations.push(Destination::Gcs(gcs.0, gcs.1));
        }
        if !vault.0.is_empty() {
            rule.destinations.push(Destination::Vault {
                path: vault.0,
                address: vault.1,
                mount,
                version,
            });
        }
        if !local.is_empty() {
            rule.destinations.push(Destination::Local(local));
        }
        if context.is_strict() {
            rule.path.compile()?;
        }
        Ok(rule)
    }

    pub(super) fn matches(&self, path: &str) -> Result<bool, SopsConfigError> {
        self.path.matches(path)
    }

    /// By which rule files are closed anew for this destination, where there is one.
    ///
    /// # Errors
    ///
    /// What is wrong with its selectors and threshold.
    pub fn recreation_rule(&self) -> Result<Option<Rule>, SopsConfigError> {
        self.recreation
            .as_ref()
            .map(CreationRule::resolve)
            .transpose()
    }
}

impl Indents {
    pub(super) fn read(node: Node<'_>, context: &mut Context) -> Result<Self, SopsConfigError> {
        let mut indents = Self::default();
        let stores = Fields::read(node, "stores")?;
        for (name, value) in stores.iter() {
            let place = match name {
                "yaml" => &mut indents.yaml,
                "json" => &mut indents.json,
                "json_binary" => &mut indents.json_binary,
                "dotenv" | "ini" => continue,
                _ => {
                    context.unknown(&stores, name, &STORES)?;
                    continue;
                }
            };
            let fields = Fields::read(value, "stores")?;
            for (name, value) in fields.iter() {
                match name {
                    "indent" => *place = Some(number("indent", value)?),
                    _ => context.unknown(&fields, name, &["indent"])?,
                }
            }
        }
        Ok(indents)
    }
}

const STORES: [&str; 5] = ["dotenv", "ini", "json", "json_binary", "yaml"];
const TEXTS: [&str; 8] = [
    "s3_bucket",
    "s3_prefix",
    "gcs_bucket",
    "gcs_prefix",
    "vault_path",
    "vault_address",
    "vault_kv_mount_name",
    "local_path",
];
const DESTINATION_FIELDS: [&str; 12] = [
    "path_regex",
    "s3_bucket",
    "s3_prefix",
    "gcs_bucket",
    "gcs_prefix",
    "vault_path",
    "vault_address",
    "vault_kv_mount_name",
    "vault_kv_version",
    "local_path",
    "recreation_rule",
    "omit_extensions",
];
