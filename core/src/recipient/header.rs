//! The header of an age v1 file, read as strictly as the format allows.
//!
//! Every encoding is canonical, so what was read has one spelling and the MAC is taken over the bytes as they stand.
//! Source: <https://c2sp.org/age>.

use base64::Engine;
use base64::prelude::BASE64_STANDARD_NO_PAD;

use super::identity::StanzaFault;

/// A header and what follows it.
pub(super) struct Header<'a> {
    pub(super) stanzas: Vec<Stanza<'a>>,
    /// The bytes that the MAC covers.
    pub(super) authenticated: &'a [u8],
    pub(super) mac: [u8; 32],
    pub(super) payload: &'a [u8],
}

/// One entry of a header: a file key closed for someone, or grease.
pub(super) struct Stanza<'a> {
    pub(super) kind: &'a str,
    pub(super) arguments: Vec<&'a str>,
    pub(super) body: Vec<u8>,
    /// The line it begins on, counted from 1.
    pub(super) line: usize,
}

/// What is wrong with a header, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {rule}")]
pub struct HeaderFault {
    /// Counted from 1.
    pub line: usize,
    /// The rule that the line breaks.
    pub rule: &'static str,
}

/// Why there is no header to speak of.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum HeaderError {
    NotAge,
    Armored,
    UnsupportedVersion,
    Malformed(HeaderFault),
}

impl<'a> Header<'a> {
    pub(super) fn read(file: &'a [u8]) -> Result<Self, HeaderError> {
        if file.starts_with(b"-----BEGIN AGE ENCRYPTED FILE-----") {
            return Err(HeaderError::Armored);
        }
        let rest = file.strip_prefix(MAGIC).ok_or(HeaderError::NotAge)?;
        let mut lines = Lines { rest, number: 0 };
        let version = lines.next()?;
        if version != b"v1" {
            return Err(match version.iter().all(u8::is_ascii_graphic) {
                true => HeaderError::UnsupportedVersion,
                false => lines.fault("the version must be a word"),
            });
        }

        let mut stanzas = Vec::new();
        loop {
            let start = file.len() - lines.rest.len();
            let line = lines.next()?;
            if let Some(mac) = line.strip_prefix(b"---") {
                let fault =
                    || lines.fault("the last line must be `--- ` and a MAC of 43 characters");
                let mac = mac.strip_prefix(b" ").ok_or_else(fault)?;
                let mac = decode_exactly(mac).ok_or_else(fault)?;
                if stanzas.is_empty() {
                    return Err(lines.fault("there must be a stanza"));
                }
                return Ok(Self {
                    stanzas,
                    authenticated: &file[..start + b"---".len()],
                    mac,
                    payload: lines.rest,
                });
            }
            stanzas.push(lines.stanza(line)?);
        }
    }
}

impl Stanza<'_> {
    /// True for a stanza that is there to keep readers honest, and closes nothing.
    pub(super) fn is_grease(&self) -> bool {
        self.kind.ends_with("-grease")
    }

    /// The one argument of the stanza, a key of `N` bytes.
    pub(super) fn only_argument<const N: usize>(&self) -> Result<[u8; N], StanzaFault> {
        let [argument] = self.arguments[..] else {
            return Err(StanzaFault::Malformed("the stanza must have one argument"));
        };
        decode_exactly(argument.as_bytes()).ok_or(StanzaFault::Malformed(
            "the argument must be a key of this type in canonical base64",
        ))
    }

    /// The two arguments of a stanza for an ssh-ed25519 key: its tag, and a share.
    pub(super) fn tag_and_share(&self) -> Result<([u8; 4], [u8; 32]), StanzaFault> {
        let [tag, share] = self.arguments[..] else {
            return Err(StanzaFault::Malformed("the stanza must have two arguments"));
        };
        let tag = decode_exactly(tag.as_bytes());
        let share = decode_exactly(share.as_bytes());
        tag.zip(share).ok_or(StanzaFault::Malformed(
            "the arguments must be a tag and a share in canonical base64",
        ))
    }

    /// The tag that a stanza for an ssh key begins with.
    pub(super) fn ssh_tag(&self) -> Option<[u8; 4]> {
        decode_exactly(self.arguments.first()?.as_bytes())
    }
}

/// Takes lines off the front of a file, each ended by one line feed.
struct Lines<'a> {
    rest: &'a [u8],
    number: usize,
}

impl<'a> Lines<'a> {
    fn next(&mut self) -> Result<&'a [u8], HeaderError> {
        self.number += 1;
        let end = self.rest.iter().position(|byte| *byte == b'\n');
        let end = end.ok_or_else(|| self.fault("the header must not end here"))?;
        let line = &self.rest[..end];
        self.rest = &self.rest[end + 1..];
        Ok(line)
    }

    /// Reads the words of a stanza's first `line`, then its body.
    fn stanza(&mut self, line: &'a [u8]) -> Result<Stanza<'a>, HeaderError> {
        let number = self.number;
        let words = line.strip_prefix(b"-> ");
        let words = words.ok_or_else(|| self.fault("a stanza must begin with `-> `"))?;
        let words: Option<Vec<&str>> = words.split(|byte| *byte == b' ').map(word).collect();
        let mut words = words
            .ok_or_else(|| {
                self.fault("the words of a stanza must be printable, with one blank between")
            })?
            .into_iter();
        let kind = words.next().expect("split yields at least one part");
        Ok(Stanza {
            kind,
            arguments: words.collect(),
            body: self.body()?,
            line: number,
        })
    }

    /// Reads lines of base64, all full but the last, which is shorter and may be empty.
    fn body(&mut self) -> Result<Vec<u8>, HeaderError> {
        let mut body = Vec::new();
        loop {
            let line = self.next()?;
            if line.len() > BODY_COLUMNS {
                return Err(self.fault("a line of a body must have at most 64 characters"));
            }
            BASE64_STANDARD_NO_PAD
                .decode_vec(line, &mut body)
                .map_err(|_| {
                    self.fault("a body must be canonical base64 and end with a short line")
                })?;
            if line.len() < BODY_COLUMNS {
                return Ok(body);
            }
        }
    }

    fn fault(&self, rule: &'static str) -> HeaderError {
        let line = self.number;
        HeaderError::Malformed(HeaderFault { line, rule })
    }
}

