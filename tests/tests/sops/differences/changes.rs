//! Differences in `set`, `unset` and `groups`.

use super::super::case::Case;
use super::{Difference, row};

pub(crate) const ROWS: &[Difference] = &[
    row(
        Case::new(
            "half a character",
            &["set", "e.yaml", "[\"a\"]", "\"\\ud83d\""],
        ),
        ("puts U+FFFD in its place", 0),
        ("an error", 7),
        "nobody means that character",
    ),
    row(
        Case::new(
            "`set` at a position in a mapping",
            &["set", "e.yaml", "[\"m\"][0]", "\"x\""],
        ),
        ("changes nothing, and says nothing", 0),
        ("an error: the path is none", 91),
        "mappings have no positions",
    ),
    row(
        Case::new("the same in INI", &["set", "e.ini", "[\"s\"][0]", "\"x\""]),
        ("changes nothing, and says nothing", 0),
        ("an error: the path is none", 91),
        "the same",
    ),
    row(
        Case::new("the same in dotenv", &["set", "e.env", "[0]", "\"x\""]),
        ("changes nothing, and says nothing", 0),
        ("an error: the path is none", 91),
        "the same",
    ),
    row(
        Case::new(
            "`set` of null in dotenv",
            &["set", "e.env", "[\"A\"]", "null"],
        ),
        ("writes `<nil>`, and nobody opens the file again", 0),
        ("an error", 4),
        "the file would be lost",
    ),
    row(
        Case::new(
            "the same, in INI",
            &["set", "e.ini", "[\"s\"][\"a\"]", "null"],
        ),
        ("writes `<nil>`, and nobody opens the file again", 0),
        ("an error", 4),
        "the same",
    ),
    row(
        Case::new(
            "`set` below a value of INI",
            &["set", "e.ini", "[\"s\"][\"a\"][\"b\"]", "\"x\""],
        ),
        ("writes a Go value, and nobody opens the file again", 0),
        ("an error: the path is none", 91),
        "the same",
    ),
    row(
        Case::new(
            "`set` of a number in a binary file",
            &["set", "e.bin", "[\"data\"]", "5"],
        ),
        ("writes it, and the file is binary no more", 0),
        ("an error: the path is none", 91),
        "the same",
    ),
    row(
        Case::new(
            "`set` beside the value of a binary file",
            &["set", "e.bin", "[\"x\"]", "\"y\""],
        ),
        ("writes it, and drops it when the file is decrypted", 0),
        ("an error: the path is none", 91),
        "it would not be seen again",
    ),
    row(
        Case::new(
            "`set` in a binary file",
            &["set", "e.bin", "[\"data\"]", "\"x\""],
        ),
        ("adds `unencrypted_suffix` to its block", 0),
        ("does not", 0),
        "nothing is selected in a binary file",
    ),
    row(
        Case::new(
            "`unset` of the value of a binary file",
            &["unset", "e.bin", "[\"data\"]"],
        ),
        ("leaves a block alone, and nobody opens the file again", 0),
        ("an error", 1),
        "the file would be lost",
    ),
    row(
        Case::new(
            "a number that is there, idempotent",
            &["set", "--idempotent", "e.yaml", "[\"c\"]", "1"],
        ),
        ("makes a float of the whole number", 0),
        ("writes nothing", 0),
        "it is so already",
    ),
    row(
        Case::new(
            "`unset` at a negative position",
            &["unset", "e.yaml", "[\"l\"][-1]"],
        ),
        ("panics", 2),
        ("an error", 7),
        "there is no such position",
    ),
    row(
        Case::new("`unset` with an empty index", &["unset", "e.yaml", ""]),
        ("panics", 2),
        ("an error", 7),
        "it is no index",
    ),
    row(
        Case::new(
            "`groups delete` of a group that is not there",
            &["groups", "delete", "-f", "e.yaml", "1"],
        ),
        ("panics", 2),
        ("an error", 1),
        "a panic is no answer",
    ),
    row(
        Case::new(
            "`groups delete` of the only group",
            &["groups", "delete", "-i", "-f", "e.yaml", "0"],
        ),
        ("leaves a file that nobody opens again", 0),
        ("an error", 1),
        "the file would be lost",
    ),
    row(
        Case::new(
            "`groups add` of nobody",
            &["groups", "add", "-i", "-f", "e.yaml"],
        ),
        ("adds an empty group, and nobody opens the file again", 0),
        ("an error", 1),
        "the same",
    ),
    row(
        Case::new(
            "`groups add` of what is no recipient",
            &["groups", "add", "-i", "-f", "e.yaml", "--age", "bogus"],
        ),
        ("the same, after an error", 0),
        ("an error", 1),
        "the same",
    ),
    row(
        Case::new(
            "`groups add` with a threshold of one",
            &[
                "groups",
                "add",
                "-i",
                "-f",
                "e.yaml",
                "--age",
                "{B}",
                "--shamir-secret-sharing-threshold",
                "1",
            ],
        ),
        (
            "closes no share for the new group, and nobody opens the file again",
            0,
        ),
        ("an error", 1),
        "the same",
    ),
    row(
        Case::new("`groups` alone", &["groups"]),
        ("its texts", 0),
        ("texts of our own", 0),
        "the texts are our own",
    ),
    row(
        Case::new(
            "`set` of a section that has a comment",
            &["set", "ecomments.ini", "[\"s\"]", "{\"q\":\"w\"}"],
        ),
        ("drops the comment above it", 0),
        ("keeps it", 0),
        "it says what the section is for",
    ),
    row(
        Case::new(
            "`set` of a number that stays in clear in dotenv",
            &["set", "e.env", "[\"N_unencrypted\"]", "5"],
        ),
        ("writes `5.0` with the MAC of `5`, which does not match", 0),
        ("writes what the MAC is made of", 0),
        "nobody could open it",
    ),
    row(
        Case::new(
            "`unset` of `DEFAULT` in INI that has no key before its sections",
            &["unset", "e.ini", "[\"DEFAULT\"]"],
        ),
        ("changes nothing, and says nothing", 0),
        ("an error", 1),
        "there is no such section",
    ),
    row(
        Case::new(
            "a Shamir threshold for the one group that is left",
            &[
                "groups",
                "delete",
                "-i",
                "-f",
                "eshamir.yaml",
                "1",
                "--shamir-secret-sharing-threshold",
                "1",
            ],
        )
        .environment(&[("SOPS_AGE_KEY_FILE", "both.txt")]),
        ("writes it down", 0),
        ("leaves it out", 0),
        "one group has no shares",
    ),
    row(
        Case::new(
            "`unset` of the last key before the sections of INI",
            &["unset", "ecomments.ini", "[\"DEFAULT\"][\"d\"]"],
        ),
        ("leaves its comment, as a ciphertext that nobody opens", 0),
        ("takes its comment out, too", 0),
        "it was about the key",
    ),
];
