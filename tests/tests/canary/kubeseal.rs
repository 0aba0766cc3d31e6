//! `kubeseal`'s command line with a secret in every place that it reads: nothing that it says or makes repeats it, but
//! what `--recovery-unseal` prints when it is asked for.

use std::fs;

use base64::{Engine, engine::general_purpose::STANDARD};
use bulla_tests::sealed_secrets::key_file;
use serde_json::{Value, json};

use crate::trial::Trial;

/// A trial with a certificate, its key, and another key.
fn trial() -> Trial {
    let trial = Trial::new();
    for (name, key) in [("key.pem", KEY), ("other.pem", OTHER)] {
        let pem = fs::read(key_file(key)).expect("a key");
        trial.repository.write(name, pem);
    }
    let pem = trial.repository.read("key.pem");
    let start = pem.find("-----BEGIN RSA").expect("a key");
    trial.repository.write("cert.pem", &pem[..start]);
    trial
}

fn kubeseal<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
    let cert = ["kubeseal", "--cert", "cert.pem"];
    [&cert[..], arguments].concat()
}

/// Seals the canary with all that goes well, and returns the SealedSecret.
fn sealed(trial: &Trial) -> Value {
    let text = trial.quoted();
    let secret = trial.secret(&format!("  password: {text}"));
    trial.repository.write("secret.yaml", secret);
    let arguments = kubeseal(&["-f", "secret.yaml"]);
    serde_json::from_str(&trial.repository.bulla_ok(&arguments)).expect("JSON")
}

#[test]
fn sealing_shows_nothing_of_the_values() {
    let mut trial = trial();
    let object = sealed(&trial);
    let canary = String::from_utf8_lossy(trial.canary.bytes()).into_owned();
    trial.repository.write("db.json", object.to_string());
    trial.repository.write("value", trial.canary.bytes());
    let raw = ["--raw", "-n", "shop", "--name", "db"];
    for (arguments, input) in [
        (vec!["-o", "yaml"], trial.repository.read("secret.yaml")),
        (vec!["-f", "secret.yaml", "-w", "out.yaml"], String::new()),
        (
            vec!["--scope", "cluster-wide"],
            trial.repository.read("secret.yaml"),
        ),
        (raw.to_vec(), canary),
        (
            [&raw[..], &["--from-file", "value"]].concat(),
            String::new(),
        ),
        (
            vec!["--merge-into", "db.json"],
            trial.repository.read("secret.yaml"),
        ),
        (vec!["--fetch-cert"], String::new()),
    ] {
        let arguments = kubeseal(&arguments);
        let output = trial.repository.bulla_with_stdin(&arguments, &input);
        trial.kept(&arguments.join(" "), &output);
        if !output.status.success() {
            trial.failures.push(format!("{arguments:?}: {output:?}"));
        }
    }
    for file in ["out.yaml", "db.json"] {
        let text = trial.repository.read(file);
        trial.canary.assert_absent(file, text);
    }
    trial.finish();
}

#[test]
fn what_it_can_not_read_is_not_quoted() {
    let mut trial = trial();
    let text = trial.quoted();
    let core = trial
        .canary
        .text()
        .split(' ')
        .nth(1)
        .expect("the middle")
        .to_owned();
    let base64 = STANDARD.encode(trial.canary.bytes());
    let data = |value: &str| {
        format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{name: db, namespace: shop}}\ndata: {value}\n"
        )
    };
    // Names and kinds are told: they are no secrets.
    let inputs = [
        (
            "a broken document",
            trial.secret(&format!("  password: {text}: {text}\n - {text}")),
        ),
        (
            "an open quote",
            trial.secret(&format!("  password: \"{core}")),
        ),
        (
            "a key twice",
            trial.secret(&format!("  password: {text}\n  password: {text}")),
        ),
        (
            "a list as a value",
            trial.secret(&format!("  password: [{text}]")),
        ),
        (
            "a map as a value",
            trial.secret(&format!("  password: {{{text}: {text}}}")),
        ),
        (
            "a tag",
            trial.secret(&format!("  password: !{core} {text}")),
        ),
        (
            "two readings",
            trial.secret(&format!("  password: {text}\n  other: no")),
        ),
        ("no base64", data(&format!("{{password: {text}}}"))),
        (
            "base64 that is cut off",
            data(&format!("{{password: \"{base64}=\"}}")),
        ),
        ("data that is a text", data(&text)),
        (
            "JSON that ends early",
            format!("{{\"apiVersion\": \"v1\", \"stringData\": {{\"a\": {text}"),
        ),
        (
            "a type that is none",
            trial.secret(&format!("  a: {text}\ntype: [{text}]")),
        ),
        (
            "a ConfigMap",
            format!(
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: db}}\ndata: {{a: {text}}}\n"
            ),
        ),
        ("no object", text.clone()),
    ];
    let from_file = kubeseal(&["-f", "input.yaml"]);
    let as_yaml = kubeseal(&["-f", "input.yaml", "-o", "yaml", "-w", "out.yaml"]);
    let in_place = kubeseal(&["--merge-into", "input.yaml"]);
    for (what, input) in inputs {
        trial.fails(
            what,
            input,
            &[&from_file, &as_yaml, &in_place, RECOVER, VALIDATE, RENEW],
        );
        assert!(!trial.repository.path("out.yaml").exists(), "{what}");
    }
    for what in ["cert.pem", "key.pem"] {
        // A secret where a certificate or a key belongs.
        let there = trial.repository.read(what);
        let pem = format!("-----BEGIN CERTIFICATE-----\n{base64}\n-----END CERTIFICATE-----\n");
        let key =
            format!("-----BEGIN RSA PRIVATE KEY-----\n{base64}\n-----END RSA PRIVATE KEY-----\n");
        for content in [text.clone(), pem, key] {
            trial.repository.write(what, content);
            let fetch = kubeseal(&["--fetch-cert"]);
            let commands: &[&[&str]] = match what {
                "key.pem" => &[RECOVER],
                _ => &[&from_file, &fetch],
            };
            let secret = trial.secret(&format!("  password: {text}"));
            trial.fails(what, secret, commands);
        }
        trial.repository.write(what, there);
    }
    trial.finish();
}

