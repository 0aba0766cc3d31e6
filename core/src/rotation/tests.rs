use super::*;
use State::{Active, Compromised, OpenOnly, Retired};
use Suite::{MlKem768X25519 as Pq, X25519};

const NOW: Timestamp = Timestamp(1_000_000_000);
const DAY: i64 = 24 * 3600;

/// A key of some age in seconds; negative is the future.
fn key(suite: Suite, state: State, age: i64) -> Key {
    Key {
        uid: format!("uid-{age}"),
        suite,
        state,
        created: Timestamp(NOW.0 - age),
        not_before: Some(Timestamp(NOW.0 - age)),
    }
}

fn wanted(age: i64) -> Key {
    Key {
        not_before: None,
        ..key(Pq, Active, age)
    }
}

fn at(age: i64) -> Step {
    Step::Wait(Some(Timestamp(NOW.0 - age)))
}

#[test]
fn the_next_step() {
    let policy = Policy::default();
    let never = Policy {
        renew_period: 0,
        ..policy
    };
    let existing = Policy {
        require_existing_key: true,
        ..policy
    };
    let classic = Policy {
        suite: X25519,
        ..policy
    };
    let first = Step::Make(Pq, Why::First);
    let renewal = Step::Make(Pq, Why::Renewal);
    let full = |newest: i64| -> Vec<Key> { (0..64).map(|n| key(Pq, Active, newest + n)).collect() };
    let retired = || -> Vec<Key> { (0..64).map(|n| key(Pq, Retired, n)).collect() };
    let table: Vec<(&str, Vec<Key>, Policy, Step)> = vec![
        ("no key", vec![], policy, first),
        (
            "no key, restoring",
            vec![],
            existing,
            Step::Blocked(Block::RequireExistingKey),
        ),
        (
            "a fresh key",
            vec![key(Pq, Active, 10)],
            policy,
            at(10 - 30 * DAY),
        ),
        (
            "just before the period",
            vec![key(Pq, Active, 30 * DAY - 1)],
            policy,
            at(-1),
        ),
        (
            "at the period",
            vec![key(Pq, Active, 30 * DAY)],
            policy,
            renewal,
        ),
        (
            "long past it",
            vec![key(Pq, Active, 300 * DAY)],
            policy,
            renewal,
        ),
        (
            "never renewed",
            vec![key(Pq, Active, 300 * DAY)],
            never,
            Step::Wait(None),
        ),
        (
            "never renewed, no key",
            vec![],
            never,
            Step::Make(Pq, Why::First),
        ),
        (
            "old, restoring",
            vec![key(Pq, Active, 300 * DAY)],
            existing,
            Step::Wait(None),
        ),
        (
            "the newest counts",
            vec![key(Pq, Active, 90 * DAY), key(Pq, Active, DAY)],
            policy,
            at(DAY - 30 * DAY),
        ),
        (
            "a newer key that only opens",
            vec![key(Pq, Active, 40 * DAY), key(Pq, OpenOnly, DAY)],
            policy,
            renewal,
        ),
        ("only open", vec![key(Pq, OpenOnly, DAY)], policy, first),
        ("only retired", vec![key(Pq, Retired, DAY)], policy, first),
        (
            "only compromised",
            vec![key(Pq, Compromised, DAY)],
            policy,
            first,
        ),
        (
            "of another suite",
            vec![key(Pq, Active, DAY)],
            classic,
            Step::Make(X25519, Why::First),
        ),
        (
            "from the future",
            vec![key(Pq, Active, -2 * DAY)],
            policy,
            first,
        ),
        (
            "from a clock that is ahead a little",
            vec![key(Pq, Active, -200)],
            policy,
            at(-200 - 30 * DAY),
        ),
        (
            "a request beside no key takes its place",
            vec![wanted(5)],
            policy,
            Step::Fulfil(0, Why::First),
        ),
        (
            "a request while restoring",
            vec![wanted(5)],
            existing,
            Step::Fulfil(0, Why::Asked),
        ),
        (
            "a request of another suite beside no key",
            vec![Key {
                suite: X25519,
                ..wanted(5)
            }],
            policy,
            first,
        ),
        (
            "a request beside a key",
            vec![key(Pq, Active, DAY), wanted(5)],
            policy,
            Step::Fulfil(1, Why::Asked),
        ),
        (
            "a request when a renewal is due",
            vec![key(Pq, Active, 31 * DAY), wanted(5)],
            policy,
            Step::Fulfil(1, Why::Renewal),
        ),
        (
            "requests in their order",
            vec![key(Pq, Active, DAY), wanted(5), wanted(50)],
            policy,
            Step::Fulfil(2, Why::Asked),
        ),
        (
            "a request that was taken back",
            vec![
                key(Pq, Active, DAY),
                Key {
                    state: Retired,
                    ..wanted(5)
                },
            ],
            policy,
            at(DAY - 30 * DAY),
        ),
        ("all places taken", full(DAY), policy, at(DAY - 30 * DAY)),
        (
            "all places taken, renewal due",
            full(40 * DAY),
            policy,
            Step::Blocked(Block::TooMany),
        ),
        (
            "all places taken by retired ones",
            retired(),
            policy,
            Step::Blocked(Block::TooMany),
        ),
        (
            "all places taken, a request",
            [full(DAY), vec![wanted(5)]].concat(),
            policy,
            at(DAY - 30 * DAY),
        ),
    ];
    for (name, keys, policy, expected) in table {
        assert_eq!(next(&keys, &[], &policy, NOW), expected, "{name}");
    }
}

