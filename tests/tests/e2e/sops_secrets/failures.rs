//! What does not open keeps the last good Secrets, and says why.

use bulla_tests::Canary;
use serde_json::json;

use super::bench;

#[tokio::test]
async fn a_damaged_value_keeps_the_last_good_secret() {
    let bench = bench("sops-damaged").await;
    let canary = Canary::new();
    let templates = [
        json!({"name": "db", "stringData": {"password": canary.text()}}),
        json!({"name": "other", "stringData": {"token": "t"}}),
    ];
    let good = bench.deliver("secrets", &templates);
    bench.ready("secrets").await;
    let before = bench.secret("db", &[("password", canary.text())]).await;

    let mut bad = good.clone();
    let values = &mut bad["spec"]["secretTemplates"][0]["stringData"];
    let text = values["password"]
        .as_str()
        .expect("a ciphertext")
        .to_owned();
    values["password"] = json!(text.replacen("data:", "data:AAAA", 1));
    bad["spec"]["secretTemplates"]
        .as_array_mut()
        .expect("a list")
        .remove(1);
    bench.cluster.apply(&bad.to_string());
    let refused = bench.refused("secrets", "Damaged").await;
    let message = super::condition(&refused, "Ready")["message"].to_string();
    assert!(
        message.contains("spec.secretTemplates[0].stringData.password"),
        "{message}"
    );
    // Nothing is removed either while it does not open.
    let after = bench.secret("db", &[("password", canary.text())]).await;
    assert_eq!(
        before.metadata.resource_version,
        after.metadata.resource_version
    );
    bench.secret("other", &[("token", "t")]).await;

    let mut plain = good.clone();
    plain["spec"]["secretTemplates"][0]["stringData"]["password"] = json!(canary.text());
    bench.cluster.apply(&plain.to_string());
    bench.refused("secrets", "NotSealed").await;
    let status = bench.resources.get("secrets").await.expect("it is there");
    canary.assert_absent("the status", status.data["status"].to_string());

    bench.cluster.apply(&good.to_string());
    bench.ready("secrets").await;
    canary.assert_absent("the log", super::shared().controller.log());
}

#[tokio::test]
async fn types_that_give_rights_and_names_that_are_none_are_refused() {
    let bench = bench("sops-refused").await;
    let token = json!({
        "name": "token", "type": "kubernetes.io/service-account-token",
        "annotations": {"kubernetes.io/service-account.name": "default"}, "stringData": {"x": "y"},
    });
    let db = json!({"name": "db", "stringData": {"password": "x"}});
    bench.deliver("token", &[db.clone(), token]);
    bench.refused("token", "TypeRefused").await;
    let label = json!({"name": "key", "labels": {"bulla.dev/age-identities": "x"}, "stringData": {"x": "y"}});
    bench.deliver("label", &[label]);
    bench.refused("label", "Malformed").await;
    bench.deliver("twice", &[db.clone(), db]);
    bench.refused("twice", "Malformed").await;
    assert!(bench.names().await.is_empty(), "all or nothing");
}
