//! Writes the first corpus of each target.

use std::error::Error;
use std::fs;
use std::path::Path;

// Everything here is built with coverage, whose counters belong to libFuzzer.
use libfuzzer_sys as _;

#[path = "rounds/corpus.rs"]
mod corpus;

fn main() -> Result<(), Box<dyn Error>> {
    for seed in corpus::corpus(Path::new("../../core/tests"))? {
        let folder = Path::new("corpus").join(seed.target);
        fs::create_dir_all(&folder)?;
        fs::write(folder.join(seed.name), seed.bytes)?;
    }
    Ok(())
}
