//! What people may do by the roles that every cluster has: `edit` writes envelopes, `view` reads them.

use bulla_tests::{
    tenant::data,
    wait::{DEADLINE, eventually},
};

use super::{shared, tenant};

#[tokio::test]
async fn edit_writes_envelopes_and_view_reads_them_in_their_namespace_only() {
    let cluster = shared().deployment.cluster();
    let tenant = tenant("roles").await;
    let elsewhere = cluster.fresh_namespace("roles");
    for role in ["edit", "view"] {
        let binding = [
            "create",
            "rolebinding",
            role,
            &format!("--clusterrole={role}"),
            &format!("--user={role}or"),
            "-n",
            &tenant.namespace,
        ];
        cluster.kubectl_ok(&binding);
    }
    let may = |who: &str, verb: &str, what: &str, namespace: &str| {
        let who = format!("--as={who}");
        let question = ["auth", "can-i", verb, what, &who, "-n", namespace];
        cluster.kubectl(&question).status.success()
    };
    let (envelopes, here) = ("secretenvelopes.bulla.dev", &*tenant.namespace);
    // Aggregation takes a moment after the roles were applied.
    eventually("the roles are in force", DEADLINE, async || {
        let edits = may("editor", "create", envelopes, here);
        (edits && may("viewor", "get", envelopes, here)).then_some(())
    })
    .await;
    for verb in [
        "get", "list", "watch", "create", "update", "patch", "delete",
    ] {
        assert!(may("editor", verb, envelopes, here), "{verb}");
        assert!(!may("editor", verb, envelopes, &elsewhere), "{verb}");
        let reads = matches!(verb, "get" | "list" | "watch");
        assert_eq!(may("viewor", verb, envelopes, here), reads, "{verb}");
    }
    for who in ["editor", "viewor"] {
        let status = ["auth", "can-i", "patch", envelopes, "--subresource=status"];
        let user = format!("--as={who}");
        let question = [&status[..], &["-n", here, &user]].concat();
        assert!(!cluster.kubectl(&question).status.success(), "{who}");
        assert!(!may(who, "create", "sealingkeys.bulla.dev", here));
    }
    assert!(!may("viewor", "get", "secrets", here));

    let draft = tenant.draft("db").value("password", "hunter2");
    let sealed = serde_json::to_string(&tenant.seal(&draft)).expect("it serializes");
    let applied = cluster.kubectl_with_stdin(&["apply", "--as=editor", "-f", "-"], &sealed);
    assert!(applied.status.success(), "{applied:?}");
    tenant.ready("db").await;
    assert_eq!(&data(&tenant.secret("db").await), draft.values());
    cluster.kubectl_ok(&["get", envelopes, "db", "--as=viewor", "-n", here]);
}
