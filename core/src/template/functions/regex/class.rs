//! Character classes as Go's `regexp/syntax` has them, in Go's edition of Unicode.

use regex_syntax::hir::{ClassUnicode, ClassUnicodeRange};

use crate::template::unicode::{ALIASES, CATEGORIES, SCRIPTS};

/// A set of characters, as ranges of code points. Surrogates may be among them; no text has any.
#[derive(Clone, Default)]
pub(super) struct Set(Vec<(u32, u32)>);

impl Set {
    pub(super) fn of(ranges: &[(char, char)]) -> Self {
        let ranges = ranges.iter();
        Self(
            ranges
                .map(|(a, b)| (u32::from(*a), u32::from(*b)))
                .collect(),
        )
    }

    pub(super) fn add(&mut self, first: u32, last: u32) {
        self.0.push((first, last));
    }

    pub(super) fn join(&mut self, other: &Self) {
        self.0.extend_from_slice(&other.0);
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// As `folded`, for one character of ASCII, which is quick.
    pub(super) fn folded_ascii(&self) -> Option<Self> {
        let [(code @ 0..0x80, last)] = *self.0.as_slice() else {
            return None;
        };
        let mut set = Self(vec![(code, code)]);
        let letter = u8::try_from(code).ok().filter(|_| code == last)?;
        if letter.is_ascii_alphabetic() {
            let other = u32::from(letter ^ 0x20);
            set.add(other, other);
        }
        match letter | 0x20 {
            b'k' if letter.is_ascii_alphabetic() => set.add(0x212a, 0x212a),
            b's' if letter.is_ascii_alphabetic() => set.add(0x17f, 0x17f),
            _ => {}
        }
        Some(set)
    }

    /// With every character that differs in case only.
    pub(super) fn folded(&self) -> Self {
        // A newer Unicode pairs old letters with letters that Go doesn't know.
        let assigned = table("Cn", false).map_or_else(Self::default, |set| set.negated());
        let assigned = assigned.unicode();
        let mut folded = self.unicode();
        folded.intersect(&assigned);
        // Tables of cases are built in, so that this can't fail.
        if folded.try_case_fold_simple().is_err() {
            return self.clone();
        }
        folded.intersect(&assigned);
        // It pairs some old ones, too.
        let pairs = UNPAIRED.map(|c| ClassUnicodeRange::new(c, c));
        folded.difference(&ClassUnicode::new(pairs));
        let mut set = Self::from(&folded);
        set.join(self);
        set
    }

    /// Adds the ranges of a table.
    fn read(&mut self, table: &str) {
        let number = |text: &str| u32::from_str_radix(text, 36).unwrap_or(0);
        let mut end = 0;
        for range in table.split_whitespace() {
            let (gap, length) = range.split_once('-').unwrap_or((range, "1"));
            let first = end + number(gap);
            end = first + number(length);
            self.add(first, end - 1);
        }
    }

    pub(super) fn negated(&self) -> Self {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let (mut out, mut next) = (Vec::new(), 0);
        for (first, last) in sorted {
            if first > next {
                out.push((next, first - 1));
            }
            next = next.max(last + 1);
        }
        if next <= MAX {
            out.push((next, MAX));
        }
        Self(out)
    }

    /// Without surrogates, which no text has.
    pub(super) fn unicode(&self) -> ClassUnicode {
        let scalars = |(first, last): (u32, u32)| {
            let first = if SURROGATES.contains(&first) {
                0xe000
            } else {
                first
            };
            let last = if SURROGATES.contains(&last) {
                0xd7ff
            } else {
                last
            };
            let (first, last) = (char::from_u32(first)?, char::from_u32(last)?);
            (first <= last).then(|| ClassUnicodeRange::new(first, last))
        };
        ClassUnicode::new(self.0.iter().copied().filter_map(scalars))
    }
}

impl From<std::ops::RangeInclusive<u32>> for Set {
    fn from(range: std::ops::RangeInclusive<u32>) -> Self {
        Self(vec![range.into_inner()])
    }
}

impl From<&ClassUnicode> for Set {
    fn from(class: &ClassUnicode) -> Self {
        let ranges = class.iter();
        Self(
            ranges
                .map(|r| (u32::from(r.start()), u32::from(r.end())))
                .collect(),
        )
    }
}

/// `\d`, `\s` and `\w`, which are ASCII, by their letter.
pub(super) fn perl(letter: u8) -> Option<Set> {
    Some(Set::of(match letter {
        b'd' => &[('0', '9')],
        b's' => &[('\t', '\n'), ('\u{c}', '\r'), (' ', ' ')],
        b'w' => &[('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')],
        _ => return None,
    }))
}

/// What `[:alpha:]` and its like stand for.
pub(super) fn posix(name: &str) -> Option<Set> {
    Some(Set::of(match name {
        "alnum" => &[('0', '9'), ('A', 'Z'), ('a', 'z')],
        "alpha" => &[('A', 'Z'), ('a', 'z')],
        "ascii" => &[('\0', '\u{7f}')],
        "blank" => &[('\t', '\t'), (' ', ' ')],
        "cntrl" => &[('\0', '\u{1f}'), ('\u{7f}', '\u{7f}')],
        "digit" => &[('0', '9')],
        "graph" => &[('!', '~')],
        "lower" => &[('a', 'z')],
        "print" => &[(' ', '~')],
        "punct" => &[('!', '/'), (':', '@'), ('[', '`'), ('{', '~')],
        "space" => &[('\t', '\r'), (' ', ' ')],
        "upper" => &[('A', 'Z')],
        "word" => &[('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')],
        "xdigit" => &[('0', '9'), ('A', 'F'), ('a', 'f')],
        _ => return None,
    }))
}

/// What `\p{name}` stands for: a category, by one of its names, or a script. `None` for what Go doesn't find.
pub(super) fn property(name: &str, fold: bool) -> Option<Set> {
    let name = canonical(name);
    match name.as_str() {
        "Any" => return Some(Set(vec![(0, MAX)])),
        // What is not assigned has no case.
        "Assigned" => return table("Cn", false).map(|unassigned| unassigned.negated()),
        _ => {}
    }
    let alias = ALIASES.iter().find(|(alias, _)| *alias == name);
    table(alias.map_or(name.as_str(), |(_, name)| name), fold)
}

fn table(name: &str, fold: bool) -> Option<Set> {
    let mut tables = CATEGORIES.iter().chain(SCRIPTS);
    let (_, plain, added) = tables.find(|(known, ..)| *known == name)?;
    let mut set = Set::default();
    set.read(plain);
    if fold {
        set.read(added);
    }
    Some(set)
}

/// The first letter in upper case, the others in lower case, without blanks, hyphens and underscores.
fn canonical(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars().filter(|c| !matches!(c, '_' | '-' | ' ')) {
        out.push(if out.is_empty() {
            c.to_ascii_uppercase()
        } else {
            c.to_ascii_lowercase()
        });
    }
    out
}

/// Letters that have no other case in Go's edition of Unicode, and have one in later ones.
const UNPAIRED: [char; 6] = [
    '\u{390}', '\u{3b0}', '\u{1fd3}', '\u{1fe3}', '\u{fb05}', '\u{fb06}',
];

const SURROGATES: std::ops::RangeInclusive<u32> = 0xd800..=0xdfff;
const MAX: u32 = 0x10_ffff;
