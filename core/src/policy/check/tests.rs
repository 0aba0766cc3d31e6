//! Each finding, and what is none.

mod notes;
mod plaintext;
mod templates;

use serde_json::{Value, json};

use super::*;
use crate::policy::fixtures::{CANARY, Someone, manifest, sealed, someone};
use crate::recipient::Suite;
use crate::scope::Scope;

struct World {
    prod: Someone,
    safe: Someone,
    stranger: Someone,
    config: Config,
}

fn world() -> World {
    let prod = someone("prod", Suite::MlKem768X25519);
    let safe = someone("safe", Suite::X25519);
    let stranger = someone("mallory", Suite::X25519);
    let config = Config::parse(&format!(
        "clusters: {{prod: {{recipients: [{}]}}}}\nrecovery: {{safe: {{recipients: [{}]}}}}\n\
         rules:\n- {{path: 'prod/**', for: [prod, safe]}}\n- {{path: 'pq/**', for: [prod], postQuantum: required, scope: Strict}}\n\
         - {{path: 'bad/**', for: [prod, safe], postQuantum: required}}\n- {{path: 'sops/**', for: [prod], format: sops}}\n",
        prod.named.recipient, safe.named.recipient
    ))
    .unwrap();
    World {
        prod,
        safe,
        stranger,
        config,
    }
}

fn found(text: &str, path: &str, config: Option<&Config>) -> Vec<Finding> {
    let stream = Stream::parse(text.as_bytes()).unwrap();
    let findings = check(
        Subject {
            shown: path,
            rule_path: Some(path),
            stream: &stream,
        },
        config,
    );
    assert!(!format!("{findings:?}").contains(CANARY));
    findings
}

fn kinds(findings: &[Finding]) -> Vec<&'static str> {
    findings
        .iter()
        .map(|finding| finding.kind.as_str())
        .collect()
}

fn kinds_of(value: &Value, path: &str, config: &Config) -> Vec<&'static str> {
    let findings = found(&value.to_string(), path, Some(config));
    kinds(
        &findings
            .into_iter()
            .filter(|f| f.severity() == Severity::Error)
            .collect::<Vec<_>>(),
    )
}

#[test]
fn each_readable_value_of_a_secret_is_found_at_its_key() {
    let text = format!(
        "# a comment\napiVersion: v1\nkind: ConfigMap\ndata: {{a: {CANARY}}}\n---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: db\n  namespace: shop\n\
         data:\n  password: aHVudGVyMi1jYW5hcnk=\nstringData:\n  token: {CANARY}\n  empty: \"\"\n  nothing:\n"
    );
    let findings = found(&text, "prod/a b.yaml", Some(&world().config));
    assert_eq!(kinds(&findings), ["plaintext-secret", "plaintext-secret"]);
    let places: Vec<_> = findings
        .iter()
        .map(|f| f.place.unwrap())
        .map(|p| (p.document, p.line, p.column))
        .collect();
    assert_eq!(places, [(2, 12, 3), (2, 14, 3)]);
    assert_eq!(findings[0].key.as_deref(), Some("password"));
    assert_eq!(
        findings[1].message,
        "refusing plaintext: Secret `shop/db` has a readable value under `token`"
    );
    assert_eq!(
        findings[1].hint,
        "`bulla seal -i 'prod/a b.yaml'` closes it"
    );
    assert!(
        found(&text, "x.yaml", Some(&world().config))[0]
            .hint
            .starts_with("add a rule")
    );
    assert!(
        found(&text, "x.yaml", None)[0]
            .hint
            .starts_with("`bulla init`")
    );
}

#[test]
fn what_is_no_plaintext_is_not_found() {
    let secret =
        |rest: &str| format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: db}}\n{rest}");
    for none in [
        secret(""),
        secret("data: {}\n"),
        secret("type: kubernetes.io/service-account-token\n"),
        secret(
            "stringData: {a: \"ENC[AES256_GCM,data:abc=,iv:de/f=,tag:ghi=,type:str]\"}\nsops: {mac: x}\n",
        ),
        secret("stringData: {a: x, b: y}\n").replace(
            "name: db",
            "name: db, annotations: {bulla.dev/plain: 'a, b'}",
        ),
        "apiVersion: v1\nkind: SecretList\nitems: []\n".to_owned(),
    ] {
        assert!(found(&none, "prod/x.yaml", None).is_empty(), "{none}");
    }
    for some in [
        secret("stringData: {a: \"ENC[AES256_GCM,data:abc=,iv:de/f=,tag:ghi=,type:str]\"}\n"),
        secret("stringData: {a: ENC-hunter2}\nsops: {mac: x}\n"),
        secret("stringData: {a: 1234}\n"),
        secret("stringData: {a: true}\n"),
        secret("stringData: {a: [x]}\n"),
        secret("stringData: {a: ' '}\n"),
        secret("stringData: {a: x, b: y}\n")
            .replace("name: db", "name: db, annotations: {bulla.dev/plain: b}"),
        "apiVersion: v1\nkind: List\nitems: [{apiVersion: v1, kind: Secret, data: {a: eA==}}]\n"
            .to_owned(),
        "apiVersion: v1\nkind: SecretList\nitems: [{data: {a: eA==}}]\n".to_owned(),
        "x: &x {data: {a: eA==}}\n<<: *x\napiVersion: v1\nkind: Secret\n".to_owned(),
        "x: &x {a: eA==}\ny: &y {a: x}\ndata: {<<: [*x, *x]}\napiVersion: v1\nkind: Secret\n"
            .to_owned(),
        "{\"apiVersion\": \"v1\", \"kind\": \"\\u0053ecret\", \"data\": {\"a\": \"eA==\"}}"
            .to_owned(),
    ] {
        let mut kinds = kinds(&found(&some, "prod/x.yaml", None));
        // What is merged stands beside the fields of a Secret, too.
        kinds.dedup();
        assert_eq!(kinds, ["plaintext-secret"], "{some}");
    }
}

