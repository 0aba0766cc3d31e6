//! Sprig's encodings and checksums.

use aws_lc_rs::digest::{self, Algorithm};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::{Call, Function, Param, fixed};
use crate::go_base64;
use crate::template::error::TemplateFault as Fault;
use crate::template::text::{Buffer, Text};
use crate::template::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    fixed("b64enc", ONE, |call| {
        Ok(Value::Text(Text::new(
            STANDARD.encode(call.text(0)?.bytes()).into_bytes(),
        )))
    }),
    fixed("b64dec", ONE, |call| decoded(call, "base64", base64)),
    fixed("b32enc", ONE, b32enc),
    fixed("b32dec", ONE, |call| decoded(call, "base32", base32)),
    fixed("sha1sum", ONE, |call| {
        sum(call, &digest::SHA1_FOR_LEGACY_USE_ONLY)
    }),
    fixed("sha256sum", ONE, |call| sum(call, &digest::SHA256)),
    fixed("sha512sum", ONE, |call| sum(call, &digest::SHA512)),
    fixed("adler32sum", ONE, adler32),
];

const ONE: &[Param] = &[Param::Text];

fn sum(call: &Call<'_>, algorithm: &'static Algorithm) -> Result<Value, Fault> {
    let mut out = Buffer::new();
    for byte in digest::digest(algorithm, call.text(0)?.bytes()).as_ref() {
        out.extend(format!("{byte:02x}").as_bytes());
    }
    Ok(Value::Text(out.finish()?))
}

fn adler32(call: &mut Call<'_>) -> Result<Value, Fault> {
    let (mut a, mut b) = (1u32, 0u32);
    for byte in call.text(0)?.bytes() {
        a = (a + u32::from(*byte)) % 65521;
        b = (b + a) % 65521;
    }
    Ok(Value::text((b << 16 | a).to_string().as_str()))
}

fn b32enc(call: &mut Call<'_>) -> Result<Value, Fault> {
    let mut out = Buffer::new();
    for block in call.text(0)?.bytes().chunks(5) {
        let mut padded = [0u8; 8];
        padded[3..3 + block.len()].copy_from_slice(block);
        let bits = u64::from_be_bytes(padded);
        let digits = (block.len() * 8).div_ceil(5);
        for n in 0..8 {
            let digit = BASE32[(bits >> (35 - 5 * n) & 31) as usize];
            out.push(if n < digits { digit } else { b'=' });
        }
    }
    Ok(Value::Text(out.finish()?))
}

/// What a decoder makes of a text; where it fails, sprig puts the message in its place.
fn decoded(
    call: &Call<'_>,
    name: &str,
    decode: fn(&[u8], &mut Buffer) -> Result<(), usize>,
) -> Result<Value, Fault> {
    let mut out = Buffer::new();
    match decode(call.text(0)?.bytes(), &mut out) {
        Ok(()) => Ok(Value::Text(out.finish()?)),
        Err(at) => Ok(Value::text(
            format!("illegal {name} data at input byte {at}").as_str(),
        )),
    }
}

/// Go's standard base64: padded, line breaks are skipped. The error is the place that Go names.
pub(super) fn base64(text: &[u8], out: &mut Buffer) -> Result<(), usize> {
    let decoded = go_base64::decode_to(text, |bytes| out.extend(bytes));
    decoded.map_err(|illegal| illegal.at)
}

/// Go's standard base32; its errors name places in the text without line breaks.
fn base32(text: &[u8], out: &mut Buffer) -> Result<(), usize> {
    let kept = text.iter().copied().filter(|b| !matches!(b, b'\n' | b'\r'));
    let text: Zeroizing<Vec<u8>> = Zeroizing::new(kept.collect());
    let mut at = 0;
    while at < text.len() {
        let (mut bits, mut digits, mut end) = (0u64, 0, false);
        while digits < 8 {
            let Some(&byte) = text.get(at) else {
                return Err(text.len() - digits);
            };
            at += 1;
            let left = text.len() - at;
            if byte == b'=' && digits >= 2 && left < 8 {
                if left + digits < 7 {
                    return Err(text.len());
                }
                if let Some(k) = text[at..].iter().take(7 - digits).position(|b| *b != b'=') {
                    return Err(at + k - 1);
                }
                if matches!(digits, 3 | 6) {
                    return Err(at - 1);
                }
                end = true;
                break;
            }
            let digit = BASE32.iter().position(|b| *b == byte).ok_or(at - 1)?;
            bits = bits << 5 | digit as u64;
            digits += 1;
        }
        let bytes = (bits << (5 * (8 - digits))).to_be_bytes();
        out.extend(&bytes[3..3 + digits * 5 / 8]);
        if end {
            break;
        }
    }
    Ok(())
}

const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
