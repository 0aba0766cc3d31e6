//! Defects of `kubeseal` that ours does not have: one test for each, named after it, with what the real one does.

use crate::run::{Place, Whose};

const SEALED: &str = "\
# Who made it
apiVersion: bitnami.com/v1alpha1
kind: SealedSecret
metadata:
  name: db # the one
  namespace: shop
spec:
  encryptedData:
    # since 2020
    old: AgA
  template:
    metadata: {name: db, namespace: shop}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: other}
";

/// Facts, section 4 (a): `--re-encrypt -f broken.yaml` ends with 0 and leaves an empty file.
#[test]
fn re_encrypt_truncates_a_file_that_it_can_not_read() {
    for broken in ["a: [", "", "text", "kind: ConfigMap\napiVersion: v1\n"] {
        let place = Place::new();
        place.write("broken.yaml", broken);
        let run = place.run(Whose::Ours, "--re-encrypt -f broken.yaml", b"");
        assert_eq!(run.outcome.status, 1, "{broken:?}");
        assert!(run.outcome.files.is_empty() && !run.stderr.is_empty());
        assert_eq!(place.read("broken.yaml"), broken);
    }
}

/// Facts, section 4 (b): `--validate` of garbage ends with 0.
#[test]
fn validate_takes_garbage_for_valid() {
    for garbage in [
        "",
        "text",
        "a: [",
        "---\n",
        "kind: Secret\napiVersion: v1\n",
    ] {
        let run = Place::new().run(Whose::Ours, "--validate", garbage.as_bytes());
        assert_eq!(run.outcome.status, 1, "{garbage:?}");
        // It is said of the input, not of the cluster.
        assert!(
            !run.stderr.contains("configuration"),
            "{garbage:?}: {}",
            run.stderr
        );
    }
}

/// Facts, section 4 (c): a template without annotations or labels, and an input with some, is a panic.
#[test]
fn merge_into_panics_where_the_template_has_no_annotations() {
    let input = b"metadata: {labels: {a: b}, annotations: {c: d}}\nstringData: {new: x}\n";
    let theirs = {
        let place = Place::new();
        place.write("file.yaml", SEALED);
        place.run(
            Whose::Theirs,
            "--cert tls.crt --merge-into file.yaml",
            input,
        )
    };
    assert!(theirs.stderr.contains("panic"), "{}", theirs.stderr);
    let place = Place::new();
    place.write("file.yaml", SEALED);
    let run = place.run(Whose::Ours, "--cert tls.crt --merge-into file.yaml", input);
    assert_eq!(run.outcome.status, 0, "{}", run.stderr);
    let merged = &run.outcome.files["file.yaml"];
    assert!(
        merged.contains("labels: {a: b}") && merged.contains("annotations: {c: d}"),
        "{merged}"
    );
}

/// Facts, section 4 (d): comments, further documents of the file, and further documents of the input are lost.
#[test]
fn merge_into_drops_comments_and_documents() {
    let place = Place::new();
    place.write("file.yaml", SEALED);
    let input = b"stringData: {new: x}\n---\nstringData: {newer: x}\n";
    let run = place.run(Whose::Ours, "--cert tls.crt --merge-into file.yaml", input);
    assert_eq!(run.outcome.status, 0, "{}", run.stderr);
    let expected = SEALED.replace(
        "    # since 2020\n    old: AgA\n",
        "    new: <sealed>\n    newer: <sealed>\n    # since 2020\n    old: AgA\n",
    );
    assert_eq!(run.outcome.files["file.yaml"], expected);
}

/// Facts, section 4 (e): values for a namespace-wide file are sealed for the strict scope, and never open.
#[test]
fn merge_into_does_not_inherit_the_scope() {
    for annotation in ["namespace-wide", "cluster-wide"] {
        let place = Place::new();
        let input = format!(
            "metadata: {{name: db, namespace: shop, annotations: {{sealedsecrets.bitnami.com/{annotation}: \"true\"}}}}\nstringData: {{a: b}}\n"
        );
        let sealed = place.run(Whose::Ours, "--cert tls.crt -w file.yaml", input.as_bytes());
        assert_eq!(sealed.outcome.status, 0, "{}", sealed.stderr);
        let run = place.run(
            Whose::Ours,
            "--cert tls.crt --merge-into file.yaml",
            b"stringData: {c: d}\n",
        );
        assert_eq!(run.outcome.status, 0, "{}", run.stderr);
        let open = "--recovery-unseal --recovery-private-key tls.key -o yaml -f file.yaml";
        let opened = place.run(Whose::Theirs, open, b"");
        assert!(
            opened.stdout.contains("a: Yg==\n  c: ZA==\n"),
            "{}{}",
            opened.stdout,
            opened.stderr
        );
    }
}

