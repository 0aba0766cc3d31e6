//! `--exclude` on the commands that go through directories.

use crate::support::{Repo, secret};

fn two() -> Repo {
    let repo = Repo::new();
    repo.write("clusters/db.yaml", secret("db"));
    repo.write("clusters/test/db.yaml", secret("test"));
    repo
}

#[test]
fn commands_that_write_leave_alone_what_is_excluded() {
    let repo = two();
    repo.bulla("seal -i -R clusters --exclude test/").ends(0);
    assert!(repo.read("clusters/db.yaml").contains("SecretEnvelope"));
    assert_eq!(repo.read("clusters/test/db.yaml"), secret("test"));
    repo.bulla("seal -i -R clusters --exclude clusters --exclude x")
        .ends(0);
    assert_eq!(repo.read("clusters/test/db.yaml"), secret("test"));
    repo.bulla("seal -i -R clusters").ends(0);
    for command in ["reseal", "rewrap --for prod,alice,mallory"] {
        let (db, test) = (
            repo.read("clusters/db.yaml"),
            repo.read("clusters/test/db.yaml"),
        );
        repo.bulla(&format!(
            "{command} -R clusters -I @alice --exclude /clusters/test"
        ))
        .ends(0);
        assert_ne!(repo.read("clusters/db.yaml"), db, "{command}");
        assert_eq!(repo.read("clusters/test/db.yaml"), test, "{command}");
    }
}

#[test]
fn commands_that_look_pass_over_what_is_excluded() {
    let repo = two();
    repo.bulla("seal -i clusters/db.yaml").ends(0);
    repo.bulla("check").ends(1).says(&["clusters/test/db.yaml"]);
    repo.bulla("check --exclude test/").ends(0);
    repo.bulla("check clusters --exclude test/").ends(0);
    // What is named is looked at.
    repo.bulla("check clusters/test/db.yaml --exclude test/")
        .ends(1);
    repo.git("add -A");
    repo.bulla("check --staged").ends(1);
    repo.bulla("check --staged --exclude test/").ends(0);
    repo.bulla("seal -i clusters/test/db.yaml").ends(0);
    let names = |line: &str| {
        let run = repo.bulla(line).ends(0).json();
        run.as_array().unwrap().len()
    };
    assert_eq!(names("inspect -o json clusters"), 2);
    assert_eq!(names("inspect -o json clusters --exclude test"), 1);
    let opened = repo.bulla("open -R clusters -I @alice --exclude test");
    assert!(opened.stdout.contains("name: db") && !opened.stdout.contains("name: test"));
    repo.git("commit --quiet -m x");
    repo.bulla("verify --against HEAD").ends(1);
    repo.bulla("verify --against HEAD --exclude test").ends(0);
    repo.bulla("check --exclude [z-a]")
        .ends(2)
        .says(&["not a pattern"]);
}

#[test]
fn a_directory_is_opened_without_what_is_no_envelope() {
    let repo = two();
    repo.write("clusters/map.yaml", "apiVersion: v1\nkind: ConfigMap\n");
    repo.bulla("seal -i -R clusters").ends(0);
    let opened = repo.bulla("open -R clusters -I @alice --name test");
    assert_eq!(opened.status, 0, "{opened:?}");
    assert!(opened.stdout.contains("name: test") && !opened.stdout.contains("name: db"));
    repo.write("strict/map.yaml", "apiVersion: v1\nkind: ConfigMap\n");
    repo.bulla("open strict -I @alice")
        .ends(2)
        .says(&["no envelope to open"]);
}
