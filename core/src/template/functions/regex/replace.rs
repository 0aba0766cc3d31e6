//! Replacing matches, with `$1` and `${name}` in what they are replaced by.

use regex_automata::Span;

use super::{Regex, Subject};
use crate::template::error::TemplateFault as Fault;
use crate::template::functions::Call;
use crate::template::text::Buffer;
use crate::template::unicode;
use crate::template::value::Value;

/// `regexReplaceAll` where `expands`, otherwise `regexReplaceAllLiteral`.
pub(super) fn all(call: &mut Call<'_>, expands: bool) -> Result<Value, Fault> {
    let (pattern, text, by) = (call.text(0)?, call.text(1)?, call.text(2)?);
    let regex = Regex::of(call, &pattern).map_err(|bad| bad.fault(call))?;
    let subject = Subject::new(text.bytes());
    let expands = expands && by.bytes().contains(&b'$');
    let mut out = Buffer::new();
    let (mut copied, mut at) = (0, 0);
    while at <= subject.original.len() {
        let Some(span) = regex.search(call.heap, &subject, at)? else {
            break;
        };
        out.extend(&text.bytes()[copied..span.start]);
        // An empty match right after another one is passed over.
        if span.end > copied || span.start == 0 {
            call.heap.spend_bytes(by.len())?;
            if expands {
                // Each name in it is looked for among those of the groups.
                call.heap.spend_bytes(by.len() * regex.names.len() / 4)?;
                let groups = regex.groups_of(call.heap, &subject, span)?;
                expand(&regex, &subject, &groups, by.bytes(), &mut out);
            } else {
                out.extend(by.bytes());
            }
        }
        copied = span.end;
        let width = unicode::decode(&text.bytes()[at..]).1.max(1);
        at = span.end.max(at + width);
        if out.is_over() {
            break;
        }
    }
    out.extend(&text.bytes()[copied..]);
    Ok(Value::Text(out.finish()?))
}

fn expand(
    regex: &Regex,
    subject: &Subject<'_>,
    groups: &[Option<Span>],
    by: &[u8],
    out: &mut Buffer,
) {
    let mut rest = by;
    while let Some(dollar) = rest.iter().position(|b| *b == b'$') {
        out.extend(&rest[..dollar]);
        rest = &rest[dollar + 1..];
        if let Some(b'$') = rest.first() {
            out.push(b'$');
            rest = &rest[1..];
            continue;
        }
        let Some((name, after)) = reference(rest) else {
            out.push(b'$');
            continue;
        };
        rest = after;
        let group = |n: usize| groups.get(n).copied().flatten();
        let span = match number(name) {
            Some(n) => group(n),
            None => {
                let named = regex.names.iter().enumerate();
                let mut named = named.filter(|(_, n)| n.as_bytes() == name);
                named.find_map(|(n, _)| group(n))
            }
        };
        if let Some(span) = span {
            out.extend(&subject.original[span.start..span.end]);
        }
    }
    out.extend(rest);
}

/// The name behind a dollar sign, in braces or not, and what follows it.
fn reference(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let (braced, text) = match text.strip_prefix(b"{") {
        Some(inner) => (true, inner),
        None => (false, text),
    };
    let is_word = |c: char| c == '_' || unicode::is_letter(c) || unicode::is_digit(c);
    let end = unicode::chars(text).find(|(_, c, _)| !is_word(*c));
    let end = end.map_or(text.len(), |(at, ..)| at);
    let (name, rest) = text.split_at(end);
    if name.is_empty() {
        return None;
    }
    Some((
        name,
        if braced {
            rest.strip_prefix(b"}")?
        } else {
            rest
        },
    ))
}

/// A name that is a number, without leading zeros.
fn number(name: &[u8]) -> Option<usize> {
    let plain = name.len() == 1 || name[0] != b'0';
    let digits = name.iter().all(u8::is_ascii_digit) && plain && name.len() <= 9;
    std::str::from_utf8(name)
        .ok()
        .filter(|_| digits)?
        .parse()
        .ok()
}
