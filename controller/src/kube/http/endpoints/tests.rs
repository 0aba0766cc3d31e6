//! The interface without a network: what is asked and what is answered.

use axum::http::header::HeaderMap;
use bulla_core::api;
use bulla_core::plaintext::Plaintext;
use bulla_core::recipient::KeyRing;
use bulla_core::sealed_secrets::{
    LegacyData, RsaKeyRing, RsaPrivateKey, SealedItem, SealedSecret, SecretToSeal, to_json, to_yaml,
};
use rand_core::OsRng;
use serde_json::{Value, json};

use super::*;
use crate::kube::stand_in::Stand;

const OLD: &str =
    include_str!("../../../../../core/tests/vectors/sealed-secrets/generated-2048.pem");
const NEW: &str =
    include_str!("../../../../../core/tests/vectors/sealed-secrets/generated-2048-named.pem");
const PROXY: [u8; 4] = [10, 0, 0, 1];

fn key(pem: &str) -> RsaPrivateKey {
    RsaPrivateKey::from_pem(pem.as_bytes()).expect("a key")
}

fn ring(keys: &[&str]) -> RsaKeyRing {
    RsaKeyRing::new(keys.iter().map(|pem| key(pem)).collect())
}

/// The interface of a controller that has both keys, the second one being the newest.
struct Bench {
    endpoints: Endpoints,
    closing: watch::Sender<Option<Arc<Certificate>>>,
    _keys: watch::Sender<Option<Keys>>,
}

/// What came back.
struct Answer {
    code: u16,
    headers: HeaderMap,
    text: String,
}

impl Bench {
    fn new() -> Self {
        let keys = Keys {
            age: KeyRing::default(),
            rsa: ring(&[NEW, OLD]),
            legacy: LegacyData::Accept,
            ..Keys::default()
        };
        let newest = Certificate::from_pem(NEW.as_bytes()).expect("a certificate");
        let (keys_sender, keys) = watch::channel(Some(keys));
        let (closing_sender, closing) = watch::channel(Some(Arc::new(newest)));
        let published = Published {
            keys,
            names: watch::channel(Default::default()).1,
            closing,
        };
        let background = Arc::new(Background::start().expect("a thread"));
        let rate = Rate {
            per_second: 1,
            burst: 9,
        };
        Self {
            endpoints: Endpoints::new(Stand::new().cluster, background, published, rate),
            closing: closing_sender,
            _keys: keys_sender,
        }
    }

    async fn ask(&self, path: &str, body: impl Into<Body>) -> Answer {
        let request = Request::post(path).body(body.into()).expect("a request");
        self.send(PROXY, request).await
    }

    async fn send(&self, peer: [u8; 4], request: Request<Body>) -> Answer {
        let response = self.endpoints.answer(peer.into(), request).await;
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await;
        Answer {
            code: parts.status.as_u16(),
            headers: parts.headers,
            text: String::from_utf8(body.expect("a body").to_vec()).expect("text"),
        }
    }

    async fn rotated(&self, sealed: &Value) -> Value {
        let answer = self.ask("/v1/rotate", sealed.to_string()).await;
        assert_eq!(answer.code, 200, "{}", answer.text);
        serde_json::from_str(&answer.text).expect("JSON")
    }
}

/// `shop/db`, sealed with the old key.
fn sealed(annotations: &[&str]) -> Value {
    let secret = SecretToSeal {
        namespace: Some("shop".parse().expect("a name")),
        name: "db".parse().expect("a name"),
        secret_type: Some("Opaque".to_owned()),
        immutable: None,
        labels: [("app".to_owned(), "shop".to_owned())].into(),
        annotations: annotations
            .iter()
            .map(|name| ((*name).to_owned(), "true".to_owned()))
            .collect(),
        finalizers: Vec::new(),
        values: [("password", "hunter2"), ("empty", "")]
            .into_iter()
            .map(|(name, value)| {
                (
                    name.parse().expect("a name"),
                    Plaintext::from(value.as_bytes()),
                )
            })
            .collect(),
    };
    secret
        .seal(key(OLD).public(), &mut OsRng)
        .expect("it seals")
}

/// Opens an object with these keys alone, and gives the password.
fn password(object: &Value, keys: &[&str]) -> Result<Vec<u8>, String> {
    let wire: api::SealedSecret =
        serde_json::from_value(object.clone()).map_err(|error| error.to_string())?;
    let sealed = SealedSecret::try_from(&wire).map_err(|error| error.to_string())?;
    let unsealed = sealed
        .unseal(&ring(keys), &mut Search::default(), LegacyData::Accept)
        .map_err(|error| error.to_string())?;
    let name = "password".parse().expect("a name");
    // The test's own.
    Ok(unsealed.values()[&name].reveal().to_vec())
}

