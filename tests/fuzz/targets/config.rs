//! `.bulla.yaml`, and what it says of some paths.

#![no_main]

#[path = "../rounds/config.rs"]
mod rounds;

libfuzzer_sys::fuzz_target!(|text: &str| rounds::round(text));
