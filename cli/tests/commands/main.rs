//! Whole commands: what they print, what they write, how they end.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod asked_once;
mod bad_input;
mod create;
mod edit;
mod interrupted;
mod killed;
mod kubeseal;
mod no_room;
mod offline;
mod open;
mod place;
mod plugins;
mod rework;
mod seal;
mod set;
mod ssh_keys;
mod support;
mod terminal;
