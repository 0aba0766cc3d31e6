//! When a sealing key is made, and what each one is used for: pure decisions over keys, policy, now.
//!
//! The caller carries one step out, and asks again.

use crate::recipient::Suite;

/// Seconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// This many seconds later.
    pub fn plus(self, seconds: u64) -> Self {
        Self(self.0.saturating_add_unsigned(seconds))
    }
}

/// What people say of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// It may close, and opens.
    Active,
    /// It opens.
    OpenOnly,
    /// Neither.
    Retired,
    /// Neither, for good.
    Compromised,
}

/// A sealing key, as far as rotation is concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The uid of its resource: breaks ties.
    pub uid: String,
    /// Its suite.
    pub suite: Suite,
    /// What people say of it.
    pub state: State,
    /// When its resource was created.
    pub created: Timestamp,
    /// When the private half was made; nothing when it was only asked for.
    pub not_before: Option<Timestamp>,
}

/// The configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// The suite of keys that are made unasked.
    pub suite: Suite,
    /// The age in seconds at which a key gets a successor; 0 is never.
    pub renew_period: u64,
    /// Make no key unasked: a restore is to bring the keys.
    pub require_existing_key: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            suite: Suite::MlKem768X25519,
            renew_period: 30 * 24 * 3600,
            require_existing_key: false,
        }
    }
}

/// What a key is used for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Standing {
    /// It closes and opens: the newest active key of its suite.
    Closes,
    /// It opens.
    Opens,
    /// Nothing, by its state.
    Idle,
    /// Nothing yet: its private half is still to be made.
    Wanted,
    /// Nothing: its notBefore lies in the future, which no key that was made here has.
    FromTheFuture,
}

/// The next step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Make a key of this suite.
    Make(Suite, Why),
    /// Make the private half of the key at this index of the list.
    Fulfil(usize, Why),
    /// Nothing to do until then, or until something changes.
    Wait(Option<Timestamp>),
    /// There is no key to close with, and none may be made.
    Blocked(Block),
}

/// Why a key is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// None of the suite closes.
    First,
    /// The one that closes has reached its age.
    Renewal,
    /// Somebody asked for it; these are the ones that are counted.
    Asked,
}

impl Why {
    /// The word that is kept with a key.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::First => "First",
            Self::Renewal => "Renewal",
            Self::Asked => "Asked",
        }
    }
}

/// Why no key may be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Block {
    /// [`Policy::require_existing_key`].
    #[error("there is no sealing key, and none is to be made: restore one")]
    RequireExistingKey,
    /// [`MAX_KEYS`].
    #[error("there are {MAX_KEYS} sealing keys: delete retired ones")]
    TooMany,
}

/// Sealing keys of one cluster.
pub const MAX_KEYS: usize = 64;
/// Time in seconds between keys that somebody asks for.
pub const REQUEST_INTERVAL_SECONDS: u64 = 3600;
/// How far in seconds the clocks of two replicas may differ.
pub const CLOCK_SKEW_SECONDS: u64 = 300;

impl Key {
    fn is_made(&self, now: Timestamp) -> bool {
        self.not_before
            .is_some_and(|made| made <= now.plus(CLOCK_SKEW_SECONDS))
    }

    fn order(&self) -> (Option<Timestamp>, Timestamp, &str) {
        (self.not_before, self.created, &self.uid)
    }
}

/// What each key is used for, in the order of `keys`.
pub fn standings(keys: &[Key], now: Timestamp) -> Vec<Standing> {
    let standing = |(index, key): (usize, &Key)| match key.state {
        State::Retired | State::Compromised => Standing::Idle,
        _ if key.not_before.is_none() => Standing::Wanted,
        _ if !key.is_made(now) => Standing::FromTheFuture,
        _ if closing(keys, key.suite, now) == Some(index) => Standing::Closes,
        _ => Standing::Opens,
    };
    keys.iter().enumerate().map(standing).collect()
}

/// The key of `suite` that closes: the newest active one by notBefore, creation, uid.
pub fn closing(keys: &[Key], suite: Suite, now: Timestamp) -> Option<usize> {
    let candidates = keys
        .iter()
        .enumerate()
        .filter(|(_, key)| key.suite == suite && key.state == State::Active && key.is_made(now));
    candidates
        .max_by_key(|(_, key)| key.order())
        .map(|(index, _)| index)
}

/// The next step.
///
/// `asked` tells when keys were made because somebody asked for them, those that are not in `keys` any more too: who
/// may delete keys must not get more of them by that.
///
/// A key that waits for its private half takes the place of one that is due anyway: a request saves a key, and one of
/// our own that was cut off is completed. What a resource says of who made it plays no part in that.
pub fn next(keys: &[Key], asked: &[Timestamp], policy: &Policy, now: Timestamp) -> Step {
    let full = keys.iter().filter(|key| key.not_before.is_some()).count() >= MAX_KEYS;
    let newest = closing(keys, policy.suite, now);
    let renewal = match (policy.renew_period, policy.require_existing_key) {
        (0, _) | (_, true) => None,
        (period, _) => newest.and_then(|newest| Some(keys[newest].not_before?.plus(period))),
    };
    let due = match newest {
        None if !policy.require_existing_key => Some(Why::First),
        Some(_) if renewal.is_some_and(|due| due <= now) => Some(Why::Renewal),
        _ => None,
    };
    if let Some(why) = due {
        return match earliest_request(keys, Some(policy.suite)) {
            _ if full => Step::Blocked(Block::TooMany),
            Some(index) => Step::Fulfil(index, why),
            None => Step::Make(policy.suite, why),
        };
    }
    let request = earliest_request(keys, None).filter(|_| !full);
    let request = request.map(|index| (index, request_due(asked, now)));
    match request {
        Some((index, due)) if due <= now => Step::Fulfil(index, Why::Asked),
        _ if newest.is_none() => Step::Blocked(Block::RequireExistingKey),
        _ => Step::Wait(renewal.into_iter().chain(request.map(|(_, due)| due)).min()),
    }
}

/// The request, of any suite or of this one, that has waited longest.
fn earliest_request(keys: &[Key], suite: Option<Suite>) -> Option<usize> {
    let wanted = keys.iter().enumerate().filter(|(_, key)| {
        let of_suite = suite.is_none_or(|suite| suite == key.suite);
        of_suite && key.state == State::Active && key.not_before.is_none()
    });
    wanted
        .min_by_key(|(_, key)| key.order())
        .map(|(index, _)| index)
}

/// When the next request may be fulfilled.
fn request_due(asked: &[Timestamp], now: Timestamp) -> Timestamp {
    let made = asked
        .iter()
        .filter(|made| **made <= now.plus(CLOCK_SKEW_SECONDS));
    made.max()
        .map_or(now, |last| last.plus(REQUEST_INTERVAL_SECONDS))
}

#[cfg(feature = "api")]
impl From<crate::api::KeyState> for State {
    fn from(state: crate::api::KeyState) -> Self {
        match state {
            crate::api::KeyState::Active => Self::Active,
            crate::api::KeyState::OpenOnly => Self::OpenOnly,
            crate::api::KeyState::Retired => Self::Retired,
            crate::api::KeyState::Compromised => Self::Compromised,
        }
    }
}

#[cfg(test)]
mod tests;