#[test]
fn one_request_an_hour_is_fulfilled_whatever_has_become_of_the_last_one() {
    let never = Policy {
        renew_period: 0,
        ..Policy::default()
    };
    let ago = |age: i64| Timestamp(NOW.0 - age);
    let fulfil = Step::Fulfil(1, Why::Asked);
    // The key that was made on request may be there still, or not: only when it was made counts.
    let table = [
        (vec![], fulfil),
        (vec![ago(3599)], at(-1)),
        (vec![ago(3600)], fulfil),
        (vec![ago(10), ago(9000)], at(10 - 3600)),
        (vec![ago(-9 * DAY)], fulfil),
        (vec![ago(-9 * DAY), ago(10)], at(10 - 3600)),
    ];
    for (asked, expected) in table {
        let keys = [key(Pq, Active, 31 * DAY), wanted(5)];
        assert_eq!(next(&keys, &asked, &never, NOW), expected, "{asked:?}");
        // What is due anyway does not wait.
        let renewal = next(&keys, &asked, &Policy::default(), NOW);
        assert_eq!(renewal, Step::Fulfil(1, Why::Renewal));
    }
}

#[test]
fn what_each_key_is_used_for() {
    let keys = [
        key(Pq, Active, 40 * DAY),
        key(Pq, Active, DAY),
        key(Pq, OpenOnly, 5),
        key(Pq, Retired, 4),
        key(Pq, Compromised, 3),
        key(Pq, Active, -DAY),
        key(X25519, Active, 9 * DAY),
        wanted(1),
    ];
    use Standing::*;
    assert_eq!(
        standings(&keys, NOW),
        [
            Opens,
            Closes,
            Opens,
            Idle,
            Idle,
            FromTheFuture,
            Closes,
            Wanted
        ]
    );
}

#[test]
fn ties_are_broken_by_creation_and_then_by_uid() {
    let older = Key {
        created: Timestamp(1),
        ..key(Pq, Active, DAY)
    };
    let newer = Key {
        created: Timestamp(2),
        uid: "a".into(),
        ..older.clone()
    };
    let same = Key {
        uid: "b".into(),
        ..newer.clone()
    };
    assert_eq!(closing(&[older.clone(), newer.clone()], Pq, NOW), Some(1));
    assert_eq!(closing(&[newer.clone(), older.clone()], Pq, NOW), Some(0));
    assert_eq!(
        closing(&[newer.clone(), same.clone(), older], Pq, NOW),
        Some(1)
    );
    assert_eq!(closing(&[same, newer], Pq, NOW), Some(0));
    assert_eq!(closing(&[], Pq, NOW), None);
}
