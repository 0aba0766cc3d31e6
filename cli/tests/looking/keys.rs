//! `bulla key generate`, `show` and `list`.

use std::os::unix::fs::PermissionsExt;

use crate::support::Repo;

#[test]
fn the_variable_for_a_format_names_no_file_of_a_private_key() {
    let repo = Repo::new();
    let bulla = |line: &str| {
        let mut command = repo.command(env!("CARGO_BIN_EXE_bulla"));
        command.env("BULLA_OUTPUT", "json").args(line.split(' '));
        crate::support::run(command, "")
    };
    let run = bulla("key generate").ends(0);
    assert!(run.stdout.contains("AGE-SECRET-KEY-PQ-1"), "{}", run.stderr);
    assert!(!repo.file("json").exists());
    // Where it is a format, it still says which.
    let public = run.stderr.trim().trim_start_matches("Public key: ");
    let shown = bulla(&format!("key show {public}")).ends(0);
    assert!(shown.stdout.starts_with(['[', '{']), "{}", shown.stdout);
}

#[test]
fn a_key_file_is_private_and_never_overwritten() {
    let repo = Repo::new();
    let run = repo.bulla("key generate -o ../new.key").ends(0);
    assert!(run.stderr.starts_with("Public key: age1pq1") && run.stdout.is_empty());
    let file = repo.beside("new.key");
    assert_eq!(
        std::fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let text = std::fs::read_to_string(&file).unwrap();
    let lines: Vec<_> = text.lines().collect();
    assert!(
        lines[0].starts_with("# created: 2") && lines[0].ends_with('Z'),
        "{}",
        lines[0]
    );
    assert!(
        lines[1].starts_with("# public key: age1pq1")
            && lines[2].starts_with("AGE-SECRET-KEY-PQ-1")
    );
    let run = repo
        .bulla("key generate -o ../new.key")
        .ends(2)
        .says(&["refusing to overwrite", "hint: "]);
    assert!(!run.stderr.contains("Public key"));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
    repo.bulla("key generate -o ../nowhere/new.key")
        .ends(2)
        .says(&["no such file"]);
    std::os::unix::fs::symlink("nothing", repo.beside("link.key")).unwrap();
    repo.bulla("key generate -o ../link.key")
        .ends(2)
        .says(&["refusing to overwrite"]);
    let left: Vec<_> = std::fs::read_dir(repo.beside(""))
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    assert!(
        left.iter()
            .all(|name| !name.to_string_lossy().contains(".bulla-")),
        "{left:?}"
    );
}

#[test]
fn without_a_file_it_is_data() {
    let repo = Repo::new();
    let run = repo.bulla("key generate --suite x25519 --quiet").ends(0);
    assert!(run.stderr.is_empty() && run.stdout.contains("\nAGE-SECRET-KEY-1"));
    let shown = repo
        .bulla_in("", "key show --public -", &run.stdout)
        .ends(0);
    assert!(run.stdout.contains(shown.stdout.trim()));
    repo.bulla("key generate --suite rsa")
        .ends(2)
        .says(&["MLKEM768-X25519"]);
}

#[test]
fn the_public_side_is_shown_with_its_name() {
    let repo = Repo::new();
    let run = repo.bulla("key show @alice").ends(0);
    let run = run.says(&[
        "public key:   age1",
        "fingerprint:  fp-",
        "suite:        X25519",
        "name:         alice (people)",
    ]);
    assert!(!run.stdout.contains("SECRET"));
    let public = repo.public("prod");
    repo.bulla(&format!("key show {public}"))
        .ends(0)
        .says(&["MLKEM768-X25519", "prod (clusters)"]);
    let report = repo.bulla("key show @alice -o json").ends(0).json();
    assert_eq!(report[0]["postQuantum"], false);

    repo.bulla(&format!("key show {}", &public[..50]))
        .ends(2)
        .says(&["not a public key"]);
    repo.bulla("key show nothing")
        .ends(2)
        .says(&["no such file"]);
    repo.bulla("key show .bulla.yaml").ends(2).says(&[
        "not a file of private keys",
        "line 1",
        "hint: ",
    ]);
}

#[test]
fn whom_the_configuration_knows_is_listed() {
    let repo = Repo::new();
    let run = repo.bulla("key list").ends(0);
    let rows: Vec<Vec<&str>> = run
        .stdout
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(
        rows[0],
        ["NAME", "SECTION", "SUITE", "FINGERPRINT", "RULES"]
    );
    assert_eq!(rows[1][..3], ["prod", "clusters", "MLKEM768-X25519"]);
    assert_eq!((rows[1][4], rows[2][4], rows[3][4]), ("2", "1", "0"));
    let report = repo.bulla("key list -o json").ends(0).json();
    assert_eq!(
        report[0]["recipients"][0]["publicKey"].as_str(),
        Some(repo.public("prod").as_str())
    );
    repo.write(".bulla.yaml", "clusters: {prod: {recipients: [age1x]}}\n");
    repo.bulla("key list").ends(2).says(&[
        ".bulla.yaml",
        "line 1, column 32",
        "a recipient of `prod`",
        "hint: ",
    ]);
    std::fs::remove_file(repo.file(".bulla.yaml")).unwrap();
    repo.bulla("key list")
        .ends(2)
        .says(&["there is no .bulla.yaml", "bulla init"]);
}

#[test]
fn a_public_key_is_printed_beside_a_broken_configuration() {
    let repo = Repo::new();
    repo.write(".bulla.yaml", "clusters: [");
    let shown = repo.bulla("key show --public @alice").ends(0);
    assert_eq!(shown.stdout.trim(), repo.public("alice"));
    repo.bulla("key show @alice").ends(2);
}
