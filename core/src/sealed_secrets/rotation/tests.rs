use super::*;

const NOW: Timestamp = Timestamp(1_000_000);
const PERIOD: u64 = 1000;

/// A key whose certificate and Secret are so many seconds old.
fn key(uid: &str, state: State, not_before: i64, created: i64) -> Key {
    Key {
        uid: uid.to_owned(),
        state,
        made: Some(Made {
            not_before: Timestamp(NOW.0 - not_before),
            created: Timestamp(NOW.0 - created),
        }),
    }
}

fn active(uid: &str, age: i64) -> Key {
    key(uid, State::Active, age, age)
}

fn wanted(uid: &str) -> Key {
    Key {
        uid: uid.to_owned(),
        state: State::Active,
        made: None,
    }
}

fn policy() -> Policy {
    Policy {
        order: KeyOrder::CertNotBefore,
        renew_period: PERIOD,
        cutoff: None,
        require_existing_key: false,
    }
}

#[test]
fn the_next_step() {
    let at = |seconds: i64| Some(Timestamp(NOW.0 + seconds));
    let never = Policy {
        renew_period: 0,
        ..policy()
    };
    let cutoff = |seconds| Policy {
        cutoff: at(seconds),
        ..never
    };
    let restore = Policy {
        require_existing_key: true,
        ..policy()
    };
    let by_creation = Policy {
        order: KeyOrder::SecretCreationTimestamp,
        ..policy()
    };
    let table: [(&str, Vec<Key>, Policy, Step); 20] = [
        ("no key", vec![], policy(), Step::Make(Why::First)),
        ("no key, no renewal", vec![], never, Step::Make(Why::First)),
        ("a restore makes none", vec![], restore, Step::Blocked),
        (
            "a restore renews none",
            vec![active("a", 5000)],
            restore,
            Step::Wait(None),
        ),
        (
            "young",
            vec![active("a", 400)],
            policy(),
            Step::Wait(at(600)),
        ),
        (
            "of age",
            vec![active("a", 1000)],
            policy(),
            Step::Make(Why::Renewal),
        ),
        ("never", vec![active("a", 9000)], never, Step::Wait(None)),
        (
            "the newest counts",
            vec![active("a", 5000), active("b", 1)],
            policy(),
            Step::Wait(at(999)),
        ),
        (
            "one that only opens is no successor",
            vec![active("a", 5000), key("b", State::OpenOnly, 1, 1)],
            policy(),
            Step::Make(Why::Renewal),
        ),
        (
            "where none may close, one is made",
            vec![key("b", State::OpenOnly, 1, 1)],
            policy(),
            Step::Make(Why::First),
        ),
        (
            "the one that closed was compromised: at once",
            vec![key("a", State::Compromised, 1, 1)],
            policy(),
            Step::Make(Why::First),
        ),
        (
            "before the cut-off",
            vec![active("a", 10)],
            cutoff(-5),
            Step::Make(Why::Renewal),
        ),
        (
            "after the cut-off",
            vec![active("a", 3)],
            cutoff(-5),
            Step::Wait(None),
        ),
        (
            "a cut-off to come",
            vec![active("a", 3)],
            cutoff(5),
            Step::Wait(at(5)),
        ),
        (
            "an old certificate in a new Secret is of age",
            vec![key("a", State::Active, 5000, 1)],
            policy(),
            Step::Make(Why::Renewal),
        ),
        (
            "and is not, by creation",
            vec![key("a", State::Active, 5000, 1)],
            by_creation,
            Step::Wait(at(999)),
        ),
        (
            "a request takes the place of what is due",
            vec![active("a", 5000), wanted("b")],
            policy(),
            Step::Fulfil(1, Why::Renewal),
        ),
        (
            "a request",
            vec![active("a", 1), wanted("b")],
            policy(),
            Step::Fulfil(1, Why::Asked),
        ),
        (
            "a certificate from the future closes nothing",
            vec![key("a", State::Active, -9000, 1)],
            policy(),
            Step::Make(Why::First),
        ),
        (
            "clocks differ a little",
            vec![key("a", State::Active, -100, 1)],
            policy(),
            Step::Wait(at(1100)),
        ),
    ];
    for (case, keys, policy, step) in table {
        assert_eq!(next(&keys, &[], &policy, NOW), step, "{case}");
    }
}

#[test]
fn one_request_an_hour() {
    let keys = [active("a", 1), wanted("b")];
    let asked = [Timestamp(NOW.0 - 1000), Timestamp(NOW.0 - 9000)];
    let never = Policy {
        renew_period: 0,
        ..policy()
    };
    let due = Timestamp(NOW.0 + 2600);
    assert_eq!(next(&keys, &asked, &never, NOW), Step::Wait(Some(due)));
    assert_eq!(
        next(&keys, &asked, &never, due),
        Step::Fulfil(1, Why::Asked)
    );
}

#[test]
fn which_closes_and_which_open() {
    use Standing::*;
    let keys = [
        // Brought by somebody, with a certificate from long ago.
        key("a", State::Active, 9000, 1),
        active("b", 500),
        key("c", State::OpenOnly, 1, 1),
        key("d", State::Retired, 1, 1),
        key("e", State::Compromised, 1, 1),
        key("f", State::Active, -9000, 1),
        wanted("g"),
    ];
    let by = |order| standings(&keys, order, NOW);
    assert_eq!(
        by(KeyOrder::CertNotBefore),
        [Opens, Closes, Opens, Idle, Idle, FromTheFuture, Wanted]
    );
    assert_eq!(
        by(KeyOrder::SecretCreationTimestamp),
        [Closes, Opens, Opens, Idle, Idle, FromTheFuture, Wanted]
    );
    let twins = [active("b", 5), active("a", 5)];
    assert_eq!(
        closing(&twins, KeyOrder::CertNotBefore, NOW),
        Some(0),
        "by uid at last"
    );
}

#[test]
fn orders_are_spelled_as_theirs() {
    for order in [KeyOrder::CertNotBefore, KeyOrder::SecretCreationTimestamp] {
        assert_eq!(order.to_string().parse(), Ok(order));
    }
    assert_eq!("certnotbefore".parse::<KeyOrder>(), Err(KeyOrderError));
}
