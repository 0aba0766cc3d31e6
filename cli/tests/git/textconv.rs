//! Diffs by the real Git.

use crate::bench::{Bench, FILE};
use crate::support::CANARY;

#[test]
fn a_diff_shows_which_values_changed_and_no_value() {
    let bench = Bench::new("--no-hook");
    bench.edit(&[
        (CANARY, "another"),
        ("name: db", "name: other"),
        ("port: \"5432\"\n", "port: \"5432\"\n  new: x\n"),
    ]);
    let diff = bench.with_key("git", "diff").ends(0).stdout;
    let changed: Vec<_> = diff
        .lines()
        .filter(|line| {
            line.starts_with(['+', '-']) && !line.starts_with("+++") && !line.starts_with("---")
        })
        .map(|line| line.split(" (").next().unwrap_or_default())
        .collect();
    let expected = [
        "-metadata.name: \"db\"",
        "+metadata.name: \"other\"",
        "-stringData.password: sealed",
        "+stringData.password: sealed",
        "+stringData.new: sealed",
    ];
    assert_eq!(changed, expected, "{diff}");
    assert!(
        diff.contains(" # opens for: age1") && !diff.contains("ENC["),
        "{diff}"
    );
    assert!(!diff.contains("another"), "{diff}");
    // Whoever wants the file as it is gets it.
    let raw = bench.with_key("git", "diff --no-textconv").ends(0).stdout;
    assert!(raw.contains("ENC["), "{raw}");
}

#[test]
fn values_are_shown_only_where_that_was_asked_for_and_a_key_is_at_hand() {
    let bench = Bench::new("--no-hook --reveal");
    bench.edit(&[(CANARY, "another")]);
    let diff = bench.with_key("git", "diff");
    assert_eq!(diff.status, 0);
    let shown = [
        format!("-  password: {CANARY}"),
        "+  password: another".to_owned(),
    ];
    assert!(
        shown.iter().all(|line| diff.stdout.contains(line)),
        "{diff:?}"
    );
    let closed = bench.without_key("git", "diff").ends(0);
    assert!(
        closed.stdout.contains("stringData.password: sealed"),
        "{closed:?}"
    );
    // Nothing of it is kept in the repository.
    let notes = bench.with_key("git", "for-each-ref refs/notes").ends(0);
    assert_eq!(notes.stdout, "");
    let cached = bench
        .with_key("git", "config diff.bulla.cachetextconv")
        .ends(0);
    assert_eq!(cached.stdout, "false\n");
}

#[test]
fn envelopes_are_listed_and_other_files_are_as_they_are() {
    let bench = Bench::new("--no-hook");
    let repo = &bench.repo;
    repo.envelope("clusters/envelope.yaml", "db");
    repo.write("plain.yaml", "a: 1\n");
    repo.commit();
    let before = repo.read("clusters/envelope.yaml");
    repo.bulla("set clusters/envelope.yaml password --from-file .bulla.yaml")
        .ends(0);
    repo.write("plain.yaml", "a: 2\n");
    assert_ne!(repo.read("clusters/envelope.yaml"), before);
    let diff = bench.without_key("git", "diff").ends(0).stdout;
    for part in [
        "-a: 1",
        "+a: 2",
        "spec.data.password: sealed (",
        "closedFor[0].name: \"prod\"",
    ] {
        assert!(diff.contains(part), "{part} is not in {diff}");
    }
    assert!(!diff.contains("bulla1."), "{diff}");
    let log = bench
        .without_key("git", &format!("log -p --format= {FILE}"))
        .ends(0)
        .stdout;
    assert!(
        log.contains("+stringData.password: sealed (") && !log.contains("ENC["),
        "{log}"
    );
}
