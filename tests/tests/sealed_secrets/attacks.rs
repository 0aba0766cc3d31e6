//! Who may reach the endpoints' port, and has no good in mind.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use bulla_tests::{http, tenant::data};
use serde_json::json;

use super::{FOREIGN_KEY, shared, tenant};

fn post(path: &str, headers: &str, body: &[u8]) -> u16 {
    let answer = http::post(shared().endpoints, path, headers, body);
    answer.expect("an answer").0
}

/// GHSA-jpp5-6cf2-prqh: the limit was per `X-Forwarded-For`, which the caller writes.
#[tokio::test]
async fn a_header_does_not_dodge_the_limit_ghsa_jpp5() {
    let (_controller, endpoints) =
        shared().start_another(&["--rate-limit", "1", "--rate-limit-burst", "1"]);
    let mut refused = 0;
    for number in 0..20 {
        let address = format!("192.0.2.{number}");
        let names = [
            "X-Forwarded-For",
            "X-Real-Ip",
            "True-Client-Ip",
            "X-Client-Ip",
        ];
        let mut header = format!("Forwarded: for={address}\r\n");
        for name in names {
            header += &format!("{name}: {address}\r\n");
        }
        let answer = http::post(endpoints, "/v1/rotate", &header, b"x").expect("an answer");
        refused += u32::from(answer.0 == 429);
    }
    assert!(refused > 0, "twenty at once are more than two");
    let (_other, another) = shared().start_another(&["--rate-limit", "1000"]);
    let answer = http::post(another, "/v1/rotate", "", b"x").expect("an answer");
    assert_ne!(answer.0, 429, "the limit is the flag's");
}

#[test]
fn garbage_and_too_much_are_refused() {
    for path in ["/v1/verify", "/v1/rotate"] {
        for garbage in [
            &b""[..],
            b"\0\xff",
            b"{",
            b"- - - -",
            b"&a [*a]",
            &[b'['; 100_000],
            &[b','; 1_000_000],
        ] {
            assert_eq!(post(path, "", garbage), 500, "{path}");
        }
        assert_eq!(post(path, "", &vec![b'a'; (10 << 20) + 1]), 413, "{path}");
        assert_eq!(post(path, "", &vec![b'a'; 10 << 20]), 500, "{path}");
    }
    let alive = shared().controller.get("/healthz").expect("an answer");
    assert_eq!(alive.0, 200);
}

#[tokio::test]
async fn who_sends_slowly_or_not_at_all_keeps_nobody_waiting() {
    let tenant = tenant("slow").await;
    let (controller, endpoints) = shared().start_another(&["--rate-limit", "1000"]);
    let (cluster, namespace) = (shared().deployment.cluster(), &tenant.namespace);
    cluster.expose(namespace, "held", endpoints.port());
    let mut slow = Vec::new();
    for number in 0..200 {
        let mut stream = TcpStream::connect(endpoints).expect("a connection");
        if number % 2 == 0 {
            let head = b"POST /v1/verify HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000\r\n\r\n{";
            // The oldest ones have to go while others come.
            let _ = stream.write_all(head);
        }
        slow.push(stream);
    }
    let sealed = tenant.seal(&tenant.secret_of("db", &[("a", "b")]), &[]);
    let arguments = [
        "--validate",
        "--controller-name",
        "held",
        "--controller-namespace",
        namespace,
    ];
    shared().kubeseal_ok(&arguments, &sealed.to_string());
    let probe = http::post(endpoints, "/healthz", "", b"").expect("an answer");
    assert_eq!(probe, (200, "ok\n".to_owned()));
    assert_eq!(controller.get("/healthz").map(|answer| answer.0), Some(200));
    let oldest = slow[0].read(&mut [0]);
    assert!(matches!(oldest, Ok(0) | Err(_)), "the oldest had to go");
}