#[test]
fn a_sound_envelope_has_no_findings() {
    let w = world();
    let envelope = manifest(&sealed(&["password"], Scope::Strict, &[&w.prod, &w.safe]));
    let findings = found(&envelope.to_string(), "prod/db.yaml", Some(&w.config));
    assert_eq!(kinds(&findings), ["classic-recipient"]);
    assert!(findings[0].message.contains("`safe`"), "{findings:?}");
    assert!(findings.iter().all(|f| f.severity() == Severity::Note));
    let envelope = manifest(&sealed(&["password"], Scope::Strict, &[&w.prod]));
    assert!(found(&envelope.to_string(), "pq/db.yaml", Some(&w.config)).is_empty());
    assert!(found(&envelope.to_string(), "pq/db.yaml", None).is_empty());
}

#[test]
fn recipients_other_than_the_rules_are_named_by_the_configuration() {
    let w = world();
    let mut stranger = w.stranger.named.clone();
    stranger.name = "prod".parse().unwrap();
    let liar = Someone {
        named: stranger,
        ring: Default::default(),
    };
    let envelope = manifest(&sealed(&["password"], Scope::Strict, &[&w.safe, &liar]));
    let findings = found(&envelope.to_string(), "prod/db.yaml", Some(&w.config));
    let wrong: Vec<_> = findings
        .iter()
        .filter(|f| f.kind == FindingKind::WrongRecipients)
        .collect();
    assert_eq!(wrong.len(), 1);
    let (prod, lie) = (
        w.prod.named.recipient.fingerprint(),
        w.stranger.named.recipient.fingerprint(),
    );
    let expected = format!(
        "is closed not for `prod` ({prod}) and for `{lie}` (called `prod` in the file), whom the rule does not name"
    );
    assert!(wrong[0].message.contains(&expected), "{}", wrong[0].message);
    assert!(wrong[0].hint.contains("bulla rewrap prod/db.yaml"));
}

#[test]
fn rules_that_say_more_than_names_are_held() {
    let w = world();
    let hybrid = |scope| manifest(&sealed(&["password"], scope, &[&w.prod]));
    let classic = manifest(&sealed(&["password"], Scope::Strict, &[&w.prod, &w.safe]));
    assert_eq!(
        kinds_of(&hybrid(Scope::Namespace), "pq/db.yaml", &w.config),
        ["wide-scope"]
    );
    assert_eq!(
        kinds_of(&classic, "pq/db.yaml", &w.config),
        ["wrong-recipients", "not-post-quantum"]
    );
    assert_eq!(
        kinds_of(&classic, "bad/db.yaml", &w.config),
        ["not-post-quantum", "not-post-quantum"]
    );
    assert_eq!(
        kinds_of(&classic, "sops/db.yaml", &w.config),
        ["other-format"]
    );
    assert_eq!(kinds_of(&classic, "elsewhere.yaml", &w.config), ["no-rule"]);
}

#[test]
fn a_hint_that_claims_a_post_quantum_key_does_not_hide_a_classic_one() {
    let w = world();
    let mut envelope = manifest(&sealed(&["password"], Scope::Strict, &[&w.safe]));
    let closed = &mut envelope["spec"]["dataKeys"][0]["closedFor"][0];
    closed["recipient"] = w.prod.named.recipient.fingerprint().to_string().into();
    assert_eq!(
        kinds_of(&envelope, "pq/db.yaml", &w.config),
        ["not-post-quantum"]
    );
}

