//! Passwords: hashed, derived, and what is encrypted under them.

use aws_lc_rs::cipher::{AES_256, DecryptingKey, DecryptionContext, UnboundCipherKey};
use aws_lc_rs::hmac;
use base64::engine::general_purpose::{self, GeneralPurpose, STANDARD};
use base64::{Engine, alphabet};
use zeroize::Zeroizing;

use super::Param::{Text as Word, Uint32};
use super::{Call, Function, encoding, fixed};
use crate::template::error::TemplateFault as Fault;
use crate::template::text::{Buffer, Text};
use crate::template::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    fixed("derivePassword", &[Uint32, Word, Word, Word, Word], derive),
    fixed("decryptAES", &[Word, Word], decrypt),
];

/// What is salted.
pub(super) const VARYING: &[Function] = &[
    fixed("bcrypt", &[Word], |call| {
        let password = call.text(0)?;
        Ok(Value::Text(hashed(call, &password)?))
    }),
    fixed("htpasswd", &[Word, Word], |call| {
        let (name, password) = (call.text(0)?, call.text(1)?);
        let mut out = Buffer::new();
        if name.bytes().contains(&b':') {
            out.extend(b"invalid username: ");
            out.extend(name.bytes());
        } else {
            out.extend(name.bytes());
            out.push(b':');
            out.extend(hashed(call, &password)?.bytes());
        }
        Ok(Value::Text(out.finish()?))
    }),
    fixed("encryptAES", &[Word, Word], encrypt),
];

/// bcrypt as `$2a$10$…`; a password that is too long gets sprig's message in its place.
fn hashed(call: &mut Call<'_>, password: &Text) -> Result<Text, Fault> {
    if password.len() > BCRYPT_BYTES {
        return Ok(Text::from(
            "failed to encrypt string with bcrypt: bcrypt: password length exceeds 72 bytes",
        ));
    }
    call.heap.spend(BCRYPT_STEPS)?;
    let mut salt = [0; 16];
    call.heap.chance()?.fill(&mut salt);
    // The byte that ends the password counts, as far as there is room.
    let mut ended = Zeroizing::new(password.bytes().to_vec());
    ended.push(0);
    ended.truncate(BCRYPT_BYTES);
    let hash = Zeroizing::new(bcrypt::bcrypt(BCRYPT_COST, salt, &ended));
    let encoding = GeneralPurpose::new(&alphabet::BCRYPT, general_purpose::NO_PAD);
    let mut out = Buffer::new();
    out.extend(format!("$2a${BCRYPT_COST:02}$").as_bytes());
    out.extend(encoding.encode(salt).as_bytes());
    out.extend(Zeroizing::new(encoding.encode(&hash[..23])).as_bytes());
    out.finish()
}

/// The first version of Master Password: scrypt, HMAC, and a pattern that the type names.
fn derive(call: &mut Call<'_>) -> Result<Value, Fault> {
    let Some(Value::Uint(counter)) = call.args.first().cloned() else {
        return Err(call.mismatch(Uint32));
    };
    let (kind, password) = (call.text(1)?, call.text(2)?);
    let (user, site) = (call.text(3)?, call.text(4)?);
    let Some((_, patterns)) = PATTERNS
        .iter()
        .find(|(name, _)| name.as_bytes() == kind.bytes())
    else {
        let mut out = Buffer::new();
        out.extend(b"cannot find password template ");
        out.extend(kind.bytes());
        return Ok(Value::Text(out.finish()?));
    };
    call.heap.spend(SCRYPT_STEPS)?;
    let salt = labelled(&user);
    let mut key = Zeroizing::new([0; 64]);
    let params = scrypt::Params::new(15, 8, 2, 64).map_err(|_| call.fail("scrypt failed"))?;
    scrypt::scrypt(password.bytes(), &salt, &params, &mut *key)
        .map_err(|_| call.fail("scrypt failed"))?;
    let mut message = labelled(&site);
    message.extend_from_slice(&(counter as u32).to_be_bytes());
    let seed = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &*key), &message);
    let seed = seed.as_ref();
    let pattern = patterns[usize::from(seed[0]) % patterns.len()];
    let mut out = Buffer::new();
    for (class, byte) in pattern.bytes().zip(&seed[1..]) {
        let (_, chars) = CLASSES
            .iter()
            .find(|(name, _)| *name == class)
            .unwrap_or(&CLASSES[0]);
        out.push(chars.as_bytes()[usize::from(*byte) % chars.len()]);
    }
    Ok(Value::Text(out.finish()?))
}

/// The label of the algorithm, the length of a text, and the text.
fn labelled(text: &Text) -> Zeroizing<Vec<u8>> {
    let length = (text.len() as u32).to_be_bytes();
    Zeroizing::new([b"com.lyndir.masterpassword", &length[..], text.bytes()].concat())
}

