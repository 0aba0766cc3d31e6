//! `.sops.yaml` as people write it, and what is wrong with some.

use super::*;

const ALICE: &str = "age127zztklhy53zaueudc3m9rug9ca2ld4rewamrwcjua5y0rmafq2qdl4czy";
const BOB: &str = "age1zl9gn375uhgnlv7gyt79t6rvmp9hatq7dykmwwe05xuupuxu5skqy27cyw";

fn strict(text: &str) -> Result<SopsConfig, SopsConfigError> {
    SopsConfig::parse(text.as_bytes(), Strictness::Strict)
}

fn lenient(text: &str) -> Result<SopsConfig, SopsConfigError> {
    SopsConfig::parse(text.as_bytes(), Strictness::Lenient)
}

fn rule(text: &str) -> Rule {
    let config = strict(text).expect("a configuration");
    config.rule_for("a/f.yaml").expect("a rule")
}

fn recipients(rule: &Rule) -> Vec<Vec<&str>> {
    let texts = |group: &'_ Group| group.age.len();
    assert!(rule.groups.iter().map(texts).sum::<usize>() < 100);
    let groups = rule.groups.iter();
    groups
        .map(|group| group.age.iter().map(|key| key.text.as_str()).collect())
        .collect()
}

fn refused(text: &str) -> String {
    let error = strict(text).expect_err("refused");
    assert!(!error.hint().is_empty());
    let mut shown = error.to_string();
    if let SopsConfigError::Selector { source, .. } = &error {
        shown.push_str(&format!(": {source}"));
    }
    shown
}

#[test]
fn keys_are_read_in_every_spelling() {
    for age in [
        format!("{ALICE},{BOB}"),
        format!("' {ALICE} ,, {BOB},'"),
        format!("[{ALICE}, {BOB}]"),
        format!("['{ALICE},{BOB}']"),
        format!(">-\n      {ALICE},\n      {BOB}"),
        format!("|\n      {ALICE},\n      {BOB}\n"),
        format!("\n    - {ALICE}\n    - {BOB}"),
    ] {
        let rule = rule(&format!("creation_rules:\n  - age: {age}\n"));
        assert_eq!(recipients(&rule), [[ALICE, BOB]], "{age}");
        assert_eq!((rule.number, rule.at.line), (1, 2));
    }
}

#[test]
fn groups_win_over_flat_keys_and_merge_what_they_name() {
    let rule = rule(&format!(
        "shelf: &safe {{age: [{BOB}], pgp: [ABCD, 'EF,01']}}
creation_rules:
  - age: {BOB}
    shamir_threshold: 2
    key_groups:
      - age: [{ALICE}, '{ALICE}']
        merge: [*safe, {{age: [{ALICE}, {BOB}]}}]
      - kms: [{{arn: 'arn:aws:kms:x', role: r, context: {{a: b}}, aws_profile: p}}]
        gcp_kms: [{{resource_id: projects/x}}]
        azure_keyvault: [{{vaultUrl: 'https://v', key: k, version: '1'}}]
        hc_vault: ['https://vault/v1/t/keys/k']
        hckms: [{{key_id: 'r:1'}}]
"
    ));
    assert_eq!(recipients(&rule), [vec![ALICE, BOB], vec![]]);
    assert_eq!(rule.threshold, Some(2));
    let ids = |nth: usize| {
        let others = rule.groups[nth].others.iter();
        others
            .map(|key| format!("{} {}", key.provider, key.id))
            .collect::<Vec<_>>()
    };
    assert_eq!(ids(0), ["pgp ABCD", "pgp EF", "pgp 01"]);
    assert_eq!(
        ids(1),
        [
            "kms arn:aws:kms:x",
            "gcp_kms projects/x",
            "azure_kv https://v",
            "hc_vault https://vault/v1/t/keys/k",
            "hckms r:1"
        ]
    );
}

