use super::*;
use crate::secret::SecretPolicy;
use crate::secret::fixture::{Wanted, strings};

mod sops_secrets;

const UID: &str = "2a1f";
const VALUES: &[(&str, &str)] = &[("a", "one"), ("b", "two")];

fn owner() -> Owner {
    Owner {
        api_version: "bulla.dev/v1alpha1".into(),
        kind: "SecretEnvelope".into(),
        name: "db".parse().unwrap(),
        uid: UID.into(),
        consent: Consent::Adopt,
    }
}

fn wanted() -> Wanted {
    Wanted {
        values: VALUES,
        labels: &[("app", "shop")],
        ..Wanted::default()
    }
}

/// The Secret just as `wanted` says, and ours.
fn live() -> Live {
    Live {
        uid: "s1".into(),
        resource_version: "7".into(),
        secret_type: "Opaque".into(),
        controller: Some(controller(UID)),
        labels: strings(&[("app", "shop"), ("app.kubernetes.io/managed-by", "bulla")]),
        data: data(VALUES),
        ours: Some(OurMetadata {
            labels: vec!["app".into(), "app.kubernetes.io/managed-by".into()],
            annotations: vec![],
        }),
        ..Live::default()
    }
}

fn controller(uid: &str) -> Controller {
    Controller {
        kind: "SecretEnvelope".into(),
        name: "db".into(),
        uid: uid.into(),
    }
}

fn data(pairs: &[(&str, &str)]) -> BTreeMap<String, Plaintext> {
    let pair = |(key, value): &(&str, &str)| ((*key).to_owned(), Plaintext::from(value.as_bytes()));
    pairs.iter().map(pair).collect()
}

fn run(wanted: &Wanted, live: Option<&Live>) -> Plan {
    run_as(Consent::Adopt, wanted, live)
}

fn run_as(consent: Consent, wanted: &Wanted, live: Option<&Live>) -> Plan {
    let content = wanted.content(&SecretPolicy::default()).unwrap();
    plan(&content, &Owner { consent, ..owner() }, live)
}

const SEALED_SECRETS: Consent = Consent::SealedSecrets { unowned: false };

/// The shape of a plan in a word.
fn word(plan: &Plan) -> &'static str {
    match plan {
        Plan::Write(Write::Create, _) => "create",
        Plan::Write(Write::Update(owned), _) if owned.claim() == Claim::Adopted => "update adopted",
        Plan::Write(Write::Update(_), _) => "update",
        Plan::Write(Write::Adopt(_), _) => "adopt",
        Plan::Write(Write::Replace(owned), _) if owned.claim() == Claim::Adopted => {
            "replace adopted"
        }
        Plan::Write(Write::Replace(_), _) => "replace",
        Plan::Unchanged(_) => "unchanged",
        Plan::Wait => "wait",
        Plan::Refuse(refusal) => refusal.reason.as_str(),
    }
}

