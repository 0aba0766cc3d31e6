//! `bulla init`.

use crate::support::Repo;

#[test]
fn it_writes_a_commented_file_at_the_top_and_never_over_another() {
    let repo = Repo::bare();
    repo.write("sub/x.yaml", "a: b\n");
    repo.bulla_in("sub", "init", "")
        .ends(0)
        .says(&["wrote `../.bulla.yaml`", "bulla git install"]);
    let text = repo.read(".bulla.yaml");
    assert!(
        text.lines()
            .all(|line| line.is_empty() || line.starts_with('#')),
        "{text}"
    );
    repo.bulla("key list").ends(0).says(&["no keys are pinned"]);
    repo.bulla("init")
        .ends(2)
        .says(&["refusing to overwrite `.bulla.yaml`", "hint: "]);
    repo.bulla_in("sub", "init", "")
        .ends(2)
        .says(&["refusing to overwrite"]);
    assert_eq!(repo.read(".bulla.yaml"), text);
}

#[test]
fn it_takes_recipients_and_what_it_writes_is_in_force() {
    let repo = Repo::new();
    std::fs::remove_file(repo.file(".bulla.yaml")).unwrap();
    let (prod, alice) = (repo.public("prod"), repo.public("alice"));
    let flags = format!("--cluster prod={prod} --recovery safe={alice} --path apps/**");
    let printed = repo.bulla(&format!("init --print {flags}")).ends(0).stdout;
    assert!(!repo.file(".bulla.yaml").exists());
    let run = repo.bulla(&format!("init {flags}")).ends(0);
    assert!(!run.stderr.contains("only the cluster"), "{run:?}");
    assert_eq!(repo.read(".bulla.yaml"), printed);
    repo.envelope("apps/db.yaml", "db");
    repo.bulla("check").ends(0);
    repo.bulla("inspect apps/db.yaml")
        .ends(0)
        .says(&["prod", "safe"]);
    // What is commented out can be put into force by taking the hash away.
    repo.write(
        ".bulla.yaml",
        printed
            .replace("# scope", "scope")
            .replace("#     scope", "    scope"),
    );
    repo.bulla("key list").ends(0);
}

#[test]
fn a_configuration_for_clusters_alone_says_what_that_means() {
    let repo = Repo::new();
    std::fs::remove_file(repo.file(".bulla.yaml")).unwrap();
    repo.bulla(&format!("init --cluster prod={}", repo.public("prod")))
        .ends(0)
        .says(&["only the cluster can open", "recovery"]);
}

#[test]
fn what_would_not_be_in_force_is_not_written() {
    let repo = Repo::new();
    std::fs::remove_file(repo.file(".bulla.yaml")).unwrap();
    let (prod, secret) = (
        repo.public("prod"),
        std::fs::read_to_string(repo.beside("alice.key")).unwrap(),
    );
    for (flags, says) in [
        (
            format!("--person alice={}", &prod[..60]),
            "a recipient of `alice` can't be read",
        ),
        (format!("--person alice={}", secret.trim()), "private key"),
        (
            format!("--person {}", secret.trim()),
            "not a name and a public key",
        ),
        (
            format!("--person a={prod} --recovery a={prod}"),
            "`a` is named twice",
        ),
        (format!("--person a={prod} --path /x"), "begins with `/`"),
        ("--cluster prod".to_owned(), "not a name and a public key"),
        ("--fetch".to_owned(), "`--cluster NAME`"),
        (
            format!("--person alice={prod},x:y"),
            "not a name and a public key",
        ),
    ] {
        let run = repo
            .bulla(&format!("init {flags}"))
            .ends(2)
            .says(&[says, "hint: "]);
        assert!(
            !run.stderr.contains(&secret[20..40])
                || flags.ends_with(secret.trim()) && says.starts_with("not a name"),
            "{flags}"
        );
        assert!(!repo.file(".bulla.yaml").exists(), "{flags}");
    }
}

#[test]
fn one_name_with_two_keys_is_one_entry_and_in_two_sections_none() {
    let repo = Repo::bare();
    for name in ["one", "two"] {
        repo.key(name, bulla_core::recipient::Suite::X25519);
    }
    let (one, two) = (repo.public("one"), repo.public("two"));
    repo.bulla(&format!("init --cluster a={one} --person a={two}"))
        .ends(2)
        .says(&["`a` is named twice"]);
    repo.bulla(&format!("init --cluster a={one} --cluster a={two}"))
        .ends(0);
    repo.bulla("key list").ends(0);
    let text = repo.read(".bulla.yaml");
    assert!(text.contains(&one) && text.contains(&two), "{text}");
}
