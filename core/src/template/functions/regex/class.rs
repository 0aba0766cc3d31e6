//! Character classes as Go's `regexp/syntax` has them, in Go's edition of Unicode.

use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, HirKind};

/// A set of characters, as ranges of code points. Surrogates may be among them; no text has any.
#[derive(Clone, Default)]
pub(super) struct Set(Vec<(u32, u32)>);

impl Set {
    pub(super) fn of(ranges: &[(char, char)]) -> Self {
        let ranges = ranges.iter();
        Self(ranges.map(|(a, b)| (u32::from(*a), u32::from(*b))).collect())
    }

    pub(super) fn add(&mut self, first: u32, last: u32) {
        self.0.push((first, last));
    }

    pub(super) fn join(&mut self, other: &Self) {
        self.0.extend_from_slice(&other.0);
    }

    /// With every character that differs in case only.
    pub(super) fn folded(&self) -> Self {
        let plain = self.unicode();
        let mut folded = plain.clone();
        // Tables of cases are built in, so that this can't fail.
        if folded.try_case_fold_simple().is_err() {
            return self.clone();
        }
        // A newer Unicode pairs old letters with letters that Go doesn't know.
        folded.intersect(&known());
        folded.union(&plain);
        let mut set = Self::from(&folded);
        set.join(self);
        set
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
            let first = if SURROGATES.contains(&first) { 0xe000 } else { first };
            let last = if SURROGATES.contains(&last) { 0xd7ff } else { last };
            let (first, last) = (char::from_u32(first)?, char::from_u32(last)?);
            (first <= last).then(|| ClassUnicodeRange::new(first, last))
        };
        ClassUnicode::new(self.0.iter().copied().filter_map(scalars))
    }
}

