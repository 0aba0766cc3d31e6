use super::fixture::Wanted;
use super::*;

fn content(wanted: &Wanted) -> Result<SecretContent, ContentError> {
    wanted.content(&SecretPolicy::default())
}

#[test]
fn values_and_rendered_templates_make_the_data() {
    let content = content(&Wanted {
        values: &[("password", "hunter2")],
        templates: &[("url", "db://{{ .password }}")],
        labels: &[("app", "shop")],
        annotations: &[("note", "x")],
        ..Wanted::default()
    })
    .unwrap();
    let data: Vec<_> = content
        .data()
        .iter()
        .map(|(key, value)| (key.as_str(), value.reveal()))
        .collect();
    assert_eq!(
        data,
        [("password", &b"hunter2"[..]), ("url", b"db://hunter2")]
    );
    let outline = content.outline();
    assert_eq!(
        (outline.secret_type(), outline.immutable()),
        ("Opaque", false)
    );
    assert_eq!(outline.labels()[MANAGED_BY_LABEL], MANAGED_BY);
    assert_eq!(
        (&*outline.labels()["app"], &*outline.annotations()["note"]),
        ("shop", "x")
    );
    assert!(!format!("{content:?}").contains("hunter2"));
}

#[test]
fn tracking_metadata_of_gitops_tools_stays_behind_and_our_label_wins() {
    let content = content(&Wanted {
        labels: &[
            ("argocd.argoproj.io/instance", "x"),
            ("kustomize.toolkit.fluxcd.io/name", "x"),
            ("helm.toolkit.fluxcd.io/namespace", "x"),
            ("reconcile.fluxcd.io/watch", "Enabled"),
            (MANAGED_BY_LABEL, "Helm"),
        ],
        annotations: &[
            ("argocd.argoproj.io/tracking-id", "x"),
            ("argocd.argoproj.io/sync-options", "Prune=false"),
        ],
        ..Wanted::default()
    })
    .unwrap();
    let labels: Vec<_> = content.outline().labels().iter().collect();
    assert_eq!(labels.len(), 2, "{labels:?}");
    assert_eq!(content.outline().labels()[MANAGED_BY_LABEL], "bulla");
    assert_eq!(content.outline().annotations().len(), 1);
}

#[test]
fn secrets_that_give_rights_are_refused() {
    let refused = |wanted: &Wanted, policy: &SecretPolicy| {
        wanted.content(policy).err().map(|error| error.reason())
    };
    let policy = SecretPolicy::default();
    let allowing = SecretPolicy {
        allow_special_types: true,
        ..SecretPolicy::default()
    };
    for secret_type in REFUSED_TYPES {
        let wanted = Wanted {
            secret_type: Some(secret_type),
            ..Wanted::default()
        };
        assert_eq!(refused(&wanted, &policy), Some(Reason::TypeRefused));
        assert_eq!(refused(&wanted, &allowing), None);
    }
    let home = |namespace: &str, name: &str| SecretPolicy {
        key_namespace: Some(namespace.parse().unwrap()),
        key_secrets: [name.parse().unwrap()].into(),
        ..SecretPolicy::default()
    };
    let plain = Wanted::default();
    assert_eq!(
        refused(&plain, &home("shop", "db")),
        Some(Reason::TypeRefused)
    );
    assert_eq!(refused(&plain, &home("shop", "other")), None);
    assert_eq!(refused(&plain, &home("bulla", "db")), None);
    let export = |namespace: &str, name: &str| SecretPolicy {
        export: Some((namespace.parse().unwrap(), name.parse().unwrap())),
        ..home("bulla", "other")
    };
    assert_eq!(
        refused(&plain, &export("shop", "db")),
        Some(Reason::TypeRefused)
    );
    assert_eq!(refused(&plain, &export("flux-system", "db")), None);
    assert_eq!(refused(&plain, &export("shop", "sops-age")), None);
}

#[test]
fn sealing_key_labels_are_refused_though_templates_can_not_hold_them() {
    let mut outline = content(&Wanted::default()).unwrap().outline;
    outline
        .labels
        .insert(KEY_LABELS[1].to_owned(), "active".to_owned());
    let error = SecretPolicy::default().check(&outline).unwrap_err();
    assert_eq!(error.reason(), Reason::TypeRefused);
}

#[test]
fn types_of_the_api_server_want_their_keys() {
    let check = |secret_type, values| {
        let wanted = Wanted {
            secret_type: Some(secret_type),
            values,
            ..Wanted::default()
        };
        content(&wanted).map(drop).map_err(|error| {
            let text = format!("{error} {error:?}");
            assert!(!text.contains("hunter2"), "{text}");
            error.reason()
        })
    };
    let incomplete = Err(Reason::Malformed);
    type Values = &'static [(&'static str, &'static str)];
    let table: [(&str, Values, _); 10] = [
        (
            "kubernetes.io/tls",
            &[("tls.crt", ""), ("tls.key", "")],
            Ok(()),
        ),
        ("kubernetes.io/tls", &[("tls.crt", "x")], incomplete),
        (
            "kubernetes.io/dockerconfigjson",
            &[(".dockerconfigjson", "{}")],
            Ok(()),
        ),
        (
            "kubernetes.io/dockerconfigjson",
            &[(".dockerconfigjson", "hunter2")],
            incomplete,
        ),
        (
            "kubernetes.io/dockercfg",
            &[(".dockercfg", "[1]")],
            incomplete,
        ),
        ("kubernetes.io/basic-auth", &[("password", "x")], Ok(())),
        ("kubernetes.io/basic-auth", &[("pass", "x")], incomplete),
        ("kubernetes.io/ssh-auth", &[("ssh-privatekey", "x")], Ok(())),
        ("kubernetes.io/ssh-auth", &[("id", "x")], incomplete),
        ("example.org/anything", &[], Ok(())),
    ];
    for (secret_type, values, expected) in table {
        assert_eq!(
            check(secret_type, values),
            expected,
            "{secret_type} {values:?}"
        );
    }
}

#[test]
fn what_exceeds_a_secret_ends_the_rendering_at_once() {
    // Were all of them rendered before the sizes are added up, the last one would be the trouble.
    const FULL: (&str, &str) = ("b", "{{ repeat 1048575 .a }}");
    const LAST: (&str, &str) = ("c", "{{ fail .a }}");
    let one = content(&Wanted {
        templates: &[FULL, LAST],
        values: &[("a", "A")],
        ..Wanted::default()
    });
    assert!(matches!(one.unwrap_err(), ContentError::Template(_)));
    let two = content(&Wanted {
        templates: &[FULL, ("bb", "{{ .a }}"), LAST],
        values: &[("a", "A")],
        ..Wanted::default()
    });
    let error = two.unwrap_err();
    assert!(matches!(error, ContentError::TooLarge), "{error:?}");
    assert_eq!(error.reason(), Reason::LimitExceeded);
}