#[tokio::test]
async fn the_newest_certificate_is_served_as_theirs_is() {
    let bench = Bench::new();
    let get = || Request::get("/v1/cert.pem").body(Body::empty());
    let answer = bench.send(PROXY, get().expect("a request")).await;
    assert_eq!(
        (answer.code, &answer.headers[CONTENT_TYPE]),
        (
            200,
            &axum::http::HeaderValue::from_static("application/x-pem-file")
        )
    );
    let served = Certificate::from_pem(answer.text.as_bytes()).expect("a certificate");
    assert_eq!(served.key(), key(NEW).public());
    bench.closing.send_replace(None);
    let answer = bench.send(PROXY, get().expect("a request")).await;
    assert_eq!(
        (answer.code, &*answer.text),
        (500, "cannot get certificate\n")
    );
}

#[tokio::test]
async fn verifying_answers_by_the_code_alone() {
    let bench = Bench::new();
    let good = sealed(&[]);
    let mut elsewhere = good.clone();
    elsewhere["metadata"]["name"] = json!("other");
    let mut garbage = good.clone();
    garbage["spec"]["encryptedData"]["password"] = json!("*garbage*");
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db"}});
    for (body, code) in [
        (to_json(&good), 200),
        (to_yaml(&good), 200),
        (to_json(&elsewhere), 409),
        (to_json(&garbage), 409),
    ] {
        let answer = bench.ask("/v1/verify", body).await;
        assert_eq!((answer.code, &*answer.text), (code, ""));
    }
    let twice = format!("{}---\n{}", to_yaml(&good), to_yaml(&good));
    for body in [
        secret.to_string(),
        twice,
        "no object".to_owned(),
        String::new(),
    ] {
        let answer = bench.ask("/v1/verify", body).await;
        assert_eq!(answer.code, 500);
    }
}

#[tokio::test]
async fn rotation_keeps_templates_labels_annotations_and_scope() {
    let bench = Bench::new();
    for scope in [None, Some("namespace-wide"), Some("cluster-wide")] {
        let scope = scope.map(|name| format!("sealedsecrets.bitnami.com/{name}"));
        let mut before = sealed(&scope.as_deref().into_iter().collect::<Vec<_>>());
        before["metadata"]["labels"] = json!({"own": "label"});
        before["metadata"]["annotations"]["argocd.argoproj.io/sync-wave"] = json!("-1");
        before["metadata"]["uid"] = json!("1-2-3");
        before["metadata"]["resourceVersion"] = json!("7");
        before["status"] = json!({"observedGeneration": 3});
        before["spec"]["template"]["data"] = json!({"url": "x://{{ .password }}", "empty": null});

        let after = bench.rotated(&before).await;

        for (part, kept) in [
            ("/metadata/labels", true),
            ("/metadata/annotations", true),
            ("/spec/template", true),
            ("/metadata/uid", false),
            ("/metadata/resourceVersion", false),
            ("/status", false),
        ] {
            let expected = before.pointer(part).filter(|_| kept);
            assert_eq!(after.pointer(part), expected, "{part}");
        }
        assert_eq!(password(&after, &[NEW]), Ok(b"hunter2".to_vec()));
        assert!(password(&after, &[OLD]).is_err());
        let keys = |object: &Value| {
            object["spec"]["encryptedData"]
                .as_object()
                .map(|map| map.len())
        };
        assert_eq!(keys(&after), keys(&before));
    }
}

#[tokio::test]
async fn the_deprecated_form_becomes_the_other_one_with_its_template() {
    let bench = Bench::new();
    let blob = json!({"kind": "Secret", "type": "x/y", "metadata": {"labels": {"app": "shop"}},
        "data": {"password": "aHVudGVyMg=="}});
    let label = bulla_core::sealed_secrets::Label::new(
        bulla_core::scope::Scope::Strict,
        &"shop".parse().expect("a name"),
        &"db".parse().expect("a name"),
    );
    let blob = Plaintext::from(blob.to_string().as_bytes());
    let item = SealedItem::seal(key(OLD).public(), &label, &blob, &mut OsRng).expect("it seals");
    let before = json!({"kind": "SealedSecret", "apiVersion": "bitnami.com/v1alpha1",
        "metadata": {"name": "db", "namespace": "shop"}, "spec": {"data": item.to_string()}});
    let after = bench.rotated(&before).await;
    assert_eq!(
        after["spec"]["template"],
        json!({"type": "x/y",
        "metadata": {"name": "db", "namespace": "shop", "labels": {"app": "shop"}}})
    );
    assert_eq!(password(&after, &[NEW]), Ok(b"hunter2".to_vec()));
}

