//! What templates promise beyond Go: errors without values, refusals, bounds.

#![expect(clippy::unwrap_used, reason = "a test stops where its own steps fail")]

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;

use bulla_core::names::KeyName;
use bulla_core::plaintext::Plaintext;
use bulla_core::template::{self, MissingKeys, Template, TemplateError, TemplateFault};

const CANARY: &str = "zqXw9Kp#7";

fn parse(source: &str) -> Result<Template, TemplateError> {
    template::parse(&"url".parse().unwrap(), source)
}

fn values(pairs: &[(&str, &[u8])]) -> BTreeMap<KeyName, Plaintext> {
    let entry = |(key, value): &(&str, &[u8])| (key.parse().unwrap(), Plaintext::from(*value));
    pairs.iter().map(entry).collect()
}

fn render(source: &str, pairs: &[(&str, &[u8])]) -> Result<Vec<u8>, TemplateError> {
    let output = parse(source)?.render(&values(pairs))?;
    Ok(output.reveal().to_vec())
}

fn fault(source: &str) -> TemplateFault {
    let pairs: &[(&str, &[u8])] = &[("a", b"A"), ("b", b"B")];
    match render(source, pairs) {
        Ok(output) => panic!("{source} renders {:?}", String::from_utf8_lossy(&output)),
        Err(error) => error.fault().clone(),
    }
}

/// No three characters of the value in a row show in an error, its `Debug` or its causes.
fn assert_silent(error: &TemplateError, source: &str) {
    let mut shown = format!("{error}\n{error:?}\n{error:#?}");
    let mut cause = error.source();
    while let Some(inner) = cause {
        shown.push_str(&format!("\n{inner}\n{inner:?}"));
        cause = inner.source();
    }
    for piece in CANARY.as_bytes().windows(3) {
        let piece = String::from_utf8_lossy(piece);
        assert!(!shown.contains(&*piece), "{source} shows a value: {shown}");
    }
}

#[test]
fn no_error_shows_a_value() {
    let sources = [
        "{{ fail .password }}",
        "{{ fail (printf \"%s!\" .password) }}",
        "{{ index . .password }}",
        "{{ index (list) .password }}",
        "{{ index .password 100 }}",
        "{{ .password.b }}",
        "{{ .password 1 }}",
        "{{ template .password }}",
        "{{ template \"t\" .password }}{{ define \"t\" }}{{ .x }}{{ end }}",
        "{{ range .password }}{{ end }}",
        "{{ eq .password 1 }}",
        "{{ lt 1 .password }}",
        "{{ mustFromJson .password }}",
        "{{ urlParse (print \"://\" .password) }}",
        "{{ $d := dict .password .password }}{{ $d.missing }}",
        "{{ dig .password \"x\" \"y\" (dict .password .password) }}",
        "{{ repeat .password \"a\" }}",
        "{{ (dict .password 1).x }}",
        "{{ with dict \"k\" .password }}{{ .k.x }}{{ end }}",
        "{{ .password | unknown }}",
        "{{ if .password.x }}{{ end }}",
        "{{ call .password }}",
        "{{ printf \"%p\" (list .password) }}",
        "{{ substr 50 60 .password }}",
        "{{ .password }}{{ .missing }}",
    ];
    for source in sources {
        let error = render(source, &[("password", CANARY.as_bytes())]).unwrap_err();
        assert_silent(&error, source);
    }
}

#[test]
fn no_function_shows_a_value_when_it_fails() {
    for name in functions() {
        for args in [
            "",
            ".p",
            ".p .p",
            "1 .p",
            ".p 1",
            ".p .p .p",
            "1 1 .p",
            "(list .p) .p",
            ". .p",
        ] {
            let source = format!("{{{{ {name} {args} }}}}");
            if let Err(error) = render(&source, &[("p", CANARY.as_bytes())]) {
                assert_silent(&error, &source);
            }
        }
    }
}

#[test]
fn literals_of_the_source_are_not_shown_either() {
    for source in [
        "{{ \"zqXw9Kp#7 }}",
        "{{ zqXw9Kp#7 }}",
        "{{ \"zqXw9Kp#7\".x }}",
        "{{ 'zqXw9Kp#7' }}",
    ] {
        assert_silent(&parse(source).err().unwrap(), source);
    }
}

#[test]
fn an_error_names_key_line_and_column() {
    let error = render("a\n  {{ .a }}{{ .missing }}\n", &[("a", b"x")]).unwrap_err();
    assert_eq!(
        (error.key().as_str(), error.line(), error.column()),
        ("url", 2, 14)
    );
    assert_eq!(
        error.to_string(),
        "template `url`, line 2, column 14: no value has the key `missing`"
    );
    let error = parse("{{ if .a }}\né{{ nope }}").err().unwrap();
    assert_eq!((error.line(), error.column()), (2, 6));
    assert_eq!(
        error.to_string(),
        "template `url`, line 2, column 6: unknown function `nope`"
    );
}

