//! No error of a template holds a value: not in its text, not in its `Debug`, whatever the template does.

#![expect(clippy::unwrap_used, reason = "a test stops where its own steps fail")]

use std::collections::BTreeMap;
use std::time::UNIX_EPOCH;

use bulla_core::names::KeyName;
use bulla_core::plaintext::Plaintext;
use bulla_core::template::{self, Functions, MissingKeys, Surroundings, TemplateError};
use proptest::prelude::*;

/// A value that is in no text of this program; what functions make of it is told by its middle too.
const CANARY: &str = "zqXw9Kp#7(";
/// The same as a number.
const NUMBER: &str = "8675309424242";

fn values() -> BTreeMap<KeyName, Plaintext> {
    let pairs = [("v", CANARY), ("n", NUMBER), ("e", "")];
    let entry =
        |(key, value): (&str, &str)| (key.parse().unwrap(), Plaintext::from(value.as_bytes()));
    pairs.map(entry).into()
}

fn run(source: &str) -> Option<TemplateError> {
    let parsed = template::parse_with(&"k".parse().unwrap(), source, Functions::All);
    let parsed = match parsed {
        Ok(parsed) => parsed,
        Err(error) => return Some(error),
    };
    let mut surroundings = Surroundings::new(UNIX_EPOCH, [7; 32]);
    let refusing = parsed.render_with(&values(), MissingKeys::Refuse, Some(&mut surroundings));
    let as_go = parsed.render_with(&values(), MissingKeys::AsGo, Some(&mut surroundings));
    refusing.err().or(as_go.err())
}

fn check(source: &str) -> bool {
    let Some(error) = run(source) else {
        return false;
    };
    let shown = format!("{error} {error:?} {error:#?} {:?}", error.fault());
    for secret in [
        CANARY, "zqXw9Kp", "ZQXW9KP", "enFYdzlL", "7pK9wXqz", NUMBER, "0x7e3e",
    ] {
        assert!(!shown.contains(secret), "{source}: {shown}");
    }
    true
}

fn names() -> Vec<&'static str> {
    let lines = include_str!("vectors/template/functions.txt").lines();
    let left_out = [
        "genPrivateKey",
        "genCA",
        "genSelfSignedCert",
        "genSignedCert",
        "derivePassword",
        "bcrypt",
    ];
    let names = lines.filter_map(|line| line.split('\t').next());
    names.filter(|name| !left_out.contains(name)).collect()
}

#[test]
fn no_function_tells_its_arguments_when_it_fails() {
    let operands = [
        ".v",
        ".n",
        "(list .v .n)",
        "(dict .v .n)",
        "(int .n)",
        "nil",
        "(list (list .v))",
    ];
    let mut failed = 0;
    for name in names() {
        for a in operands {
            failed += usize::from(check(&format!("{{{{ {name} {a} }}}}")));
            for b in operands {
                failed += usize::from(check(&format!("{{{{ {name} {a} {b} }}}}")));
                failed += usize::from(check(&format!("{{{{ {a} | {name} {b} .v }}}}")));
            }
        }
    }
    for name in [
        "genPrivateKey",
        "derivePassword 1 .v .v .v",
        "genCA .v",
        "bcrypt",
        "genSelfSignedCert .v (list .v) nil",
    ] {
        failed += usize::from(check(&format!("{{{{ {name} .v }}}}{{{{ fail .v }}}}")));
    }
    assert!(failed > 5_000, "only {failed} calls fail");
}

#[test]
fn fields_methods_and_literals_are_not_told() {
    for source in [
        "{{ .v.x }}",
        "{{ (toDate .v .v).Foo }}{{ template .v }}",
        "{{ (now).Format .v | fail }}",
        "{{ (semver \"1.2.3\").SetPrerelease .v }}",
        "{{ fail \"zqXw9Kp#7(\" }}",
        "{{ semver \"zqXw9Kp#7(\" }}",
        "{{ regexFind \"zqXw9Kp#7(\" .v }}",
        "{{ regexFind .v .v }}",
        "{{ mustToDate .v .n }}",
        "{{ mustDateModify .v now }}",
        "{{ buildCustomCert .v .v }}",
        "{{ genCAWithKey .v 1 .v }}",
        "{{ decryptAES .v .v }}",
        "{{ index (dict .v 1) .v .v }}",
    ] {
        assert!(check(source), "{source}");
    }
}

fn operand() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        ".v",
        ".n",
        ".e",
        ".",
        "nil",
        "1",
        "-1",
        "1.5",
        "\"a\"",
        "true",
        "(now)",
        "(semver \"1.2.3\")",
        "(until 3)",
    ]);
    leaf.prop_map(str::to_owned)
        .prop_recursive(3, 12, 3, |inner| {
            (
                prop::sample::select(names()),
                prop::collection::vec(inner, 0..4),
            )
                .prop_map(|(name, arguments)| format!("({name} {})", arguments.join(" ")))
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 5_000, ..ProptestConfig::default() })]

    #[test]
    fn no_program_tells_a_value_when_it_fails(operands in prop::collection::vec(operand(), 1..4)) {
        let actions = operands.iter().map(|operand| format!("{{{{ {operand} }}}}"));
        check(&actions.collect::<String>());
    }
}
