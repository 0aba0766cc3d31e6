//! `SopsSecret`, the resource of sops-secrets-operator: several Secrets in one file of SOPS, and the place that binds
//! them to their namespace and name.
//!
//! # Guarantees
//!
//! - Everything opens, or nothing does. The place is compared before any other value is opened.
//! - A place counts only as a value that was closed under the data key of the others: see [`PLACE_KEY`].
//!
//! # Caveats
//!
//! - The MAC is not verified: the API server keeps neither the order of keys nor comments. Each value is still what was
//!   closed under its path of keys, but values may be left out, added under another name of a Secret, or swapped
//!   between templates that have the same key.
//! - Selectors and recipients are not authenticated. A selector that is changed can make values fail, not leak.

mod error;
mod open;
mod opener;
mod place;
mod placing;
mod resource;
#[cfg(test)]
mod tests;

pub use error::SopsSecretError;
pub use open::{OpenedSopsSecret, OpenedTemplate, PlaceRule};
pub use place::{PLACE_KEY, parse_place, place, place_template};
pub use placing::{Placing, PutPlace, Stands, placings};
pub use resource::{MAX_SECRETS, SopsSecret, Template};

/// On a live Secret: any SopsSecret that names it may take it over. It counts with the value `true` and no other.
pub const MANAGED_ANNOTATION: &str = "sopssecret/managed";
