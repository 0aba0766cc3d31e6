//! A manifest is read, every object in it is edited, and the result says what was asked for.

#![no_main]

#[path = "../rounds/manifest.rs"]
mod rounds;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| rounds::round(bytes));
