//! The real `kubeseal` through the API server's service proxy, with the flags that its users type.

use bulla_core::sealed_secrets::Certificate;
use bulla_tests::tenant::data;
use serde_json::{Value, json};

use super::{FOREIGN_KEY, OLD_KEY, shared, tenant};

#[tokio::test]
async fn fetches_the_certificate_seals_with_it_and_the_secret_appears() {
    let tenant = tenant("seal").await;
    let certificate = shared().kubeseal_ok(&["--fetch-cert"], "");
    Certificate::from_pem(certificate.as_bytes()).expect("a certificate");

    let secret = tenant.secret_of("db", &[("password", "hunter2"), ("empty", "")]);
    let sealed = tenant.seal(&secret, &[]);
    let made = tenant.deliver(&sealed).await;

    assert_eq!(data(&made)["password"], b"hunter2");
    assert_eq!(data(&made)["empty"], b"");
    let owner = &made.metadata.owner_references.expect("an owner")[0];
    assert_eq!((&*owner.kind, &*owner.name), ("SealedSecret", "db"));
}

#[tokio::test]
async fn everybody_who_is_logged_in_may_fetch_and_verify_by_the_overlays_role() {
    let tenant = tenant("user").await;
    let cluster = shared().deployment.cluster();
    cluster.kubectl_ok(&[
        "create",
        "serviceaccount",
        "nobody",
        "-n",
        &tenant.namespace,
    ]);
    let token = cluster.service_account_token(&tenant.namespace, "nobody");
    let kubeconfig = cluster.kubeconfig_for_token(&tenant.namespace, &token);
    let sealed = tenant.seal(&tenant.secret_of("db", &[("a", "b")]), &[]);
    let fetched = shared().kubeseal(&kubeconfig, &["--fetch-cert"], "");
    assert!(
        fetched.status.success(),
        "{}",
        String::from_utf8_lossy(&fetched.stderr)
    );
    let verified = shared().kubeseal(&kubeconfig, &["--validate"], &sealed.to_string());
    assert!(
        verified.status.success(),
        "{}",
        String::from_utf8_lossy(&verified.stderr)
    );
}

#[tokio::test]
async fn validates_by_its_exit_code() {
    let tenant = tenant("validate").await;
    let sealed = tenant.seal(&tenant.secret_of("db", &[("a", "b")]), &[]);
    assert_eq!(
        shared().kubeseal_ok(&["--validate"], &sealed.to_string()),
        ""
    );

    let admin = shared().deployment.cluster().admin_kubeconfig();
    let foreign = tenant.seal_for(FOREIGN_KEY, &tenant.secret_of("db", &[("a", "b")]), &[]);
    let mut moved = sealed.clone();
    moved["metadata"]["name"] = json!("other");
    for bad in [foreign, moved] {
        let output = shared().kubeseal(&admin, &["--validate"], &bad.to_string());
        let name = bad["metadata"]["name"].as_str().expect("a name");
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(
            String::from_utf8_lossy(&output.stderr),
            format!("error: unable to decrypt sealed secret: {name}\n")
        );
    }
}

/// Upstream the labels and annotations of the object went into the template or away, and `template.data` was lost.
#[tokio::test]
async fn re_encrypts_and_loses_nothing() {
    let tenant = tenant("rotate").await;
    for (name, scope) in [
        ("strict", "strict"),
        ("wide", "namespace-wide"),
        ("cluster", "cluster-wide"),
    ] {
        let mut secret = tenant.secret_of(name, &[("password", "hunter2")]);
        secret["metadata"]["labels"] = json!({"of": "the Secret"});
        secret["type"] = json!("example.com/x");
        let mut sealed = tenant.seal_for(OLD_KEY, &secret, &["--scope", scope]);
        sealed["metadata"]["labels"] = json!({"of": "the-object"});
        sealed["metadata"]["annotations"]["argocd.argoproj.io/sync-wave"] = json!("-1");
        sealed["spec"]["template"]["data"] = json!({"url": "pg://{{ .password }}@db"});

        let rotated = shared().kubeseal_ok(&["--re-encrypt"], &sealed.to_string());
        let rotated: Value = serde_json::from_str(&rotated).expect("it prints JSON");

        for part in [
            "/metadata/labels",
            "/metadata/annotations",
            "/metadata/name",
            "/metadata/namespace",
            "/spec/template/type",
            "/spec/template/data",
            "/spec/template/metadata/labels",
            "/spec/template/metadata/annotations",
        ] {
            assert_eq!(
                rotated.pointer(part),
                sealed.pointer(part),
                "{scope}: {part}"
            );
        }
        let value = "/spec/encryptedData/password";
        assert_ne!(rotated.pointer(value), sealed.pointer(value));
        let mut applied = rotated.clone();
        // The API server takes no label with a blank; kubeseal does.
        applied["spec"]["template"]["metadata"]["labels"] = json!({"of": "the-Secret"});
        let made = tenant.deliver(&applied).await;
        assert_eq!(data(&made)["password"], b"hunter2");
        assert_eq!(data(&made)["url"], b"pg://hunter2@db");
        assert_eq!(made.type_.as_deref(), Some("example.com/x"));
    }
}

