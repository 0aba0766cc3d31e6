//! The six selectors, and what decides beside them.

use crate::random::Random;

/// A selector of one of the six kinds with its text, or none.
pub(crate) type Choice = Option<(&'static str, String)>;

/// A selector for a store that has comments, or none.
pub(crate) fn any(random: &mut Random) -> Choice {
    choose(random, &[&KEYS[..], &COMMENTS].concat())
}

/// One that looks at keys.
pub(crate) fn of_keys(random: &mut Random) -> Choice {
    choose(random, &KEYS)
}

pub(crate) fn is_of_comments(choice: &Choice) -> bool {
    choice
        .as_ref()
        .is_some_and(|(name, _)| name.contains("comment"))
}

/// One that counts for nothing, or none.
pub(crate) fn of_binary(random: &mut Random) -> Choice {
    let there = random.chance("binary with a selector", 4);
    there.then(|| ("encrypted_regex", "^nothing$".to_owned()))
}

/// Whether the MAC is to be over encrypted values alone.
pub(crate) fn mac_only(random: &mut Random) -> bool {
    let only = random.chance("MAC over encrypted values", 6);
    if !only {
        random.cover("MAC over everything");
    }
    only
}

fn choose(random: &mut Random, kinds: &[(&'static str, &'static str)]) -> Choice {
    let name = random.row(kinds);
    let text = match name {
        "" => return None,
        "unencrypted_suffix " => return Some(("unencrypted_suffix", String::new())),
        name if name.ends_with("suffix") => random.row(&SUFFIXES),
        "unencrypted_comment_regex"
            if random.chance("refused: comment expression that ciphertexts match", 6) =>
        {
            "a"
        }
        name if name.contains("comment") => random.row(&COMMENT_EXPRESSIONS),
        _ => random.row(&EXPRESSIONS),
    };
    Some((name, text.to_owned()))
}

const KEYS: [(&str, &str); 7] = [
    ("selector none", ""),
    ("selector none, once more", ""),
    ("selector empty", "unencrypted_suffix "),
    ("selector unencrypted_suffix", "unencrypted_suffix"),
    ("selector encrypted_suffix", "encrypted_suffix"),
    ("selector unencrypted_regex", "unencrypted_regex"),
    ("selector encrypted_regex", "encrypted_regex"),
];

const COMMENTS: [(&str, &str); 2] = [
    (
        "selector unencrypted_comment_regex",
        "unencrypted_comment_regex",
    ),
    (
        "selector encrypted_comment_regex",
        "encrypted_comment_regex",
    ),
];

const SUFFIXES: [(&str, &str); 3] = [
    ("suffix", "_plain"),
    ("suffix of one letter", "a"),
    ("suffix that is a key", "data"),
];

/// Those of Go, which Rust's reads otherwise, among them.
const EXPRESSIONS: [(&str, &str); 8] = [
    ("expression with anchors", "^(data|stringData)$"),
    ("expression without anchors", "a"),
    ("expression with a class", "^k[0-4]"),
    ("expression with an end", "_plain$"),
    ("expression with \\d", r"^k\d$"),
    ("expression with \\Q", r"^\Qk1\E"),
    ("expression with a flag", "(?i)^K[13579]"),
    ("expression with an octal escape", r"^\153[2-6]"),
];

const COMMENT_EXPRESSIONS: [(&str, &str); 2] = [
    ("comment expression", "keep"),
    ("comment expression with anchors", "^ keep$"),
];
