//! Runs that are killed before each of their changes to the disk, and leftovers made by hand.

use std::os::unix::fs::symlink;

use super::folder::faults::{fail_after, kill_after};
use super::*;

/// Kills `run` before its first change, its second, and so on, until it comes to its end. After
/// each kill `check` sees the store as readers do; then it is opened and run again, to the end.
fn killed_everywhere(
    prepare: impl Fn() -> Bench,
    check: impl Fn(&Bench, usize),
    finished: impl Fn(&mut Bench, Report),
) {
    for steps in 0.. {
        let mut bench = prepare();
        let git = bench.git();
        let mut store = bench.store.take().unwrap();
        let ended = kill_after(steps, || store.reconcile_at(&git, NOW).unwrap());
        drop(store);
        check(&bench, steps);
        bench.restart();
        let report = bench.pass();
        assert!(report.is_clean(), "{steps}: {report:?}");
        finished(&mut bench, report);
        for (path, ..) in bench.snapshot() {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            assert!(!name.starts_with("..new-"), "{steps}: {}", path.display());
        }
        let before = bench.snapshot();
        let again = bench.pass();
        assert!(
            again.is_quiet() && again.private_operations() == 0,
            "{steps}: {again:?}"
        );
        assert_eq!(bench.snapshot(), before, "{steps}");
        if ended.is_some() {
            assert!(steps > 3, "the run changed something");
            return;
        }
    }
}

fn both(bench: &Bench) -> Option<[String; 2]> {
    let read = |key: &str| fs::read_to_string(bench.at("shop/db").join(key)).ok();
    Some([read("password")?, read("username")?])
}

const OLD: [&str; 2] = [CANARY, "ada"];
const NEW: [&str; 2] = ["new", "eve"];

fn renewed() -> Sample<'static> {
    Sample {
        values: &[("password", NEW[0]), ("username", NEW[1])],
        ..Sample::default()
    }
}

#[test]
fn killed_anywhere_in_the_first_pass() {
    killed_everywhere(
        || {
            let mut bench = Bench::new();
            bench.seal("db.yaml", &Sample::default());
            bench
        },
        |bench, steps| {
            let seen = both(bench);
            assert!(seen.is_none() || seen.unwrap() == OLD, "{steps}");
        },
        |bench, _| assert_eq!(both(bench).unwrap(), OLD),
    );
}

#[test]
fn killed_anywhere_in_a_change_there_is_the_old_secret_or_the_new_one() {
    killed_everywhere(
        || {
            let mut bench = Bench::applied();
            bench.seal("db.yaml", &renewed());
            bench
        },
        |bench, steps| {
            let seen = both(bench).unwrap();
            assert!(seen == OLD || seen == NEW, "{steps}");
        },
        |bench, _| {
            assert_eq!(both(bench).unwrap(), NEW);
            assert_eq!(bench.generations("shop/db"), 1);
        },
    );
}

#[test]
fn killed_anywhere_in_a_removal_the_next_run_goes_on() {
    killed_everywhere(
        || {
            let bench = Bench::applied();
            fs::remove_file(bench.git().join("db.yaml")).unwrap();
            bench
        },
        |bench, steps| {
            let seen = both(bench);
            assert!(seen.is_none() || seen.unwrap() == OLD, "{steps}");
        },
        |bench, _| {
            assert!(!bench.at("shop").exists());
            let known = fs::read_dir(bench.at(".bulla/resources")).unwrap();
            assert_eq!(known.count(), 0);
        },
    );
}

#[test]
fn killed_anywhere_in_a_renewal_no_key_is_lost() {
    let late = Timestamp(NOW.0 + 31 * 24 * 3600);
    for steps in 0.. {
        let mut bench = Bench::applied();
        let git = bench.git();
        let mut store = bench.store.take().unwrap();
        let ended = kill_after(steps, || store.reconcile_at(&git, late).unwrap());
        drop(store);
        bench.restart();
        fs::remove_dir_all(bench.at("shop")).unwrap();
        let report = bench.pass_at(late);
        assert!(report.is_clean(), "{steps}: {report:?}");
        assert_eq!(both(&bench).unwrap(), OLD);
        let keys = bench.store().rotate(late).unwrap();
        assert_eq!((keys.resources.len(), keys.ring.len()), (2, 2), "{steps}");
        if ended.is_some() {
            return;
        }
    }
}

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

