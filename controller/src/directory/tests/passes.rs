//! What passes read, make and remove.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::*;

#[test]
fn a_sealed_manifest_becomes_private_files_behind_a_link() {
    let mut bench = Bench::new();
    bench.seal(
        "db.yaml",
        &Sample {
            templates: &[("url", "db://{{ .username }}")],
            ..Sample::default()
        },
    );
    let report = bench.pass();
    assert_eq!(action(&report), Some(Action::Created));
    assert_eq!(bench.read("shop/db/password"), CANARY);
    assert_eq!(bench.read("shop/db/url"), "db://ada");
    assert!(
        fs::symlink_metadata(bench.at("shop/db"))
            .unwrap()
            .is_symlink()
    );
    for (path, mode, _) in bench.snapshot() {
        let metadata = fs::symlink_metadata(&path).unwrap();
        let expected = match () {
            () if metadata.is_symlink() => 0,
            () if metadata.is_dir() => 0o700,
            () => 0o600,
        };
        assert_eq!(mode, expected, "{}", path.display());
    }
    let (namespace, name) = ("shop".parse().unwrap(), "db".parse().unwrap());
    let status = fs::read_to_string(bench.store().status_path(&namespace, &name)).unwrap();
    assert!(
        status.contains("type: Ready") && status.contains("applied: v1."),
        "{status}"
    );
    assert!(!status.contains(CANARY));
    assert_eq!(
        bench.store().secret_path(&namespace, &name),
        bench.at("shop/db")
    );
}

#[test]
fn a_restart_with_nothing_changed_opens_nothing_and_writes_nothing() {
    let mut bench = Bench::applied();
    let before = bench.snapshot();
    for _ in 0..2 {
        bench.restart();
        let report = bench.pass();
        assert_eq!(report.private_operations(), 0);
        assert!(report.is_quiet() && report.is_clean(), "{report:?}");
        assert_eq!(bench.snapshot(), before);
    }
}

#[test]
fn a_changed_manifest_makes_a_new_generation_and_takes_the_old_one_away() {
    let mut bench = Bench::applied();
    let before = fs::read_link(bench.at("shop/db")).unwrap();
    bench.seal(
        "db.yaml",
        &Sample {
            values: &[("password", "new")],
            labels: &[],
            ..Sample::default()
        },
    );
    assert_eq!(action(&bench.pass()), Some(Action::Updated));
    assert_eq!(bench.read("shop/db/password"), "new");
    assert!(!bench.at("shop/db/username").exists());
    assert_ne!(fs::read_link(bench.at("shop/db")).unwrap(), before);
    assert_eq!(bench.generations("shop/db"), 1);
}

#[test]
fn a_changed_type_is_replaced() {
    let mut bench = Bench::applied();
    let sample = Sample {
        secret_type: Some("example.org/x"),
        ..Sample::default()
    };
    bench.seal("db.yaml", &sample);
    assert_eq!(action(&bench.pass()), Some(Action::Replaced));
    assert!(bench.pass().is_quiet());
}

#[test]
fn secrets_without_a_manifest_are_removed_with_all_that_is_known_of_them() {
    let mut bench = Bench::applied();
    let other = Sample {
        namespace: "other",
        ..Sample::default()
    };
    bench.seal("other.yaml", &other);
    bench.pass();
    fs::remove_file(bench.git().join("db.yaml")).unwrap();
    let report = bench.pass();
    assert_eq!(report.removed.len(), 1);
    assert!(!bench.at("shop").exists());
    assert!(!bench.at(".bulla/resources/shop").exists());
    assert_eq!(bench.read("other/db/password"), CANARY);
    assert!(bench.pass().is_quiet());
}

#[test]
fn manifests_are_found_in_every_folder_that_is_not_hidden() {
    let mut bench = Bench::new();
    let named = |name| Sample {
        name,
        ..Sample::default()
    };
    fs::create_dir_all(bench.git().join("a/b")).unwrap();
    fs::create_dir_all(bench.git().join(".git/c")).unwrap();
    bench.seal("a/one.yml", &named("one"));
    bench.seal(".git/c/no.yaml", &named("no"));
    bench.seal(".hidden.yaml", &named("no"));
    bench.seal("a/notes.txt", &named("no"));
    let (two, three) = (
        bench.manifest(&named("two")),
        bench.manifest(&named("three")),
    );
    let config = "kind: ConfigMap\napiVersion: v1\n";
    let many = format!("# a comment\n{two}---\n{config}---\n{three}");
    fs::write(bench.git().join("a/b/many.yaml"), many).unwrap();
    let wire = named("four").wire(&bench.store().recipients().unwrap()[0]);
    let list = serde_json::json!({"apiVersion": "v1", "kind": "List", "items": [wire]});
    fs::write(bench.git().join("list.json"), list.to_string()).unwrap();
    std::os::unix::fs::symlink(bench.git().join(".git"), bench.git().join("link")).unwrap();
    let report = bench.pass();
    let names: Vec<_> = report.resources.iter().map(|r| r.name.as_str()).collect();
    assert_eq!(names, ["four", "one", "three", "two"]);
    assert!(report.is_clean(), "{:?}", report.problems);
    // One file instead of a folder.
    let one = bench.git().join("a/one.yml");
    let report = bench.store().reconcile_at(&one, NOW).unwrap();
    assert_eq!((report.resources.len(), report.removed.len()), (1, 3));
}

