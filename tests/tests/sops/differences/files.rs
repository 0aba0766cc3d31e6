//! Differences in what becomes of files.

use super::super::case::Case;
use super::{Difference, row};

pub(crate) const ROWS: &[Difference] = &[
    row(
        Case::new(
            "a selector that is no regular expression",
            &[
                "encrypt",
                "--age",
                "{A}",
                "--encrypted-regex",
                "(",
                "p.yaml",
            ],
        ),
        ("writes everything in clear without a word", 0),
        ("an error before anything is written", 1),
        "a secret would be committed",
    ),
    row(
        Case::new("the same in a rule", &["encrypt", "-i", "p.yaml"]).files(&[(
            ".sops.yaml",
            "creation_rules: [{encrypted_regex: '(?!a)', age: '{A}'}]\n",
        )]),
        ("writes everything in clear without a word", 0),
        ("an error before anything is written", 1),
        "the same",
    ),
    row(
        Case::new(
            "a selector that selects nothing",
            &[
                "encrypt",
                "--age",
                "{A}",
                "--encrypted-regex",
                "nothing",
                "p.yaml",
            ],
        ),
        ("writes everything in clear without a word", 0),
        ("an error before anything is written", 1),
        "the same",
    ),
    row(
        Case::new(
            "an unknown type",
            &["decrypt", "--input-type", "foo", "e.yaml"],
        ),
        ("goes by the name of the file", 0),
        ("an error", 1),
        "somebody meant something by it",
    ),
    row(
        Case::new(
            "`--extract` in place",
            &["decrypt", "-i", "--extract", "[\"a\"]", "e.yaml"],
        ),
        ("overwrites the file with the part", 0),
        ("an error", 8),
        "the rest would be lost",
    ),
    row(
        Case::new(
            "another type in place",
            &["decrypt", "-i", "--output-type", "dotenv", "eflat.yaml"],
        ),
        ("writes dotenv into a file that is called YAML", 0),
        ("an error", 8),
        "nobody could read it by its name",
    ),
    row(
        Case::new(
            "`decrypt` beside a broken `.sops.yaml`",
            &["decrypt", "e.yaml"],
        )
        .files(&[(".sops.yaml", "a: [\n")]),
        ("an error", 1),
        ("decrypts", 0),
        "opening needs none of it",
    ),
    row(
        Case::new(
            "`--extract` of a position in a mapping",
            &["decrypt", "--extract", "[0]", "e.yaml"],
        ),
        ("prints key and value as a mapping of its own", 0),
        ("an error", 1),
        "mappings have no positions",
    ),
    row(
        Case::new(
            "`--extract` of a key in a list",
            &["decrypt", "--extract", "[\"l\"][\"x\"]", "e.yaml"],
        ),
        ("panics", 2),
        ("an error", 1),
        "lists have no keys",
    ),
    row(
        Case::new("`set` with an empty index", &["set", "e.yaml", "", "1"]),
        ("panics", 2),
        ("an error", 7),
        "it is no index",
    ),
    row(
        Case::new(
            "`set` of a key where a list is",
            &["set", "e.yaml", "[\"l\"][\"z\"]", "\"x\""],
        ),
        ("panics", 2),
        ("an error: the path is none", 91),
        "a panic is no answer",
    ),
    row(
        Case::new(
            "`set` at a negative position",
            &["set", "e.yaml", "[\"l\"][-1]", "\"x\""],
        ),
        ("panics", 2),
        ("an error", 7),
        "there is no such position",
    ),
    row(
        Case::new("`edit -s` with a value changed", &["edit", "-s", "e.yaml"])
            .environment(&[("EDITOR", "sed -i s/two/x/")]),
        ("drops the change, and says nothing", 0),
        ("writes it", 0),
        "it is what was asked for",
    ),
    row(
        Case::new(
            "`rotate --add-age` of who is there",
            &["rotate", "-i", "--add-age", "{A}", "e.yaml"],
        ),
        ("closes twice for the same key", 0),
        ("closes once", 0),
        "once is enough",
    ),
    row(
        Case::new("a binary file that is rotated", &["rotate", "-i", "e.bin"]),
        ("adds `unencrypted_suffix` to its block", 0),
        ("does not", 0),
        "nothing is selected in a binary file",
    ),
    row(
        Case::new("the same with other keys", &["updatekeys", "-y", "e.bin"])
            .files(&[(".sops.yaml", "creation_rules: [{age: '{A},{B}'}]\n")]),
        ("adds `unencrypted_suffix` to its block", 0),
        ("does not", 0),
        "the same",
    ),
    row(
        Case::new("the same, edited", &["e.bin"]).environment(&[("EDITOR", "sed -i s/blob/x/")]),
        ("adds `unencrypted_suffix` to its block", 0),
        ("does not", 0),
        "the same",
    ),
    row(
        Case::new(
            "a Shamir threshold for one group",
            &[
                "encrypt",
                "--age",
                "{A}",
                "--shamir-secret-sharing-threshold",
                "2",
                "p.yaml",
            ],
        ),
        ("writes it down", 0),
        ("leaves it out", 0),
        "one group has no shares",
    ),
    row(
        Case::new(
            "a key that is a number",
            &["encrypt", "--age", "{A}", "x.yaml"],
        )
        .files(&[("x.yaml", "1: a\n")]),
        ("exit code of a file that can't be encrypted", 23),
        ("exit code of a file that can't be read", 2),
        "it is refused while it is read",
    ),
    row(
        Case::new(
            "INI as YAML",
            &["decrypt", "--output-type", "yaml", "e.ini"],
        ),
        ("prints an empty section `DEFAULT`", 0),
        ("leaves it out", 0),
        "the file has no such section",
    ),
    row(
        Case::new(
            "half a file of JSON",
            &["encrypt", "--age", "{A}", "x.json"],
        )
        .files(&[("x.json", "{\"a\":")]),
        ("encrypts nothing of it", 0),
        ("an error", 2),
        "what was cut off would be lost",
    ),
    row(
        Case::new(
            "`sops` in a later document",
            &["encrypt", "--age", "{A}", "x.yaml"],
        )
        .files(&[("x.yaml", "a: 1\n---\nsops: 2\n")]),
        ("fails while writing", 4),
        ("is encrypted already", 203),
        "the message says what is wrong",
    ),
    row(
        Case::new(
            "a key twice in a later document",
            &["encrypt", "--age", "{A}", "x.yaml"],
        )
        .files(&[("x.yaml", "a: 1\n---\nb: 1\nb: 2\n")]),
        ("keeps the last one", 0),
        ("an error", 2),
        "readers disagree on which one counts",
    ),
    row(
        Case::new(
            "`exec-file --background --no-fifo`",
            &["exec-file", "--background", "--no-fifo", "e.yaml", "true"],
        ),
        (
            "removes the file at once, whether the command has read it or not",
            0,
        ),
        ("an error", 1),
        "the command would find nothing",
    ),
    row(
        Case::new(
            "a comment in a list",
            &["encrypt", "--age", "{A}", "x.yaml"],
        )
        .files(&[("x.yaml", "l:\n    # c\n    - a\n")]),
        (
            "makes an item of it, because it would lose its place otherwise",
            0,
        ),
        ("encrypts it where it stands", 0),
        "both read both",
    ),
    row(
        Case::new(
            "an anchor on a value",
            &["encrypt", "--age", "{A}", "x.yaml"],
        )
        .files(&[("x.yaml", "a: &x b\nc: *x\n")]),
        ("writes aliases out, and drops the anchor", 0),
        ("writes aliases out, and keeps the anchor", 0),
        "only aliases can't be encrypted",
    ),
    row(
        Case::new(
            "`lastmodified` without quotes, as other tools write it",
            &["decrypt", "xtime.yaml"],
        ),
        ("an error", 1),
        ("reads it", 0),
        "nothing is unclear about it",
    ),
    row(
        Case::new(
            "`updatekeys` of a file that also has a PGP key, which is not at hand",
            &["updatekeys", "-y", "epgp.yaml"],
        )
        .files(&[(
            ".sops.yaml",
            "creation_rules: [{age: '{A},{B}', pgp: 85D77543B3D624B63CEA9E6DBC17301B491B3F21}]\n",
        )]),
        ("an error: it closes for everybody anew", 1),
        (
            "adds the age recipient, and keeps the PGP entry as it is",
            0,
        ),
        "the data key is the same",
    ),
    row(
        Case::new(
            "`updatekeys` for a PGP key that is not at hand",
            &["updatekeys", "-y", "e.yaml"],
        )
        .files(&[(
            ".sops.yaml",
            "creation_rules: [{age: '{A}', pgp: 85D77543B3D624B63CEA9E6DBC17301B491B3F21}]\n",
        )]),
        ("prints the changes, and fails", 1),
        ("fails at once", 1),
        "only age is used here",
    ),
    row(
        Case::new(
            "`publish` by a rule with `local_path`",
            &["publish", "-y", "e.yaml"],
        )
        .files(&[(
            ".sops.yaml",
            "destination_rules: [{local_path: out, omit_extensions: true}]\n",
        )]),
        (
            "passes `local_path` over: no destination configured for this file",
            1,
        ),
        (
            "puts the file into that directory, relative to `.sops.yaml`",
            0,
        ),
        "a destination that needs nobody else, for whatever carries files on",
    ),
    row(
        Case::new(
            "an empty comment in a list",
            &["encrypt", "--age", "{A}", "x.yaml"],
        )
        .files(&[("x.yaml", "l:\n    - a\n    #\n    - b\n")]),
        ("makes an item of it, an empty text", 0),
        ("leaves it where it stands", 0),
        "nobody wrote that item",
    ),
    row(
        Case::new(
            "an INI comment that begins with an empty line, and stays in clear",
            &[
                "encrypt",
                "-i",
                "--age",
                "{A}",
                "--unencrypted-suffix",
                "k",
                "x.ini",
            ],
        )
        .files(&[("x.ini", "[k]\n;\n; one\na = b\n[t]\nc = d\n")]),
        ("panics", 2),
        ("encrypts the rest", 0),
        "a panic is no answer",
    ),
];
