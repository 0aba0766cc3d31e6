//! Sealed Secrets both ways against the real `kubeseal`: what it seals opens here, what is sealed here it
//! opens, and around the ciphertext every byte of the output is the same.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "sealed_secrets_interop/support.rs"]
mod support;

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bulla_core::names::KeyName;
use bulla_core::plaintext::Plaintext;
use bulla_core::rotation::Timestamp;
use bulla_core::sealed_secrets::{
    Certificate, CertificateRequest, LegacyData, RsaKeyRing, RsaPrivateKey, Search, SecretToSeal,
    to_json, to_yaml,
};
use rand_core::OsRng;
use serde_json::{Value, json};
use support::{Keys, Random, domain, key_file, kubeseal, unsealed_by_kubeseal, without_ciphertext};

#[test]
fn what_is_sealed_here_kubeseal_opens() {
    for (file, annotation) in [
        ("generated-2048", None),
        (
            "generated-2048-named",
            Some("sealedsecrets.bitnami.com/namespace-wide"),
        ),
        (
            "generated-4096",
            Some("sealedsecrets.bitnami.com/cluster-wide"),
        ),
    ] {
        let keys = Keys::read(file);
        let values: [(&str, &[u8]); 4] = [
            ("password", b"hunter2"),
            ("empty", b""),
            ("binary", &[0, 255, 10, 13]),
            ("space", b" x \n"),
        ];
        let secret = SecretToSeal {
            namespace: Some("shop".parse().unwrap()),
            name: "db".parse().unwrap(),
            secret_type: Some("Opaque".to_owned()),
            immutable: Some(true),
            labels: [("app".to_owned(), "shop".to_owned())].into(),
            annotations: annotation
                .iter()
                .map(|name| ((*name).to_owned(), "true".to_owned()))
                .collect(),
            finalizers: vec!["a.b/c".to_owned()],
            values: values
                .iter()
                .map(|(key, value)| (key.parse().unwrap(), Plaintext::from(*value)))
                .collect(),
        };
        let sealed = secret.seal(keys.private.public(), &mut OsRng).unwrap();
        for text in [to_json(&sealed), to_yaml(&sealed)] {
            let opened = unsealed_by_kubeseal(&text, &[&key_file(file)]).unwrap();
            for (key, value) in values {
                assert_eq!(
                    opened["data"][key],
                    json!(STANDARD.encode(value)),
                    "{file} {key}"
                );
            }
            assert_eq!(opened["immutable"], true);
            assert_eq!(opened["metadata"]["labels"]["app"], "shop");
            assert_eq!(opened["metadata"]["finalizers"], json!(["a.b/c"]));
        }
        // Moved to another name it opens for the wider scopes only, there and here.
        let mut moved = sealed.clone();
        moved["metadata"]["name"] = json!("other");
        let theirs = unsealed_by_kubeseal(&to_json(&moved), &[&key_file(file)]);
        let ring = RsaKeyRing::new(vec![keys.private]);
        let ours = domain(&moved).unseal(&ring, &mut Search::default(), LegacyData::Refuse);
        assert_eq!(theirs.is_ok(), annotation.is_some());
        assert_eq!(ours.is_ok(), annotation.is_some());
    }
}

/// Nothing makes such a value, but Go takes it, so that it may lie in a repository.
#[test]
fn a_block_without_its_leading_zero_opens_in_both() {
    let keys = Keys::read("generated-2048");
    let secret = || SecretToSeal {
        namespace: Some("shop".parse().unwrap()),
        name: "db".parse().unwrap(),
        secret_type: None,
        immutable: None,
        labels: BTreeMap::new(),
        annotations: BTreeMap::new(),
        finalizers: vec![],
        values: [("a".parse().unwrap(), Plaintext::from(&b"hunter2"[..]))].into(),
    };
    let (mut sealed, bytes) = loop {
        let sealed = secret().seal(keys.private.public(), &mut OsRng).unwrap();
        let item = sealed["spec"]["encryptedData"]["a"].as_str().unwrap();
        let bytes = STANDARD.decode(item).unwrap();
        if bytes[2] == 0 {
            break (sealed, bytes);
        }
    };
    let short = [&[0, 255], &bytes[3..]].concat();
    sealed["spec"]["encryptedData"]["a"] = json!(STANDARD.encode(short));
    let theirs = unsealed_by_kubeseal(&to_json(&sealed), &[&key_file("generated-2048")]).unwrap();
    assert_eq!(theirs["data"]["a"], "aHVudGVyMg==");
    let ring = RsaKeyRing::new(vec![keys.private]);
    let ours = domain(&sealed).unseal(&ring, &mut Search::default(), LegacyData::Refuse);
    assert!(ours.is_ok());
}

#[test]
fn a_key_and_a_certificate_made_here_serve_kubeseal() {
    let key = RsaPrivateKey::generate(2048).unwrap();
    let request = CertificateRequest {
        common_name: String::new(),
        not_before: Timestamp(1_700_000_000),
        not_after: Timestamp(4_000_000_000),
    };
    let certificate = request.sign(&key, &mut OsRng).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (cert, private) = (folder.path().join("tls.crt"), folder.path().join("tls.key"));
    std::fs::write(&cert, certificate.to_pem()).unwrap();
    std::fs::write(&private, key.expose_pem().unwrap().as_bytes()).unwrap();
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db", "namespace": "shop"},
        "stringData": {"password": "hunter2"}});
    let cert = cert.display().to_string();
    let sealed = kubeseal(&["--cert", &cert], secret.to_string().as_bytes()).unwrap();
    let opened = unsealed_by_kubeseal(&sealed, &[&private.display().to_string()]).unwrap();
    assert_eq!(opened["data"]["password"], "aHVudGVyMg==");
    let ring = RsaKeyRing::new(vec![key]);
    let sealed = domain(&serde_json::from_str(&sealed).unwrap());
    let values = sealed
        .unseal(&ring, &mut Search::default(), LegacyData::Refuse)
        .unwrap();
    assert_eq!(
        values.values()[&"password".parse::<KeyName>().unwrap()],
        Plaintext::from(&b"hunter2"[..])
    );
    let again = Certificate::from_pem(certificate.to_pem().as_bytes()).unwrap();
    assert_eq!(again, certificate);
}

