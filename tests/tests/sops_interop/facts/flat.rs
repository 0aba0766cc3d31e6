//! The rows of the facts that the other stores stand for.

use super::Fact;

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
