//! Sprig's random texts and numbers.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::Param::{Int, Text as Word};
use super::{Call, Function, fixed};
use crate::template::error::TemplateFault as Fault;
use crate::template::text::{Buffer, TEXT_BYTES};
use crate::template::unicode;
use crate::template::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    fixed("randAlphaNum", &[Int], |call| {
        drawn(call, |b| b.is_ascii_alphanumeric())
    }),
    fixed("randAlpha", &[Int], |call| {
        drawn(call, |b| b.is_ascii_alphabetic())
    }),
    fixed("randAscii", &[Int], |call| drawn(call, |_| true)),
    fixed("randNumeric", &[Int], |call| {
        drawn(call, |b| b.is_ascii_digit())
    }),
    fixed("randInt", &[Int, Int], |call| {
        let (least, end) = (call.int(0)?, call.int(1)?);
        let choices = end.wrapping_sub(least);
        if choices <= 0 {
            return Err(call.fail("there is no number between the bounds"));
        }
        let drawn = call.heap.chance()?.below(choices as u64);
        Ok(Value::Int(least.wrapping_add(drawn as i64)))
    }),
    fixed("randBytes", &[Int], |call| {
        let count = count(call)?.ok_or_else(|| call.fail("the number of bytes is negative"))?;
        let mut bytes = Zeroizing::new(vec![0; count]);
        call.heap.chance()?.fill(&mut bytes);
        Ok(Value::text(
            Zeroizing::new(STANDARD.encode(&*bytes)).as_str(),
        ))
    }),
    fixed("uuidv4", &[], |call| {
        let mut bytes = [0; 16];
        call.heap.chance()?.fill(&mut bytes);
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        let mut out = Buffer::new();
        for (n, byte) in bytes.iter().enumerate() {
            if matches!(n, 4 | 6 | 8 | 10) {
                out.push(b'-');
            }
            out.extend(format!("{byte:02x}").as_bytes());
        }
        Ok(Value::Text(out.finish()?))
    }),
    fixed("shuffle", &[Word], shuffle),
];

/// How many are asked for, unless it is fewer than none.
fn count(call: &mut Call<'_>) -> Result<Option<usize>, Fault> {
    let count = usize::try_from(call.int(0)?).ok();
    let asked = count.unwrap_or(0);
    if asked > TEXT_BYTES {
        return Err(Fault::TextTooLarge);
    }
    // Each byte is drawn by itself.
    call.heap.spend(asked / 16)?;
    Ok(count)
}

/// Printable ASCII characters that `fits`; none where fewer than none are asked for.
fn drawn(call: &mut Call<'_>, fits: fn(&u8) -> bool) -> Result<Value, Fault> {
    let count = count(call)?.unwrap_or(0);
    let alphabet: Vec<u8> = (b' '..=b'~').filter(fits).collect();
    let chance = call.heap.chance()?;
    let mut out = Buffer::new();
    for _ in 0..count {
        out.push(alphabet[chance.below(alphabet.len() as u64) as usize]);
    }
    Ok(Value::Text(out.finish()?))
}

/// The characters in another order.
fn shuffle(call: &mut Call<'_>) -> Result<Value, Fault> {
    let text = call.text(0)?;
    call.heap.spend(text.len() / 4)?;
    let mut chars: Zeroizing<Vec<char>> =
        Zeroizing::new(unicode::chars(text.bytes()).map(|(_, c, _)| c).collect());
    let chance = call.heap.chance()?;
    for n in (1..chars.len()).rev() {
        let other = chance.below(n as u64 + 1) as usize;
        chars.swap(n, other);
    }
    let mut out = Buffer::new();
    for c in &*chars {
        out.push_char(*c);
    }
    Ok(Value::Text(out.finish()?))
}