/// CVE-2026-22728: who can read a SealedSecret of somebody else's has it sealed for a place of his own.
#[tokio::test]
async fn a_sealed_value_cannot_be_retargeted_by_rotation_cve_2026_22728() {
    let (victim, thief) = (tenant("victim").await, tenant("thief").await);
    let sealed = victim.seal(&victim.secret_of("db", &[("password", "hunter2")]), &[]);
    let wide = json!({"sealedsecrets.bitnami.com/cluster-wide": "true"});
    let mut attack = sealed.clone();
    attack["spec"]["template"]["metadata"] =
        json!({"name": "db", "namespace": thief.namespace, "annotations": wide});

    let rotated = http::post(
        shared().endpoints,
        "/v1/rotate",
        "",
        attack.to_string().as_bytes(),
    );
    let (code, text) = rotated.expect("an answer");
    assert_eq!(code, 200, "{text}");
    let mut stolen: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    stolen["metadata"] = json!({"name": "db", "namespace": thief.namespace, "annotations": wide});
    thief.apply(&stolen).await;
    let message = thief.failed("db", "no key could decrypt").await;
    assert!(!message.contains("hunter2"), "{message}");
    assert!(
        thief
            .secrets
            .get_opt("db")
            .await
            .expect("an answer")
            .is_none()
    );

    // Nor by changing the object before: then it does not open.
    attack["metadata"]["annotations"] = wide;
    assert_eq!(post("/v1/rotate", "", attack.to_string().as_bytes()), 500);
}

/// Upstream 2019 and 2049: both endpoints rendered the template, and answered whether it failed.
#[tokio::test]
async fn a_template_cannot_ask_about_a_value_2019_2049() {
    let tenant = tenant("oracle").await;
    let mut sealed = tenant.seal(&tenant.secret_of("db", &[("password", "hunter2")]), &[]);
    for guess in ["h", "x"] {
        let template = format!(
            "{{{{ if hasPrefix \"{guess}\" .password }}}}{{{{ fail \"yes\" }}}}{{{{ end }}}}"
        );
        sealed["spec"]["template"]["data"] = json!({"oracle": template});
        let body = sealed.to_string();
        for path in ["/v1/verify", "/v1/rotate"] {
            assert_eq!(post(path, "", body.as_bytes()), 200, "{path} {guess}");
        }
    }
}

#[tokio::test]
async fn an_object_whose_template_never_ends_harms_nobody() {
    let tenant = tenant("bomb").await;
    let witness = tenant.seal(&tenant.secret_of("witness", &[("a", "b")]), &[]);
    for (name, bomb) in [
        (
            "loop",
            "{{ range until 100000 }}{{ range until 100000 }}x{{ end }}{{ end }}",
        ),
        (
            "expand",
            "{{ $x := .a }}{{ range until 1000 }}{{ $x = print $x $x }}{{ end }}{{ $x }}",
        ),
        (
            "recurse",
            "{{ define \"t\" }}{{ template \"t\" . }}{{ end }}{{ template \"t\" . }}",
        ),
    ] {
        let mut sealed = tenant.seal(&tenant.secret_of(name, &[("a", "hunter2")]), &[]);
        sealed["spec"]["template"]["data"] = json!({"bomb": bomb});
        tenant.apply(&sealed).await;
    }
    let made = tenant.deliver(&witness).await;
    assert_eq!(data(&made)["a"], b"b");
    for name in ["loop", "expand", "recurse"] {
        let message = tenant.failed(name, "bomb").await;
        assert!(!message.contains("hunter2"), "{message}");
    }
}

/// Three hundred values that no key opens: each costs a private operation for each key.
#[tokio::test]
async fn an_object_that_costs_much_starves_nobody() {
    let (greedy, modest) = (tenant("greedy").await, tenant("modest").await);
    let foreign = greedy.seal_for(FOREIGN_KEY, &greedy.secret_of("big", &[("a", "b")]), &[]);
    let own = modest.seal(&modest.secret_of("db", &[("a", "b")]), &[]);
    let mut big = own.clone();
    big["metadata"] = foreign["metadata"].clone();
    let value = own["spec"]["encryptedData"]["a"].clone();
    let values = (0..300).map(|number| (format!("k{number}"), value.clone()));
    big["spec"]["encryptedData"] = values.collect();
    greedy.apply(&big).await;
    let made = modest.deliver(&own).await;
    assert_eq!(data(&made)["a"], b"b");
    greedy.failed("big", "no key could decrypt").await;
}
