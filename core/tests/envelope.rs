//! What an envelope promises: round trips, and each attack of somebody who can write to Git.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};

use bulla_core::api::SecretEnvelope;
use bulla_core::envelope::{
    Binding, Envelope, EnvelopeError, NamedRecipient, OpenError, OutputTemplate, SealError,
    SealRequest,
};
use bulla_core::names::KeyName;
use bulla_core::plaintext::Plaintext;
use bulla_core::recipient::{Identity, KeyRing, Suite};
use bulla_core::scope::Scope;
use proptest::prelude::*;
use rand_core::OsRng;

fn identity(suite: Suite) -> Identity {
    Identity::generate(suite, &mut OsRng)
}

fn named(name: &str, identity: &Identity) -> NamedRecipient {
    NamedRecipient {
        name: name.parse().unwrap(),
        recipient: identity.recipient().clone(),
    }
}

fn ring(identity: &Identity) -> KeyRing {
    KeyRing::new(vec![identity.duplicate()])
}

fn values(pairs: &[(&str, &str)]) -> BTreeMap<KeyName, Plaintext> {
    pairs
        .iter()
        .map(|(k, v)| (k.parse().unwrap(), Plaintext::from(v.as_bytes())))
        .collect()
}

fn template(url: &str) -> OutputTemplate {
    let data = [("url".parse().unwrap(), url.to_owned())].into();
    OutputTemplate::new(None, None, BTreeMap::new(), BTreeMap::new(), data).unwrap()
}

fn request(pairs: &[(&str, &str)]) -> SealRequest {
    SealRequest {
        namespace: "shop".parse().unwrap(),
        name: "db".parse().unwrap(),
        scope: Scope::Strict,
        values: values(pairs),
        template: template("{{ .username }}@db"),
        binding: Binding::Template,
    }
}

fn sealed(pairs: &[(&str, &str)], recipients: &[NamedRecipient]) -> Envelope {
    Envelope::seal(&request(pairs), recipients, &mut OsRng).unwrap()
}

fn wire(envelope: &Envelope) -> SecretEnvelope {
    let mut wire = SecretEnvelope::new(envelope.name().as_str(), envelope.into());
    wire.metadata.namespace = Some(envelope.namespace().to_string());
    wire
}

fn parse(wire: &SecretEnvelope) -> Envelope {
    Envelope::try_from(wire).unwrap()
}

const PAIRS: &[(&str, &str)] = &[("username", "shop"), ("password", "hunter2")];

#[test]
fn seals_and_opens_for_each_suite_through_the_wire() {
    for suite in [Suite::X25519, Suite::MlKem768X25519] {
        let (cluster, other) = (identity(suite), identity(Suite::X25519));
        let envelope = sealed(PAIRS, &[named("prod", &cluster), named("safe", &other)]);
        let again = parse(&wire(&envelope));
        assert_eq!(again, envelope);
        for who in [&cluster, &other] {
            let opened = again.open(&ring(who)).unwrap();
            assert_eq!(opened.values(), &values(PAIRS));
            assert_eq!(opened.opened_with(), [who.fingerprint()]);
        }
        let only = again
            .open_only(&"password".parse().unwrap(), &ring(&cluster))
            .unwrap();
        assert_eq!(only.values(), &values(&[("password", "hunter2")]));
    }
}

#[test]
fn set_needs_no_identity_and_leaves_other_values_alone() {
    let cluster = identity(Suite::X25519);
    let before = sealed(PAIRS, &[named("prod", &cluster)]);
    let user: KeyName = "username".parse().unwrap();
    let after = before
        .clone()
        .set(
            &values(&[("password", "new")]),
            &[named("prod", &cluster)],
            &mut OsRng,
        )
        .unwrap();
    assert_eq!(after.data()[&user], before.data()[&user]);
    assert_eq!(after.data_keys().len(), 2);
    assert_ne!(after.data_keys()[0].id, after.data_keys()[1].id);
    let opened = after.open(&ring(&cluster)).unwrap();
    assert_eq!(
        opened.values(),
        &values(&[("username", "shop"), ("password", "new")])
    );
    let last = after.unset(&BTreeSet::from([user.clone()])).unwrap();
    assert_eq!(
        last.data_keys().len(),
        1,
        "a data key that no value uses is dropped"
    );
    assert!(matches!(
        last.unset(&BTreeSet::from([user])),
        Err(EnvelopeError::NoSuchKey { .. })
    ));
}

