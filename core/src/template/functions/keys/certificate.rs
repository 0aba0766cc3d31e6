//! X.509 certificates as Go's `x509.CreateCertificate` makes them of what sprig asks for.

use std::net::IpAddr;

use aws_lc_rs::digest;

use super::der::{self, BIT_STRING, INTEGER, OCTET_STRING, OID, Reader, SEQUENCE, SET};
use super::private::Private;
use crate::template::error::TemplateFault as Fault;
use crate::template::functions::Call;
use crate::template::surroundings::Chance;
use crate::template::text::Text;
use crate::template::time::{Time, Zone};
use crate::template::value::Value;

/// What a certificate shall say.
pub(super) struct Request {
    pub(super) name: Text,
    pub(super) addresses: Vec<IpAddr>,
    pub(super) names: Vec<Text>,
    pub(super) days: i64,
    pub(super) authority: bool,
}

/// What is used of the certificate that another one is signed under.
pub(super) struct Issuer {
    subject: Vec<u8>,
    public: Vec<u8>,
    key_id: Option<Vec<u8>>,
}

impl Request {
    /// Name, addresses, further names and days, as most functions take them.
    pub(super) fn of(call: &mut Call<'_>) -> Result<Self, Fault> {
        let mut addresses = Vec::new();
        for item in call.items(1)? {
            let text = match &item {
                Value::Text(text) => std::str::from_utf8(text.bytes()).ok(),
                _ => None,
            };
            let address = text.and_then(|text| text.parse::<IpAddr>().ok());
            addresses.push(address.ok_or_else(|| call.fail("an address is malformed"))?);
        }
        let mut names = Vec::new();
        for item in call.items(2)? {
            match item {
                Value::Text(text) => names.push(text),
                _ => return Err(call.fail("a name is not a string")),
            }
        }
        Ok(Self {
            name: call.text(0)?,
            addresses,
            names,
            days: call.int(3)?,
            authority: false,
        })
    }

    /// The certificate in DER, signed by its own key unless there is an issuer.
    pub(super) fn certificate(
        &self,
        now: &Time,
        serial: &[u8],
        key: &Private,
        issuer: Option<(&Issuer, &Private)>,
        chance: &mut Chance,
    ) -> Option<Vec<u8>> {
        let (info, public) = key.public()?;
        let signer = issuer.map_or(key, |(_, signer)| signer);
        // A key that does not belong to the issuer is refused.
        if let Some((issuer, signer)) = issuer
            && signer.public()?.0 != issuer.public
        {
            return None;
        }
        let subject = self.subject()?;
        let issued_by = issuer.map_or(&subject, |(issuer, _)| &issuer.subject);
        let until = now.plus(self.days.wrapping_mul(DAY_NANOS));
        let mut extensions = self.extensions(&public, subject == EMPTY)?;
        if let Some((issuer, _)) = issuer
            && issuer.subject != subject
            && let Some(id) = &issuer.key_id
        {
            let id = der::sequence(&[&der::element(0x80, &[id])]);
            let before_names = extensions.len() - usize::from(self.has_names());
            extensions.insert(before_names, extension(35, false, &id));
        }
        let extensions: Vec<&[u8]> = extensions.iter().map(Vec::as_slice).collect();
        let algorithm = signer.algorithm()?;
        let body = der::sequence(&[
            &der::element(0xa0, &[&der::integer(&[2])]),
            &der::integer(serial),
            &algorithm,
            issued_by,
            &der::sequence(&[&date(now), &date(&until)]),
            &subject,
            &info,
            &der::element(0xa3, &[&der::sequence(&extensions)]),
        ]);
        let signature = der::bit_string(&signer.sign(&body, chance)?);
        Some(der::sequence(&[&body, &algorithm, &signature]))
    }

    fn has_names(&self) -> bool {
        !self.names.is_empty() || !self.addresses.is_empty()
    }

    /// The subject: a common name, or nothing.
    fn subject(&self) -> Option<Vec<u8>> {
        let name = self.name.bytes();
        if name.is_empty() {
            return Some(EMPTY.to_vec());
        }
        std::str::from_utf8(name).ok()?;
        let printable = |b: &u8| b.is_ascii_alphanumeric() || b" '()+,-./:=?".contains(b);
        let tag = if name.iter().all(printable) {
            0x13
        } else {
            0x0c
        };
        let kind = der::element(OID, &[COMMON_NAME]);
        let pair = der::sequence(&[&kind, &der::element(tag, &[name])]);
        Some(der::sequence(&[&der::element(SET, &[&pair])]))
    }

