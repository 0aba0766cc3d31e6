//! What is known of the format, row by row, and the rows of the grammar that stand for it.

use std::collections::{BTreeMap, BTreeSet};

use crate::trial::Verdict;

/// A row of the facts: its section, what it says, and the rows of the grammar, each of which must have come.
pub(crate) type Fact = (&'static str, &'static str, &'static [&'static str]);

/// How many files went both ways with each row of the grammar, or were refused by both.
#[derive(Default)]
pub(crate) struct Coverage {
    compared: BTreeMap<&'static str, usize>,
    refused: BTreeMap<&'static str, usize>,
}

impl Coverage {
    /// Rows that must not stay empty.
    pub(crate) fn know(&mut self, rows: impl Iterator<Item = &'static str>) {
        for row in rows {
            self.compared.entry(row).or_default();
        }
    }

    /// Those that are, so far.
    pub(crate) fn empty(&self) -> Vec<&'static str> {
        let rows = self.compared.keys().copied();
        rows.filter(|row| self.files(row) == 0).collect()
    }

    pub(crate) fn count(&mut self, verdict: Verdict, rows: &BTreeSet<&'static str>) {
        let counts = match verdict {
            Verdict::Compared => &mut self.compared,
            Verdict::Refused => &mut self.refused,
            Verdict::Beside => return,
        };
        for row in rows {
            *counts.entry(row).or_default() += 1;
        }
    }

    /// Prints all of it; no fact, and no row of the grammar, is without a file.
    pub(crate) fn tell(&self, name: &str, facts: &[Fact]) {
        let mut empty = Vec::new();
        for (section, what, rows) in facts {
            let least = rows.iter().map(|row| self.files(row)).min().unwrap_or(0);
            let all: usize = rows.iter().map(|row| self.files(row)).sum();
            eprintln!("{name}: {section} {what}: {all}, at least {least}");
            if least == 0 {
                empty.push(*what);
            }
        }
        let rows: Vec<_> = self
            .compared
            .keys()
            .map(|row| format!("{row}: {}", self.files(row)))
            .collect();
        eprintln!("{name}: {}", rows.join("; "));
        empty.extend(self.empty());
        assert!(empty.is_empty(), "rows that no file covered: {empty:?}");
    }

    fn files(&self, row: &str) -> usize {
        let counts = match row.starts_with("refused") {
            true => &self.refused,
            false => &self.compared,
        };
        counts.get(row).copied().unwrap_or(0)
    }
}

const NUMBERS: &[&str] = &[
    "int",
    "int negative",
    "int plus",
    "int underscores",
    "int zero",
    "int largest",
    "int smallest",
    "hexadecimal",
    "hexadecimal negative",
    "octal",
    "octal of old",
    "binary number",
    "no octal",
    "int beyond 64 bits",
    "int beyond 64 bits, negative",
];
const FLOATS: &[&str] = &[
    "float",
    "float without whole part",
    "float without fraction",
    "float whole",
    "float exponent",
    "float negative exponent",
    "float large exponent",
    "float million",
    "float below a million",
    "float small",
    "float smaller",
    "float underscore",
    "float negative",
    "infinity",
    "infinity negative",
    "infinity plus",
    "not a number",
];
const TIMES: &[&str] = &[
    "date",
    "date short",
    "time",
    "time fraction",
    "time zone",
    "time small t",
    "time blank",
    "time of short fields",
    "time blank and zone is text",
    "no date",
];