#[test]
fn a_planted_data_key_never_closes_a_new_value() {
    let (cluster, attacker) = (identity(Suite::X25519), identity(Suite::X25519));
    // The attacker writes to Git and makes the whole envelope for the cluster and for himself.
    let planted = sealed(PAIRS, &[named("prod", &cluster), named("prod2", &attacker)]);
    let after = planted
        .set(
            &values(&[("password", "real secret")]),
            &[named("prod", &cluster)],
            &mut OsRng,
        )
        .unwrap();
    let key: KeyName = "password".parse().unwrap();
    assert!(matches!(
        after.open_only(&key, &ring(&attacker)),
        Err(OpenError::NoKey { .. })
    ));
    assert_eq!(
        after.open_only(&key, &ring(&cluster)).unwrap().values()[&key].reveal(),
        b"real secret"
    );
}

#[test]
fn reseal_brings_it_back_to_one_fresh_data_key() {
    let cluster = identity(Suite::MlKem768X25519);
    let to = [named("prod", &cluster)];
    let two = sealed(PAIRS, &to)
        .set(&values(&[("password", "new")]), &to, &mut OsRng)
        .unwrap();
    let resealed = two
        .reseal(&two.open(&ring(&cluster)).unwrap(), &to, &mut OsRng)
        .unwrap();
    assert_eq!(resealed.data_keys().len(), 1);
    for (key, value) in resealed.data() {
        assert_ne!(value, &two.data()[key]);
    }
    let opened = resealed.open(&ring(&cluster)).unwrap();
    assert_eq!(
        opened.values(),
        &values(&[("username", "shop"), ("password", "new")])
    );
}

#[test]
fn rewrap_keeps_every_value_and_remembers_who_left() {
    let (old, new, safe) = (
        identity(Suite::X25519),
        identity(Suite::MlKem768X25519),
        identity(Suite::X25519),
    );
    let before = sealed(PAIRS, &[named("prod", &old), named("safe", &safe)]);
    let to = [named("prod", &new), named("safe", &safe)];
    assert!(matches!(
        before.rewrap(&ring(&new), &to),
        Err(SealError::Open(OpenError::NoKey { .. }))
    ));
    let rewrapped = before.rewrap(&ring(&old), &to).unwrap();
    let after = &rewrapped.envelope;
    assert_eq!(after.data(), before.data());
    assert_eq!(
        after.data_keys()[0].commitment,
        before.data_keys()[0].commitment
    );
    assert_eq!(
        after.data_keys()[0].closed_for[0],
        before.data_keys()[0].closed_for[1],
        "who stays is kept as it was"
    );
    assert_eq!(
        after.data_keys()[0].formerly[0].fingerprint,
        old.fingerprint()
    );
    assert_eq!(
        (
            rewrapped.added.len(),
            rewrapped.removed.len(),
            rewrapped.private_operations
        ),
        (1, 1, 1)
    );
    assert!(after.open(&ring(&new)).is_ok() && after.open(&ring(&old)).is_err());
    let idle = after.rewrap(&KeyRing::new(vec![]), &to).unwrap();
    assert_eq!(
        (&idle.envelope, idle.private_operations),
        (after, 0),
        "nothing to do needs no identity"
    );
}

#[test]
fn moved_to_another_place_it_does_not_open() {
    let cluster = identity(Suite::X25519);
    for (scope, namespace_may, name_may) in [
        (Scope::Strict, false, false),
        (Scope::Namespace, false, true),
        (Scope::Cluster, true, true),
    ] {
        let envelope = Envelope::seal(
            &SealRequest {
                scope,
                ..request(PAIRS)
            },
            &[named("prod", &cluster)],
            &mut OsRng,
        )
        .unwrap();
        let mut moved = wire(&envelope);
        moved.metadata.namespace = Some("prod".into());
        let outcome = parse(&moved).open(&ring(&cluster));
        assert_eq!(outcome.is_ok(), namespace_may, "{scope}");
        let mut renamed = wire(&envelope);
        renamed.metadata.name = Some("other".into());
        let outcome = parse(&renamed).open(&ring(&cluster));
        assert_eq!(outcome.is_ok(), name_may, "{scope}");
        if let Err(error) = outcome {
            assert_eq!(
                error.to_string(),
                "sealed for `shop/db`, found in `shop/other`"
            );
        }
    }
    let mut widened = wire(&sealed(PAIRS, &[named("prod", &cluster)]));
    widened.spec.scope = bulla_core::api::ScopeSpec::Cluster;
    assert!(matches!(
        parse(&widened).open(&ring(&cluster)),
        Err(OpenError::WrongPlace { .. })
    ));
}

#[test]
fn swapped_values_name_the_key_that_they_belong_to() {
    let cluster = identity(Suite::X25519);
    let mut swapped = wire(&sealed(PAIRS, &[named("prod", &cluster)]));
    let (a, b) = (
        swapped.spec.data["username"].clone(),
        swapped.spec.data["password"].clone(),
    );
    swapped.spec.data.insert("username".into(), b);
    swapped.spec.data.insert("password".into(), a);
    let error = parse(&swapped).open(&ring(&cluster)).unwrap_err();
    assert!(matches!(error, OpenError::WrongKeyName { .. }), "{error}");
}

