//! The text of age keys: Bech32 without its length limit, and stricter than a reader needs to be.

use bech32::primitives::decode::UncheckedHrpstring;
use bech32::{ByteIterExt, Fe32, Fe32IterExt, Hrp};
use zeroize::Zeroizing;

/// The parts of a key's text that are known before it is read.
pub(super) struct KeyText {
    /// What stands before the separator, in lower case.
    pub(super) prefix: &'static str,
    /// The length of the key.
    pub(super) bytes: usize,
    /// True for private keys, which are written in capitals.
    pub(super) capitals: bool,
}

/// What is wrong with the text of a key. It holds no part of that text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TextFault {
    Case,
    /// The character at this place, counted from 1, is none of Bech32's.
    Character(usize),
    Length {
        expected: usize,
        found: usize,
    },
    Checksum,
    Padding,
}

impl KeyText {
    /// Reads a text that begins with the prefix and the separator.
    pub(super) fn decode(&self, text: &str) -> Result<Zeroizing<Vec<u8>>, TextFault> {
        let start = self.prefix.len() + 1;
        for (at, character) in text.chars().enumerate().skip(start) {
            if !character.is_ascii_alphanumeric() || Fe32::from_char(character).is_err() {
                return Err(TextFault::Character(at + 1));
            }
            if character.is_ascii_lowercase() == self.capitals && character.is_ascii_alphabetic() {
                return Err(TextFault::Case);
            }
        }
        if text.len() != self.characters() {
            return Err(TextFault::Length {
                expected: self.characters(),
                found: text.len(),
            });
        }
        UncheckedHrpstring::new(text)
            .map_err(|_| TextFault::Case)?
            .validate_checksum::<AgeChecksum>()
            .map_err(|_| TextFault::Checksum)?;
        self.unpack(&text[start..text.len() - CHECKSUM_CHARACTERS])
    }

    /// Writes the one text of a key. The string is made in its final size and leaves no copies.
    pub(super) fn encode(&self, key: &[u8]) -> Zeroizing<String> {
        let hrp = Hrp::parse(self.prefix).expect("the prefixes are constants of this crate");
        let mut text = Zeroizing::new(String::with_capacity(self.characters()));
        let characters = key.iter().copied().bytes_to_fes();
        for character in characters.with_checksum::<AgeChecksum>(&hrp).chars() {
            text.push(match self.capitals {
                true => character.to_ascii_uppercase(),
                false => character,
            });
        }
        text
    }

    fn characters(&self) -> usize {
        self.prefix.len() + 1 + (self.bytes * 8).div_ceil(5) + CHECKSUM_CHARACTERS
    }

    /// Turns groups of five bits into bytes; the bits left over must be zero, or one key would have several texts.
    fn unpack(&self, data: &str) -> Result<Zeroizing<Vec<u8>>, TextFault> {
        let mut key = Zeroizing::new(Vec::with_capacity(self.bytes));
        let (mut bits, mut held) = (0_u32, 0_u32);
        for (at, character) in data.chars().enumerate() {
            let five = Fe32::from_char(character).map_err(|_| TextFault::Character(at + 1))?;
            bits = bits << 5 | u32::from(five.to_u8());
            held += 5;
            if held >= 8 {
                held -= 8;
                key.push((bits >> held) as u8);
                bits &= (1 << held) - 1;
            }
        }
        if bits == 0 {
            Ok(key)
        } else {
            Err(TextFault::Padding)
        }
    }
}