/// Those of YAML.
pub(crate) const YAML: &[Fact] = &[
    (
        "1.2",
        "str",
        &["text", "text not ASCII", "text of several lines"],
    ),
    ("1.2", "int", NUMBERS),
    ("1.2", "float", FLOATS),
    ("1.2", "bool", &["true", "True", "FALSE"]),
    ("1.2", "time", TIMES),
    ("1.2", "comment", &["comment above", "comment behind"]),
    (
        "1.5",
        "none and empty: the suffix of old",
        &["selector none", "selector empty"],
    ),
    (
        "1.5",
        "unencrypted_suffix",
        &["selector unencrypted_suffix"],
    ),
    ("1.5", "encrypted_suffix", &["selector encrypted_suffix"]),
    ("1.5", "unencrypted_regex", &["selector unencrypted_regex"]),
    ("1.5", "encrypted_regex", &["selector encrypted_regex"]),
    (
        "1.5",
        "unencrypted_comment_regex",
        &["selector unencrypted_comment_regex"],
    ),
    (
        "1.5",
        "encrypted_comment_regex",
        &["selector encrypted_comment_regex"],
    ),
    (
        "1.5",
        "suffixes, at any component",
        &["suffix", "suffix that is a key", "selector on a mapping"],
    ),
    (
        "1.5",
        "expressions of Go, without anchors",
        &[
            "expression without anchors",
            r"expression with \d",
            r"expression with \Q",
            "expression with a flag",
            "expression with an octal escape",
        ],
    ),
    (
        "1.5",
        "comments, level by level",
        &[
            "comment selector above",
            "comment selector behind",
            "comment selector above a mapping",
            "comment selector at the end of a block",
            "comment selector, two comments",
            "empty line under a comment",
        ],
    ),
    (
        "1.5",
        "a ciphertext that the expression matches",
        &["refused: comment expression that ciphertexts match"],
    ),
    (
        "1.5",
        "mac_only_encrypted",
        &["MAC over encrypted values", "MAC over everything"],
    ),
    (
        "1.7",
        "words that are no bools",
        &["yes is text", "on is text", "n is text"],
    ),
    (
        "1.7",
        "null",
        &["null nothing", "null tilde", "null word", "null Word"],
    ),
    ("1.7", "ints", NUMBERS),
    (
        "1.7",
        "ints between 2^63 and 2^64",
        &["refused: int of 64 bits without sign"],
    ),
    ("1.7", "floats", FLOATS),
    (
        "1.7",
        "base 60 is text",
        &["base 60 is text", "quoted base 60"],
    ),
    ("1.7", "timestamps", TIMES),
    (
        "1.7",
        "tags",
        &[
            "tag str",
            "tag int",
            "tag float",
            "tag bool",
            "tag null",
            "tag binary",
            "tag binary of bytes",
            "tag of one's own",
            "refused: tag that is wrong",
        ],
    ),
    (
        "1.7",
        "keys that are no texts",
        &[
            "refused: key that is a number",
            "refused: key that is true",
            "refused: key that is null",
            "refused: key that is a list",
        ],
    ),
    (
        "1.7",
        "keys twice",
        &["refused: key twice", "refused: key twice below"],
    ),
    (
        "1.7",
        "no mapping",
        &[
            "refused: top-level list",
            "refused: top-level text",
            "refused: top-level flow list",
            "refused: list as second document",
        ],
    ),
    ("1.7", "several documents", &["several documents"]),
    ("1.7", "aliases and anchors", &["alias", "anchor"]),
    (
        "1.7",
        "merge keys",
        &[
            "merge of an alias",
            "merge of aliases",
            "merge in flow",
            "merge sign as a key in quotes",
        ],
    ),
    (
        "1.7",
        "comments in mappings and lists",
        &[
            "comment above",
            "comment behind",
            "empty comment",
            "comment at the end",
            "comment in a list",
        ],
    ),
    (
        "1.7",
        "layout: keys that need quotes",
        &[
            "key that is a word of YAML 1.1",
            "key in quotes",
            "key with odd characters",
        ],
    ),
    (
        "1.7",
        "layout: lines",
        &[
            "literal",
            "literal stripped",
            "literal kept",
            "folded",
            "folded stripped",
            "literal that ends in blanks",
            "literal with tabs",
            "text of one long line",
        ],
    ),
    (
        "1.7",
        "layout: odd characters",
        &[
            "text beyond the basic plane",
            "double quoted control",
            "double quoted line separators",
        ],
    ),
    (
        "1.7",
        "layout: floats with exponents",
        &[
            "float million",
            "float below a million",
            "float negative exponent",
            "float large exponent",
        ],
    ),
    (
        "1.7",
        "layout: flow becomes block",
        &["flow mapping", "flow list"],
    ),
    (
        "1.7",
        "layout: lists",
        &[
            "list at its key's column",
            "list indented",
            "mapping in a list",
            "list in a list",
        ],
    ),
    (
        "1.7",
        "layout: what is dropped",
        &[
            "start mark",
            "end mark",
            "YAML directive",
            "empty line",
            "line ends of Windows",
        ],
    ),
    (
        "1.7",
        "a block that is there",
        &[
            "refused: encrypted already",
            "refused: encrypted in a later document",
        ],
    ),
];

