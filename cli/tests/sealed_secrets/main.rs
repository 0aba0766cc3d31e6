//! Whole commands on SealedSecrets: converted, sealed, changed, looked at.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod check;
mod convert;
mod fetch;
mod inspect;
mod keys;
mod rework;
mod seal;
#[path = "../commands/support.rs"]
#[expect(dead_code, reason = "other tests use the rest of it")]
mod support;
