//! A value that must not be seen again, and the search for it in whatever form a leak may take.

use std::fmt::Write as _;

use aho_corasick::AhoCorasick;
use base64::{
    Engine,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};

/// A secret of this run: bytes as a binary file has them, and a text as a person would type it.
///
/// Both are to be sealed, opened and applied; then every log, error, Event, status and metric is searched.
#[derive(Clone, Debug)]
pub struct Canary {
    bytes: Vec<u8>,
    text: String,
    needles: Vec<Needle>,
    search: AhoCorasick,
}

/// Where a canary was seen, and in which form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// The form, such as `hex`.
    pub form: &'static str,
    /// The offset of the first byte, in the haystack or, for a form that was broken over lines, in the haystack
    /// without its white space.
    pub offset: usize,
}

impl Canary {
    /// Draws a new canary.
    ///
    /// # Panics
    ///
    /// If the operating system has no random bytes.
    pub fn new() -> Self {
        let mut random = [0; BYTES + CORE_BYTES];
        getrandom::getrandom(&mut random).expect("the operating system has random bytes");
        let (bytes, core) = random.split_at(BYTES);
        Self::from_parts(bytes, &hex(core))
    }

    fn from_parts(bytes: &[u8], core: &str) -> Self {
        // Every escape there is has something to do on both sides of a core that none of them touches.
        let text = format!("é\"\\<&>+%' {core} '%+>&<\\\"é");
        let mut needles = Vec::new();
        // A leak need not be whole: an error may quote the first bytes only.
        for part in bytes.chunks_exact(PART_BYTES) {
            push_binary_forms(&mut needles, part);
        }
        push_text_forms(&mut needles, bytes);
        push_encodings(&mut needles, core.as_bytes());
        let search = AhoCorasick::new(needles.iter().map(|needle| &needle.pattern))
            .expect("a few hundred short patterns fit");
        Self {
            bytes: bytes.to_vec(),
            text,
            needles,
            search,
        }
    }

    /// Returns 64 random bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns a short printable text of one line, with the characters in it that are escaped here or there.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Looks for the canary, or a part of 16 bytes of it, in any form.
    pub fn find(&self, haystack: &[u8]) -> Vec<Sighting> {
        // Base64 is broken over lines, lists of numbers are indented.
        let joined: Vec<u8> = haystack
            .iter()
            .copied()
            .filter(|byte| !byte.is_ascii_whitespace())
            .collect();
        let mut sightings: Vec<Sighting> = Vec::new();
        for haystack in [haystack, &joined] {
            for found in self.search.find_overlapping_iter(haystack) {
                let form = self.needles[found.pattern()].form;
                if !sightings.iter().any(|sighting| sighting.form == form) {
                    sightings.push(Sighting {
                        form,
                        offset: found.start(),
                    });
                }
            }
        }
        sightings
    }

    /// Checks that the canary is nowhere in `haystack`.
    ///
    /// # Panics
    ///
    /// If it is; the message says in `what`, where, and in which form.
    pub fn assert_absent(&self, what: &str, haystack: impl AsRef<[u8]>) {
        let sightings = self.find(haystack.as_ref());
        assert!(
            sightings.is_empty(),
            "a secret leaked into {what}: {sightings:?}"
        );
    }
}

impl Default for Canary {
    fn default() -> Self {
        Self::new()
    }
}

#[derive(Clone, Debug)]
struct Needle {
    form: &'static str,
    pattern: Vec<u8>,
}

fn push(needles: &mut Vec<Needle>, form: &'static str, pattern: impl Into<Vec<u8>>) {
    needles.push(Needle {
        form,
        pattern: pattern.into(),
    });
}

