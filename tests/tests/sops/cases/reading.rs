//! Files that both read alike, or that neither reads.

use crate::case::Case;

const LAYOUT: &[(&str, &str)] = &[("SOPS_REFORMAT", "1")];

const fn encrypt(name: &'static str, files: &'static [(&'static str, &'static str)]) -> Case {
    let (file, _) = files[0];
    let arguments: &[&str] = match file.as_bytes() {
        [.., b'y', b'a', b'm', b'l'] => &["encrypt", "--age", "{A}", "x.yaml"],
        [.., b'j', b's', b'o', b'n'] => &["encrypt", "--age", "{A}", "x.json"],
        _ => &["encrypt", "--age", "{A}", "x.ini"],
    };
    Case::new(name, arguments).files(files).environment(LAYOUT)
}

#[rustfmt::skip]
pub(super) const READING: &[Case] = &[
    encrypt("the tag `!`", &[("x.yaml", "a: ! 5\nb: !\nc: ! \"5\"\na_unencrypted: ! 0x1F\nb_unencrypted: ! true\nc_unencrypted: ! 1.50\nd_unencrypted: ! 2020-01-02\n")]),
    encrypt("times and numbers in odd spellings", &[("x.yaml", "a: 2020-01-02  03:04:05\na_unencrypted: 2020-01-02   3:4:5.5\nb_unencrypted: 0o-7\nc_unencrypted: 0b+01\nd_unencrypted: -0b1\n")]),
    encrypt("a line break of YAML 1.1 in quotes", &[("x.yaml", "a: \"x\u{2028}  y\"\nb: 'x\u{2029}y'\nc_unencrypted: \"x\u{85}y\"\n")]),
    encrypt("a question mark before a key", &[("x.yaml", "? a\n: b\nc: d\n")]),
    encrypt("a tab before a block", &[("x.yaml", "a: |\n  \tx\n")]),
    encrypt("an escape of JSON alone", &[("x.yaml", "a: \"\\/\"\n")]),
    encrypt("an escape in two halves", &[("x.yaml", "a: \"\\ud83d\\ude00\"\n")]),
    encrypt("U+0085 in a block", &[("x.yaml", "a: |\n  x\u{85}y\n")]),
    encrypt("U+2028 in a comment", &[("x.yaml", "# x\u{2028}y\na: b\n")]),
    encrypt("YAML 1.2 by name", &[("x.yaml", "%YAML 1.2\n---\na: 1\n")]),
    encrypt("an unknown directive", &[("x.yaml", "%FOO\n---\na: 1\n")]),
    encrypt("a zone a day from UTC", &[("x.yaml", "a: 2020-01-02T03:04:05+24:00\n")]),
    encrypt("a merge key with a text", &[("x.yaml", "<<: x\n")]),
    encrypt("a merge key with a list of texts", &[("x.yaml", "<<: [x]\n")]),
    encrypt("the tag !!int on a fraction", &[("x.yaml", "a: !!int 1.5\n")]),
    encrypt("the tag !!bool on a text", &[("x.yaml", "a: !!bool yes\n")]),
    encrypt("the tag !!null on a text", &[("x.yaml", "a: !!null x\n")]),
    encrypt("the tag !!binary on something else", &[("x.yaml", "a: !!binary \"@@\"\n")]),
    encrypt("a byte order mark before JSON", &[("x.json", "\u{feff}{\"a\": 1}\n")]),
    encrypt("a number of JSON that is too large", &[("x.json", "{\"a\": 1E400}\n")]),
    encrypt("quotes inside of quotes in INI", &[("x.ini", "[s]\na = \"b\" \"c\"\nb = \"b\\\"c\"\nc = 'b'c'\nd = \"\"x\"\"\n")]),
    encrypt("something behind quotes in INI", &[("x.ini", "[s]\na = `x` y\nb = \"\"\"x\ny\"\"\"c\"\"\" z\nc = d\n")]),
    encrypt("three quotes that end nowhere in INI", &[("x.ini", "[s]\na = \"\"\"\n")]),
    encrypt("three quotes that end in a later line in INI", &[("x.ini", "[s]\na = \"\"\"\nx\"\"\"\n")]),
    Case::new("a ciphertext in a block", &["decrypt", "xblock.yaml"]),
    Case::new("an entry without a recipient", &["decrypt", "xnobody.yaml"]),
    Case::new("a value beside that of a binary file", &["decrypt", "xmore.bin"]),
    Case::new("a binary file without its value", &["decrypt", "xnodata.bin"]),
    Case::new("carriage returns in the block of dotenv", &["decrypt", "xwindows.env"]),
    Case::new("two blocks in JSON", &["decrypt", "x.json"]).files(&[("x.json", "{\"a\": 1, \"sops\": {\"mac\": \"x\"}, \"sops\": {\"mac\": \"x\"}}\n")]),
];
