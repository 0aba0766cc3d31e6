use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bulla_core::recipient::Suite;
use rand_core::OsRng;
use serde_json::{Value, json};

use super::*;

const NOW: Timestamp = Timestamp(1_800_000_000);

fn identity() -> Identity {
    Identity::generate(Suite::X25519, &mut OsRng)
}

fn secret(uid: &str, identity: &Identity, metadata: Value) -> Arc<KeySecret> {
    let mut metadata = metadata;
    metadata["name"] = json!(format!("secret-{uid}"));
    metadata["uid"] = json!(uid);
    metadata["resourceVersion"] = json!("1");
    metadata["creationTimestamp"] = json!("2026-11-21T12:00:00Z");
    let secret = json!({"metadata": metadata, "data": {
        "identity": STANDARD.encode(identity.expose_text().as_bytes()),
        "recipient": STANDARD.encode(identity.recipient().as_str()),
    }});
    Arc::new(serde_json::from_value(secret).expect("a key Secret"))
}

fn key(status: Value) -> Arc<SeenSealingKey> {
    let key = json!({
        "metadata": {"name": "k", "uid": "key-uid", "resourceVersion": "1", "creationTimestamp": "2026-11-21T12:00:00Z"},
        "spec": {"suite": "X25519", "state": "Active"},
        "status": status,
    });
    Arc::new(serde_json::from_value(key).expect("a SealingKey"))
}

fn look(key: Arc<SeenSealingKey>, secrets: &[Arc<KeySecret>], restore: bool) -> Found {
    let found = find(vec![key], secrets, &mut Identities::default(), restore, NOW);
    found.into_iter().next().expect("as many as there are keys")
}

fn fault(found: &Found) -> Option<Fault> {
    match &found.half {
        Half::Faulty(fault) => Some(*fault),
        _ => None,
    }
}

#[test]
fn a_key_is_bound_by_uid_and_not_by_name_or_label() {
    let identity = identity();
    let status =
        json!({"secret": {"name": "secret-a", "uid": "a"}, "notBefore": "2026-11-21T12:00:00Z"});
    let labelled = json!({"labels": {"bulla.dev/sealing-key": "k"}});
    let found = look(
        key(status.clone()),
        &[secret("a", &identity, labelled.clone())],
        false,
    );
    assert_eq!(found.standing, Some(Standing::Closes));
    assert_eq!(ring(&[found]).len(), 1);
    let found = look(
        key(status),
        &[secret("b", &identity, labelled.clone())],
        false,
    );
    assert_eq!(fault(&found), Some(Fault::SecretMissing));
    let found = look(key(json!({})), &[secret("b", &identity, labelled)], false);
    assert!(matches!(found.half, Half::Unbound));
}

#[test]
fn a_secret_that_was_made_for_the_key_completes_it() {
    let identity = identity();
    let made = json!({"annotations": {"bulla.dev/sealing-key-uid": "key-uid"}});
    let found = look(key(json!({})), &[secret("a", &identity, made)], false);
    assert!(found.bound().is_some());
}

#[test]
fn a_restore_binds_by_label_when_the_public_key_is_the_same() {
    let (ours, other) = (identity(), identity());
    let labelled = json!({"labels": {"bulla.dev/sealing-key": "k"}});
    let status = json!({
        "secret": {"name": "gone", "uid": "gone"}, "publicKey": ours.recipient().as_str(),
        "notBefore": "2026-11-21T12:00:00Z",
    });
    let found = look(
        key(status.clone()),
        &[secret("a", &ours, labelled.clone())],
        true,
    );
    assert!(found.bound().is_some());
    let found = look(key(status), &[secret("a", &other, labelled)], true);
    assert_eq!(fault(&found), Some(Fault::PublicKeyMismatch));
}

#[test]
fn what_was_retired_is_not_restored() {
    let labelled = json!({"labels": {"bulla.dev/sealing-key": "k"}, "annotations": {"bulla.dev/sealing-key-state": "Retired"}});
    let found = look(key(json!({})), &[secret("a", &identity(), labelled)], true);
    assert!(matches!(found.half, Half::Unbound));
}

#[test]
fn a_restore_brings_a_compromised_key_back_as_nothing_else() {
    let noted = json!({"labels": {"bulla.dev/sealing-key": "k"}, "annotations": {"bulla.dev/sealing-key-state": "Compromised"}});
    let secret = secret("a", &identity(), noted);
    let found = look(key(json!({})), std::slice::from_ref(&secret), true);
    assert!(matches!(found.half, Half::Unbound));
    let mut compromised = SeenSealingKey::clone(&key(json!({})));
    compromised.spec =
        serde_json::from_value(json!({"suite": "X25519", "state": "Compromised"})).ok();
    let found = look(Arc::new(compromised), &[secret], true);
    assert!(found.bound().is_some() && ring(&[found]).is_empty());
}

#[test]
fn a_public_key_that_is_not_the_private_ones_is_refused() {
    let (ours, other) = (identity(), identity());
    let status = json!({"secret": {"name": "secret-a", "uid": "a"}, "publicKey": other.recipient().as_str()});
    let found = look(key(status), &[secret("a", &ours, json!({}))], false);
    assert_eq!(fault(&found), Some(Fault::PublicKeyMismatch));
    assert!(ring(&[found]).is_empty());
}

#[test]
fn a_key_from_the_future_does_not_open() {
    let identity = identity();
    let status =
        json!({"secret": {"name": "secret-a", "uid": "a"}, "notBefore": "2099-01-01T00:00:00Z"});
    let found = look(key(status), &[secret("a", &identity, json!({}))], false);
    assert_eq!(found.standing, Some(Standing::FromTheFuture));
    assert!(ring(&[found]).is_empty());
}

#[test]
fn an_rsa_key_waits_for_its_support() {
    let mut seen = SeenSealingKey::clone(&key(json!({})));
    seen.spec = serde_json::from_value(json!({"suite": "RSA", "state": "Active"})).ok();
    assert_eq!(
        fault(&look(Arc::new(seen), &[], false)),
        Some(Fault::SuiteUnsupported)
    );
}
