//! What two runs can't have in common, blanked: ciphertexts, closed keys, times, and paths of their own.

/// Puts words in the place of what is random.
pub(crate) fn blanked(text: &str) -> String {
    let text = between(text, "ENC[AES256_GCM,", "]", |closed| {
        let kind = closed.rsplit_once("type:").map_or("?", |(_, kind)| kind);
        format!("<{}>", kind.trim_end_matches(']'))
    });
    let text = between(
        &text,
        "-----BEGIN AGE",
        "-----END AGE ENCRYPTED FILE-----",
        |_| "<age>".to_owned(),
    );
    times(&text)
}

/// Replaces each piece from `begin` up to the next `end`.
fn between(text: &str, begin: &str, end: &str, new: impl Fn(&str) -> String) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(begin) {
        let Some(length) = rest[start..].find(end) else {
            break;
        };
        let stop = start + length + end.len();
        out += &rest[..start];
        out += &new(&rest[start..stop]);
        rest = &rest[stop..];
    }
    out + rest
}

/// `lastmodified`, which is twenty characters, wherever it stands.
fn times(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("lastmodified") {
        let from = at + "lastmodified".len();
        let digit = rest[from..]
            .find("20")
            .map_or(rest.len(), |digit| from + digit);
        let stop = (digit + "2026-11-21T12:00:00Z".len()).min(rest.len());
        if rest.is_char_boundary(stop) && rest[digit..stop].ends_with('Z') {
            out += &rest[..digit];
            out += "<time>";
        } else {
            out += &rest[..stop];
        }
        rest = &rest[stop..];
    }
    out + rest
}
