//! PEM as Go's `encoding/pem` finds it: anywhere in a text, several in a row.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// One block; possibly a private key.
pub(crate) struct Block {
    /// `CERTIFICATE`, `RSA PRIVATE KEY`.
    pub(crate) label: String,
    /// Headers such as `Proc-Type` stand before the base64: the content is encrypted.
    pub(crate) has_headers: bool,
    /// The content; nothing when it is not base64, or has no end.
    pub(crate) der: Option<Zeroizing<Vec<u8>>>,
}

/// The blocks of a text, in their order. What stands between them is not looked at.
pub(crate) fn blocks(text: &[u8]) -> Vec<Block> {
    let text = String::from_utf8_lossy(text);
    let mut lines = text.lines().map(str::trim);
    let mut found = Vec::new();
    while let Some(line) = lines.next() {
        let Some(label) = boundary(line, BEGIN) else {
            continue;
        };
        let end = format!("{END}{label}{DASHES}");
        let mut body = Zeroizing::new(String::with_capacity(text.len()));
        let mut closed = false;
        let mut has_headers = false;
        for line in lines.by_ref() {
            if line == end {
                closed = true;
                break;
            }
            if line.contains(':') {
                has_headers = true;
            } else {
                body.push_str(line);
            }
        }
        found.push(Block {
            label: label.to_owned(),
            has_headers,
            der: Some(body)
                .filter(|_| closed)
                .and_then(|body| STANDARD.decode(body.as_bytes()).ok())
                .filter(|der| !der.is_empty())
                .map(Zeroizing::new),
        });
    }
    found
}

/// Writes a block with 64 characters to the line, as Go and OpenSSL do.
pub(crate) fn encode(label: &str, der: &[u8]) -> Zeroizing<String> {
    let body = Zeroizing::new(STANDARD.encode(der));
    let lines = body.len().div_ceil(LINE);
    let mut text = Zeroizing::new(String::with_capacity(body.len() + lines + 2 * 64));
    text.push_str(&format!("{BEGIN}{label}{DASHES}\n"));
    let mut rest = body.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(LINE));
        text.push_str(line);
        text.push('\n');
        rest = after;
    }
    text.push_str(&format!("{END}{label}{DASHES}\n"));
    text
}

fn boundary<'l>(line: &'l str, begin: &str) -> Option<&'l str> {
    line.strip_prefix(begin)?
        .strip_suffix(DASHES)
        .filter(|label| label.len() <= 64)
}

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";
const LINE: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_found_among_other_text_and_broken_ones_are_told() {
        let text = format!(
            "Bag Attributes\n{}\n-----BEGIN A-----\r\nProc-Type: 4\r\n\r\nAAAA\r\n-----END A-----\n\
             -----BEGIN B-----\n!!!!\n-----END B-----\n-----BEGIN C-----\nAAAA\n",
            encode("X", &[7; 100]).as_str()
        );
        let found = blocks(text.as_bytes());
        let labels: Vec<_> = found.iter().map(|block| block.label.as_str()).collect();
        assert_eq!(labels, ["X", "A", "B", "C"]);
        assert_eq!(found[0].der.as_ref().unwrap().as_slice(), [7; 100]);
        assert!(found[1].has_headers && !found[0].has_headers);
        assert!(found[2].der.is_none() && found[3].der.is_none());
    }
}
