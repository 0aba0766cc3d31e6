//! The text form of age files, as strict as age reads it: one PEM-like block of 64 columns.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

/// Writes a file as text, with a line end at its end.
pub fn armor(file: &[u8]) -> String {
    let body = BASE64_STANDARD.encode(file);
    let mut text = String::with_capacity(body.len() + body.len() / COLUMNS + 100);
    text.push_str(BEGIN);
    text.push('\n');
    let mut rest = body.as_str();
    while !rest.is_empty() {
        let (line, next) = rest.split_at(rest.len().min(COLUMNS));
        text.push_str(line);
        text.push('\n');
        rest = next;
    }
    text.push_str(END);
    text.push('\n');
    text
}

/// Reads one block; blanks and line ends around it are allowed, anything else is not.
pub fn dearmor(text: &str) -> Option<Vec<u8>> {
    let text = text.trim_matches([' ', '\t', '\r', '\n']);
    let mut lines = text.lines();
    if lines.next()? != BEGIN {
        return None;
    }
    let mut body = String::with_capacity(text.len());
    let mut short = false;
    for line in lines {
        if line == END {
            let ends = text.ends_with(END) && !body.is_empty();
            return ends.then(|| BASE64_STANDARD.decode(&body).ok())?;
        }
        // Only the last line may be short, and none is empty.
        if short || line.is_empty() || line.len() > COLUMNS {
            return None;
        }
        short = line.len() < COLUMNS;
        body.push_str(line);
    }
    None
}

const BEGIN: &str = "-----BEGIN AGE ENCRYPTED FILE-----";
const END: &str = "-----END AGE ENCRYPTED FILE-----";
const COLUMNS: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_armored_is_read_back() {
        for length in [1, 47, 48, 49, 96, 200] {
            let file: Vec<u8> = (0..length).collect();
            let text = armor(&file);
            assert!(text.lines().all(|line| line.len() <= COLUMNS));
            assert_eq!(dearmor(&text), Some(file.clone()));
            assert_eq!(
                dearmor(&format!("\n {}\r\n", text.replace('\n', "\r\n"))),
                Some(file)
            );
        }
    }

    #[test]
    fn other_forms_are_refused() {
        let text = armor(&[7; 60]);
        for (from, to) in [
            ("AGE", "PGP"),
            ("-----END", "----END"),
            ("\n-----END", "\n\n-----END"),
            ("BwcH\n", "Bwc\n"),
            ("FILE-----\nBw", "FILE-----\nBw\nBw"),
            ("\n-----END AGE ENCRYPTED FILE-----\n", "\n"),
        ] {
            let other = text.replacen(from, to, 1);
            assert!(other != text && dearmor(&other).is_none(), "{from}");
        }
        assert_eq!(dearmor(&format!("{text}x")), None);
    }
}
