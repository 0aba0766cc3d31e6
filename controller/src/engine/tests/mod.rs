mod failures;
mod memory;
mod records;
mod several;
mod unopened;

use bulla_core::api::ConditionStatus;
use bulla_core::plaintext::Plaintext;
use bulla_core::recipient::{Identity, KeyRing, Suite};
use rand_core::OsRng;
use zeroize::Zeroizing;

use super::*;
use crate::fixture::{CANARY, Sample};
use memory::{Bench, Memory};

const QUIET: [&str; 1] = ["peek"];

fn engine(key: u8) -> Engine {
    Engine::new(
        RecordKey::new(Zeroizing::new([key; 32])),
        SecretPolicy::default(),
    )
}

fn bench(sample: &Sample<'_>) -> Bench {
    let identity = Identity::generate(Suite::X25519, &mut OsRng);
    let mut wire = sample.wire(identity.recipient());
    wire.metadata.uid = Some("2a1f".into());
    wire.metadata.generation = Some(1);
    Bench {
        world: Memory::default(),
        wire,
        keys: ring(vec![identity]),
        engine: engine(7),
    }
}

fn ring(identities: Vec<Identity>) -> Keys {
    Keys {
        age: KeyRing::new(identities),
        ..Keys::default()
    }
}

/// A bench after its first reconcile.
fn applied() -> Bench {
    let mut bench = bench(&Sample::default());
    let (outcome, ..) = bench.run();
    assert_eq!(outcome.action, Some(Action::Created));
    bench
}

fn annotate(bench: &mut Bench, name: &str, value: &str) {
    let annotations = bench.wire.metadata.annotations.get_or_insert_default();
    annotations.insert(name.to_owned(), value.to_owned());
}

/// Ready, Stalled, Reconciling as `T`, `F` or `-`, and the reason.
fn shown(status: Option<&Status>) -> String {
    let status = status.expect("a status was reported");
    let letter = |type_: &str| {
        let found = status.conditions.iter().find(|c| c.type_ == type_);
        assert!(found.is_none_or(|c| c.observed_generation == status.observed_generation));
        match found.map(|c| c.status) {
            Some(ConditionStatus::True) => 'T',
            Some(_) => 'F',
            None => '-',
        }
    };
    let letters: String = ["Ready", "Stalled", "Reconciling"]
        .map(letter)
        .iter()
        .collect();
    format!("{letters} {}", status.conditions[0].reason)
}

fn event(reports: &[Report]) -> Option<(&'static str, &'static str)> {
    let event = reports.first()?.event.as_ref()?;
    Some((event.kind.as_str(), event.reason))
}

#[test]
fn a_first_reconcile_writes_once_and_reports_once() {
    let mut bench = bench(&Sample::default());
    let (outcome, calls, reports) = bench.run();
    assert_eq!(calls, ["peek", "apply", "report"]);
    assert_eq!(outcome.verdict, Verdict::Ready);
    assert_eq!(outcome.requeue(), Requeue::OnChange);
    let effort = (
        outcome.effort.private_operations,
        outcome.effort.opened_values,
    );
    assert_eq!(effort, (1, 2));
    assert_eq!(outcome.drift, None);
    assert_eq!(shown(reports[0].status.as_ref()), "T-- Applied");
    assert_eq!(event(&reports), Some(("Normal", "Created")));
    let status = bench.wire.status.as_ref().unwrap();
    assert_eq!(
        (status.observed_generation, status.keys),
        (Some(1), Some(2))
    );
}

#[test]
fn a_restart_with_nothing_changed_opens_reads_and_writes_nothing() {
    let mut bench = applied();
    bench.engine = engine(7);
    let (outcome, calls, _) = bench.run();
    assert_eq!(calls, QUIET);
    assert_eq!(outcome.verdict, Verdict::Ready);
    assert_eq!(outcome.effort, Effort::default());
}

#[test]
fn another_resource_version_is_compared_once_without_opening() {
    let mut bench = applied();
    bench.world.edit(|live| {
        live.labels.insert("theirs".into(), "x".into());
    });
    let (outcome, calls, reports) = bench.run();
    assert_eq!(calls, ["peek", "observe", "report"]);
    assert_eq!(outcome.effort, Effort::default());
    assert_eq!(event(&reports), None);
    assert_eq!(bench.run().1, QUIET);
}

