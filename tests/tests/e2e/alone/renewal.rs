//! Keys are renewed on a period; the old ones go on opening.

use bulla_core::api::{KeyState, SealingKey};
use bulla_tests::{
    Tenant,
    tenant::data,
    wait::{DEADLINE, eventually},
};
use kube::{Api, ResourceExt, api::ListParams};

use super::turn;

#[tokio::test]
async fn a_renewed_key_closes_and_the_old_one_opens() {
    let deployment = turn().await;
    let cluster = deployment.cluster();
    let first = deployment.start(&[]);
    let tenant = Tenant::new(cluster, "renewal").await;
    let keys = Api::<SealingKey>::all(tenant.client.clone());
    let closes = async || {
        let keys = keys.list(&ListParams::default()).await.ok()?.items;
        keys.into_iter().find(|key| {
            key.status
                .as_ref()
                .is_some_and(|status| status.closes == Some(true))
        })
    };
    let old = eventually("a key closes", DEADLINE, &closes).await;
    drop(first);

    let second = deployment.start(&["--renew-period=2s"]);
    let new = eventually("another key closes", DEADLINE, async || {
        closes().await.filter(|new| new.uid() != old.uid())
    })
    .await;
    // Not forever: there may be no more than 64.
    drop(second);
    let _third = deployment.start(&["--renew-period=0"]);

    assert_ne!(
        new.status.and_then(|status| status.public_key),
        old.status.clone().and_then(|status| status.public_key)
    );
    let old = keys.get(&old.name_any()).await.expect("the old key stays");
    assert_eq!(old.spec.state, KeyState::Active);
    assert_eq!(old.status.and_then(|status| status.closes), Some(false));
    // Sealed for the old key, after the renewal; and for the new one.
    let draft = tenant.draft("old").value("password", "hunter2");
    assert_eq!(&data(&tenant.deliver(&draft).await), draft.values());
    let renewed = Tenant::existing(cluster, &tenant.namespace).await;
    renewed.deliver(&draft.clone().named("new")).await;
}
