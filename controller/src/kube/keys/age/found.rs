//! Which private half belongs to which `SealingKey`, and what is wrong where none does: a pure look at both.

use std::collections::HashMap;
use std::sync::Arc;

use bulla_core::api::KeyState;
use bulla_core::recipient::{Identity, KeyRing, parse_identity_file};
use bulla_core::rotation::{Key, Standing, Timestamp, Why, standings};

use crate::engine::parse_time;
use crate::kube::keys::store::may_go;
use crate::kube::mirror::{KeySecret, SeenSealingKey};
use crate::kube::watch::Versioned;

/// A `SealingKey` with what was found for it.
pub(super) struct Found {
    pub(super) key: Arc<SeenSealingKey>,
    pub(super) half: Half,
    /// What it is used for; nothing where it can't be.
    pub(super) standing: Option<Standing>,
}

/// The private half of a `SealingKey`.
pub(super) enum Half {
    /// It is there, and it is the right one.
    Bound(Bound),
    /// There is none yet.
    Unbound,
    /// Something is wrong.
    Faulty(Fault),
}

/// A private half that was checked.
pub(super) struct Bound {
    pub(super) identity: Arc<Identity>,
    pub(super) secret: Arc<KeySecret>,
    pub(super) not_before: Timestamp,
}

/// Why a `SealingKey` can't be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Fault {
    #[error("its spec is not what the definition of the resource says")]
    SpecUnreadable,
    #[error("RSA keys are for SealedSecrets, which are opened with --sealed-secrets only")]
    SuiteUnsupported,
    #[error("its name is longer than the 63 characters of a label")]
    NameTooLong,
    #[error("the Secret with its private half is not there, or has lost its label: restore it")]
    SecretMissing,
    #[error("its Secret holds no identity that can be read")]
    IdentityUnreadable,
    #[error("the private half in its Secret is of another suite")]
    SuiteMismatch,
    #[error("the private half in its Secret does not belong to its public key")]
    PublicKeyMismatch,
    #[error("`status.notBefore` is not a time")]
    NotBeforeUnreadable,
}

impl Fault {
    /// The CamelCase word of conditions.
    pub(super) fn reason(self) -> &'static str {
        match self {
            Self::SpecUnreadable => "SpecUnreadable",
            Self::SuiteUnsupported => "SuiteUnsupported",
            Self::NameTooLong => "NameTooLong",
            Self::SecretMissing => "KeySecretMissing",
            Self::IdentityUnreadable => "IdentityUnreadable",
            Self::SuiteMismatch => "SuiteMismatch",
            Self::PublicKeyMismatch => "PublicKeyMismatch",
            Self::NotBeforeUnreadable => "NotBeforeUnreadable",
        }
    }
}

/// Identities by the Secret and version that they were read from: deriving the public half costs time.
#[derive(Default)]
pub(super) struct Identities(HashMap<Version, Option<Arc<Identity>>>);

/// uid and resourceVersion of a Secret.
#[derive(PartialEq, Eq, Hash)]
struct Version(Box<str>, Box<str>);

impl Identities {
    /// The identity in `secret`, if there is exactly one.
    pub(super) fn of(&mut self, secret: &KeySecret) -> Option<Arc<Identity>> {
        let key = Version(secret.uid.clone(), secret.version().into());
        let read = || {
            // Into the key ring: this is what the key Secret is for.
            let text = std::str::from_utf8(secret.identity()?.reveal()).ok()?;
            let mut identities = parse_identity_file(text).ok()?;
            let only = identities.pop().filter(|_| identities.is_empty())?;
            Some(Arc::new(only))
        };
        self.0.entry(key).or_insert_with(read).clone()
    }

    /// Forgets what belongs to none of `secrets`.
    pub(super) fn retain(&mut self, secrets: &[Arc<KeySecret>]) {
        self.0.retain(|Version(uid, version), _| {
            secrets
                .iter()
                .any(|secret| secret.uid == *uid && secret.version() == &**version)
        });
    }
}

/// Looks at every key. In `restore` mode, a labelled Secret serves a key that has lost its own.
pub(super) fn find(
    keys: Vec<Arc<SeenSealingKey>>,
    secrets: &[Arc<KeySecret>],
    identities: &mut Identities,
    restore: bool,
    now: Timestamp,
) -> Vec<Found> {
    let mut found: Vec<Found> = keys
        .into_iter()
        .map(|key| {
            let half = half(&key, secrets, identities, restore);
            Found {
                key,
                half: half.unwrap_or_else(Half::Faulty),
                standing: None,
            }
        })
        .collect();
    let (places, of_rotation): (Vec<usize>, Vec<Key>) = found
        .iter()
        .enumerate()
        .filter_map(|(place, found)| Some((place, found.for_rotation()?)))
        .unzip();
    for (place, standing) in places.into_iter().zip(standings(&of_rotation, now)) {
        found[place].standing = Some(standing);
    }
    found
}

