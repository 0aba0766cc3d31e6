//! Carries out what rotation decides: makes keys, and says of each one what it is used for.

use bulla_core::api::SealingKey;
use bulla_core::recipient::{KeyRing, Recipient};
use bulla_core::rotation::{self, Policy, Standing, Step, Timestamp};

use super::error::{Problem, StoreError};
use super::folder::Folder;
use super::key::StoredKey;
use super::keys::StoredKeys;

/// The keys of one pass.
pub(super) struct Keys {
    /// Identities that open.
    pub(super) ring: KeyRing,
    /// All keys, as their files say it now.
    pub(super) resources: Vec<SealingKey>,
    /// Public keys to close for, one for each suite; the policy's suite first.
    pub(super) recipients: Vec<Recipient>,
    /// Names of the keys that this pass made.
    pub(super) made: Vec<String>,
    /// Files that could not be used.
    pub(super) problems: Vec<Problem>,
    /// Why there is no key to close with.
    pub(super) blocked: Option<rotation::Block>,
    /// When there is something to do again.
    pub(super) due: Option<Timestamp>,
}

/// Reads the keys, makes those that are due, and writes what changed.
pub(super) fn rotate(folder: &Folder, policy: &Policy, now: Timestamp) -> Result<Keys, StoreError> {
    let mut stored = StoredKeys::load(folder, now).map_err(StoreError::State)?;
    let before: Vec<_> = stored.keys.iter().map(|key| key.resource.clone()).collect();
    let (mut made, mut blocked, mut due) = (Vec::new(), None, None);
    // Each step makes one key; a decision that would go on for ever is stopped by the limit.
    for _ in 0..rotation::MAX_KEYS {
        let facts = stored.facts();
        match rotation::next(&facts, &stored.asked(), policy, now) {
            Step::Make(..) | Step::Fulfil(..) if stored.incomplete => break,
            Step::Make(suite, why) => {
                stored
                    .keys
                    .push(StoredKey::make(suite, Some(why.as_str()), now));
                made.push(stored.keys.len() - 1);
            }
            Step::Fulfil(index, why) => {
                stored.keys[index].fulfil(why, now);
                made.push(index);
            }
            Step::Wait(until) => {
                due = until;
                break;
            }
            Step::Blocked(block) => {
                blocked = Some(block);
                break;
            }
        }
    }
    for index in &made {
        stored.keys[*index]
            .save_new(folder)
            .map_err(StoreError::State)?;
    }
    let standings = rotation::standings(&stored.facts(), now);
    for (index, (key, standing)) in stored.keys.iter_mut().zip(&standings).enumerate() {
        let status = key.resource.status.get_or_insert_default();
        status.closes = Some(*standing == Standing::Closes);
        if before.get(index) != Some(&key.resource) {
            key.save(folder).map_err(StoreError::State)?;
        }
    }
    let made = made
        .iter()
        .map(|index| stored.keys[*index].name.to_string());
    let made = made.collect();
    Ok(Keys {
        made,
        blocked,
        due,
        ..gathered(stored, &standings, policy)
    })
}

/// Makes a key because somebody asks for it.
pub(super) fn make_by_hand(
    folder: &Folder,
    policy: &Policy,
    now: Timestamp,
) -> Result<SealingKey, StoreError> {
    let stored = StoredKeys::load(folder, now).map_err(StoreError::State)?;
    if stored.incomplete {
        return Err(StoreError::UnreadableKey);
    }
    let mut facts = stored.facts();
    facts.retain(|key| key.not_before.is_some());
    let asked = facts.len();
    facts.push(rotation::Key {
        uid: String::new(),
        suite: policy.suite,
        state: rotation::State::Active,
        created: now,
        not_before: None,
    });
    match rotation::next(&facts, &stored.asked(), policy, now) {
        Step::Fulfil(index, _) if index == asked => {
            let key = StoredKey::make(policy.suite, None, now);
            key.save_new(folder).map_err(StoreError::State)?;
            Ok(key.resource)
        }
        Step::Wait(Some(until)) => Err(StoreError::TooSoon { until }),
        Step::Blocked(block) => Err(block.into()),
        _ => Err(rotation::Block::TooMany.into()),
    }
}

fn gathered(stored: StoredKeys, standings: &[Standing], policy: &Policy) -> Keys {
    let problems = stored.problems;
    let mut keys: Vec<_> = stored.keys.into_iter().zip(standings).collect();
    // Newest first: the order in which a key ring is read.
    keys.sort_by_cached_key(|(key, _)| std::cmp::Reverse(key.status().not_before));
    let mut recipients = Vec::new();
    let mut identities = Vec::new();
    let mut resources = Vec::new();
    for (key, standing) in keys {
        let opens = matches!(standing, Standing::Closes | Standing::Opens);
        if let Some(identity) = key.identity.filter(|_| opens) {
            if *standing == Standing::Closes {
                recipients.push(identity.recipient().clone());
            }
            identities.push(identity);
        }
        resources.push(key.resource);
    }
    recipients.sort_by_key(|recipient| recipient.suite() != Some(policy.suite));
    Keys {
        ring: KeyRing::new(identities),
        resources,
        recipients,
        made: Vec::new(),
        problems,
        blocked: None,
        due: None,
    }
}