#[test]
fn a_missing_key_is_an_error_in_every_way_of_asking() {
    for source in [
        "{{ .x }}",
        "{{ $.x }}",
        "{{ index . \"x\" }}",
        "{{ .x | default \"d\" }}",
        "{{ if .x }}{{ end }}",
    ] {
        let named = matches!(fault(source), TemplateFault::MissingKey(Some(name)) if name.to_string() == "x");
        assert!(named, "{source}");
    }
    assert_eq!(
        fault("{{ index . (print \"x\") }}"),
        TemplateFault::MissingKey(None)
    );
    assert_eq!(fault("{{ fromJson \"null\" }}"), TemplateFault::NoValue);
    assert_eq!(fault("{{ html nil }}"), TemplateFault::NoValue);
    let output = parse("{{ .x }}")
        .unwrap()
        .render_with(&values(&[]), MissingKeys::AsGo, None)
        .unwrap();
    assert_eq!(output.output.reveal(), b"<no value>");
}

#[test]
fn every_function_of_go_and_sprig_is_called_or_refused() {
    let mut refused = BTreeSet::new();
    for name in functions() {
        let error = parse(&format!("{{{{ {name} }}}}")).err();
        match error.as_ref().map(TemplateError::fault) {
            Some(TemplateFault::UnknownFunction(_)) => panic!("{name} is unknown"),
            Some(TemplateFault::RefusedFunction { .. }) => drop(refused.insert(name)),
            _ => {}
        }
    }
    for name in [
        "now",
        "date",
        "randAlpha",
        "randInt",
        "uuidv4",
        "genCA",
        "htpasswd",
        "bcrypt",
        "shuffle",
    ] {
        assert!(refused.contains(name), "{name} is not refused");
    }
    for name in [
        "encryptAES",
        "env",
        "expandenv",
        "getHostByName",
        "genPrivateKey",
    ] {
        assert!(refused.contains(name), "{name} is not refused");
    }
    assert!(matches!(
        parse("{{ if false }}{{ now }}{{ end }}")
            .err()
            .unwrap()
            .fault(),
        TemplateFault::RefusedFunction { name: "now", .. }
    ));
}

#[test]
fn templates_can_be_kept_and_shared() {
    fn shared<T: Send + Sync + 'static>() {}
    shared::<Template>();
    shared::<TemplateError>();
}

#[test]
fn bytes_that_are_not_text_pass_through() {
    let bytes: Vec<u8> = (0..=255).collect();
    assert_eq!(render("{{ .v }}", &[("v", &bytes)]).unwrap(), bytes);
    let both = render("<{{ print .v .v | trunc 256 }}>", &[("v", &bytes)]).unwrap();
    assert_eq!(both, [b"<".as_slice(), &bytes, b">"].concat());
}

#[test]
fn keys_are_those_that_the_source_names() {
    let keys = |source| Vec::from_iter(parse(source).unwrap().keys());
    assert_eq!(
        keys("{{ .a }}{{ $.b.c }}{{ index . \"d-e\" }}{{ index $ \"f\" }}"),
        ["a", "b", "d-e", "f"]
    );
    assert_eq!(
        keys("{{ with .a }}{{ .b }}{{ $.c }}{{ else }}{{ .d }}{{ end }}"),
        ["a", "c", "d"]
    );
    assert_eq!(
        keys("{{ range .a }}{{ .b }}{{ end }}{{ with . }}{{ .c }}{{ end }}"),
        ["a", "c"]
    );
    assert_eq!(
        keys("{{ if eq .a (printf \"%s\" .b) }}{{ .c | quote }}{{ end }}"),
        ["a", "b", "c"]
    );
    assert_eq!(
        keys("{{ template \"t\" . }}{{ define \"t\" }}{{ .a }}{{ $.b }}{{ end }}"),
        ["a", "b"]
    );
    assert_eq!(
        keys("{{ template \"t\" .x }}{{ define \"t\" }}{{ .a }}{{ end }}"),
        ["x"]
    );
    assert_eq!(
        keys("{{ (.).a }}{{ ($).b }}{{ (index . \"c\") }}"),
        ["a", "b", "c"]
    );
    assert_eq!(keys("{{ define \"t\" }}{{ .a }}{{ end }}text"), [""; 0]);
    assert_eq!(keys("{{ template \"url\" . }}{{ .a }}"), ["a"]);
}

fn functions() -> impl Iterator<Item = &'static str> {
    include_str!("vectors/template/functions.txt")
        .lines()
        .filter_map(|line| line.split('\t').next())
}
