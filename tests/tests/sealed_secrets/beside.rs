//! Both controllers on one API server, with the same keys, asked the same.

use std::net::SocketAddr;

use bulla_tests::{
    Cluster, SealedSecretsController, http,
    sealed_secrets::{SealedTenant, key_secret},
};
use serde_json::{Value, json};

use super::{FOREIGN_KEY, NEW_KEY, OLD_KEY, differences::DIFFERENCES, shared, tenant};

/// What is asked of both, and how the answer is put.
struct Case {
    name: &'static str,
    ask: fn(SocketAddr, &Value) -> String,
}

const CASES: [Case; 27] = [
    Case {
        name: "`/healthz`",
        ask: |at, _| whole(at, "/healthz", b""),
    },
    Case {
        name: "`/readyz`",
        ask: |at, _| whole(at, "/readyz", b""),
    },
    Case {
        name: "another path",
        ask: |at, _| whole(at, "/v1/keys", b""),
    },
    Case {
        name: "`/metrics` on the port of the endpoints",
        ask: |at, _| code(at, "/metrics", b""),
    },
    Case {
        name: "`/v1/cert.pem` by GET",
        ask: |at, _| got(at, "/v1/cert.pem"),
    },
    Case {
        name: "`/v1/cert.pem` by POST",
        ask: |at, _| code(at, "/v1/cert.pem", b""),
    },
    Case {
        name: "the type of `/v1/cert.pem`",
        ask: |at, _| content_type(at, "/v1/cert.pem", b""),
    },
    Case {
        name: "`/v1/verify` of what opens",
        ask: |at, good| verify(at, good),
    },
    Case {
        name: "`/v1/verify` by GET",
        ask: |at, _| got(at, "/v1/verify"),
    },
    Case {
        name: "`/v1/verify` under another name",
        ask: |at, good| verify(at, &with(good, "/metadata/name", json!("other"))),
    },
    Case {
        name: "`/v1/verify` of a value that is no base64",
        ask: |at, good| verify(at, &with(good, "/spec/encryptedData/password", json!("*"))),
    },
    Case {
        name: "`/v1/verify` of a value that is too short",
        ask: |at, good| {
            verify(
                at,
                &with(good, "/spec/encryptedData/password", json!("AgA=")),
            )
        },
    },
    Case {
        name: "`/v1/verify` of no values",
        ask: |at, good| verify(at, &with(good, "/spec/encryptedData", json!({}))),
    },
    Case {
        name: "`/v1/verify` of a deprecated `spec.data` that does not open",
        ask: |at, good| {
            let value = good["spec"]["encryptedData"]["password"].clone();
            let moved = with(good, "/metadata/name", json!("other"));
            verify(
                at,
                &with(&moved, "/spec", json!({"data": value, "encryptedData": {}})),
            )
        },
    },
    Case {
        name: "`/v1/verify` with a template that fails",
        ask: |at, good| {
            verify(
                at,
                &with(
                    good,
                    "/spec/template/data",
                    json!({"x": "{{ fail .password }}"}),
                ),
            )
        },
    },
    Case {
        name: "`/v1/verify` of a Secret",
        ask: |at, good| {
            verify(
                at,
                &json!({"apiVersion": "v1", "kind": "Secret", "metadata": good["metadata"]}),
            )
        },
    },
    Case {
        name: "`/v1/verify` of nothing",
        ask: |at, _| code(at, "/v1/verify", b""),
    },
    Case {
        name: "`/v1/verify` of two documents",
        ask: |at, good| {
            code(
                at,
                "/v1/verify",
                format!("{good}\n---\n{good}\n").as_bytes(),
            )
        },
    },
    Case {
        name: "`/v1/verify` of more than 10 MiB",
        ask: |at, _| code(at, "/v1/verify", &vec![b' '; (10 << 20) + 1]),
    },
    Case {
        name: "`/v1/rotate` of what opens",
        ask: |at, good| code(at, "/v1/rotate", good.to_string().as_bytes()),
    },
    Case {
        name: "the type of what `/v1/rotate` answers",
        ask: |at, good| content_type(at, "/v1/rotate", good.to_string().as_bytes()),
    },
    Case {
        name: "`/v1/rotate` under another name",
        ask: |at, good| {
            code(
                at,
                "/v1/rotate",
                with(good, "/metadata/name", json!("other"))
                    .to_string()
                    .as_bytes(),
            )
        },
    },
    Case {
        name: "`/v1/rotate`: labels of the SealedSecret",
        ask: |at, good| {
            let labelled = with(good, "/metadata/labels", json!({"own": "1"}));
            rotated(
                at,
                &labelled,
                &[
                    ("/metadata/labels/own", "kept"),
                    (
                        "/spec/template/metadata/labels/own",
                        "put into the template",
                    ),
                ],
            )
        },
    },
    Case {
        name: "`/v1/rotate`: `kind` and `apiVersion`",
        ask: |at, good| rotated(at, good, &[("/kind", "there"), ("/apiVersion", "there")]),
    },
    Case {
        name: "`/v1/rotate`: labels of the template",
        ask: |at, good| rotated(at, good, &[("/spec/template/metadata/labels/of", "kept")]),
    },
    Case {
        name: "`/v1/rotate`: templates",
        ask: |at, good| {
            let templated = with(
                good,
                "/spec/template/data",
                json!({"url": "x://{{ .password }}"}),
            );
            rotated(
                at,
                &templated,
                &[
                    ("/spec/template/data/url", "kept"),
                    ("/spec/encryptedData/url", "sealed as rendered"),
                ],
            )
        },
    },
    Case {
        name: "`/v1/rotate` of an object out of the cluster",
        ask: |at, good| {
            let live = with(good, "/metadata/uid", json!("1-2-3"));
            rotated(
                at,
                &live,
                &[
                    ("/spec/template/metadata/uid", "its uid in the template"),
                    ("/spec/template/type", "its type in the template"),
                ],
            )
        },
    },
];

