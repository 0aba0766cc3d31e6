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

#[test]
fn what_did_not_open_is_not_tried_again_until_something_changes() {
    type Damage = fn(&mut Bench);
    let damage: [(&str, Damage); 3] = [
        ("WrongKeyName", |bench| {
            let data = &mut bench.wire.spec.data;
            let value = data["password"].clone();
            data.insert("username".into(), value);
        }),
        ("WrongPlace", |bench| {
            bench.wire.metadata.name = Some("db2".into())
        }),
        ("TemplateUntrusted", |bench| {
            let template = bench.wire.spec.template.get_or_insert_default();
            template.type_ = Some("x/y".into());
        }),
    ];
    for (reason, break_it) in damage {
        let mut bench = bench(&Sample::default());
        break_it(&mut bench);
        let (outcome, ..) = bench.run();
        assert_eq!(outcome.effort.private_operations, 1, "{reason}");
        bench.engine = engine(7);
        let (outcome, calls, _) = bench.run();
        assert_eq!(
            (outcome.word(), outcome.effort),
            (reason, Effort::default())
        );
        assert_eq!(calls, ["peek"], "{reason}");

        let opened = |bench: &mut Bench| bench.run().0.effort.private_operations;
        annotate(&mut bench, "reconcile.fluxcd.io/requestedAt", reason);
        assert_eq!(opened(&mut bench), 1, "{reason}: somebody asked");
        assert_eq!(opened(&mut bench), 0, "{reason}");
        let other = Identity::generate(Suite::X25519, &mut OsRng);
        let mut ring: Vec<Identity> = bench.keys.age.iter().map(Identity::duplicate).collect();
        ring.push(other);
        bench.keys.age = KeyRing::new(ring);
        assert_eq!(opened(&mut bench), 1, "{reason}: there is another key");
        assert_eq!(opened(&mut bench), 0, "{reason}");
        // Somebody who can write a status, but has not the key of the records.
        let status = bench.wire.status.as_mut().unwrap();
        status.conditions[0].message = format!("x; {}", Reason::NotSealed.hint());
        status.conditions[0].reason = "NotSealed".into();
        assert_eq!(bench.run().0.word(), reason);
        bench.engine = engine(8);
        assert_eq!(
            opened(&mut bench),
            1,
            "{reason}: another key of the records"
        );
    }
}

#[test]
fn a_refusal_is_forgotten_once_it_opens() {
    let mut bench = bench(&Sample::default());
    let good = bench.keys.age.iter().map(Identity::duplicate).collect();
    bench.keys.age = KeyRing::default();
    assert_eq!(bench.run().0.word(), "NoKey");
    assert!(bench.wire.status.as_ref().unwrap().refused.is_some());
    bench.keys.age = KeyRing::new(good);
    assert_eq!(bench.run().0.action, Some(Action::Created));
    assert_eq!(bench.wire.status.as_ref().unwrap().refused, None);
}