#[test]
fn the_first_rule_that_matches_counts() {
    let config = strict(
        "creation_rules:
  - path_regex: ^prod/.*\\.yaml$
    age: a
    encrypted_regex: ^(data|stringData)$
    mac_only_encrypted: true
  - path_regex: secrets
    age: b
    unencrypted_suffix: ''
    encrypted_suffix: _enc
",
    )
    .expect("a configuration");
    let found = config.rule_for("prod/secrets.yaml").expect("a rule");
    assert_eq!((found.number, found.mac_only_encrypted), (1, true));
    let selector = found.selector.expect("a selector");
    assert_eq!(selector.kind().name(), "encrypted_regex");
    let found = config.rule_for("x/my-secrets.env").expect("a rule");
    assert_eq!(found.number, 2);
    assert_eq!(found.selector.expect("a selector").text(), "_enc");
    let error = config.rule_for("x/y").expect_err("no rule");
    assert_eq!(error.exit_code(), 5);
    assert_eq!(
        error.to_string(),
        "refusing `x/y`: no creation rule in .sops.yaml matches it"
    );
}

#[test]
fn merge_keys_of_yaml_are_followed() {
    let rule = rule(&format!(
        "x: &d {{age: {ALICE}, mac_only_encrypted: false}}
creation_rules:
  - mac_only_encrypted: true
    <<: [*d, {{age: {BOB}}}]
"
    ));
    assert_eq!(recipients(&rule), [[ALICE]]);
    assert!(rule.mac_only_encrypted);
}

#[test]
fn what_could_go_wrong_silently_is_refused_with_its_place() {
    for (text, expected) in [
        (
            "creation_rule: []\n",
            "line 1, column 1: unknown field `creation_rule`: `creation_rules`, `destination_rules`, `stores` are known here",
        ),
        (
            "creation_rules:\n  - age: x\n    encrypted_regexp: y\n",
            "line 3, column 5: unknown field `encrypted_regexp`",
        ),
        (
            "creation_rules:\n  - key_groups:\n    - ages: [x]\n",
            "line 3, column 7: unknown field `ages`",
        ),
        (
            "creation_rules:\n  - path_regex: '('\n    age: x\n",
            "line 2, column 17: invalid `path_regex`",
        ),
        (
            "creation_rules:\n  - path_regex: 'a(?!b)'\n    age: x\n",
            "line 2, column 17: invalid `path_regex`",
        ),
        (
            "creation_rules:\n  - age: x\n    encrypted_regex: '('\n",
            "line 3, column 22: refusing encrypted_regex",
        ),
        (
            "creation_rules:\n  - age: x\n    encrypted_regex: a\n    encrypted_suffix: b\n",
            "line 4, column 23: refusing more than one of the six selectors",
        ),
        (
            "creation_rules: {age: x}\n",
            "line 1, column 17: `creation_rules` must be a list",
        ),
        (
            "creation_rules:\n  - age: {x: y}\n",
            "line 2, column 10: `age` must be text, or a list of texts",
        ),
        (
            "creation_rules:\n  - age: [[x]]\n",
            "line 2, column 11: `age` must be text",
        ),
        (
            "creation_rules:\n  - age: x\n    mac_only_encrypted: 'true'\n",
            "line 3, column 25: `mac_only_encrypted` must be `true` or `false`",
        ),
        (
            "creation_rules:\n  - age: x\n    shamir_threshold: '2'\n",
            "line 3, column 23: `shamir_threshold` must be a whole number",
        ),
        (
            "creation_rules:\n  - key_groups: [{age: [x]}, {age: [y]}]\n    shamir_threshold: 3\n",
            "line 2, column 5: `shamir_threshold` must be",
        ),
        (
            "creation_rules:\n  - key_groups: [{age: [x]}, {}]\n",
            "line 2, column 5: this key group has no keys",
        ),
        (
            "creation_rules:\n  - age: x\n---\na: b\n",
            "line 4, column 1 (document 2): a second document",
        ),
        (
            "creation_rules:\n  - ~\n",
            "line 2, column 5: an empty rule",
        ),
        (
            "creation_rules:\n  - age: x\n    age: y\n",
            "line 3, column 5: this mapping has the same key twice",
        ),
        ("- a\n", "line 1, column 1: `.sops.yaml` must be a mapping"),
        (
            "stores: {yaml: {indents: 2}}\n",
            "line 1, column 17: unknown field `indents`",
        ),
    ] {
        let shown = refused(text);
        assert!(shown.starts_with(expected), "{text}{shown}");
    }
}