/// Those of JSON.
pub(crate) const JSON: &[Fact] = &[
    (
        "1.2",
        "str, int, float, bool",
        &[
            "json text",
            "json int",
            "json float",
            "json true",
            "json false",
        ],
    ),
    (
        "1.5",
        "selectors of keys",
        &[
            "selector unencrypted_suffix",
            "selector encrypted_suffix",
            "selector unencrypted_regex",
            "selector encrypted_regex",
        ],
    ),
    ("1.5", "mac_only_encrypted", &["MAC over encrypted values"]),
    (
        "1.8",
        "an object at the top",
        &[
            "refused: json list at the top",
            "refused: json text at the top",
        ],
    ),
    (
        "1.8",
        "ints inside 64 bits",
        &["json largest", "json smallest", "json 2^53"],
    ),
    (
        "1.8",
        "floats otherwise",
        &["json beyond", "json far beyond", "json below large"],
    ),
    (
        "1.8",
        "-0 and 1.0",
        &["json minus zero", "json float whole"],
    ),
    ("1.8", "keys twice", &["json key twice"]),
    (
        "1.8",
        "layouts",
        &["json compact", "json indented", "json tabs"],
    ),
    (
        "1.8",
        "escapes",
        &[
            "json html",
            "json line separator",
            "json control",
            "json escapes",
            "json unicode",
        ],
    ),
    (
        "1.8",
        "exponents",
        &["json small", "json large", "json exponent"],
    ),
    (
        "1.8",
        "nothing in it",
        &[
            "json empty object",
            "json empty list",
            "json empty text",
            "json null",
        ],
    ),
    (
        "1.8",
        "a block that is there",
        &["refused: json encrypted already"],
    ),
];

/// Those of dotenv.
pub(crate) const DOTENV: &[Fact] = &[
    ("1.2", "str and comment", &["dotenv text", "dotenv comment"]),
    (
        "1.5",
        "selectors",
        &[
            "selector encrypted_suffix",
            "selector unencrypted_regex",
            "selector encrypted_comment_regex",
            "selector unencrypted_comment_regex",
        ],
    ),
    ("1.5", "mac_only_encrypted", &["MAC over encrypted values"]),
    ("1.8", "empty lines are dropped", &["dotenv empty line"]),
    (
        "1.8",
        "comments, empty ones among them",
        &["dotenv comment", "dotenv empty comment"],
    ),
    (
        "1.8",
        "the first equals sign",
        &[
            "dotenv equals sign",
            "refused: dotenv line without equals sign",
        ],
    ),
    (
        "1.8",
        "no quotes, blanks kept",
        &[
            "dotenv quotes",
            "dotenv blanks",
            "dotenv key with blanks",
            "dotenv key with export",
        ],
    ),
    (
        "1.8",
        "line breaks",
        &[
            "dotenv line break",
            "dotenv line break at the end",
            "dotenv backslash",
        ],
    ),
    ("1.8", "carriage returns", &["dotenv carriage returns"]),
    ("1.8", "keys twice", &["dotenv key twice"]),
    (
        "1.8",
        "a block that is there",
        &["refused: dotenv encrypted already"],
    ),
];

/// Those of INI.
pub(crate) const INI: &[Fact] = &[
    ("1.2", "str and comment", &["ini text", "ini comment"]),
    (
        "1.5",
        "selectors",
        &[
            "selector encrypted_suffix",
            "selector unencrypted_regex",
            "selector encrypted_comment_regex",
            "selector unencrypted_comment_regex",
        ],
    ),
    ("1.5", "mac_only_encrypted", &["MAC over encrypted values"]),
    (
        "1.8",
        "delimiters",
        &[
            "ini equals sign",
            "ini equals sign alone",
            "ini colon",
            "ini colon alone",
        ],
    ),
    (
        "1.8",
        "quotes",
        &[
            "ini double quoted",
            "ini single quoted",
            "ini back quoted",
            "ini three quotes",
            "ini quoted blanks",
            "ini quote open",
            "ini quote inside",
        ],
    ),
    (
        "1.8",
        "comments",
        &[
            "ini comment",
            "ini comment with hash",
            "ini comment of several lines",
            "ini comment behind",
            "ini comment of a section",
            "ini comment behind a section",
        ],
    ),
    (
        "1.8",
        "sections",
        &[
            "ini section",
            "ini section again",
            "ini child section",
            "ini keys before sections",
        ],
    ),
    ("1.8", "continued lines", &["ini continued"]),
    ("1.8", "blanks", &["ini blanks around"]),
    ("1.8", "keys keep their case", &["ini keys of both cases"]),
    ("1.8", "all values are texts", &["ini number", "ini true"]),
    (
        "1.8",
        "keys without a value",
        &["refused: ini line without delimiter"],
    ),
    (
        "1.8",
        "a block that is there",
        &["refused: ini encrypted already"],
    ),
];

/// Those of binary files.
pub(crate) const BINARY: &[Fact] = &[
    (
        "1.5",
        "selectors are passed over",
        &["binary with a selector"],
    ),
    ("1.8", "any bytes", &["binary text", "binary bytes"]),
    ("1.8", "no bytes", &["binary nothing"]),
];
