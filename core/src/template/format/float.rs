//! Floating-point numbers: Go's `strconv.FormatFloat`, and `fmt`'s flags over it.

use super::Printer;

impl Printer<'_> {
    /// Writes `value` as `verb` wants it; `false` for a verb that floats don't have.
    pub(super) fn float(&mut self, value: f64, verb: char) -> bool {
        let (format, precision) = match verb {
            'v' => ('g', None),
            'b' | 'g' | 'G' | 'x' | 'X' => (verb, None),
            'f' | 'e' | 'E' => (verb, Some(6)),
            'F' => ('f', Some(6)),
            _ => return false,
        };
        let precision = self.precision.or(precision);
        // The more digits, the more of them are computed with large integers.
        self.spend(1 + precision.unwrap_or(0).min(PLACES) / DIGITS_PER_STEP);
        if self.fault.is_some() {
            return true;
        }
        // The sign always stands first here.
        let mut number = format_float(value, format, precision);
        if !number.starts_with(['-', '+']) {
            number.insert(0, '+');
        }
        if self.flags.space && number.starts_with('+') && !self.flags.plus {
            number.replace_range(..1, " ");
        }
        if !value.is_finite() {
            let bare = value.is_nan() && !self.flags.space && !self.flags.plus;
            self.padded_with_blanks(&number.as_bytes()[usize::from(bare)..]);
            return true;
        }
        if self.flags.sharp && format != 'b' {
            number = with_point(&number, format, precision);
        }
        if !self.flags.plus && number.starts_with('+') {
            self.padded(&number.as_bytes()[1..]);
            return true;
        }
        match self.width {
            Some(width) if self.flags.zero && !self.flags.minus && width > number.len() => {
                self.text(&number[..1]);
                self.padding(width - number.len());
                self.text(&number[1..]);
            }
            _ => self.padded(number.as_bytes()),
        }
        true
    }
}

/// The `#` flag: a decimal point, and the zeros that `%g` leaves out.
fn with_point(number: &str, format: char, precision: Option<usize>) -> String {
    let mut digits = match format {
        'g' | 'G' | 'x' => precision.unwrap_or(6),
        _ => 0,
    };
    let exponent: &[char] = if matches!(format, 'x' | 'X') {
        &['p', 'P']
    } else {
        &['p', 'P', 'e', 'E']
    };
    let (mantissa, tail) = number.split_at(number.find(exponent).unwrap_or(number.len()));
    let mut significant = false;
    for c in mantissa[1..].chars().filter(|c| *c != '.') {
        significant |= c != '0';
        digits = digits.saturating_sub(usize::from(significant));
    }
    let mut out = mantissa.to_owned();
    if !mantissa.contains('.') {
        if &mantissa[1..] == "0" {
            digits = digits.saturating_sub(1);
        }
        out.push('.');
    }
    out.extend(std::iter::repeat_n('0', digits));
    out + tail
}

/// `strconv.FormatFloat` of 64 bits; without a precision the shortest form that reads back.
pub(crate) fn format_float(value: f64, format: char, precision: Option<usize>) -> String {
    if value.is_nan() {
        return "NaN".into();
    }
    let sign = if value.is_sign_negative() { "-" } else { "" };
    let value = value.abs();
    if value.is_infinite() {
        return if sign.is_empty() {
            "+Inf".into()
        } else {
            "-Inf".into()
        };
    }
    let number = match format {
        'b' => binary(value),
        'x' | 'X' => hexadecimal(value, format, precision),
        'e' | 'E' => scientific(
            &Digits::new(value, precision.map(|p| p + 1)),
            precision,
            format,
        ),
        'f' => match precision {
            Some(precision) => {
                // No number has more than 1074 decimal places, and Rust prints at most 65535.
                let places = precision.min(PLACES);
                format!("{value:.places$}") + &"0".repeat(precision - places)
            }
            None => format!("{value}"),
        },
        _ => general(value, format, precision),
    };
    format!("{sign}{number}")
}

/// `%g`: scientific for a small or large exponent, without trailing zeros.
fn general(value: f64, format: char, precision: Option<usize>) -> String {
    let digits = Digits::new(value, precision.map(|p| p.max(1)));
    let count = digits.digits.len() as i64;
    let asked = precision.map_or(count, |p| p.max(1) as i64);
    let limit = match precision {
        None => 6,
        Some(_) if asked > count && count >= digits.point => count,
        Some(_) => asked,
    };
    let exponent = digits.point - 1;
    if exponent < -4 || exponent >= limit {
        let letter = if format == 'G' { 'E' } else { 'e' };
        return scientific(
            &digits,
            Some((asked.min(count) - 1).max(0) as usize),
            letter,
        );
    }
    let kept = if asked > digits.point { count } else { asked };
    digits.fixed((kept - digits.point).max(0))
}

