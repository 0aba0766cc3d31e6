//! Files of identities, as `age-keygen` writes them.

use std::fmt::Write;

use zeroize::Zeroizing;

use super::{Identity, IdentityError};

/// The largest file that is read.
pub const IDENTITY_FILE_BYTES_MAX: usize = 1024 * 1024;

/// Why a file gives no identities. It names lines by number and shows nothing of them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityFileError {
    /// More than [`IDENTITY_FILE_BYTES_MAX`].
    #[error("the identity file is larger than {IDENTITY_FILE_BYTES_MAX} bytes")]
    TooLarge,
    /// A line that is neither an identity, a comment nor blank.
    #[error("invalid identity on line {line}")]
    Line {
        /// Counted from 1.
        line: usize,
        /// What is wrong with it.
        source: IdentityError,
    },
    /// Comments and blank lines only.
    #[error("the identity file has no identity")]
    Empty,
}

/// Reads one identity a line. Lines that are blank or begin with `#` are passed over; line ends may be CRLF.
///
/// # Errors
///
/// The first line that does not parse fails the file.
pub fn parse_identity_file(text: &str) -> Result<Vec<Identity>, IdentityFileError> {
    if text.len() > IDENTITY_FILE_BYTES_MAX {
        return Err(IdentityFileError::TooLarge);
    }
    let identities = (1..)
        .zip(text.lines())
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
        .map(|(line, text)| {
            text.parse()
                .map_err(|source| IdentityFileError::Line { line, source })
        })
        .collect::<Result<Vec<Identity>, _>>()?;
    if identities.is_empty() {
        Err(IdentityFileError::Empty)
    } else {
        Ok(identities)
    }
}

/// Writes the file that `age-keygen` would write. `created` is the time in RFC 3339.
///
/// The text holds the private key. The caller says in a comment where it goes.
pub fn identity_file_text(identity: &Identity, created: &str) -> Zeroizing<String> {
    let created = created.lines().next().unwrap_or_default();
    let (recipient, key) = (identity.recipient(), identity.expose_text());
    let length = [
        CREATED,
        created,
        PUBLIC_KEY,
        recipient.as_str(),
        &key,
        "\n\n\n",
    ]
    .map(str::len);
    // The final size from the start: a string that grows leaves copies behind.
    let mut text = Zeroizing::new(String::with_capacity(length.iter().sum()));
    writeln!(text, "{CREATED}{created}").expect("writing to a string does not fail");
    writeln!(text, "{PUBLIC_KEY}{recipient}").expect("writing to a string does not fail");
    text.push_str(&key);
    text.push('\n');
    text
}

const CREATED: &str = "# created: ";
const PUBLIC_KEY: &str = "# public key: ";

#[cfg(test)]
mod tests {
    use super::super::Suite;
    use super::*;

    fn identity(suite: Suite) -> Identity {
        Identity::generate(suite, &mut rand_core::OsRng)
    }

    #[test]
    fn a_written_file_is_read_back() {
        for suite in [Suite::X25519, Suite::MlKem768X25519] {
            let identity = identity(suite);
            let text = identity_file_text(&identity, "2026-11-21T12:00:00Z");
            assert_eq!(text.capacity(), text.len());
            let lines: Vec<&str> = text.lines().collect();
            assert_eq!(lines[0], "# created: 2026-11-21T12:00:00Z");
            assert_eq!(lines[1], format!("# public key: {}", identity.recipient()));
            assert_eq!(lines[2], *identity.expose_text());
            let read = parse_identity_file(&text).expect("the file parses");
            assert_eq!(read[0].recipient(), identity.recipient());
        }
    }

    #[test]
    fn comments_blank_lines_and_crlf_are_passed_over() {
        let [first, second] = [Suite::X25519, Suite::MlKem768X25519].map(identity);
        let text = format!(
            "#\r\n\r\n{}\r\n\n# x\n{}",
            *first.expose_text(),
            *second.expose_text()
        );
        let read = parse_identity_file(&text).expect("the file parses");
        let read: Vec<_> = read.iter().map(Identity::fingerprint).collect();
        assert_eq!(read, [first.fingerprint(), second.fingerprint()]);
    }

    #[test]
    fn a_fault_names_the_line_and_shows_nothing_of_it() {
        let key = identity(Suite::X25519).expose_text();
        let cut = &key[..key.len() - 1];
        let error =
            parse_identity_file(&format!("# one\n\n{cut}\n")).expect_err("a character is missing");
        let source = IdentityError::Length {
            expected: 74,
            found: 73,
        };
        assert_eq!(error, IdentityFileError::Line { line: 3, source });
        assert!(!format!("{error:?} {error}").contains(&cut[20..30]));
        assert_eq!(
            parse_identity_file("# only\n").err(),
            Some(IdentityFileError::Empty)
        );
        let large = "#".repeat(IDENTITY_FILE_BYTES_MAX + 1);
        assert_eq!(
            parse_identity_file(&large).err(),
            Some(IdentityFileError::TooLarge)
        );
    }
}