/// Every way a Secret may belong to someone, by every way its content may differ, in both modes.
#[test]
fn the_whole_table() {
    let adopt = |text: &str| strings(&[(ADOPT_ANNOTATION, text)]);
    let adopted = |uid: &str| strings(&[(ADOPTED_BY_ANNOTATION, uid)]);
    let none = BTreeMap::new;
    // Controller, annotations: ours, ours by adoption, to be adopted, or somebody else's.
    let ownership = [
        (Some(UID), none(), "ours"),
        (Some(UID), adopt("other"), "ours"),
        (None, adopted(UID), "adopted"),
        (None, adopt("db"), "new"),
        (None, adopt("SecretEnvelope/db"), "new"),
        (Some("other"), adopt("db"), "new"),
        (None, none(), "foreign"),
        (None, adopted("other"), "foreign"),
        (None, adopted(""), "foreign"),
        (None, adopt("db2"), "foreign"),
        (None, adopt("SealedSecret/db"), "foreign"),
        (None, adopt(""), "foreign"),
        (Some("other"), none(), "foreign"),
        (Some("other"), adopted(UID), "foreign"),
        (Some(""), none(), "foreign"),
    ];
    // Name, how it differs, then what happens in mode Whole and in mode Merge to a Secret of ours.
    type Difference = (&'static str, fn(&mut Live), &'static str, &'static str);
    let differences: [Difference; 15] = [
        ("nothing", |_| (), "unchanged", "unchanged"),
        (
            "a value",
            |live| live.data = data(&[("a", "1"), ("b", "two")]),
            "update",
            "update",
        ),
        (
            "a missing key",
            |live| live.data = data(&[("a", "one")]),
            "update",
            "update",
        ),
        (
            "a foreign key",
            |live| {
                live.data.insert("c".into(), Plaintext::from(&b"x"[..]));
            },
            "update",
            "unchanged",
        ),
        (
            "a label of ours",
            |live| live.labels = strings(&[]),
            "update",
            "update",
        ),
        (
            "a foreign label",
            |live| {
                live.labels.insert("x".into(), "y".into());
            },
            "unchanged",
            "unchanged",
        ),
        (
            "a label that we once set",
            |live| {
                let ours = live.ours.as_mut().unwrap();
                ours.labels.push("old".into());
            },
            "update",
            "update",
        ),
        (
            "an annotation that we once set",
            |live| {
                let ours = live.ours.as_mut().unwrap();
                ours.annotations.push("old".into());
            },
            "update",
            "update",
        ),
        ("its form", |live| live.deformed = true, "update", "update"),
        (
            "an empty type",
            |live| live.secret_type.clear(),
            "unchanged",
            "unchanged",
        ),
        (
            "its type",
            |live| live.secret_type = "x/y".into(),
            "replace",
            "TypeRefused",
        ),
        (
            "immutable",
            |live| live.immutable = true,
            "replace",
            "TypeRefused",
        ),
        (
            "immutable and a value",
            |live| {
                live.immutable = true;
                live.data = data(&[("a", "1"), ("b", "two")]);
            },
            "replace",
            "TypeRefused",
        ),
        ("deletion", |live| live.deleting = true, "wait", "wait"),
        (
            "deletion and type",
            |live| {
                live.deleting = true;
                live.secret_type = "x/y".into();
            },
            "wait",
            "wait",
        ),
    ];
    for (by, annotations, kind) in &ownership {
        for (name, change, whole, merge) in differences {
            for (consent, expected) in [(Consent::Adopt, whole), (SEALED_SECRETS, merge)] {
                let mut live = live();
                live.controller = by.map(controller);
                live.annotations = annotations.clone();
                if consent == SEALED_SECRETS {
                    live.annotations.insert(PATCH.into(), "true".into());
                }
                change(&mut live);
                let plan = run_as(consent, &wanted(), Some(&live));
                let expected = match (*kind, expected) {
                    ("foreign", _) if consent == Consent::Adopt => "NotOwned",
                    ("new", "unchanged" | "update") => "adopt",
                    ("new" | "adopted", "replace") => "replace adopted",
                    ("adopted", "update") => "update adopted",
                    (_, other) => other,
                };
                assert_eq!(
                    word(&plan),
                    expected,
                    "{by:?} {annotations:?} {name} {consent:?}"
                );
                if let Plan::Write(
                    Write::Update(owned) | Write::Adopt(owned) | Write::Replace(owned),
                    _,
                )
                | Plan::Unchanged(owned) = plan
                {
                    assert_eq!((owned.uid(), owned.resource_version()), ("s1", "7"));
                }
            }
        }
    }
}

#[test]
fn an_absent_secret_is_created_whatever_the_consent() {
    for consent in [Consent::Adopt, SEALED_SECRETS] {
        let plan = run_as(consent, &wanted(), None);
        let Plan::Write(Write::Create, changes) = plan else {
            panic!("{plan:?}");
        };
        assert_eq!(changes.missing.len(), 2);
    }
}

/// Sealed Secrets' annotations count on the live Secret, with `true` and nothing else, and for SealedSecrets only.
#[test]
fn a_secret_that_is_managed_is_taken_over() {
    let managed = |value: &str| strings(&[(MANAGED, value)]);
    let claim = |consent, live: &Live| match run_as(consent, &wanted(), Some(live)) {
        Plan::Write(Write::Adopt(owned), _) => Some(owned.claim()),
        plan => {
            assert_eq!(word(&plan), "NotOwned");
            None
        }
    };
    let unowned = Consent::SealedSecrets { unowned: true };
    for (consent, value, expected) in [
        (SEALED_SECRETS, "true", Some(Claim::Owner)),
        (unowned, "true", Some(Claim::Adopted)),
        (SEALED_SECRETS, "True", None),
        (Consent::Adopt, "true", None),
    ] {
        let mut live = live();
        live.annotations = managed(value);
        for by in [None, Some("other")] {
            live.controller = by.map(controller);
            assert_eq!(
                claim(consent, &live),
                expected,
                "{consent:?} {value} {by:?}"
            );
        }
    }
}

const PATCH: &str = "sealedsecrets.bitnami.com/patch";
const MANAGED: &str = "sealedsecrets.bitnami.com/managed";

/// What an immutable Secret still takes, and what not.
#[test]
fn immutable_secrets() {
    let frozen = Wanted {
        immutable: true,
        ..wanted()
    };
    assert_eq!(
        word(&run(&frozen, Some(&live()))),
        "update",
        "made immutable in place"
    );
    let mut live = live();
    live.immutable = true;
    assert_eq!(word(&run(&frozen, Some(&live))), "unchanged");
    live.labels.clear();
    assert_eq!(
        word(&run(&frozen, Some(&live))),
        "update",
        "metadata may change"
    );
    live.data.clear();
    assert_eq!(word(&run(&frozen, Some(&live))), "replace");
}

#[test]
fn a_secret_taken_over_is_not_written_for_our_label_alone() {
    let mut live = live();
    live.ours = None;
    live.labels = strings(&[("app", "shop")]);
    assert_eq!(word(&run(&wanted(), Some(&live))), "unchanged");
    live.labels.clear();
    assert_eq!(word(&run(&wanted(), Some(&live))), "update");
}

#[test]
fn a_resource_without_uid_owns_nothing() {
    let content = wanted().content(&SecretPolicy::default()).unwrap();
    let owner = Owner {
        uid: String::new(),
        ..owner()
    };
    let mut live = live();
    for (by, annotations) in [
        (Some(""), strings(&[])),
        (None, strings(&[(ADOPTED_BY_ANNOTATION, "")])),
    ] {
        live.controller = by.map(controller);
        live.annotations = annotations;
        assert_eq!(word(&plan(&content, &owner, Some(&live))), "NotOwned");
    }
}

#[test]
fn a_refusal_names_the_owner_and_escapes_its_words() {
    let mut live = live();
    live.controller = Some(Controller {
        kind: "Deploy\u{1b}ment".into(),
        name: "x".repeat(500),
        uid: "other".into(),
    });
    let Plan::Refuse(refusal) = run(&wanted(), Some(&live)) else {
        panic!();
    };
    assert!(refusal.detail.starts_with(
        "refusing to write the Secret `shop/db`: it belongs to Deploy\\u{1b}ment `xxx"
    ));
    assert!(refusal.detail.len() < 200);
}

#[test]
fn changes_are_told_by_name() {
    let mut live = live();
    live.data = data(&[("b", "2"), ("c", "x")]);
    let Plan::Write(Write::Update(_), changes) = run(&wanted(), Some(&live)) else {
        panic!();
    };
    let names = |keys: &[crate::names::KeyName]| -> Vec<String> {
        keys.iter().map(ToString::to_string).collect()
    };
    assert_eq!(names(&changes.missing), ["a"]);
    assert_eq!(names(&changes.changed), ["b"]);
    assert_eq!(changes.foreign, ["c"]);
    assert!(changes.touch_data() && !changes.metadata);
}