/// Adds the forms of bytes that need not be text.
fn push_binary_forms(needles: &mut Vec<Needle>, part: &[u8]) {
    push_encodings(needles, part);
    let list = |format: fn(&u8) -> String| part.iter().map(format).collect::<Vec<_>>();
    push(needles, "list of numbers", list(u8::to_string).join(","));
    push(
        needles,
        "hex with colons",
        list(|byte| format!("{byte:02x}")).join(":"),
    );
    push(
        needles,
        "Debug of a byte string",
        part.escape_ascii().to_string(),
    );
    push(
        needles,
        "percent-encoding of all",
        list(|byte| format!("%{byte:02X}")).concat(),
    );
    for upper in [false, true] {
        push(needles, "percent-encoding", percent_encode(part, upper));
    }
}

/// Adds the forms of bytes that were taken for text, each without its ends, where what stands beside them shows.
fn push_text_forms(needles: &mut Vec<Needle>, bytes: &[u8]) {
    let lossy = String::from_utf8_lossy(bytes);
    let count = lossy.chars().count();
    let inner: String = lossy.chars().skip(4).take(count - 8).collect();
    let latin: String = bytes.iter().map(|&byte| char::from(byte)).collect();
    for (text, [raw, debug, json]) in [
        (
            &inner,
            ["lossy text", "Debug of lossy text", "JSON of lossy text"],
        ),
        (
            &latin,
            [
                "Latin-1 text",
                "Debug of Latin-1 text",
                "JSON of Latin-1 text",
            ],
        ),
    ] {
        push(needles, raw, text.as_str());
        push(needles, debug, unquoted(&format!("{text:?}")));
        let escaped = serde_json::to_string(text).expect("text is JSON");
        push(needles, json, unquoted(&escaped));
        // As Go writes it.
        let mut html = String::new();
        for character in unquoted(&escaped).chars() {
            match character {
                '<' | '>' | '&' => write!(html, "\\u{:04x}", u32::from(character)).expect("memory"),
                _ => html.push(character),
            }
        }
        push(needles, json, html);
    }
}

/// Adds the bytes as they are, in hex and in base64, and these once more in base64 (a Secret in a Secret).
fn push_encodings(needles: &mut Vec<Needle>, bytes: &[u8]) {
    push(needles, "raw", bytes);
    push(needles, "hex", hex(bytes));
    push(needles, "hex", hex(bytes).to_uppercase());
    for encoded in base64_forms(bytes) {
        for twice in base64_forms(encoded.as_bytes()) {
            push(needles, "base64 of base64", twice);
        }
        push(needles, "base64", encoded);
    }
    for twice in base64_forms(hex(bytes).as_bytes()) {
        push(needles, "base64 of hex", twice);
    }
}

/// Returns what is sure to be there of the base64 of anything that contains `bytes`: in both alphabets, for each
/// of the three ways to fall on groups of three bytes.
fn base64_forms(bytes: &[u8]) -> Vec<String> {
    let mut forms = Vec::new();
    for engine in [STANDARD_NO_PAD, URL_SAFE_NO_PAD] {
        for before in 0..3 {
            let mut aligned = vec![0; before];
            aligned.extend_from_slice(bytes);
            let encoded = engine.encode(&aligned);
            // A character at an end that holds bits of a neighbour too says nothing.
            let start = (before * 8).div_ceil(6);
            let end = aligned.len() * 8 / 6;
            forms.push(encoded[start..end].to_owned());
        }
    }
    forms
}

