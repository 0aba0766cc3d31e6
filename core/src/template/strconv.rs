//! Text to numbers, by Go's `strconv`.

use zeroize::Zeroizing;

/// Why a text is not an integer; what is out of range comes with the nearest one.
pub(crate) enum NotInt<T> {
    Syntax,
    Range(T),
}

/// `strconv.ParseInt`; base 0 goes by the prefix and allows underscores.
pub(crate) fn parse_int(text: &[u8], base: u64) -> Result<i64, NotInt<i64>> {
    let (negative, digits) = match text.first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    let nearest = if negative { i64::MIN } else { i64::MAX };
    match parse_unsigned(digits, base) {
        Ok(n) if negative => 0i64.checked_sub_unsigned(n).ok_or(NotInt::Range(nearest)),
        Ok(n) => i64::try_from(n).map_err(|_| NotInt::Range(nearest)),
        Err(NotInt::Range(_)) => Err(NotInt::Range(nearest)),
        Err(NotInt::Syntax) => Err(NotInt::Syntax),
    }
}

/// `strconv.ParseUint`.
pub(crate) fn parse_unsigned(text: &[u8], base: u64) -> Result<u64, NotInt<u64>> {
    let (base, digits, free) = match (base, text) {
        (0, [b'0', prefix, _, ..]) if prefix.eq_ignore_ascii_case(&b'b') => (2, &text[2..], true),
        (0, [b'0', prefix, _, ..]) if prefix.eq_ignore_ascii_case(&b'o') => (8, &text[2..], true),
        (0, [b'0', prefix, _, ..]) if prefix.eq_ignore_ascii_case(&b'x') => (16, &text[2..], true),
        (0, [b'0', ..]) => (8, &text[1..], true),
        (0, _) => (10, text, true),
        (base, _) => (base, text, false),
    };
    if text.is_empty() || (free && digits.contains(&b'_') && !underscores_fit(text)) {
        return Err(NotInt::Syntax);
    }
    let mut value = Some(0u64);
    for digit in digits.iter().filter(|b| !free || **b != b'_') {
        let digit = char::from(*digit).to_digit(16).map_or(base, u64::from);
        if digit >= base {
            return Err(NotInt::Syntax);
        }
        value = value.and_then(|v| v.checked_mul(base)?.checked_add(digit));
    }
    value.ok_or(NotInt::Range(u64::MAX))
}

/// What it costs to read a number that has more digits than fit a machine word, beside its length.
pub(crate) fn float_steps(text: &[u8]) -> usize {
    if text.len() > 19 { 20 } else { 0 }
}

/// `strconv.ParseFloat` of 64 bits. Infinity by overflow is an error, by name it is not.
pub(crate) fn parse_float(text: &[u8]) -> Result<f64, ()> {
    let text = std::str::from_utf8(text).map_err(|_| ())?;
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let lower = Zeroizing::new(unsigned.to_ascii_lowercase());
    let sign = if text.starts_with('-') { -1.0 } else { 1.0 };
    match lower.as_str() {
        "inf" | "infinity" => return Ok(sign * f64::INFINITY),
        "nan" if unsigned.len() == text.len() => return Ok(f64::NAN),
        _ => {}
    }
    if text.contains('_') && !underscores_fit(text.as_bytes()) {
        return Err(());
    }
    let plain = Zeroizing::new(lower.replace('_', ""));
    let value = match plain.strip_prefix("0x") {
        Some(hex) => sign * parse_hex_float(hex)?,
        None if plain
            .bytes()
            .all(|b| b.is_ascii_digit() || b".e+-".contains(&b)) =>
        {
            sign * plain
                .parse::<f64>()
                .ok()
                .filter(|_| !plain.starts_with(['+', '-']))
                .ok_or(())?
        }
        None => return Err(()),
    };
    if value.is_infinite() {
        Err(())
    } else {
        Ok(value)
    }
}

/// The part behind `0x`; the exponent is not optional.
fn parse_hex_float(text: &str) -> Result<f64, ()> {
    let (mantissa, exponent) = text.split_once('p').ok_or(())?;
    let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(());
    }
    let mut exp = digits.parse::<i64>().unwrap_or(100_000).min(100_000);
    if exponent.starts_with('-') {
        exp = -exp;
    }
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let (mut value, mut sticky, mut any) = (0u64, false, false);
    for (n, c) in whole.chars().chain(fraction.chars()).enumerate() {
        let digit = u64::from(c.to_digit(16).ok_or(())?);
        any = true;
        if value >> 60 == 0 {
            value = value << 4 | digit;
            exp -= if n >= whole.len() { 4 } else { 0 };
        } else {
            sticky |= digit != 0;
            exp += if n >= whole.len() { 0 } else { 4 };
        }
    }
    if any {
        Ok(scale(value, exp, sticky))
    } else {
        Err(())
    }
}

/// `value` · 2^`exp`, rounded to even; `sticky` stands for lost digits.
fn scale(value: u64, exp: i64, sticky: bool) -> f64 {
    if value == 0 {
        return 0.0;
    }
    let shift = value.leading_zeros();
    let (value, exp) = (value << shift, exp - i64::from(shift));
    // The value lies in [2^(exp+63), 2^(exp+64)); a subnormal one keeps fewer than 53 bits.
    let keep = (53 - (-1022 - (exp + 63)).max(0)).clamp(-1, 53);
    if keep < 0 {
        return 0.0;
    }
    let lost = 64 - keep as u32;
    let kept = value.checked_shr(lost).unwrap_or(0);
    let rest = if lost == 64 {
        value
    } else {
        value & ((1 << lost) - 1)
    };
    let half = 1u64 << (lost - 1);
    let up = rest > half || (rest == half && (sticky || kept & 1 == 1));
    let rounded = (kept + u64::from(up)) as f64;
    let power = exp + i64::from(lost);
    let powered = |p: i64| 2f64.powi(p.clamp(-1000, 1000) as i32);
    rounded * powered(power / 2) * powered(power - power / 2)
}

/// Whether underscores stand between digits, or between a base prefix and a digit.
fn underscores_fit(text: &[u8]) -> bool {
    let text = match text.first() {
        Some(b'+' | b'-') => &text[1..],
        _ => text,
    };
    let prefix = match text {
        [b'0', p, ..] if b"box".contains(&p.to_ascii_lowercase()) => Some(p.to_ascii_lowercase()),
        _ => None,
    };
    let mut last = if prefix.is_some() { b'0' } else { b'^' };
    for b in text.iter().skip(if prefix.is_some() { 2 } else { 0 }) {
        let digit = b.is_ascii_digit() || (prefix == Some(b'x') && b.is_ascii_hexdigit());
        last = match b {
            _ if digit => b'0',
            b'_' if last == b'0' => b'_',
            b'_' => return false,
            _ if last == b'_' => return false,
            _ => b'!',
        };
    }
    last != b'_'
}

/// Go's conversion to an integer on amd64: what does not fit becomes the least one.
pub(crate) fn to_int(f: f64) -> i64 {
    if (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&f) {
        f as i64
    } else {
        i64::MIN
    }
}
