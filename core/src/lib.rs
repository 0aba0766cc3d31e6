//! Formats, keys, manifests, policy and planning of Bulla.
//!
//! This crate does no I/O, reads no clock, starts no thread and knows no client, so that every
//! decision about a secret can be read, tested and fuzzed by itself. Time and randomness are
//! arguments; the exceptions are age and RSA, which draw their own randomness.

#[cfg(feature = "api")]
pub mod api;
pub mod envelope;
mod go_base64;
pub mod manifest;
pub mod names;
pub mod plaintext;
pub mod plan;
pub mod policy;
pub mod reason;
pub mod recipient;
pub mod rotation;
pub mod scope;
pub mod sealed_secrets;
pub mod secret;
pub mod sops;
pub mod sops_secret;
pub mod template;
