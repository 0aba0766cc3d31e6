//! Input that is wrong gets an error that says where, nothing on standard output, and no value in any message.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::run::{Place, Whose};

const CANARY: &str = "hunter2-canary";

/// Runs ours, and returns what it complained about.
#[track_caller]
fn complaint(arguments: &str, input: &str) -> String {
    let place = Place::new();
    let run = place.run(Whose::Ours, arguments, input.as_bytes());
    assert_eq!(
        (run.outcome.status, run.stdout.as_str()),
        (1, ""),
        "{}",
        run.stderr
    );
    assert!(run.outcome.files.is_empty());
    assert!(!run.stderr.contains(CANARY), "{}", run.stderr);
    run.stderr
}

#[track_caller]
fn says(arguments: &str, input: &str, words: &[&str]) {
    let stderr = complaint(arguments, input);
    for word in words {
        assert!(stderr.contains(word), "`{word}` is not in: {stderr}");
    }
}

#[test]
fn secrets_that_can_not_be_sealed() {
    let seal = "--cert tls.crt";
    let head = "apiVersion: v1\nkind: Secret\nmetadata: {name: db, namespace: shop}\n";
    let secret = |rest: &str| format!("{head}{rest}\n");
    for (input, words) in [
        (
            secret(&format!("data: {{a: {CANARY}}}")),
            &["line 4", "`data.a`", "not standard base64", "hint"][..],
        ),
        (
            secret("data: {a: aHVudGVyMi1jYW5hcnk}"),
            &["not standard base64"],
        ),
        (
            secret(&format!("stringData: {{a: [{CANARY}]}}")),
            &["line 4", "must be a string"],
        ),
        (
            secret(&format!("stringData: {CANARY}")),
            &["must be a mapping"],
        ),
        (secret(&format!("stringData: {{a: !x {CANARY}}}")), &["tag"]),
        (
            secret(&format!("stringData: {{a: \"{CANARY}")),
            &["invalid YAML"],
        ),
        (secret(&format!("immutable: {CANARY}")), &["true or false"]),
        (secret("stringData: {yes: a}"), &["line 4", "boolean"]),
        (
            secret("stringData: {a: 0777}"),
            &["read as a number", "quotes"],
        ),
        (secret("stringData: {a: }"), &["no value"]),
        (
            secret("stringData: {\"..a\": b}"),
            &["no Secret can have this key", "hint"],
        ),
        (
            "kind: Secret\nmetadata: {name: no, namespace: a}\nstringData: {a: b}\n".into(),
            &["`metadata.name` is read as a boolean", "quotes"],
        ),
        (
            "kind: Secret\nmetadata: {name: UPPER, namespace: a}\nstringData: {a: b}\n".into(),
            &["invalid resource name"],
        ),
        (
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n".into(),
            &["of kind `ConfigMap`", "hint"],
        ),
        (
            "apiVersion: v1\nkind: List\nitems: []\n".into(),
            &["of kind `List`", "kubectl get secret NAME"],
        ),
        (
            "apiVersion: apps/v1\nkind: Secret\n".into(),
            &["of kind `apps/v1 Secret`"],
        ),
        ("\u{0}".into(), &["control character"]),
        (
            format!("{head}stringData: {{a: b}}\n---\n{head}"),
            &["line 6", "document 2", "data is empty"],
        ),
    ] {
        says(seal, &input, words);
    }
}

#[test]
fn bytes_that_are_no_text() {
    let place = Place::new();
    let run = place.run(Whose::Ours, "--cert tls.crt", b"\xff\xfek\0i\0n\0d\0");
    assert_eq!((run.outcome.status, run.stdout.as_str()), (1, ""));
    assert!(run.stderr.contains("not UTF-8"), "{}", run.stderr);
}

