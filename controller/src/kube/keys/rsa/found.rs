//! Which key Secret belongs to which `SealingKey`, and what is wrong where none does: a pure look at both.

use std::collections::HashSet;
use std::sync::Arc;

use bulla_core::api::{KeySecretRef, KeyState};
use bulla_core::rotation::{Standing, State, Timestamp};
use bulla_core::sealed_secrets::rotation::{Key, KeyOrder, Made, standings};
use bulla_core::sealed_secrets::{Certificate, RsaKeyRing, RsaPublicKey};

use super::parsed::{Malformed, Pair};
use crate::kube::keys::store::may_go;
use crate::kube::mirror::{RsaKeySecret, SeenSealingKey};

/// What there is in the cluster, read.
pub(super) struct Seen {
    /// The `SealingKey`s of this suite.
    pub(super) keys: Vec<Arc<SeenSealingKey>>,
    /// The key Secrets, and what is in each.
    pub(super) secrets: Vec<Held>,
    pub(super) prefix: String,
    pub(super) order: KeyOrder,
}

/// A key Secret, and what is in it.
pub(super) struct Held {
    pub(super) secret: Arc<RsaKeySecret>,
    pub(super) pair: Result<Arc<Pair>, Malformed>,
}

/// A `SealingKey` with what was found for it.
pub(super) struct Found {
    pub(super) key: Arc<SeenSealingKey>,
    pub(super) half: Half,
    /// What it is used for; nothing where it can't be.
    pub(super) standing: Option<Standing>,
    /// Somebody has labelled its Secret, or another one with the same key.
    pub(super) says_compromised: bool,
}

/// The private half of a `SealingKey`.
pub(super) enum Half {
    /// It is there, and it is the right one.
    Bound(Arc<Pair>),
    /// There is none yet.
    Unbound,
    /// Something is wrong.
    Faulty(Fault),
}

/// Why a `SealingKey` can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Fault {
    #[error("the Secret with its private half is not there, or has lost its label: restore it")]
    SecretMissing,
    #[error("its Secret `{name}` can't be used: {why}")]
    Malformed { name: Box<str>, why: Malformed },
    #[error("the private half in its Secret does not belong to its public key")]
    PublicKeyMismatch,
}

impl Fault {
    /// The CamelCase word of conditions.
    pub(super) fn reason(&self) -> &'static str {
        match self {
            Self::SecretMissing => "KeySecretMissing",
            Self::Malformed { .. } => "KeySecretMalformed",
            Self::PublicKeyMismatch => "PublicKeyMismatch",
        }
    }
}

impl Seen {
    /// Looks at every key.
    pub(super) fn find(&self, now: Timestamp) -> Vec<Found> {
        let mut found: Vec<Found> = self
            .keys
            .iter()
            .map(|key| {
                let half = self.half(key).unwrap_or_else(Half::Faulty);
                let says_compromised = match &half {
                    Half::Bound(pair) => self.is_said_compromised(pair.private.public()),
                    _ => false,
                };
                Found {
                    key: key.clone(),
                    half,
                    standing: None,
                    says_compromised,
                }
            })
            .collect();
        let (places, keys) = for_rotation(&found);
        for (place, standing) in places.into_iter().zip(standings(&keys, self.order, now)) {
            found[place].standing = Some(standing);
        }
        found
    }

    fn half(&self, key: &SeenSealingKey) -> Result<Half, Fault> {
        let claimed = key.status.public_key.as_deref();
        // What was published once was checked then; what can't be read was not written here.
        let claimed = claimed.map(|pem| Certificate::from_pem(pem.as_bytes()).ok());
        let is_claimed = |pair: &Pair| match &claimed {
            Some(claimed) => claimed
                .as_ref()
                .is_some_and(|claimed| claimed.key() == pair.private.public()),
            None => true,
        };
        let secret = match &key.status.secret {
            None => self.by_name(key),
            Some(named) => {
                let named = self.secrets.iter().find(|held| is(&held.secret, named));
                // A Secret that was restored has another uid, and the same key.
                let restored = || {
                    let free = |Held { secret, pair }: &&Held| {
                        !self.is_taken(secret) && pair.as_ref().is_ok_and(|pair| is_claimed(pair))
                    };
                    self.secrets.iter().find(free)
                };
                let known = claimed.is_some();
                Some(
                    named
                        .or_else(|| restored().filter(|_| known))
                        .ok_or(Fault::SecretMissing)?,
                )
            }
        };
        let Some(Held { secret, pair }) = secret else {
            return Ok(Half::Unbound);
        };
        match pair {
            Ok(pair) if is_claimed(pair) => Ok(Half::Bound(pair.clone())),
            Ok(_) => Err(Fault::PublicKeyMismatch),
            Err(why) => Err(Fault::Malformed {
                name: secret.name.clone(),
                why: why.clone(),
            }),
        }
    }

    /// The Secret of a key that names none yet: the controller gives both the same name.
    fn by_name(&self, key: &SeenSealingKey) -> Option<&Held> {
        let made = secret_name(key, &self.prefix);
        self.secrets.iter().find(|Held { secret, .. }| {
            let name = &*secret.name;
            let names = [name, &second_name(secret)].contains(&&*key.meta.name);
            (names || *name == *made) && !self.is_taken(secret)
        })
    }

    fn is_taken(&self, secret: &RsaKeySecret) -> bool {
        let named = self
            .keys
            .iter()
            .filter_map(|key| key.status.secret.as_ref());
        named.into_iter().any(|named| is(secret, named))
    }