#[tokio::test]
async fn the_endpoints_answer_as_theirs_do_but_for_what_is_listed() {
    let tenant = tenant("beside").await;
    let theirs = theirs(shared().deployment.cluster(), &tenant);
    let ours = shared().endpoints;
    let mut secret = tenant.secret_of("db", &[("password", "hunter2")]);
    secret["metadata"]["labels"] = json!({"of": "the-Secret"});
    secret["type"] = json!("example.com/x");
    let good = tenant.seal_for(OLD_KEY, &secret, &[]);
    let mut wrong = Vec::new();
    for case in CASES {
        let (theirs, ours) = ((case.ask)(theirs.address(), &good), (case.ask)(ours, &good));
        let row = DIFFERENCES.iter().find(|row| row.case == case.name);
        let right = match row {
            Some(row) => row.theirs == theirs && row.ours == ours && theirs != ours,
            None => theirs == ours,
        };
        if !right {
            wrong.push(format!("{}: theirs {theirs:?}, ours {ours:?}", case.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for row in &DIFFERENCES {
        assert!(!row.why.is_empty());
        assert!(
            CASES.iter().any(|case| case.name == row.case),
            "{}",
            row.case
        );
    }
}

/// What theirs has re-encrypted opens with ours, and the other way round.
#[tokio::test]
async fn what_one_has_re_encrypted_the_other_opens() {
    let tenant = tenant("across").await;
    let theirs = theirs(shared().deployment.cluster(), &tenant);
    let good = tenant.seal_for(OLD_KEY, &tenant.secret_of("db", &[("a", "b")]), &[]);
    for (from, to) in [
        (theirs.address(), shared().endpoints),
        (shared().endpoints, theirs.address()),
    ] {
        let (code, text) = post(from, "/v1/rotate", good.to_string().as_bytes());
        assert_eq!(code, 200, "{text}");
        let mut object: Value = serde_json::from_str(&text).expect("JSON");
        // Theirs leaves them out, and `kubeseal` puts them there.
        object["kind"] = json!("SealedSecret");
        object["apiVersion"] = json!("bitnami.com/v1alpha1");
        let (code, text) = post(to, "/v1/verify", object.to_string().as_bytes());
        assert_eq!(code, 200, "{text}");
    }
    let foreign = tenant.seal_for(FOREIGN_KEY, &tenant.secret_of("db", &[("a", "b")]), &[]);
    assert_eq!(
        verify(theirs.address(), &foreign),
        verify(shared().endpoints, &foreign)
    );
}

/// The real controller, for the namespace of the tenant alone, with the keys of ours.
pub(super) fn theirs(cluster: &Cluster, tenant: &SealedTenant) -> SealedSecretsController {
    let namespace = &tenant.namespace;
    for name in [OLD_KEY, NEW_KEY] {
        let mut secret = key_secret(name);
        secret["metadata"]["namespace"] = json!(namespace);
        cluster.apply(&secret.to_string());
    }
    cluster.kubectl_ok(&["create", "serviceaccount", "theirs", "-n", namespace]);
    let subject = format!("--serviceaccount={namespace}:theirs");
    cluster.kubectl_ok(&[
        "create",
        "rolebinding",
        "theirs",
        "--clusterrole=cluster-admin",
        &subject,
        "-n",
        namespace,
    ]);
    let token = cluster.service_account_token(namespace, "theirs");
    let flags = [
        "--all-namespaces=false",
        "--key-renew-period=0",
        "--rate-limit=1000",
        "--rate-limit-burst=1000",
        "--kubeclient-qps=1000",
        "--kubeclient-burst=1000",
    ];
    SealedSecretsController::start(cluster, namespace, &token, &flags)
}

fn post(at: SocketAddr, path: &str, body: &[u8]) -> (u16, String) {
    http::post(at, path, "", body).expect("an answer")
}

fn code(at: SocketAddr, path: &str, body: &[u8]) -> String {
    post(at, path, body).0.to_string()
}

fn got(at: SocketAddr, path: &str) -> String {
    http::get(at, path).expect("an answer").0.to_string()
}

fn whole(at: SocketAddr, path: &str, body: &[u8]) -> String {
    let (code, text) = post(at, path, body);
    format!("{code} {text}")
}

fn verify(at: SocketAddr, object: &Value) -> String {
    whole(at, "/v1/verify", object.to_string().as_bytes())
}

fn content_type(at: SocketAddr, path: &str, body: &[u8]) -> String {
    let head = http::post_for_head(at, path, body).expect("an answer");
    let mut lines = head.lines().map(str::to_ascii_lowercase);
    let line = lines.find_map(|line| Some(line.strip_prefix("content-type:")?.trim().to_owned()));
    line.map_or_else(|| "none".to_owned(), |line| format!("`{line}`"))
}

/// Which of these are there in the answer.
fn rotated(at: SocketAddr, object: &Value, found: &[(&str, &str)]) -> String {
    let (code, text) = post(at, "/v1/rotate", object.to_string().as_bytes());
    let answer: Value = serde_json::from_str(&text).unwrap_or_default();
    assert_eq!(code, 200, "{text}");
    let found: Vec<_> = found
        .iter()
        .filter(|(pointer, _)| answer.pointer(pointer).is_some())
        .map(|(_, says)| *says)
        .collect();
    match found.is_empty() {
        true => "lost".to_owned(),
        false => found.join(", "),
    }
}

/// The same object with another value there.
fn with(object: &Value, pointer: &str, value: Value) -> Value {
    let mut object = object.clone();
    let (parent, field) = pointer.rsplit_once('/').expect("a pointer");
    let parent = object.pointer_mut(parent).expect("a parent");
    parent[field] = value;
    object
}
