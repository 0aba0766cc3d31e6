//! A file of SOPS, INI: read as an encrypted one, and closed, opened and changed as a plain one.

#![no_main]

use bulla_core::sops::Store;

#[path = "../rounds/sops.rs"]
mod rounds;

// The first byte says which selector.
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Some((selector, bytes)) = bytes.split_first() {
        rounds::round(Store::Ini, *selector, bytes);
    }
});
