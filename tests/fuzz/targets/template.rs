//! Templates parse and render within their bounds. What stands before the first zero byte is a value.

#![no_main]

#[path = "../rounds/template.rs"]
mod rounds;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| rounds::round(bytes));