/// Checks the text of a plug-in's key, of which only the plug-in knows what is in it.
pub(super) fn check(text: &str, capitals: bool) -> Result<(), TextFault> {
    let start = text
        .rfind('1')
        .map_or(text.len(), |separator| separator + 1);
    if text.len() > PLUGIN_CHARACTERS_MAX {
        return Err(TextFault::Length {
            expected: PLUGIN_CHARACTERS_MAX,
            found: text.len(),
        });
    }
    for (at, character) in text.char_indices().skip(start) {
        if !character.is_ascii() || Fe32::from_char(character).is_err() {
            return Err(TextFault::Character(at + 1));
        }
    }
    let other = |character: char| match capitals {
        true => character.is_ascii_lowercase(),
        false => character.is_ascii_uppercase(),
    };
    if text.contains(other) {
        return Err(TextFault::Case);
    }
    UncheckedHrpstring::new(text)
        .map_err(|_| TextFault::Checksum)?
        .validate_checksum::<AgeChecksum>()
        .map_err(|_| TextFault::Checksum)
}

const CHECKSUM_CHARACTERS: usize = 6;
/// A hybrid recipient of age has 1959.
const PLUGIN_CHARACTERS_MAX: usize = 8 * 1024;

/// Bech32's checksum for texts of any length.
enum AgeChecksum {}

impl bech32::Checksum for AgeChecksum {
    type MidstateRepr = u32;
    const CODE_LENGTH: usize = usize::MAX;
    const CHECKSUM_LENGTH: usize = bech32::Bech32::CHECKSUM_LENGTH;
    const GENERATOR_SH: [u32; 5] = bech32::Bech32::GENERATOR_SH;
    const TARGET_RESIDUE: u32 = bech32::Bech32::TARGET_RESIDUE;
}

/// A text with another prefix, for tests of plug-ins.
#[cfg(test)]
pub(super) fn tests_encode(prefix: &'static str, key: &[u8], capitals: bool) -> String {
    let text = KeyText {
        prefix,
        bytes: key.len(),
        capitals,
    };
    text.encode(key).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: KeyText = KeyText {
        prefix: "age",
        bytes: 32,
        capitals: false,
    };

    #[test]
    fn a_key_has_one_text() {
        let text = TEXT.encode(&[0x5a; 32]);
        assert_eq!((text.len(), text.capacity()), (62, 62));
        assert_eq!(TEXT.decode(&text).as_deref(), Ok(&vec![0x5a; 32]));
    }

    #[test]
    fn bits_left_over_must_be_zero() {
        let hrp = Hrp::parse("age").expect("a valid prefix");
        let mut fives: Vec<Fe32> = [0x5a_u8; 32].into_iter().bytes_to_fes().collect();
        fives[51] = Fe32::try_from(fives[51].to_u8() | 1).expect("five bits");
        let text: String = fives
            .into_iter()
            .with_checksum::<AgeChecksum>(&hrp)
            .chars()
            .collect();
        assert_eq!(TEXT.decode(&text), Err(TextFault::Padding));
    }

    #[test]
    fn faults_are_told_apart() {
        let text = TEXT.encode(&[0x5a; 32]);
        let with =
            |at: usize, character: &str| format!("{}{character}{}", &text[..at], &text[at + 1..]);
        assert_eq!(TEXT.decode(&with(10, "b")), Err(TextFault::Character(11)));
        assert_eq!(TEXT.decode(&with(10, "é")), Err(TextFault::Character(11)));
        assert_eq!(TEXT.decode(&with(10, "1")), Err(TextFault::Character(11)));
        assert_eq!(
            TEXT.decode(&format!("{}\n", *text)),
            Err(TextFault::Character(63))
        );
        assert_eq!(
            TEXT.decode(&text[..61]),
            Err(TextFault::Length {
                expected: 62,
                found: 61
            })
        );
        assert_eq!(
            TEXT.decode("age1"),
            Err(TextFault::Length {
                expected: 62,
                found: 4
            })
        );
        let other = if &text[10..11] == "q" { "p" } else { "q" };
        assert_eq!(TEXT.decode(&with(10, other)), Err(TextFault::Checksum));
        let capital = text[4..].to_uppercase();
        assert_eq!(TEXT.decode(&format!("age1{capital}")), Err(TextFault::Case));
    }
}
