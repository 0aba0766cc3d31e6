//! Numbers with fractions as Go prints them.

/// The shortest digits of a number in Go's `g` or `G`, from the digits without an exponent.
pub(super) fn shortest(digits: &str, exponent_mark: char) -> String {
    let Some(number) = digits.parse::<f64>().ok().filter(|n| n.is_finite()) else {
        return digits.to_owned();
    };
    let scientific = format!("{number:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..PRECISION).contains(&exponent) {
        return digits.to_owned();
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    let size = exponent.unsigned_abs();
    format!("{mantissa}{exponent_mark}{sign}{size:02}")
}

/// Where Go's shortest form goes over to exponents in YAML and in environments of sops.
const PRECISION: i32 = 6;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponents_begin_where_go_begins_them() {
        for (digits, expected) in [
            ("1.5", "1.5"),
            ("1000000000", "1E+09"),
            ("0.0000001", "1E-07"),
            ("0.0001", "0.0001"),
            ("1234567.5", "1.2345675E+06"),
            ("100000", "100000"),
            ("-0", "-0"),
            ("+Inf", "+Inf"),
            ("NaN", "NaN"),
        ] {
            assert_eq!(shortest(digits, 'E'), expected, "{digits}");
        }
    }
}
