//! Sprig's URLs, by Go's `net/url`.

use std::collections::BTreeMap;
use std::net::Ipv6Addr;

use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::search::Finder;
use super::{Call, Function, Param, fixed};
use crate::template::error::TemplateFault as Fault;
use crate::template::text::{Buffer, Text};
use crate::template::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    fixed("urlParse", &[Param::Text], parse),
    fixed("urlJoin", &[Param::Dict], join),
];

/// The parts of a URL, unescaped; the query stays as it is.
#[derive(Default, Zeroize, ZeroizeOnDrop)]
struct Url {
    scheme: Vec<u8>,
    opaque: Vec<u8>,
    /// The user's name and password.
    user: Option<(Vec<u8>, Option<Vec<u8>>)>,
    host: Vec<u8>,
    path: Vec<u8>,
    query: Vec<u8>,
    fragment: Vec<u8>,
}

/// A part of a URL: each has its own characters that need no escape.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Path,
    Host,
    Zone,
    User,
    Fragment,
}

impl Part {
    /// Whether `byte` may stand as it is.
    fn allows(self, byte: u8) -> bool {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => true,
            _ => match self {
                Self::Path => b"$&+,/:;=@".contains(&byte),
                Self::Host | Self::Zone => b"!$&'()*+,;=:[]<>\"".contains(&byte),
                Self::User => b"$&+,;=".contains(&byte),
                Self::Fragment => b"$&+,/:;=?@!()*".contains(&byte),
            },
        }
    }

    fn escaped(self, text: &[u8], out: &mut Buffer) {
        for byte in text {
            if self.allows(*byte) {
                out.push(*byte);
            } else {
                out.extend(format!("%{byte:02X}").as_bytes());
            }
        }
    }

    /// The bytes behind the escapes; nothing where an escape is broken or not allowed.
    fn unescaped(self, text: &[u8]) -> Option<Vec<u8>> {
        let host = matches!(self, Self::Host | Self::Zone);
        let mut out = Vec::with_capacity(text.len());
        let mut at = 0;
        while let Some(&byte) = text.get(at) {
            if byte != b'%' {
                if host && byte < 0x80 && !self.allows(byte) {
                    return None;
                }
                out.push(byte);
                at += 1;
                continue;
            }
            let digits = text
                .get(at + 1..at + 3)
                .filter(|d| d.iter().all(u8::is_ascii_hexdigit))?;
            let value = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
            // A host escapes nothing but what is beyond ASCII, a zone nothing that a host escapes.
            let refused = match self {
                Self::Host => value < 0x80 && digits != b"25",
                Self::Zone => digits != b"25" && value != b' ' && !Self::Host.allows(value),
                _ => false,
            };
            if refused {
                return None;
            }
            out.push(value);
            at += 3;
        }
        Some(out)
    }
}

fn parse(call: &mut Call<'_>) -> Result<Value, Fault> {
    let text = call.text(0)?;
    let url = Url::parse(text.bytes()).ok_or_else(|| call.fail("the text is not a URL"))?;
    let mut user = Buffer::new();
    if let Some((name, password)) = &url.user {
        Part::User.escaped(name, &mut user);
        if let Some(password) = password {
            user.push(b':');
            Part::User.escaped(password, &mut user);
        }
    }
    let entry = |key: &str, value: &[u8]| (Text::from(key), Value::text(value));
    let entries = BTreeMap::from([
        entry("scheme", &url.scheme),
        entry("host", &url.host),
        entry("hostname", hostname(&url.host)),
        entry("path", &url.path),
        entry("query", &url.query),
        entry("opaque", &url.opaque),
        entry("fragment", &url.fragment),
        (Text::from("userinfo"), Value::Text(user.finish()?)),
    ]);
    Ok(Value::Map(call.heap.map(false, entries)?))
}

fn join(call: &mut Call<'_>) -> Result<Value, Fault> {
    let entries = call.heap.entries(call.dict(0)?);
    let part = |key: &str| match entries.get(&Text::from(key)) {
        Some(Value::Text(text)) => Ok(text.bytes().to_vec()),
        Some(_) => Err(call.fail("a part of the URL is not a string")),
        None => Ok(Vec::new()),
    };
    let mut url = Url {
        scheme: part("scheme")?,
        opaque: part("opaque")?,
        user: None,
        host: part("host")?,
        path: part("path")?,
        query: part("query")?,
        fragment: part("fragment")?,
    };
    let user = Zeroizing::new(part("userinfo")?);
    if !user.is_empty() {
        let probe = Zeroizing::new([b"proto://".as_slice(), &user, b"@host"].concat());
        let mut probe =
            Url::parse(&probe).ok_or_else(|| call.fail("the user of the URL is malformed"))?;
        url.user = probe.user.take();
    }
    let mut out = Buffer::new();
    url.write(&mut out);
    Ok(Value::Text(out.finish()?))
}

impl Url {
    fn parse(text: &[u8]) -> Option<Self> {
        let (text, fragment) = cut(text, b"#");
        let mut url = Self::without_fragment(text)?;
        url.fragment = Part::Fragment.unescaped(fragment)?;
        Some(url)
    }

