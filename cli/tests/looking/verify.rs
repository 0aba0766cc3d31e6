//! `bulla verify --against REV`: what a change touched.

use crate::support::{Repo, secret};

fn sealed() -> Repo {
    let repo = Repo::new();
    repo.envelope("clusters/db.yaml", "db");
    repo.commit();
    repo
}

#[test]
fn a_rotation_is_proved_to_change_no_value() {
    let repo = sealed();
    repo.bulla("verify --against HEAD")
        .ends(0)
        .says(&["no envelope differs from `HEAD`"]);
    repo.bulla("rewrap clusters/db.yaml --for prod,mallory -I @alice")
        .ends(0);
    repo.bulla("verify --against HEAD").ends(1).says(&[
        "`clusters/db.yaml`, line 1: SecretEnvelope `shop/db`",
        "is now also closed for mallory",
        "is no longer closed for alice",
        "no value changed: 2 values byte for byte as before",
        "1 envelope differs from `HEAD`; no value changed",
    ]);
    let report = repo.bulla("verify --against HEAD -o json").ends(1).json();
    assert_eq!(report[0]["onlyRecipientsChanged"], true);
    assert_eq!(report[0]["values"]["password"], "untouched");
    assert_eq!(report[0]["dataKeys"][0]["removed"][0]["name"], "alice");
}

#[test]
fn values_that_changed_are_named() {
    let repo = sealed();
    repo.bulla_in("", "set clusters/db.yaml password", "other")
        .ends(0);
    repo.bulla_in("", "set clusters/db.yaml token", "new")
        .ends(0);
    let run = repo.bulla("verify --against HEAD").ends(1);
    let run = run.says(&[
        "added: token; sealed anew: password; 1 untouched",
        "is new, closed for",
    ]);
    assert!(!run.stdout.contains("no value changed"));
}

#[test]
fn another_template_is_seen() {
    let repo = sealed();
    let text = repo.read("clusters/db.yaml")
        + "  template:\n    data: {url: 'x://{{ .password }}@attacker'}\n";
    repo.write("clusters/db.yaml", text);
    repo.bulla("verify --against HEAD")
        .ends(1)
        .says(&["template   data.url changed"]);
}

#[test]
fn files_that_come_go_and_move_are_told() {
    let repo = sealed();
    std::fs::rename(
        repo.file("clusters/db.yaml"),
        repo.file("clusters/moved.yaml"),
    )
    .unwrap();
    repo.bulla("verify --against HEAD")
        .ends(1)
        .says(&["moved      from `clusters/db.yaml`", "no value changed"]);
    std::fs::remove_file(repo.file("clusters/moved.yaml")).unwrap();
    repo.bulla("verify --against HEAD")
        .ends(1)
        .says(&["is gone"]);
    repo.bulla("verify --against HEAD clusters/db.yaml")
        .ends(1)
        .says(&["is gone"]);
    repo.git("checkout --quiet .");
    repo.envelope("clusters/new.yaml", "new");
    repo.bulla("verify --against HEAD")
        .ends(1)
        .says(&["SecretEnvelope `shop/new` is new"]);
    repo.bulla_in("clusters", "verify --against HEAD db.yaml", "")
        .ends(0);
}

#[test]
fn plaintext_in_the_history_is_pointed_out() {
    let repo = Repo::new();
    repo.write("clusters/db.yaml", secret("db"));
    repo.commit();
    repo.bulla("seal -i clusters/db.yaml").ends(0);
    repo.bulla("verify --against HEAD").ends(1).says(&[
        "is new",
        "was a readable Secret",
        "change them at their source",
    ]);
}

#[test]
fn what_cannot_be_compared_is_an_error() {
    let repo = sealed();
    repo.bulla("verify").ends(2).says(&["--against"]);
    repo.bulla("verify --against nowhere")
        .ends(2)
        .says(&["not a revision", "git fetch"]);
    repo.bulla("verify --against HEAD nothing.yaml")
        .ends(2)
        .says(&["`nothing.yaml`", "no such file"]);
    repo.bulla("verify --against HEAD /etc/passwd")
        .ends(2)
        .says(&["not in a Git work tree"]);
    repo.write(
        "clusters/db.yaml",
        repo.read("clusters/db.yaml").replace("bulla1.", "bulla2."),
    );
    repo.bulla("verify --against HEAD")
        .ends(3)
        .says(&["format version"]);
}
