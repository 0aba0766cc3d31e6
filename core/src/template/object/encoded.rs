//! The methods of `time.Time` that give bytes.

use super::ON;
use crate::template::error::TemplateFault as Fault;
use crate::template::functions::{Call, Function, Param, fixed};
use crate::template::time::Zone;
use crate::template::value::Value;

pub(super) const METHODS: &[Function] = &[
    fixed("AppendBinary", BEHIND, |call| {
        let bytes = binary(call)?;
        behind(call, &bytes)
    }),
    fixed("AppendFormat", &[ON, Param::Bytes, Param::Text], |call| {
        let layout = call.text(2)?;
        let text = call.time(0)?.format_bytes(layout.bytes());
        behind(call, &text)
    }),
    fixed("AppendText", BEHIND, |call| {
        let text = text(call)?;
        behind(call, text.as_bytes())
    }),
    fixed("GobEncode", ONE, marshal_binary),
    fixed("MarshalBinary", ONE, marshal_binary),
    fixed("MarshalJSON", ONE, |call| {
        let text = format!("\"{}\"", text(call)?);
        call.heap.bytes(text.as_bytes())
    }),
    fixed("MarshalText", ONE, |call| {
        let text = text(call)?;
        call.heap.bytes(text.as_bytes())
    }),
];

const ONE: &[Param] = &[ON];
const BEHIND: &[Param] = &[ON, Param::Bytes];

fn marshal_binary(call: &mut Call<'_>) -> Result<Value, Fault> {
    let bytes = binary(call)?;
    call.heap.bytes(&bytes)
}

/// RFC 3339, which has no years of five digits.
fn text(call: &Call<'_>) -> Result<String, Fault> {
    let text = call.time(0)?.show_json();
    text.ok_or_else(|| call.fail("the time has no form in RFC 3339"))
}

/// Version, seconds since the year 1, nanoseconds, and the offset in minutes; of one with seconds, those too.
fn binary(call: &Call<'_>) -> Result<Vec<u8>, Fault> {
    let time = call.time(0)?;
    let (offset, _) = time.offset();
    let (minutes, seconds) = match time.zone {
        Zone::Utc => (-1, 0),
        _ => (offset / 60, offset % 60),
    };
    let fits = i16::try_from(minutes).ok();
    let fits = fits.filter(|minutes| *minutes != -1 || matches!(time.zone, Zone::Utc));
    let minutes = fits.ok_or_else(|| call.fail("the offset of the zone has no binary form"))?;
    let mut out = vec![if seconds == 0 { 1 } else { 2 }];
    out.extend(time.since_year_1().to_be_bytes());
    out.extend(time.nanos.to_be_bytes());
    out.extend(minutes.to_be_bytes());
    if seconds != 0 {
        out.push(seconds as u8);
    }
    Ok(out)
}

/// The bytes of the first argument, and `more` behind them.
fn behind(call: &mut Call<'_>, more: &[u8]) -> Result<Value, Fault> {
    let Value::List(list) = call.any(1)? else {
        return Err(call.mismatch(Param::Bytes));
    };
    if more.is_empty() {
        return Ok(Value::List(list));
    }
    let mut out = call.heap.bytes_of(list);
    out.extend_from_slice(more);
    call.heap.bytes(&out)
}