#[tokio::test]
async fn re_encrypts_a_file_in_place() {
    let tenant = tenant("inplace").await;
    let sealed = tenant.seal_for(OLD_KEY, &tenant.secret_of("db", &[("a", "b")]), &[]);
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("db.json");
    std::fs::write(&file, sealed.to_string()).expect("it is written");
    let path = file.display().to_string();
    shared().kubeseal_ok(&["--re-encrypt", "-f", &path], "");
    let text = std::fs::read_to_string(&file).expect("it is there");
    let rotated: Value = serde_json::from_str(&text).expect("JSON");
    assert_ne!(
        rotated["spec"]["encryptedData"],
        sealed["spec"]["encryptedData"]
    );
    shared().kubeseal_ok(&["--validate", "-f", &path], "");
}

/// It comes again when it is told when, so that the default limit of 2 a second fails nobody.
#[tokio::test]
async fn waits_when_it_asks_too_often() {
    let tenant = tenant("often").await;
    let (controller, endpoints) = shared().start_another(&["--rate-limit", "4"]);
    let (cluster, namespace) = (shared().deployment.cluster(), &tenant.namespace);
    cluster.expose(namespace, "limited", endpoints.port());
    let sealed = tenant
        .seal(&tenant.secret_of("db", &[("a", "b")]), &[])
        .to_string();
    let many = [sealed.as_str(); 9].join("\n---\n");
    let arguments = [
        "--validate",
        "--controller-name",
        "limited",
        "--controller-namespace",
        namespace,
    ];
    shared().kubeseal_ok(&arguments, &many);
    let limited = [("path", "/v1/verify"), ("code", "429")];
    let answered = controller.metrics();
    assert!(answered.sum("sealed_secrets_controller_http_requests_total", &limited) > 0.0);
    assert_eq!(
        answered.sum(
            "sealed_secrets_controller_http_requests_total",
            &[("code", "200")]
        ),
        9.0
    );
}

/// `bulla reseal --controller`: as `kubeseal --re-encrypt`, and nothing but sealed values changes in the file.
#[tokio::test]
async fn bulla_reseals_by_the_controller() {
    let tenant = tenant("reseal").await;
    let sealed = tenant.seal_for(OLD_KEY, &tenant.secret_of("db", &[("a", "b")]), &[]);
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("db.yaml");
    let mut text = serde_json::to_string_pretty(&sealed).expect("JSON");
    let value = sealed["spec"]["encryptedData"]["a"]
        .as_str()
        .expect("a text");
    std::fs::write(&file, &text).expect("a file");
    let mut command = std::process::Command::new(bulla_tests::programs::bulla());
    command
        .args([
            "reseal",
            "--controller",
            "--controller-namespace",
            "kube-system",
        ])
        .arg("--kubeconfig")
        .arg(shared().deployment.cluster().admin_kubeconfig())
        .arg(&file);
    let output = bulla_tests::process::run(command, b"");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let after = std::fs::read_to_string(&file).expect("a file");
    let again: Value = serde_json::from_str(&after).expect("JSON");
    let fresh = again["spec"]["encryptedData"]["a"]
        .as_str()
        .expect("a text");
    assert_ne!(fresh, value);
    text = text.replace(value, fresh);
    assert_eq!(after, text, "nothing else has changed");
    let made = tenant.deliver(&again).await;
    assert_eq!(data(&made)["a"], b"b");
}
