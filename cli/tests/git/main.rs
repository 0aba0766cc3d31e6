//! What `bulla git` teaches the real Git: diffs, merges, the hook.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bench;
mod install;
mod merge;
#[path = "../looking/support.rs"]
#[expect(dead_code, reason = "other tests use the rest of it")]
mod support;
mod textconv;
