//! Differences in types of files, indentation, comments, and in what a block may look like.

use super::super::case::Case;
use super::{Difference, row};

pub(crate) const ROWS: &[Difference] = &[
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
    row(
        Case::new("a comment behind a value", &["decrypt", "ebehind.yaml"]),
        ("prints it above the value", 0),
        ("prints it where it stands", 0),
        "the file is somebody's, and so is its history",
    ),
    row(
        Case::new(
            "an edit that writes it as the file has it",
            &["ebehind.yaml"],
        )
        .environment(&[("EDITOR", "cp behind.yaml")]),
        ("takes it for a change", 0),
        ("is none", 200),
        "nothing has changed",
    ),
    row(
        Case::new(
            "an entry of KMS whose time is a number",
            &["decrypt", "xkmstime.yaml"],
        ),
        ("an error", 1),
        ("decrypts by the age key", 0),
        "the entry is not used",
    ),
];