#[test]
fn a_store_inside_of_the_manifests_is_passed_over() {
    let mut bench = Bench::applied();
    let outer = bench.dir.path().to_owned();
    fs::write(bench.at("stray.yaml"), "kind: SecretEnvelope\nx: [").unwrap();
    let report = bench.store().reconcile_at(&outer, NOW).unwrap();
    assert!(
        report.is_clean() && report.resources.len() == 1,
        "{report:?}"
    );
}

#[test]
fn what_is_broken_is_reported_and_stops_nothing() {
    let broken = [
        ("kind: SecretEnvelope\nx: [", "line "),
        (
            "kind: SecretEnvelope\nkind: SecretEnvelope\n",
            "the same key twice",
        ),
        (
            "apiVersion: bulla.dev/v9\nkind: SecretEnvelope\n",
            "an unknown version",
        ),
        (
            "apiVersion: bulla.dev/v1alpha1\nkind: SecretEnvelope\nspec: canary-3f9a7c\n",
            "spec",
        ),
    ];
    for (text, message) in broken {
        let mut bench = Bench::applied();
        bench.seal(
            "other.yaml",
            &Sample {
                name: "other",
                ..Sample::default()
            },
        );
        bench.pass();
        fs::remove_file(bench.git().join("other.yaml")).unwrap();
        fs::write(bench.git().join("a.yaml"), text).unwrap();
        let report = bench.pass();
        assert_eq!(report.problems.len(), 1, "{text}");
        let problem = report.problems[0].to_string();
        assert!(
            problem.starts_with("`a.yaml`: ") && problem.contains(message),
            "{problem}"
        );
        assert!(!problem.contains(CANARY), "{problem}");
        assert_eq!(word(&report), "Ready");
        assert!(report.kept_for_problems && report.removed.is_empty());
        assert_eq!(
            bench.read("shop/other/password"),
            CANARY,
            "it may be in the broken file"
        );
    }
}

#[test]
fn names_that_lead_elsewhere_are_problems() {
    for (namespace, name) in [
        ("../../x", "db"),
        ("shop", "../../x"),
        ("shop", "a/b"),
        ("", "db"),
    ] {
        let mut bench = Bench::new();
        let text = bench.manifest(&Sample::default());
        let text = text
            .replace("name: db", &format!("name: '{name}'"))
            .replace("namespace: shop", &format!("namespace: '{namespace}'"));
        fs::write(bench.git().join("db.yaml"), text).unwrap();
        let report = bench.pass();
        assert_eq!(
            (report.problems.len(), report.resources.len()),
            (1, 0),
            "{report:?}"
        );
        assert_eq!(fs::read_dir(bench.dir.path()).unwrap().count(), 2);
        let entries = fs::read_dir(bench.root()).unwrap();
        assert_eq!(entries.count(), 1, "nothing but the store's own folder");
    }
}

#[test]
fn files_of_others_are_passed_over() {
    let mut bench = Bench::applied();
    let chart = "{{ if .Values.x }}\nkind: Deployment\n{{ end }}\n";
    fs::write(bench.git().join("chart.yaml"), chart).unwrap();
    fs::write(bench.git().join("binary.yaml"), [0xff, 0xfe, 0]).unwrap();
    fs::write(bench.git().join("empty.yaml"), "").unwrap();
    let report = bench.pass();
    assert!(report.is_clean() && !report.kept_for_problems);
    assert_eq!(report.skipped.len(), 2);
}

#[test]
fn a_resource_that_two_files_define_is_refused_and_keeps_its_secret() {
    let mut bench = Bench::applied();
    let twice = Sample {
        values: &[("password", "other")],
        ..Sample::default()
    };
    bench.seal("z.yaml", &twice);
    let report = bench.pass();
    assert_eq!(word(&report), "Malformed");
    assert!(
        report.problems[0]
            .to_string()
            .contains("`shop/db` is defined in `db.yaml`, too")
    );
    assert_eq!(bench.read("shop/db/password"), CANARY);
}

