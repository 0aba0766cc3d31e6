//! The keeper against a stand-in for the API server; the end-to-end tests have the real one.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bulla_core::sealed_secrets::LegacyData;
use http::Method;
use serde_json::{Value, json};

use super::*;
use crate::kube::keys::store;
use crate::kube::stand_in::Stand;

mod export;

const KEYS: &str = "/apis/bulla.dev/v1alpha1/sealingkeys";
const SECRETS: &str = "/api/v1/namespaces/bulla-system/secrets";

struct Bench {
    stand: Stand,
    keeper: Keeper,
    /// The keeper follows it for as long as it is there.
    _leading: watch::Sender<bool>,
}

/// A `SealingKey` that somebody has just made.
fn asked(name: &str) -> Value {
    json!({
        "metadata": {"name": name, "uid": format!("uid-of-{name}"), "generation": 1,
                     "creationTimestamp": "2026-11-21T12:00:00Z"},
        "spec": {"suite": "X25519", "state": "Active"},
    })
}

impl Bench {
    fn new(keys: &[Value]) -> Self {
        let stand = Stand::new();
        stand.put(&stand.cluster.sealing_keys, KEYS, keys);
        stand.put(&stand.cluster.key_secrets, SECRETS, &[]);
        let policy = Policy {
            suite: bulla_core::recipient::Suite::X25519,
            ..Policy::default()
        };
        let (leading_sender, leading) = watch::channel(true);
        let check = Duration::from_secs(600);
        let changed = Arc::default();
        let publisher = Arc::new(Publisher::new((false, false), LegacyData::Accept).0);
        let keeper = Keeper::new(
            stand.cluster.clone(),
            publisher,
            policy,
            check,
            leading,
            changed,
        );
        Self {
            stand,
            keeper,
            _leading: leading_sender,
        }
    }

    /// Passes until there is nothing left to do at once; nothing of it waits for a watch or for time to pass.
    async fn settle(&mut self) {
        for _ in 0..10 {
            if self.keeper.pass().await != Ok(Duration::ZERO) {
                return;
            }
        }
        panic!("the keeper does not come to rest");
    }

    fn key(&self, name: &str) -> Value {
        self.stand
            .server(|server| server.objects[&format!("{KEYS}/{name}")].clone())
    }

    /// The Events since the last call: about which key, which type, which reason.
    fn events(&self) -> Vec<String> {
        self.stand.server(|server| {
            let asked = std::mem::take(&mut server.asked);
            let events = asked
                .into_iter()
                .filter(|(_, path, _)| path == "/apis/events.k8s.io/v1/namespaces/default/events");
            let told = events.map(|(_, _, event)| {
                assert_eq!(event["regarding"]["kind"], "SealingKey");
                let text = |value: &Value| value.as_str().expect("a text").to_owned();
                let (name, type_) = (text(&event["regarding"]["name"]), text(&event["type"]));
                format!("{name} {type_} {}", text(&event["reason"]))
            });
            told.collect()
        })
    }

    /// Changes a key as somebody else does, and lets the watch tell of it.
    fn edit(&self, edit: impl FnOnce(&mut Value)) {
        let keys: Vec<Value> = self.stand.server(|server| {
            edit(
                server
                    .objects
                    .get_mut(&format!("{KEYS}/by-hand"))
                    .expect("it is there"),
            );
            let keys = server
                .objects
                .iter()
                .filter(|(path, _)| path.starts_with(KEYS));
            keys.map(|(_, key)| key.clone()).collect()
        });
        self.stand
            .put(&self.stand.cluster.sealing_keys, KEYS, &keys);
    }

    /// Which keys were said to close or not to close, in the order of the writes.
    fn told(&self) -> Vec<(String, bool)> {
        self.stand.server(|server| {
            let told = server.asked.iter().filter_map(|(_, path, sent)| {
                let name = path.strip_prefix(KEYS)?.strip_suffix("/status")?;
                Some((
                    name.trim_matches('/').to_owned(),
                    sent["status"]["closes"].as_bool()?,
                ))
            });
            told.collect()
        })
    }
}

#[tokio::test]
async fn a_key_that_was_asked_for_has_its_finalizer_and_its_public_key_at_once() {
    let mut bench = Bench::new(&[asked("by-hand")]);
    bench.settle().await;
    let key = bench.key("by-hand");
    assert_eq!(key["metadata"]["finalizers"], json!([store::FINALIZER]));
    assert_eq!(key["status"]["closes"], true, "{key}");
    let made = bench.stand.server(|server| {
        let posts = server
            .asked
            .iter()
            .filter(|(method, path, _)| method == Method::POST && path == SECRETS);
        posts.count()
    });
    assert_eq!(made, 1);
}

/// A bench whose key `a` closes, and then `b` was asked for more than an hour later.
async fn with_a_successor_asked_for() -> Bench {
    let mut bench = Bench::new(&[asked("a")]);
    bench.settle().await;
    let secret = bench.key("a")["status"]["secret"]["name"].clone();
    let long_ago = json!("2026-01-01T00:00:00Z");
    let (secret, key) = bench.stand.server(|server| {
        let path = format!("{SECRETS}/{}", secret.as_str().expect("a name"));
        let mut secret = server.objects[&path].clone();
        // The stand-in keeps a Secret as it was sent.
        for field in ["identity", "recipient"] {
            let text = secret["stringData"][field].as_str().expect("it was sent");
            secret["data"][field] = json!(STANDARD.encode(text));
        }
        secret["metadata"]["annotations"]["bulla.dev/not-before"] = long_ago.clone();
        let mut key = server.objects[&format!("{KEYS}/a")].clone();
        key["status"]["notBefore"] = long_ago;
        (secret, key)
    });
    bench
        .stand
        .put(&bench.stand.cluster.key_secrets, SECRETS, &[secret]);
    let keys = [key, asked("b")];
    bench
        .stand
        .put(&bench.stand.cluster.sealing_keys, KEYS, &keys);
    bench.stand.server(|server| server.asked.clear());
    bench
}

