//! `--recovery-unseal` with every form of a backup: one that upstream reads is read alike, and the documented
//! one in two parts, which upstream refuses, is read too.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::run::{Place, Whose};

const SECRET: &str = "metadata: {name: db, namespace: shop, labels: {a: b}}\ntype: Opaque\nstringData: {user: admin, password: x}\n";

/// A SealedSecret in `sealed.yaml`, and key Secrets as the controller stores them.
fn place() -> (Place, Value, Value) {
    let place = Place::new();
    let sealed = place.run(
        Whose::Theirs,
        "--cert tls.crt -w sealed.yaml",
        SECRET.as_bytes(),
    );
    assert_eq!(sealed.outcome.status, 0, "{}", sealed.stderr);
    let key = |name: &str, file: &str| {
        json!({
            "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls",
            "metadata": {"name": name, "namespace": "kube-system",
                "labels": {"sealedsecrets.bitnami.com/sealed-secrets-key": "active"}},
            "data": {
                "tls.crt": STANDARD.encode(place.read("tls.crt")),
                "tls.key": STANDARD.encode(place.read(file)),
            },
        })
    };
    let (right, wrong) = (key("right", "tls.key"), key("wrong", "other.key"));
    (place, right, wrong)
}

#[test]
fn every_form_of_a_backup() {
    let (place, right, wrong) = place();
    let list =
        |items: &[&Value]| json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string();
    let opened = |whose, backup: &str| {
        place.write("backup", backup);
        let run = place.run(
            whose,
            "--recovery-unseal -f sealed.yaml --recovery-private-key backup -o yaml",
            b"",
        );
        assert_eq!(
            run.outcome.status == 0,
            run.stdout.contains("password: eA=="),
            "{}",
            run.stderr
        );
        run.outcome.status
    };
    let yaml = "apiVersion: v1\nkind: Secret\nmetadata: {name: k}\ndata:\n  tls.key: ";
    let in_yaml = format!("{yaml}{}\n", STANDARD.encode(place.read("tls.key")));
    let attributes = format!(
        "Bag Attributes\n    localKeyID: 01\n{}",
        place.read("tls.key")
    );
    for (form, backup, theirs) in [
        ("a key in PEM", place.read("tls.key"), 0),
        ("attributes before the key", attributes, 0),
        ("a Secret in JSON", right.to_string(), 0),
        ("a Secret in YAML", in_yaml, 0),
        ("a list", list(&[&wrong, &right]), 0),
        (
            "Secrets as documents",
            format!("---\n{wrong}\n---\n{right}\n"),
            0,
        ),
        // As the documentation has it: `kubectl get secret -l … -o yaml`, `---`, and the key of old.
        (
            "a list, and one more",
            format!("{}\n---\n{wrong}\n", list(&[&right])),
            1,
        ),
        (
            "one, and an empty list",
            format!("{}\n---\n{right}\n", list(&[])),
            1,
        ),
        (
            "a SecretList",
            list(&[&right]).replace("\"List\"", "\"SecretList\""),
            1,
        ),
        (
            "a key among other Secrets",
            format!(
                "{}\n---\n{right}",
                json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "x"}})
            ),
            1,
        ),
    ] {
        assert_eq!(opened(Whose::Ours, &backup), 0, "{form}");
        assert_eq!(opened(Whose::Theirs, &backup), theirs, "{form}");
    }
}

#[test]
fn several_files_and_lists_in_the_flag() {
    let (place, right, wrong) = place();
    place.write("right", right.to_string());
    place.write("wrong", wrong.to_string());
    for flags in [
        "--recovery-private-key wrong,right",
        "--recovery-private-key wrong --recovery-private-key=right",
        "--recovery-private-key other.key,\"tls.key\"",
    ] {
        let run = place.run(
            Whose::Ours,
            &format!("--recovery-unseal -f sealed.yaml {flags}"),
            b"",
        );
        assert_eq!(run.outcome.status, 0, "{flags}: {}", run.stderr);
    }
}

