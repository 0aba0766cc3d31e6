//! Sprig's keys and certificates.

mod certificate;
mod der;
mod dsa;
mod ecdsa;
mod pem;
mod private;
mod rsa;

use std::rc::Rc;

use aws_lc_rs::rsa::KeySize;

use super::Param::{Int, List, Text as Word};
use super::{Call, Function, Param, encoding, fixed};
use crate::template::error::TemplateFault as Fault;
use crate::template::object::{Certificate, Object};
use crate::template::text::{Buffer, Text};
use crate::template::value::Value;
use certificate::{Issuer, Request};
use private::Private;

pub(super) const FUNCTIONS: &[Function] = &[fixed("buildCustomCert", &[Word, Word], custom)];

/// What is drawn anew each time.
pub(super) const VARYING: &[Function] = &[
    fixed("genPrivateKey", &[Word], private_key),
    fixed("genCA", &[Word, Int], |call| {
        let days = call.int(1)?;
        let key = fresh(call)?;
        authority(call, days, &key)
    }),
    fixed("genCAWithKey", &[Word, Int, Word], |call| {
        let key = given(call, 2)?;
        let days = call.int(1)?;
        authority(call, days, &key)
    }),
    fixed("genSelfSignedCert", &[Word, List, List, Int], |call| {
        let key = fresh(call)?;
        self_signed(call, &key)
    }),
    fixed(
        "genSelfSignedCertWithKey",
        &[Word, List, List, Int, Word],
        |call| {
            let key = given(call, 4)?;
            self_signed(call, &key)
        },
    ),
    fixed(
        "genSignedCert",
        &[Word, List, List, Int, Param::Certificate],
        |call| {
            let key = fresh(call)?;
            signed(call, &key)
        },
    ),
    fixed(
        "genSignedCertWithKey",
        &[Word, List, List, Int, Param::Certificate, Word],
        |call| {
            let key = given(call, 5)?;
            signed(call, &key)
        },
    ),
];

/// Checks a certificate and a key, and gives them back as they came.
fn custom(call: &mut Call<'_>) -> Result<Value, Fault> {
    let mut parts = Vec::new();
    for n in 0..2 {
        let mut out = Buffer::new();
        encoding::base64(call.text(n)?.bytes(), &mut out)
            .map_err(|_| call.fail("certificate or key are not base64"))?;
        parts.push(out.finish()?);
    }
    let block = pem::decode(parts[0].bytes()).ok_or_else(|| call.fail(NOT_PEM))?;
    Issuer::read(&block.bytes).ok_or_else(|| call.fail(NOT_A_CERTIFICATE))?;
    read(call, &parts[1])?;
    let key = parts.pop().ok_or_else(|| call.fail(NOT_A_KEY))?;
    let cert = parts.pop().ok_or_else(|| call.fail(NOT_PEM))?;
    Ok(shown(cert, key))
}

fn private_key(call: &mut Call<'_>) -> Result<Value, Fault> {
    let kind = call.text(0)?;
    let key = match kind.bytes() {
        b"" | b"rsa" => {
            call.heap.spend(LARGE_KEY_STEPS)?;
            call.heap.chance()?;
            Private::rsa(KeySize::Rsa4096)
        }
        b"dsa" => {
            call.heap.spend(LARGE_KEY_STEPS)?;
            return Ok(Value::Text(dsa::generate(call.heap)?));
        }
        b"ecdsa" => {
            call.heap.spend(PARSE_STEPS)?;
            call.heap.chance()?;
            Private::p256()
        }
        b"ed25519" => {
            call.heap.spend(PARSE_STEPS)?;
            let seed = private::seed(call.heap.chance()?);
            Private::ed25519(&*seed)
        }
        other => {
            let mut out = Buffer::new();
            out.extend(b"Unknown type ");
            out.extend(other);
            return Ok(Value::Text(out.finish()?));
        }
    };
    let text = key.and_then(|key| key.show());
    text.map(Value::Text).ok_or_else(|| call.fail(NOT_MADE))
}

/// An RSA key of 2048 bits.
fn fresh(call: &mut Call<'_>) -> Result<Private, Fault> {
    call.heap.spend(KEY_STEPS)?;
    call.heap.chance()?;
    Private::rsa(KeySize::Rsa2048).ok_or_else(|| call.fail(NOT_MADE))
}

/// The key in an argument.
fn given(call: &mut Call<'_>, n: usize) -> Result<Private, Fault> {
    let text = call.text(n)?;
    read(call, &text)
}

fn read(call: &Call<'_>, text: &Text) -> Result<Private, Fault> {
    let not_a_key = || call.fail(NOT_A_KEY);
    let block = pem::decode(text.bytes()).ok_or_else(not_a_key)?;
    // The numbers are checked against each other, which takes the square of their length.
    let words = block.bytes.len() / BYTES_PER_WORD;
    call.heap
        .spend(words.saturating_mul(words).saturating_add(PARSE_STEPS))?;
    Private::read(&block).ok_or_else(not_a_key)
}

fn authority(call: &mut Call<'_>, days: i64, key: &Private) -> Result<Value, Fault> {
    let request = Request {
        name: call.text(0)?,
        addresses: Vec::new(),
        names: Vec::new(),
        days,
        authority: true,
    };
    made(call, &request, key, None)
}

fn self_signed(call: &mut Call<'_>, key: &Private) -> Result<Value, Fault> {
    let request = Request::of(call)?;
    made(call, &request, key, None)
}

fn signed(call: &mut Call<'_>, key: &Private) -> Result<Value, Fault> {
    let Some(Value::Object(Object::Certificate(authority))) = call.args.get(4).cloned() else {
        return Err(call.mismatch(Param::Certificate));
    };
    let block = pem::decode(authority.cert.bytes()).ok_or_else(|| call.fail(NOT_PEM))?;
    let issuer = Issuer::read(&block.bytes).ok_or_else(|| call.fail(NOT_A_CERTIFICATE))?;
    let signer = read(call, &authority.key)?;
    let request = Request::of(call)?;
    made(call, &request, key, Some((&issuer, &signer)))
}

fn made(
    call: &mut Call<'_>,
    request: &Request,
    key: &Private,
    issuer: Option<(&Issuer, &Private)>,
) -> Result<Value, Fault> {
    let now = call.heap.now()?;
    let signer = issuer.map_or(key, |(_, signer)| signer);
    call.heap.spend(signer.steps())?;
    let chance = call.heap.chance()?;
    let mut serial = [0; 16];
    chance.fill(&mut serial);
    let cert = request.certificate(&now, &serial, key, issuer, chance);
    let parts = cert.and_then(|cert| Some((pem::encode("CERTIFICATE", &cert), key.show()?)));
    let (cert, key) = parts.ok_or_else(|| call.fail("the certificate could not be made"))?;
    Ok(shown(cert, key))
}

fn shown(cert: Text, key: Text) -> Value {
    Value::Object(Object::Certificate(Rc::new(Certificate { cert, key })))
}

const NOT_PEM: &str = "the certificate is not PEM";
const NOT_A_CERTIFICATE: &str = "the certificate is malformed";
const NOT_A_KEY: &str = "the private key cannot be read";
const NOT_MADE: &str = "the key could not be made";
/// At most four keys of this size in one rendering,
const LARGE_KEY_STEPS: usize = 250_000;
/// twenty of RSA-2048,
const KEY_STEPS: usize = 50_000;
/// and two hundred of the others.
const PARSE_STEPS: usize = 5_000;
/// An RSA key of 4096 bits has a hundred, one of 8192 bits twice as many.
const BYTES_PER_WORD: usize = 24;
