//! The Secret of `--export-age-secret`.

use super::*;

const TARGET: &str = "/api/v1/namespaces/flux-system/secrets/sops-age";
const ENTRY: &str = "by-hand.agekey";

impl Bench {
    /// A bench with one key, whose keeper exports.
    fn exporting() -> Self {
        let mut bench = Self::new(&[asked("by-hand")]);
        let target = "flux-system/sops-age".parse().expect("a target");
        bench.keeper = bench.keeper.with_export(Some(target));
        bench
    }

    fn exported(&self) -> Value {
        self.stand.server(|server| server.objects[TARGET].clone())
    }

    /// Changes the exported Secret as somebody else does.
    fn meddle(&self, edit: impl FnOnce(&mut Value)) {
        self.stand.server(|server| {
            let mut secret = server.objects[TARGET].clone();
            edit(&mut secret);
            secret["metadata"]["resourceVersion"] = json!("of somebody else");
            server.objects.insert(TARGET.to_owned(), secret);
        });
    }

    /// Writes about the exported Secret since the last call: the method, or the reason of the Event.
    fn writes(&self) -> Vec<String> {
        self.stand.server(|server| {
            let asked = std::mem::take(&mut server.asked).into_iter();
            let about = asked.filter(|(method, path, _)| {
                path.contains("/namespaces/flux-system/") && method != Method::GET
            });
            about
                .map(|(method, _, sent)| match sent["reason"].as_str() {
                    Some(reason) => reason.to_owned(),
                    None => method.to_string(),
                })
                .collect()
        })
    }
}

#[tokio::test]
async fn nothing_is_exported_that_nobody_asked_for() {
    let mut bench = Bench::new(&[asked("by-hand")]);
    bench.settle().await;
    assert_eq!(bench.writes(), Vec::<String>::new());
}

#[tokio::test]
async fn a_key_is_exported_before_anybody_can_close_for_it() {
    let mut bench = Bench::exporting();
    bench.settle().await;
    let secret = bench.exported();
    let owner = &secret["metadata"]["ownerReferences"][0];
    assert_eq!(owner["kind"], "SealingKey");
    assert_eq!(owner["uid"], "uid-of-by-hand");
    let labels = &secret["metadata"]["labels"];
    assert_eq!(labels["app.kubernetes.io/managed-by"], "bulla");
    assert_eq!(labels["reconcile.fluxcd.io/watch"], "Enabled");
    let text = secret["data"][ENTRY].as_str().expect("the key is there");
    let text = String::from_utf8(STANDARD.decode(text).expect("base64")).expect("UTF-8");
    let identities = bulla_core::recipient::parse_identity_file(&text).expect("identities");
    let public = bench.key("by-hand")["status"]["publicKey"].clone();
    assert_eq!(public, identities[0].recipient().as_str());
    let (exported, announced) = bench.stand.server(|server| {
        let place = |wanted: &str, field: &str| {
            let mut asked = server.asked.iter();
            asked.position(|(method, path, sent)| {
                method != Method::GET && path.starts_with(wanted) && !sent[field].is_null()
            })
        };
        let collection = TARGET.trim_end_matches("/sops-age");
        (
            place(collection, "data"),
            place(&format!("{KEYS}/by-hand/status"), "status"),
        )
    });
    assert!(
        exported.is_some() && exported < announced,
        "{exported:?} {announced:?}"
    );
}

#[tokio::test]
async fn what_is_right_is_not_written_again_and_what_others_change_is_put_right() {
    let mut bench = Bench::exporting();
    bench.settle().await;
    assert_eq!(bench.writes(), ["POST", "Exported"]);
    let right = bench.exported()["data"].clone();
    bench.settle().await;
    assert_eq!(bench.writes(), Vec::<String>::new());

    bench.meddle(|secret| secret["data"]["another.agekey"] = json!("aHVudGVyMg=="));
    bench.settle().await;
    assert_eq!(bench.exported()["data"], right);
    assert_eq!(bench.writes(), ["PATCH", "Exported"]);

    bench.meddle(|secret| secret["data"] = Value::Null);
    bench.settle().await;
    assert_eq!(bench.exported()["data"], right);
    bench.stand.server(|server| server.objects.remove(TARGET));
    bench.settle().await;
    assert_eq!(bench.exported()["data"], right);
}

#[tokio::test]
async fn a_compromised_key_leaves_at_once_and_its_successor_takes_its_place() {
    let mut bench = Bench::exporting();
    bench.settle().await;
    bench.edit(|key| {
        key["spec"]["state"] = json!("Compromised");
        key["metadata"]["generation"] = json!(2);
    });
    // One look is enough; the next one makes a new key.
    let _ = bench.keeper.pass().await;
    assert_eq!(bench.exported()["data"], json!({}));
    bench.settle().await;
    let data = bench.exported()["data"].clone();
    let entries: Vec<_> = data.as_object().expect("data").keys().collect();
    assert_eq!(entries.len(), 1, "{entries:?}");
    assert!(entries[0].starts_with("key-") && entries[0].ends_with(".agekey"));
    let text = serde_json::to_string(&bench.exported()["metadata"]).expect("JSON");
    assert!(!text.contains("uid-of-by-hand"), "{text}");
}

#[tokio::test]
async fn a_secret_of_others_is_left_as_it_is_and_told_of_once() {
    let mut bench = Bench::exporting();
    let foreign = json!({
        "metadata": {"name": "sops-age", "uid": "f", "resourceVersion": "1", "labels": {
            "app.kubernetes.io/managed-by": "bulla",
        }, "ownerReferences": [{
            "apiVersion": "bulla.dev/v1alpha1", "kind": "SealingKey", "name": "by-hand", "uid": "x",
        }]},
        "data": {"mine.agekey": "aHVudGVyMg=="},
    });
    bench
        .stand
        .server(|server| server.objects.insert(TARGET.to_owned(), foreign.clone()));
    bench.settle().await;
    assert_eq!(bench.exported(), foreign);
    assert_eq!(bench.key("by-hand")["status"]["closes"], true);
    assert_eq!(bench.writes(), ["NotOwned"]);
    bench.settle().await;
    assert_eq!(bench.writes(), Vec::<String>::new());
}

#[tokio::test]
async fn a_secret_that_a_controller_keeps_or_that_has_a_type_gets_no_key() {
    type Edit = fn(&mut Value);
    let edits: [Edit; 2] = [
        |secret| {
            let owners = secret["metadata"]["ownerReferences"].as_array_mut();
            owners.expect("owners").push(json!({
                "apiVersion": "v1", "kind": "X", "name": "x", "uid": "x", "controller": true,
            }));
        },
        |secret| secret["type"] = json!("kubernetes.io/dockerconfigjson"),
    ];
    for edit in edits {
        let mut bench = Bench::exporting();
        bench.settle().await;
        bench.meddle(|secret| {
            edit(secret);
            secret["data"] = json!({});
        });
        bench.writes();
        bench.settle().await;
        assert_eq!(bench.writes(), ["NotOwned"]);
        assert_eq!(bench.exported()["data"], json!({}));
    }
}

#[tokio::test]
async fn annotations_of_others_are_taken_away() {
    let mut bench = Bench::exporting();
    bench.settle().await;
    bench.meddle(|secret| secret["metadata"]["annotations"] = json!({"mirror/to": "everywhere"}));
    bench.settle().await;
    let annotations = bench.exported()["metadata"]["annotations"].clone();
    assert!(annotations["mirror/to"].is_null(), "{annotations}");
}
