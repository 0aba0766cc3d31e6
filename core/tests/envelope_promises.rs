//! What the caller of an envelope can rely on: whose values are sealed anew, what opening took, what is limited.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use bulla_core::envelope::{
    Binding, Envelope, NamedRecipient, Opened, OutputTemplate, SealError, SealRequest,
};
use bulla_core::names::KeyName;
use bulla_core::plaintext::Plaintext;
use bulla_core::recipient::{Identity, KeyRing, Suite};
use bulla_core::scope::Scope;
use rand_core::OsRng;

const PAIRS: &[(&str, &str)] = &[("username", "shop"), ("password", "hunter2")];

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
    let entry = |(k, v): &(&str, &str)| (k.parse().unwrap(), Plaintext::from(v.as_bytes()));
    pairs.iter().map(entry).collect()
}

fn request(pairs: &[(&str, &str)]) -> SealRequest {
    SealRequest {
        namespace: "shop".parse().unwrap(),
        name: "db".parse().unwrap(),
        scope: Scope::Strict,
        values: values(pairs),
        template: OutputTemplate::default(),
        binding: Binding::Template,
    }
}

fn sealed(pairs: &[(&str, &str)], to: &[NamedRecipient]) -> Envelope {
    Envelope::seal(&request(pairs), to, &mut OsRng).unwrap()
}

#[test]
fn only_its_own_values_are_sealed_anew() {
    let cluster = identity(Suite::X25519);
    let to = [named("prod", &cluster)];
    let envelope = sealed(PAIRS, &to);
    let other = sealed(PAIRS, &to);
    let fails = |opened: &Opened| {
        let resealed = envelope.reseal(opened, &to, &mut OsRng);
        matches!(resealed, Err(SealError::NotItsValues))
    };
    // Those of another envelope at the same place, and some of its own.
    assert!(fails(&other.open(&ring(&cluster)).unwrap()));
    let key = "password".parse().unwrap();
    assert!(fails(&envelope.open_only(&key, &ring(&cluster)).unwrap()));
    assert!(!fails(&envelope.open(&ring(&cluster)).unwrap()));
}

#[test]
fn private_operations_are_counted_also_of_a_failure() {
    let (cluster, other) = (identity(Suite::X25519), identity(Suite::X25519));
    let to = [named("prod", &cluster)];
    let two = sealed(PAIRS, &to)
        .set(&values(&[("password", "new")]), &to, &mut OsRng)
        .unwrap();
    let operations = |envelope: &Envelope, key: &Identity| {
        let mut operations = 0;
        let opened = envelope.open_counted(&ring(key), &mut operations);
        (operations, opened.is_ok())
    };
    assert_eq!(operations(&two, &cluster), (2, true));
    assert_eq!(operations(&two, &other), (0, false));
    // At another place the first data key is enough to tell.
    let moved = Envelope::new(
        "elsewhere".parse().unwrap(),
        two.name().clone(),
        two.scope(),
        two.data_keys().to_vec(),
        two.data().clone(),
        two.template().clone(),
    );
    assert_eq!(operations(&moved.unwrap(), &cluster), (1, false));
    // The first data key is of this place, and the second one of another.
    let here = sealed(&[("username", "shop")], &to);
    let there = SealRequest {
        name: "other".parse().unwrap(),
        ..request(&[("password", "hunter2")])
    };
    let there = Envelope::seal(&there, &to, &mut OsRng).unwrap();
    let mixed = Envelope::new(
        here.namespace().clone(),
        here.name().clone(),
        here.scope(),
        [here.data_keys(), there.data_keys()].concat(),
        here.data()
            .iter()
            .chain(there.data())
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect(),
        here.template().clone(),
    );
    assert_eq!(operations(&mixed.unwrap(), &cluster), (2, false));
}

#[test]
fn templated_keys_are_limited() {
    let cluster = identity(Suite::X25519);
    let envelope = sealed(PAIRS, &[named("prod", &cluster)]);
    let with = |count: usize| {
        let data = (0..count).map(|n| (format!("t{n}").parse().unwrap(), "{{ .password }}".into()));
        let (labels, annotations) = (BTreeMap::new(), BTreeMap::new());
        let template = OutputTemplate::new(None, None, labels, annotations, data.collect());
        envelope.clone().with_template(template.unwrap())
    };
    assert!(with(256).is_ok());
    let error = with(257).unwrap_err();
    assert_eq!(error.to_string(), "too many templated keys: at most 256");
}
