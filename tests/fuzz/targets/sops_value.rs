//! One closed value: what is read is written as it was, and nobody's key opens it by chance.

#![no_main]

#[path = "../rounds/sops_value.rs"]
mod rounds;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| rounds::round(bytes));
