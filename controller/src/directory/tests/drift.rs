//! What others change in the store's own files comes back.

use std::os::unix::fs::symlink;

use super::folder::faults::act_before;
use super::*;

/// Does `change` to a store with `shop/db`, and expects it healed.
fn healed(what: &str, change: impl FnOnce(&Bench)) {
    let mut bench = Bench::applied();
    change(&bench);
    let report = bench.pass();
    assert_eq!(action(&report), Some(Action::Healed), "{what}");
    let event = &report.resources[0].events[0];
    assert_eq!(event.reason, "Healed", "{what}");
    assert!(!format!("{report:?}").contains(CANARY), "{what}");
    assert_eq!(bench.read("shop/db/password"), CANARY, "{what}");
    assert_eq!(
        fs::read_dir(bench.at("shop/db/")).unwrap().count(),
        2,
        "{what}"
    );
    assert_eq!(bench.generations("shop/db"), 1, "{what}");
    assert!(bench.pass().is_quiet(), "{what}: once");
}

fn mode(path: &Path, bits: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(bits)).unwrap();
}

#[test]
fn an_edited_file() {
    // The same length in the same tick of the clock: times of files would not tell.
    let other = "x".repeat(CANARY.len());
    healed("in place", |b| {
        fs::write(b.at("shop/db/password"), &other).unwrap()
    });
    healed("emptied", |b| {
        fs::write(b.at("shop/db/password"), "").unwrap()
    });
    healed("renamed over", |b| {
        fs::write(b.at("new"), "x").unwrap();
        fs::rename(b.at("new"), b.at("shop/db/password")).unwrap();
        mode(&b.at("shop/db/password"), 0o600);
    });
}

#[test]
fn deleted_and_added_files() {
    healed("deleted", |b| {
        fs::remove_file(b.at("shop/db/password")).unwrap()
    });
    healed("added", |b| fs::write(b.at("shop/db/more"), "x").unwrap());
    healed("added, not a key", |b| {
        fs::write(b.at("shop/db/..x"), "x").unwrap()
    });
    healed("a folder", |b| {
        fs::create_dir_all(b.at("shop/db/sub/deep")).unwrap()
    });
    healed("a huge file", |b| {
        let file = fs::File::create(b.at("shop/db/more")).unwrap();
        file.set_len(1 << 40).unwrap();
    });
    healed("a pipe in its place", |b| {
        fs::remove_file(b.at("shop/db/password")).unwrap();
        let mode = rustix::fs::Mode::from_raw_mode(0o600);
        let (here, kind) = (rustix::fs::CWD, rustix::fs::FileType::Fifo);
        rustix::fs::mknodat(here, b.at("shop/db/password"), kind, mode, 0).unwrap();
    });
    healed("a link in its place", |b| {
        let elsewhere = b.dir.path().join("elsewhere");
        fs::write(&elsewhere, CANARY).unwrap();
        fs::remove_file(b.at("shop/db/password")).unwrap();
        symlink(elsewhere, b.at("shop/db/password")).unwrap();
    });
}

#[test]
fn permissions() {
    healed("a file", |b| mode(&b.at("shop/db/password"), 0o644));
    healed("the folder", |b| mode(&b.at("shop/db"), 0o755));
}

#[test]
fn the_link_and_what_it_leads_to() {
    healed("deleted", |b| fs::remove_file(b.at("shop/db")).unwrap());
    healed("leading elsewhere", |b| {
        let elsewhere = b.dir.path().join("elsewhere");
        fs::create_dir(&elsewhere).unwrap();
        fs::write(elsewhere.join("password"), "x").unwrap();
        fs::remove_file(b.at("shop/db")).unwrap();
        symlink(&elsewhere, b.at("shop/db")).unwrap();
    });
    healed("leading nowhere", |b| {
        fs::remove_dir_all(fs::canonicalize(b.at("shop/db")).unwrap().parent().unwrap()).unwrap();
    });
    healed("the whole namespace", |b| {
        fs::remove_dir_all(b.at("shop")).unwrap()
    });
    healed("type and labels", |b| {
        let data = fs::canonicalize(b.at("shop/db")).unwrap();
        fs::write(data.parent().unwrap().join("secret.yaml"), "type: x").unwrap();
    });
    healed("no type and labels", |b| {
        let data = fs::canonicalize(b.at("shop/db")).unwrap();
        fs::remove_file(data.parent().unwrap().join("secret.yaml")).unwrap();
    });
}

#[test]
fn what_a_healed_link_led_to_is_not_touched() {
    let mut bench = Bench::applied();
    let elsewhere = bench.dir.path().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    fs::write(elsewhere.join("password"), "theirs").unwrap();
    fs::remove_file(bench.at("shop/db")).unwrap();
    symlink(&elsewhere, bench.at("shop/db")).unwrap();
    bench.pass();
    let text = fs::read_to_string(elsewhere.join("password")).unwrap();
    assert_eq!(text, "theirs");
}

#[test]
fn a_lost_status_costs_one_opening_and_no_new_generation() {
    let mut bench = Bench::applied();
    let link = fs::read_link(bench.at("shop/db")).unwrap();
    fs::remove_file(bench.at(".bulla/resources/shop/db/status.yaml")).unwrap();
    let report = bench.pass();
    assert_eq!((report.private_operations(), action(&report)), (1, None));
    assert_eq!(fs::read_link(bench.at("shop/db")).unwrap(), link);
    fs::write(bench.at(".bulla/resources/shop/db/status.yaml"), "[").unwrap();
    assert_eq!(bench.pass().private_operations(), 1);
    assert!(bench.pass().is_quiet());
}

#[test]
fn an_edit_at_any_moment_of_a_pass_never_passes_for_our_own() {
    let renewed = Sample {
        values: &[("password", "renewed"), ("username", "ada")],
        ..Sample::default()
    };
    for steps in 0.. {
        let mut bench = Bench::applied();
        bench.seal("db.yaml", &renewed);
        let file = bench.at("shop/db/password");
        // Through the link, wherever it leads just then, and with the mode kept.
        let edit = move || fs::write(&file, "edited").unwrap();
        let (_, edited) = act_before(steps, edit, || bench.pass());
        let report = bench.pass();
        assert!(report.is_clean(), "{steps}: {report:?}");
        assert_eq!(bench.read("shop/db/password"), "renewed", "{steps}");
        assert!(bench.pass().is_quiet(), "{steps}");
        if !edited {
            assert!(steps > 3, "the pass changed something");
            return;
        }
    }
}
