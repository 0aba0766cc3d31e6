//! The vectors of SOPS, cut and changed at random: nothing panics, and what is closed opens to what it was.

use std::fs;
use std::path::Path;

use bulla_core::sops::Store;

#[path = "../../tests/fuzz/rounds/sops.rs"]
mod rounds;

#[test]
fn damaged_files_are_read_or_refused_and_what_is_closed_opens() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/sops");
    let mut state = 0x9e37_79b9_7f4a_7c18_u64;
    let mut below = |limit: usize| {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        usize::try_from(state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33).unwrap_or(0) % limit
    };
    let mut rounds = 0;
    let mut failures = Vec::new();
    let mut names: Vec<_> = fs::read_dir(folder)
        .expect("vectors")
        .map(|entry| entry.expect("a vector").path())
        .collect();
    names.sort();
    for path in names {
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if ["txt", "tsv", "pub"].iter().any(|end| name.ends_with(end)) || !name.contains('.') {
            continue;
        }
        let store = Store::of_name(&name);
        let bytes = fs::read(&path).expect("a file");
        for nth in 0..ROUNDS {
            let mut bytes = bytes.clone();
            for _ in 0..nth.min(4) {
                let at = below(bytes.len().max(1));
                match below(5) {
                    0 => bytes.truncate(at),
                    1 if at < bytes.len() => drop(bytes.remove(at)),
                    2 if at < bytes.len() => {
                        let end = bytes.len().min(at + 1 + below(40));
                        let piece = bytes[at..end].to_vec();
                        let to = below(bytes.len());
                        bytes.splice(to..to, piece);
                    }
                    _ => {
                        let odd = ODD[below(ODD.len())];
                        let at = at.min(bytes.len());
                        bytes.splice(at..at, odd.bytes());
                    }
                }
            }
            let selector = u8::try_from(nth % 7).unwrap_or(0);
            let done = std::panic::catch_unwind(|| rounds::round(store, selector, &bytes));
            if done.is_err() {
                failures.push(format!(
                    "{name} {selector}\n{}",
                    String::from_utf8_lossy(&bytes)
                ));
            }
            rounds += 1;
        }
    }
    let first = failures.first().map_or("", String::as_str);
    assert!(
        failures.is_empty(),
        "{} of {rounds}, the first is {first}",
        failures.len()
    );
    assert!(rounds > 500, "{rounds}");
}

const ROUNDS: usize = 14;
const ODD: [&str; 24] = [
    "\n", "\r\n", ": ", "- ", "#", " # x", "\"", "'", "{", "}", "[", "]", ",", "&a ", "*a",
    "!!int ", "|\n", "---\n", "sops", "ENC[", "=", "\\", "é", "\t",
];