#[test]
fn damage_is_found_where_it_is() {
    let w = world();
    let good = manifest(&sealed(&["password", "user"], Scope::Strict, &[&w.prod]));
    let damaged = |pointer: &str, value: Value| {
        let mut bad = good.clone();
        *bad.pointer_mut(pointer).unwrap() = value;
        kinds_of(&bad, "pq/db.yaml", &w.config)
    };
    assert_eq!(
        damaged("/spec/data/user", json!(CANARY)),
        ["plaintext-value"]
    );
    assert_eq!(damaged("/spec/data/user", json!("")), ["plaintext-value"]);
    assert_eq!(
        damaged("/spec/data/user", json!({"a": CANARY})),
        ["plaintext-value", "damaged-envelope"]
    );
    assert_eq!(
        damaged("/spec/data/user", json!("bulla2.abc")),
        ["damaged-envelope"]
    );
    assert_eq!(
        damaged("/spec/data/user", json!("bulla1.abc")),
        ["damaged-envelope"]
    );
    assert_eq!(
        damaged("/spec/dataKeys/0/commitment", json!("x")),
        ["damaged-envelope"]
    );
    assert_eq!(
        damaged("/spec/dataKeys/0/closedFor", json!([])),
        ["damaged-envelope"]
    );
    assert_eq!(
        damaged(
            "/spec/dataKeys/0/closedFor/0/key",
            json!("bm90IGFuIGFnZSBmaWxl")
        ),
        ["damaged-envelope"]
    );
    assert_eq!(
        damaged("/spec/dataKeys/0/closedFor/0/name", json!("bad name")),
        ["damaged-envelope"]
    );
    assert_eq!(
        damaged("/spec/scope", json!("strict")),
        ["damaged-envelope"]
    );
    assert_eq!(
        damaged("/metadata/name", json!("../x")),
        ["damaged-envelope"]
    );
    assert_eq!(
        damaged("/apiVersion", json!("bulla.dev/v2")),
        ["damaged-envelope"]
    );
    assert_eq!(
        damaged("/spec/template", json!({"data": {"url": CANARY}})),
        ["plain-template"]
    );

    let mut both = good.clone();
    both["spec"]["data"] = json!({"user": CANARY, "password": CANARY});
    assert_eq!(
        kinds_of(&both, "pq/db.yaml", &w.config),
        ["plaintext-value", "plaintext-value"]
    );
    let mut unknown = good.clone();
    unknown["spec"]["dataKey"] = json!(["x"]);
    assert_eq!(
        kinds_of(&unknown, "pq/db.yaml", &w.config),
        ["damaged-envelope"]
    );
}

#[test]
fn a_plain_template_may_be_declared() {
    let w = world();
    let mut envelope = manifest(&sealed(&["password"], Scope::Strict, &[&w.prod]));
    envelope["spec"]["template"] = json!({"data": {"host": "db.shop", "user": "shop", "none": ""}});
    assert_eq!(
        kinds_of(&envelope, "pq/db.yaml", &w.config),
        ["plain-template", "plain-template"]
    );
    envelope["metadata"]["annotations"] = json!({"bulla.dev/plain": "host, user"});
    assert!(kinds_of(&envelope, "pq/db.yaml", &w.config).is_empty());
}

#[test]
fn many_data_keys_and_a_missing_namespace_are_notes() {
    let w = world();
    let mut envelope = sealed(&["password"], Scope::Strict, &[&w.prod]);
    for nth in 0..8 {
        let values = crate::policy::fixtures::values(&[&format!("k{nth}")]);
        envelope = envelope
            .set(
                &values,
                std::slice::from_ref(&w.prod.named),
                &mut rand_core::OsRng,
            )
            .unwrap();
    }
    let mut value = manifest(&envelope);
    value["metadata"]
        .as_object_mut()
        .unwrap()
        .remove("namespace");
    let findings = found(&value.to_string(), "pq/db.yaml", Some(&w.config));
    assert_eq!(kinds(&findings), ["no-namespace", "many-data-keys"]);
}

#[test]
fn kinds_have_names_of_their_own() {
    let names: std::collections::BTreeSet<_> =
        FindingKind::ALL.iter().map(|kind| kind.as_str()).collect();
    assert_eq!(names.len(), FindingKind::ALL.len());
}

#[test]
fn a_configuration_that_is_not_obeyed_is_a_finding_with_its_place() {
    let error = Config::parse("rules:\n- {path: a, for: [x]}\n").unwrap_err();
    let finding = Finding::invalid_config(".bulla.yaml", &error);
    assert_eq!(finding.message, "nobody is called `x`: no names are known");
    assert_eq!(
        finding.place.map(|place| (place.line, place.column)),
        Some((2, 19))
    );
    let error = Config::parse("people: {-x: {recipients: []}}\n").unwrap_err();
    let finding = Finding::invalid_config(".bulla.yaml", &error);
    assert!(
        finding.message.starts_with("invalid recipient name"),
        "{}",
        finding.message
    );
}
