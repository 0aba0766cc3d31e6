//! `ssh-ed25519`: an Ed25519 key, used as the X25519 key that it can be turned into.
//!
//! What both sides share is multiplied by a tweak that follows from the ssh key, so that the key that signs is not
//! the one that opens: `X25519[HKDF[wire, label]("")](X25519[share](secret))`.

use aws_lc_rs::agreement::{self, PrivateKey, UnparsedPublicKey, X25519};
use curve25519_dalek::edwards::CompressedEdwardsY;
use sha2::{Digest as _, Sha512};
use x25519_dalek::{PublicKey as Point, StaticSecret};
use zeroize::Zeroizing;

use super::super::derive::{AeadKey, FileKey, ssh_ed25519_tweak};
use super::super::header::Stanza;
use super::super::identity::{StanzaFault, file_key_body, open_file_key};
use super::super::public::check_point;
use super::{Reader, Tag, push_string, tag_of, text_of};

/// A checked public key.
#[derive(Clone)]
pub(crate) struct Ed25519Public {
    wire: Vec<u8>,
    key: [u8; 32],
    point: [u8; 32],
}

/// A private key, with what follows from it.
pub(crate) struct Ed25519Secret {
    seed: Zeroizing<[u8; 32]>,
    scalar: PrivateKey,
    tweak: PrivateKey,
    public: Ed25519Public,
}

impl Ed25519Public {
    pub(crate) fn of_wire(wire: &[u8]) -> Option<Self> {
        let mut reader = Reader(wire);
        let kind = reader.string()?;
        let key: [u8; 32] = reader.string()?.try_into().ok()?;
        (kind == KIND.as_bytes() && reader.0.is_empty()).then(|| Self::of_key(key))?
    }

    /// `None` for what is no point of the curve, or one of low order, with which nothing can be shared.
    fn of_key(key: [u8; 32]) -> Option<Self> {
        let point = CompressedEdwardsY(key).decompress()?;
        let point = point.to_montgomery().to_bytes();
        check_point(&point).ok()?;
        let mut wire = Vec::with_capacity(64);
        push_string(&mut wire, KIND.as_bytes());
        push_string(&mut wire, &key);
        Some(Self { wire, key, point })
    }

    pub(crate) fn text(&self) -> String {
        text_of(KIND, &self.wire)
    }

    pub(crate) fn tag(&self) -> Tag {
        tag_of(&self.wire)
    }

    pub(super) fn wire(&self) -> &[u8] {
        &self.wire
    }

    pub(super) fn key(&self) -> &[u8; 32] {
        &self.key
    }

    /// The share that goes into the stanza, and the key that closes the file key. `scalar` is used once.
    pub(crate) fn share(&self, scalar: Zeroizing<[u8; 32]>) -> ([u8; 32], AeadKey) {
        let secret = StaticSecret::from(*scalar);
        let share = Point::from(&secret).to_bytes();
        let shared = secret.diffie_hellman(&Point::from(self.point));
        let tweak = StaticSecret::from(*ssh_ed25519_tweak(&self.wire));
        let shared = tweak.diffie_hellman(&Point::from(shared.to_bytes()));
        let key = AeadKey::ssh_ed25519_wrapping(shared.as_bytes(), &share, &self.point);
        (share, key)
    }
}

impl Ed25519Secret {
    pub(crate) fn of_seed(seed: Zeroizing<[u8; 32]>) -> Option<Self> {
        let expanded = Zeroizing::new(<[u8; 64]>::from(Sha512::digest(*seed)));
        let mut half = Zeroizing::new([0; 32]);
        half.copy_from_slice(&expanded[..32]);
        let key = curve25519_dalek::EdwardsPoint::mul_base_clamped(*half).compress();
        let public = Ed25519Public::of_key(key.to_bytes())?;
        let import = |bytes: &[u8]| PrivateKey::from_private_key(&X25519, bytes).ok();
        Some(Self {
            scalar: import(&*half)?,
            tweak: import(&*ssh_ed25519_tweak(&public.wire))?,
            seed,
            public,
        })
    }

    pub(crate) fn public(&self) -> &Ed25519Public {
        &self.public
    }

    pub(super) fn seed(&self) -> &Zeroizing<[u8; 32]> {
        &self.seed
    }

    pub(crate) fn unwrap_stanza(&self, stanza: &Stanza<'_>) -> Result<FileKey, StanzaFault> {
        let (tag, share) = stanza.tag_and_share()?;
        if tag != self.public.tag() {
            return Err(StanzaFault::NoMatch);
        }
        let mut body = file_key_body(stanza)?;
        let low_order = || StanzaFault::Malformed("the X25519 share must not be of low order");
        let peer = UnparsedPublicKey::new(&X25519, &share);
        let key = agreement::agree(&self.scalar, peer, low_order(), |shared| {
            let peer = UnparsedPublicKey::new(&X25519, shared);
            agreement::agree(&self.tweak, peer, low_order(), |shared| {
                let point = &self.public.point;
                Ok(AeadKey::ssh_ed25519_wrapping(shared, &share, point))
            })
        })?;
        open_file_key(key.open([0; 12], &mut *body))
    }
}

const KIND: &str = "ssh-ed25519";