/// AES-256-CBC under the password, cut or filled up with zeros, behind a random block.
fn encrypt(call: &mut Call<'_>) -> Result<Value, Fault> {
    let (password, plain) = (call.text(0)?, call.text(1)?);
    if plain.len() == 0 {
        return Ok(Value::text(""));
    }
    call.heap.spend(plain.len() / BLOCK)?;
    let mut block = [0; BLOCK];
    call.heap.chance()?.fill(&mut block);
    let failed = |_| call.fail("the encryption failed");
    let key = UnboundCipherKey::new(&AES_256, &*key_of(&password)).map_err(failed)?;
    let key = aws_lc_rs::cipher::EncryptingKey::ecb(key).map_err(failed)?;
    let padding = BLOCK - plain.len() % BLOCK;
    let mut text = Zeroizing::new(plain.bytes().to_vec());
    text.extend(std::iter::repeat_n(padding as u8, padding));
    let mut out = block.to_vec();
    for plain in text.chunks(BLOCK) {
        block.iter_mut().zip(plain).for_each(|(b, p)| *b ^= p);
        key.encrypt(&mut block).map_err(failed)?;
        out.extend_from_slice(&block);
    }
    Ok(Value::text(STANDARD.encode(out).as_str()))
}

fn decrypt(call: &mut Call<'_>) -> Result<Value, Fault> {
    let (password, text) = (call.text(0)?, call.text(1)?);
    if text.len() == 0 {
        return Ok(Value::text(""));
    }
    call.heap.spend(text.len() / BLOCK)?;
    let mut sealed = Buffer::new();
    encoding::base64(text.bytes(), &mut sealed).map_err(|_| call.fail("this is not base64"))?;
    let (blocks, rest) = sealed.bytes().as_chunks::<BLOCK>();
    if !rest.is_empty() || blocks.len() < 2 {
        return Err(call.fail("this is not a whole number of blocks"));
    }
    let failed = |_| call.fail("the decryption failed");
    let key = UnboundCipherKey::new(&AES_256, &*key_of(&password)).map_err(failed)?;
    let key = DecryptingKey::ecb(key).map_err(failed)?;
    let mut out = Zeroizing::new(sealed.bytes()[BLOCK..].to_vec());
    for (n, block) in out.chunks_mut(BLOCK).enumerate() {
        key.decrypt(block, DecryptionContext::None)
            .map_err(failed)?;
        block
            .iter_mut()
            .zip(&blocks[n])
            .for_each(|(b, before)| *b ^= before);
    }
    // The last byte says how long the padding is; sprig looks at no other.
    let padding = usize::from(out.last().copied().unwrap_or(0));
    match out.len().checked_sub(padding) {
        Some(len) => Ok(Value::text(&out[..len])),
        None => Err(call.fail("the padding is longer than the text")),
    }
}

fn key_of(password: &Text) -> Zeroizing<[u8; 32]> {
    let mut key = Zeroizing::new([0; 32]);
    let used = password.len().min(key.len());
    key[..used].copy_from_slice(&password.bytes()[..used]);
    key
}

/// The patterns of each type of password, in characters of [`CLASSES`].
#[rustfmt::skip]
const PATTERNS: &[(&str, &[&str])] = &[
    ("maximum", &["anoxxxxxxxxxxxxxxxxx", "axxxxxxxxxxxxxxxxxno"]),
    ("long", &[
        "CvcvnoCvcvCvcv", "CvcvCvcvnoCvcv", "CvcvCvcvCvcvno", "CvccnoCvcvCvcv", "CvccCvcvnoCvcv", "CvccCvcvCvcvno",
        "CvcvnoCvccCvcv", "CvcvCvccnoCvcv", "CvcvCvccCvcvno", "CvcvnoCvcvCvcc", "CvcvCvcvnoCvcc", "CvcvCvcvCvccno",
        "CvccnoCvccCvcv", "CvccCvccnoCvcv", "CvccCvccCvcvno", "CvcvnoCvccCvcc", "CvcvCvccnoCvcc", "CvcvCvccCvccno",
        "CvccnoCvcvCvcc", "CvccCvcvnoCvcc", "CvccCvcvCvccno",
    ]),
    ("medium", &["CvcnoCvc", "CvcCvcno"]),
    ("short", &["Cvcn"]),
    ("basic", &["aaanaaan", "aannaaan", "aaannaaa"]),
    ("pin", &["nnnn"]),
];

/// What the letters of a pattern stand for.
#[rustfmt::skip]
const CLASSES: &[(u8, &str)] = &[
    (b'V', "AEIOU"),
    (b'C', "BCDFGHJKLMNPQRSTVWXYZ"),
    (b'v', "aeiou"),
    (b'c', "bcdfghjklmnpqrstvwxyz"),
    (b'A', "AEIOUBCDFGHJKLMNPQRSTVWXYZ"),
    (b'a', "AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz"),
    (b'n', "0123456789"),
    (b'o', "@&%?,=[]_:-+*$#!'^~;()/."),
    (b'x', "AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz0123456789!@#$%^&*()"),
];

const BLOCK: usize = 16;
/// The longest password that bcrypt takes.
const BCRYPT_BYTES: usize = 72;
const BCRYPT_COST: u32 = 10;
/// At most fifty in one rendering.
const BCRYPT_STEPS: usize = 20_000;
/// At most twenty in one rendering, each with 32 MiB of memory for a moment.
const SCRYPT_STEPS: usize = 50_000;
