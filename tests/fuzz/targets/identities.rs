//! Files of private keys, and public keys; what is read is written as it was.

#![no_main]

#[path = "../rounds/identities.rs"]
mod rounds;

libfuzzer_sys::fuzz_target!(|text: &str| rounds::round(text));
