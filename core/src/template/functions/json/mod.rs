//! JSON, as Go's `encoding/json` reads and writes it.

mod decode;
mod encode;

use super::{Call, Function, Param, fixed};
use crate::template::error::TemplateFault as Fault;
use crate::template::value::Value;

use encode::{Style, encode};

pub(super) const FUNCTIONS: &[Function] = &[
    fixed("toJson", ANY, |call| {
        Ok(lenient(written(call, Style::COMPACT)?))
    }),
    fixed("mustToJson", ANY, |call| strict(call, Style::COMPACT)),
    fixed("toPrettyJson", ANY, |call| {
        Ok(lenient(written(call, Style::PRETTY)?))
    }),
    fixed("mustToPrettyJson", ANY, |call| strict(call, Style::PRETTY)),
    fixed("toRawJson", ANY, |call| strict(call, Style::RAW)),
    fixed("mustToRawJson", ANY, |call| strict(call, Style::RAW)),
    fixed("fromJson", TEXT, |call| {
        let text = call.text(0)?;
        Ok(decode::decode(call.heap, text.bytes())?.value)
    }),
    fixed("mustFromJson", TEXT, |call| {
        let text = call.text(0)?;
        let decoded = decode::decode(call.heap, text.bytes())?;
        if decoded.valid {
            Ok(decoded.value)
        } else {
            Err(call.fail("the text is not JSON"))
        }
    }),
];

const ANY: &[Param] = &[Param::Any];
const TEXT: &[Param] = &[Param::Text];

/// The text, or nothing for a value that JSON doesn't have.
fn written(call: &mut Call<'_>, style: Style) -> Result<Option<Value>, Fault> {
    let value = call.any(0)?;
    Ok(encode(call.heap, &value, style)?.map(Value::Text))
}

fn lenient(written: Option<Value>) -> Value {
    written.unwrap_or_else(|| Value::text(""))
}

fn strict(call: &mut Call<'_>, style: Style) -> Result<Value, Fault> {
    let written = written(call, style)?;
    written.ok_or_else(|| call.fail("JSON has no such value"))
}
