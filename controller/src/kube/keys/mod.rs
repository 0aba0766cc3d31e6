//! The keys that the controller opens with, and the one that it signs its records with.
//!
//! Each family of sealing keys has a keeper, which makes its [`rounds`] and hands its ring to the [`Publisher`]: [`age`]
//! those of envelopes, [`rsa`] those of SealedSecrets. [`age_identities`] are brought by people, for SopsSecrets. What the
//! workers and the endpoints see is what was [`Published`] last.

pub(super) mod age;
pub(super) mod age_identities;
mod conditions;
mod events;
pub(super) mod gauges;
mod published;
pub(super) mod record_key;
mod rounds;
pub(super) mod rsa;
mod store;

pub(super) use self::published::{Published, Publisher};
