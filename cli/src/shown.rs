//! Paths as they are shown to a person: a hostile name can't write to the terminal, and a private key that somebody
//! gave in the place of a file is not repeated.

use std::fmt::{self, Write};
use std::path::Path;

/// Shows a path in backquotes, control characters escaped; `-` as what it stands for.
pub(crate) struct Shown<'a>(pub(crate) &'a Path);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == Path::new("-") {
            return f.write_str("standard input");
        }
        f.write_char('`')?;
        let text = self.0.to_string_lossy();
        let key = text.to_ascii_uppercase().find(PRIVATE_KEY);
        let shown = key.map_or(&*text, |start| &text[..start + PRIVATE_KEY.len()]);
        for character in shown.chars() {
            match character {
                c if c.is_control() => write!(f, "{}", c.escape_debug())?,
                c => f.write_char(c)?,
            }
        }
        f.write_str(if key.is_some() { "…`" } else { "`" })
    }
}

/// How the text of every private key of age begins.
const PRIVATE_KEY: &str = "AGE-SECRET-KEY-";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_escaped() {
        assert_eq!(Shown(Path::new("a/b c.yaml")).to_string(), "`a/b c.yaml`");
        assert_eq!(Shown(Path::new("\u{1b}[31m")).to_string(), "`\\u{1b}[31m`");
        assert_eq!(Shown(Path::new("-")).to_string(), "standard input");
    }

    #[test]
    fn a_private_key_is_not_a_path() {
        let shown = Shown(Path::new("./age-secret-key-1qqqq")).to_string();
        assert_eq!(shown, "`./age-secret-key-…`");
    }
}