fn scientific(digits: &Digits, precision: Option<usize>, letter: char) -> String {
    let precision = precision.unwrap_or(digits.digits.len().saturating_sub(1));
    let mut out = String::new();
    out.push_str(digits.digits.get(..1).unwrap_or("0"));
    if precision > 0 {
        let more = digits.digits.get(1..).unwrap_or("");
        out.push('.');
        out.push_str(&more[..precision.min(more.len())]);
        out.extend(std::iter::repeat_n(
            '0',
            precision.saturating_sub(more.len()),
        ));
    }
    let exponent = if digits.digits.is_empty() {
        0
    } else {
        digits.point - 1
    };
    let sign = if exponent < 0 { '-' } else { '+' };
    out + &format!("{letter}{sign}{:02}", exponent.abs())
}

/// The decimal digits of a number, without trailing zeros: 0.`digits` · 10^`point`.
struct Digits {
    digits: String,
    point: i64,
}

impl Digits {
    /// The shortest digits that read back, or `count` of them, correctly rounded.
    fn new(value: f64, count: Option<usize>) -> Self {
        let text = match count {
            None => format!("{value:e}"),
            // No number has more than 767 significant digits.
            Some(count) => format!("{value:.*e}", count.clamp(1, 800) - 1),
        };
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let digits: String = mantissa.chars().filter(|c| *c != '.').collect();
        let digits = digits.trim_end_matches('0').to_owned();
        let point = if digits.is_empty() {
            0
        } else {
            exponent.parse::<i64>().unwrap_or(0) + 1
        };
        Self { digits, point }
    }

    /// The digits around a decimal point, with `places` behind it.
    fn fixed(&self, places: i64) -> String {
        let digit = |n: i64| {
            usize::try_from(n)
                .ok()
                .and_then(|n| self.digits.as_bytes().get(n))
        };
        let at = |n: i64| digit(n).map_or('0', |b| char::from(*b));
        let mut out: String = (0..self.point).map(at).collect();
        if out.is_empty() {
            out.push('0');
        }
        if places > 0 {
            out.push('.');
            out.extend((self.point..self.point + places).map(at));
        }
        out
    }
}

/// The mantissa and the exponent of its last bit.
fn parts(value: f64) -> (u64, i64) {
    let bits = value.to_bits();
    let (exponent, fraction) = ((bits >> 52 & 0x7ff) as i64, bits & ((1 << 52) - 1));
    match exponent {
        0 => (fraction, -1074),
        _ => (fraction | 1 << 52, exponent - 1075),
    }
}

/// `%b`: 4503599627370496p-52
fn binary(value: f64) -> String {
    let (mantissa, exponent) = parts(value);
    format!("{mantissa}p{exponent:+}")
}

/// `%x`: 0x1.8p+01
fn hexadecimal(value: f64, format: char, precision: Option<usize>) -> String {
    let (mut mantissa, mut exponent) = parts(value);
    exponent += 52;
    mantissa <<= 8;
    if mantissa == 0 {
        exponent = 0;
    }
    while mantissa != 0 && mantissa & 1 << 60 == 0 {
        mantissa <<= 1;
        exponent -= 1;
    }
    if let Some(precision) = precision.filter(|p| *p < 15) {
        let shift = precision as u32 * 4;
        let extra = (mantissa << shift) & ((1 << 60) - 1);
        mantissa >>= 60 - shift;
        mantissa += u64::from(extra | (mantissa & 1) > 1 << 59);
        mantissa <<= 60 - shift;
        if mantissa & 1 << 61 != 0 {
            mantissa >>= 1;
            exponent += 1;
        }
    }
    let mut fraction = format!("{:015x}", mantissa & ((1 << 60) - 1));
    match precision {
        None => fraction.truncate(fraction.trim_end_matches('0').len()),
        Some(precision) => {
            fraction.truncate(precision);
            fraction.extend(std::iter::repeat_n('0', precision.saturating_sub(15)));
        }
    }
    let point = if fraction.is_empty() { "" } else { "." };
    let sign = if exponent < 0 { '-' } else { '+' };
    let out = format!(
        "0x{}{point}{fraction}p{sign}{:02}",
        mantissa >> 60 & 1,
        exponent.abs()
    );
    if format == 'X' {
        out.to_uppercase()
    } else {
        out
    }
}

/// The most decimal places that are computed rather than filled up with zeros.
const PLACES: usize = 1100;
const DIGITS_PER_STEP: usize = 16;
