//! `.sops.yaml`: for whom sops closes new files, and what it encrypts in them.
//!
//! [`SopsConfig::parse`] reads the file, [`SopsConfig::rule_for`] gives what holds for one path. Both know two
//! manners: [`Strictness::Strict`] is Bulla's own and refuses whatever could send a secret to the wrong people
//! or leave it in clear; [`Strictness::Lenient`] is that of the `sops` personality, where a field that nobody
//! knows is a [`Warning`], and a rule that no path reaches may be broken.
//!
//! Recipients stay text: which kinds can be closed for is up to the caller. Keys of other providers are kept
//! by their ids.
//!
//! # Caveats
//!
//! Nothing here opens a file: the directory walk is the caller's.

mod destination;
mod error;
mod fields;
mod groups;
mod rule;
#[cfg(test)]
mod tests;

use crate::manifest::{Format, Kind, Node, Stream};

pub use destination::{Destination, DestinationRule, Indents};
pub use error::{SopsConfigError, Warning};
pub use groups::{AgeKey, Group, OtherKey, Provider};
pub use rule::Rule;

use fields::{Context, Fields};
use rule::CreationRule;

/// How much is forgiven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strictness {
    /// Bulla's own manner.
    Strict,
    /// That of the `sops` personality.
    Lenient,
}

/// A `.sops.yaml` that was read.
#[derive(Debug, Default)]
pub struct SopsConfig {
    /// `None` where the file has no `creation_rules`; then sops takes it for no configuration.
    creation: Option<Vec<CreationRule>>,
    destinations: Vec<DestinationRule>,
    indents: Indents,
    warnings: Vec<Warning>,
}

impl SopsConfig {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// [`SopsConfigError`] by variant, each with line and column; strictly, also what a lenient reader only warns of,
    /// and rules that can't be obeyed whether a path reaches them or not.
    pub fn parse(bytes: &[u8], strictness: Strictness) -> Result<Self, SopsConfigError> {
        if bytes.len() > CONFIG_BYTES_MAX {
            return Err(SopsConfigError::TooLarge {
                limit: CONFIG_BYTES_MAX,
            });
        }
        let stream = Stream::parse_sops(bytes, Format::Yaml)?;
        let mut context = Context::new(strictness);
        let mut documents = stream.documents();
        let root = documents.next().and_then(|document| document.root);
        if let Some(second) = documents.find_map(|document| document.root) {
            context.warn(Warning::SecondDocument { at: second.place() })?;
        }
        let mut config = Self::default();
        if let Some(root) = root {
            config.read(root, &mut context)?;
        }
        config.warnings = context.warnings;
        Ok(config)
    }

    fn read(&mut self, root: Node<'_>, context: &mut Context) -> Result<(), SopsConfigError> {
        let fields = Fields::read(root, ".sops.yaml")?;
        for (name, value) in fields.iter() {
            match name {
                "creation_rules" => {
                    let rules = context.list("creation_rules", value)?;
                    context.cap(rules.len(), RULES_MAX, value, "rules")?;
                    let creation = self.creation.insert(Vec::with_capacity(rules.len()));
                    for (number, rule) in (1..).zip(rules) {
                        if !context.skips_null(rule) {
                            creation.push(CreationRule::read(number, rule, context)?);
                        }
                    }
                }
                "destination_rules" => {
                    let rules = context.list("destination_rules", value)?;
                    context.cap(rules.len(), RULES_MAX, value, "rules")?;
                    for rule in rules {
                        self.destinations
                            .push(DestinationRule::read(rule, context)?);
                    }
                }
                "stores" => self.indents = Indents::read(value, context)?,
                // A shelf of anchors, which the rules below repeat.
                _ if has_anchor(value) => {}
                _ => context.unknown(&fields, name, &TOP_FIELDS)?,
            }
        }
        Ok(())
    }

    /// The rule for a file: the first that matches. `path` is relative to the directory of the configuration, with `/`
    /// between its parts; of a file elsewhere it is the whole path.
    ///
    /// # Errors
    ///
    /// [`SopsConfigError::NoRule`], and what is wrong with the rules up to the one that matches.
    pub fn rule_for(&self, path: &str) -> Result<Rule, SopsConfigError> {
        for rule in self.creation.iter().flatten() {
            if rule.matches(path)? {
                return rule.resolve();
            }
        }
        let path = path.to_owned();
        Err(SopsConfigError::NoRule { path })
    }

    /// The destination of a file that is published: the first whose expression matches.
    ///
    /// # Errors
    ///
    /// [`SopsConfigError::NoDestination`], and an expression that Go would not compile.
    pub fn destination_for(&self, path: &str) -> Result<&DestinationRule, SopsConfigError> {
        for rule in &self.destinations {
            if rule.matches(path)? {
                return Ok(rule);
            }
        }
        let path = path.to_owned();
        Err(SopsConfigError::NoDestination { path })
    }

    /// False where the file has no `creation_rules` at all: to sops it is as if it were not there.
    pub fn has_creation_rules(&self) -> bool {
        self.creation.is_some()
    }

    /// How far the stores are told to indent.
    pub fn indents(&self) -> Indents {
        self.indents
    }

    /// What a lenient reader passed over, in the order of the file.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }
}

/// True for names that look like files of dotenv and are binary to sops, such as `.env.production`: only the end of
/// a name counts to it.
pub fn is_disguised_dotenv(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let end = name.rsplit_once('.').map(|(_, end)| end);
    let known = end.is_some_and(|end| ["yaml", "yml", "json", "env", "ini"].contains(&end));
    !known && name.contains(".env.")
}

fn has_anchor(node: Node<'_>) -> bool {
    let below = |kind| matches!(kind, Kind::Mapping | Kind::Sequence);
    node.anchor().is_some() || below(node.kind()) && node.children().any(has_anchor)
}

/// The name of the file.
pub const SOPS_CONFIG_FILE: &str = ".sops.yaml";
/// A name that sops does not read.
pub const SOPS_CONFIG_MISNAMED: &str = ".sops.yml";
const CONFIG_BYTES_MAX: usize = 1024 * 1024;
const RULES_MAX: usize = 1000;
const TOP_FIELDS: [&str; 3] = ["creation_rules", "destination_rules", "stores"];