/// A word of a stanza: ASCII from 33 to 126, not empty.
fn word(bytes: &[u8]) -> Option<&str> {
    let printable = !bytes.is_empty() && bytes.iter().all(u8::is_ascii_graphic);
    printable.then(|| str::from_utf8(bytes).ok()).flatten()
}

fn decode_exactly<const N: usize>(text: &[u8]) -> Option<[u8; N]> {
    if text.len() != (N * 4).div_ceil(3) {
        return None;
    }
    BASE64_STANDARD_NO_PAD.decode(text).ok()?.try_into().ok()
}

pub(super) const X25519_STANZA: &str = "X25519";
pub(super) const HYBRID_STANZA: &str = "mlkem768x25519";
pub(super) const SSH_ED25519_STANZA: &str = "ssh-ed25519";
pub(super) const SSH_RSA_STANZA: &str = "ssh-rsa";
const MAGIC: &[u8] = b"age-encryption.org/";
const BODY_COLUMNS: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    const MAC: &str = "--- AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n";

    fn read(stanzas: &str) -> Result<Vec<(String, usize)>, String> {
        let file = format!("age-encryption.org/v1\n{stanzas}{MAC}payload");
        match Header::read(file.as_bytes()) {
            Ok(header) => {
                assert_eq!(header.payload, b"payload");
                assert!(header.authenticated.ends_with(b"\n---"));
                let stanzas = header.stanzas.iter();
                Ok(stanzas
                    .map(|stanza| (stanza.kind.to_owned(), stanza.body.len()))
                    .collect())
            }
            Err(HeaderError::Malformed(fault)) => Err(fault.to_string()),
            Err(other) => Err(format!("{other:?}")),
        }
    }

    #[test]
    fn bodies_end_with_a_short_line() {
        let full = "A".repeat(64);
        assert_eq!(read("-> a\n\n"), Ok(vec![("a".into(), 0)]));
        assert_eq!(
            read("-> a b c\nAAAA\n-> d\nAA\n"),
            Ok(vec![("a".into(), 3), ("d".into(), 1)])
        );
        assert_eq!(
            read(&format!("-> a\n{full}\n\n")),
            Ok(vec![("a".into(), 48)])
        );
        assert_eq!(
            read(&format!("-> a\n{full}\nAAAA\n")),
            Ok(vec![("a".into(), 51)])
        );
        let canonical = "a body must be canonical base64 and end with a short line";
        assert_eq!(
            read(&format!("-> a\n{full}\n")),
            Err(format!("line 4: {canonical}"))
        );
        for line in ["AB", "A", "AA==", "A A", "-_-_", "AAAA\r", "é"] {
            assert_eq!(
                read(&format!("-> a\n{line}\n")),
                Err(format!("line 3: {canonical}")),
                "{line}"
            );
        }
        let long = read(&format!("-> a\n{full}AAAA\n\n"));
        assert_eq!(
            long,
            Err("line 3: a line of a body must have at most 64 characters".into())
        );
    }

    #[test]
    fn words_are_printable_and_one_blank_apart() {
        for line in [
            "-> ", "-> a  b", "-> a ", "->  a", "-> a\tb", "-> a\r", "-> é", "-> a\0",
        ] {
            let rule = "the words of a stanza must be printable, with one blank between";
            assert_eq!(
                read(&format!("{line}\n\n")),
                Err(format!("line 2: {rule}")),
                "{line:?}"
            );
        }
        for line in ["", "->", "->a", ">", " -> a", "--"] {
            let rule = "a stanza must begin with `-> `";
            assert_eq!(
                read(&format!("{line}\n\n")),
                Err(format!("line 2: {rule}")),
                "{line:?}"
            );
        }
    }

    #[test]
    fn the_first_line_names_format_and_version() {
        let read = |file: &str| Header::read(file.as_bytes()).err();
        for other in [
            "",
            "age",
            "AGE-ENCRYPTION.ORG/v1\n",
            " age-encryption.org/v1\n",
            "AGE-SECRET-KEY-1",
        ] {
            assert_eq!(read(other), Some(HeaderError::NotAge), "{other}");
        }
        assert_eq!(
            read("age-encryption.org/v2\n"),
            Some(HeaderError::UnsupportedVersion)
        );
        assert_eq!(
            read("age-encryption.org/v10\n"),
            Some(HeaderError::UnsupportedVersion)
        );
        assert_eq!(
            read("-----BEGIN AGE ENCRYPTED FILE-----\n"),
            Some(HeaderError::Armored)
        );
        for cut in [
            "age-encryption.org/v1",
            "age-encryption.org/v1\r\n",
            "age-encryption.org/v1\n-> a\n",
        ] {
            assert!(
                matches!(read(cut), Some(HeaderError::Malformed(_))),
                "{cut}"
            );
        }
        let bare = format!("age-encryption.org/v1\n{MAC}");
        assert!(matches!(
            read(&bare),
            Some(HeaderError::Malformed(HeaderFault { line: 2, .. }))
        ));
    }
}
