//! Semantic versions as `Masterminds/semver` 3.4 reads and compares them.

use std::cmp::Ordering;
use std::rc::Rc;

use super::{Field, ON, Object};
use crate::template::error::TemplateFault as Fault;
use crate::template::functions::{Call, Function, Param, fixed};
use crate::template::value::Value;

/// A version, which may have been written with fewer than three numbers.
#[derive(Clone, PartialEq, Eq, Default)]
pub(crate) struct Version {
    pub(crate) major: u64,
    pub(crate) minor: u64,
    pub(crate) patch: u64,
    pub(crate) prerelease: String,
    metadata: String,
    original: String,
}

impl Version {
    /// Reads `1.2.3-rc.1+build`, with or without a `v`; minor and patch may be missing.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (numbers, rest) = numbers(text.strip_prefix('v').unwrap_or(text))?;
        let (prerelease, rest) = identifiers(rest, '-');
        let (metadata, rest) = identifiers(rest, '+');
        if !rest.is_empty() || !prerelease.split('.').all(is_prerelease) {
            return None;
        }
        let [major, minor, patch] = numbers;
        let number = |text: &str| match text {
            "" => Some(0),
            text => text.parse().ok(),
        };
        Some(Self {
            major: number(major)?,
            minor: number(minor)?,
            patch: number(patch)?,
            prerelease: prerelease.to_owned(),
            metadata: metadata.to_owned(),
            original: text.to_owned(),
        })
    }

    pub(super) fn bytes(&self) -> usize {
        self.prerelease.len() + self.metadata.len() + self.original.len()
    }

    pub(super) fn show(&self) -> String {
        let mut out = format!("{}.{}.{}", self.major, self.minor, self.patch);
        for (sign, part) in [('-', &self.prerelease), ('+', &self.metadata)] {
            if !part.is_empty() {
                out.push(sign);
                out += part;
            }
        }
        out
    }

    pub(super) fn fields(&self) -> Vec<(&'static str, Field)> {
        let text = |text: &str| Field::Of(Value::text(text));
        let number = |number| Field::Of(Value::Uint(number));
        vec![
            ("major", number(self.major)),
            ("minor", number(self.minor)),
            ("patch", number(self.patch)),
            ("pre", text(&self.prerelease)),
            ("metadata", text(&self.metadata)),
            ("original", text(&self.original)),
        ]
    }

    /// By precedence; metadata doesn't count.
    pub(crate) fn order(&self, other: &Self) -> Ordering {
        let numbers = |v: &Self| (v.major, v.minor, v.patch);
        numbers(self).cmp(&numbers(other)).then_with(|| {
            match (self.prerelease.is_empty(), other.prerelease.is_empty()) {
                (true, true) => Ordering::Equal,
                (true, false) => Ordering::Greater,
                (false, true) => Ordering::Less,
                (false, false) => by_prerelease(&self.prerelease, &other.prerelease),
            }
        })
    }

    /// A version made of this one, spelled anew.
    fn with(&self, change: impl FnOnce(&mut Self)) -> Value {
        let mut next = self.clone();
        change(&mut next);
        let v = if self.original.starts_with('v') {
            "v"
        } else {
            ""
        };
        next.original = format!("{v}{}", next.show());
        Value::Object(Object::Changed(Rc::new(next)))
    }
}

/// Up to three numbers with dots between them, and what follows; a missing one is empty.
fn numbers(text: &str) -> Option<([&str; 3], &str)> {
    let mut found = [""; 3];
    let mut rest = text;
    for (n, slot) in found.iter_mut().enumerate() {
        let digits = match (n, rest.strip_prefix('.')) {
            (0, _) => rest,
            (_, Some(after)) => after,
            (_, None) => break,
        };
        let len = digits.bytes().take_while(u8::is_ascii_digit).count();
        if len == 0 {
            break;
        }
        (*slot, rest) = digits.split_at(len);
    }
    (!found[0].is_empty()).then_some((found, rest))
}

/// Identifiers behind `sign`, with dots between them, and what follows.
fn identifiers(text: &str, sign: char) -> (&str, &str) {
    let Some(inner) = text.strip_prefix(sign) else {
        return ("", text);
    };
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
    let len = inner.find(|c| !is_part(c)).unwrap_or(inner.len());
    let (part, rest) = inner.split_at(len);
    if part.split('.').any(str::is_empty) {
        return ("", text);
    }
    (part, rest)
}

/// Numbers have no leading zeros.
fn is_prerelease(part: &str) -> bool {
    let number = part.bytes().all(|b| b.is_ascii_digit());
    !(number && part.len() > 1 && part.starts_with('0'))
}

