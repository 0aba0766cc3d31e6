//! Merges by the real Git.

use std::fs;

use crate::bench::{Bench, FILE, plaintext};
use crate::support::CANARY;

const BULLA: &str = env!("CARGO_BIN_EXE_bulla");

#[test]
fn git_merges_values_of_both_branches_and_the_mac_is_right() {
    let bench = Bench::new("--no-hook");
    bench.branches(
        &[
            ("user: shop", "user: they"),
            ("name: db", "name: db\n  labels: {app: shop}"),
        ],
        &[
            (CANARY, "ours"),
            ("port: \"5432\"\n", "port: \"5433\"\n  new: x\n"),
        ],
    );
    bench
        .with_key("git", "merge --quiet --no-edit theirs")
        .ends(0);
    let expected = plaintext()
        .replace("user: shop", "user: they")
        .replace("name: db", "name: db\n  labels: {app: shop}")
        .replace(CANARY, "ours")
        .replace("\"5432\"\n", "\"5433\"\n  new: x\n");
    assert_eq!(bench.opened(), expected);
}

#[test]
fn a_rebase_and_a_cherry_pick_merge_by_value_too() {
    for line in ["rebase --quiet theirs", "cherry-pick theirs"] {
        let bench = Bench::new("--no-hook");
        bench.branches(&[("user: shop", "user: they")], &[(CANARY, "ours")]);
        bench.with_key("git", line).ends(0);
        let text = bench.opened();
        assert!(
            text.contains("user: they") && text.contains("password: ours"),
            "{line}: {text}"
        );
    }
}

#[test]
fn a_value_that_both_changed_stops_the_merge_and_is_resolved_for_a_side() {
    let edits = [("user: shop", "user: they"), (CANARY, "theirs-canary")];
    for (side, word) in [("ours", "ours-canary"), ("theirs", "theirs-canary")] {
        let bench = Bench::new("--no-hook");
        bench.branches(&edits, &[(CANARY, "ours-canary"), ("\"5432\"", "\"5433\"")]);
        let run = bench
            .with_key("git", "merge --quiet --no-edit theirs")
            .ends(1);
        let said = [
            "clusters/db.yaml",
            "both sides changed `stringData.password`",
            "bulla git resolve",
        ];
        let run = run.says(&said);
        assert!(
            !run.stderr.contains("ours-canary") && !run.stdout.contains("-canary"),
            "{run:?}"
        );
        let marked = bench.repo.read(FILE);
        assert!(
            marked.contains("<<<<<<< ours") && marked.contains(">>>>>>> theirs"),
            "{marked}"
        );
        assert!(!marked.contains("-canary"), "{marked}");
        bench
            .with_key(BULLA, &format!("git resolve {FILE}"))
            .ends(3);
        assert_eq!(bench.repo.read(FILE), marked);
        let line = format!("git resolve {FILE} --take {side}");
        bench
            .with_key(BULLA, &line)
            .ends(0)
            .says(&["merged", "git add"]);
        let expected = plaintext()
            .replace(CANARY, word)
            .replace("user: shop", "user: they")
            .replace("5432", "5433");
        assert_eq!(bench.opened(), expected);
        bench.repo.commit();
        let none = bench.with_key(BULLA, &line).ends(2);
        none.says(&["there is no merge of it that stopped"]);
    }
}

#[test]
fn without_a_key_the_merge_stops_and_whoever_has_one_ends_it() {
    let bench = Bench::new("--no-hook");
    bench.branches(&[("user: shop", "user: they")], &[(CANARY, "ours")]);
    let run = bench
        .without_key("git", "merge --quiet --no-edit theirs")
        .ends(1);
    run.says(&[
        "no identity at hand renews the MAC",
        "bulla git resolve FILE",
    ]);
    assert!(bench.repo.read(FILE).contains("<<<<<<<"));
    bench
        .without_key(BULLA, &format!("git resolve {FILE}"))
        .ends(3);
    bench
        .with_key(BULLA, &format!("git resolve {FILE}"))
        .ends(0);
    let text = bench.opened();
    assert!(
        text.contains("user: they") && text.contains("password: ours"),
        "{text}"
    );
}

