//! Files of SOPS both ways against the real `sops`: generated ones, and all shared vectors.
//!
//! What each encrypts the other decrypts, to the same values and to the same bytes; what the real one refuses is
//! refused here. A run without `SOPS_SEED` takes the same seed each time; `SOPS_FILES` the number of files of each store.

#![expect(
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a test says what it covered, and fails by panicking"
)]

mod changes;
mod flat;
mod json;
mod keys;
mod random;
mod real;
mod trial;
mod vectors;
mod yaml;
mod yaml_words;

use bulla_core::sops::Store;

use random::Random;
use trial::{Trial, run};

#[test]
fn generated_yaml_is_the_same_to_both() {
    run("yaml", 160, |random: &mut Random| Trial {
        store: Store::Yaml,
        selector: yaml::selector(random),
        plain: yaml::file(random),
    });
}

#[test]
fn generated_json_is_the_same_to_both() {
    run("json", 60, |random: &mut Random| Trial {
        store: Store::Json,
        selector: yaml::selector(random).filter(|(name, _)| !name.contains("comment")),
        plain: json::file(random),
    });
}

#[test]
fn generated_dotenv_is_the_same_to_both() {
    run("dotenv", 60, |random: &mut Random| Trial {
        store: Store::Dotenv,
        selector: yaml::selector(random),
        plain: flat::dotenv(random),
    });
}

#[test]
fn generated_ini_is_the_same_to_both() {
    run("ini", 80, |random: &mut Random| Trial {
        store: Store::Ini,
        selector: yaml::selector(random).filter(|(name, _)| !name.contains("comment")),
        plain: flat::ini(random),
    });
}

#[test]
fn generated_binaries_are_the_same_to_both() {
    run("binary", 20, |random: &mut Random| Trial {
        store: Store::Binary,
        selector: None,
        plain: flat::binary(random),
    });
}
