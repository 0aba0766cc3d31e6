//! X-Wing, the hybrid of ML-KEM-768 and X25519: `SHA3-256(ss_M ‖ ss_X ‖ ct_X ‖ pk_X ‖ \.//^\)`.
//!
//! Source: draft-connolly-cfrg-xwing-kem; the same as MLKEM768-X25519 of draft-ietf-hpke-pq. Whoever breaks
//! only one of the two halves learns nothing.

use aws_lc_rs::{agreement, kem};
use ml_kem::{B32, EncapsulateDeterministic, EncodedSizeUser, KemCore, MlKem768};
use sha3::digest::{ExtendableOutput, Update, XofReader};
use sha3::{Digest, Sha3_256, Shake256};
use x25519_dalek::{PublicKey as Point, StaticSecret};
use zeroize::{Zeroize, Zeroizing};

use super::public::{KeyFault, check_point};

/// A checked public key: ML-KEM-768 encapsulation key, then X25519 point.
pub(super) struct PublicKey(Box<[u8; PUBLIC_KEY_BYTES]>);

/// A private key with what follows from its seed, so that opening repeats none of the expansion.
pub(super) struct SecretKey {
    decapsulation: kem::DecapsulationKey,
    scalar: agreement::PrivateKey,
    public: PublicKey,
}

/// The secret that both sides share.
pub(super) struct SharedSecret(Zeroizing<[u8; 32]>);

/// An encapsulated key with which no secret can be shared, as it never comes about by chance.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unusable;

impl PublicKey {
    pub(super) fn new(bytes: &[u8]) -> Result<Self, KeyFault> {
        let bytes: Box<[u8; PUBLIC_KEY_BYTES]> = bytes
            .to_vec()
            .try_into()
            .map_err(|_| KeyFault::EncapsulationKey)?;
        let (encapsulation_key, point) = bytes.split_at(ENCAPSULATION_KEY_BYTES);
        if !is_reduced(encapsulation_key) {
            return Err(KeyFault::EncapsulationKey);
        }
        check_point(point)?;
        Ok(Self(bytes))
    }

    pub(super) fn as_bytes(&self) -> &[u8; PUBLIC_KEY_BYTES] {
        &self.0
    }

    fn point(&self) -> [u8; 32] {
        *self.0.last_chunk().expect("a public key ends with a point")
    }

    /// Shares a secret with the owner of the key. `randomness` is used once and never again.
    pub(super) fn encapsulate(
        &self,
        randomness: &Zeroizing<[u8; ENCAPSULATION_RANDOMNESS_BYTES]>,
    ) -> Result<([u8; ENCAPSULATED_BYTES], SharedSecret), Unusable> {
        let (message, scalar) = randomness.split_at(32);
        let mut message = B32::try_from(message).expect("half of the randomness");
        let scalar: Zeroizing<[u8; 32]> =
            Zeroizing::new(scalar.try_into().expect("half of the randomness"));

        let encoded = self.0[..ENCAPSULATION_KEY_BYTES]
            .try_into()
            .expect("the first part of the key");
        let key = <MlKem768 as KemCore>::EncapsulationKey::from_bytes(&encoded);
        let encapsulated = key.encapsulate_deterministic(&message);
        message.zeroize();
        let (ciphertext, mut ml_kem_secret) = encapsulated.map_err(|()| Unusable)?;

        let scalar = StaticSecret::from(*scalar);
        let share = Point::from(&scalar);
        let x25519_secret = scalar.diffie_hellman(&Point::from(self.point()));
        if !x25519_secret.was_contributory() {
            return Err(Unusable);
        }
        let secret = combine(
            &ml_kem_secret,
            x25519_secret.as_bytes(),
            share.as_bytes(),
            &self.point(),
        );
        ml_kem_secret.zeroize();

        let mut out = [0; ENCAPSULATED_BYTES];
        out[..CIPHERTEXT_BYTES].copy_from_slice(&ciphertext);
        out[CIPHERTEXT_BYTES..].copy_from_slice(share.as_bytes());
        Ok((out, secret))
    }
}

