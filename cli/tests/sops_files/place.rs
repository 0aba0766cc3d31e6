//! The place of a SopsSecret, and what happens to it as the file is worked on.

use crate::world::{line, repo, rules};

const FILE: &str = "k8s/db.yaml";

#[test]
fn a_place_that_the_metadata_was_moved_away_from_is_not_signed_anew() {
    let repo = repo();
    repo.write(
        FILE,
        "apiVersion: isindir.github.com/v1alpha3\nkind: SopsSecret\nmetadata:\n  name: db\n  namespace: shop\n  labels:\n    team: evil-x\nspec:\n  secretTemplates:\n  - name: db\n    stringData:\n      password: hunter2\n",
    );
    repo.bulla(&format!("seal -i {FILE}")).ok();
    let sealed = repo.read(FILE);
    // The MAC covers both as one text.
    let forged = sealed
        .replace("namespace: shop\n", "namespace: shopevil\n")
        .replace("team: evil-x\n", "team: -x\n");
    assert_ne!(sealed, forged);
    repo.write(FILE, &forged);
    repo.bulla(&format!("open {FILE} -I @alice")).ok();
    rules(&repo, "prod, safe");
    for command in ["reseal", "rewrap"] {
        let message = repo.bulla(&format!("{command} {FILE} -I @alice")).fails(3);
        for part in [
            "closed for `shop/db`, found in `shopevil/db`",
            r#"'["spec"]["secretTemplates"][1]["stringData"]["bulla.dev.place"]' '"shopevil/db"'"#,
        ] {
            assert!(message.contains(part), "{part}: {message}");
        }
    }
    assert_eq!(repo.read(FILE), forged);
    repo.write(FILE, &sealed);
    repo.bulla(&format!("reseal {FILE} -I @alice")).ok();
    let plain = repo.bulla(&format!("open {FILE} -I @safe")).ok();
    let place = line(&plain, "bulla.dev.place");
    assert!(place.ends_with("shop/db"), "{place}");
}

#[test]
fn every_sops_secret_of_a_file_gets_its_place_and_check_finds_those_without() {
    let repo = repo();
    let resource = |name: &str, namespace: &str| {
        format!(
            "apiVersion: isindir.github.com/v1alpha3\nkind: SopsSecret\nmetadata:\n  name: {name}\n{namespace}spec:\n  secretTemplates:\n  - name: {name}\n    stringData:\n      password: hunter2\n"
        )
    };
    let shop = "  namespace: shop\n";
    repo.write(
        FILE,
        format!("{}---\n{}", resource("a", shop), resource("b", shop)),
    );
    repo.bulla(&format!("seal -i {FILE}")).ok();
    let plain = repo.bulla(&format!("open {FILE} -I @alice")).ok();
    for place in ["shop/a", "shop/b"] {
        assert_eq!(plain.matches(place).count(), 1, "{plain}");
    }
    let notes = repo.bulla("check -v").ok();
    assert!(!notes.contains("no-place"), "{notes}");
    // As another tool encrypts them: without.
    for (file, text) in [
        ("k8s/other.yaml", resource("a", shop)),
        ("k8s/nowhere.yaml", resource("c", "")),
    ] {
        repo.write(file, text);
        let alice = repo.recipient("alice");
        repo.bulla(&format!(
            "sops encrypt -i --encrypted-regex ^(data|stringData)$ --age {alice},{} {file}",
            repo.recipient("prod")
        ))
        .ok();
    }
    let notes = repo.bulla("check -v").ok();
    for expected in [
        "`bulla reseal k8s/other.yaml` adds its place",
        "`--sops-require-place=false`",
        "names no namespace, so that it can have no place",
    ] {
        assert!(notes.contains(expected), "{expected}: {notes}");
    }
    assert_eq!(notes.matches("no-place").count(), 2, "{notes}");
    let run = repo.bulla("reseal k8s/other.yaml -I @alice");
    assert!(
        run.stderr.contains("is `shop/a` from now on"),
        "{}",
        run.stderr
    );
    run.ok();
    let notes = repo.bulla("check -v").ok();
    assert_eq!(notes.matches("no-place").count(), 1, "{notes}");
    // The second one can't be moved either.
    let sealed = repo.read(FILE);
    let forged = sealed.replacen("name: b\n", "name: evil\n", 1);
    repo.write(FILE, &forged);
    let message = repo.bulla(&format!("reseal {FILE} -I @alice")).fails(3);
    assert!(
        message.contains("closed for `shop/b`, found in `shop/evil`") || message.contains("MAC"),
        "{message}"
    );
}
