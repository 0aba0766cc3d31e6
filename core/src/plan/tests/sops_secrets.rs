//! Consent by the signs of sops-secrets-operator, and what may be removed.

use super::*;

#[test]
fn sops_secrets_take_over_what_is_annotated_or_nobodys_where_they_ask_for_it() {
    let consent = |enforced| Consent::SopsSecrets { enforced };
    let foreign = |edit: fn(&mut Live)| {
        let mut it = live();
        it.controller = None;
        edit(&mut it);
        it
    };
    type Edit = fn(&mut Live);
    let table: [(Edit, [bool; 2]); 10] = [
        (|_| {}, [false, true]),
        // An owner that does not control it, as of an exported Secret.
        (|it| it.owned = true, [false, false]),
        (
            |it| it.annotations = strings(&[("sopssecret/managed", "true")]),
            [true, true],
        ),
        (
            |it| it.annotations = strings(&[("sopssecret/managed", "True")]),
            [false, true],
        ),
        (
            |it| it.controller = Some(controller("other")),
            [false, false],
        ),
        (
            |it| {
                it.annotations = strings(&[("sopssecret/managed", "true")]);
                it.controller = Some(Controller {
                    kind: "SealedSecret".into(),
                    ..controller("other")
                });
            },
            [true, true],
        ),
        (
            // Of the same kind as the owner here.
            |it| {
                it.annotations = strings(&[("sopssecret/managed", "true")]);
                it.controller = Some(controller("other"));
            },
            [false, false],
        ),
        (
            |it| it.annotations = strings(&[(ADOPTED_BY_ANNOTATION, "other")]),
            [false, false],
        ),
        (
            |it| it.secret_type = "kubernetes.io/service-account-token".into(),
            [false, false],
        ),
        (
            |it| it.labels = strings(&[("bulla.dev/sealing-key", "k")]),
            [false, false],
        ),
    ];
    for (number, (edit, expected)) in table.into_iter().enumerate() {
        for (enforced, expected) in [false, true].into_iter().zip(expected) {
            let live = foreign(edit);
            let plan = run_as(consent(enforced), &wanted(), Some(&live));
            let taken = match plan {
                Plan::Write(Write::Adopt(owned), _) => owned.claim() == Claim::Owner,
                Plan::Refuse(refusal) => {
                    assert_eq!(refusal.reason, Reason::NotOwned);
                    false
                }
                other => panic!("{other:?}"),
            };
            assert_eq!(taken, expected, "row {number}, enforced: {enforced}");
        }
    }
}

#[test]
fn only_what_the_resource_controls_may_be_removed() {
    let removable = |edit: fn(&mut Live)| {
        let mut it = live();
        edit(&mut it);
        controlled_by(&owner(), &it).is_some()
    };
    assert!(removable(|_| {}));
    assert!(!removable(|it| it.deleting = true));
    assert!(!removable(|it| it.controller = Some(controller("other"))));
    assert!(!removable(|it| {
        it.controller = None;
        it.annotations = strings(&[(ADOPTED_BY_ANNOTATION, UID)]);
    }));
}