/// Numbers by value come before words; what is longer comes later.
pub(crate) fn by_prerelease(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a.split('.'), b.split('.'));
    loop {
        let order = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(a), Some(b)) => match (a.parse::<u64>(), b.parse::<u64>()) {
                _ if a == b => Ordering::Equal,
                (Ok(a), Ok(b)) => a.cmp(&b),
                (Ok(_), Err(_)) => Ordering::Less,
                (Err(_), Ok(_)) => Ordering::Greater,
                (Err(_), Err(_)) => a.cmp(b),
            },
        };
        if order.is_ne() {
            return order;
        }
    }
}

pub(super) const METHODS: &[Function] = &[
    fixed("IncMajor", ONE, |call| {
        Ok(call.version(0)?.with(|next| {
            (next.major, next.minor, next.patch) = (next.major.wrapping_add(1), 0, 0);
            next.prerelease.clear();
            next.metadata.clear();
        }))
    }),
    fixed("IncMinor", ONE, |call| {
        Ok(call.version(0)?.with(|next| {
            (next.minor, next.patch) = (next.minor.wrapping_add(1), 0);
            next.prerelease.clear();
            next.metadata.clear();
        }))
    }),
    fixed("IncPatch", ONE, |call| {
        Ok(call.version(0)?.with(|next| {
            if next.prerelease.is_empty() {
                next.patch = next.patch.wrapping_add(1);
            }
            next.prerelease.clear();
            next.metadata.clear();
        }))
    }),
    fixed("Major", ONE, |call| Ok(Value::Uint(call.version(0)?.major))),
    fixed("MarshalJSON", ONE, |call| {
        let text = format!("\"{}\"", call.version(0)?.show());
        call.heap.bytes(text.as_bytes())
    }),
    fixed("MarshalText", ONE, |call| {
        let text = call.version(0)?.show();
        call.heap.bytes(text.as_bytes())
    }),
    fixed("Metadata", ONE, |call| {
        Ok(Value::text(call.version(0)?.metadata.as_str()))
    }),
    fixed("Minor", ONE, |call| Ok(Value::Uint(call.version(0)?.minor))),
    fixed("Patch", ONE, |call| Ok(Value::Uint(call.version(0)?.patch))),
    fixed("Prerelease", ONE, |call| {
        Ok(Value::text(call.version(0)?.prerelease.as_str()))
    }),
    fixed("SetMetadata", &[ON, Param::Text], |call| {
        let word = part(call, '+')?;
        Ok(call.version(0)?.with(|next| next.metadata = word))
    }),
    fixed("SetPrerelease", &[ON, Param::Text], |call| {
        let word = part(call, '-')?;
        Ok(call.version(0)?.with(|next| next.prerelease = word))
    }),
    fixed("String", ONE, |call| {
        Ok(Value::text(call.version(0)?.show().as_str()))
    }),
    fixed("Value", ONE, |call| {
        Ok(Value::text(call.version(0)?.show().as_str()))
    }),
];

pub(super) const POINTER_METHODS: &[Function] = &[
    fixed("Compare", TWO, |call| Ok(Value::Int(order(call)? as i64))),
    fixed("Equal", TWO, |call| Ok(Value::Bool(order(call)?.is_eq()))),
    fixed("GreaterThan", TWO, |call| {
        Ok(Value::Bool(order(call)?.is_gt()))
    }),
    fixed("GreaterThanEqual", TWO, |call| {
        Ok(Value::Bool(order(call)?.is_ge()))
    }),
    fixed("LessThan", TWO, |call| {
        Ok(Value::Bool(order(call)?.is_lt()))
    }),
    fixed("LessThanEqual", TWO, |call| {
        Ok(Value::Bool(order(call)?.is_le()))
    }),
    fixed("Original", ONE, |call| {
        Ok(Value::text(call.version(0)?.original.as_str()))
    }),
];

const ONE: &[Param] = &[ON];
const TWO: &[Param] = &[ON, Param::Version];

fn order(call: &Call<'_>) -> Result<Ordering, Fault> {
    Ok(call.version(0)?.order(&*call.version(1)?))
}

/// The second argument as what may follow `sign` in a version.
fn part(call: &Call<'_>, sign: char) -> Result<String, Fault> {
    let text = call.text(1)?;
    let wrong = || call.fail("this is no part of a version");
    let word = std::str::from_utf8(text.bytes()).map_err(|_| wrong())?;
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let fits = |part: &str| {
        let word = !part.is_empty() && part.chars().all(is_part);
        word && (sign == '+' || is_prerelease(part))
    };
    let fine = word.is_empty() || word.split('.').all(fits);
    fine.then(|| word.to_owned()).ok_or_else(wrong)
}

impl Call<'_> {
    fn version(&self, n: usize) -> Result<Rc<Version>, Fault> {
        match self.args.get(n) {
            Some(Value::Object(Object::Version(v) | Object::Changed(v))) => Ok(v.clone()),
            _ => Err(self.fail("there is no version")),
        }
    }
}
