//! When an RSA key is made and which one closes, as Sealed Secrets has it: pure decisions over keys, policy, now.
//!
//! Values of SealedSecrets do not say which key opens them, so nothing is ever retired here; and there is no
//! bound on how many keys there are, as its controller knows none.

use std::fmt;
use std::str::FromStr;

use crate::rotation::{CLOCK_SKEW_SECONDS, REQUEST_INTERVAL_SECONDS};
use crate::rotation::{Standing, State, Timestamp, Why};

/// By which time of a key the newest is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum KeyOrder {
    /// From when on its certificate is valid.
    #[default]
    CertNotBefore,
    /// When its Secret was created.
    SecretCreationTimestamp,
}

/// The text is no [`KeyOrder`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("CertNotBefore or SecretCreationTimestamp belongs here")]
pub struct KeyOrderError;

/// An RSA key, as far as rotation is concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The uid of its resource: breaks ties.
    pub uid: String,
    /// What people say of it.
    pub state: State,
    /// The times of its Secret; nothing when it was only asked for.
    pub made: Option<Made>,
}

/// The times of a key that was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Made {
    /// From when on its certificate is valid.
    pub not_before: Timestamp,
    /// When its Secret was created.
    pub created: Timestamp,
}

/// The configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// Which key is the newest.
    pub order: KeyOrder,
    /// The age in seconds at which a key gets a successor; 0 is never.
    pub renew_period: u64,
    /// A key from before this moment gets a successor, once it has come.
    pub cutoff: Option<Timestamp>,
    /// Make no key unasked: a restore is to bring the keys.
    pub require_existing_key: bool,
}

/// The next step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Make a key.
    Make(Why),
    /// Make the private half of the key at this index of the list.
    Fulfil(usize, Why),
    /// Nothing to do until then, or until something changes.
    Wait(Option<Timestamp>),
    /// There is no key to close with, and a restore is to bring one.
    Blocked,
}

impl Key {
    fn time(&self, order: KeyOrder) -> Option<Timestamp> {
        self.made.map(|made| match order {
            KeyOrder::CertNotBefore => made.not_before,
            KeyOrder::SecretCreationTimestamp => made.created,
        })
    }

    /// A certificate from the future would close until then, whatever is made in between.
    fn is_of_today(&self, now: Timestamp) -> bool {
        self.made
            .is_some_and(|made| made.not_before <= now.plus(CLOCK_SKEW_SECONDS))
    }
}

/// The key that closes: the newest active one.
pub fn closing(keys: &[Key], order: KeyOrder, now: Timestamp) -> Option<usize> {
    let candidates = keys
        .iter()
        .enumerate()
        .filter(|(_, key)| key.state == State::Active && key.is_of_today(now));
    candidates
        .max_by_key(|(_, key)| (key.time(order), key.made.map(|made| made.created), &key.uid))
        .map(|(index, _)| index)
}

/// What each key is used for, in the order of `keys`. One from the future opens all the same: opening never asks for
/// the dates of a certificate.
pub fn standings(keys: &[Key], order: KeyOrder, now: Timestamp) -> Vec<Standing> {
    let closing = closing(keys, order, now);
    let standing = |(index, key): (usize, &Key)| match key.state {
        State::Retired | State::Compromised => Standing::Idle,
        _ if key.made.is_none() => Standing::Wanted,
        _ if !key.is_of_today(now) => Standing::FromTheFuture,
        _ if closing == Some(index) => Standing::Closes,
        _ => Standing::Opens,
    };
    keys.iter().enumerate().map(standing).collect()
}

/// The next step; `asked` tells when keys were made because somebody asked for them.
pub fn next(keys: &[Key], asked: &[Timestamp], policy: &Policy, now: Timestamp) -> Step {
    let newest = closing(keys, policy.order, now);
    let since = newest.and_then(|newest| keys[newest].time(policy.order));
    let renewal = since.and_then(|since| {
        let by_age = (policy.renew_period > 0).then(|| since.plus(policy.renew_period));
        let by_cutoff = policy.cutoff.filter(|cutoff| since < *cutoff);
        by_age.into_iter().chain(by_cutoff).min()
    });
    let renewal = renewal.filter(|_| !policy.require_existing_key);
    let due = match newest {
        None if !policy.require_existing_key => Some(Why::First),
        Some(_) if renewal.is_some_and(|due| due <= now) => Some(Why::Renewal),
        _ => None,
    };
    let mut wanted = keys.iter().enumerate();
    let wanted = wanted
        .find(|(_, key)| key.state == State::Active && key.made.is_none())
        .map(|(index, _)| index);
    if let Some(why) = due {
        return wanted.map_or(Step::Make(why), |index| Step::Fulfil(index, why));
    }
    let made = asked
        .iter()
        .filter(|made| **made <= now.plus(CLOCK_SKEW_SECONDS));
    let request_due = made
        .max()
        .map_or(now, |last| last.plus(REQUEST_INTERVAL_SECONDS));
    match wanted {
        Some(index) if request_due <= now => Step::Fulfil(index, Why::Asked),
        _ if newest.is_none() => Step::Blocked,
        _ => {
            let request = wanted.map(|_| request_due);
            Step::Wait(renewal.into_iter().chain(request).min())
        }
    }
}

impl FromStr for KeyOrder {
    type Err = KeyOrderError;

    fn from_str(text: &str) -> Result<Self, KeyOrderError> {
        match text {
            "CertNotBefore" => Ok(Self::CertNotBefore),
            "SecretCreationTimestamp" => Ok(Self::SecretCreationTimestamp),
            _ => Err(KeyOrderError),
        }
    }
}

impl fmt::Display for KeyOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CertNotBefore => "CertNotBefore",
            Self::SecretCreationTimestamp => "SecretCreationTimestamp",
        })
    }
}

#[cfg(test)]
mod tests;
