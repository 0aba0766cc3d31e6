//! Manifests that stop to be readable: what they define is not gone, and its Secret stays.

use super::*;

/// Makes `db.yaml` unreadable in some way, and expects that to be said and nothing to be removed; and
/// everything to be as before when it is undone.
fn kept(what: &str, hide: impl FnOnce(&Path), show: impl FnOnce(&Path, &str)) {
    let mut bench = Bench::applied();
    let file = bench.git().join("db.yaml");
    let text = fs::read_to_string(&file).unwrap();
    hide(&file);
    let report = bench.pass();
    assert!(report.removed.is_empty(), "{what}: {report:?}");
    assert!(report.kept_for_problems, "{what}: {report:?}");
    let told = report
        .problems
        .iter()
        .any(|problem| problem.file.starts_with("db.yaml"));
    assert!(told, "{what}: {report:?}");
    assert_eq!(bench.read("shop/db/password"), CANARY, "{what}");
    show(&file, &text);
    let report = bench.pass();
    assert!(report.is_clean() && report.is_quiet(), "{what}: {report:?}");
    // What is really gone goes.
    fs::remove_file(&file).unwrap();
    assert_eq!(bench.pass().removed.len(), 1, "{what}");
    assert!(!bench.at(".bulla/resources/shop").exists(), "{what}");
}

fn rewritten(what: &str, bytes: impl Into<Vec<u8>>) {
    let bytes = bytes.into();
    kept(
        what,
        |file| fs::write(file, bytes).unwrap(),
        |file, text| fs::write(file, text).unwrap(),
    );
}

#[test]
fn a_file_that_does_not_parse() {
    rewritten(
        "with the name of the kind in it",
        "kind: SecretEnvelope\n  broken: [",
    );
    rewritten("cut short", "apiVersion: bulla.dev/v1alpha1\nkind: [Sec");
    rewritten(
        "in the middle of a merge",
        "<<<<<<< HEAD\nkind: {\n=======\n",
    );
    rewritten("not text", [0xff, 0xfe, 0x00]);
    rewritten(
        "an envelope that is none",
        "apiVersion: bulla.dev/v1alpha1\nkind: SecretEnvelope\n",
    );
}

#[test]
fn a_file_that_is_too_large() {
    let large = |text: &str| {
        let mut bytes = vec![b'#'; (16 << 20) + 1];
        bytes.extend_from_slice(text.as_bytes());
        bytes
    };
    rewritten(
        "with an envelope at its end",
        large("\nkind: SecretEnvelope\n"),
    );
    rewritten("without any", large("\n"));
    // The name of the kind lies across two pieces.
    let mut bytes = vec![b'#'; (16 << 20) + 1 - 7];
    bytes.extend_from_slice(b"SecretEnvelope");
    rewritten("with one in between", bytes);
}

#[test]
fn a_large_file_of_others_stops_no_removal() {
    let mut bench = Bench::applied();
    fs::write(bench.git().join("data.json"), vec![b' '; (16 << 20) + 2]).unwrap();
    let report = bench.pass();
    assert!(report.is_clean() && !report.kept_for_problems, "{report:?}");
    fs::remove_file(bench.git().join("db.yaml")).unwrap();
    assert_eq!(bench.pass().removed.len(), 1);
}

#[test]
fn a_link_or_a_pipe_in_its_place() {
    kept(
        "a link",
        |file| {
            let aside = file.with_extension("aside");
            fs::rename(file, &aside).unwrap();
            std::os::unix::fs::symlink(aside, file).unwrap();
        },
        |file, _| fs::rename(file.with_extension("aside"), file).unwrap(),
    );
    kept(
        "a pipe",
        |file| {
            fs::remove_file(file).unwrap();
            let mode = rustix::fs::Mode::from_raw_mode(0o600);
            let (here, kind) = (rustix::fs::CWD, rustix::fs::FileType::Fifo);
            rustix::fs::mknodat(here, file, kind, mode, 0).unwrap();
        },
        |file, text| {
            fs::remove_file(file).unwrap();
            fs::write(file, text).unwrap();
        },
    );
}

#[test]
fn a_file_or_a_folder_that_can_not_be_read() {
    // Root reads everything: there, a folder in the place of the file is as unreadable.
    if rustix::process::geteuid().is_root() {
        return nested_too_deep();
    }
    let mode =
        |file: &Path, bits| fs::set_permissions(file, fs::Permissions::from_mode(bits)).unwrap();
    kept("a file", |file| mode(file, 0), |file, _| mode(file, 0o644));
    let mut bench = Bench::applied();
    let folder = bench.git().join("sub");
    fs::create_dir(&folder).unwrap();
    fs::rename(bench.git().join("db.yaml"), folder.join("db.yaml")).unwrap();
    assert!(bench.pass().is_clean());
    mode(&folder, 0);
    let report = bench.pass();
    mode(&folder, 0o755);
    assert!(
        report.kept_for_problems && report.removed.is_empty(),
        "{report:?}"
    );
    assert_eq!(bench.read("shop/db/password"), CANARY);
}

/// A folder that is not read, whoever asks.
fn nested_too_deep() {
    let mut bench = Bench::applied();
    let deep = bench.git().join(["d"; 70].join("/"));
    fs::create_dir_all(&deep).unwrap();
    fs::rename(bench.git().join("db.yaml"), deep.join("db.yaml")).unwrap();
    let report = bench.pass();
    assert!(
        report.kept_for_problems && report.removed.is_empty(),
        "{report:?}"
    );
    assert_eq!(bench.read("shop/db/password"), CANARY);
}

#[test]
fn a_moved_manifest_is_looked_for_in_its_new_place() {
    let mut bench = Bench::applied();
    fs::rename(bench.git().join("db.yaml"), bench.git().join("moved.yaml")).unwrap();
    assert!(bench.pass().is_clean());
    fs::write(bench.git().join("moved.yaml"), "{").unwrap();
    assert!(bench.pass().removed.is_empty());
    // Its old name has nothing to do with it any more.
    fs::remove_file(bench.git().join("moved.yaml")).unwrap();
    fs::write(bench.git().join("db.yaml"), "{").unwrap();
    assert_eq!(bench.pass().removed.len(), 1);
}
