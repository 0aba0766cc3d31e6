//! Creation rules: which files, for whom, and what is encrypted in them.

use crate::manifest::{Node, Place};
use crate::sops::selector::{Selector, SelectorKind};
use crate::template::Expression;

use super::error::{SopsConfigError, Warning};
use super::fields::{Context, Fields, is_null, number, text, truth};
use super::groups::{Group, Provider};

/// What holds for one file.
#[derive(Debug)]
pub struct Rule {
    /// Its number among the rules of the file, from 1.
    pub number: usize,
    /// Where it stands.
    pub at: Place,
    /// For whom: one group, or several that hold a share each. A rule without keys has one empty group.
    pub groups: Vec<Group>,
    /// How many groups it takes, where the rule says so. With one group it means nothing.
    pub threshold: Option<usize>,
    /// Its selector; `None` leaves the choice to flags and defaults.
    pub selector: Option<Selector>,
    /// True when the MAC counts encrypted values only.
    pub mac_only_encrypted: bool,
    /// The profile for AWS keys.
    pub aws_profile: Option<String>,
}

/// A rule as it is written.
#[derive(Debug)]
pub(super) struct CreationRule {
    number: usize,
    at: Place,
    path: PathPattern,
    flat: Group,
    groups: Vec<Group>,
    threshold: i64,
    threshold_at: Place,
    selectors: Vec<(SelectorKind, String, Place)>,
    mac_only_encrypted: bool,
    aws_profile: Option<String>,
}

/// The expression of `path_regex`.
#[derive(Debug, Clone)]
pub(super) struct PathPattern {
    text: String,
    at: Place,
}

impl CreationRule {
    pub(super) fn read(
        number_of_rule: usize,
        node: Node<'_>,
        context: &mut Context,
    ) -> Result<Self, SopsConfigError> {
        let at = node.place();
        if is_null(node) {
            context.warn(Warning::EmptyRule { at })?;
        }
        let fields = Fields::read(node, "creation_rules")?;
        let mut rule = Self {
            number: number_of_rule,
            at,
            path: PathPattern::everything(at),
            flat: Group::default(),
            groups: Vec::new(),
            threshold: 0,
            threshold_at: at,
            selectors: Vec::new(),
            mac_only_encrypted: false,
            aws_profile: None,
        };
        for (name, value) in fields.iter() {
            let provider = Provider::ALL
                .into_iter()
                .find(|provider| provider.flat_field() == name);
            let selector = SelectorKind::ALL
                .into_iter()
                .find(|kind| kind.name() == name);
            match name {
                "path_regex" => rule.path = PathPattern::read(value)?,
                "age" => rule.flat.add_flat(None, value, context)?,
                "aws_profile" => {
                    rule.aws_profile = Some(text("aws_profile", value)?.to_owned());
                }
                "key_groups" => {
                    let groups = context.list("key_groups", value)?;
                    context.cap(groups.len(), GROUPS_MAX, value, "key groups")?;
                    for group in groups {
                        rule.groups.push(Group::read(group, context)?);
                    }
                }
                "shamir_threshold" => {
                    rule.threshold = number("shamir_threshold", value)?;
                    rule.threshold_at = value.place();
                }
                "mac_only_encrypted" => {
                    rule.mac_only_encrypted = truth("mac_only_encrypted", value)?;
                }
                _ => match (provider, selector) {
                    (Some(provider), _) => rule.flat.add_flat(Some(provider), value, context)?,
                    (_, Some(kind)) => {
                        let text = text(kind.name(), value)?.to_owned();
                        rule.selectors.push((kind, text, value.place()));
                    }
                    _ => context.unknown(&fields, name, &RULE_FIELDS)?,
                },
            }
        }
        if context.is_strict() {
            rule.path.compile()?;
            rule.resolve()?.check()?;
        }
        Ok(rule)
    }

    pub(super) fn matches(&self, path: &str) -> Result<bool, SopsConfigError> {
        self.path.matches(path)
    }

    /// What holds for a file that it matches.
    pub(super) fn resolve(&self) -> Result<Rule, SopsConfigError> {
        let given = self.selectors.iter();
        let given = given.map(|(kind, text, _)| (*kind, text.as_str()));
        let selector = Selector::only(given).map_err(|source| {
            let last = self.selectors.last();
            let at = last.map_or(self.at, |(.., at)| *at);
            SopsConfigError::Selector {
                at,
                source: Box::new(source),
            }
        })?;
        let groups = match self.groups.is_empty() {
            true => vec![self.flat.clone()],
            false => self.groups.clone(),
        };
        let threshold = match usize::try_from(self.threshold) {
            Ok(0) => None,
            Ok(threshold) => Some(threshold),
            Err(_) => {
                let at = self.threshold_at;
                return Err(SopsConfigError::Threshold { at });
            }
        };
        Ok(Rule {
            number: self.number,
            at: self.at,
            groups,
            threshold,
            selector,
            mac_only_encrypted: self.mac_only_encrypted,
            aws_profile: self.aws_profile.clone(),
        })
    }
}

impl Rule {
    /// Refuses what sops would refuse only once it closes a file by this rule.
    ///
    /// # Errors
    ///
    /// [`SopsConfigError::NoKeys`] for a group without keys among several, [`SopsConfigError::Threshold`].
    pub fn check(&self) -> Result<(), SopsConfigError> {
        let at = self.at;
        let several = self.groups.len() > 1;
        if several && self.groups.iter().any(Group::is_empty) {
            let what = "key group";
            return Err(SopsConfigError::NoKeys { at, what });
        }
        let fits = |threshold| (2..=self.groups.len()).contains(&threshold);
        match self.threshold {
            Some(threshold) if several && !fits(threshold) => {
                Err(SopsConfigError::Threshold { at })
            }
            _ => Ok(()),
        }
    }
}

impl PathPattern {
    /// What holds where nothing is said.
    pub(super) fn everything(at: Place) -> Self {
        let text = String::new();
        Self { text, at }
    }

    pub(super) fn read(node: Node<'_>) -> Result<Self, SopsConfigError> {
        Ok(Self {
            text: text("path_regex", node)?.to_owned(),
            at: node.place(),
        })
    }

    /// Checks that Go would compile it.
    pub(super) fn compile(&self) -> Result<Expression, SopsConfigError> {
        Expression::new(&self.text).map_err(|fault| SopsConfigError::Pattern {
            at: self.at,
            field: "path_regex",
            rule: fault.to_string(),
        })
    }

    pub(super) fn matches(&self, path: &str) -> Result<bool, SopsConfigError> {
        Ok(self.text.is_empty() || self.compile()?.is_match(path))
    }
}

const GROUPS_MAX: usize = 255;
const RULE_FIELDS: [&str; 18] = [
    "path_regex",
    "age",
    "pgp",
    "kms",
    "gcp_kms",
    "hckms",
    "azure_keyvault",
    "hc_vault_transit_uri",
    "aws_profile",
    "key_groups",
    "shamir_threshold",
    "unencrypted_suffix",
    "encrypted_suffix",
    "unencrypted_regex",
    "encrypted_regex",
    "unencrypted_comment_regex",
    "encrypted_comment_regex",
    "mac_only_encrypted",
];