fn percent_encode(bytes: &[u8], upper: bool) -> String {
    bytes.iter().fold(String::new(), |mut text, &byte| {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                text.push(byte.into());
            }
            _ if upper => write!(text, "%{byte:02X}").expect("memory"),
            _ => write!(text, "%{byte:02x}").expect("memory"),
        }
        text
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unquoted(quoted: &str) -> &str {
    quoted.trim_matches('"')
}

const BYTES: usize = 64;
const CORE_BYTES: usize = 8;
const PART_BYTES: usize = 16;

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::{STANDARD, URL_SAFE};

    use super::*;

    /// Hides a value in other text of various lengths, so that it falls on every alignment.
    fn assert_found(canary: &Canary, what: &str, encode: impl Fn(&[u8]) -> Vec<u8>, secret: &[u8]) {
        for before in 0..7 {
            let hidden = [&vec![b'x'; before], secret, b"after"].concat();
            let haystack = [b"level=info msg=\"", &*encode(&hidden), b"\" more"].concat();
            assert!(
                !canary.find(&haystack).is_empty(),
                "missed: {what}, {before} bytes before"
            );
        }
    }

    #[test]
    fn finds_a_leak_in_every_form() {
        let canary = Canary::new();
        for secret in [
            canary.bytes(),
            &canary.bytes()[..32],
            &canary.bytes()[16..48],
            canary.text().as_bytes(),
        ] {
            let found = |what, encode: &dyn Fn(&[u8]) -> Vec<u8>| {
                assert_found(&canary, what, encode, secret)
            };
            found("raw", &<[u8]>::to_vec);
            found("base64", &|bytes| STANDARD.encode(bytes).into());
            found("URL-safe base64", &|bytes| URL_SAFE.encode(bytes).into());
            found("base64 twice", &|bytes| {
                STANDARD.encode(STANDARD.encode(bytes)).into()
            });
            found("base64 in lines", &|bytes| {
                let encoded = STANDARD.encode(bytes);
                encoded
                    .as_bytes()
                    .chunks(20)
                    .collect::<Vec<_>>()
                    .join(&b"\n    "[..])
            });
            found("hex", &|bytes| hex(bytes).into());
            found("HEX", &|bytes| hex(bytes).to_uppercase().into());
            found("percent", &|bytes| percent_encode(bytes, true).into());
            found("Debug of bytes", &|bytes| {
                bytes.escape_ascii().to_string().into()
            });
        }
    }

    #[test]
    fn finds_bytes_that_were_taken_for_something_else() {
        let canary = Canary::new();
        let found = |what, encode: &dyn Fn(&[u8]) -> Vec<u8>| {
            assert_found(&canary, what, encode, canary.bytes())
        };
        found("Debug of a vector", &|bytes| format!("{bytes:?}").into());
        found("Debug in lines", &|bytes| format!("{bytes:#?}").into());
        found("JSON of a vector", &|bytes| {
            serde_json::to_vec(bytes).expect("a list")
        });
        found("lossy", &|bytes| {
            String::from_utf8_lossy(bytes).into_owned().into()
        });
        found("Debug of lossy", &|bytes| {
            format!("{:?}", String::from_utf8_lossy(bytes)).into()
        });
        found("JSON of lossy", &|bytes| {
            serde_json::to_vec(&String::from_utf8_lossy(bytes)).expect("text")
        });
        found("Latin-1", &|bytes| {
            bytes
                .iter()
                .map(|&byte| char::from(byte))
                .collect::<String>()
                .into()
        });
    }

    #[test]
    fn finds_an_escaped_text() {
        let canary = Canary::new();
        for haystack in [
            format!("{:?}", canary.text()),
            serde_json::to_string(canary.text()).expect("text"),
            percent_encode(canary.text().as_bytes(), false),
        ] {
            assert!(
                !canary.find(haystack.as_bytes()).is_empty(),
                "missed: {haystack}"
            );
        }
    }

    #[test]
    fn says_nothing_of_clean_text() {
        let (canary, other) = (Canary::new(), Canary::new());
        let clean = [
            other.bytes(),
            other.text().as_bytes(),
            STANDARD.encode(other.bytes()).as_bytes(),
            "é\"\\<&>+%' clean text '%+>&<\\\"é ".repeat(100).as_bytes(),
        ]
        .concat();
        assert_eq!(canary.find(&clean), []);
        canary.assert_absent("clean text", clean);
    }

    #[test]
    fn says_where_and_in_which_form() {
        let canary = Canary::new();
        let haystack = [b"0123", canary.bytes()].concat();
        assert_eq!(
            canary.find(&haystack)[0],
            Sighting {
                form: "raw",
                offset: 4
            }
        );
    }
}
