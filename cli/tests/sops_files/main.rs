//! Whole commands on files of SOPS: sealed, opened, changed, looked at, given to others.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod change;
mod check;
mod config;
mod convert;
mod many;
mod personality;
mod place;
mod publish;
mod rework;
mod safety;
mod seal;
#[path = "../commands/support.rs"]
#[expect(dead_code, reason = "other tests use the rest of it")]
mod support;
mod value_sites;
mod verify;
mod world;
