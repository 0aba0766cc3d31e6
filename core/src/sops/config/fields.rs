//! Fields of mappings as go-yaml gives them to sops: scalars for texts, merge keys, nothing for null.

use crate::manifest::{Kind, Node, Place, Resolved};

use super::Strictness;
use super::error::{SopsConfigError, Warning};

/// The fields of one mapping, those that `<<` brings in included.
pub(super) struct Fields<'s> {
    /// What the mapping is called in errors.
    name: &'static str,
    found: Vec<(&'s str, Node<'s>, Place)>,
}

impl<'s> Fields<'s> {
    pub(super) fn read(node: Node<'s>, name: &'static str) -> Result<Self, SopsConfigError> {
        let found = Vec::new();
        let mut fields = Self { name, found };
        if !is_null(node) {
            fields.add(node, "a mapping", MERGES_MAX)?;
        }
        Ok(fields)
    }

    /// What stands in the mapping itself wins over what is merged in, and what is merged first over what comes later.
    fn add(
        &mut self,
        node: Node<'s>,
        expected: &'static str,
        merges: usize,
    ) -> Result<(), SopsConfigError> {
        if node.resolved().kind() != Kind::Mapping {
            return Err(wrong(node, self.name, expected));
        }
        let mut merged = Vec::new();
        for (key, value) in node.entries() {
            let Some(name) = key.text() else {
                return Err(wrong(key, self.name, "a mapping with names as keys"));
            };
            if name == "<<" {
                match value.resolved().kind() {
                    Kind::Sequence => merged.extend(value.items()),
                    _ => merged.push(value),
                }
            } else if !self.found.iter().any(|(known, ..)| *known == name) {
                self.found.push((name, value, key.place()));
            }
        }
        for node in merged {
            let Some(left) = merges.checked_sub(1) else {
                return Err(SopsConfigError::TooMany {
                    at: node.place(),
                    what: "nested merge keys",
                    limit: MERGES_MAX,
                });
            };
            self.add(node, "merged with mappings only", left)?;
        }
        Ok(())
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&'s str, Node<'s>)> {
        self.found.iter().map(|(name, value, _)| (*name, *value))
    }

    fn place(&self, field: &str) -> Place {
        let found = self.found.iter().find(|(name, ..)| *name == field);
        found.map_or(Place::START, |(.., at)| *at)
    }
}

/// How strictly a file is read, and what was passed over so far.
pub(super) struct Context {
    strictness: Strictness,
    pub(super) warnings: Vec<Warning>,
    /// How many keys and groups may still come: aliases can repeat them without end.
    left: usize,
}

impl Context {
    pub(super) fn new(strictness: Strictness) -> Self {
        Self {
            strictness,
            warnings: Vec::new(),
            left: KEYS_MAX,
        }
    }

    pub(super) fn is_strict(&self) -> bool {
        self.strictness == Strictness::Strict
    }

    /// Warns where that is enough.
    pub(super) fn warn(&mut self, warning: Warning) -> Result<(), SopsConfigError> {
        if self.is_strict() {
            return Err(SopsConfigError::Refused(warning));
        }
        if self.warnings.len() < WARNINGS_MAX {
            self.warnings.push(warning);
        }
        Ok(())
    }

    pub(super) fn unknown(
        &mut self,
        fields: &Fields<'_>,
        name: &str,
        known: &[&str],
    ) -> Result<(), SopsConfigError> {
        let shown = name.chars().take(SHOWN_CHARACTERS);
        self.warn(Warning::UnknownField {
            at: fields.place(name),
            field: shown.flat_map(char::escape_debug).collect(),
            known: known.join("`, `"),
        })
    }

    /// An empty rule is passed over where that is allowed; otherwise its reader will refuse it.
    pub(super) fn skips_null(&self, rule: Node<'_>) -> bool {
        !self.is_strict() && is_null(rule)
    }

    /// Counts one more key or group.
    pub(super) fn count(&mut self, node: Node<'_>) -> Result<(), SopsConfigError> {
        match self.left.checked_sub(1) {
            Some(left) => self.left = left,
            None => {
                return Err(SopsConfigError::TooMany {
                    at: node.place(),
                    what: "keys and key groups",
                    limit: KEYS_MAX,
                });
            }
        }
        Ok(())
    }

    pub(super) fn cap(
        &self,
        found: usize,
        limit: usize,
        node: Node<'_>,
        what: &'static str,
    ) -> Result<(), SopsConfigError> {
        let at = node.place();
        match found > limit {
            true => Err(SopsConfigError::TooMany { at, what, limit }),
            false => Ok(()),
        }
    }

    pub(super) fn list<'s>(
        &self,
        field: &'static str,
        node: Node<'s>,
    ) -> Result<Vec<Node<'s>>, SopsConfigError> {
        match node.resolved().kind() {
            Kind::Sequence => Ok(node.items().collect()),
            _ if is_null(node) => Ok(Vec::new()),
            _ => Err(wrong(node, field, "a list")),
        }
    }
}

/// The text of a scalar; nothing for null.
pub(super) fn text<'s>(field: &'static str, node: Node<'s>) -> Result<&'s str, SopsConfigError> {
    match node.text() {
        Some(_) if is_null(node) => Ok(""),
        Some(text) => Ok(text),
        None => Err(wrong(node, field, "text")),
    }
}

pub(super) fn truth(field: &'static str, node: Node<'_>) -> Result<bool, SopsConfigError> {
    match node.resolve() {
        Some(Resolved::Bool(truth)) => Ok(truth),
        Some(Resolved::Null) => Ok(false),
        // go-yaml takes those of YAML 1.1 where a truth value is expected.
        _ => match node.text() {
            Some("y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON") => Ok(true),
            Some("n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF") => Ok(false),
            _ => Err(wrong(node, field, "`true` or `false`")),
        },
    }
}

pub(super) fn number(field: &'static str, node: Node<'_>) -> Result<i64, SopsConfigError> {
    match node.resolve() {
        Some(Resolved::Int(number)) => Ok(number),
        Some(Resolved::Null) => Ok(0),
        _ => Err(wrong(node, field, "a whole number")),
    }
}

pub(super) fn is_null(node: Node<'_>) -> bool {
    node.resolve() == Some(Resolved::Null)
}

pub(super) fn wrong(
    node: Node<'_>,
    field: &'static str,
    expected: &'static str,
) -> SopsConfigError {
    SopsConfigError::WrongType {
        at: node.place(),
        field,
        expected,
    }
}

const MERGES_MAX: usize = 16;
const KEYS_MAX: usize = 10_000;
const WARNINGS_MAX: usize = 100;
const SHOWN_CHARACTERS: usize = 64;
