//! `.bulla.yaml` as a table: what is read, and each way of being wrong.

use rand_core::OsRng;

use super::*;
use crate::policy::{Format, Section};
use crate::recipient::{Identity, Suite};
use crate::scope::Scope;

fn key(suite: Suite) -> String {
    Identity::generate(suite, &mut OsRng)
        .recipient()
        .to_string()
}

fn classic() -> String {
    key(Suite::X25519)
}

fn hybrid() -> String {
    key(Suite::MlKem768X25519)
}

fn error(text: &str) -> String {
    let error = Config::parse(text).expect_err(text);
    assert!(!error.hint().is_empty());
    match std::error::Error::source(&error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

#[test]
fn the_example_of_the_design_is_read() {
    let (prod, alice, safe) = (hybrid(), classic(), classic());
    let config = Config::parse(&format!(
        "clusters:\n  prod-eu: {{recipients: [{prod}], certificate: keys/prod-eu.pem}}  # fetched\n\
         people:\n  alice: {{recipients: [{alice}, ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYA]}}\n\
         recovery:\n  safe: {{recipients: [{safe}]}}\n\
         rules:\n  - path: clusters/prod/**\n    for: [prod-eu, safe]\n    postQuantum: required\n    scope: Strict\n    format: envelope\n  \
         - path: clusters/dev/**\n    for: [safe, prod-eu]\n    scope: Namespace\n  \
         - path: \"**/values*.enc.yaml\"\n    for: [prod-eu, alice, safe]\n    format: sops\n    encryptedRegex: ^(password|token)$\n  \
         - path: people/**\n    for: [alice]\n"
    ))
    .unwrap();

    let strict = config.rule_for("clusters/prod/shop/db.yaml").unwrap();
    assert!(strict.post_quantum_required());
    let refused = strict.recipients().unwrap_err();
    assert!(
        matches!(&refused, PolicyError::NotPostQuantum { name, .. } if name.as_str() == "safe")
    );
    assert_eq!(refused.exit_code(), 5);
    assert!(matches!(
        strict.allow_scope(Some(Scope::Cluster)),
        Err(PolicyError::ScopeTooWide { .. })
    ));
    assert_eq!(strict.allow_scope(None), Ok(Scope::Strict));

    let dev = config.rule_for("clusters/dev/db.yaml").unwrap();
    let names: Vec<_> = dev
        .recipients()
        .unwrap()
        .iter()
        .map(|named| named.name.to_string())
        .collect();
    assert_eq!(names, ["safe", "prod-eu"]);
    assert_eq!(dev.allow_scope(None), Ok(Scope::Namespace));

    let sops = config.rule_for("a/values.enc.yaml").unwrap();
    assert_eq!(
        (sops.format(), sops.encrypted_regex()),
        (Format::Sops, Some("^(password|token)$"))
    );
    assert!(matches!(
        sops.recipients(),
        Err(PolicyError::OtherFormat { .. })
    ));
    let signing = config
        .rule_for("people/x.yaml")
        .unwrap()
        .recipients()
        .unwrap_err();
    let said = signing.to_string();
    assert!(
        said.contains("`ecdsa-sha2-nistp256`, which can't be closed for"),
        "{said}"
    );

    assert!(matches!(
        config.rule_for("apps/db.yaml"),
        Err(PolicyError::NoRule { .. })
    ));
    assert_eq!(config.party("prod-eu").unwrap().section, Section::Clusters);
}

#[test]
fn names_and_public_keys_are_resolved() {
    let (two, safe, stranger) = ([classic(), hybrid()], classic(), classic());
    let config = Config::parse(&format!(
        "people: {{alice: {{recipients: [{}, {}]}}}}\nrecovery: {{safe: {{recipients: [{safe}]}}}}\n\
         rules: [{{path: '**', for: [alice, safe]}}]\n",
        two[0], two[1]
    ))
    .unwrap();
    let names = |wanted: &[&str]| {
        let resolved = config.resolve(wanted);
        resolved.map(|all| {
            all.iter()
                .map(|named| named.name.to_string())
                .collect::<Vec<_>>()
        })
    };
    assert_eq!(names(&["alice"]).unwrap(), ["alice", "alice"]);
    assert_eq!(names(&[&safe]).unwrap(), ["safe"]);
    let unknown = names(&[&stranger]).unwrap();
    assert!(unknown[0].starts_with("fp-"), "{unknown:?}");
    assert!(matches!(
        names(&["bob"]),
        Err(PolicyError::UnknownName { .. })
    ));
    assert!(matches!(
        names(&["alice", &two[0]]),
        Err(PolicyError::AskedTwice { .. })
    ));
    assert!(matches!(
        names(&[&stranger[..20]]),
        Err(PolicyError::Recipient { .. })
    ));

    let stranger = stranger.as_str();
    assert_eq!(names(&[&format!("bob={stranger}")]).unwrap(), ["bob"]);
    assert_eq!(names(&[&format!("safe={safe}")]).unwrap(), ["safe"]);
    for wrong in [format!("safe={stranger}"), format!("bob={safe}")] {
        assert!(matches!(
            names(&[&wrong]),
            Err(PolicyError::NotTheirKey { .. })
        ));
    }
    assert!(matches!(
        names(&[&format!("-b={stranger}")]),
        Err(PolicyError::Name { .. })
    ));

    let rule = config.rule_for("x").unwrap();
    let left_out = rule.left_out(&config.resolve(&["alice"]).unwrap());
    assert_eq!(
        left_out
            .iter()
            .map(|name| name.as_str())
            .collect::<Vec<_>>(),
        ["safe"]
    );
    assert_eq!(rule.left_out(&config.resolve(&[&two[0]]).unwrap()).len(), 2);
}

#[test]
fn empty_files_have_no_rules() {
    for text in [
        "",
        "# nothing\n",
        "{}",
        "rules: []\n",
        "clusters:\n",
        "rules:\n",
        "---\n",
    ] {
        assert!(
            Config::parse(text).expect(text).rules().is_empty(),
            "{text}"
        );
    }
}

#[test]
fn each_mistake_is_named_with_its_place() {
    let (key, other) = (classic(), classic());
    let mut typing_error = key.clone().into_bytes();
    typing_error[30] = if typing_error[30] == b'q' { b'p' } else { b'q' };
    let typing_error = String::from_utf8(typing_error).unwrap();
    let people = format!("people:\n  alice: {{recipients: [{key}]}}\n");
    let table = [
        ("people: {alice: {recipients: [".to_owned(), "line 1"),
        (
            "rule: []\n".to_owned(),
            "line 1, column 1: unknown field `rule`: `clusters`",
        ),
        (
            format!("{people}rules:\n  - path: a\n    fro: [alice]\n"),
            "line 5, column 5: unknown field `fro`",
        ),
        (
            format!("{people}rules:\n  - path: a\n"),
            "field `for` is missing",
        ),
        (
            format!("{people}rules:\n  - path: a\n    for: [alcie]\n"),
            "line 5, column 11: nobody is called `alcie`: known are `alice`",
        ),
        (
            format!("{people}rules:\n  - path: a\n    for: []\n"),
            "line 4, column 11: this rule is for nobody",
        ),
        (
            format!("{people}rules:\n  - path: a\n    for: [alice, alice]\n"),
            "line 5, column 18: `alice` is named twice",
        ),
        (
            format!("{people}rules:\n  - path: a\n    for: alice\n"),
            "line 5, column 10: expected a list",
        ),
        (
            format!("{people}rules:\n  - path: /a\n    for: [alice]\n"),
            "line 4, column 11: invalid path `/a`: it begins with `/`",
        ),
        (
            format!("{people}rules:\n  - path: a\n    for: [alice]\n    postQuantum: yes\n"),
            "line 6, column 18: expected one of `required`",
        ),
        (
            format!("{people}rules:\n  - path: a\n    for: [alice]\n    encryptedRegex: x\n"),
            "`encryptedRegex` has a meaning with `format: sops` only",
        ),
        (
            format!(
                "{people}rules:\n  - {{path: a/**, for: [alice]}}\n  - {{path: a/b.yaml, for: [alice]}}\n"
            ),
            "line 5, column 12: this rule never counts: `a/**` (line 4, column 12) matches everything",
        ),
        (
            format!("{people}  alice: {{recipients: [{other}]}}\n"),
            "line 3, column 3: this key is there twice",
        ),
        (
            format!("{people}recovery: {{alice: {{recipients: [{other}]}}}}\n"),
            "line 3, column 12: the name `alice` is already used under `people`",
        ),
        (
            format!("{people}recovery: {{safe: {{recipients: [{key}]}}}}\n"),
            "line 3, column 32: this recipient of `safe` is already a recipient of `alice`",
        ),
        (
            format!("people: {{bob: {{recipients: [{typing_error}]}}}}\n"),
            "line 1, column 29: a recipient of `bob` can't be read: invalid recipient `age1",
        ),
        (
            "people: {bob: {recipients: []}}\n".to_owned(),
            "line 1, column 10: `bob` has no recipient",
        ),
        (
            "people: {-bob: {recipients: []}}\n".to_owned(),
            "line 1, column 10: invalid recipient name `-bob`",
        ),
        (
            "people: {fp-bob: {recipients: []}}\n".to_owned(),
            "reads like a key",
        ),
        (
            format!("people: {{{key}: {{recipients: []}}}}\n"),
            "reads like a key",
        ),
        (
            "people: {}\n---\npeople: {}\n".to_owned(),
            "a second document",
        ),
        ("- a\n".to_owned(), "line 1, column 1: expected a mapping"),
    ];
    for (text, expected) in table {
        let error = error(&text);
        assert!(error.contains(expected), "{text}\n{error}\n{expected}");
    }
}

#[test]
fn a_private_key_in_the_file_is_never_quoted() {
    let secret = Identity::generate(Suite::X25519, &mut OsRng).expose_text();
    for text in [
        format!("people: {{bob: {{recipients: [{}]}}}}\n", *secret),
        format!("people: {{bob: {{recipients: {}}}}}\n", *secret),
        format!("people: {}\n", *secret),
        format!("{}\n", *secret),
        format!("rules: [{{path: a, for: [x], postQuantum: {}}}]\n", *secret),
        format!("rules: [{{path: a, for: [x], scope: {}}}]\n", *secret),
        format!("people: {{bob: {{recipients: [\"{}\n", *secret),
    ] {
        let parsed = Config::parse(&text).unwrap_err();
        let shown = format!("{} {parsed:?}", error(&text));
        assert!(!shown.contains(&secret[20..40]), "{shown}");
    }
}

#[test]
fn too_much_is_refused() {
    assert!(matches!(
        Config::parse(&" ".repeat(CONFIG_BYTES_MAX + 1)),
        Err(ConfigError::TooLarge { .. })
    ));
    let nested = "[".repeat(10_000);
    assert!(Config::parse(&nested).is_err());
    let bomb =
        "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b]\n";
    assert!(Config::parse(bomb).is_err());
    let rules = "  - {path: a, for: [x]}\n".repeat(2000);
    assert!(Config::parse(&format!("rules:\n{rules}")).is_err());
    let keys: Vec<_> = (0..33).map(|_| classic()).collect();
    let many = format!(
        "people: {{a: {{recipients: [{}]}}}}\nrules: [{{path: a, for: [a]}}]\n",
        keys.join(", ")
    );
    assert!(matches!(
        Config::parse(&many),
        Err(ConfigError::TooManyRecipients { found: 33, .. })
    ));
}
