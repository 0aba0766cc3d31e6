//! Differences in how the command line is read.

use super::super::case::Case;
use super::{Difference, row};

pub(crate) const ROWS: &[Difference] = &[
    row(
        Case::new("`--version`", &["--version"]),
        (
            "`sops 3.13.3`, after asking GitHub whether there is a newer one",
            0,
        ),
        ("`sops 3.13.3 (bulla VERSION)`, and nobody is asked", 0),
        "the second word is still a version that scripts can compare",
    ),
    row(
        Case::new("`--help`", &["--help"]),
        ("its texts", 0),
        (
            "the same flags with texts of our own, in the same layout",
            0,
        ),
        "the texts are our own",
    ),
    row(
        Case::new("`completion bash`", &["completion", "bash"]),
        ("a script that asks the program each time", 0),
        ("a script that knows commands and flags", 0),
        "nothing has to be started for a completion",
    ),
    row(
        Case::new("an unknown flag", &["--bogus"]),
        ("all of the help on standard output", 1),
        ("the error alone, on standard error", 1),
        "standard output is data",
    ),
    row(
        Case::new(
            "a wrong value for a flag",
            &["--indent", "x", "decrypt", "e.yaml"],
        ),
        ("all of the help on standard output", 1),
        ("the error alone, on standard error", 1),
        "the same",
    ),
    row(
        Case::new(
            "a file in a formatting of its own",
            &["encrypt", "-i", "--age", "{A}", "x.yaml"],
        )
        .files(&[("x.yaml", "# c\nm: {a: 'b'}\n\nl:\n- 1 # d\n")]),
        (
            "lays it out anew: indentation, quotes, blank lines, flow style",
            0,
        ),
        (
            "changes the values that are encrypted, adds the block, and nothing else; `--reformat` does the same as theirs",
            0,
        ),
        "the file is somebody's, and so is its history",
    ),
    row(
        Case::new("`{}`", &["encrypt", "--age", "{A}", "x.yaml"]).files(&[("x.yaml", "{}\n")]),
        ("block style", 0),
        ("flow style, as the file has it", 0),
        "the same",
    ),
    row(
        Case::new(
            "a flag of an old spelling behind the file",
            &["e.yaml", "-d"],
        )
        .environment(&[("EDITOR", "true")]),
        ("passes over it with a warning, and opens the editor", 200),
        ("takes it", 0),
        "it is what was asked for",
    ),
    row(
        Case::new(
            "a flag of `encrypt` before its word",
            &["--age", "{A}", "encrypt", "p.yaml"],
        ),
        ("passes over it without a word, and fails", 1),
        ("takes it", 0),
        "the same",
    ),
    row(
        Case::new(
            "a global flag behind the command",
            &["decrypt", "--indent", "2", "e.yaml"],
        ),
        ("no such flag", 1),
        ("takes it", 0),
        "the same",
    ),
    row(
        Case::new(
            "`--age` twice",
            &["encrypt", "--age", "{A}", "--age", "{B}", "p.yaml"],
        ),
        ("closes for the last one alone", 0),
        ("closes for both", 0),
        "whoever is left out can't open it",
    ),
    row(
        Case::new("`-d -r`", &["-d", "-r", "e.yaml"]),
        ("does both, and prints what came last", 0),
        ("an error", 1),
        "nobody can mean both",
    ),
];
