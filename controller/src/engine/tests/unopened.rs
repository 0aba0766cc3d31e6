//! What is refused by what anybody can see of it: no private key is used, at no restart and at no resync.

use bulla_core::plan::{ADOPT_ANNOTATION, ADOPTED_BY_ANNOTATION, Controller};

use super::*;

#[test]
fn a_foreign_secret_is_refused_until_it_asks_to_be_adopted() {
    let mut bench = bench(&Sample::default());
    let foreign = Live {
        uid: "f".into(),
        resource_version: "1".into(),
        ..Live::default()
    };
    bench.world.with(|state| state.secret = Some(foreign));
    let (outcome, calls, reports) = bench.run();
    assert_eq!(calls, ["peek", "observe", "report"]);
    assert_eq!(outcome.word(), "NotOwned");
    assert_eq!(outcome.effort, Effort::default(), "nothing was opened");
    assert_eq!(shown(reports[0].status.as_ref()), "FT- NotOwned");
    // Also where the cache does not show it.
    bench.world.with(|state| state.stale = Some(None));
    let (outcome, calls, _) = bench.run();
    assert_eq!(
        (outcome.word(), outcome.effort),
        ("NotOwned", Effort::default())
    );
    assert_eq!(calls, ["peek", "observe"]);

    bench.world.edit(|live| {
        live.controller = Some(Controller {
            uid: "other".into(),
            ..Controller::default()
        });
        live.annotations
            .insert(ADOPT_ANNOTATION.into(), "db".into());
    });
    let (outcome, _, reports) = bench.run();
    assert_eq!(outcome.action, Some(Action::Adopted));
    assert_eq!(event(&reports), Some(("Normal", "Adopted")));
    bench.world.with(|state| {
        let live = state.secret.as_ref().unwrap();
        assert_eq!(live.annotations[ADOPTED_BY_ANNOTATION], "2a1f");
        assert!(!live.annotations.contains_key(ADOPT_ANNOTATION), "used up");
        assert_eq!(live.controller, None, "it stays when the resource goes");
    });
    assert_eq!(bench.run().1, QUIET);
    bench.world.edit(|live| live.data.clear());
    assert_eq!(bench.run().0.action, Some(Action::Healed));
}

#[test]
fn a_secret_that_is_being_deleted_is_waited_for() {
    let mut bench = applied();
    bench.world.edit(|live| live.deleting = true);
    let (outcome, _, reports) = bench.run();
    assert_eq!(outcome.requeue(), Requeue::Backoff);
    assert_eq!(outcome.effort, Effort::default(), "nothing was opened");
    assert_eq!(shown(reports[0].status.as_ref()), "F-T SecretTerminating");
}

#[test]
fn special_types_are_refused() {
    let mut bench = bench(&Sample {
        secret_type: Some("kubernetes.io/service-account-token"),
        ..Sample::default()
    });
    let (outcome, calls, _) = bench.run();
    assert_eq!(calls, ["report"]);
    assert_eq!(outcome.word(), Reason::TypeRefused.as_str());
    assert_eq!(outcome.effort, Effort::default(), "nothing was opened");
    assert_eq!(bench.run().1, [""; 0]);
    bench.engine.policy_mut().allow_special_types = true;
    assert_eq!(bench.run().0.action, Some(Action::Created));
}