#[test]
fn every_kind_of_drift_is_healed_and_told() {
    type Edit = fn(&mut Live);
    let table: [(Edit, &str); 6] = [
        (
            |live| {
                live.data
                    .insert("password".into(), Plaintext::from(&b"x"[..]));
            },
            "the Secret was changed by `kubectl-edit`: put back `password`",
        ),
        (
            |live| {
                live.data.remove("username");
                live.data.insert("x".into(), Plaintext::from(&b"x"[..]));
            },
            "the Secret was changed by `kubectl-edit`: added `username` again; removed `x`",
        ),
        (
            |live| live.labels.clear(),
            "the Secret was changed by `kubectl-edit`: put labels and annotations back",
        ),
        (
            |live| live.secret_type = "x/y".into(),
            "the Secret was changed by `kubectl-edit`: put the type back",
        ),
        (
            |live| live.immutable = true,
            "the Secret was changed by `kubectl-edit`: put `immutable` back",
        ),
        (
            |live| live.deformed = true,
            "the Secret was changed by `kubectl-edit`: wrote the files anew",
        ),
    ];
    for (edit, sentence) in table {
        let mut bench = applied();
        bench.world.edit(edit);
        let (outcome, calls, reports) = bench.run();
        assert_eq!(calls, ["peek", "observe", "apply", "report"]);
        assert_eq!(outcome.action, Some(Action::Healed));
        assert_eq!(event(&reports), Some(("Warning", "Healed")));
        assert_eq!(reports[0].event.as_ref().unwrap().note, sentence);
        assert_eq!(bench.run().1, QUIET);
    }
}

#[test]
fn a_deleted_secret_comes_back() {
    let mut bench = applied();
    bench.world.with(|state| state.secret = None);
    let (outcome, calls, reports) = bench.run();
    assert_eq!(calls, ["peek", "apply", "report"]);
    assert!(outcome.drift.unwrap().deleted);
    let note = &reports[0].event.as_ref().unwrap().note;
    assert_eq!(note, "the Secret was deleted: made it again");
}

#[test]
fn a_changed_resource_is_no_drift() {
    let mut bench = applied();
    let identity = Identity::generate(Suite::X25519, &mut OsRng);
    let other = Sample {
        values: &[("password", "other")],
        ..Sample::default()
    };
    bench.wire.spec = other.wire(identity.recipient()).spec;
    bench.wire.metadata.generation = Some(2);
    bench.keys = ring(vec![identity]);
    let (outcome, calls, reports) = bench.run();
    assert_eq!(calls, ["peek", "observe", "apply", "report"]);
    assert_eq!(
        (outcome.action, outcome.drift),
        (Some(Action::Updated), None)
    );
    assert_eq!(event(&reports), Some(("Normal", "Updated")));
    let status = bench.wire.status.as_ref().unwrap();
    assert_eq!(
        (status.observed_generation, status.keys),
        (Some(2), Some(1))
    );
    bench.world.with(|state| {
        let data = &state.secret.as_ref().unwrap().data;
        assert_eq!(data.len(), 1, "the key that is not wanted is gone");
    });
}

#[test]
fn a_rewrapped_resource_costs_a_status_and_no_secret_write() {
    let mut bench = applied();
    bench.wire.spec.data_keys[0].closed_for[0].name = "renamed".into();
    bench.wire.metadata.generation = Some(2);
    let (outcome, calls, reports) = bench.run();
    assert_eq!(calls, ["peek", "observe", "report"]);
    assert_eq!((outcome.verdict, outcome.action), (Verdict::Ready, None));
    assert_eq!(event(&reports), None);
}

