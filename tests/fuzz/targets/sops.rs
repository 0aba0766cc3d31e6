//! A file of any store of SOPS: read as an encrypted one, and closed, opened and changed as a plain one.

#![no_main]

use bulla_core::sops::Store;
use libfuzzer_sys::fuzz_target;

#[path = "../rounds/sops.rs"]
mod sops;

// The first byte says which store, and which selector.
fuzz_target!(|bytes: &[u8]| {
    let Some((first, bytes)) = bytes.split_first() else {
        return;
    };
    let stores = [Store::Yaml, Store::Json, Store::Dotenv, Store::Ini, Store::Binary];
    sops::round(stores[usize::from(first % 5)], first / 5, bytes);
});
