//! What a killed run leaves behind: every state between two steps of a write, made by hand.

use std::os::unix::fs::symlink;

use super::*;

/// After any of these, readers see the old Secret, and the next pass ends as if nothing had been.
fn survives(what: &str, leave: impl FnOnce(&Bench)) {
    let mut bench = Bench::applied();
    let before = bench.snapshot();
    bench.store = None;
    leave(&bench);
    assert_eq!(bench.read("shop/db/password"), CANARY, "{what}");
    bench.restart();
    let report = bench.pass();
    assert!(report.is_clean(), "{what}: {report:?}");
    assert_eq!(bench.snapshot(), before, "{what}");
}

const OTHER: &str = ".bulla/resources/shop/db/g-0123456789abcdef";

#[test]
fn killed_while_writing_a_generation() {
    survives("an empty one", |b| fs::create_dir(b.at(OTHER)).unwrap());
    survives("half of one", |b| {
        fs::create_dir_all(b.at(OTHER).join("data")).unwrap();
        fs::write(b.at(OTHER).join("data/password"), "hal").unwrap();
    });
}

#[test]
fn killed_while_swapping_the_link() {
    survives("a link that was not renamed yet", |b| {
        fs::create_dir_all(b.at(OTHER).join("data")).unwrap();
        symlink("../.bulla/x", b.at("shop/..new-0123456789abcdef")).unwrap();
    });
}

#[test]
fn killed_while_writing_state() {
    for folder in [".bulla/resources/shop/db", ".bulla/keys"] {
        survives("a file that was not renamed yet", |b| {
            fs::write(b.at(folder).join("..new-0123456789abcdef"), "x").unwrap();
        });
    }
}

#[test]
fn killed_between_the_link_and_the_status() {
    let mut bench = Bench::applied();
    let old = bench.read(".bulla/resources/shop/db/status.yaml");
    let sample = Sample {
        values: &[("password", "new")],
        ..Sample::default()
    };
    bench.seal("db.yaml", &sample);
    bench.pass();
    fs::write(bench.at(".bulla/resources/shop/db/status.yaml"), old).unwrap();
    let report = bench.pass();
    assert_eq!((report.private_operations(), action(&report)), (1, None));
    assert_eq!(bench.read("shop/db/password"), "new");
}

#[test]
fn killed_before_the_first_link() {
    let mut bench = Bench::applied();
    fs::remove_file(bench.at("shop/db")).unwrap();
    fs::remove_file(bench.at(".bulla/resources/shop/db/status.yaml")).unwrap();
    assert_eq!(action(&bench.pass()), Some(Action::Created));
    assert_eq!(bench.generations("shop/db"), 1);
}

#[test]
fn killed_while_removing() {
    for gone in ["shop/db", ".bulla/resources/shop/db/status.yaml"] {
        let mut bench = Bench::applied();
        fs::remove_file(bench.git().join("db.yaml")).unwrap();
        fs::remove_file(bench.at(gone)).unwrap();
        assert_eq!(bench.pass().removed.len(), 1);
        assert!(!bench.at("shop").exists() && !bench.at(".bulla/resources/shop").exists());
    }
}
