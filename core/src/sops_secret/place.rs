//! Where a SopsSecret belongs: a value of it, closed under its data key, that says `namespace/name`.
//!
//! SOPS binds a value to its path of keys and to nothing else, so that a resource opens wherever it is copied to. The
//! place closes that gap without another format: it is a text like the others, under the key [`PLACE_KEY`] of a
//! `stringData`, and never reaches a Secret. Whoever copies a resource has no other place that opens under its data
//! key: making one takes the data key, and whoever has that has the values anyway. A value from another key does not do,
//! because the path is part of what is closed; in which template it stands does not matter, because it says the same in
//! each of them.

use crate::names::{Namespace, ResourceName};

/// The key of `stringData` under which the place stands. No Secret gets it.
pub const PLACE_KEY: &str = "bulla.dev.place";

/// The name that the template gets which holds the place of resource `name` alone. No Secret is made of it here;
/// sops-secrets-operator makes one, with the place in it and nothing else, so that two must not be called the same.
pub fn place_template(name: &ResourceName) -> String {
    format!("{name}-bulla-place")
}

/// The text of a place.
pub fn place(namespace: &Namespace, name: &ResourceName) -> String {
    format!("{namespace}/{name}")
}

/// The place that `text` is, for a message; `None` where it is none, and might be anything.
pub fn parse_place(text: &[u8]) -> Option<(Namespace, ResourceName)> {
    let (namespace, name) = std::str::from_utf8(text).ok()?.split_once('/')?;
    Some((namespace.parse().ok()?, name.parse().ok()?))
}
