//! Values as YAML and JSON write them.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::manifest::{Style, double_quoted, fits_literal, string_in_style};
use crate::sops::value::{Kind, Value};

use super::block::is_plain;

/// Where a value is written.
pub(super) struct Spot {
    /// How the scalar is written that stands there.
    pub(super) style: Style,
    pub(super) flow: bool,
    /// The column of its key or dash.
    pub(super) column: usize,
    pub(super) line_end: &'static str,
}

/// A value in YAML, as go-yaml would write it, but in the quotes that stand there.
pub(super) fn yaml(value: &Value, spot: &Spot) -> String {
    let Some(text) = value.as_text() else {
        return format!("!!binary {}", BASE64_STANDARD.encode(value.bytes()));
    };
    match value.kind() {
        Kind::Int | Kind::Time => text.to_owned(),
        Kind::Bool => text.to_ascii_lowercase(),
        Kind::Float => yaml_float(value.as_float().unwrap_or(f64::NAN)),
        _ if matches!(spot.style, Style::SingleQuoted | Style::DoubleQuoted) => {
            string_in_style(text, spot.style, spot.flow)
        }
        _ if spot.flow => double_quoted(text),
        _ if is_plain(text) => text.to_owned(),
        _ if fits_literal(text) && text.is_ascii() => literal(text, spot),
        _ => double_quoted(text),
    }
}

/// A value in JSON; `None` for what JSON has no form for.
pub(in crate::sops) fn json(value: &Value) -> Option<String> {
    let text = value.as_text()?;
    Some(match value.kind() {
        Kind::Int => text.to_owned(),
        Kind::Bool => text.to_ascii_lowercase(),
        Kind::Float => {
            let number = value.as_float().filter(|number| number.is_finite())?;
            let size = number.abs();
            if number == 0.0 && number.is_sign_negative() {
                return Some("-0.0".to_owned());
            }
            match size < 1e-6 && size > 0.0 || size >= 1e21 {
                true => with_exponent(number, 1),
                false => number.to_string(),
            }
        }
        _ => double_quoted(text),
    })
}

fn literal(text: &str, spot: &Spot) -> String {
    let indent = " ".repeat(spot.column + 2);
    let mut out = String::from(if text.ends_with('\n') { "|" } else { "|-" });
    for line in text.lines() {
        out.push_str(spot.line_end);
        if !line.is_empty() {
            out.push_str(&indent);
        }
        out.push_str(line);
    }
    out
}

/// Go's shortest `g`: with an exponent below 1e-4 and from 1e6 on.
pub(in crate::sops) fn yaml_float(number: f64) -> String {
    if number.is_nan() {
        return ".nan".to_owned();
    }
    if number == 0.0 && number.is_sign_negative() {
        // sops writes `-0`, which it then reads as the whole number 0.
        return "-0.0".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    let size = number.abs();
    match size > 0.0 && !(1e-4..1e6).contains(&size) {
        true => with_exponent(number, 2),
        false => number.to_string(),
    }
}

/// `1.5e+06`: a sign, and at least `digits` digits in the exponent.
fn with_exponent(number: f64, digits: usize) -> String {
    let text = format!("{number:e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, exponent) = match exponent.strip_prefix('-') {
        Some(exponent) => ('-', exponent),
        None => ('+', exponent),
    };
    format!("{mantissa}e{sign}{exponent:0>digits$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_written_as_go_writes_them() {
        for (number, in_yaml, in_json) in [
            (1.0, "1", "1"),
            (1e6, "1e+06", "1000000"),
            (1234567.5, "1.2345675e+06", "1234567.5"),
            (1e-7, "1e-07", "1e-7"),
            (
                1.2345678901234568e29,
                "1.2345678901234568e+29",
                "1.2345678901234568e+29",
            ),
            (-0.0, "-0.0", "-0.0"),
            (1e300, "1e+300", "1e+300"),
        ] {
            assert_eq!(yaml_float(number), in_yaml);
            assert_eq!(json(&Value::float(number)).as_deref(), Some(in_json));
        }
        assert_eq!(yaml_float(f64::INFINITY), ".inf");
        assert_eq!(yaml_float(f64::NEG_INFINITY), "-.inf");
        assert_eq!(json(&Value::float(f64::NAN)), None);
    }

    #[test]
    fn strings_keep_their_quotes_and_lines() {
        let spot = |style, flow| Spot {
            style,
            flow,
            column: 2,
            line_end: "\n",
        };
        let write = |text, style, flow| yaml(&Value::text(text), &spot(style, flow));
        assert_eq!(write("yes", Style::Plain, false), "\"yes\"");
        assert_eq!(write("a b", Style::Plain, false), "a b");
        assert_eq!(write("1", Style::Plain, false), "\"1\"");
        assert_eq!(write("a", Style::SingleQuoted, false), "'a'");
        assert_eq!(write("a", Style::Plain, true), "\"a\"");
        assert_eq!(write("a\n\nb\n", Style::Plain, false), "|\n    a\n\n    b");
        assert_eq!(write("a\nb", Style::Plain, false), "|-\n    a\n    b");
        assert_eq!(write("a \nb", Style::Plain, false), "\"a \\nb\"");
        let bytes = Value::text([0xff]);
        assert_eq!(yaml(&bytes, &spot(Style::Plain, false)), "!!binary /w==");
    }
}
