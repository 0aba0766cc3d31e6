//! Plaintext in places where nobody looks for it.

use super::*;

#[test]
fn plaintext_beside_the_fields_of_a_resource_is_found() {
    let secret = format!(
        "apiVersion: v1\nkind: Secret\nmetadata: {{name: db, namespace: shop}}\nstringdata:\n  password: {CANARY}\nsops: {CANARY}\nstatus:\n"
    );
    let findings = found(&secret, "prod/x.yaml", None);
    assert_eq!(kinds(&findings), ["plaintext-secret", "plaintext-secret"]);
    assert_eq!(findings[0].place.unwrap().line, 4);
    assert_eq!(
        findings[0].message,
        "refusing plaintext: Secret `shop/db` has `stringdata`, which no Secret has, and which is readable"
    );

    let world = world();
    let mut envelope = manifest(&sealed(
        &["password"],
        Scope::Strict,
        &[&world.prod, &world.safe],
    ));
    assert!(kinds_of(&envelope, "prod/x.yaml", &world.config).is_empty());
    envelope["stringData"] = json!({"password": CANARY});
    assert_eq!(
        kinds_of(&envelope, "prod/x.yaml", &world.config),
        ["damaged-envelope"]
    );
}

#[test]
fn plaintext_where_a_map_belongs_is_found_too() {
    for data in [
        "data: hunter2",
        "stringData: [hunter2]",
        "data: {a: {b: c}}",
    ] {
        let text = format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: db}}\n{data}\n");
        let findings = found(&text, "db.yaml", None);
        assert!(
            kinds(&findings).contains(&"plaintext-secret"),
            "{data}: {findings:?}"
        );
        assert!(!format!("{findings:?}").contains("hunter2"));
    }
}
