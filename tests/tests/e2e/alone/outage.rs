//! The API server dies in the middle of everything.

use bulla_tests::{
    Tenant,
    tenant::data,
    wait::{DEADLINE, eventually},
};
use futures::{StreamExt, stream};
use kube::{api::DeleteParams, api::ListParams};

use super::turn;

#[tokio::test]
async fn nothing_is_lost_when_the_api_server_dies_in_mid_convergence() {
    let deployment = turn().await;
    let cluster = deployment.cluster();
    // The first one makes the key and leaves.
    let first = deployment.start(&[]);
    let tenant = Tenant::new(cluster, "outage").await;
    drop(first);
    let drafts: Vec<_> = (0..100)
        .map(|index| {
            tenant
                .draft(&format!("db-{index}"))
                .value("password", format!("hunter-{index}"))
        })
        .collect();
    let sealed = drafts.iter().map(|draft| tenant.seal(draft));
    stream::iter(sealed)
        .for_each_concurrent(8, |envelope| {
            let tenant = tenant.clone();
            async move { drop(tenant.apply(&envelope).await) }
        })
        .await;

    let controller = deployment.start(&[]);
    let count = async || {
        tenant
            .secrets
            .list_metadata(&ListParams::default())
            .await
            .ok()
            .map(|list| list.items.len())
    };
    eventually("there are some Secrets", DEADLINE, async || {
        count().await.filter(|count| *count > 0)
    })
    .await;
    cluster.stop_api_server();
    assert_eq!(
        controller.get("/healthz").map(|(code, _)| code),
        Some(200),
        "it is no fault of the controller's"
    );
    cluster.start_api_server();
    let left = count().await.expect("the Secrets can be listed");

    for draft in &drafts {
        let name = tenant.seal(draft).metadata.name.expect("it has a name");
        tenant.ready(&name).await;
        assert_eq!(&data(&tenant.secret(&name).await), draft.values(), "{name}");
    }
    assert!(
        left < drafts.len(),
        "the API server died too late to matter"
    );
    drop(controller);
    cluster.kubectl_ok(&["delete", "namespace", &tenant.namespace, "--wait=false"]);
    let _ = DeleteParams::default();
}
