//! Every key that is derived from another one, with its label, and what is done with it.
//!
//! Source: <https://c2sp.org/age>.

use aws_lc_rs::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::{hkdf, hmac};
use zeroize::Zeroizing;

/// The key of one age file, from which all others of the file follow.
pub(super) struct FileKey(Zeroizing<[u8; FILE_KEY_BYTES]>);

/// A ChaCha20-Poly1305 key.
pub(super) struct AeadKey(Zeroizing<[u8; 32]>);

/// The key, the nonce or the ciphertext is another one.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mismatch;

impl FileKey {
    /// Takes what came out of a stanza.
    pub(super) fn new(bytes: &[u8]) -> Result<Self, Mismatch> {
        let bytes = bytes.try_into().map_err(|_| Mismatch)?;
        Ok(Self(Zeroizing::new(bytes)))
    }

    /// `HKDF["", "header"](file key)`, the key of the MAC over the header.
    pub(super) fn header_mac_key(&self) -> hmac::Key {
        let key = hkdf_sha256(&[], b"header", &*self.0);
        hmac::Key::new(hmac::HMAC_SHA256, &*key)
    }

    /// `HKDF[nonce, "payload"](file key)`
    pub(super) fn payload_key(&self, nonce: &[u8; PAYLOAD_NONCE_BYTES]) -> AeadKey {
        AeadKey(hkdf_sha256(nonce, b"payload", &*self.0))
    }
}

impl AeadKey {
    /// `HKDF[share ‖ public, "age-encryption.org/v1/X25519"](shared)`, which closes the file key in an X25519 stanza.
    pub(super) fn x25519_wrapping(shared: &[u8], share: &[u8; 32], public: &[u8; 32]) -> Self {
        let salt = [*share, *public].concat();
        Self(hkdf_sha256(&salt, b"age-encryption.org/v1/X25519", shared))
    }

    /// `HKDF[share ‖ point, "age-encryption.org/v1/ssh-ed25519"](shared)`, the same in an ssh-ed25519 stanza.
    pub(super) fn ssh_ed25519_wrapping(shared: &[u8], share: &[u8; 32], point: &[u8; 32]) -> Self {
        let salt = [*share, *point].concat();
        Self(hkdf_sha256(&salt, SSH_ED25519_LABEL, shared))
    }

    /// Closes what this key closes only once.
    pub(super) fn seal(&self, nonce: [u8; 12], mut message: Zeroizing<Vec<u8>>) -> Vec<u8> {
        let nonce = Nonce::assume_unique_for_key(nonce);
        let tag = self
            .bind()
            .seal_in_place_separate_tag(nonce, Aad::empty(), &mut message)
            .expect("the message is short");
        [message.as_slice(), tag.as_ref()].concat()
    }

    /// Opens in place. What is in `ciphertext` after a mismatch is of no use to anyone.
    pub(super) fn open<'a>(
        &self,
        nonce: [u8; 12],
        ciphertext: &'a mut [u8],
    ) -> Result<&'a mut [u8], Mismatch> {
        let nonce = Nonce::assume_unique_for_key(nonce);
        self.bind()
            .open_in_place(nonce, Aad::empty(), ciphertext)
            .map_err(|_| Mismatch)
    }

    fn bind(&self) -> LessSafeKey {
        let key = UnboundKey::new(&CHACHA20_POLY1305, &*self.0);
        LessSafeKey::new(key.expect("the key has its length"))
    }
}

/// `HKDF[wire, "age-encryption.org/v1/ssh-ed25519"]("")`: what sets the key that opens apart from the ssh key that
/// signs.
pub(super) fn ssh_ed25519_tweak(wire: &[u8]) -> Zeroizing<[u8; 32]> {
    hkdf_sha256(wire, SSH_ED25519_LABEL, &[])
}