#[tokio::test]
async fn a_successor_is_announced_before_the_key_before_it_stops_closing() {
    let mut bench = with_a_successor_asked_for().await;
    bench.settle().await;
    assert_eq!(
        bench.told(),
        [("b".to_owned(), true), ("a".to_owned(), false)]
    );
}

#[tokio::test]
async fn a_successor_that_cannot_be_announced_takes_nothing_away() {
    let mut bench = with_a_successor_asked_for().await;
    bench
        .stand
        .server(|server| server.failing = Some("/b/status"));
    while bench.keeper.pass().await == Ok(Duration::ZERO) {}
    assert_eq!(bench.key("a")["status"]["closes"], true);
    bench.stand.server(|server| server.failing = None);
    bench.settle().await;
    assert_eq!(bench.key("a")["status"]["closes"], false);
    assert_eq!(bench.key("b")["status"]["closes"], true);
}

#[tokio::test]
async fn retiring_and_deleting_a_key_does_not_make_room_for_another_request() {
    let mut bench = Bench::new(&[asked("first")]);
    bench.settle().await;
    let keys = &bench.stand.cluster.sealing_keys;
    let first = bench.key("first");
    bench
        .stand
        .put(keys, KEYS, &[first.clone(), asked("second")]);
    bench.settle().await;
    assert_eq!(bench.key("second")["status"]["closes"], true);

    // Its Secret stays.
    let mut claims_to_be_ours = asked("third");
    claims_to_be_ours["metadata"]["annotations"]["bulla.dev/made-by"] = json!("bulla-controller");
    let keys = &bench.stand.cluster.sealing_keys;
    bench.stand.put(keys, KEYS, &[first, claims_to_be_ours]);
    bench.settle().await;

    let third = bench.key("third");
    assert_eq!(third["status"]["publicKey"], Value::Null);
    assert_eq!(third["status"]["conditions"][0]["reason"], "RateLimited");
}

#[tokio::test]
async fn each_step_in_the_life_of_a_key_is_told_once() {
    let mut bench = with_a_successor_asked_for().await;
    bench.settle().await;
    let renewal = ["b Normal Made", "b Normal Closes", "a Normal Opens"];
    assert_eq!(bench.events(), renewal);
    bench.settle().await;
    assert_eq!(bench.events(), Vec::<String>::new());

    let mut bench = Bench::new(&[asked("by-hand")]);
    bench.settle().await;
    assert_eq!(
        bench.events(),
        ["by-hand Normal Made", "by-hand Normal Closes"]
    );
    bench.edit(|key| key["status"]["secret"]["uid"] = json!("another"));
    bench.keeper.policy.renew_period = 0;
    bench.keeper.policy.suite = bulla_core::recipient::Suite::MlKem768X25519;
    bench.settle().await;
    let events = bench.events();
    let lost = "by-hand Warning KeySecretMissing".to_owned();
    assert!(events.contains(&lost), "{events:?}");
}

#[tokio::test]
async fn a_compromised_key_goes_only_when_somebody_says_so_again() {
    let mut bench = Bench::new(&[asked("by-hand")]);
    bench.settle().await;
    let secret = bench.key("by-hand")["status"]["secret"]["name"].clone();
    bench.events();
    bench.edit(|key| {
        key["spec"]["state"] = json!("Compromised");
        key["metadata"]["generation"] = json!(2);
    });
    bench.settle().await;
    let events = bench.events();
    let told = "by-hand Warning Compromised".to_owned();
    assert!(events.contains(&told), "{events:?}");

    bench.edit(|key| key["metadata"]["deletionTimestamp"] = json!("2026-11-21T13:00:00Z"));
    bench.settle().await;
    let key = bench.key("by-hand");
    assert_eq!(key["metadata"]["finalizers"], json!([store::FINALIZER]));
    let condition = &key["status"]["conditions"][0];
    assert_eq!(condition["reason"], "DeletionWaits");
    let message = condition["message"].as_str().expect("a message");
    assert!(message.contains("delete-compromised"), "{message}");
    assert_eq!(bench.events(), ["by-hand Normal DeletionWaits"]);

    bench.edit(|key| {
        key["metadata"]["annotations"]["bulla.dev/delete-compromised"] = json!("true");
    });
    bench.settle().await;
    assert_eq!(bench.key("by-hand")["metadata"]["finalizers"], json!([]));
    assert_eq!(bench.events(), ["by-hand Normal Released"]);
    // The Secret stays, and remembers: a restore brings the key back as compromised.
    let secret = format!("{SECRETS}/{}", secret.as_str().expect("a name"));
    let noted = bench.stand.server(|server| server.objects[&secret].clone());
    let annotations = &noted["metadata"]["annotations"];
    assert_eq!(annotations["bulla.dev/sealing-key-state"], "Compromised");
}
