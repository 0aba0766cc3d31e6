//! The test cluster is what it says: a real control plane that stores, refuses, collects and writes down.

use std::{
    io::{BufRead, BufReader, Write},
    net::{Ipv4Addr, TcpListener},
    thread,
    time::Duration,
};

use bulla_tests::{
    Cluster, Options,
    wait::{eventually, until},
};
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Pod, Secret};
use kube::{
    Api, Resource, ResourceExt,
    api::{DeleteParams, PostParams},
    runtime::wait::conditions,
};
use serde::de::DeserializeOwned;
use serde_json::json;

#[tokio::test]
async fn collects_a_secret_whose_owner_is_gone() {
    let cluster = Cluster::shared();
    let namespace = cluster.fresh_namespace("gc");
    let client = cluster.client().await;
    let owners = Api::<ConfigMap>::namespaced(client.clone(), &namespace);
    let secrets = Api::<Secret>::namespaced(client, &namespace);
    let owner = json!({"metadata": {"name": "owner"}});
    let owner: ConfigMap = create(&owners, owner).await;
    let owned = json!({"metadata": {"name": "owned", "ownerReferences": [owner.controller_owner_ref(&())]}});
    let owned: Secret = create(&secrets, owned).await;

    owners
        .delete("owner", &DeleteParams::background())
        .await
        .expect("the owner can be deleted");

    let uid = owned.uid().expect("a stored object has a uid");
    until(
        "the Secret is collected",
        DEADLINE,
        secrets,
        "owned",
        conditions::is_deleted(&uid),
    )
    .await;
}

#[tokio::test]
async fn removes_a_deleted_namespace() {
    let cluster = Cluster::shared();
    let namespace = cluster.fresh_namespace("gone");
    let namespaces = Api::<Namespace>::all(cluster.client().await);
    let uid = namespaces
        .get(&namespace)
        .await
        .expect("it was just made")
        .uid()
        .unwrap_or_default();

    namespaces
        .delete(&namespace, &DeleteParams::default())
        .await
        .expect("it can be deleted");

    until(
        "the namespace is gone",
        DEADLINE,
        namespaces,
        &namespace,
        conditions::is_deleted(&uid),
    )
    .await;
}

#[tokio::test]
async fn writes_down_who_wrote_what_but_no_secret() {
    let cluster = Cluster::shared();
    let namespace = cluster.fresh_namespace("audit");
    let secrets = Api::<Secret>::namespaced(cluster.client().await, &namespace);
    let canary = bulla_tests::Canary::new();
    let secret =
        json!({"metadata": {"name": "written"}, "stringData": {"password": canary.text()}});
    let _: Secret = create(&secrets, secret).await;

    let event = eventually("the write is in the audit log", DEADLINE, async || {
        cluster.audit_events().into_iter().find(|event| {
            let object = event.object_ref.clone().unwrap_or_default();
            event.writes("secrets") && object.namespace == namespace
        })
    })
    .await;

    assert_eq!(
        (event.verb.as_str(), event.user.username.as_str()),
        ("create", "admin")
    );
    assert!(event.succeeded());
    let log = std::fs::read(cluster.audit_log()).expect("the audit log is a file");
    canary.assert_absent("the audit log", log);
}

#[test]
fn refuses_a_pod_that_breaks_the_namespace_s_standard() {
    let cluster = Cluster::shared();
    let namespace = cluster.fresh_namespace("restricted");
    let label = "pod-security.kubernetes.io/enforce=restricted";
    cluster.kubectl_ok(&["label", "namespace", &namespace, label]);

    let output = cluster.kubectl(&[
        "run",
        "root",
        "--image=example.invalid/root",
        "-n",
        &namespace,
    ]);

    let text = String::from_utf8_lossy(&output.stderr);
    assert!(
        !output.status.success() && text.contains("violates PodSecurity"),
        "{text}"
    );
}

#[test]
fn reaches_a_service_through_the_api_server() {
    let cluster = Cluster::shared();
    let namespace = cluster.fresh_namespace("proxy");
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has a free port");
    let port = listener.local_addr().expect("it listens").port();
    thread::spawn(move || {
        let (connection, _) = listener.accept()?;
        let mut request = BufReader::new(&connection).lines();
        while request
            .next()
            .is_some_and(|line| line.is_ok_and(|line| !line.is_empty()))
        {}
        (&connection).write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
    });
    cluster.expose(&namespace, "greeter", port);

    let path = format!("/api/v1/namespaces/{namespace}/services/http:greeter:http/proxy/");
    assert_eq!(cluster.kubectl_ok(&["get", "--raw", &path]), "hello");
}

#[tokio::test]
async fn holds_a_service_account_to_its_role() {
    let cluster = Cluster::shared();
    let namespace = cluster.fresh_namespace("rbac");
    cluster.kubectl_ok(&["create", "serviceaccount", "reader", "-n", &namespace]);
    cluster.kubectl_ok(&[
        "create",
        "role",
        "reader",
        "--verb=get,list",
        "--resource=configmaps",
        "-n",
        &namespace,
    ]);
    let subject = format!("--serviceaccount={namespace}:reader");
    cluster.kubectl_ok(&[
        "create",
        "rolebinding",
        "reader",
        "--role=reader",
        &subject,
        "-n",
        &namespace,
    ]);
    let token = cluster.service_account_token(&namespace, "reader");
    let kubeconfig = cluster.kubeconfig_for_token(&format!("reader-{namespace}"), &token);
    let client = cluster.client_with(&kubeconfig).await;

    // The authorizer learns of the binding by a watch of its own.
    let config_maps = Api::<ConfigMap>::namespaced(client.clone(), &namespace);
    eventually("the role is in force", DEADLINE, async || {
        config_maps.list(&Default::default()).await.ok()
    })
    .await;

    let pods = Api::<Pod>::namespaced(client, &namespace)
        .list(&Default::default())
        .await;
    assert!(matches!(pods, Err(kube::Error::Api(status)) if status.code == 403));
}

#[tokio::test]
async fn keeps_its_data_while_the_api_server_is_down() {
    let cluster = Cluster::start(Options {
        controller_manager: false,
        ..Options::default()
    });
    let config_maps = Api::<ConfigMap>::namespaced(cluster.client().await, "default");
    let _: ConfigMap = create(&config_maps, json!({"metadata": {"name": "kept"}})).await;

    cluster.stop_api_server();
    assert!(config_maps.get("kept").await.is_err(), "nobody answers");
    cluster.start_api_server();

    config_maps
        .get("kept")
        .await
        .expect("the same client reaches the same data");
    assert!(
        cluster
            .kubectl_ok(&["version"])
            .contains("Server Version: v1.36.3")
    );
}

async fn create<K>(api: &Api<K>, object: serde_json::Value) -> K
where
    K: Resource + Clone + std::fmt::Debug + serde::Serialize + DeserializeOwned,
{
    let object = serde_json::from_value(object).expect("the object is well-formed");
    api.create(&PostParams::default(), &object)
        .await
        .expect("the object can be created")
}

const DEADLINE: Duration = Duration::from_secs(30);