#[test]
fn what_does_not_open_keeps_the_last_good_secret_and_stalls_once() {
    type Damage = fn(&mut Bench);
    let damage: [(&str, Damage); 5] = [
        ("NoKey", |bench| bench.keys = Keys::default()),
        ("NotSealed", |bench| {
            let data = &mut bench.wire.spec.data;
            data.insert("password".into(), CANARY.into());
        }),
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
        let mut bench = applied();
        // The spec changes with it, or the record would tell that nothing did.
        bench.wire.spec.data_keys[0].closed_for[0].name = "renamed".into();
        bench.wire.metadata.generation = Some(2);
        break_it(&mut bench);
        let (outcome, calls, reports) = bench.run();
        assert!(!calls.contains(&"apply"), "{reason}: {calls:?}");
        assert_eq!(outcome.word(), reason);
        assert_eq!(outcome.requeue(), Requeue::OnChange);
        assert_eq!(shown(reports[0].status.as_ref()), format!("FT- {reason}"));
        assert_eq!(event(&reports), Some(("Warning", reason)));
        let (_, calls, _) = bench.run();
        assert!(!calls.contains(&"report"), "{reason}: told once");
        bench.world.with(|state| {
            let data = &state.secret.as_ref().unwrap().data;
            assert_eq!(data["password"], Plaintext::from(CANARY.as_bytes()));
        });
        let told = format!("{outcome:?} {reports:?} {:?}", bench.wire.status);
        assert!(!told.contains(CANARY), "{told}");
    }
}

#[test]
fn a_resource_that_is_mended_is_ready_again_without_opening() {
    let mut bench = applied();
    let good = bench.wire.spec.clone();
    bench.wire.spec.data.insert("username".into(), "x".into());
    assert_eq!(bench.run().0.word(), "NotSealed");
    bench.wire.spec = good;
    let (outcome, calls, reports) = bench.run();
    assert_eq!(calls, ["peek", "report"]);
    assert_eq!(outcome.effort, Effort::default());
    assert_eq!(event(&reports), Some(("Normal", "Applied")));
    assert_eq!(shown(reports[0].status.as_ref()), "T-- Applied");
}

#[test]
fn template_errors_show_no_value() {
    let mut bench = bench(&Sample {
        templates: &[("url", "{{ .password | fail }}")],
        ..Sample::default()
    });
    let (outcome, calls, reports) = bench.run();
    assert_eq!(calls, ["peek", "report"]);
    assert_eq!(outcome.word(), "TemplateError");
    let told = format!("{outcome:?} {reports:?}");
    assert!(!told.contains(CANARY), "{told}");
}

#[test]
fn a_write_in_between_is_looked_at_again_and_opened_once() {
    let mut bench = applied();
    bench.world.edit(|live| live.data.clear());
    bench
        .world
        .with(|state| state.errors.push_back(WorldError::Conflict));
    let (outcome, calls, _) = bench.run();
    assert_eq!(
        calls,
        ["peek", "observe", "apply", "observe", "apply", "report"]
    );
    assert_eq!(outcome.effort.private_operations, 1);
}

#[test]
fn a_cache_that_has_not_seen_the_secret_does_no_harm() {
    let mut bench = applied();
    bench.wire.status = None;
    bench.world.with(|state| state.stale = Some(None));
    let (outcome, calls, _) = bench.run();
    assert_eq!(calls, ["peek", "apply", "observe", "report"]);
    assert_eq!((outcome.verdict, outcome.action), (Verdict::Ready, None));
}

#[test]
fn a_suspended_resource_is_left_alone() {
    let mut bench = applied();
    bench.world.with(|state| state.secret = None);
    annotate(&mut bench, "bulla.dev/suspend", "true");
    let (outcome, calls, _) = bench.run();
    assert_eq!((outcome.verdict, calls.len()), (Verdict::Suspended, 0));
    annotate(&mut bench, "bulla.dev/suspend", "yes");
    assert_eq!(bench.run().0.action, Some(Action::Healed));
}

#[test]
fn a_requested_reconcile_trusts_no_record_and_is_acknowledged() {
    let mut bench = applied();
    annotate(&mut bench, "reconcile.fluxcd.io/requestedAt", "now");
    let (outcome, calls, _) = bench.run();
    assert_eq!(calls, ["peek", "observe", "report"]);
    assert_eq!(outcome.effort.private_operations, 1);
    let status = bench.wire.status.as_ref().unwrap();
    assert_eq!(status.last_handled_reconcile_at.as_deref(), Some("now"));
    assert_eq!(bench.run().1, QUIET);
}
