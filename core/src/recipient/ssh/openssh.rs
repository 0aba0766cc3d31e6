//! `openssh-key-v1`, the container of private keys that `ssh-keygen` writes.
//!
//! Source: PROTOCOL.key of OpenSSH. Read as strictly as it is written: one key, its public half once outside and once
//! inside, padding 1, 2, 3, …

use aws_lc_rs::cipher::{AES_256, DecryptingKey, DecryptionContext, UnboundCipherKey};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::iv::FixedLength;
use zeroize::Zeroizing;

use super::key_file::SshKeyError;
use super::rsa::RsaNumbers;
use super::{Ed25519Secret, Reader, RsaSecret, push_string};

/// A container, taken apart but not opened.
pub(super) struct Container<'a> {
    pub(super) public: &'a [u8],
    pub(super) lock: Option<Lock>,
    pub(super) private: &'a [u8],
}

/// How the private part is encrypted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Lock {
    mode: Mode,
    salt: [u8; SALT_BYTES],
    rounds: u32,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Mode {
    Ctr,
    Cbc,
}

impl Mode {
    fn decrypt(
        self,
        key: &[u8],
        iv: FixedLength<AES_BLOCK_BYTES>,
        in_place: &mut [u8],
    ) -> Result<(), Unspecified> {
        let key = UnboundCipherKey::new(&AES_256, key)?;
        let key = match self {
            Self::Ctr => DecryptingKey::ctr(key)?,
            Self::Cbc => DecryptingKey::cbc(key)?,
        };
        key.decrypt(in_place, DecryptionContext::Iv128(iv))?;
        Ok(())
    }
}

/// A private key out of a container.
pub(super) enum Secret {
    Ed25519(Ed25519Secret),
    Rsa(RsaSecret),
}

impl<'a> Container<'a> {
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, SshKeyError> {
        let mut reader = Reader(bytes.strip_prefix(MAGIC).ok_or(SshKeyError::Malformed)?);
        let parts = || -> Option<_> {
            let (cipher, kdf) = (reader.string()?, reader.string()?);
            let (options, count) = (reader.string()?, reader.number()?);
            let (public, private) = (reader.string()?, reader.string()?);
            (count == 1).then_some((cipher, kdf, options, public, private))
        }();
        let (cipher, kdf, options, public, private) = parts.ok_or(SshKeyError::Malformed)?;
        let lock = match (cipher, kdf) {
            (b"none", b"none") if options.is_empty() => None,
            (b"aes256-ctr", b"bcrypt") => Some(Lock::read(Mode::Ctr, options)?),
            (b"aes256-cbc", b"bcrypt") => Some(Lock::read(Mode::Cbc, options)?),
            (b"none", _) | (_, b"none") => return Err(SshKeyError::Malformed),
            _ => return Err(SshKeyError::Cipher),
        };
        if private.len() % if lock.is_some() { AES_BLOCK_BYTES } else { 8 } != 0 {
            return Err(SshKeyError::Malformed);
        }
        Ok(Self {
            public,
            lock,
            private,
        })
    }
}

impl Lock {
    fn read(mode: Mode, options: &[u8]) -> Result<Self, SshKeyError> {
        let mut reader = Reader(options);
        let parts = || -> Option<_> {
            let salt = reader.string()?.try_into().ok()?;
            let rounds = reader.number()?;
            reader.0.is_empty().then_some((salt, rounds))
        }();
        let (salt, rounds) = parts.ok_or(SshKeyError::Malformed)?;
        if rounds == 0 || rounds > ROUNDS_MAX {
            return Err(SshKeyError::Rounds);
        }
        Ok(Self { mode, salt, rounds })
    }