impl SecretKey {
    /// Expands a seed with SHAKE-256 into the seeds of both halves, and these into keys.
    pub(super) fn from_seed(seed: &[u8; 32]) -> Self {
        let mut expanded = Zeroizing::new([0; 96]);
        Shake256::default()
            .chain(seed)
            .finalize_xof()
            .read(&mut *expanded);
        let part = |at: usize| {
            B32::try_from(&expanded[at..at + 32]).expect("a third of the expanded seed")
        };

        let (mut d, mut z) = (part(0), part(32));
        let (decapsulation_key, encapsulation_key) = MlKem768::generate_deterministic(&d, &z);
        d.zeroize();
        z.zeroize();
        let mut encoded = decapsulation_key.as_bytes();
        let decapsulation =
            kem::DecapsulationKey::new(&kem::ML_KEM_768, &encoded).expect("the key has its length");
        encoded.zeroize();

        let mut scalar: [u8; 32] = expanded[64..]
            .try_into()
            .expect("a third of the expanded seed");
        let point = Point::from(&StaticSecret::from(scalar));
        let imported = agreement::PrivateKey::from_private_key(&agreement::X25519, &scalar);
        scalar.zeroize();

        let mut public = Box::new([0; PUBLIC_KEY_BYTES]);
        public[..ENCAPSULATION_KEY_BYTES].copy_from_slice(&encapsulation_key.as_bytes());
        public[ENCAPSULATION_KEY_BYTES..].copy_from_slice(point.as_bytes());
        Self {
            decapsulation,
            scalar: imported.expect("any 32 bytes are a scalar"),
            public: PublicKey(public),
        }
    }

    pub(super) fn public(&self) -> PublicKey {
        PublicKey(self.public.0.clone())
    }

    /// The secret that an encapsulated key shares with this one; another secret when it was made for another key.
    pub(super) fn decapsulate(
        &self,
        encapsulated: &[u8; ENCAPSULATED_BYTES],
    ) -> Result<SharedSecret, Unusable> {
        let (ciphertext, share) = encapsulated.split_at(CIPHERTEXT_BYTES);
        let ml_kem_secret = self
            .decapsulation
            .decapsulate(ciphertext.into())
            .map_err(|_| Unusable)?;
        let peer = agreement::UnparsedPublicKey::new(&agreement::X25519, share);
        agreement::agree(&self.scalar, peer, Unusable, |x25519_secret| {
            Ok(combine(
                ml_kem_secret.as_ref(),
                x25519_secret,
                share,
                &self.public.point(),
            ))
        })
    }
}

impl SharedSecret {
    pub(super) fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

fn combine(ml_kem_secret: &[u8], x25519_secret: &[u8], share: &[u8], point: &[u8]) -> SharedSecret {
    let mut secret = Zeroizing::new([0; 32]);
    let hash = Sha3_256::new()
        .chain_update(ml_kem_secret)
        .chain_update(x25519_secret)
        .chain_update(share)
        .chain_update(point)
        .chain_update(LABEL);
    hash.finalize_into((&mut *secret).into());
    SharedSecret(secret)
}

/// The check of FIPS 203, section 7.2: all coefficients, 12 bits each, are below the modulus.
fn is_reduced(encapsulation_key: &[u8]) -> bool {
    let coefficients = &encapsulation_key[..ENCAPSULATION_KEY_BYTES - 32];
    coefficients.chunks_exact(3).all(|three| {
        let low = u16::from(three[0]) | u16::from(three[1] & 0x0f) << 8;
        let high = u16::from(three[1] >> 4) | u16::from(three[2]) << 4;
        low < MODULUS && high < MODULUS
    })
}

pub(super) const PUBLIC_KEY_BYTES: usize = ENCAPSULATION_KEY_BYTES + 32;
pub(super) const ENCAPSULATED_BYTES: usize = CIPHERTEXT_BYTES + 32;
pub(super) const ENCAPSULATION_RANDOMNESS_BYTES: usize = 64;
const ENCAPSULATION_KEY_BYTES: usize = 1184;
const CIPHERTEXT_BYTES: usize = 1088;
const MODULUS: u16 = 3329;
/// A picture of an X-Wing.
const LABEL: &[u8] = br"\.//^\";
