//! Sprig's dates. The machine's own time zone is UTC.

use super::Param::{Any, Text as Word, Time as Moment};
use super::{Call, Function, fixed};
use crate::template::error::TemplateFault as Fault;
use crate::template::object::Object;
use crate::template::strconv::{NotInt, parse_int};
use crate::template::time::{self, Time, Zone, parse_duration, rounded, show_duration};
use crate::template::value::Value;

/// What looks at the clock, or depends on a time zone.
pub(super) const FUNCTIONS: &[Function] = &[
    fixed("now", &[], |call| Ok(Object::time(call.heap.now()?))),
    fixed("ago", &[Any], |call| {
        let now = call.heap.now()?;
        let time = moment(call, 0)?;
        let ago = rounded(now.since(&time), time::SECOND);
        Ok(Value::text(show_duration(ago).as_str()))
    }),
    fixed("date", &[Word, Any], |call| {
        let layout = call.text(0)?;
        shown(&moment(call, 1)?, Zone::Local, layout.bytes())
    }),
    fixed("dateInZone", &[Word, Any, Word], in_zone),
    fixed("date_in_zone", &[Word, Any, Word], in_zone),
    fixed("dateModify", &[Word, Moment], |call| modified(call, false)),
    fixed("date_modify", &[Word, Moment], |call| modified(call, false)),
    fixed("mustDateModify", &[Word, Moment], |call| {
        modified(call, true)
    }),
    fixed("must_date_modify", &[Word, Moment], |call| {
        modified(call, true)
    }),
    fixed("htmlDate", &[Any], |call| {
        shown(&moment(call, 0)?, Zone::Local, HTML)
    }),
    fixed("htmlDateInZone", &[Any, Word], |call| {
        let zone = zone(call, 1)?;
        shown(&moment(call, 0)?, zone, HTML)
    }),
    fixed("toDate", &[Word, Word], |call| {
        Ok(Object::time(read(call)?.unwrap_or_else(Time::zero)))
    }),
    fixed("mustToDate", &[Word, Word], |call| {
        let time = read(call)?;
        let wrong = || call.fail("the text does not follow the layout");
        time.map(Object::time).ok_or_else(wrong)
    }),
    fixed("unixEpoch", &[Moment], |call| {
        let unix = call.time(0)?.unix;
        Ok(Value::text(unix.to_string().as_str()))
    }),
];

/// What has to do with spans of time only.
pub(super) const SPANS: &[Function] = &[
    fixed("duration", &[Any], |call| {
        let seconds = match call.any(0)? {
            Value::Text(text) => match parse_int(text.bytes(), 10) {
                Ok(seconds) | Err(NotInt::Range(seconds)) => seconds,
                Err(NotInt::Syntax) => 0,
            },
            Value::Int64(seconds) => seconds,
            _ => 0,
        };
        let nanos = seconds.wrapping_mul(time::SECOND);
        Ok(Value::text(show_duration(nanos).as_str()))
    }),
    fixed("durationRound", &[Any], |call| {
        let nanos = match call.any(0)? {
            Value::Text(text) => parse_duration(text.bytes()).unwrap_or(0),
            Value::Int64(nanos) => nanos,
            Value::Object(Object::Time(time)) => call.heap.now()?.since(&time),
            _ => 0,
        };
        Ok(Value::text(largest_unit(nanos.unsigned_abs()).as_str()))
    }),
];

/// A span in the largest unit that it exceeds.
fn largest_unit(nanos: u64) -> String {
    let units = [
        (365 * 86_400, "y"),
        (30 * 86_400, "mo"),
        (86_400, "d"),
        (3600, "h"),
        (60, "m"),
        (1, "s"),
    ];
    for (seconds, unit) in units {
        let size = seconds * time::SECOND as u64;
        if nanos > size {
            return format!("{}{unit}", nanos / size);
        }
    }
    "0s".to_owned()
}

/// A time, or seconds since 1970; anything else stands for now.
fn moment(call: &mut Call<'_>, n: usize) -> Result<Time, Fault> {
    match call.any(n)? {
        Value::Object(Object::Time(time)) => Ok((*time).clone()),
        Value::Int(unix) | Value::Int64(unix) => Ok(Time::at(unix, Zone::Local)),
        _ => call.heap.now(),
    }
}

fn zone(call: &Call<'_>, n: usize) -> Result<Zone, Fault> {
    let name = call.text(n)?;
    let known = std::str::from_utf8(name.bytes()).ok().and_then(Zone::load);
    Ok(known.unwrap_or(Zone::Utc))
}

fn in_zone(call: &mut Call<'_>) -> Result<Value, Fault> {
    let (layout, zone) = (call.text(0)?, zone(call, 2)?);
    shown(&moment(call, 1)?, zone, layout.bytes())
}

fn shown(time: &Time, zone: Zone, layout: &[u8]) -> Result<Value, Fault> {
    Ok(Value::text(
        time.within(zone).format_bytes(layout).as_slice(),
    ))
}

fn modified(call: &mut Call<'_>, must: bool) -> Result<Value, Fault> {
    let (span, time) = (call.text(0)?, call.time(1)?);
    match parse_duration(span.bytes()) {
        Some(span) => Ok(Object::time(time.plus(span))),
        None if must => Err(call.fail("this is not a duration")),
        None => Ok(Value::Object(Object::Time(time))),
    }
}

fn read(call: &Call<'_>) -> Result<Option<Time>, Fault> {
    Ok(time::parse(call.text(0)?.bytes(), call.text(1)?.bytes()))
}

const HTML: &[u8] = b"2006-01-02";
