//! Age files are read, and opened by somebody whom they may be for.

#![no_main]

#[path = "../rounds/age.rs"]
mod rounds;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| rounds::round(bytes));