#[test]
fn a_bad_resource_keeps_the_last_good_secret_and_says_why_in_its_status() {
    let mut bench = Bench::applied();
    let text = fs::read_to_string(bench.git().join("db.yaml")).unwrap();
    let line = text
        .lines()
        .find(|line| line.contains("password:"))
        .unwrap();
    let bad = text.replace(line, "    password: canary-3f9a7c");
    fs::write(bench.git().join("db.yaml"), bad).unwrap();
    let report = bench.pass();
    assert_eq!(word(&report), "NotSealed");
    assert!(!report.is_clean());
    assert_eq!(bench.read("shop/db/password"), CANARY);
    let status = bench.read(".bulla/resources/shop/db/status.yaml");
    assert!(
        status.contains("type: Stalled") && !status.contains(CANARY),
        "{status}"
    );
    let before = bench.snapshot();
    assert!(bench.pass().is_quiet());
    assert_eq!(bench.snapshot(), before);
}

#[test]
fn a_missing_folder_of_manifests_removes_nothing() {
    let mut bench = Bench::applied();
    let gone = bench.dir.path().join("gone");
    let error = bench.store().reconcile_at(&gone, NOW).unwrap_err();
    assert!(matches!(error, StoreError::Sources { .. }));
    assert_eq!(bench.read("shop/db/password"), CANARY);
}

#[test]
fn a_suspended_resource_is_left_alone() {
    let mut bench = Bench::applied();
    let text = fs::read_to_string(bench.git().join("db.yaml")).unwrap();
    let text = text.replacen(
        "metadata:",
        "metadata:\n  annotations: {bulla.dev/suspend: \"true\"}",
        1,
    );
    fs::write(bench.git().join("db.yaml"), text).unwrap();
    fs::remove_file(bench.at("shop/db")).unwrap();
    assert_eq!(word(&bench.pass()), "Suspended");
    assert!(!bench.at("shop/db").exists());
}

#[test]
fn watching_sees_manifests_and_heals_until_it_is_stopped() {
    let mut bench = Bench::new();
    let mut store = bench.store.take().unwrap();
    let recipient = store.recipients().unwrap().remove(0);
    let (git, root) = (bench.git(), bench.root());
    let stop = AtomicBool::new(false);
    let options = WatchOptions {
        debounce: Duration::from_millis(20),
        resync: Duration::from_secs(3600),
    };
    std::thread::scope(|scope| {
        // A failed assertion must end the watch too, or the scope waits for it for ever.
        let _stop = StopOnDrop(&stop);
        scope.spawn(|| {
            store
                .watch(&git, options, &stop, |pass| drop(pass.unwrap()))
                .unwrap();
        });
        let password = root.join("shop/db/password");
        let becomes = |wanted: Option<&str>| {
            let deadline = Instant::now() + Duration::from_secs(30);
            while fs::read_to_string(&password).ok().as_deref() != wanted {
                assert!(Instant::now() < deadline, "{wanted:?}");
                std::thread::sleep(Duration::from_millis(5));
            }
        };
        fs::write(git.join("db.yaml"), Sample::default().manifest(&recipient)).unwrap();
        becomes(Some(CANARY));
        fs::write(&password, "tampered").unwrap();
        becomes(Some(CANARY));
        fs::remove_file(root.join("shop/db")).unwrap();
        becomes(Some(CANARY));
        fs::remove_file(git.join("db.yaml")).unwrap();
        becomes(None);
    });
}

struct StopOnDrop<'a>(&'a AtomicBool);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn a_pass_that_wrote_is_followed_by_another_at_once() {
    let mut bench = Bench::new();
    let recipient = bench.store().recipients().unwrap().remove(0);
    let manifest = Sample::default().manifest(&recipient);
    fs::write(bench.git().join("db.yaml"), manifest).unwrap();
    // No event and no resync comes to its help.
    let options = WatchOptions {
        debounce: Duration::from_secs(3600),
        resync: Duration::from_secs(3600),
    };
    let (stop, git) = (AtomicBool::new(false), bench.git());
    let file = bench.at("shop/db/password");
    let mut words = Vec::new();
    std::thread::scope(|scope| {
        let (over, wait) = std::sync::mpsc::channel::<()>();
        // A store that waits instead is stopped, and the words are too few.
        let stopped = &stop;
        scope.spawn(move || {
            let _ = wait.recv_timeout(Duration::from_secs(30));
            stopped.store(true, Ordering::Relaxed);
        });
        let told = |pass: Result<Report, StoreError>| {
            let report = pass.unwrap();
            words.push(action(&report));
            match words.len() {
                // What was just made is edited before anybody can watch it.
                1 => fs::write(&file, "edited").unwrap(),
                2 => stop.store(true, Ordering::Relaxed),
                _ => {}
            }
        };
        bench.store().watch(&git, options, &stop, told).unwrap();
        drop(over);
    });
    assert_eq!(words, [Some(Action::Created), Some(Action::Healed)]);
    assert_eq!(bench.read("shop/db/password"), CANARY);
}