#[test]
fn an_altered_or_unbound_template_is_not_trusted() {
    let cluster = identity(Suite::X25519);
    let to = [named("prod", &cluster)];
    let envelope = sealed(PAIRS, &to);
    let altered = envelope
        .clone()
        .with_template(template("{{ .password }}@evil"))
        .unwrap();
    assert!(matches!(
        altered.open(&ring(&cluster)),
        Err(OpenError::TemplateUntrusted { .. })
    ));
    let mut stripped = wire(&envelope);
    stripped.spec.data_keys[0].template_tag = None;
    assert!(matches!(
        parse(&stripped).open(&ring(&cluster)),
        Err(OpenError::TemplateUntrusted { .. })
    ));
    // The old data key goes on vouching: setting one value does not bless the attacker's template.
    let set = altered
        .set(&values(&[("password", "new")]), &to, &mut OsRng)
        .unwrap();
    assert!(matches!(
        set.open(&ring(&cluster)),
        Err(OpenError::TemplateUntrusted { .. })
    ));
    let unbound = SealRequest {
        binding: Binding::None,
        ..request(PAIRS)
    };
    let unbound = Envelope::seal(&unbound, &to, &mut OsRng)
        .unwrap()
        .with_template(template("x"))
        .unwrap();
    assert!(unbound.open(&ring(&cluster)).is_ok());
}

#[test]
fn tags_that_were_taken_off_do_not_make_a_new_value_unbound() {
    let cluster = identity(Suite::X25519);
    let to = [named("prod", &cluster)];
    let mut stripped = wire(&sealed(&[("username", "shop")], &to));
    stripped.spec.data_keys[0].template_tag = None;
    let set = parse(&stripped)
        .set(&values(&[("username", "new")]), &to, &mut OsRng)
        .unwrap();
    let altered = set.with_template(template("{{ .username }}@evil")).unwrap();
    assert!(matches!(
        altered.open(&ring(&cluster)),
        Err(OpenError::TemplateUntrusted { .. })
    ));
}

#[test]
fn two_clusters_cannot_be_shown_different_values() {
    let (a, b) = (identity(Suite::X25519), identity(Suite::X25519));
    let first = wire(&sealed(PAIRS, &[named("a", &a), named("b", &b)]));
    let second = wire(&sealed(PAIRS, &[named("a", &a), named("b", &b)]));
    let mut mixed = first.clone();
    mixed.spec.data_keys[0].closed_for[1] = second.spec.data_keys[0].closed_for[1].clone();
    assert!(parse(&mixed).open(&ring(&a)).is_ok());
    assert!(matches!(
        parse(&mixed).open(&ring(&b)),
        Err(OpenError::CommitmentMismatch { .. })
    ));
}

#[test]
fn nobody_to_close_for_and_too_large_values_are_refused() {
    let cluster = identity(Suite::X25519);
    assert!(matches!(
        Envelope::seal(&request(PAIRS), &[], &mut OsRng),
        Err(SealError::NoRecipients)
    ));
    let mut large = request(PAIRS);
    large.values.insert(
        "big".parse().unwrap(),
        Plaintext::new(vec![0; 1024 * 1024 + 1]),
    );
    let error = Envelope::seal(&large, &[named("prod", &cluster)], &mut OsRng).unwrap_err();
    assert!(matches!(error, SealError::ValueTooLarge { .. }), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes_round_trip(contents in proptest::collection::btree_map("[a-zA-Z0-9_-]{1,20}", proptest::collection::vec(any::<u8>(), 0..200), 1..6)) {
        let cluster = identity(Suite::X25519);
        let contents: BTreeMap<KeyName, Plaintext> =
            contents.into_iter().filter(|(k, _)| k != "url").map(|(k, v)| (k.parse().unwrap(), Plaintext::new(v))).collect();
        let made = SealRequest { values: contents, ..request(&[]) };
        let envelope = Envelope::seal(&made, &[named("prod", &cluster)], &mut OsRng).unwrap();
        let opened = parse(&wire(&envelope)).open(&ring(&cluster)).unwrap();
        prop_assert_eq!(opened.values(), &made.values);
    }

    #[test]
    fn one_changed_character_never_opens_to_something_else(at in any::<prop::sample::Index>(), to in "[A-Za-z0-9_-]") {
        let cluster = identity(Suite::X25519);
        let mut changed = wire(&sealed(&[("password", "hunter2")], &[named("prod", &cluster)]));
        let text = changed.spec.data.get_mut("password").unwrap();
        let at = at.index(text.len());
        let before = text.clone();
        text.replace_range(at..=at, &to);
        prop_assume!(*text != before);
        let opened = Envelope::try_from(&changed).ok().and_then(|envelope| envelope.open(&ring(&cluster)).ok());
        prop_assert!(opened.is_none());
    }
}