#[test]
fn ten_mebibytes() {
    let value = "x".repeat(10 << 20);
    let input = format!(
        "kind: Secret\nmetadata: {{name: db, namespace: shop}}\nstringData: {{a: {value}}}\n"
    );
    says("--cert tls.crt", &input, &["`a`", "1 MiB"]);
    says("--cert tls.crt --raw -n a --name b", &value, &["1 MiB"]);
    let place = Place::new();
    let huge = "#".repeat(17 << 20);
    let run = place.run(Whose::Ours, "--cert tls.crt", huge.as_bytes());
    assert_eq!(run.outcome.status, 1);
    assert!(run.stderr.contains("more than 16 MiB"), "{}", run.stderr);
    let sealed = format!(
        "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {{name: a, namespace: b}}\nspec: {{encryptedData: {{a: {value}}}}}\n"
    );
    says(
        "--recovery-unseal --recovery-private-key tls.key",
        &sealed,
        &["(a)"],
    );
}

#[test]
fn certificates_that_can_not_be_sealed_with() {
    let secret = "kind: Secret\nmetadata: {name: db, namespace: shop}\nstringData: {a: b}\n";
    for (certificate, words) in [
        (
            "expired.crt",
            &["expired certificate on 2020-09-13", "--allow-expired-cert"][..],
        ),
        ("ec.crt", &["EC", "RSA key is needed"]),
        ("small.crt", &["1024 bits is too small"]),
        ("plain.pub", &["plain public key", "openssl req -x509"]),
        ("tls.key", &["private key", "tls.crt"]),
        ("nothing", &["no such file"]),
    ] {
        says(&format!("--cert {certificate}"), secret, words);
    }
}

#[test]
fn sealed_secrets_that_do_not_open() {
    let place = Place::new();
    let input =
        format!("metadata: {{name: db, namespace: shop}}\nstringData: {{a: {CANARY}, b: x}}\n");
    let sealed = place
        .run(Whose::Ours, "--cert tls.crt -o yaml", input.as_bytes())
        .stdout;
    let value = sealed
        .lines()
        .find_map(|line| line.trim().strip_prefix("a: "))
        .unwrap();
    let open = "--recovery-unseal --recovery-private-key tls.key";
    let with = |other: &str| sealed.replace(value, other);
    let cut = &value[..value.len() - 4];
    let flipped = format!("{}{}", &value[..value.len() - 8], "AAAAAAA=");
    let bytes = STANDARD.decode(value).unwrap();
    let prefixed = |length: u16| STANDARD.encode([&length.to_be_bytes()[..], &bytes[2..]].concat());
    let of_another_size = STANDARD.encode([&[1, 128][..], &[7; 600]].concat());
    let wide = place.run(
        Whose::Ours,
        "--cert tls.crt -o yaml --scope cluster-wide",
        input.as_bytes(),
    );
    let mut wide = wide.stdout.lines();
    let wide = wide.find_map(|line| line.trim().strip_prefix("a: "));
    for (text, words) in [
        (
            with(&prefixed(0x0300)),
            &["too short for a sealed value (a)"][..],
        ),
        (
            with(&prefixed(0x00ff)),
            &["no key could decrypt secret (a)"],
        ),
        (with(&of_another_size), &["no key could decrypt secret (a)"]),
        // Scopes of two kinds in one object.
        (
            with(wide.unwrap()),
            &[
                "no key could decrypt secret (a)",
                "sealed for anywhere in the cluster, found in `shop/db`",
            ],
        ),
        (
            with(&value[..101]),
            &["illegal base64 data at input byte 100 (a)"],
        ),
        (with("AgA="), &["(a)"]),
        (with("\"\""), &["(a)"]),
        (with(cut), &["(a)"]),
        (with(&flipped), &["it is damaged (a)"]),
        (with("{}"), &["it is not a text (a)"]),
        (
            sealed.replace("name: db", "name: other"),
            &["no key could decrypt secret (a, b)"],
        ),
        (
            sealed.replace("namespace: shop", "namespace: other"),
            &["no key could decrypt secret (a, b)"],
        ),
        (
            sealed.replace("kind: SealedSecret", "kind: Secret"),
            &["is of kind `Secret`"],
        ),
        (sealed.replace("v1alpha1", "v9"), &["is of kind"]),
        (sealed.replace("  name: db", "  name: no"), &["boolean"]),
    ] {
        says(open, &text, words);
    }
    says(
        "--recovery-unseal",
        &sealed,
        &["no private key", "--recovery-private-key"],
    );
    says(
        "--recovery-unseal --recovery-private-key ec.crt",
        &sealed,
        &["no private key in it"],
    );
}
