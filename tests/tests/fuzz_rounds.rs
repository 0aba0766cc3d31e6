//! What the fuzz targets do, over the test vectors and damaged copies of them, on stable Rust and without coverage: the
//! targets stay in working order, and what they promise holds for what is close to real files.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::panic::catch_unwind;

use bulla_core::sops::Store;
use bulla_tests::target;

#[path = "../fuzz/rounds/age.rs"]
mod age;
#[path = "../fuzz/rounds/config.rs"]
mod config;
#[path = "../fuzz/rounds/corpus.rs"]
mod corpus;
#[path = "../fuzz/rounds/envelope.rs"]
mod envelope;
#[path = "../fuzz/rounds/identities.rs"]
mod identities;
#[path = "../fuzz/rounds/manifest.rs"]
mod manifest;
#[path = "../fuzz/rounds/sops.rs"]
mod sops;
#[path = "../fuzz/rounds/sops_value.rs"]
mod sops_value;
#[path = "../fuzz/rounds/template.rs"]
mod template;

/// Files of each target: whole ones first, then damaged ones. `FUZZ_FILES` says another number.
const FILES: usize = 400;
/// Longer ones only take longer.
const MOST_BYTES: usize = 64 << 10;

#[test]
fn vectors_and_damaged_ones_keep_every_promise() {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse().unwrap());
    let files = number("FUZZ_FILES").map_or(FILES, |files: u64| usize::try_from(files).unwrap());
    let mut chance = Chance(number("BULLA_SEED").unwrap_or(0x9e37_79b9_7f4a_7c18) | 1);
    let mut targets = BTreeMap::<_, Vec<_>>::new();
    for seed in corpus::corpus(&target::workspace().join("core/tests")).unwrap() {
        if seed.bytes.len() <= MOST_BYTES {
            targets.entry(seed.target).or_default().push(seed);
        }
    }
    let mut failures = Vec::new();
    for (target, seeds) in &targets {
        let round = round_of(target);
        for nth in 0..files.max(seeds.len()) {
            let seed = &seeds[nth % seeds.len()];
            let mut bytes = seed.bytes.clone();
            if nth >= seeds.len() || nth % 4 == 3 {
                chance.damage(&mut bytes);
            }
            if catch_unwind(|| round(&bytes)).is_err() {
                let text = String::from_utf8_lossy(&bytes).into_owned();
                failures.push(format!("{target}, from {}\n{text}", seed.name));
            }
        }
    }
    let first = failures.first().map_or("", String::as_str);
    assert!(
        failures.is_empty(),
        "{}, the first is {first}",
        failures.len()
    );
    assert_eq!(targets.len(), 12, "{:?}", targets.keys());
}

/// What the target of that name does with its bytes.
fn round_of(target: &str) -> fn(&[u8]) {
    fn sops_file(store: Store, bytes: &[u8]) {
        if let Some((selector, bytes)) = bytes.split_first() {
            sops::round(store, *selector, bytes);
        }
    }
    fn text(bytes: &[u8], round: fn(&str)) {
        round(&String::from_utf8_lossy(bytes));
    }
    match target {
        "age" => age::round,
        "config" => |bytes| text(bytes, config::round),
        "envelope" => envelope::round,
        "identities" => |bytes| text(bytes, identities::round),
        "manifest" => manifest::round,
        "sops_yaml" => |bytes| sops_file(Store::Yaml, bytes),
        "sops_json" => |bytes| sops_file(Store::Json, bytes),
        "sops_dotenv" => |bytes| sops_file(Store::Dotenv, bytes),
        "sops_ini" => |bytes| sops_file(Store::Ini, bytes),
        "sops_binary" => |bytes| sops_file(Store::Binary, bytes),
        "sops_value" => sops_value::round,
        "template" => template::round,
        _ => panic!("no target is called {target}"),
    }
}

/// xorshift64*.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        usize::try_from(self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33).unwrap() % limit
    }

    /// Cuts, repeats, and puts odd characters in.
    fn damage(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..1 + self.below(4) {
            let at = self.below(bytes.len().max(1)).min(bytes.len());
            match self.below(5) {
                0 => bytes.truncate(at),
                1 if at < bytes.len() => drop(bytes.remove(at)),
                2 if at < bytes.len() => {
                    let end = bytes.len().min(at + 1 + self.below(40));
                    let piece = bytes[at..end].to_vec();
                    let to = self.below(bytes.len());
                    bytes.splice(to..to, piece);
                }
                _ => {
                    let odd = ODD[self.below(ODD.len())];
                    bytes.splice(at..at, odd.bytes());
                }
            }
        }
    }
}

const ODD: [&str; 24] = [
    "\n", "\r\n", ": ", "- ", "#", " # x", "\"", "'", "{", "}", "[", "]", ",", "&a ", "*a",
    "!!int ", "|\n", "---\n", "sops", "ENC[", "=", "\\", "é", "\t",
];
