//! Templates made at random: nothing panics, bounds hold, bytes stay what they are.

#![expect(clippy::unwrap_used, reason = "a test stops where its own steps fail")]

use std::collections::BTreeMap;

use bulla_core::names::KeyName;
use bulla_core::plaintext::Plaintext;
use bulla_core::template::{self, MissingKeys};
use proptest::prelude::*;

fn values(value: &[u8]) -> BTreeMap<KeyName, Plaintext> {
    BTreeMap::from([("v".parse().unwrap(), Plaintext::from(value))])
}

/// Parses, and renders what parses.
fn run(source: &str, value: &[u8]) -> Option<Vec<u8>> {
    let parsed = template::parse(&"k".parse().unwrap(), source).ok()?;
    let keys = parsed.keys();
    assert!(
        keys.iter()
            .all(|key| source.contains(key.as_str()) || source.contains('\\'))
    );
    let strict = parsed
        .render(&values(value))
        .ok()
        .map(|output| output.reveal().to_vec());
    let loose = parsed
        .render_with(&values(value), MissingKeys::AsGo, None)
        .ok();
    let loose = loose.map(|rendered| rendered.output.reveal().to_vec());
    for output in strict.iter().chain(&loose) {
        assert!(output.len() <= 1 << 20);
    }
    // What is allowed for envelopes means the same for Sealed Secrets.
    assert!(strict.is_none() || strict == loose);
    strict
}

/// A piece of a template; most of the time it fits its neighbours.
fn piece() -> impl Strategy<Value = String> {
    let names: Vec<&str> = include_str!("vectors/template/functions.txt")
        .lines()
        .filter_map(|line| line.split('\t').next())
        .collect();
    let operand = prop_oneof![
        Just(".v".to_owned()),
        Just(".".to_owned()),
        Just("$".to_owned()),
        Just("$x".to_owned()),
        Just("nil".to_owned()),
        Just("(list 1 \"a\" .v)".to_owned()),
        Just("(dict \"a\" .v)".to_owned()),
        (-3i64..1_000_000).prop_map(|n| n.to_string()),
        any::<f64>().prop_map(|f| format!("{f:e}")),
        "[a-z%\\\\ .,{}]{0,5}".prop_map(|text| format!("{text:?}")),
    ];
    let call = (
        prop::sample::select(names),
        prop::collection::vec(operand, 0..4),
    )
        .prop_map(|(name, args)| format!("{name} {}", args.join(" ")));
    prop_oneof![
        4 => call.clone().prop_map(|call| format!("{{{{ {call} }}}}")),
        1 => call.clone().prop_map(|call| format!("{{{{ $x := {call} }}}}")),
        1 => call.clone().prop_map(|call| format!("{{{{ range {call} }}}}")),
        1 => call.clone().prop_map(|call| format!("{{{{- with {call} -}}}}")),
        1 => call.prop_map(|call| format!("{{{{ if {call} }}}}")),
        2 => prop::sample::select(vec![
            "{{ end }}", "{{ else }}", "{{ break }}", "{{ continue }}", "{{ define \"t\" }}",
            "{{ template \"t\" . }}", "{{ block \"b\" . }}", "{{/* c */}}", "{{", "}}", " }", "\"",
            "(", ")", "|", "{{ $x := 1 }}", "{{ range $i, $x := . }}",
        ]).prop_map(str::to_owned),
        1 => "\\PC{0,6}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn any_text_parses_or_is_refused(source in "\\PC{0,60}") {
        run(&source, b"value");
    }

    #[test]
    fn any_action_parses_or_is_refused(source in "\\{\\{[-a-z0-9$.|()\"'`\\\\:=, {}/*\n]{0,40}\\}\\}") {
        run(&source, b"value");
    }

    #[test]
    fn any_pieces_keep_the_bounds(pieces in prop::collection::vec(piece(), 0..8), value: Vec<u8>) {
        run(&pieces.concat(), &value);
    }

    #[test]
    fn bytes_stay_what_they_are(value: Vec<u8>, before in "[^{]{0,9}", after in "[^{}]{0,9}") {
        let output = run(&format!("{before}{{{{ .v }}}}{after}"), &value).unwrap();
        prop_assert_eq!(output, [before.as_bytes(), &value, after.as_bytes()].concat());
        let output = run("{{ .v | b64enc | b64dec }}{{ .v | b32enc | b32dec }}", &value).unwrap();
        prop_assert_eq!(output, value.repeat(2));
        let output = run("{{ fromJson (toJson .v) }}", &value).unwrap();
        prop_assert_eq!(String::from_utf8(output).is_ok(), true);
    }
}