    /// `AES-256[bcrypt_pbkdf(passphrase, salt)]`; there is no check in it but that of the private part.
    pub(super) fn decrypt(
        &self,
        private: &[u8],
        passphrase: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, SshKeyError> {
        if passphrase.is_empty() {
            return Err(SshKeyError::Passphrase);
        }
        let mut derived = Zeroizing::new([0; AES_KEY_BYTES + AES_BLOCK_BYTES]);
        bcrypt_pbkdf::bcrypt_pbkdf(passphrase, &self.salt, self.rounds, &mut *derived)
            .map_err(|_| SshKeyError::Malformed)?;
        let (key, iv) = derived.split_at(AES_KEY_BYTES);
        let mut opened = Zeroizing::new(private.to_vec());
        let iv =
            FixedLength::<AES_BLOCK_BYTES>::try_from(iv).map_err(|_| SshKeyError::Malformed)?;
        self.mode
            .decrypt(key, iv, &mut opened)
            .map_err(|_| SshKeyError::Malformed)?;
        Ok(opened)
    }
}

/// Reads the private part. `public` is what stands outside, in clear: it must be the key's own.
pub(super) fn read_private(
    private: &[u8],
    public: &[u8],
    locked: bool,
) -> Result<Secret, SshKeyError> {
    let mut reader = Reader(private);
    let checks = (reader.number(), reader.number());
    if checks.0.is_none() || checks.0 != checks.1 {
        return Err(match locked {
            true => SshKeyError::Passphrase,
            false => SshKeyError::Malformed,
        });
    }
    let kind = reader.string().ok_or(SshKeyError::Malformed)?;
    let secret = match kind {
        b"ssh-ed25519" => Secret::Ed25519(ed25519(&mut reader).ok_or(SshKeyError::Malformed)?),
        b"ssh-rsa" => {
            let numbers = rsa(&mut reader).ok_or(SshKeyError::Malformed)?;
            Secret::Rsa(RsaSecret::of_numbers(&numbers).map_err(SshKeyError::Rsa)?)
        }
        kind => return Err(SshKeyError::unsupported(kind)),
    };
    let _comment = reader.string().ok_or(SshKeyError::Malformed)?;
    let padded = (1_u8..)
        .zip(reader.0)
        .all(|(expected, found)| expected == *found);
    if !padded || reader.0.len() >= AES_BLOCK_BYTES {
        return Err(SshKeyError::Malformed);
    }
    let derived = match &secret {
        Secret::Ed25519(secret) => secret.public().wire(),
        Secret::Rsa(secret) => secret.public().wire(),
    };
    if derived == public {
        Ok(secret)
    } else {
        Err(SshKeyError::Mismatch)
    }
}

fn ed25519(reader: &mut Reader<'_>) -> Option<Ed25519Secret> {
    let public = reader.string()?;
    let (seed, again) = reader.string()?.split_at_checked(32)?;
    let seed: [u8; 32] = seed.try_into().ok()?;
    let secret = Ed25519Secret::of_seed(Zeroizing::new(seed))?;
    let derived = secret.public().key();
    (derived == public && derived == again).then_some(secret)
}

fn rsa<'a>(reader: &mut Reader<'a>) -> Option<RsaNumbers<'a>> {
    Some(RsaNumbers {
        modulus: reader.positive()?,
        exponent: reader.positive()?,
        private_exponent: reader.positive()?,
        coefficient: reader.positive()?,
        prime1: reader.positive()?,
        prime2: reader.positive()?,
    })
}

/// Writes an Ed25519 key without a passphrase.
pub(super) fn ed25519_container(secret: &Ed25519Secret) -> Zeroizing<Vec<u8>> {
    let (public, seed) = (secret.public(), secret.seed());
    // Its final size from the start: a vector that grows leaves copies behind.
    let mut private = Zeroizing::new(Vec::with_capacity(CONTAINER_BYTES));
    private.extend_from_slice(&[0; 8]);
    push_string(&mut private, b"ssh-ed25519");
    push_string(&mut private, public.key());
    private.extend_from_slice(&64_u32.to_be_bytes());
    private.extend_from_slice(&**seed);
    private.extend_from_slice(public.key());
    push_string(&mut private, b"");
    for padding in 1.. {
        if private.len().is_multiple_of(8) {
            break;
        }
        private.push(padding);
    }
    let mut whole = Zeroizing::new(Vec::with_capacity(CONTAINER_BYTES));
    whole.extend_from_slice(MAGIC);
    push_string(&mut whole, b"none");
    push_string(&mut whole, b"none");
    push_string(&mut whole, b"");
    whole.extend_from_slice(&1_u32.to_be_bytes());
    push_string(&mut whole, public.wire());
    push_string(&mut whole, &private);
    whole
}

const MAGIC: &[u8] = b"openssh-key-v1\0";
const SALT_BYTES: usize = 16;
/// `ssh-keygen` uses 16 or 24 rounds unless told otherwise; this many take half a minute.
const ROUNDS_MAX: u32 = 4096;
const AES_KEY_BYTES: usize = 32;
const AES_BLOCK_BYTES: usize = 16;
const CONTAINER_BYTES: usize = 512;
