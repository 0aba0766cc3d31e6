//! Our `sops` beside the real 3.13.3: the same command lines on the same files. Exit codes, standard output and the
//! files afterwards are compared, ciphertexts apart; what is encrypted is opened by the real one. Where the two differ
//! on purpose, `differences.rs` says so.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod alike;
mod alternating;
mod blanked;
mod case;
mod cases;
mod configured;
mod damaged;
mod differences;
mod expressions;
mod left;
mod leftovers;
mod materials;
mod offline;
mod run;
mod silence;
mod unverified;
