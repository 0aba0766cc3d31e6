//! Our `kubeseal` beside Sealed Secrets' own v0.40: the same input, the same flags, and byte for byte the same
//! output around the ciphertext. Where the two differ on purpose, `differences.rs` says so.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod alike;
mod bad_input;
mod case;
mod cases;
mod cluster;
mod defects;
mod differences;
mod recovery;
mod run;
