//! Regular expressions of Go, as selectors of `.sops.yaml`: the same values are encrypted as by the real sops.

use bulla_tests::process;

use crate::case::Case;
use crate::run::{Place, Whose, run, with_recipients};

/// Keys that the expressions tell apart.
const FILE: &str = "password: A\nPassWord: B\napi_token_1: C\ndata: D\nstringData: E\nx-y: F\na.b: G\nümlaut: H\nstraße: I\n日本: J\n\"a\\nb\": K\n\" lead\": L\nk8s: M\naa: O\naaa: P\n\"\": Q\nfoo: R\nlist:\n    - S\n    - T\nbelow:\n    data: U\n    other: V\n";

/// Their values.
const VALUES: &str = "ABCDEFGHIJKLMOPQRSTUV";

/// Each selects something there, and not all of it.
const SOUND: &[&str] = &[
    "^(data|stringData)$",
    "data",
    "(?i)password",
    "(?i:PASS)word",
    "^pass(?-i:word)$",
    "token",
    "_\\d+$",
    "^\\w+_\\w+$",
    "^[[:alpha:]]+$",
    "^[[:^alpha:]]+$",
    "[^[:ascii:]]",
    "\\pL\\p{Lu}",
    "\\p{Han}",
    "\\p{Latin}ml",
    "\\P{L}",
    "^\\S+\\s\\S+$",
    "\\.",
    "^a.b$",
    "(?s)^a.b$",
    "(?m)^b$",
    "\\Aa",
    "b\\z",
    "^a{2}$",
    "^a{2,}$",
    "^a{1,2}$",
    "^(a|aa)$",
    "^a+?$",
    "^a*?a$",
    "\\bb",
    "\\Bo",
    "ü",
    "\\x{fc}",
    "\\x66oo",
    "\\146oo",
    "[a-c]\\.[a-c]",
    "[^a-z]",
    "[\\]x-]y",
    "\\Qa.b\\E",
    "(?P<name>foo)",
    "(?<name>foo)",
    "(?:f)(o)\\x6f",
    "(?U)^a+$",
    "^$",
    "k8s|^list$",
    "^[\\d\\w]+s$",
    "\\tx|\\n",
    "^straße$",
    "(?i)STRASSE|strasse|STRA\u{17f}\u{17f}e|^\u{212a}8s$",
];

/// Go compiles none of them: the real one then encrypts nothing, without a word.
const BROKEN: &[&str] = &[
    "(",
    ")",
    "a**",
    "*a",
    "[a",
    "a{1001}",
    "(?=a)",
    "(?!a)",
    "(?<=a)b",
    "a(?>b)",
    "\\1",
    "\\Z",
    "[z-a]",
    "\\p{Nobody}",
    "(?P<n>a)(?P<n>b)",
    "(?i",
    "\\",
    "a++",
    "[[:nobody:]]",
    "\\x{110000}",
];

/// `.sops.yaml` with a field of one rule.
fn config(field: &str, expression: &str) -> String {
    let expression = expression.replace('\'', "''");
    format!("creation_rules: [{{{field}: '{expression}', age: '{{A}}'}}]\n")
}

fn case(files: &[(&'static str, String)]) -> Case {
    // They live as long as the test runs.
    let files: Vec<(&'static str, &'static str)> = files
        .iter()
        .map(|(name, text)| (*name, &*text.clone().leak()))
        .collect();
    Case::new("an expression", &["encrypt", "x.yaml"]).files(files.leak())
}

#[test]
fn expressions_select_as_those_of_go() {
    let mut failures = Vec::new();
    for expression in SOUND {
        for field in ["encrypted_regex", "unencrypted_regex"] {
            let case = case(&[
                (".sops.yaml", config(field, expression)),
                ("x.yaml", FILE.to_owned()),
            ]);
            let [theirs, ours] = [Whose::Theirs, Whose::Ours].map(|whose| run(whose, &case));
            let [a, b] = [&theirs, &ours].map(|run| encrypted(&run.outcome.stdout));
            let selects = (1..VALUES.len()).contains(&a.len());
            if !selects || a != b || theirs.outcome.status != 0 || ours.outcome.status != 0 {
                failures.push(format!(
                    "{field} {expression}: {a} {b} {} {}",
                    theirs.stderr, ours.stderr
                ));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// The values that no line ends with any more.
fn encrypted(file: &str) -> String {
    let values = file.split("\nsops:").next().unwrap_or_default();
    let plain = |value: &char| {
        values
            .lines()
            .any(|line| line.ends_with(&format!(" {value}")))
    };
    VALUES.chars().filter(|value| !plain(value)).collect()
}

#[test]
fn expressions_that_go_refuses_are_refused() {
    for expression in BROKEN {
        let place = Place::new();
        let text = with_recipients(&config("encrypted_regex", expression));
        std::fs::write(place.path(".sops.yaml"), text).unwrap();
        let theirs = process::run(place.command(Whose::Theirs, &["encrypt", "p.yaml"]), b"");
        let clear = String::from_utf8_lossy(&theirs.stdout).starts_with("a: b\n");
        assert!(theirs.status.success() && clear, "{expression}");
        let ours = process::run(place.command(Whose::Ours, &["encrypt", "p.yaml"]), b"");
        let said = String::from_utf8_lossy(&ours.stderr);
        assert_eq!(ours.status.code(), Some(1), "{expression}: {said}");
        assert!(ours.stdout.is_empty(), "{expression}");
        assert!(said.contains("encrypted_regex"), "{expression}: {said}");
        assert!(!said.contains("has no look-around"), "{expression}: {said}");
    }
}
