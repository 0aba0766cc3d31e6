//! Differences in what is read, and in how it is written back.

use super::super::case::Case;
use super::{Difference, row};

/// A plain file that is to be encrypted.
const fn encrypt(
    name: &'static str,
    arguments: &'static [&'static str],
    files: &'static [(&'static str, &'static str)],
) -> Case {
    Case::new(name, arguments).files(files)
}

const YAML: &[&str] = &["encrypt", "--age", "{A}", "x.yaml"];
const JSON: &[&str] = &["encrypt", "--age", "{A}", "x.json"];
const INI: &[&str] = &["encrypt", "--age", "{A}", "x.ini"];
const REFUSED: &str = "an error that names the line, before anything is written";

pub(crate) const ROWS: &[Difference] = &[
    row(
        encrypt(
            "an alias as a key",
            YAML,
            &[("x.yaml", "a: &x b\n*x : c\n")],
        ),
        ("writes the key out", 0),
        (REFUSED, 2),
        "no other byte of a file changes, and a key that is an alias can't be followed",
    ),
    row(
        encrypt("a document that is null", YAML, &[("x.yaml", "null\n")]),
        ("takes it for an empty mapping", 0),
        (REFUSED, 2),
        "there is no mapping to put the block into",
    ),
    row(
        encrypt(
            "lines that end with a carriage return alone",
            YAML,
            &[("x.yaml", "a: b\rc: d\r")],
        ),
        ("reads them as lines", 0),
        (REFUSED, 2),
        "most readers see one line",
    ),
    row(
        encrypt(
            "U+2028 in a text without quotes",
            YAML,
            &[("x.yaml", "a: b\u{2028}  c\n")],
        ),
        ("takes it for the end of a line", 0),
        (REFUSED, 2),
        "it is no end of a line in YAML 1.2; in quotes both read it",
    ),
    row(
        encrypt(
            "the escape `\\'` in double quotes",
            YAML,
            &[("x.yaml", "a: \"it\\'s\"\n")],
        ),
        ("reads it", 0),
        (REFUSED, 2),
        "YAML has no such escape",
    ),
    row(
        encrypt(
            "a comment in braces that a selector of comments matches",
            &["encrypt", "x.yaml"],
            &[
                ("x.yaml", "m: [a, # keep\n  b]\nc: d\n"),
                (
                    ".sops.yaml",
                    "creation_rules: [{age: '{A}', unencrypted_comment_regex: keep}]\n",
                ),
            ],
        ),
        ("counts it to what stands before it, or drops it", 0),
        (REFUSED, 1),
        "a value would be left in clear that nobody meant",
    ),
    row(
        encrypt(
            "a comment with an empty line below it that a selector of comments matches, between mappings of a list",
            &["encrypt", "x.yaml"],
            &[
                ("x.yaml", "l:\n- a: b\n# keep\n\n- c: d\n"),
                (
                    ".sops.yaml",
                    "creation_rules: [{age: '{A}', unencrypted_comment_regex: keep}]\n",
                ),
            ],
        ),
        ("counts it to what comes after the next item", 0),
        (REFUSED, 1),
        "another value than meant would be left in clear",
    ),
    row(
        encrypt(
            "a key that stands twice in a section of INI",
            INI,
            &[("x.ini", "[s]\na = 1\na = 2\n")],
        ),
        ("keeps the last one", 0),
        (REFUSED, 2),
        "the other one would be lost",
    ),
    row(
        encrypt(
            "the key `-` in INI",
            INI,
            &[("x.ini", "[s]\n- = 1\n- = 2\n")],
        ),
        ("writes a file that it can't open", 0),
        (REFUSED, 2),
        "go-ini gives numbers to such keys",
    ),
    row(
        encrypt(
            "half of a surrogate pair in JSON",
            JSON,
            &[("x.json", "{\"a\": \"\\ud800\"}\n")],
        ),
        ("encrypts U+FFFD instead", 0),
        (REFUSED, 2),
        "the value would be another one",
    ),
    row(
        encrypt(
            "something behind the value in JSON",
            JSON,
            &[("x.json", "{\"a\": 1} x\n")],
        ),
        ("drops it", 0),
        (REFUSED, 2),
        "it would be lost",
    ),
    row(
        encrypt(
            "a second value in JSON",
            JSON,
            &[("x.json", "{\"a\": 1}\n{\"b\": 2}\n")],
        ),
        ("drops it", 0),
        (REFUSED, 2),
        "it would be lost",
    ),
    row(
        Case::new(
            "the same in an encrypted file",
            &["decrypt", "xbehind.json"],
        ),
        ("drops it", 0),
        ("an error", 1),
        "it would be lost",
    ),
    row(
        Case::new(
            "something behind an encrypted binary file",
            &["decrypt", "xbehind.bin"],
        ),
        ("passes it over", 0),
        ("an error", 1),
        "nobody's MAC is over it",
    ),
    row(
        Case::new(
            "something behind the bracket of a ciphertext",
            &["decrypt", "xjunk.yaml"],
        ),
        ("passes it over", 0),
        ("an error", 25),
        "nobody's MAC is over it",
    ),
    row(
        Case::new("a block without `version`", &["decrypt", "xnoversion.yaml"]),
        ("an error", 1),
        ("decrypts", 0),
        "opening needs none",
    ),
    row(
        Case::new("`<`, `>` and `&` in JSON", &["decrypt", "emarks.json"]),
        ("prints escapes for HTML", 0),
        ("prints the characters", 0),
        "both are the same text, and this is how it stood there",
    ),
];
