//! Differences in `set`, `unset`, `groups`, and in what becomes of types, blocks and indentation.

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
            "several documents, encrypted as JSON",
            &[
                "encrypt",
                "--age",
                "{A}",
                "--output-type",
                "json",
                "multi.yaml",
            ],
        ),
        (
            "writes the first one with the MAC of all, which does not match",
            0,
        ),
        ("an error", 4),
        "nobody could open it",
    ),
    row(
        Case::new(
            "bytes that are no text, as JSON",
            &["decrypt", "--output-type", "json", "e.bin"],
        ),
        ("puts U+FFFD in their place", 0),
        ("an error", 4),
        "the bytes would be lost",
    ),
    row(
        Case::new(
            "`stores.yaml.indent`",
            &["encrypt", "--age", "{A}", "p.yaml"],
        )
        .files(&[(
            ".sops.yaml",
            "stores: {yaml: {indent: 2}}\ncreation_rules: [{age: '{A}'}]\n",
        )]),
        ("obeys it", 0),
        (
            "obeys it where the result is laid out anew, by `--reformat` or another type; elsewhere the file keeps its own",
            0,
        ),
        "the file is somebody's, and so is its history",
    ),
    row(
        Case::new("`stores.json.indent`", &["decrypt", "e.json"])
            .files(&[(".sops.yaml", "stores: {json: {indent: 2}}\n")]),
        ("obeys it", 0),
        ("the same", 0),
        "the same",
    ),
    row(
        Case::new(
            "`stores.json_binary.indent`",
            &["encrypt", "--age", "{A}", "p.bin"],
        )
        .files(&[(
            ".sops.yaml",
            "stores: {json_binary: {indent: 2}}\ncreation_rules: [{age: '{A}'}]\n",
        )]),
        ("obeys it", 0),
        ("the same", 0),
        "the same",
    ),
    row(
        Case::new(
            "an impossible `stores.yaml.indent`",
            &["encrypt", "--age", "{A}", "p.yaml"],
        )
        .files(&[(
            ".sops.yaml",
            "stores: {yaml: {indent: -1}}\ncreation_rules: [{age: '{A}'}]\n",
        )]),
        ("an error", 4),
        ("encrypts: it is not needed", 0),
        "the same",
    ),
    row(
        Case::new(
            "`mac_only_encrypted: no` in a block",
            &["decrypt", "xmaconlyno.yaml"],
        ),
        ("an error", 1),
        ("reads it", 0),
        "nothing is unclear about it",
    ),
    row(
        Case::new(
            "two backslashes in the block of INI, as 3.13.0 and 3.13.1 wrote them",
            &["decrypt", "xslashes.ini"],
        ),
        ("opens no key", 128),
        ("reads it", 0),
        "such files are there",
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
            "`edit` as another type",
            &["edit", "--output-type", "json", "e.yaml"],
        )
        .environment(&[("EDITOR", "sed -i s/two/x/")]),
        ("writes JSON into a file that is called YAML", 0),
        ("an error", 8),
        "what the editor shows is what is written",
    ),
    row(
        Case::new(
            "`edit` of a tree as binary",
            &["edit", "--input-type", "binary", "e.json"],
        )
        .environment(&[("EDITOR", "sed -i s/two/x/")]),
        ("makes one value of the whole tree", 0),
        ("an error", 8),
        "nobody can mean it",
    ),
    row(
        Case::new(
            "a flag of other commands, where it has a meaning",
            &[
                "groups",
                "add",
                "-f",
                "e.json",
                "--input-type",
                "json",
                "--age",
                "{B}",
            ],
        ),
        ("no such flag", 1),
        ("takes it", 0),
        "it is what was asked for",
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
            "`publish` to S3, before anything is confirmed",
            &["publish", "e.yaml"],
        )
        .files(&[(
            ".sops.yaml",
            "destination_rules: [{s3_bucket: a, s3_prefix: b/}]\n",
        )]),
        ("asks", 1),
        ("an error that names the place", 1),
        "nobody is asked from here",
    ),
];
