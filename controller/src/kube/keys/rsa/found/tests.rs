use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bulla_core::sealed_secrets::{CertificateRequest, RsaPrivateKey};
use rand_core::OsRng;
use serde_json::{Value, json};

use super::super::parsed::Parsed;
use super::*;

const NOW: Timestamp = Timestamp(1_795_262_400);

/// PEM of two private keys.
fn keys() -> &'static [String; 2] {
    static KEYS: OnceLock<[String; 2]> = OnceLock::new();
    let key = || {
        let key = RsaPrivateKey::generate(2048).expect("a key");
        key.expose_pem().expect("its text").to_string()
    };
    KEYS.get_or_init(|| [key(), key()])
}

/// A key Secret of one of them, valid from so many seconds ago; `more` is merged into its metadata.
fn secret(uid: &str, key: usize, age: i64, label: &str, annotations: Value) -> Arc<RsaKeySecret> {
    let pem = &keys()[key];
    let private = RsaPrivateKey::from_pem(pem.as_bytes()).expect("a key");
    let request = CertificateRequest {
        common_name: String::new(),
        not_before: Timestamp(NOW.0 - age),
        not_after: NOW.plus(1_000_000),
    };
    let certificate = request.sign(&private, &mut OsRng).expect("a certificate");
    let json = json!({
        "metadata": {
            "name": format!("sealed-secrets-key{uid}"), "uid": uid, "resourceVersion": "1",
            "creationTimestamp": "2026-11-21T12:00:00Z", "annotations": annotations,
            "labels": {"sealedsecrets.bitnami.com/sealed-secrets-key": label},
        },
        "data": {"tls.key": STANDARD.encode(pem), "tls.crt": STANDARD.encode(certificate.to_pem())},
    });
    Arc::new(serde_json::from_value(json).expect("a Secret"))
}

fn active(uid: &str, key: usize) -> Arc<RsaKeySecret> {
    secret(uid, key, 100, "active", json!({}))
}

fn sealing_key(name: &str, state: &str, status: Value) -> Arc<SeenSealingKey> {
    let json = json!({
        "metadata": {"name": name, "uid": format!("uid-{name}")},
        "spec": {"suite": "RSA", "bits": 2048, "state": state},
        "status": status,
    });
    Arc::new(serde_json::from_value(json).expect("a SealingKey"))
}

/// What the status of a key says that was bound to `secret`.
fn bound_to(secret: &RsaKeySecret) -> Value {
    let certificate = std::str::from_utf8(secret.tls_crt().expect("it has one"));
    json!({
        "publicKey": certificate.expect("it is PEM"),
        "secret": {"name": &*secret.name, "uid": &*secret.uid},
    })
}

fn seen(keys: &[Arc<SeenSealingKey>], secrets: &[Arc<RsaKeySecret>]) -> Seen {
    let pairs = Parsed::default().read(secrets);
    Seen {
        keys: keys.to_vec(),
        secrets: std::iter::zip(secrets.iter().cloned(), pairs)
            .map(|(secret, pair)| Held { secret, pair })
            .collect(),
        prefix: "sealed-secrets-key".to_owned(),
        order: KeyOrder::CertNotBefore,
    }
}

fn only(key: &Arc<SeenSealingKey>, secrets: &[Arc<RsaKeySecret>]) -> Found {
    seen(std::slice::from_ref(key), secrets).find(NOW).remove(0)
}

fn fault(found: &Found) -> Option<&Fault> {
    match &found.half {
        Half::Faulty(fault) => Some(fault),
        _ => None,
    }
}

#[test]
fn a_key_is_bound_by_uid_and_comes_back_only_as_the_same_key() {
    let (first, other) = (active("aaaaa", 0), active("bbbbb", 1));
    let key = sealing_key("sealed-secrets-keyaaaaa", "Active", bound_to(&first));
    let standing = only(&key, &[first.clone(), other.clone()]).standing;
    assert_eq!(standing, Some(Standing::Closes));
    // Another key under its name.
    let mut planted = RsaKeySecret::clone(&other);
    planted.name = first.name.clone();
    let found = only(&key, &[Arc::new(planted)]);
    assert_eq!(fault(&found), Some(&Fault::SecretMissing));
    // Another key in its Secret.
    let mut changed = RsaKeySecret::clone(&other);
    (changed.name, changed.uid) = (first.name.clone(), first.uid.clone());
    let found = only(&key, &[Arc::new(changed)]);
    assert_eq!(fault(&found), Some(&Fault::PublicKeyMismatch));
    assert!(ring(&[found]).is_empty());
    // The same key, restored: another uid and another name.
    let restored = active("ccccc", 0);
    let found = only(&key, &[restored]);
    assert_eq!(found.standing, Some(Standing::Closes));
}