fn half(
    key: &SeenSealingKey,
    secrets: &[Arc<KeySecret>],
    identities: &mut Identities,
    restore: bool,
) -> Result<Half, Fault> {
    let spec = key.spec.ok_or(Fault::SpecUnreadable)?;
    let suite = spec.suite.age().ok_or(Fault::SuiteUnsupported)?;
    let name = &*key.meta.name;
    if name.len() > LABEL_MAX {
        return Err(Fault::NameTooLong);
    }
    let named = key.status.secret.as_ref();
    let by_status = |secret: &&Arc<KeySecret>| {
        named.is_some_and(|named| *secret.uid == *named.uid && *secret.name == *named.name)
    };
    let by_maker = |secret: &&Arc<KeySecret>| {
        named.is_none() && secret.made_for.as_deref() == Some(&*key.meta.uid)
    };
    let by_label = |secret: &&Arc<KeySecret>| {
        // What its Secret knows to be compromised comes back as nothing else.
        let compromised = secret.state() == Some(KeyState::Compromised);
        let may_come_back = !compromised || spec.state == KeyState::Compromised;
        restore && !secret.is_retired() && may_come_back && *secret.sealing_key == *name
    };
    let secret = secrets
        .iter()
        .find(by_status)
        .or_else(|| secrets.iter().find(by_maker))
        .or_else(|| secrets.iter().find(by_label));
    let Some(secret) = secret else {
        return if named.is_some() {
            Err(Fault::SecretMissing)
        } else {
            Ok(Half::Unbound)
        };
    };
    let identity = identities.of(secret).ok_or(Fault::IdentityUnreadable)?;
    if identity.suite() != Some(suite) {
        return Err(Fault::SuiteMismatch);
    }
    // What people close for must be what opens: the private half decides, and says whether anybody has lied.
    let derived = identity.recipient().as_str();
    let claimed = [
        key.status.public_key.as_deref(),
        secret.recipient.as_deref().map(str::trim),
    ];
    if claimed
        .into_iter()
        .flatten()
        .any(|claimed| claimed != derived)
    {
        return Err(Fault::PublicKeyMismatch);
    }
    let not_before = key
        .status
        .not_before
        .as_deref()
        .or(secret.not_before.as_deref());
    let not_before = not_before
        .and_then(|text| parse_time(text).ok())
        .ok_or(Fault::NotBeforeUnreadable)?;
    Ok(Half::Bound(Bound {
        identity,
        secret: secret.clone(),
        not_before,
    }))
}

impl Found {
    /// The key as the rotation sees it; nothing for one that is faulty.
    pub(super) fn for_rotation(&self) -> Option<Key> {
        if self.may_go() {
            return None;
        }
        let not_before = match &self.half {
            Half::Bound(bound) => Some(bound.not_before),
            Half::Unbound => None,
            Half::Faulty(_) => return None,
        };
        let spec = self.key.spec?;
        let meta = &self.key.meta;
        let created = meta
            .creation_timestamp
            .as_deref()
            .and_then(|text| parse_time(text).ok());
        Some(Key {
            uid: meta.uid.to_string(),
            suite: spec.suite.age()?,
            state: spec.state.into(),
            created: created.unwrap_or_default(),
            not_before,
        })
    }

    /// What people say of it.
    pub(super) fn state(&self) -> Option<KeyState> {
        self.key.spec.map(|spec| spec.state)
    }

    /// See [`may_go`].
    pub(super) fn may_go(&self) -> bool {
        may_go(&self.key, self.bound().is_some())
    }

    /// True when people are told that it closes, and only a newer key takes that from it.
    pub(super) fn is_predecessor(&self) -> bool {
        let told = self.key.status.closes == Some(true);
        let active = self.state() == Some(KeyState::Active);
        told && active && self.standing == Some(Standing::Opens)
    }

    /// The checked private half.
    pub(super) fn bound(&self) -> Option<&Bound> {
        match &self.half {
            Half::Bound(bound) => Some(bound),
            _ => None,
        }
    }

    /// The private half, while the key opens.
    pub(super) fn opens(&self) -> Option<&Bound> {
        let opens = matches!(self.standing, Some(Standing::Closes | Standing::Opens));
        self.bound().filter(|_| opens)
    }
}

/// When keys were made because somebody asked for them. Secrets outlive the resources that asked, and only who may
/// write Secrets beside the controller can take one away.
pub(super) fn asked(secrets: &[Arc<KeySecret>]) -> Vec<Timestamp> {
    let asked = secrets.iter();
    let asked = asked.filter(|secret| secret.why.as_deref() == Some(Why::Asked.as_str()));
    asked
        .filter_map(|secret| parse_time(secret.not_before.as_deref()?).ok())
        .collect()
}

/// The ring of the keys that open, newest first.
pub(super) fn ring(found: &[Found]) -> KeyRing {
    let mut open: Vec<&Bound> = found.iter().filter_map(Found::opens).collect();
    open.sort_by_key(|bound| std::cmp::Reverse((bound.not_before, bound.secret.uid.clone())));
    KeyRing::new(
        open.into_iter()
            .map(|bound| bound.identity.duplicate())
            .collect(),
    )
}

/// A label's value has at most 63 characters.
const LABEL_MAX: usize = 63;

#[cfg(test)]
mod tests;
