//! Resources are read as envelopes; what is one survives being written and read again.

#![no_main]

#[path = "../rounds/envelope.rs"]
mod rounds;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| rounds::round(bytes));
