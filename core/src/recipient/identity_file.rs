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
