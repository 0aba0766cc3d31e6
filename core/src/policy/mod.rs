//! Who may open what, and what must not be committed: `.bulla.yaml`, and what follows from it.
//!
//! A [`Config`] is the only source of whom to close for. It is parsed strictly: a typing error in
//! a rule would otherwise send a secret to the wrong people, or to nobody. It reads no file; the
//! paths that it matches are relative to the directory of `.bulla.yaml`, with `/` between parts.

#[cfg(feature = "api")]
pub mod check;
#[cfg(feature = "api")]
pub mod compare;
mod config;
mod error;
#[cfg(all(test, feature = "api"))]
mod fixtures;
mod glob;
mod party;
mod rule;
mod wire;

pub use config::{CONFIG_BYTES_MAX, Config};
pub use error::{At, ConfigError, PolicyError};
pub use glob::PathGlob;
pub use party::{Party, Section};
pub use rule::{Format, Rule};
#[cfg(feature = "api")]
pub use wire::json_schema;

/// The file that a Git work tree has one of, at its top.
pub const CONFIG_FILE: &str = ".bulla.yaml";
