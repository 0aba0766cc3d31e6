//! Go's `path`, which on Linux is `path/filepath` too.

use super::{Call, Function, Param, fixed};
use crate::template::error::TemplateFault as Fault;
use crate::template::text::Text;
use crate::template::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    fixed("base", ONE, base),
    fixed("osBase", ONE, base),
    fixed("dir", ONE, dir),
    fixed("osDir", ONE, dir),
    fixed("clean", ONE, |call| {
        Ok(Value::Text(clean(call.text(0)?.bytes())))
    }),
    fixed("osClean", ONE, |call| {
        Ok(Value::Text(clean(call.text(0)?.bytes())))
    }),
    fixed("ext", ONE, ext),
    fixed("osExt", ONE, ext),
    fixed("isAbs", ONE, |call| {
        Ok(Value::Bool(call.text(0)?.bytes().starts_with(b"/")))
    }),
    fixed("osIsAbs", ONE, |call| {
        Ok(Value::Bool(call.text(0)?.bytes().starts_with(b"/")))
    }),
];

const ONE: &[Param] = &[Param::Text];

fn base(call: &mut Call<'_>) -> Result<Value, Fault> {
    let path = call.text(0)?;
    let bytes = path.bytes();
    let Some(end) = bytes.iter().rposition(|b| *b != b'/') else {
        return Ok(Value::text(if bytes.is_empty() { "." } else { "/" }));
    };
    let start = bytes[..end]
        .iter()
        .rposition(|b| *b == b'/')
        .map_or(0, |slash| slash + 1);
    Ok(Value::text(&bytes[start..=end]))
}

fn dir(call: &mut Call<'_>) -> Result<Value, Fault> {
    let path = call.text(0)?;
    let end = path
        .bytes()
        .iter()
        .rposition(|b| *b == b'/')
        .map_or(0, |slash| slash + 1);
    Ok(Value::Text(clean(&path.bytes()[..end])))
}

fn ext(call: &mut Call<'_>) -> Result<Value, Fault> {
    let path = call.text(0)?;
    let stop = path.bytes().iter().rposition(|b| matches!(b, b'.' | b'/'));
    let ext = stop.map_or(&b""[..], |at| &path.bytes()[at..]);
    Ok(Value::text(if ext.starts_with(b".") { ext } else { b"" }))
}

/// `path.Clean`: without `.`, `..` and doubled slashes as far as the text alone tells.
fn clean(path: &[u8]) -> Text {
    let rooted = path.starts_with(b"/");
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in path.split(|b| *b == b'/') {
        match part {
            b"" | b"." => {}
            b".." => match parts.last() {
                Some(&last) if last != b".." => {
                    parts.pop();
                }
                _ if rooted => {}
                _ => parts.push(part),
            },
            part => parts.push(part),
        }
    }
    let joined = parts.join(&b'/');
    Text::new(match (rooted, joined.is_empty()) {
        (true, _) => [b"/", joined.as_slice()].concat(),
        (false, true) => b".".to_vec(),
        (false, false) => joined,
    })
}