    /// Everything but the key of the issuer, in Go's order.
    fn extensions(&self, public: &[u8], nameless: bool) -> Option<Vec<Vec<u8>>> {
        // Digital signature and key encipherment; an authority signs certificates too.
        let usage: &[u8] = if self.authority {
            &[2, 0xa4]
        } else {
            &[5, 0xa0]
        };
        let purposes = [1, 2].map(|n| der::element(OID, &[PURPOSES, &[n]]));
        let is_authority = der::element(0x01, &[&[0xff]]);
        let constraints: &[&[u8]] = if self.authority {
            &[&is_authority]
        } else {
            &[]
        };
        let mut out = vec![
            extension(15, true, &der::element(BIT_STRING, &[usage])),
            extension(37, false, &der::sequence(&[&purposes[0], &purposes[1]])),
            extension(19, true, &der::sequence(constraints)),
        ];
        if self.authority {
            let id = digest::digest(&digest::SHA256, public);
            let id = der::element(OCTET_STRING, &[&id.as_ref()[..20]]);
            out.push(extension(14, false, &id));
        }
        if self.has_names() {
            let mut names = Vec::new();
            for name in &self.names {
                if !name.bytes().is_ascii() {
                    return None;
                }
                names.push(der::element(0x82, &[name.bytes()]));
            }
            names.extend(
                self.addresses
                    .iter()
                    .map(|address| match address.to_canonical() {
                        IpAddr::V4(address) => der::element(0x87, &[&address.octets()]),
                        IpAddr::V6(address) => der::element(0x87, &[&address.octets()]),
                    }),
            );
            let parts: Vec<&[u8]> = names.iter().map(Vec::as_slice).collect();
            out.push(extension(17, nameless, &der::sequence(&parts)));
        }
        Some(out)
    }
}

impl Issuer {
    /// `x509.ParseCertificate`, as far as it looks.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let mut outer = Reader::inside(bytes, SEQUENCE)?;
        let mut body = Reader::new(outer.expect(SEQUENCE)?.inner);
        let algorithm = outer.expect(SEQUENCE)?.whole;
        outer.expect(BIT_STRING)?;
        let version = match body.optional(0xa0) {
            Some(version) => match Reader::new(version.inner).unsigned()? {
                [] => 0,
                [version @ ..=2] => *version,
                _ => return None,
            },
            None => 0,
        };
        let serial = body.expect(INTEGER)?.inner;
        if !der::is_integer(serial) || serial[0] >= 0x80 {
            return None;
        }
        body.expect(SEQUENCE)
            .filter(|inner| inner.whole == algorithm)?;
        body.expect(SEQUENCE)?;
        let mut validity = Reader::new(body.expect(SEQUENCE)?.inner);
        for _ in 0..2 {
            validity
                .next()
                .filter(|date| is_date(date.tag, date.inner))?;
        }
        let subject = body.expect(SEQUENCE)?.whole.to_vec();
        let public = body.expect(SEQUENCE)?.whole;
        let mut info = Reader::new(Reader::inside(public, SEQUENCE)?.expect(SEQUENCE)?.inner);
        info.expect(OID)?;
        let mut key_id = None;
        if version > 0 {
            body.optional(0x81);
            body.optional(0x82);
            if let Some(extensions) = body.optional(0xa3).filter(|_| version == 2) {
                key_id = read_extensions(extensions.inner)?;
            }
        }
        Some(Self {
            subject,
            public: public.to_vec(),
            key_id,
        })
    }
}

/// The id of the key, if it has one; no extension may be there twice.
fn read_extensions(bytes: &[u8]) -> Option<Option<Vec<u8>>> {
    let mut list = Reader::inside(bytes, SEQUENCE)?;
    let (mut seen, mut key_id) = (Vec::new(), None);
    while !list.is_empty() {
        let mut fields = Reader::new(list.expect(SEQUENCE)?.inner);
        let oid = fields.expect(OID)?.inner;
        fields.optional(0x01);
        let value = fields.expect(OCTET_STRING)?.inner;
        if seen.contains(&oid) {
            return None;
        }
        seen.push(oid);
        if oid == [0x55, 0x1d, 14] {
            key_id = Some(Reader::inside_text(value)?);
        }
    }
    Some(key_id)
}

impl Reader<'_> {
    fn inside_text(value: &[u8]) -> Option<Vec<u8>> {
        let mut reader = Reader::new(value);
        let text = reader.expect(OCTET_STRING)?.inner.to_vec();
        reader.is_empty().then_some(text)
    }
}

fn extension(number: u8, critical: bool, value: &[u8]) -> Vec<u8> {
    let oid = der::element(OID, &[&[0x55, 0x1d, number]]);
    let value = der::element(OCTET_STRING, &[value]);
    let flag = der::element(0x01, &[&[0xff]]);
    if critical {
        der::sequence(&[&oid, &flag, &value])
    } else {
        der::sequence(&[&oid, &value])
    }
}

/// Two digits of the year from 1950 to 2049, four otherwise.
fn date(time: &Time) -> Vec<u8> {
    let time = time.within(Zone::Utc);
    let short = (1950..2050).contains(&time.civil().year);
    let (tag, layout) = if short {
        (0x17, "060102150405Z")
    } else {
        (0x18, "20060102150405Z")
    };
    der::element(tag, &[time.format(layout).as_bytes()])
}

fn is_date(tag: u8, text: &[u8]) -> bool {
    let digits = match tag {
        0x17 => 12,
        0x18 => 14,
        _ => return false,
    };
    text.len() == digits + 1
        && text[..digits].iter().all(u8::is_ascii_digit)
        && text[digits] == b'Z'
}

const EMPTY: &[u8] = &[SEQUENCE, 0];
const COMMON_NAME: &[u8] = &[0x55, 4, 3];
/// `serverAuth` and `clientAuth` are 1 and 2 below it.
const PURPOSES: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3];
const DAY_NANOS: i64 = 24 * 3600 * 1_000_000_000;