/// What is printed is the Secret as theirs prints it, but for the owner reference that no API server takes.
#[test]
fn secrets_are_printed_alike() {
    let (place, ..) = place();
    let sealed = place.read("sealed.yaml");
    let with_template =
        |template: &str| sealed.replace("  template:\n", &format!("  template:\n{template}"));
    for text in [
        sealed.clone(),
        with_template("    immutable: true\n"),
        with_template(
            "    data:\n      url: \"postgres://{{ .user }}:{{ .password }}@db\"\n      user: null\n",
        ),
        with_template(
            "    data: {password: \"{{ .user }}\", other: \"{{ index . \\\"user\\\" | upper }}\"}\n",
        ),
        sealed.replace("    type: Opaque\n", ""),
        sealed.replace(
            "labels:",
            "finalizers: [x/y]\n      generateName: db-\n      labels:",
        ),
    ] {
        for format in ["json", "yaml"] {
            let arguments = format!("--recovery-unseal --recovery-private-key tls.key -o {format}");
            let [theirs, ours] = [Whose::Theirs, Whose::Ours]
                .map(|whose| place.run(whose, &arguments, text.as_bytes()));
            assert_eq!(ours.outcome.status, 0, "{}", ours.stderr);
            let owned = match format {
                "json" => {
                    ",\n    \"ownerReferences\": [\n      {\n        \"apiVersion\": \"bitnami.com/v1alpha1\",\n        \"kind\": \"SealedSecret\",\n        \"name\": \"db\",\n        \"uid\": \"\",\n        \"controller\": true\n      }\n    ]"
                }
                _ => {
                    "  ownerReferences:\n  - apiVersion: bitnami.com/v1alpha1\n    controller: true\n    kind: SealedSecret\n    name: db\n    uid: \"\"\n"
                }
            };
            assert!(
                theirs.stdout.contains(owned),
                "{}{}",
                theirs.stdout,
                theirs.stderr
            );
            assert_eq!(ours.stdout, theirs.stdout.replace(owned, ""), "{text}");
        }
    }
}

#[test]
fn every_document_is_opened_or_none() {
    let (place, ..) = place();
    let sealed = place.read("sealed.yaml");
    let open = "--recovery-unseal --recovery-private-key tls.key -o yaml";
    let both = place.run(Whose::Ours, open, format!("{sealed}{sealed}").as_bytes());
    assert_eq!(both.outcome.status, 0, "{}", both.stderr);
    assert_eq!(both.stdout.matches("---\n").count(), 2);
    let moved = sealed.replace("name: db", "name: moved");
    let one = place.run(Whose::Ours, open, format!("{sealed}{moved}").as_bytes());
    assert_eq!((one.outcome.status, one.stdout.as_str()), (1, ""));
    assert!(
        one.stderr.contains("(document 2), SealedSecret `moved`"),
        "{}",
        one.stderr
    );
}

#[test]
fn what_does_not_open_is_told_its_place() {
    let (place, ..) = place();
    let sealed = place.read("sealed.yaml");
    // The template keeps the name.
    let moved = sealed.replacen("  name: db\n", "  name: moved\n", 1);
    let run = place.run(
        Whose::Ours,
        "--recovery-unseal --recovery-private-key tls.key",
        moved.as_bytes(),
    );
    assert!(
        run.stderr
            .starts_with("error: no key could decrypt secret (password, user)\n"),
        "{}",
        run.stderr
    );
    assert!(
        run.stderr
            .contains("sealed for `shop/db`, found in `shop/moved`"),
        "{}",
        run.stderr
    );
    let run = place.run(
        Whose::Ours,
        "--recovery-unseal --recovery-private-key other.key",
        sealed.as_bytes(),
    );
    assert!(
        run.stderr.contains("sealed with a key that is not at hand"),
        "{}",
        run.stderr
    );
}

/// A file of plaintext is nobody else's to read.
#[test]
fn opened_files_are_private() {
    let (place, ..) = place();
    let run = place.run(
        Whose::Ours,
        "--recovery-unseal --recovery-private-key tls.key -f sealed.yaml -w out.yaml",
        b"",
    );
    assert_eq!(run.outcome.status, 0, "{}", run.stderr);
    assert_eq!(place.mode("out.yaml"), 0o600);
}

#[test]
fn a_template_that_looks_at_chance_renders() {
    let (place, right, _) = place();
    place.write("backup", right.to_string());
    let sealed = place.run(Whose::Theirs, "--cert tls.crt -o json", SECRET.as_bytes());
    let mut sealed: Value = serde_json::from_str(&sealed.stdout).unwrap();
    sealed["spec"]["template"]["data"] = json!({"token": "{{ randAlphaNum 12 }}"});
    place.write("sealed.json", sealed.to_string());
    for whose in [Whose::Theirs, Whose::Ours] {
        let run = place.run(
            whose,
            "--recovery-unseal -f sealed.json --recovery-private-key backup -o json",
            b"",
        );
        assert_eq!(run.outcome.status, 0, "{}", run.stderr);
        let made: Value = serde_json::from_str(&run.stdout).unwrap();
        let token = STANDARD.decode(made["data"]["token"].as_str().unwrap());
        assert_eq!(token.unwrap().len(), 12);
    }
}
