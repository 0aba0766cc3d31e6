//! Whole commands on files of SOPS: sealed, opened, changed, looked at, given to others.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod change;
mod check;
mod config;
mod convert;
#[path = "../commands/killed.rs"]
mod killed;
mod many;
mod open;
mod personality;
mod personality_safety;
mod place;
mod publish;
mod rework;
mod safety;
mod seal;
#[path = "../commands/support.rs"]
mod support;
mod value_sites;
mod verify;
mod world;
