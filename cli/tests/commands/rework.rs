//! `bulla reseal` and `bulla rewrap`.

use snapbox::{assert_data_eq, str};

use crate::support::{CANARY, Repo};

fn values(text: &str) -> Vec<&str> {
    text.lines()
        .filter(|line| line.contains("bulla1."))
        .collect()
}

#[test]
fn reseal_makes_everything_anew_under_one_data_key() {
    let repo = Repo::new();
    let file = repo.envelope("db");
    repo.bulla_with(&format!("set {file} token"), "x").ok();
    let before = repo.read(&file);
    let run = repo.bulla(&format!("reseal {file} -I @alice"));
    assert_eq!(
        run.stderr,
        "resealed `shop/db` in `clusters/db.yaml`, 3 values, for prod, alice\n"
    );
    run.ok();
    let after = repo.read(&file);
    assert_eq!(after.matches("commitment:").count(), 1);
    assert!(values(&after).iter().all(|line| !before.contains(line)));
    assert_eq!(repo.value(&file, "password"), CANARY);
    let piped = repo
        .bulla_with("reseal - --as-path clusters/db.yaml -I @alice", &after)
        .ok();
    assert!(piped.starts_with("apiVersion: bulla.dev/v1alpha1\n"));
    repo.bulla(&format!("reseal {file} -I @alice --dry-run"))
        .ok();
    assert_eq!(repo.read(&file), after);
}

#[test]
fn rewrap_follows_the_rule_and_warns_of_who_left() {
    let repo = Repo::new();
    let (a, b) = (repo.envelope("a"), repo.envelope("b"));
    let before = repo.read(&a);
    let run = repo.bulla("rewrap -R clusters");
    assert_eq!(
        run.stderr,
        "nothing to rewrap: 2 resources are closed for the right recipients already\n"
    );
    run.ok();

    let config = repo
        .read(".bulla.yaml")
        .replace("for: [prod, alice]", "for: [prod, safe]");
    repo.write(".bulla.yaml", config);
    let message = repo.bulla("rewrap -R clusters").fails(3);
    assert_eq!(message.matches("no key at hand").count(), 2, "{message}");
    assert_eq!(repo.read(&a), before);
    let plan = repo.bulla("rewrap -R clusters -I @alice --dry-run");
    assert_data_eq!(
        &plan.stderr,
        str![[r#"
would rewrap `shop/a` in `clusters/a.yaml`: added safe (fp-[..]); removed alice (fp-[..])
would rewrap `shop/b` in `clusters/b.yaml`: added safe (fp-[..]); removed alice (fp-[..])
warning: alice (fp-[..]) could read these values and may have kept them: change them at their source, then seal the new ones with `bulla set` or `bulla edit`

"#]]
    );
    assert_eq!(repo.read(&a), before);
    repo.bulla("rewrap -R clusters -I @alice").ok();
    let after = repo.read(&a);
    assert_eq!(values(&after), values(&before), "values stay byte for byte");
    assert!(after.contains("formerly:\n    - name: alice\n"), "{after}");
    repo.bulla(&format!("open {b} -I @alice")).fails(3);
    assert_eq!(
        repo.bulla(&format!("open {b} -k password -I @safe")).ok(),
        CANARY
    );
}

#[test]
fn one_file_that_cannot_be_opened_stops_all_of_them() {
    let repo = Repo::new();
    let (a, b) = (repo.envelope("a"), repo.envelope("b"));
    let damaged = repo
        .read(&b)
        .replace("  password: bulla1.", "  other: bulla1.");
    repo.write(&b, &damaged);
    let before = repo.read(&a);
    let message = repo.bulla("reseal -R clusters -I @alice").fails(3);
    assert!(message.contains("clusters/b.yaml`, line "), "{message}");
    assert_eq!((repo.read(&a), repo.read(&b)), (before, damaged));
}

#[test]
fn other_recipients_by_name() {
    let repo = Repo::new();
    let file = repo.envelope("db");
    let run = repo.bulla(&format!("rewrap {file} --for alice,safe -I @alice"));
    assert!(
        run.stderr
            .starts_with("warning: `clusters/db.yaml` is not closed for prod"),
        "{}",
        run.stderr
    );
    run.ok();
    assert_eq!(
        repo.bulla(&format!("open {file} -k password -I @safe"))
            .ok(),
        CANARY
    );
}
