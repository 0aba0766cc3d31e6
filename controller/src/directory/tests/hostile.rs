//! What others plant in the root is refused, never followed, never changed.

use std::os::unix::fs::symlink;

use super::*;

/// Plants something at `shop` or `shop/db` before the store first writes there.
fn refused(what: &str, plant: impl FnOnce(&Bench)) {
    let mut bench = Bench::new();
    bench.seal("db.yaml", &Sample::default());
    plant(&bench);
    let elsewhere = bench.dir.path().join("elsewhere");
    fs::create_dir_all(&elsewhere).unwrap();
    let mut before = Vec::new();
    walk(&elsewhere, &mut before);
    for _ in 0..2 {
        let report = bench.pass();
        assert_eq!(word(&report), "NotOwned", "{what}");
        let mut after = Vec::new();
        walk(&elsewhere, &mut after);
        assert_eq!(before, after, "{what}");
    }
    // Its manifest goes: what is not the store's own stays.
    let planted: Vec<_> = outside_home(&bench);
    fs::remove_file(bench.git().join("db.yaml")).unwrap();
    let report = bench.pass();
    assert!(report.removed.is_empty(), "{what}");
    assert_eq!(outside_home(&bench), planted, "{what}");
}

fn outside_home(bench: &Bench) -> Vec<(PathBuf, u32, Vec<u8>)> {
    let home = bench.at(".bulla");
    let all = bench.snapshot().into_iter();
    all.filter(|(path, ..)| !path.starts_with(&home)).collect()
}

#[test]
fn foreign_things_in_the_place_of_a_secret() {
    refused("a folder", |b| fs::create_dir_all(b.at("shop/db")).unwrap());
    refused("a folder with files", |b| {
        fs::create_dir_all(b.at("shop/db")).unwrap();
        fs::write(b.at("shop/db/password"), "theirs").unwrap();
    });
    refused("a file", |b| {
        fs::create_dir(b.at("shop")).unwrap();
        fs::write(b.at("shop/db"), "theirs").unwrap();
    });
    refused("a link", |b| {
        let elsewhere = b.dir.path().join("elsewhere");
        fs::create_dir(&elsewhere).unwrap();
        fs::write(elsewhere.join("password"), "theirs").unwrap();
        fs::create_dir(b.at("shop")).unwrap();
        symlink(elsewhere, b.at("shop/db")).unwrap();
    });
    refused("a link that looks like ours", |b| {
        fs::create_dir(b.at("shop")).unwrap();
        let target = "../.bulla/resources/shop/db/g-0123456789abcdef/data";
        symlink(target, b.at("shop/db")).unwrap();
    });
}

#[test]
fn foreign_things_in_the_place_of_a_namespace() {
    refused("a link", |b| {
        let elsewhere = b.dir.path().join("elsewhere");
        fs::create_dir(&elsewhere).unwrap();
        symlink(elsewhere, b.at("shop")).unwrap();
    });
    refused("a file", |b| fs::write(b.at("shop"), "theirs").unwrap());
}

#[test]
fn a_folder_in_the_place_of_a_link_is_not_healed_over() {
    let mut bench = Bench::applied();
    fs::remove_file(bench.at("shop/db")).unwrap();
    fs::create_dir(bench.at("shop/db")).unwrap();
    fs::write(bench.at("shop/db/theirs"), "x").unwrap();
    assert_eq!(word(&bench.pass()), "NotOwned");
    assert_eq!(bench.read("shop/db/theirs"), "x");
    fs::remove_dir_all(bench.at("shop/db")).unwrap();
    assert_eq!(action(&bench.pass()), Some(Action::Healed));
}

#[test]
fn links_inside_of_the_stores_own_folder_are_not_followed() {
    for planted in [
        ".bulla/resources",
        ".bulla/resources/shop",
        ".bulla/resources/shop/db",
    ] {
        let mut bench = Bench::applied();
        let elsewhere = bench.dir.path().join("elsewhere");
        fs::rename(bench.at(planted), &elsewhere).unwrap();
        symlink(&elsewhere, bench.at(planted)).unwrap();
        let mut before = Vec::new();
        walk(&elsewhere, &mut before);
        let report = bench.pass();
        assert!(!report.is_clean(), "{planted}");
        fs::remove_file(bench.git().join("db.yaml")).unwrap();
        bench.pass();
        let mut after = Vec::new();
        walk(&elsewhere, &mut after);
        assert_eq!(before, after, "{planted}");
    }
}

#[test]
fn a_link_among_the_generations_is_removed_and_not_what_it_leads_to() {
    let mut bench = Bench::applied();
    let elsewhere = bench.dir.path().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    fs::write(elsewhere.join("theirs"), "x").unwrap();
    symlink(&elsewhere, bench.at("shop/db/link")).unwrap();
    assert_eq!(action(&bench.pass()), Some(Action::Healed));
    assert!(elsewhere.join("theirs").exists());
}

#[test]
fn a_store_of_somebody_else_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join(".bulla");
    fs::create_dir(&home).unwrap();
    fs::set_permissions(&home, fs::Permissions::from_mode(0o770)).unwrap();
    let error = DirectoryStore::open(dir.path(), options()).unwrap_err();
    assert!(matches!(error, StoreError::Insecure { .. }), "{error:?}");
    fs::remove_dir(&home).unwrap();
    symlink("/tmp", &home).unwrap();
    let error = DirectoryStore::open(dir.path(), options()).unwrap_err();
    assert!(matches!(error, StoreError::Open { .. }), "{error:?}");
}

#[test]
fn roots_that_are_none() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("file"), "").unwrap();
    for name in ["file", "gone"] {
        let error = DirectoryStore::open(&dir.path().join(name), options()).unwrap_err();
        assert!(matches!(error, StoreError::Open { .. }), "{error:?}");
    }
}

#[test]
fn one_writer_at_a_time() {
    let bench = Bench::new();
    let error = DirectoryStore::open(&bench.root(), options()).unwrap_err();
    assert!(matches!(error, StoreError::Locked { .. }), "{error:?}");
}

#[test]
fn a_damaged_record_key_is_said() {
    let mut bench = Bench::new();
    bench.store = None;
    for bytes in [&b"short"[..], &[1; 33]] {
        fs::write(bench.at(".bulla/record.key"), bytes).unwrap();
        let error = DirectoryStore::open(&bench.root(), options()).unwrap_err();
        assert!(matches!(error, StoreError::RecordKey), "{error:?}");
    }
}

#[test]
fn a_folder_that_is_not_writable_is_reported_and_tried_again() {
    if rustix::process::geteuid().is_root() {
        // Root writes anywhere; the whole-program tests do this in a user namespace.
        return;
    }
    let mut bench = Bench::new();
    bench.seal("db.yaml", &Sample::default());
    fs::create_dir(bench.at("shop")).unwrap();
    fs::set_permissions(bench.at("shop"), fs::Permissions::from_mode(0o500)).unwrap();
    let report = bench.pass();
    assert_eq!(word(&report), "Forbidden");
    assert!(!report.problems.is_empty());
    fs::set_permissions(bench.at("shop"), fs::Permissions::from_mode(0o700)).unwrap();
    assert_eq!(action(&bench.pass()), Some(Action::Created));
}
