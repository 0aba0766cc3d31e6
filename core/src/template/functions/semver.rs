//! Sprig's `semver` and `semverCompare`: versions, and constraints as `Masterminds/semver` 3.4 reads them.
//!
//! That library reads constraints by regular expressions whose preferences are not those of any plain
//! grammar, so that the same expressions are used here, through the engine that templates have anyway.

use std::cmp::Ordering;
use std::rc::Rc;

use super::regex::Regex;
use super::{Call, Function, Param, fixed};
use crate::template::error::TemplateFault as Fault;
use crate::template::object::{Object, Version, by_prerelease};
use crate::template::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    fixed("semver", &[Param::Text], |call| {
        let version = version(call, 0)?;
        Ok(Value::Object(Object::Version(Rc::new(version))))
    }),
    fixed("semverCompare", &[Param::Text, Param::Text], |call| {
        let text = call.text(0)?;
        let source = std::str::from_utf8(text.bytes()).map_err(|_| improper(call))?;
        let alternatives = alternatives(call, source)?;
        let version = version(call, 1)?;
        Ok(Value::Bool(alternatives.iter().any(|constraints| {
            let prereleases = constraints.iter().any(|c| !c.than.prerelease.is_empty());
            constraints.iter().all(|c| c.admits(&version, prereleases))
        })))
    }),
];

/// One comparison: `>= 1.2`, `~1`, `^0.3.x`.
struct Constraint {
    operator: Operator,
    than: Version,
    /// From which number on it is missing or a wildcard.
    wild: Wild,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    Greater,
    Less,
    GreaterOrEqual,
    LessOrEqual,
    Tilde,
    Caret,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Wild {
    No,
    Major,
    Minor,
    Patch,
}

impl Constraint {
    fn admits(&self, version: &Version, prereleases: bool) -> bool {
        if !version.prerelease.is_empty() && !prereleases {
            return false;
        }
        let (than, order) = (&self.than, version.order(&self.than));
        let wild = self.wild != Wild::No;
        match self.operator {
            Operator::Equal if wild => self.tilde(version),
            Operator::Equal => order.is_eq(),
            Operator::NotEqual => self.differs(version),
            Operator::Greater => match version.major.cmp(&than.major) {
                _ if !wild => order.is_gt(),
                Ordering::Equal if self.wild == Wild::Minor => false,
                Ordering::Equal if self.wild == Wild::Patch => version.minor > than.minor,
                Ordering::Equal => order.is_gt(),
                major => major.is_gt(),
            },
            Operator::Less => order.is_lt(),
            Operator::GreaterOrEqual => order.is_ge(),
            Operator::LessOrEqual if !wild => order.is_le(),
            Operator::LessOrEqual => {
                let minor = version.minor <= than.minor || self.wild == Wild::Minor;
                version.major < than.major || (version.major == than.major && minor)
            }
            Operator::Tilde => self.tilde(version),
            Operator::Caret => self.caret(version),
        }
    }

    fn differs(&self, version: &Version) -> bool {
        let than = &self.than;
        if self.wild == Wild::No {
            return version.order(than).is_ne();
        }
        if version.major != than.major {
            return true;
        }
        match self.wild {
            Wild::Minor => false,
            _ if version.minor != than.minor => true,
            Wild::Patch => {
                let (a, b) = (&version.prerelease, &than.prerelease);
                match (a.is_empty(), b.is_empty()) {
                    (true, true) => false,
                    (false, false) => by_prerelease(a, b).is_ne(),
                    _ => true,
                }
            }
            _ => version.patch != than.patch || version.order(than).is_ne(),
        }
    }

    fn tilde(&self, version: &Version) -> bool {
        let than = &self.than;
        let zero = (than.major, than.minor, than.patch) == (0, 0, 0);
        if version.order(than).is_lt() {
            return false;
        }
        if zero && !matches!(self.wild, Wild::Minor | Wild::Patch) {
            return true;
        }
        let minor = version.minor == than.minor || self.wild == Wild::Minor;
        version.major == than.major && minor
    }

