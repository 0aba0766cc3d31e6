//! `bulla inspect`: who can open what, without any key.

use crate::support::{Repo, secret};

#[test]
fn names_come_from_the_configuration() {
    let repo = Repo::new();
    repo.envelope("clusters/db.yaml", "db");
    repo.bulla("inspect clusters/db.yaml").ends(0).says(&[
        "`clusters/db.yaml`, line 1: SecretEnvelope `shop/db`",
        "opens in  `shop/db` (scope Strict)",
        "values    2: password, username",
        "template  none; bound to the values",
        "data key",
        "closes password, username",
        "prod",
        "MLKEM768-X25519  clusters",
        "alice",
        "X25519           people",
        "weakest   alice (X25519): not post-quantum",
    ]);
    let text = repo
        .read("clusters/db.yaml")
        .replace("name: alice", "name: eve");
    repo.bulla_in("", "inspect", &text)
        .ends(0)
        .says(&["alice", "people; the file calls it `eve`"]);
    std::fs::remove_file(repo.file(".bulla.yaml")).unwrap();
    repo.bulla_in("", "inspect -", &text).ends(0).says(&[
        "standard input",
        "eve",
        "the name is what the file says",
    ]);
}

#[test]
fn programs_get_json() {
    let repo = Repo::new();
    repo.envelope("strict/db.yaml", "db");
    let report = repo.bulla("inspect strict/db.yaml -o json").ends(0).json();
    let envelope = &report[0];
    assert_eq!(envelope["name"], "db");
    assert_eq!(envelope["scope"], "Strict");
    assert_eq!(envelope["postQuantum"], true);
    assert_eq!(envelope["dataKeys"][0]["closedFor"][0]["name"], "prod");
    assert_eq!(envelope["values"][0], "password");
}

#[test]
fn who_left_is_remembered() {
    let repo = Repo::new();
    repo.envelope("clusters/db.yaml", "db");
    repo.bulla("rewrap clusters/db.yaml --for prod -I @alice")
        .ends(0);
    repo.bulla("inspect clusters/db.yaml")
        .ends(0)
        .says(&["formerly alice", "every recipient is post-quantum"]);
}

#[test]
fn what_is_no_envelope_is_an_error_with_a_hint() {
    let repo = Repo::new();
    repo.write("clusters/db.yaml", secret("db"));
    repo.bulla("inspect clusters/db.yaml")
        .ends(2)
        .says(&["no SecretEnvelope", "bulla seal -i"]);
    repo.bulla("inspect nothing.yaml")
        .ends(2)
        .says(&["no such file"]);
    repo.bulla_in("", "inspect", "").ends(2).says(&["empty"]);
    repo.envelope("clusters/db.yaml", "db");
    let damaged = repo
        .read("clusters/db.yaml")
        .replace("closedFor", "closedfor");
    repo.write("clusters/bad.yaml", damaged);
    // One bad file does not keep the others from being shown.
    repo.bulla("inspect clusters").ends(2).says(&[
        "SecretEnvelope `shop/db`",
        "error: ",
        "clusters/bad.yaml",
    ]);
}
