//! Whole commands that look, set up and show: what they print, what they write, how they end.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod check;
mod check_sources;
mod demo;
mod diff;
mod exclude;
mod fetch;
mod init;
mod inspect;
mod keys;
mod setup;
mod store;
mod support;
mod verify;
