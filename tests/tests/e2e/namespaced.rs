//! A controller for some namespaces, with rights in those namespaces only: `deploy/namespaced`, as the docs have it.

use bulla_tests::{
    Cluster, Deployment, Options, Tenant,
    deployment::NAMESPACE,
    tenant::data,
    wait::{DEADLINE, eventually},
};
use k8s_openapi::api::events::v1::Event;
use kube::{Api, api::ListParams};
use serde_json::json;

const CONTROLLER: &str = "--as=system:serviceaccount:bulla-system:bulla-controller";

#[tokio::test]
async fn a_controller_for_some_namespaces_needs_no_secrets_of_the_others() {
    let cluster = Cluster::start(Options::default());
    let deployment = Deployment::install_from(&cluster, "deploy/namespaced");
    let watched = ["blog", "shop"].map(|prefix| cluster.fresh_namespace(prefix));
    let other = cluster.fresh_namespace("other");
    for namespace in &watched {
        cluster.kubectl_ok(&[
            "create",
            "rolebinding",
            "bulla-controller",
            "--clusterrole=bulla-controller-opener",
            "--serviceaccount=bulla-system:bulla-controller",
            "-n",
            namespace,
        ]);
    }
    let may = |verb: &str, what: &str, place: &[&str]| {
        let question = [&["auth", "can-i", verb, what, CONTROLLER], place].concat();
        cluster.kubectl(&question).status.success()
    };
    for namespace in watched.iter().map(String::as_str).chain([NAMESPACE]) {
        eventually("the binding is in force", DEADLINE, async || {
            may("list", "secrets", &["-n", namespace]).then_some(())
        })
        .await;
    }
    assert!(!may("list", "secrets", &["-A"]) && !may("get", "secrets", &["-n", &other]));

    let [blog, shop] = &watched;
    let controller = deployment.start(&[&format!("--watch-namespaces={shop},{blog},{shop}")]);

    for namespace in &watched {
        let tenant = Tenant::existing(&cluster, namespace).await;
        let draft = tenant.draft("db").value("password", "hunter2");
        assert_eq!(&data(&tenant.deliver(&draft).await), draft.values());
        let edit = json!({"stringData": {"password": "edited"}});
        tenant.intrude("intruder", "db", &edit).await;
        let healed = |secret: &_| &data(secret) == draft.values();
        tenant
            .until_secret("the edit is undone", "db", healed)
            .await;
        tenant.event("db", "Healed", "`intruder`").await;
        // Replacing takes a deletion.
        let sealed = tenant.seal(&draft.clone().of_type("example.org/other"));
        tenant.apply(&sealed).await;
        let replaced = |secret: &k8s_openapi::api::core::v1::Secret| {
            secret.type_.as_deref() == Some("example.org/other")
        };
        tenant.until_secret("it is replaced", "db", replaced).await;
    }
    assert_eq!(controller.get("/readyz").map(|(code, _)| code), Some(200));
    let events = Api::<Event>::namespaced(cluster.client().await, "default");
    eventually("an Event tells of the sealing key", DEADLINE, async || {
        let made = ListParams::default().fields("regarding.kind=SealingKey,reason=Made");
        (!events.list(&made).await.ok()?.items.is_empty()).then_some(())
    })
    .await;

    // What it is not bound for, it does not even ask about.
    let elsewhere = Tenant::existing(&cluster, &other).await;
    elsewhere
        .apply(&elsewhere.seal(&elsewhere.draft("db").value("password", "hunter2")))
        .await;
    let last = Tenant::existing(&cluster, shop).await;
    last.deliver(&last.draft("later").value("password", "hunter2"))
        .await;
    assert!(
        elsewhere
            .secrets
            .get_opt("db")
            .await
            .is_ok_and(|secret| secret.is_none())
    );
    let asked = cluster.audit_events().into_iter();
    let asked: Vec<_> = asked.filter(|event| controller.asked(event)).collect();
    assert!(asked.iter().any(|event| event.writes("secrets")));
    for event in &asked {
        assert_ne!(event.response_status.code, 403, "{event:?}");
        let object = event.object_ref.clone().unwrap_or_default();
        let known = watched.iter().map(String::as_str).chain([NAMESPACE]);
        assert!(
            object.resource != "secrets"
                || known.into_iter().any(|known| known == object.namespace),
            "{event:?}"
        );
    }
}
