//! What is found in templates, and within which bounds.

use super::*;

#[test]
fn templates_that_cannot_render_or_hide_plaintext_are_found() {
    let w = world();
    let mut envelope = manifest(&sealed(&["password"], Scope::Strict, &[&w.prod]));
    let mut found = |text: &str| {
        envelope["spec"]["template"] = json!({"data": {"url": text}});
        kinds_of(&envelope, "pq/db.yaml", &w.config)
    };
    for (text, expected) in [
        ("{{ .password }}", None),
        ("{{ range $k, $v := . }}{{ $k }}={{ $v }} {{ end }}", None),
        ("{{ \"hunter2\" }}", Some("plain-template")),
        ("{{/* a */}}hunter2", Some("plain-template")),
        ("hunter2{{ \"\" }}", Some("plain-template")),
        ("{{ .pasword }}", Some("broken-template")),
        ("{{ .password", Some("broken-template")),
        ("{{ env \"HOME\" }}", Some("broken-template")),
    ] {
        assert_eq!(found(text).first().copied(), expected, "{text}");
    }
}

#[test]
fn templates_of_a_file_are_looked_at_within_one_budget() {
    let w = world();
    let mut envelope = manifest(&sealed(&["password"], Scope::Strict, &[&w.prod]));
    let slow = "{{ range 300000 }}{{ end }}{{ .password }}";
    let names = (0..20).map(|n| (format!("t{n:02}"), json!(slow)));
    let mut templates: serde_json::Map<_, _> = names.collect();
    // What nobody has the time to look at does not pass for something that takes from values.
    templates.insert("z".to_owned(), json!("hunter2"));
    envelope["spec"]["template"] = json!({ "data": templates });
    let findings = found(&envelope.to_string(), "pq/db.yaml", Some(&w.config));
    let last: Vec<_> = findings
        .iter()
        .map(|finding| finding.key.as_deref())
        .collect();
    assert!(last.contains(&Some("z")), "{last:?}");
    assert!(!last.contains(&Some("t00")), "{last:?}");
    assert!(kinds(&findings).contains(&"broken-template"));
}

#[test]
fn labels_and_annotations_that_no_secret_can_have_are_found() {
    let w = world();
    let mut envelope = manifest(&sealed(&["password"], Scope::Strict, &[&w.prod]));
    let mut found = |metadata: Value| {
        envelope["spec"]["template"] = json!({ "metadata": metadata });
        kinds_of(&envelope, "pq/db.yaml", &w.config)
    };
    assert!(found(json!({"labels": {"app": "shop"}})).is_empty());
    for metadata in [
        json!({"labels": {"app": "my shop"}}),
        json!({"labels": {"-app": "shop"}}),
        json!({"annotations": {"a/b/c": "x"}}),
    ] {
        assert_eq!(found(metadata.clone()), ["damaged-envelope"], "{metadata}");
    }
}