impl From<&ClassUnicode> for Set {
    fn from(class: &ClassUnicode) -> Self {
        let ranges = class.iter();
        Self(ranges.map(|r| (u32::from(r.start()), u32::from(r.end()))).collect())
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

/// What `\p{name}` stands for: a category, an alias of one, or a script.
pub(super) fn property(name: &str) -> Option<Set> {
    let name = canonical(name);
    match name.as_str() {
        "Any" => return Some(Set(vec![(0, MAX)])),
        "Ascii" => return Some(Set(vec![(0, 0x7f)])),
        "Assigned" => return Some(unassigned().negated()),
        "Cn" | "Unassigned" => return Some(unassigned()),
        "Cs" | "Surrogate" => return Some(Set(vec![(0xd800, 0xdfff)])),
        "C" | "Other" => {
            let mut set = unassigned();
            for part in ["Cc", "Cf", "Co"] {
                set.join(&Set::from(&table(part)?));
            }
            set.add(0xd800, 0xdfff);
            return Some(set);
        }
        _ => {}
    }
    let is_called = |long: &str| canonical(long) == name;
    let category = CATEGORIES
        .iter()
        .find(|(short, long)| is_called(short) || long.split(' ').any(is_called));
    let mut class = match category {
        Some((short, _)) => table(short)?,
        None if SCRIPTS.split(' ').any(|script| script == name) => {
            table(&format!("script={name}"))?
        }
        None => return None,
    };
    class.intersect(&known());
    Some(Set::from(&class))
}

/// The characters that Unicode 15.0 assigns, which is Go's edition.
fn known() -> ClassUnicode {
    table("age=15.0").unwrap_or_else(ClassUnicode::empty)
}

fn unassigned() -> Set {
    let mut assigned = Set::from(&known());
    // Surrogates have a category.
    assigned.add(0xd800, 0xdfff);
    // Noncharacters have an age, but no category but this one.
    let mut set = assigned.negated();
    set.add(0xfdd0, 0xfdef);
    for plane in 0..=16 {
        set.add(plane << 16 | 0xfffe, plane << 16 | 0xffff);
    }
    set
}

fn table(property: &str) -> Option<ClassUnicode> {
    let hir = regex_syntax::parse(&format!("\\p{{{property}}}")).ok()?;
    match hir.into_kind() {
        HirKind::Class(Class::Unicode(class)) => Some(class),
        HirKind::Literal(literal) => {
            let c = std::str::from_utf8(&literal.0).ok()?.chars().next()?;
            Some(ClassUnicode::new([ClassUnicodeRange::new(c, c)]))
        }
        _ => None,
    }
}

/// The first letter in upper case, the others in lower case, without blanks, hyphens and underscores.
fn canonical(name: &str) -> String {
    let kept = name.chars().filter(|c| !matches!(c, '_' | '-' | ' '));
    let mut out = String::new();
    for c in kept {
        out.push(if out.is_empty() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() });
    }
    out
}

/// Categories and their other names.
#[rustfmt::skip]
const CATEGORIES: &[(&str, &str)] = &[
    ("L", "Letter"), ("LC", "Cased_Letter"), ("Ll", "Lowercase_Letter"), ("Lm", "Modifier_Letter"),
    ("Lo", "Other_Letter"), ("Lt", "Titlecase_Letter"), ("Lu", "Uppercase_Letter"), ("M", "Mark Combining_Mark"),
    ("Mc", "Spacing_Mark"), ("Me", "Enclosing_Mark"), ("Mn", "Nonspacing_Mark"), ("N", "Number"),
    ("Nd", "Decimal_Number digit"), ("Nl", "Letter_Number"), ("No", "Other_Number"), ("P", "Punctuation punct"),
    ("Pc", "Connector_Punctuation"), ("Pd", "Dash_Punctuation"), ("Pe", "Close_Punctuation"),
    ("Pf", "Final_Punctuation"), ("Pi", "Initial_Punctuation"), ("Po", "Other_Punctuation"),
    ("Ps", "Open_Punctuation"), ("S", "Symbol"), ("Sc", "Currency_Symbol"), ("Sk", "Modifier_Symbol"),
    ("Sm", "Math_Symbol"), ("So", "Other_Symbol"), ("Z", "Separator"), ("Zl", "Line_Separator"),
    ("Zp", "Paragraph_Separator"), ("Zs", "Space_Separator"), ("Cc", "Control cntrl"), ("Cf", "Format"),
    ("Co", "Private_Use"),
];

/// The scripts that Go finds: `canonical` makes unreachable those whose names it changes.
#[rustfmt::skip]
const SCRIPTS: &str =
    "Adlam Ahom Arabic Armenian Avestan Balinese Bamum Batak Bengali Bhaiksuki Bopomofo Brahmi Braille Buginese \
     Buhid Carian Chakma Cham Cherokee Chorasmian Common Coptic Cuneiform Cypriot Cyrillic Deseret Devanagari \
     Dogra Duployan Elbasan Elymaic Ethiopic Georgian Glagolitic Gothic Grantha Greek Gujarati Gurmukhi Han \
     Hangul Hanunoo Hatran Hebrew Hiragana Inherited Javanese Kaithi Kannada Katakana Kawi Kharoshthi Khmer \
     Khojki Khudawadi Lao Latin Lepcha Limbu Lisu Lycian Lydian Mahajani Makasar Malayalam Mandaic Manichaean \
     Marchen Medefaidrin Miao Modi Mongolian Mro Multani Myanmar Nabataean Nandinagari Newa Nko Nushu Ogham \
     Oriya Osage Osmanya Palmyrene Phoenician Rejang Runic Samaritan Saurashtra Sharada Shavian Siddham Sinhala \
     Sogdian Soyombo Sundanese Syriac Tagalog Tagbanwa Takri Tamil Tangsa Tangut Telugu Thaana Thai Tibetan \
     Tifinagh Tirhuta Toto Ugaritic Vai Vithkuqi Wancho Yezidi Yi ";

const SURROGATES: std::ops::RangeInclusive<u32> = 0xd800..=0xdfff;
const MAX: u32 = 0x10_ffff;