/// What HPKE (RFC 9180) makes of a shared secret in base mode, for its first and only message.
///
/// KDF 0x0001 (HKDF-SHA-256), AEAD 0x0003 (ChaCha20-Poly1305).
pub(super) struct HpkeContext {
    key: AeadKey,
    nonce: Zeroizing<[u8; 12]>,
}

impl HpkeContext {
    /// `KeySchedule(mode_base, shared_secret, info, "", "")`
    pub(super) fn new(shared_secret: &[u8; 32], info: &[u8]) -> Self {
        let psk_id_hash = labeled_extract(&[], b"psk_id_hash", &[]);
        let info_hash = labeled_extract(&[], b"info_hash", info);
        let schedule = [&[HPKE_MODE_BASE], psk_id_hash.as_ref(), info_hash.as_ref()].concat();

        let secret = labeled_extract(shared_secret, b"secret", &[]);
        let secret = hkdf::Prk::new_less_safe(hkdf::HKDF_SHA256, secret.as_ref());
        Self {
            key: AeadKey(labeled_expand(&secret, b"key", &schedule)),
            nonce: labeled_expand(&secret, b"base_nonce", &schedule),
        }
    }

    pub(super) fn seal(self, message: Zeroizing<Vec<u8>>) -> Vec<u8> {
        self.key.seal(*self.nonce, message)
    }

    pub(super) fn open(self, ciphertext: &mut [u8]) -> Result<&mut [u8], Mismatch> {
        self.key.open(*self.nonce, ciphertext)
    }
}

#[cfg(test)]
impl HpkeContext {
    pub(super) fn key_and_nonce(&self) -> (Vec<u8>, Vec<u8>) {
        (self.key.0.to_vec(), self.nonce.to_vec())
    }
}

/// `LabeledExtract(salt, label, ikm)`: HKDF-Extract is HMAC with the salt for a key.
fn labeled_extract(salt: &[u8], label: &[u8], ikm: &[u8]) -> hmac::Tag {
    let mut extract = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, salt));
    for part in [HPKE_VERSION, HPKE_SUITE, label, ikm] {
        extract.update(part);
    }
    extract.sign()
}

/// `LabeledExpand(prk, label, info, N)`
fn labeled_expand<const N: usize>(
    prk: &hkdf::Prk,
    label: &[u8],
    info: &[u8],
) -> Zeroizing<[u8; N]> {
    let length = (N as u16).to_be_bytes();
    expand(prk, &[&length, HPKE_VERSION, HPKE_SUITE, label, info])
}

fn hkdf_sha256(salt: &[u8], info: &[u8], ikm: &[u8]) -> Zeroizing<[u8; 32]> {
    let prk = hkdf::Salt::new(hkdf::HKDF_SHA256, salt).extract(ikm);
    expand(&prk, &[info])
}

fn expand<const N: usize>(prk: &hkdf::Prk, info: &[&[u8]]) -> Zeroizing<[u8; N]> {
    let mut key = Zeroizing::new([0; N]);
    prk.expand(info, Length(N))
        .and_then(|okm| okm.fill(&mut *key))
        .expect("HKDF makes up to 8160 bytes");
    key
}

struct Length(usize);

impl hkdf::KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

pub(super) const FILE_KEY_BYTES: usize = 16;
pub(super) const PAYLOAD_NONCE_BYTES: usize = 16;
pub(super) const TAG_BYTES: usize = 16;

const SSH_ED25519_LABEL: &[u8] = b"age-encryption.org/v1/ssh-ed25519";
/// The `info` of age's hybrid recipients.
pub(super) const HYBRID_INFO: &[u8] = b"age-encryption.org/mlkem768x25519";
const HPKE_MODE_BASE: u8 = 0;
const HPKE_VERSION: &[u8] = b"HPKE-v1";
/// KEM 0x647a (X-Wing), KDF 0x0001, AEAD 0x0003.
const HPKE_SUITE: &[u8] = b"HPKE\x64\x7a\x00\x01\x00\x03";