/// Templates, nulls, collisions, missing keys, values under different keys in one object: data and
/// success are those of the real thing.
#[test]
fn what_becomes_of_templates_is_the_same() {
    let files = ["generated-2048", "generated-2048-named", "generated-4096"];
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db", "namespace": "shop"},
        "stringData": {"user": "bob", "password": "p&\"w", "dash-ed": "x", "empty": ""}});
    let mut sealed: Value =
        serde_json::from_str(&support::sealed_by_kubeseal(files[0], &secret)).unwrap();
    let other: Value =
        serde_json::from_str(&support::sealed_by_kubeseal(files[1], &secret)).unwrap();
    sealed["spec"]["encryptedData"]["user"] = other["spec"]["encryptedData"]["user"].clone();
    let text = sealed["spec"]["encryptedData"]["password"]
        .as_str()
        .unwrap()
        .to_owned();
    let broken: Vec<String> = text
        .as_bytes()
        .chunks(64)
        .map(|l| String::from_utf8_lossy(l).into_owned())
        .collect();
    sealed["spec"]["encryptedData"]["password"] = json!(broken.join("\r\n"));
    let paths: Vec<String> = files.iter().map(|file| key_file(file)).collect();
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    let ring = RsaKeyRing::new(files.iter().map(|file| Keys::read(file).private).collect());
    for (data, succeeds) in [
        (json!({}), true),
        (json!(null), true),
        (
            json!({"url": "u://{{ .user }}:{{ .password | urlquery }}@h"}),
            true,
        ),
        (
            json!({"plain": "just text", "empty": "", "twice": "{{ .plain }}!"}),
            true,
        ),
        (
            json!({"user": "overwritten {{ .user }}", "sees": "{{ .user }}"}),
            true,
        ),
        (json!({"user": null, "sees": "{{ .user }}"}), true),
        (
            json!({"nothing": null, "user": null, "password": null, "dash-ed": null, "empty": null}),
            true,
        ),
        (json!({"missing": "{{ .no }} {{ index . \"no\" }}"}), true),
        (
            json!({"dash": "{{ index . \"dash-ed\" }}", "q": "{{ .password | quote }}", "j": "{{ toJson . }}"}),
            true,
        ),
        (json!({"a": "{{ .b }}", "b": "{{ .a }}"}), true),
        (json!({"bad": "{{ .dash-ed }}"}), false),
        (json!({"user": "{{ fail .password }}"}), false),
        (json!({"fine": "x", "bad": "{{ nosuch }}"}), false),
    ] {
        sealed["spec"]["template"]["data"] = data.clone();
        let theirs = unsealed_by_kubeseal(&sealed.to_string(), &paths);
        assert_eq!(theirs.is_ok(), succeeds, "{data}: {theirs:?}");
        let mut search = Search::default();
        let unsealed = domain(&sealed)
            .unseal(&ring, &mut search, LegacyData::Refuse)
            .unwrap();
        let ours = unsealed.render();
        let Ok(theirs) = theirs else {
            let error = ours.expect_err("it fails for both");
            assert!(!format!("{error} {error:?}").contains("p&"));
            continue;
        };
        let theirs: BTreeMap<String, String> =
            serde_json::from_value(theirs.get("data").cloned().unwrap_or_default())
                .unwrap_or_default();
        // A test looks at what came out.
        let ours: BTreeMap<String, String> = ours
            .unwrap()
            .0
            .into_iter()
            .map(|(key, value)| (key.to_string(), STANDARD.encode(value.reveal())))
            .collect();
        assert_eq!(ours, theirs, "{data}");
    }
}

/// 400 Secrets with hostile labels, annotations, types and key names, in JSON and in YAML.
#[test]
fn output_is_the_same_but_for_the_ciphertext() {
    let key = Keys::read("generated-2048").private;
    let mut random = Random::new();
    eprintln!("seed {}", random.seed());
    let secrets: Vec<(SecretToSeal, Value)> =
        (0..400).map(|number| random.secret(number)).collect();
    let stream: Vec<String> = secrets
        .iter()
        .map(|(_, manifest)| manifest.to_string())
        .collect();
    let sealed: Vec<Value> = secrets
        .iter()
        .map(|(secret, _)| secret.seal(key.public(), &mut OsRng).unwrap())
        .collect();
    let theirs = support::sealed_stream("generated-2048", "json", &stream.join("\n"));
    let ours: String = sealed.iter().map(to_json).collect();
    support::same_text(&without_ciphertext(&ours), &without_ciphertext(&theirs));
    let theirs = support::sealed_stream("generated-2048", "yaml", &stream.join("\n"));
    let ours: String = sealed
        .iter()
        .map(|object| format!("---\n{}", to_yaml(object)))
        .collect();
    support::same_text(&without_ciphertext(&ours), &without_ciphertext(&theirs));
}