#[test]
fn a_lenient_reader_warns_and_goes_on() {
    let text = "creation_rules:
  - path_regex: ^f$
    age: a
    ages: b
  - path_regex: '('
  - age: x
    encrypted_suffix: a
    encrypted_regex: b
---
a: [b]
";
    let config = lenient(text).expect("a configuration");
    let lines: Vec<_> = config.warnings().iter().map(|w| w.at().line).collect();
    assert_eq!(lines, [10, 4]);
    assert_eq!(config.rule_for("f").expect("a rule").number, 1);
    assert!(matches!(
        config.rule_for("g"),
        Err(SopsConfigError::Pattern { .. })
    ));
    assert!(strict(text).is_err());
    for (text, has_rules) in [
        ("", false),
        ("foo: 1\n", false),
        ("creation_rules: []\n", true),
        ("creation_rules:\n- ~\n", true),
    ] {
        let config = lenient(text).expect("a configuration");
        assert_eq!(config.has_creation_rules(), has_rules, "{text:?}");
        assert!(matches!(
            config.rule_for("f"),
            Err(SopsConfigError::NoRule { .. })
        ));
    }
}

#[test]
fn destinations_and_stores_are_kept() {
    let config = strict(
        "destination_rules:
  - path_regex: s3/.*
    s3_bucket: b
    s3_prefix: p/
    recreation_rule: {pgp: F}
    omit_extensions: true
  - {path_regex: here, local_path: ../out}
  - vault_path: v
    vault_kv_version: 1
stores: {yaml: {indent: 2}, json: {indent: -1}, json_binary: {indent: 4}, dotenv: {}, ini: {}}
",
    )
    .expect("a configuration");
    let found = config.destination_for("s3/x").expect("a rule");
    assert_eq!(
        found.destinations,
        [Destination::S3("b".to_owned(), "p/".to_owned())]
    );
    assert!(found.omit_extensions);
    let again = found.recreation_rule().expect("a rule").expect("a rule");
    assert_eq!(again.groups[0].others[0].id, "F");
    let found = config.destination_for("here").expect("a rule");
    let local = Destination::Local("../out".to_owned());
    assert_eq!(found.destinations, [local]);
    let found = config.destination_for("x").expect("a rule");
    assert!(matches!(
        &found.destinations[..],
        [Destination::Vault { version: 1, .. }]
    ));
    let indents = config.indents();
    assert_eq!(
        (indents.yaml, indents.json, indents.json_binary),
        (Some(2), Some(-1), Some(4))
    );
}

#[test]
fn repeated_aliases_end_at_a_bound() {
    let mut text = String::from("a0: &a0 {age: [x]}\n");
    for level in 1..12 {
        let items = vec![format!("*a{}", level - 1); 10].join(", ");
        text.push_str(&format!("a{level}: &a{level} {{merge: [{items}]}}\n"));
    }
    text.push_str("creation_rules:\n  - key_groups: [*a11]\n");
    // The reader of YAML has a budget for aliases too; either of them will do.
    let error = strict(&text).expect_err("refused").to_string();
    assert!(error.contains("more than"), "{error}");
}

#[test]
fn names_that_sops_takes_for_binary_are_known() {
    for name in [".env.production", "app.env.local", ".ENV.prod"] {
        assert!(is_disguised_dotenv(name), "{name}");
    }
    for name in [
        ".env",
        "app.env",
        ".env.yaml",
        "environment",
        "x.bin",
        "env",
    ] {
        assert!(!is_disguised_dotenv(name), "{name}");
    }
}
