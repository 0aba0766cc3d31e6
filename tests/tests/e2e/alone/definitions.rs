//! The definitions are upgraded while resources of them exist and a controller runs.

use bulla_core::api::{SecretEnvelope, secret_envelope_crd};
use bulla_tests::{Tenant, tenant::data};
use kube::ResourceExt;
use serde_json::{Value, json};

use super::turn;

/// Applies the definition of envelopes as `edit` makes it.
fn apply_definition(
    tenant: &Tenant,
    deployment: &bulla_tests::Deployment<'_>,
    edit: impl FnOnce(&mut Value),
) {
    let mut definition = serde_json::to_value(secret_envelope_crd()).expect("a definition is JSON");
    edit(&mut definition["spec"]["versions"][0]);
    deployment.cluster().apply(&definition.to_string());
    let _ = tenant;
}

#[tokio::test]
async fn envelopes_stay_and_go_on_when_their_definition_is_upgraded() {
    let deployment = turn().await;
    let _controller = deployment.start(&[]);
    let tenant = Tenant::new(deployment.cluster(), "upgrade").await;
    let draft = tenant.draft("db").value("password", "hunter2");
    let before = tenant.deliver(&draft).await;
    let envelope = tenant.ready("db").await;

    apply_definition(&tenant, &deployment, |version| {
        version["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]["later"] =
            json!({"type": "string"});
        let columns = version["additionalPrinterColumns"]
            .as_array_mut()
            .expect("there are columns");
        columns.push(json!({"name": "Later", "type": "string", "jsonPath": ".spec.later"}));
    });

    let after: SecretEnvelope = tenant.envelopes.get("db").await.expect("it is still there");
    assert_eq!((after.uid(), &after.spec), (envelope.uid(), &envelope.spec));
    // A field that this controller does not know is no reason to stop.
    let later = json!({"spec": {"later": "x"}});
    tenant
        .envelopes
        .patch("db", &Default::default(), &kube::api::Patch::Merge(&later))
        .await
        .expect("it is known now");
    let ready = tenant.ready("db").await;
    assert_eq!(ready.metadata.generation, Some(2));
    assert_eq!(data(&tenant.secret("db").await), data(&before));
    tenant.deliver(&draft.clone().named("new")).await;
    tenant
        .intrude(
            "intruder",
            "db",
            &json!({"stringData": {"password": "edited"}}),
        )
        .await;
    tenant
        .until_secret("it is healed", "db", |secret| {
            &data(secret) == draft.values()
        })
        .await;

    apply_definition(&tenant, &deployment, |_| {});
    tenant.deliver(&draft.clone().named("newest")).await;
}

#[tokio::test]
async fn an_envelope_of_another_shape_is_refused_and_stops_nobody() {
    let deployment = turn().await;
    let controller = deployment.start(&[]);
    let tenant = Tenant::new(deployment.cluster(), "shape").await;
    let draft = tenant.draft("db").value("password", "hunter2");
    // As if an earlier definition had allowed it.
    let anything = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    apply_definition(&tenant, &deployment, |version| {
        version["schema"]["openAPIV3Schema"]["properties"]["spec"] = anything;
    });
    let shapes = [
        json!({}),
        json!({"dataKeys": "none"}),
        json!({"scope": 7, "data": [1, 2], "dataKeys": {}}),
    ];
    for (index, spec) in shapes.iter().enumerate() {
        let odd = json!({
            "apiVersion": "bulla.dev/v1alpha1", "kind": "SecretEnvelope", "spec": spec,
            "metadata": {"name": format!("odd-{index}"), "namespace": tenant.namespace},
        });
        bulla_tests::wait::eventually_blocking(
            "the definition is in force",
            bulla_tests::wait::DEADLINE,
            || {
                let cluster = deployment.cluster();
                let applied = cluster.kubectl_with_stdin(&["apply", "-f", "-"], &odd.to_string());
                applied.status.success().then_some(())
            },
        );
    }
    apply_definition(&tenant, &deployment, |_| {});

    tenant.deliver(&draft).await;
    // A controller that finds them when it starts is not stopped either.
    drop(controller);
    let _controller = deployment.start(&[]);
    tenant.deliver(&draft.clone().named("after")).await;
    for index in 0..shapes.len() {
        let name = format!("odd-{index}");
        deployment
            .cluster()
            .kubectl_ok(&["delete", "senv", &name, "-n", &tenant.namespace]);
    }
}