/// Facts, section 4 (f): a file that is written has mode 0600 from then on.
#[test]
fn the_mode_of_a_file_is_changed() {
    let input = b"metadata: {name: db, namespace: shop}\nstringData: {a: b}\n";
    for arguments in [
        "--cert tls.crt -w file.yaml",
        "--cert tls.crt --merge-into file.yaml",
    ] {
        let place = Place::new();
        place.write("file.yaml", SEALED);
        place.set_mode("file.yaml", 0o640);
        let run = place.run(Whose::Ours, arguments, input);
        assert_eq!(run.outcome.status, 0, "{}", run.stderr);
        assert_eq!(place.mode("file.yaml"), 0o640, "{arguments}");
    }
}

/// Facts, section 4 (d), and bitnami-labs/sealed-secrets#114: what is behind a broken document is printed, as
/// if nothing were missing.
#[test]
fn unreadable_documents_are_left_out_without_a_word() {
    let input = b"a: [\n---\nmetadata: {name: db, namespace: shop}\nstringData: {a: b}\n";
    let theirs = Place::new().run(Whose::Theirs, "--cert tls.crt", input);
    assert_eq!(theirs.outcome.status, 0);
    let ours = Place::new().run(Whose::Ours, "--cert tls.crt", input);
    assert_eq!((ours.outcome.status, ours.stdout.as_str()), (1, ""));
    assert!(ours.stderr.contains("line "), "{}", ours.stderr);
}

/// Facts, section 7 (1): an error of a template prints plaintext.
#[test]
fn template_errors_show_plaintext() {
    let place = Place::new();
    let input = "metadata: {name: db, namespace: shop}\nstringData: {password: hunter2-canary}\n";
    let sealed = place
        .run(Whose::Ours, "--cert tls.crt -o yaml", input.as_bytes())
        .stdout;
    let open = "--recovery-unseal --recovery-private-key tls.key";
    for template in [
        "{{ fail .password }}",
        "{{ .password | atoi | mul 2 | printf \"%d\" | fail }}{{ fail .password }}",
        "{{ index .password 99 }}",
        "{{ mustRegexMatch .password \"x\" | not | fail }}",
        "{{ template .password }}",
        "{{ mustToDate \"2006\" .password }}",
    ] {
        let with = sealed.replace(
            "  template:\n",
            &format!("  template:\n    data:\n      other: '{template}'\n"),
        );
        let run = place.run(Whose::Ours, open, with.as_bytes());
        assert_eq!(
            (run.outcome.status, run.stdout.as_str()),
            (1, ""),
            "{template}"
        );
        assert!(
            !run.stderr.contains("hunter2"),
            "{template}: {}",
            run.stderr
        );
    }
}

/// Facts, section 7 (5): a certificate over plain http is taken without a word.
#[test]
fn a_certificate_over_http_is_taken_without_a_word() {
    let run = Place::new().run(
        Whose::Ours,
        "--fetch-cert --cert http://127.0.0.1:1/cert.pem",
        b"",
    );
    assert_eq!(run.outcome.status, 1);
    assert!(
        run.stderr.starts_with("warning: http:// is not secure"),
        "{}",
        run.stderr
    );
}

/// bitnami-labs/sealed-secrets#1041: nothing seals with an expired certificate, not even when asked to.
#[test]
fn an_expired_certificate_can_not_be_overridden() {
    let input = b"metadata: {name: db, namespace: shop}\nstringData: {a: b}\n";
    let refused = Place::new().run(Whose::Ours, "--cert expired.crt", input);
    assert_eq!(refused.outcome.status, 1);
    assert!(
        refused.stderr.contains("expired certificate on 2020-09-13"),
        "{}",
        refused.stderr
    );
    assert!(
        refused.stderr.contains("--allow-expired-cert"),
        "{}",
        refused.stderr
    );
    let run = Place::new().run(
        Whose::Ours,
        "--cert expired.crt --allow-expired-cert",
        input,
    );
    assert_eq!(run.outcome.status, 0, "{}", run.stderr);
}

/// Facts, section 4 (g): hints are shown on a terminal only; in a pipeline nobody learns what helps.
#[test]
fn hints_are_for_terminals_only() {
    for (arguments, input) in [
        ("--cert tls.crt", "stringData: {a: b}\n"),
        (
            "--cert plain.pub",
            "metadata: {name: a, namespace: b}\nstringData: {a: b}\n",
        ),
        (
            "",
            "metadata: {name: a, namespace: b}\nstringData: {a: b}\n",
        ),
    ] {
        let run = Place::new().run(Whose::Ours, arguments, input.as_bytes());
        assert_eq!(run.outcome.status, 1);
        assert!(run.stderr.contains("\nhint: "), "{}", run.stderr);
    }
}