/// CVE-2026-22728, GHSA-465p-v42x-3fmj: the template's annotations said for where the output was sealed.
#[tokio::test]
async fn rotation_cannot_be_made_to_seal_for_another_place_cve_2026_22728() {
    let bench = Bench::new();
    let mut strict = sealed(&[]);
    strict["spec"]["template"]["metadata"] = json!({"name": "mine", "namespace": "evil",
        "annotations": {"sealedsecrets.bitnami.com/cluster-wide": "true"}});
    let mut stolen = bench.rotated(&strict).await;
    assert_eq!(password(&stolen, &[NEW]), Ok(b"hunter2".to_vec()));
    for scope in ["cluster-wide", "namespace-wide"] {
        stolen["metadata"]["annotations"] =
            json!({format!("sealedsecrets.bitnami.com/{scope}"): "true"});
        assert!(password(&stolen, &[NEW]).is_err(), "{scope}");
        // Nor by saying so before.
        strict["metadata"]["annotations"] = stolen["metadata"]["annotations"].clone();
        let answer = bench.ask("/v1/rotate", strict.to_string()).await;
        assert_eq!(answer.code, 500, "{scope}");
    }
}

/// Upstream 2019 (verify) and 2049 (rotate): a template that fails for some values told whether they were those.
#[tokio::test]
async fn a_template_is_no_oracle_2019_2049() {
    let bench = Bench::new();
    for guess in ["hunter2", "hunter3"] {
        let mut object = sealed(&[]);
        let template =
            format!("{{{{ if eq .password \"{guess}\" }}}}{{{{ fail \"yes\" }}}}{{{{ end }}}}");
        object["spec"]["template"]["data"] = json!({"oracle": template, "broken": "{{"});
        let verified = bench.ask("/v1/verify", object.to_string()).await;
        assert_eq!((verified.code, &*verified.text), (200, ""));
        let rotated = bench.rotated(&object).await;
        assert_eq!(rotated["spec"]["template"], object["spec"]["template"]);
    }
}

/// GHSA-jpp5-6cf2-prqh: the limit was per header, which the caller writes.
#[tokio::test]
async fn no_header_dodges_the_limit() {
    let bench = Bench::new();
    let mut codes = Vec::new();
    for number in 0..14 {
        let request = Request::post("/v1/verify")
            .header("x-forwarded-for", format!("192.0.2.{number}"))
            .header("forwarded", format!("for=192.0.2.{number}"))
            .body(Body::from("x"));
        let answer = bench.send(PROXY, request.expect("a request")).await;
        if answer.code == 429 {
            assert_eq!(answer.headers[RETRY_AFTER], "1");
        }
        codes.push(answer.code);
    }
    assert_eq!((codes[9], codes[13]), (500, 429), "{codes:?}");
    // Neither the other endpoint nor another address pays for it.
    assert_eq!(bench.ask("/v1/rotate", "x").await.code, 500);
    let other = Request::post("/v1/verify").body(Body::from("x"));
    let other = bench.send([10, 0, 0, 2], other.expect("a request")).await;
    assert_eq!(other.code, 500);
}

#[tokio::test]
async fn what_is_too_large_or_too_much_work_is_refused() {
    let bench = Bench::new();
    let answer = bench.ask("/v1/rotate", vec![b' '; (10 << 20) + 1]).await;
    assert_eq!(answer.code, 413);
    let mut object = sealed(&[]);
    let value = object["spec"]["encryptedData"]["password"].clone();
    let many = (0..=OPERATIONS_MAX).map(|number| (format!("k{number}"), value.clone()));
    object["spec"]["encryptedData"] = Value::Object(many.collect());
    for path in ["/v1/verify", "/v1/rotate"] {
        let answer = bench.ask(path, object.to_string()).await;
        assert_eq!(answer.code, 413, "{path}: {}", answer.text);
    }
    // What nothing opens is told before that.
    object["metadata"]["name"] = json!("other");
    for (path, code) in [("/v1/verify", 409), ("/v1/rotate", 500)] {
        let answer = bench.ask(path, object.to_string()).await;
        assert_eq!(answer.code, code, "{path}: {}", answer.text);
    }
}

#[tokio::test]
async fn a_refusal_says_why_and_shows_no_value() {
    let bench = Bench::new();
    let mut object = sealed(&[]);
    object["metadata"]["namespace"] = json!("prod");
    let answer = bench.ask("/v1/rotate", object.to_string()).await;
    assert_eq!(answer.code, 500);
    assert!(
        answer
            .text
            .contains("values `empty`, `password`: no key could decrypt"),
        "{}",
        answer.text
    );
    let plain = "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: db, namespace: s}\nspec: {encryptedData: {password: hunter2}}\n";
    let answer = bench.ask("/v1/rotate", plain).await;
    assert_eq!(answer.code, 500);
    assert!(!answer.text.contains("hunter2"), "{}", answer.text);
}

#[tokio::test]
async fn health_is_answered_in_their_words_and_all_else_is_not_found() {
    let bench = Bench::new();
    for (path, code, text) in [
        ("/healthz", 200, "ok\n"),
        // The caches of this one were never filled.
        ("/readyz", 503, "not ready\n"),
        ("/metrics", 404, "404 page not found\n"),
    ] {
        let answer = bench.ask(path, "").await;
        assert_eq!((answer.code, &*answer.text), (code, text), "{path}");
    }
}