    fn caret(&self, version: &Version) -> bool {
        let than = &self.than;
        if version.order(than).is_lt() {
            return false;
        }
        if than.major > 0 || self.wild == Wild::Minor {
            return version.major == than.major;
        }
        if version.major > 0 {
            return false;
        }
        if than.minor > 0 || self.wild == Wild::Patch {
            return version.minor == than.minor;
        }
        version.minor == 0 && version.patch == than.patch
    }
}

fn version(call: &Call<'_>, n: usize) -> Result<Version, Fault> {
    let text = call.text(n)?;
    let text = std::str::from_utf8(text.bytes()).ok();
    let version = text.and_then(Version::parse);
    version.ok_or_else(|| call.fail("this is not a semantic version"))
}

fn improper(call: &Call<'_>) -> Fault {
    call.fail("this is not a constraint on versions")
}

/// The constraints between `||`, of which those of one place must hold together.
fn alternatives(call: &mut Call<'_>, source: &str) -> Result<Vec<Vec<Constraint>>, Fault> {
    let valid = Regex::known(
        call,
        &format!(
            r"^(\s*({OPERATORS})\s*({VERSION})\s*)((?:\s+|,\s*)({OPERATORS})\s*({VERSION})\s*)*$"
        ),
    )?;
    let finding = Regex::known(call, &format!(r"({OPERATORS})\s*({VERSION})"))?;
    let source = without_ranges(call, source)?;
    let mut found = Vec::new();
    for part in source.split("||") {
        if valid.groups(call.heap, part, 0)?.is_none() {
            return Err(improper(call));
        }
        let mut constraints = Vec::new();
        let mut at = 0;
        while let Some(groups) = finding.groups(call.heap, part, at)? {
            let Some(whole) = groups.first().copied().flatten() else {
                break;
            };
            constraints.push(constraint(call, &part[whole.start..whole.end])?);
            at = whole.end;
        }
        found.push(constraints);
    }
    Ok(found)
}

/// Ranges such as `1.2 - 1.4` written as two comparisons.
fn without_ranges(call: &mut Call<'_>, source: &str) -> Result<String, Fault> {
    let range = Regex::known(call, &format!(r"\s*({VERSION})\s+-\s+({VERSION})\s*"))?;
    let (mut out, mut at) = (source.to_owned(), 0);
    while let Some(groups) = range.groups(call.heap, source, at)? {
        let piece = |n: usize| {
            let span = groups.get(n).copied().flatten();
            span.map_or("", |span| &source[span.start..span.end])
        };
        // Go looks for the piece from the start, and copies the rest, for each range.
        call.heap.spend_bytes(4 * out.len())?;
        let by = format!(">= {}, <= {} ", piece(1), piece(11));
        out = out.replacen(piece(0), &by, 1);
        at = groups
            .first()
            .copied()
            .flatten()
            .map_or(source.len(), |whole| whole.end);
    }
    Ok(out)
}

fn constraint(call: &mut Call<'_>, source: &str) -> Result<Constraint, Fault> {
    let one = Regex::known(call, &format!(r"^\s*({OPERATORS})\s*({VERSION})\s*$"))?;
    let groups = one
        .groups(call.heap, source, 0)?
        .ok_or_else(|| improper(call))?;
    let piece = |n: usize| {
        let span = groups.get(n).copied().flatten();
        span.map_or("", |span| &source[span.start..span.end])
    };
    let wild = |piece: &str| matches!(piece.trim_start_matches('.'), "" | "x" | "X" | "*");
    let (major, minor, patch, prerelease) = (piece(3), piece(4), piece(5), piece(6));
    let (wild, text) = if wild(major) {
        (Wild::Major, format!("0.0.0{prerelease}"))
    } else if wild(minor) {
        (Wild::Minor, format!("{major}.0.0{prerelease}"))
    } else if wild(patch) {
        (Wild::Patch, format!("{major}{minor}.0{prerelease}"))
    } else {
        (Wild::No, piece(2).to_owned())
    };
    Ok(Constraint {
        operator: match piece(1) {
            "!=" => Operator::NotEqual,
            ">" => Operator::Greater,
            "<" => Operator::Less,
            ">=" | "=>" => Operator::GreaterOrEqual,
            "<=" | "=<" => Operator::LessOrEqual,
            "~" | "~>" => Operator::Tilde,
            "^" => Operator::Caret,
            _ => Operator::Equal,
        },
        than: Version::parse(&text).ok_or_else(|| improper(call))?,
        wild,
    })
}

const OPERATORS: &str = r"=||!=|>|<|>=|=>|<=|=<|~|~>|\^";
const VERSION: &str = r"v?([0-9|x|X|\*]+)(\.[0-9|x|X|\*]+)?(\.[0-9|x|X|\*]+)?(-([0-9A-Za-z\-]+(\.[0-9A-Za-z\-]+)*))?(\+([0-9A-Za-z\-]+(\.[0-9A-Za-z\-]+)*))?";
