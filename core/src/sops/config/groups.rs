//! The keys of a rule: key groups, and the flat lists that make one group.

use std::collections::HashSet;
use std::fmt;

use crate::manifest::{Kind, Node, Place};

use super::error::SopsConfigError;
use super::fields::{Context, Fields, is_null, text, wrong};

/// Everyone who gets the same share of a data key; with one group, the whole key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Group {
    /// Age recipients, in their order. The flat list of a rule may name one twice, as sops lets it.
    pub age: Vec<AgeKey>,
    /// Keys of other providers, in their order.
    pub others: Vec<OtherKey>,
}

/// An age recipient as it is written: nothing of it was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgeKey {
    /// Its text.
    pub text: String,
    /// Where it stands.
    pub at: Place,
}

/// A key of another provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherKey {
    /// Whose it is.
    pub provider: Provider,
    /// What names it there: a fingerprint, an ARN, a URL.
    pub id: String,
    /// Where it stands.
    pub at: Place,
}

/// Providers of keys that are kept and reported, and not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Provider {
    /// PGP, by fingerprints.
    Pgp,
    /// AWS KMS, by ARNs.
    Kms,
    /// Google Cloud KMS, by resources.
    GcpKms,
    /// Huawei Cloud KMS, by key ids.
    HcKms,
    /// Azure Key Vault, by URLs.
    AzureKv,
    /// The transit engine of HashiCorp Vault, by URLs.
    HcVault,
}

impl Provider {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Kms,
        Self::GcpKms,
        Self::HcKms,
        Self::AzureKv,
        Self::HcVault,
        Self::Pgp,
    ];

    /// Its name in the `sops` block of files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pgp => "pgp",
            Self::Kms => "kms",
            Self::GcpKms => "gcp_kms",
            Self::HcKms => "hckms",
            Self::AzureKv => "azure_kv",
            Self::HcVault => "hc_vault",
        }
    }

    /// Its field in a rule of `.sops.yaml`.
    pub(super) fn flat_field(self) -> &'static str {
        match self {
            Self::AzureKv => "azure_keyvault",
            Self::HcVault => "hc_vault_transit_uri",
            other => other.name(),
        }
    }

    /// Its field in a key group of `.sops.yaml`.
    fn group_field(self) -> &'static str {
        match self {
            Self::AzureKv => "azure_keyvault",
            other => other.name(),
        }
    }

    /// The fields of a key in a key group, that which names it first; none where keys are texts.
    fn key_fields(self) -> &'static [&'static str] {
        match self {
            Self::Kms => &["arn", "role", "context", "aws_profile"],
            Self::GcpKms => &["resource_id"],
            Self::HcKms => &["key_id"],
            Self::AzureKv => &["vaultUrl", "key", "version"],
            Self::HcVault | Self::Pgp => &[],
        }
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Group {
    /// True where nobody would get the share.
    pub fn is_empty(&self) -> bool {
        self.age.is_empty() && self.others.is_empty()
    }

    /// Adds what stands in a flat list: a text with commas, or a list of texts.
    pub(super) fn add_flat(
        &mut self,
        provider: Option<Provider>,
        node: Node<'_>,
        context: &mut Context,
    ) -> Result<(), SopsConfigError> {
        let field = provider.map_or("age", Provider::flat_field);
        let nodes: Vec<Node<'_>> = match node.resolved().kind() {
            Kind::Sequence => node.items().collect(),
            Kind::Mapping => return Err(wrong(node, field, "text, or a list of texts")),
            _ => vec![node],
        };
        for node in nodes {
            self.add_texts(provider, text(field, node)?, node, context)?;
        }
        Ok(())
    }

    fn add_texts(
        &mut self,
        provider: Option<Provider>,
        texts: &str,
        node: Node<'_>,
        context: &mut Context,
    ) -> Result<(), SopsConfigError> {
        let at = node.place();
        let texts = texts.split(',').map(str::trim);
        for text in texts.filter(|text| !text.is_empty()) {
            context.count(node)?;
            let text = text.to_owned();
            match provider {
                None => self.age.push(AgeKey { text, at }),
                Some(provider) => self.others.push(OtherKey {
                    provider,
                    id: text,
                    at,
                }),
            }
        }
        Ok(())
    }

    /// Reads an item of `key_groups`, with what its `merge` brings in; each key stands in it once.
    pub(super) fn read(node: Node<'_>, context: &mut Context) -> Result<Self, SopsConfigError> {
        let mut group = Self::default();
        group.add_group(node, context, MERGES_MAX)?;
        let mut seen = HashSet::new();
        group.age.retain(|key| seen.insert(key.text.clone()));
        let mut seen = HashSet::new();
        let others = &mut group.others;
        others.retain(|key| seen.insert((key.provider, key.id.clone())));
        Ok(group)
    }

    fn add_group(
        &mut self,
        node: Node<'_>,
        context: &mut Context,
        merges: usize,
    ) -> Result<(), SopsConfigError> {
        context.count(node)?;
        let fields = Fields::read(node, "key_groups")?;
        let mut merged = Vec::new();
        for (name, value) in fields.iter() {
            let provider = Provider::ALL
                .into_iter()
                .find(|provider| provider.group_field() == name);
            match (name, provider) {
                ("age", _) => {
                    for item in context.list("age", value)? {
                        self.add_texts(None, text("age", item)?, item, context)?;
                    }
                }
                ("merge", _) => merged = context.list("merge", value)?,
                (_, Some(provider)) => {
                    for item in context.list(provider.group_field(), value)? {
                        self.add_other(provider, item, context)?;
                    }
                }
                _ => context.unknown(&fields, name, &GROUP_FIELDS)?,
            }
        }
        for node in merged {
            let Some(left) = merges.checked_sub(1) else {
                return Err(SopsConfigError::TooMany {
                    at: node.place(),
                    what: "key groups merged into each other",
                    limit: MERGES_MAX,
                });
            };
            self.add_group(node, context, left)?;
        }
        Ok(())
    }

    fn add_other(
        &mut self,
        provider: Provider,
        node: Node<'_>,
        context: &mut Context,
    ) -> Result<(), SopsConfigError> {
        let known = provider.key_fields();
        let Some(naming) = known.first() else {
            return self.add_texts(
                Some(provider),
                text(provider.group_field(), node)?,
                node,
                context,
            );
        };
        context.count(node)?;
        let fields = Fields::read(node, provider.group_field())?;
        let mut id = String::new();
        for (name, value) in fields.iter() {
            match known.iter().find(|known| **known == name) {
                Some(_) if name == "context" || is_null(value) => {}
                Some(field) if field == naming => id = text(field, value)?.to_owned(),
                Some(field) => text(field, value).map(drop)?,
                None => context.unknown(&fields, name, known)?,
            }
        }
        self.others.push(OtherKey {
            provider,
            id,
            at: node.place(),
        });
        Ok(())
    }
}

const MERGES_MAX: usize = 16;
const GROUP_FIELDS: [&str; 8] = [
    "age",
    "azure_keyvault",
    "gcp_kms",
    "hc_vault",
    "hckms",
    "kms",
    "merge",
    "pgp",
];