#[test]
fn what_it_opened_is_not_in_an_error() {
    let mut trial = trial();
    let object = sealed(&trial);
    let with = |pointer: &str, value: Value| {
        let mut object = object.clone();
        let (parent, field) = pointer.rsplit_once('/').expect("a pointer");
        object.pointer_mut(parent).expect("a parent")[field] = value;
        object.to_string()
    };
    for template in [
        "{{ fail .password }}",
        "{{ mustFromJson .password }}",
        "{{ printf .password | mustRegexFind .password }}{{ semver .password }}",
        "{{ mustRegexMatch .password .password }}{{ index .password .password }}",
        "{{ template .password }}",
        "{{ mustToDate .password .password }}",
        "{{ genCAWithKey .password 1 .password }}",
    ] {
        let templated = with("/spec/template/data", json!({"x": template}));
        trial.fails(template, templated, &[RECOVER]);
    }
    trial.fails(
        "another name",
        with("/metadata/name", json!("other")),
        &[RECOVER],
    );
    let value = object["spec"]["encryptedData"]["password"]
        .as_str()
        .expect("a text");
    let cut = json!(value[..value.len() - 8]);
    trial.fails(
        "a damaged value",
        with("/spec/encryptedData/password", cut),
        &[RECOVER],
    );
    let many = format!("{object}\n---\n{}", with("/metadata/name", json!("other")));
    trial.fails("one of two", many, &[RECOVER]);
    let file = trial
        .repository
        .path("unwritable/out.yaml")
        .display()
        .to_string();
    let elsewhere = [RECOVER, &["-w", &file]].concat();
    trial.fails("no folder", object.to_string(), &[&elsewhere]);
    trial.finish();
}

#[test]
fn complaints_about_flags_and_variables_repeat_no_value() {
    let mut trial = trial();
    let secret = trial.canary.text().to_owned();
    let joined = |flag: &str| format!("--{flag}={secret}");
    let flags: Vec<String> = ["scope", "recovery-unseal", "raw", "v", secret.as_str()]
        .iter()
        .map(|flag| joined(flag))
        .collect();
    for flag in &flags {
        trial.fails(
            "a wrong flag",
            "",
            &[&kubeseal(&["-f", "input.yaml", flag])],
        );
    }
    trial.fails(
        "a word too many",
        "x: y",
        &[&kubeseal(&["-f", "input.yaml", &secret])],
    );
    let nothing: &[&str] = &["kubeseal", "--validate", "-f", "secret.yaml"];
    let object = sealed(&trial).to_string();
    for flag in ["token", "username", "password", "as", "request-timeout"] {
        let flag = joined(flag);
        trial.fails(
            "nobody answers",
            &object,
            &[&[nothing, &[flag.as_str()]].concat()],
        );
    }
    for variable in [
        "SCOPE",
        "FORMAT",
        "TOKEN",
        "PASSWORD",
        "RAW",
        "ALLOW_EMPTY_DATA",
    ] {
        trial
            .repository
            .set(&format!("SEALED_SECRETS_{variable}"), secret.clone());
    }
    trial.fails("wrong variables", &object, &[nothing]);
    trial.finish();
}

const RECOVER: &[&str] = &[
    "kubeseal",
    "--recovery-unseal",
    "--recovery-private-key",
    "key.pem",
    "-f",
    "input.yaml",
];
const VALIDATE: &[&str] = &["kubeseal", "--validate", "-f", "input.yaml"];
const RENEW: &[&str] = &["kubeseal", "--re-encrypt", "-f", "input.yaml"];
const KEY: &str = "generated-2048";
const OTHER: &str = "generated-2048-named";