#[test]
fn a_disk_that_fails_anywhere_leaves_the_old_secret_or_the_new_one() {
    for steps in 0.. {
        let mut bench = Bench::applied();
        bench.seal("db.yaml", &renewed());
        let git = bench.git();
        let store = bench.store.as_mut().unwrap();
        let (pass, failed) = fail_after(steps, || store.reconcile_at(&git, NOW));
        let seen = both(&bench).unwrap();
        assert!(seen == OLD || seen == NEW, "{steps}: {seen:?}");
        let told = pass.map_or_else(|_| true, |report| !report.is_clean());
        assert!(told || !failed, "{steps}: a failure was not told");
        let report = bench.pass();
        assert!(report.is_clean(), "{steps}: {report:?}");
        assert_eq!(both(&bench).unwrap(), NEW, "{steps}");
        assert_eq!(bench.generations("shop/db"), 1, "{steps}");
        assert!(bench.pass().is_quiet(), "{steps}");
        if !failed {
            return;
        }
    }
}

/// Enough resources for a flush of the whole file system.
const MANY: [&str; 5] = ["a", "b", "c", "d", "e"];

fn many(bench: &mut Bench, values: &'static [(&'static str, &'static str)]) {
    for name in MANY {
        let sample = Sample {
            name,
            values,
            ..Sample::default()
        };
        bench.seal(&format!("{name}.yaml"), &sample);
    }
}

/// Fails unless each of them has all of the old values or all of the new ones.
fn each_is_whole(bench: &Bench, steps: usize) {
    for name in MANY {
        let read = |key: &str| bench.read(&format!("shop/{name}/{key}"));
        let seen = [read("password"), read("username")];
        assert!(seen == OLD || seen == NEW, "{steps}: {name}: {seen:?}");
    }
}

fn changed_together() -> Bench {
    let mut bench = Bench::new();
    many(&mut bench, Sample::default().values);
    assert!(bench.pass().is_clean());
    many(&mut bench, renewed().values);
    bench
}

#[test]
fn killed_anywhere_in_a_pass_of_many_each_is_the_old_secret_or_the_new_one() {
    for steps in (0..).step_by(7) {
        let mut bench = changed_together();
        let git = bench.git();
        let mut store = bench.store.take().unwrap();
        let ended = kill_after(steps, || store.reconcile_at(&git, NOW).unwrap());
        drop(store);
        each_is_whole(&bench, steps);
        bench.restart();
        assert!(bench.pass().is_clean(), "{steps}");
        assert_eq!(bench.read("shop/e/password"), NEW[0], "{steps}");
        assert_eq!(bench.generations("shop/e"), 1, "{steps}");
        assert!(bench.pass().is_quiet(), "{steps}");
        if ended.is_some() {
            return;
        }
    }
}

#[test]
fn a_disk_that_fails_anywhere_in_a_pass_of_many_is_told_by_each_that_it_concerns() {
    for steps in (0..).step_by(7) {
        let mut bench = changed_together();
        let git = bench.git();
        let store = bench.store.as_mut().unwrap();
        let (pass, failed) = fail_after(steps, || store.reconcile_at(&git, NOW));
        each_is_whole(&bench, steps);
        for resource in pass.map(|report| report.resources).unwrap_or_default() {
            let told =
                resource.outcome.verdict != Verdict::Ready || resource.outcome.reported.is_err();
            let password = bench.read(&format!("shop/{}/password", resource.name));
            assert!(told || password == NEW[0], "{steps}: {}", resource.name);
        }
        assert!(bench.pass().is_clean(), "{steps}");
        each_is_whole(&bench, steps);
        assert!(bench.pass().is_quiet(), "{steps}");
        if !failed {
            return;
        }
    }
}
