//! What others do to a Secret is undone, as soon as it happens, and somebody is told who did it.

mod replacing;

use bulla_tests::{Draft, Tenant, tenant::data};
use kube::{
    ResourceExt,
    api::{DeleteParams, Patch, PatchParams},
};
use serde_json::json;

use super::tenant;

async fn delivered(prefix: &str) -> (Tenant, Draft) {
    let tenant = tenant(prefix).await;
    let draft = tenant
        .draft("db")
        .value("username", "shop")
        .value("password", "hunter2");
    tenant.deliver(&draft).await;
    (tenant, draft)
}

#[tokio::test]
async fn an_edited_value_is_put_back_and_the_event_names_who_edited_it() {
    let (tenant, draft) = delivered("edited").await;
    let before = tenant.secret("db").await;

    let edited = tenant
        .intrude(
            "intruder",
            "db",
            &json!({"stringData": {"password": "edited"}}),
        )
        .await;

    let healed = tenant
        .until_secret("the value is put back", "db", |secret| {
            &data(secret) == draft.values()
        })
        .await;
    assert_ne!(healed.resource_version(), edited.resource_version());
    assert_eq!(healed.uid(), before.uid(), "it is changed in place");
    let event = tenant.event("db", "Healed", "`intruder`").await;
    assert_eq!(event.type_.as_deref(), Some("Warning"));
    assert!(
        event
            .note
            .as_deref()
            .is_some_and(|note| note.contains("`password`") && !note.contains("`username`"))
    );
}

#[tokio::test]
async fn a_deleted_secret_comes_back() {
    let (tenant, draft) = delivered("deleted").await;
    let before = tenant.secret("db").await;

    tenant
        .secrets
        .delete("db", &DeleteParams::default())
        .await
        .expect("it can be deleted");

    let again = tenant
        .until_secret("it is there again", "db", |secret| {
            secret.uid() != before.uid()
        })
        .await;
    assert_eq!(&data(&again), draft.values());
    tenant.event("db", "Healed", "deleted").await;
}

#[tokio::test]
async fn an_added_key_goes_also_when_another_field_manager_owns_it() {
    let (tenant, draft) = delivered("added").await;

    // One by patch, one by server-side apply.
    tenant
        .intrude(
            "patcher",
            "db",
            &json!({"stringData": {"extra": "patched in"}}),
        )
        .await;
    let removed = |secret: &_| &data(secret) == draft.values();
    tenant
        .until_secret("the patched key is gone", "db", removed)
        .await;
    tenant.event("db", "Healed", "`patcher`").await;

    let applied = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db"}, "data": {"extra": "eA=="}});
    let applied = tenant
        .secrets
        .patch(
            "db",
            &PatchParams::apply("applier"),
            &Patch::Apply(&applied),
        )
        .await;
    applied.expect("it can be applied");
    tenant
        .until_secret("the applied key is gone", "db", removed)
        .await;
    let event = tenant.event("db", "Healed", "`applier`").await;
    assert!(
        event
            .note
            .as_deref()
            .is_some_and(|note| note.contains("`extra`"))
    );
}

#[tokio::test]
async fn a_removed_key_comes_back() {
    let (tenant, draft) = delivered("removed").await;

    tenant
        .intrude("intruder", "db", &json!({"data": {"username": null}}))
        .await;

    tenant
        .until_secret("the key is there again", "db", |secret| {
            &data(secret) == draft.values()
        })
        .await;
    tenant.event("db", "Healed", "`username`").await;
}

#[tokio::test]
async fn removed_labels_come_back_and_labels_of_others_stay() {
    let tenant = tenant("labels").await;
    let draft = tenant
        .draft("db")
        .value("password", "hunter2")
        .label("app", "shop")
        .annotation("note", "kept");
    tenant.deliver(&draft).await;

    let change = json!({"metadata": {
        "labels": {"app": "edited", "team": "blue", "app.kubernetes.io/managed-by": null},
        "annotations": {"note": null, "other": "theirs"},
    }});
    tenant.intrude("labeller", "db", &change).await;

    let healed = tenant
        .until_secret("the labels are put back", "db", |secret| {
            secret.labels().get("app").is_some_and(|app| app == "shop")
        })
        .await;
    assert_eq!(healed.labels()["app.kubernetes.io/managed-by"], "bulla");
    assert_eq!(healed.annotations()["note"], "kept");
    assert_eq!(
        (
            healed.labels()["team"].as_str(),
            healed.annotations()["other"].as_str()
        ),
        ("blue", "theirs")
    );
    tenant.event("db", "Healed", "`labeller`").await;
}

#[tokio::test]
async fn a_lost_owner_reference_is_not_taken_for_consent() {
    let (tenant, draft) = delivered("orphan").await;

    // Without it the Secret is a foreign one: it is left alone, and not adopted by its labels.
    tenant
        .intrude(
            "intruder",
            "db",
            &json!({"metadata": {"ownerReferences": null}}),
        )
        .await;

    tenant
        .refused("db", bulla_core::reason::Reason::NotOwned)
        .await;
    let secret = tenant.secret("db").await;
    assert!(secret.owner_references().is_empty());
    assert_eq!(&data(&secret), draft.values());
}
