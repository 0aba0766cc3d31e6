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
