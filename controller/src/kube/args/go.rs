//! Values of flags as Go spells them.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use bulla_core::rotation::Timestamp;

/// `720h`, `1h30m`, `1.5h`, `300ms`, `0`: `time.ParseDuration`, but for negative ones, which mean nothing here.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || {
        "a duration as Go spells it belongs here, such as 720h, 1h30m or 90s; there is no unit for days"
            .to_owned()
    };
    let unsigned = text.strip_prefix('+').unwrap_or(text);
    if unsigned == "0" {
        return Ok(Duration::ZERO);
    }
    let (mut rest, mut seconds) = (unsigned, 0.0_f64);
    while !rest.is_empty() {
        let number = rest.find(|c: char| !c.is_ascii_digit() && c != '.');
        let (number, tail) = rest.split_at(number.ok_or_else(wrong)?);
        let unit = tail.find(|c: char| c.is_ascii_digit() || c == '.');
        let (unit, tail) = tail.split_at(unit.unwrap_or(tail.len()));
        let unit = UNITS.iter().find(|(name, _)| *name == unit);
        let (_, unit) = unit.ok_or_else(wrong)?;
        seconds += number.parse::<f64>().map_err(|_| wrong())? * unit;
        rest = tail;
    }
    if unsigned.is_empty() {
        return Err(wrong());
    }
    // What Go's type holds.
    match Duration::try_from_secs_f64(seconds) {
        Ok(duration) if seconds < 292.0 * 365.25 * 86_400.0 => Ok(duration),
        _ => Err("at most 292 years belong here".to_owned()),
    }
}

/// `strconv.ParseBool`.
pub(super) fn boolean(text: &str) -> Result<bool, String> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => Err("true or false belongs here".to_owned()),
    }
}

/// `:8080`, `10.0.0.1:8080`, `[::1]:8080`. Without an address, all of them.
pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    match text.strip_prefix(':') {
        Some(port) => port
            .parse()
            .map(|port| SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), port))
            .map_err(|_| ()),
        None => text.parse().map_err(|_| ()),
    }
    .map_err(|()| "an address with a port belongs here, such as :8080".to_owned())
}

/// `Mon, 02 Jan 2006 15:04:05 -0700`; nothing is no moment.
pub(super) fn rfc1123z(text: &str) -> Result<Option<Timestamp>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let zoned = jiff::Zoned::strptime("%a, %d %b %Y %H:%M:%S %z", text);
    let seconds = zoned.map(|zoned| zoned.timestamp().as_second());
    seconds
        .map(|seconds| Some(Timestamp(seconds)))
        .map_err(|_| "a time such as `Mon, 02 Jan 2006 15:04:05 -0700` belongs here".to_owned())
}

/// `a=b,c=d`; nothing is none.
pub(super) fn pairs(text: &str) -> Result<BTreeMap<String, String>, String> {
    let parts = text.split(',').filter(|_| !text.is_empty());
    let pair = |part: &str| {
        let (name, value) = part
            .trim()
            .split_once('=')
            .filter(|(name, _)| !name.is_empty())
            .ok_or("pairs such as `name=value,other=value` belong here")?;
        Ok((name.to_owned(), value.to_owned()))
    };
    parts.map(pair).collect()
}

const UNITS: [(&str, f64); 7] = [
    ("ns", 1e-9),
    ("us", 1e-6),
    ("µs", 1e-6),
    ("ms", 1e-3),
    ("s", 1.0),
    ("m", 60.0),
    ("h", 3600.0),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_those_of_go() {
        for (text, seconds) in [
            ("0", 0.0),
            ("0s", 0.0),
            ("720h", 2_592_000.0),
            ("720h0m0s", 2_592_000.0),
            ("1.5h", 5400.0),
            (".5s", 0.5),
            ("+300ms", 0.3),
            ("2us", 2e-6),
        ] {
            assert_eq!(
                duration(text),
                Ok(Duration::from_secs_f64(seconds)),
                "{text}"
            );
        }
        for bad in [
            "", "30d", "30", "h", "-5s", "1 h", "5000000h", "1.2.3s", "+",
        ] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn addresses_times_and_pairs() {
        assert_eq!(
            address(":8080"),
            Ok("0.0.0.0:8080".parse().expect("an address"))
        );
        assert_eq!(
            address("[::1]:80"),
            Ok("[::1]:80".parse().expect("an address"))
        );
        assert!(address("8080").is_err() && address(":http").is_err());
        assert_eq!(rfc1123z(""), Ok(None));
        let moment = rfc1123z("Mon, 02 Jan 2006 15:04:05 -0700");
        assert_eq!(moment, Ok(Some(Timestamp(1_136_239_445))));
        assert!(rfc1123z("2006-01-02T15:04:05Z").is_err());
        let known = pairs("a=b, c=d=e,f=").expect("pairs");
        assert_eq!(known.len(), 3);
        assert_eq!((&*known["c"], &*known["f"]), ("d=e", ""));
        assert!(pairs("a").is_err() && pairs("a=b,").is_err() && pairs("=b").is_err());
        assert_eq!(pairs("").map(|pairs| pairs.len()), Ok(0));
        assert!(boolean("TRUE") == Ok(true) && boolean("yes").is_err());
    }
}