    fn is_said_compromised(&self, key: &RsaPublicKey) -> bool {
        self.secrets.iter().any(|Held { secret, pair }| {
            let same = pair.as_ref().is_ok_and(|pair| pair.private.public() == key);
            same && secret.is_compromised()
        })
    }

    /// Key Secrets that no `SealingKey` is there for, with what is in them; of those with the same key the first.
    pub(super) fn orphans<'s>(&'s self, found: &[Found]) -> Vec<&'s Held> {
        let keys = found.iter().filter_map(Found::bound);
        let mut known: HashSet<_> = keys.map(|pair| pair.private.ssh_fingerprint()).collect();
        let orphan = |Held { secret, pair }: &&Held| {
            let done_with = matches!(
                secret.state(),
                Some(KeyState::Retired | KeyState::Compromised)
            );
            // Whatever else the label says, Sealed Secrets passes it over.
            let counts = secret.is_active() || secret.is_compromised();
            let taken =
                self.is_taken(secret) || found.iter().any(|found| found.is_faulty_by(secret));
            // The first one that counts: a copy is no other key.
            let mut is_new = || match pair {
                Ok(pair) => known.insert(pair.private.ssh_fingerprint()),
                Err(_) => true,
            };
            counts && !done_with && !taken && is_new()
        };
        self.secrets.iter().filter(orphan).collect()
    }
}

impl Found {
    /// What people say of it, with Sealed Secrets' label too.
    pub(super) fn state(&self) -> State {
        let spec = self.key.spec.map(|spec| spec.state);
        match spec.map_or(State::Retired, State::from) {
            State::Compromised => State::Compromised,
            _ if self.says_compromised => State::Compromised,
            _ if self.is_labelled_off() => State::Retired,
            state => state,
        }
    }

    /// The label says neither `active` nor `compromised`.
    pub(super) fn is_labelled_off(&self) -> bool {
        self.bound().is_some_and(|pair| !pair.secret.is_active())
    }

    /// The checked private half.
    pub(super) fn bound(&self) -> Option<&Arc<Pair>> {
        match &self.half {
            Half::Bound(pair) => Some(pair),
            _ => None,
        }
    }

    /// See [`may_go`].
    pub(super) fn may_go(&self) -> bool {
        may_go(&self.key, self.bound().is_some())
    }

    /// True when it is here for this Secret, which is malformed.
    fn is_faulty_by(&self, secret: &RsaKeySecret) -> bool {
        matches!(&self.half, Half::Faulty(Fault::Malformed { name, .. }) if *name == secret.name)
    }

    fn opens(&self) -> Option<&Arc<Pair>> {
        let opens = matches!(
            self.standing,
            Some(Standing::Closes | Standing::Opens | Standing::FromTheFuture)
        );
        self.bound().filter(|_| opens)
    }

    fn for_rotation(&self) -> Option<Key> {
        if self.may_go() {
            return None;
        }
        let made = match &self.half {
            Half::Bound(pair) => Some(Made {
                not_before: pair.certificate.not_before(),
                created: pair.created(),
            }),
            Half::Unbound => None,
            Half::Faulty(_) => return None,
        };
        Some(Key {
            uid: self.key.meta.uid.to_string(),
            state: self.state(),
            made,
        })
    }
}

/// The keys as the rotation sees them, and which of `found` each is.
pub(super) fn for_rotation(found: &[Found]) -> (Vec<usize>, Vec<Key>) {
    let keys = found.iter().enumerate();
    keys.filter_map(|(place, found)| Some((place, found.for_rotation()?)))
        .unzip()
}

/// The ring of the keys that open, newest first.
pub(super) fn ring(found: &[Found]) -> RsaKeyRing {
    let mut open: Vec<&Arc<Pair>> = found.iter().filter_map(Found::opens).collect();
    open.sort_by_key(|pair| {
        let made = (pair.certificate.not_before(), pair.created());
        std::cmp::Reverse((made, pair.secret.uid.clone()))
    });
    RsaKeyRing::shared(open.into_iter().map(|pair| pair.private.clone()))
}

/// The certificate that closes.
pub(super) fn closing(found: &[Found]) -> Option<&Certificate> {
    let closing = found
        .iter()
        .find(|found| found.standing == Some(Standing::Closes));
    closing?.bound().map(|pair| &pair.certificate)
}

/// What the Secret of a key is called that is still to be made: as the key, where that has the form of a name that is
/// generated, or by its uid, so that an attempt that was cut off is found again.
pub(super) fn secret_name(key: &SeenSealingKey, prefix: &str) -> String {
    let name = &*key.meta.name;
    match name.strip_prefix(prefix) {
        Some(suffix) if suffix.len() == SUFFIX => name.to_owned(),
        _ => {
            let letters = key.meta.uid.chars().filter(char::is_ascii_alphanumeric);
            format!("{prefix}{}", letters.take(SUFFIX).collect::<String>())
        }
    }
}

/// What the `SealingKey` of a Secret is called when the Secret's own name is taken.
pub(super) fn second_name(secret: &RsaKeySecret) -> String {
    let uid: String = secret.uid.chars().take(8).collect();
    format!("{}-{uid}", secret.name)
}

fn is(secret: &RsaKeySecret, named: &KeySecretRef) -> bool {
    *secret.uid == *named.uid && *secret.name == *named.name
}

/// Random characters at the end of a generated name.
pub(super) const SUFFIX: usize = 5;

#[cfg(test)]
mod tests;