    fn without_fragment(text: &[u8]) -> Option<Self> {
        let mut url = Self::default();
        if text.iter().any(|b| *b < b' ' || *b == 0x7f) {
            return None;
        }
        if text == b"*" {
            url.path = b"*".to_vec();
            return Some(url);
        }
        let (scheme, rest) = scheme(text)?;
        url.scheme = scheme.to_ascii_lowercase();
        let (rest, query) = cut(rest, b"?");
        url.query = query.to_vec();
        if !rest.starts_with(b"/") {
            if !url.scheme.is_empty() {
                url.opaque = rest.to_vec();
                return Some(url);
            }
            // The first segment of a relative path has no colon.
            if cut(rest, b"/").0.contains(&b':') {
                return None;
            }
        }
        let mut path = rest;
        let authority = !url.scheme.is_empty() || !rest.starts_with(b"///");
        if let Some(rest) = rest.strip_prefix(b"//").filter(|_| authority) {
            let end = rest.iter().position(|b| *b == b'/').unwrap_or(rest.len());
            url.authority(&rest[..end])?;
            path = &rest[end..];
        }
        url.path = Part::Path.unescaped(path)?;
        Some(url)
    }

    fn authority(&mut self, authority: &[u8]) -> Option<()> {
        let Some(at) = authority.iter().rposition(|b| *b == b'@') else {
            self.host = host(&self.scheme, authority)?;
            return Some(());
        };
        self.host = host(&self.scheme, &authority[at + 1..])?;
        let user = &authority[..at];
        let valid = |b: &u8| b.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(b);
        if !user.iter().all(valid) {
            return None;
        }
        let (name, password) = cut(user, b":");
        let password = match user.contains(&b':') {
            true => Some(Part::User.unescaped(password)?),
            false => None,
        };
        self.user = Some((Part::User.unescaped(name)?, password));
        Some(())
    }

    fn write(&self, out: &mut Buffer) {
        if !self.scheme.is_empty() {
            out.extend(&self.scheme);
            out.push(b':');
        }
        if self.opaque.is_empty() {
            self.write_place(out);
        } else {
            out.extend(&self.opaque);
        }
        if !self.query.is_empty() {
            out.push(b'?');
            out.extend(&self.query);
        }
        if !self.fragment.is_empty() {
            out.push(b'#');
            Part::Fragment.escaped(&self.fragment, out);
        }
    }

    /// The user, the host and the path.
    fn write_place(&self, out: &mut Buffer) {
        let named = !self.host.is_empty() || self.user.is_some();
        if named || (!self.scheme.is_empty() && !self.path.is_empty()) {
            out.extend(b"//");
        }
        if let Some((name, password)) = &self.user {
            Part::User.escaped(name, out);
            if let Some(password) = password {
                out.push(b':');
                Part::User.escaped(password, out);
            }
            out.push(b'@');
        }
        Part::Host.escaped(&self.host, out);
        if !self.host.is_empty() && !self.path.is_empty() && !self.path.starts_with(b"/") {
            out.push(b'/');
        }
        if out.len() == 0 && cut(&self.path, b"/").0.contains(&b':') {
            out.extend(b"./");
        }
        if self.path == b"*" {
            out.push(b'*');
        } else {
            Part::Path.escaped(&self.path, out);
        }
    }
}

/// The scheme and what is behind its colon; a text that begins with a colon is no URL.
fn scheme(text: &[u8]) -> Option<(&[u8], &[u8])> {
    for (n, byte) in text.iter().enumerate() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' => {}
            b'0'..=b'9' | b'+' | b'-' | b'.' if n > 0 => {}
            b':' if n == 0 => return None,
            b':' => return Some((&text[..n], &text[n + 1..])),
            _ => break,
        }
    }
    Some((b"", text))
}

fn host(scheme: &[u8], host: &[u8]) -> Option<Vec<u8>> {
    match host.iter().rposition(|b| *b == b'[') {
        Some(0) => return bracketed(host),
        Some(_) => return None,
        None => {}
    }
    let first = host.iter().position(|b| *b == b':');
    let last = host.iter().rposition(|b| *b == b':');
    // Lists of hosts with ports are known from databases, not from the web.
    let strict = matches!(scheme, b"http" | b"https");
    if let Some(colon) = if strict { first } else { last } {
        port(&host[colon..])?;
    }
    Part::Host.unescaped(host)
}

/// An IPv6 address in brackets, with or without a zone and a port.
fn bracketed(host: &[u8]) -> Option<Vec<u8>> {
    let close = host.iter().rposition(|b| *b == b']')?;
    port(&host[close + 1..])?;
    let (address, zone) = host[1..close].split_at(
        Finder::new(b"%25")
            .find(&host[1..close])
            .unwrap_or(close - 1),
    );
    let mut name = Part::Host.unescaped(address)?;
    name.extend(Part::Zone.unescaped(zone)?);
    let (address, zone) = cut(&name, b"%");
    let zoned = name.contains(&b'%');
    std::str::from_utf8(address)
        .ok()?
        .parse::<Ipv6Addr>()
        .ok()?;
    if zoned && zone.is_empty() {
        return None;
    }
    Some([b"[", name.as_slice(), b"]", &host[close + 1..]].concat())
}

/// Accepts nothing, or a colon and digits.
fn port(text: &[u8]) -> Option<()> {
    let valid = match text {
        [] => true,
        [b':', digits @ ..] => digits.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    valid.then_some(())
}

fn hostname(host: &[u8]) -> &[u8] {
    let colon = host
        .iter()
        .rposition(|b| *b == b':')
        .filter(|at| port(&host[*at..]).is_some());
    let host = &host[..colon.unwrap_or(host.len())];
    match host {
        [b'[', inner @ .., b']'] => inner,
        host => host,
    }
}

/// The text before and behind the first `mark`.
fn cut<'t>(text: &'t [u8], mark: &[u8; 1]) -> (&'t [u8], &'t [u8]) {
    match text.iter().position(|b| *b == mark[0]) {
        Some(at) => (&text[..at], &text[at + 1..]),
        None => (text, b""),
    }
}
