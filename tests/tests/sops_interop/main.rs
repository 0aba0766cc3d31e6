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
mod facts;
mod flat;
mod json;
mod keys;
mod random;
mod real;
mod selectors;
mod trial;
mod values;
mod vectors;
mod yaml;
mod yaml_words;

use bulla_core::sops::Store;

use random::Random;
use selectors::is_of_comments;
use trial::{Trial, run};

#[test]
fn generated_yaml_is_the_same_to_both() {
    let coverage = run("yaml", 240, |random: &mut Random| {
        let selector = selectors::any(random);
        Trial {
            store: Store::Yaml,
            mac_only: selectors::mac_only(random),
            plain: yaml::file(random, is_of_comments(&selector)).into(),
            selector,
        }
    });
    coverage.tell("yaml", facts::YAML);
}

#[test]
fn generated_json_is_the_same_to_both() {
    let coverage = run("json", 80, |random: &mut Random| Trial {
        store: Store::Json,
        selector: selectors::of_keys(random),
        mac_only: selectors::mac_only(random),
        plain: json::file(random).into(),
    });
    coverage.tell("json", facts::JSON);
}

#[test]
fn generated_dotenv_is_the_same_to_both() {
    let coverage = run("dotenv", 80, |random: &mut Random| Trial {
        store: Store::Dotenv,
        selector: selectors::any(random),
        mac_only: selectors::mac_only(random),
        plain: flat::dotenv(random).into(),
    });
    coverage.tell("dotenv", facts::DOTENV);
}

#[test]
fn generated_ini_is_the_same_to_both() {
    let coverage = run("ini", 100, |random: &mut Random| Trial {
        store: Store::Ini,
        selector: selectors::any(random),
        mac_only: selectors::mac_only(random),
        plain: flat::ini(random).into(),
    });
    coverage.tell("ini", facts::INI);
}

#[test]
fn generated_binaries_are_the_same_to_both() {
    let coverage = run("binary", 24, |random: &mut Random| Trial {
        store: Store::Binary,
        selector: selectors::of_binary(random),
        mac_only: false,
        plain: flat::binary(random),
    });
    coverage.tell("binary", facts::BINARY);
}
