//! Resources that make several Secrets: each is planned by itself, and the resource has one verdict.

use bulla_core::plan::Live;
use bulla_core::reason::Reason;

use super::super::*;
use shelf::Bench;

mod shelf;

#[test]
fn each_secret_is_made_once_and_a_restart_opens_nothing() {
    let mut bench = Bench::new(&["a", "b"]);
    let outcome = bench.run();
    assert_eq!(outcome.verdict, Verdict::Ready);
    assert_eq!(outcome.effort.private_operations, 1);
    let done: Vec<_> = outcome.writes.iter().map(|it| it.action).collect();
    assert_eq!(done, [Action::Created, Action::Created]);
    assert_eq!(
        (bench.secrets(), bench.status.keys),
        (vec!["a".into(), "b".into()], Some(2))
    );
    bench.engine = super::engine(7);
    let outcome = bench.run();
    assert_eq!(
        (outcome.verdict, outcome.effort),
        (Verdict::Ready, Effort::default())
    );
    assert!(bench.calls().is_empty());
    // Another key of the records: opened once, and nothing is written.
    bench.engine = super::engine(8);
    let outcome = bench.run();
    assert_eq!(outcome.effort.private_operations, 1);
    assert_eq!(bench.calls(), ["observe a", "observe b"]);
}

#[test]
fn a_failure_of_one_secret_does_not_keep_the_others_and_is_tried_again() {
    for (error, requeue) in [
        (WorldError::Forbidden, Requeue::Backoff),
        (WorldError::Unavailable, Requeue::Backoff),
        (WorldError::Rejected, Requeue::OnChange),
    ] {
        let mut bench = Bench::new(&["a", "b", "c"]);
        bench.fail("b", error);
        let outcome = bench.run();
        assert_eq!(outcome.requeue(), requeue, "{error:?}");
        assert_eq!(bench.secrets(), ["a", "c"]);
        assert!(!bench.is_ready());
        let outcome = bench.run();
        assert_eq!(outcome.verdict, Verdict::Ready);
        assert_eq!(bench.secrets(), ["a", "b", "c"]);
        assert!(bench.is_ready());
    }
    // One that lost the lease does nothing more.
    let mut bench = Bench::new(&["a", "b"]);
    bench.fail("a", WorldError::Stopped);
    assert_eq!(bench.run().requeue(), Requeue::Stop);
    assert!(bench.secrets().is_empty());
}

#[test]
fn a_foreign_secret_is_refused_each_time_beside_the_good_ones() {
    let mut bench = Bench::new(&["a", "b"]);
    let foreign = Live {
        uid: "f".into(),
        ..Live::default()
    };
    bench
        .world
        .with(|state| state.secrets.insert("b".into(), foreign));
    for _ in 0..2 {
        let outcome = bench.run();
        let refused = matches!(
            outcome.verdict,
            Verdict::Refused {
                reason: Reason::NotOwned,
                ..
            }
        );
        assert!(refused && !bench.is_ready());
    }
    bench.world.with(|state| state.secrets.remove("b"));
    assert_eq!(bench.run().verdict, Verdict::Ready);
}

#[test]
fn what_is_no_longer_named_is_removed_by_proof_and_only_when_all_opened() {
    let mut bench = Bench::new(&["a", "b", "c"]);
    assert_eq!(bench.run().verdict, Verdict::Ready);
    bench.names(&["a"]);
    let good = bench.wire.clone();
    if let Some(texts) = &mut bench.wire.spec.secret_templates[0].string_data {
        texts.insert("password".into(), "plain".into());
    }
    let outcome = bench.run();
    assert!(matches!(
        outcome.verdict,
        Verdict::Refused {
            reason: Reason::NotSealed,
            ..
        }
    ));
    assert_eq!(bench.secrets(), ["a", "b", "c"]);
    // Told again without opening it.
    assert_eq!(bench.run().effort, Effort::default());
    bench.wire = good;
    bench.fail("b", WorldError::Conflict);
    bench.fail("c", WorldError::Unavailable);
    assert_eq!(bench.run().requeue(), Requeue::Backoff);
    assert_eq!(bench.secrets(), ["a", "c"]);
    let outcome = bench.run();
    assert_eq!(
        (outcome.verdict, bench.secrets()),
        (Verdict::Ready, vec!["a".to_owned()])
    );
    assert_eq!(outcome.writes[0].action, Action::Removed);
}

#[test]
fn drift_is_put_right_where_it_is_and_nowhere_else() {
    let mut bench = Bench::new(&["a", "b"]);
    assert_eq!(bench.run().verdict, Verdict::Ready);
    bench.world.with(|state| {
        let live = state.secrets.get_mut("b").unwrap();
        live.resource_version = "77".into();
        live.data.clear();
        live.changed_by = Some("kubectl-edit".into());
    });
    let outcome = bench.run();
    assert_eq!(bench.calls(), ["observe b", "apply b"]);
    assert_eq!(outcome.writes[0].action, Action::Healed);
    bench.world.with(|state| state.secrets.remove("a"));
    let outcome = bench.run();
    assert_eq!(bench.calls(), ["apply a"]);
    assert!(outcome.writes[0].drift.as_ref().unwrap().deleted);
    assert!(bench.run().writes.is_empty());
}

#[test]
fn records_of_others_and_records_that_are_too_few_do_not_hold() {
    let mut bench = Bench::new(&["a", "b"]);
    assert_eq!(bench.run().verdict, Verdict::Ready);
    let good = bench.status.clone();
    let applied = good.applied.clone().unwrap();
    let (a, _) = applied.split_once(',').unwrap();
    for (applied, keys) in [
        (a.to_owned(), Some(1)),
        (a.to_owned(), Some(2)),
        (format!("{a},{a}"), Some(2)),
        (format!("{applied},{a}"), Some(3)),
        (format!("{applied},x"), Some(2)),
        (String::new(), Some(0)),
        (applied.clone(), None),
    ] {
        bench.status = Status {
            applied: Some(applied.clone()),
            keys,
            ..good.clone()
        };
        let outcome = bench.run();
        assert_eq!(outcome.effort.private_operations, 1, "{applied}");
        assert!(outcome.writes.is_empty());
    }
}

#[test]
fn a_suspended_resource_is_left_alone_and_its_status_says_so() {
    let mut bench = Bench::new(&["a"]);
    assert_eq!(bench.run().verdict, Verdict::Ready);
    bench.wire.spec.suspend = Some(true);
    bench.world.with(|state| state.secrets.clear());
    assert_eq!(bench.run().verdict, Verdict::Suspended);
    let suspended = |bench: &Bench| {
        bench
            .status
            .conditions
            .iter()
            .any(|it| it.type_ == "Suspended")
    };
    assert!(suspended(&bench) && bench.calls().is_empty());
    bench.wire.spec.suspend = None;
    assert_eq!(bench.run().verdict, Verdict::Ready);
    assert!(!suspended(&bench));
    assert_eq!(bench.secrets(), ["a"]);
}