#[test]
fn other_files_are_merged_as_ever() {
    let bench = Bench::new("--no-hook");
    let repo = &bench.repo;
    let plain = "a: 1\nb: 1\nc: 1\nd: 1\ne: 1\n";
    repo.write("plain.yaml", plain);
    repo.envelope("clusters/envelope.yaml", "db");
    let envelope = repo.read("clusters/envelope.yaml");
    repo.commit();
    repo.git("checkout --quiet -b other");
    repo.write("plain.yaml", plain.replace("e: 1", "e: 2"));
    repo.write("clusters/envelope.yaml", format!("# theirs\n{envelope}"));
    repo.commit();
    repo.git("checkout --quiet main");
    repo.write("plain.yaml", plain.replace("a: 1", "a: 2"));
    repo.write("clusters/envelope.yaml", format!("{envelope}# ours\n"));
    repo.commit();
    bench
        .without_key("git", "merge --quiet --no-edit other")
        .ends(0);
    assert_eq!(
        repo.read("plain.yaml"),
        plain.replace("a: 1", "a: 2").replace("e: 1", "e: 2")
    );
    assert_eq!(
        repo.read("clusters/envelope.yaml"),
        format!("# theirs\n{envelope}# ours\n")
    );

    repo.git("checkout --quiet -b third HEAD~2");
    repo.write("plain.yaml", plain.replace("a: 1", "a: 3"));
    repo.commit();
    bench
        .without_key("git", "merge --quiet --no-edit main")
        .ends(1);
    let marked = repo.read("plain.yaml");
    let marks = "<<<<<<< ours\na: 3\n=======\na: 2\n>>>>>>> theirs\n";
    assert!(marked.starts_with(marks), "{marked}");
    let resolved = bench.without_key(BULLA, "git resolve plain.yaml").ends(2);
    resolved.says(&["it is no SOPS file"]);
}

#[test]
fn a_damaged_side_stops_the_merge_and_nothing_is_opened() {
    let bench = Bench::new("--no-hook");
    bench.branches(&[("user: shop", "user: they")], &[(CANARY, "ours")]);
    let text = bench.repo.read(FILE).replace("name: db", "name: else");
    fs::write(bench.repo.file(FILE), &text).unwrap();
    bench.repo.commit();
    let run = bench
        .with_key("git", "merge --quiet --no-edit theirs")
        .ends(1);
    run.says(&["our version", "MAC does not match"]);
}

#[test]
fn a_recipient_of_their_branch_is_let_in_by_a_decision_alone() {
    for (side, lets_in) in [("ours", false), ("theirs", true)] {
        let bench = Bench::new("--no-hook");
        bench.repo.git("checkout --quiet -b theirs main");
        let stranger = bench.let_in_a_stranger();
        bench.repo.commit();
        bench.repo.git("checkout --quiet main");
        bench.edit(&[(CANARY, "ours")]);
        bench.repo.commit();
        let run = bench
            .with_key("git", "merge --quiet --no-edit theirs")
            .ends(1);
        run.says(&[
            "lets others read the file",
            &stranger[..20],
            "--take theirs",
        ]);
        bench
            .with_key(BULLA, &format!("git resolve {FILE}"))
            .ends(3);
        bench
            .with_key(BULLA, &format!("git resolve {FILE} --take {side}"))
            .ends(0);
        assert!(bench.opened().contains("password: ours"));
        assert_eq!(bench.repo.read(FILE).contains(&stranger), lets_in);
    }
}

#[test]
fn a_name_that_begins_like_a_flag_is_a_name() {
    let bench = Bench::new("--no-hook");
    let name = "-reveal.yaml";
    fs::write(bench.repo.file(name), bench.repo.read(FILE)).unwrap();
    bench.repo.commit();
    let change = |old: &str, new: &str| {
        fs::write(bench.repo.file(FILE), bench.repo.read(name)).unwrap();
        bench.edit(&[(old, new)]);
        fs::write(bench.repo.file(name), bench.repo.read(FILE)).unwrap();
    };
    bench.repo.git("checkout --quiet -b theirs main");
    change("user: shop", "user: they");
    let diff = bench.with_key("git", "diff").ends(0).stdout;
    assert_eq!(
        diff.matches("+stringData.user: sealed").count(),
        2,
        "{diff}"
    );
    bench.repo.commit();
    bench.repo.git("checkout --quiet main");
    change(CANARY, "ours");
    bench.repo.commit();
    bench
        .with_key("git", "merge --quiet --no-edit theirs")
        .ends(0);
    fs::write(bench.repo.file(FILE), bench.repo.read(name)).unwrap();
    let text = bench.opened();
    assert!(
        text.contains("user: they") && text.contains("password: ours"),
        "{text}"
    );
}
