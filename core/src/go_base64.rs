//! Base64 as Go's `encoding/base64` reads it: padded standard alphabet, CR and LF skipped, spare bits of the last
//! character ignored, anything else refused at the same byte.

/// Where the first illegal byte stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Illegal {
    pub(crate) at: usize,
}

/// Decodes all of `text`.
pub(crate) fn decode(text: &[u8]) -> Result<Vec<u8>, Illegal> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3 + 3);
    decode_to(text, |bytes| out.extend_from_slice(bytes))?;
    Ok(out)
}

/// Hands what `text` stands for to `take`, piece by piece. What was taken before an error means nothing.
pub(crate) fn decode_to(text: &[u8], mut take: impl FnMut(&[u8])) -> Result<(), Illegal> {
    let mut reader = Reader { text, at: 0 };
    while reader.quantum(&mut take)? {}
    Ok(())
}

struct Reader<'t> {
    text: &'t [u8],
    at: usize,
}

impl Reader<'_> {
    /// Reads four characters; false at the end.
    fn quantum(&mut self, take: &mut impl FnMut(&[u8])) -> Result<bool, Illegal> {
        let mut bits = 0u32;
        let mut digits = 0;
        while digits < 4 {
            let Some(byte) = self.text.get(self.at) else {
                return match digits {
                    0 => Ok(false),
                    // Go points so many bytes back, line breaks or not.
                    _ => Err(Illegal {
                        at: self.at - digits,
                    }),
                };
            };
            self.at += 1;
            match digit(*byte) {
                Some(digit) => {
                    bits = bits << 6 | digit;
                    digits += 1;
                }
                None if is_break(*byte) => {}
                None if *byte == b'=' => {
                    self.padding(digits)?;
                    let bytes = (bits << (6 * (4 - digits))).to_be_bytes();
                    take(&bytes[1..digits]);
                    return Ok(false);
                }
                None => return Err(Illegal { at: self.at - 1 }),
            }
        }
        take(&bits.to_be_bytes()[1..]);
        Ok(true)
    }

    /// The rest after the first `=`, which must be the end.
    fn padding(&mut self, digits: usize) -> Result<(), Illegal> {
        let first = self.at - 1;
        match digits {
            0 | 1 => return Err(Illegal { at: first }),
            2 => {
                self.skip_breaks();
                match self.text.get(self.at) {
                    None => {
                        return Err(Illegal {
                            at: self.text.len(),
                        });
                    }
                    Some(b'=') => self.at += 1,
                    Some(_) => return Err(Illegal { at: self.at - 1 }),
                }
            }
            _ => {}
        }
        self.skip_breaks();
        if self.at < self.text.len() {
            return Err(Illegal { at: self.at });
        }
        Ok(())
    }

    fn skip_breaks(&mut self) {
        while self.text.get(self.at).copied().is_some_and(is_break) {
            self.at += 1;
        }
    }
}

fn is_break(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n')
}

fn digit(byte: u8) -> Option<u32> {
    let digit = match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    };
    Some(u32::from(digit))
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use proptest::prelude::*;

    use super::*;

    fn at(at: usize) -> Result<Vec<u8>, Illegal> {
        Err(Illegal { at })
    }

    /// Each answer is Go 1.26's.
    #[test]
    fn texts_are_read_and_refused_as_by_go() {
        for (text, expected) in [
            ("", Ok(vec![])),
            ("\r\n", Ok(vec![])),
            ("YQ==", Ok(b"a".to_vec())),
            ("YR==", Ok(b"a".to_vec())),
            ("Y\nQ=\r\n=\n", Ok(b"a".to_vec())),
            ("YWI=", Ok(b"ab".to_vec())),
            ("YWJj\nYWJj", Ok(b"abcabc".to_vec())),
            ("YQ", at(0)),
            ("YQ=", at(3)),
            ("YQ=x", at(2)),
            ("YWJjYQ", at(4)),
            ("YWJjYQ\n", at(5)),
            ("Y", at(0)),
            ("=", at(0)),
            ("Y===", at(1)),
            ("YQ==YQ==", at(4)),
            ("YQ== ", at(4)),
            ("YW Jj", at(2)),
            (" YWJj", at(0)),
            ("YW-_", at(2)),
            ("YWJ\u{e9}", at(3)),
            ("YWI=\n=", at(5)),
        ] {
            assert_eq!(decode(text.as_bytes()), expected, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn what_was_encoded_is_decoded_with_breaks_anywhere(
            bytes in proptest::collection::vec(any::<u8>(), 0..99), every in 1usize..9,
        ) {
            let text = STANDARD.encode(&bytes);
            let broken: Vec<u8> = text.as_bytes().chunks(every).flat_map(|c| [c, b"\r\n"].concat()).collect();
            prop_assert_eq!(decode(&broken), Ok(bytes));
        }

        #[test]
        fn any_text_is_read_or_refused(text in proptest::collection::vec(any::<u8>(), 0..40)) {
            if let Err(Illegal { at }) = decode(&text) {
                prop_assert!(at <= text.len());
            }
        }
    }
}