#[test]
fn a_key_that_names_none_yet_has_the_secret_of_its_name() {
    let secret = active("aaaaa", 0);
    let own = sealing_key("sealed-secrets-keyaaaaa", "Active", json!({}));
    assert!(only(&own, std::slice::from_ref(&secret)).bound().is_some());
    let second = sealing_key("sealed-secrets-keyaaaaa-aaaaa", "Active", json!({}));
    assert!(
        only(&second, std::slice::from_ref(&secret))
            .bound()
            .is_some()
    );
    let other = sealing_key("by-hand", "Active", json!({}));
    let found = only(&other, std::slice::from_ref(&secret));
    assert_eq!(found.standing, Some(Standing::Wanted));
    // What is another's is nobody else's.
    let taker = sealing_key("taker", "Active", bound_to(&secret));
    let found = seen(&[own, taker], &[secret]).find(NOW);
    assert!(found[0].bound().is_none() && found[1].bound().is_some());
    assert_eq!(
        secret_name(&other, "sealed-secrets-key"),
        "sealed-secrets-keyuidby"
    );
    let named = sealing_key("sealed-secrets-keyx2y4z", "Active", json!({}));
    assert_eq!(
        secret_name(&named, "sealed-secrets-key"),
        "sealed-secrets-keyx2y4z"
    );
}

#[test]
fn a_label_takes_a_key_away_and_a_copy_of_it_too() {
    for (label, says_compromised) in [("compromised", true), ("inactive", false)] {
        let secret = secret("aaaaa", 0, 100, label, json!({}));
        let key = sealing_key("sealed-secrets-keyaaaaa", "Active", bound_to(&secret));
        let found = only(&key, &[secret]);
        assert_eq!(found.standing, Some(Standing::Idle), "{label}");
        assert_eq!(found.says_compromised, says_compromised);
        assert!(ring(&[found]).is_empty());
    }
    let (own, copy) = (
        active("aaaaa", 0),
        secret("bbbbb", 0, 100, "compromised", json!({})),
    );
    let key = sealing_key("sealed-secrets-keyaaaaa", "Active", bound_to(&own));
    let seen = seen(&[key], &[own, copy]);
    let found = seen.find(NOW);
    assert!(found[0].says_compromised);
    assert!(seen.orphans(&found).is_empty(), "a copy is no other key");
}

#[test]
fn what_is_adopted() {
    let noted = json!({"bulla.dev/sealing-key-state": "Retired"});
    let secrets = [
        active("aaaaa", 0),
        secret("bbbbb", 1, 100, "active", noted),
        secret("ccccc", 1, 100, "whatever", json!({})),
        secret("ddddd", 1, 100, "compromised", json!({})),
        secret("eeeee", 1, 100, "active", json!({})),
    ];
    let broken: RsaKeySecret = serde_json::from_value(json!({
        "metadata": {"name": "broken", "uid": "f", "resourceVersion": "1",
                     "labels": {"sealedsecrets.bitnami.com/sealed-secrets-key": "active"}},
        "data": {"tls.key": "AAAA"},
    }))
    .expect("a Secret");
    let all = |broken: &RsaKeySecret| [&secrets[..], &[Arc::new(broken.clone())]].concat();
    let seen = |keys: &[Arc<SeenSealingKey>], broken| super::tests::seen(keys, &all(broken));
    let names = |seen: &Seen| -> Vec<String> {
        let orphans = seen.orphans(&seen.find(NOW)).into_iter();
        orphans.map(|held| held.secret.uid.to_string()).collect()
    };
    assert_eq!(names(&seen(&[], &broken)), ["aaaaa", "ddddd", "f"]);
    // Each has its key now, and the malformed one is told of on its own.
    let keys = [
        "sealed-secrets-keyaaaaa",
        "sealed-secrets-keyddddd",
        "broken",
    ];
    let keys = keys.map(|name| sealing_key(name, "Active", json!({})));
    let again = seen(&keys, &broken);
    assert!(names(&again).is_empty());
    let found = again.find(NOW);
    let reason = fault(&found[2]).map(Fault::reason);
    assert_eq!(reason, Some("KeySecretMalformed"));
    let text = fault(&found[2])
        .map(ToString::to_string)
        .unwrap_or_default();
    assert_eq!(
        text,
        "its Secret `broken` can't be used: it has no `tls.crt`"
    );
    assert_eq!(for_rotation(&found).1.len(), 2, "it asks for no new key");
}

#[test]
fn a_certificate_from_the_future_opens_and_closes_nothing() {
    let secret = secret("aaaaa", 0, -100_000, "active", json!({}));
    let key = sealing_key("sealed-secrets-keyaaaaa", "Active", bound_to(&secret));
    let found = [only(&key, &[secret])];
    assert_eq!(found[0].standing, Some(Standing::FromTheFuture));
    assert_eq!((ring(&found).len(), closing(&found)), (1, None));
}
