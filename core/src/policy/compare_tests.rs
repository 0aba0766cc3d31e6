//! Changes as a table: rotation, edits, and what somebody might try to hide.

use rand_core::OsRng;

use super::*;
use crate::policy::fixtures::{named, sealed, someone, template, values};
use crate::recipient::Suite;
use crate::scope::Scope;

#[test]
fn a_rotation_of_recipients_proves_that_no_value_changed() {
    let (old, new, safe) = (
        someone("prod", Suite::X25519),
        someone("prod", Suite::MlKem768X25519),
        someone("safe", Suite::X25519),
    );
    let before = sealed(&["password", "user"], Scope::Strict, &[&old, &safe]);
    let after = before
        .rewrap(&old.ring, &named(&[&new, &safe]))
        .unwrap()
        .envelope;
    let comparison = compare(&before, &after);
    assert!(comparison.only_recipients_changed() && !comparison.is_empty());
    assert!(
        comparison
            .values
            .values()
            .all(|change| *change == ValueChange::Untouched)
    );
    let change = &comparison.data_keys[0];
    assert_eq!(change.presence, Presence::Kept);
    assert_eq!(
        change.added[0].fingerprint,
        new.named.recipient.fingerprint()
    );
    assert_eq!(
        change.removed[0].fingerprint,
        old.named.recipient.fingerprint()
    );
    assert!(change.forgotten.is_empty() && change.rewrapped.is_empty());
    assert!(compare(&before, &before).is_empty());
}

#[test]
fn values_are_told_apart() {
    let prod = someone("prod", Suite::X25519);
    let before = sealed(&["password", "user", "old"], Scope::Strict, &[&prod]);
    let after = before
        .clone()
        .set(&values(&["password", "new"]), &named(&[&prod]), &mut OsRng)
        .and_then(|envelope| Ok(envelope.unset(&["old".parse().unwrap()].into())?))
        .unwrap();
    let comparison = compare(&before, &after);
    let changes: Vec<_> = comparison
        .values
        .iter()
        .map(|(key, change)| (key.as_str(), *change))
        .collect();
    assert_eq!(
        changes,
        [
            ("new", ValueChange::Added),
            ("old", ValueChange::Removed),
            ("password", ValueChange::Resealed),
            ("user", ValueChange::Untouched)
        ]
    );
    assert_eq!(comparison.data_keys.len(), 1);
    assert_eq!(comparison.data_keys[0].presence, Presence::New);
    assert!(!comparison.no_value_changed());
}

#[test]
fn resealing_changes_every_value() {
    let prod = someone("prod", Suite::X25519);
    let before = sealed(&["a", "b"], Scope::Strict, &[&prod]);
    let after = before
        .reseal(
            &before.open(&prod.ring).unwrap(),
            &named(&[&prod]),
            &mut OsRng,
        )
        .unwrap();
    let comparison = compare(&before, &after);
    assert!(
        comparison
            .values
            .values()
            .all(|change| *change == ValueChange::Resealed)
    );
    let presences: Vec<_> = comparison
        .data_keys
        .iter()
        .map(|key| key.presence)
        .collect();
    assert_eq!(presences, [Presence::Gone, Presence::New]);
}

#[test]
fn another_template_or_place_is_no_rotation() {
    let prod = someone("prod", Suite::X25519);
    let before = sealed(&["password"], Scope::Strict, &[&prod]);
    let after = before
        .clone()
        .with_template(template("{{ .password }}!"))
        .unwrap();
    let comparison = compare(&before, &after);
    assert_eq!(comparison.template, ["data.url"]);
    assert!(comparison.no_value_changed() && !comparison.only_recipients_changed());
    let moved = sealed(&["password"], Scope::Cluster, &[&prod]);
    assert!(compare(&before, &moved).place.is_some());
}

#[test]
fn an_id_that_stands_for_another_data_key_is_seen() {
    let (prod, mallory) = (
        someone("prod", Suite::X25519),
        someone("mallory", Suite::X25519),
    );
    let before = sealed(&["password"], Scope::Strict, &[&prod]);
    let planted = sealed(&["password"], Scope::Strict, &[&mallory]);
    let mut entries = planted.data_keys().to_vec();
    entries[0].id = before.data_keys()[0].id.clone();
    let data = before.data().clone();
    let (namespace, name) = (before.namespace().clone(), before.name().clone());
    let after = Envelope::new(
        namespace,
        name,
        before.scope(),
        entries,
        data,
        before.template().clone(),
    )
    .unwrap();
    let comparison = compare(&before, &after);
    assert!(comparison.data_keys[0].replaced && !comparison.no_value_changed());
}

#[test]
fn a_former_recipient_that_was_taken_out_is_seen() {
    let (prod, left) = (
        someone("prod", Suite::X25519),
        someone("bob", Suite::X25519),
    );
    let both = sealed(&["password"], Scope::Strict, &[&prod, &left]);
    let without = both.rewrap(&prod.ring, &named(&[&prod])).unwrap().envelope;
    let mut entries = without.data_keys().to_vec();
    entries[0].formerly.clear();
    let (namespace, name) = (both.namespace().clone(), both.name().clone());
    let silent = Envelope::new(
        namespace,
        name,
        both.scope(),
        entries,
        both.data().clone(),
        both.template().clone(),
    )
    .unwrap();
    for before in [&both, &without] {
        let comparison = compare(before, &silent);
        assert_eq!(comparison.data_keys[0].forgotten[0].name.as_str(), "bob");
    }
    assert!(compare(&both, &without).data_keys[0].forgotten.is_empty());
}
