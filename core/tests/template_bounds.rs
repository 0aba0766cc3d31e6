//! What a template can cost at most.

#![expect(clippy::unwrap_used, reason = "a test stops where its own steps fail")]

use std::collections::BTreeMap;

use bulla_core::plaintext::Plaintext;
use std::time::UNIX_EPOCH;

use bulla_core::template::{
    self, Functions, MissingKeys, Surroundings, TemplateError, TemplateFault,
};

fn render(source: &str, pairs: &[(&str, &[u8])]) -> Result<Vec<u8>, TemplateError> {
    let entry = |(key, value): &(&str, &[u8])| (key.parse().unwrap(), Plaintext::from(*value));
    let values: BTreeMap<_, _> = pairs.iter().map(entry).collect();
    let output = template::parse(&"url".parse().unwrap(), source)?.render(&values)?;
    Ok(output.reveal().to_vec())
}

fn fault(source: &str) -> TemplateFault {
    let error = render(source, &[("a", b"A")]).unwrap_err();
    error.fault().clone()
}

#[test]
fn work_is_bounded() {
    use TemplateFault::{OutputTooLarge, SourceTooLarge, TextTooLarge, TooDeep, TooManySteps};
    let nested = "{{ range until 10000 }}{{ range until 10000 }}{{ end }}{{ end }}";
    assert_eq!(fault(nested), TooManySteps);
    assert_eq!(fault("{{ range 9000000000 }}{{ end }}"), TooManySteps);
    assert_eq!(fault("{{ until 9000000000 }}"), TooManySteps);
    assert_eq!(
        fault("{{ untilStep 0 9223372036854775807 9223372036854775806 }}"),
        TooManySteps
    );
    assert_eq!(fault("{{ repeat 1000000000 .a }}"), TextTooLarge);
    assert_eq!(
        fault("{{ repeat 9223372036854775807 \"ab\" }}"),
        TextTooLarge
    );
    assert_eq!(fault("{{ indent 1000000000 .a }}"), TextTooLarge);
    assert_eq!(
        fault("{{ printf \"%1000000d%1000000d%1000000d%1000000d%1000000d\" 1 1 1 1 1 }}"),
        TextTooLarge
    );
    assert_eq!(
        fault("{{ $x := .a }}{{ range 40 }}{{ $x = print $x $x }}{{ end }}"),
        TextTooLarge
    );
    assert_eq!(
        fault("{{ $x := \"aaaaaaaa\" }}{{ range 9 }}{{ $x = replace \"a\" $x $x }}{{ end }}"),
        TextTooLarge
    );
    assert_eq!(
        fault("{{ range 9000 }}{{ repeat 1000 \"x\" }}{{ end }}"),
        OutputTooLarge
    );
    assert_eq!(fault("{{ repeat 1048577 \"x\" }}"), OutputTooLarge);
    assert_eq!(
        render("{{ repeat 1048576 \"x\" }}", &[]).unwrap().len(),
        1 << 20
    );
    let hashing = "{{ $x := repeat 4000000 .a }}{{ range 1000 }}{{ $y := sha256sum $x }}{{ end }}";
    assert_eq!(fault(hashing), TooManySteps);
    assert_eq!(
        fault("{{ define \"t\" }}{{ template \"t\" }}{{ end }}{{ template \"t\" }}"),
        TooDeep
    );
    assert_eq!(fault("{{ template \"url\" . }}"), TooDeep);
    assert_eq!(fault(&"{{ . }}".repeat(10_000)), SourceTooLarge);
    let sorting = "{{ $x := repeat 500000 .a }}{{ $y := print $x }}{{ $l := list $x $y }}\
        {{ range 7 }}{{ $l = concat $l $l }}{{ end }}{{ sortAlpha $l | len }}";
    assert_eq!(fault(sorting), TooManySteps);
    let printing = "{{ $x := list (repeat 4000000 .a) }}{{ $l := list $x $x $x $x $x $x $x $x }}\
        {{ $l = concat $l $l }}{{ toStrings $l | len }}";
    assert_eq!(fault(printing), TooManySteps);
    let matching = "{{ $x := repeat 2000000 \"a\" }}{{ contains (print $x \"b\") (print $x $x) }}";
    assert_eq!(render(matching, &[]).unwrap(), b"false");
}

#[test]
fn nesting_is_bounded_in_source_and_values() {
    let parens = |n: usize| format!("{{{{ {}1{} }}}}", "(".repeat(n), ")".repeat(n));
    let ifs = |n: usize| "{{ if 1 }}".repeat(n) + &"{{ end }}".repeat(n);
    let calls = |n: usize| format!("{{{{ {}1{} }}}}", "print (".repeat(n), ")".repeat(n));
    for nested in [parens, ifs, calls] {
        assert!(render(&nested(100), &[]).is_ok());
        for n in [101, 3_000] {
            assert_eq!(fault(&nested(n)), TemplateFault::TooDeep);
        }
    }
    let chain = "{{ if 0 }}".to_owned() + &"{{ else if 0 }}".repeat(5_000) + "{{ end }}";
    assert!(matches!(
        fault(&chain),
        TemplateFault::TooDeep | TemplateFault::SourceTooLarge
    ));
    let grow = "{{ $x := list }}{{ range 100000 }}{{ $x = list $x }}{{ end }}";
    for use_of in [
        "{{ $x }}",
        "{{ toJson $x }}",
        "{{ deepEqual $x (list $x) }}",
        "{{ deepCopy $x }}",
    ] {
        assert_eq!(
            fault(&format!("{grow}{use_of}")),
            TemplateFault::TooDeep,
            "{use_of}"
        );
    }
    assert_eq!(render(grow, &[]).unwrap(), b"");
    let cycle = "{{ $d := dict }}{{ $_ := set $d \"d\" $d }}";
    assert_eq!(
        render(&format!("{cycle}{{{{ len $d }}}}"), &[]).unwrap(),
        b"1"
    );
    for use_of in ["{{ $d }}", "{{ toJson $d }}", "{{ deepCopy $d }}"] {
        assert_eq!(
            fault(&format!("{cycle}{use_of}")),
            TemplateFault::TooDeep,
            "{use_of}"
        );
    }
    let json = "[".repeat(5_000);
    let error = render("{{ fromJson .j }}", &[("j", json.as_bytes())]).unwrap_err();
    assert_eq!(*error.fault(), TemplateFault::TooDeep);
}

/// The deepest rendering fits a small stack, in a build without optimization too.
#[test]
fn a_small_stack_is_enough() {
    let inner = "(print ".repeat(60) + "1" + &")".repeat(60);
    let ifs = "{{ if 1 }}".repeat(90) + "{{ template \"t\" }}" + &"{{ end }}".repeat(90);
    let source = format!(
        "{{{{ define \"t\" }}}}{{{{ $x := {inner} }}}}{ifs}{{{{ end }}}}{{{{ template \"t\" }}}}"
    );
    let deep = move || assert_eq!(fault(&source), TemplateFault::TooDeep);
    std::thread::Builder::new()
        .stack_size(1 << 20)
        .spawn(deep)
        .unwrap()
        .join()
        .unwrap();
}

/// Renders with all functions.
fn fault_of_any(source: &str) -> Option<TemplateFault> {
    let key = "url".parse().unwrap();
    let parsed = template::parse_with(&key, source, Functions::All).unwrap();
    let mut surroundings = Surroundings::new(UNIX_EPOCH, [1; 32]);
    let rendered = parsed.render_with(&BTreeMap::new(), MissingKeys::AsGo, Some(&mut surroundings));
    rendered.err().map(|error| error.fault().clone())
}

#[test]
fn regular_expressions_are_bounded() {
    use TemplateFault::{Function, TextTooLarge, TooManySteps};
    let long = "{{ $x := repeat 3000000 \"a\" }}";
    // Each match begins where another one did: quadratic, were it not for the account of work.
    let quadratic = format!("{long}{{{{ regexFindAll \".*?b|a\" $x -1 | len }}}}");
    assert_eq!(fault(&quadratic), TooManySteps);
    let growing = format!("{long}{{{{ regexReplaceAll \"a\" $x \"$0$0$0\" | len }}}}");
    assert!(matches!(fault(&growing), TooManySteps | TextTooLarge));
    let failures = [
        "{{ regexMatch \"(?i)(\\\\pL{500}){2}\" \"a\" }}",
        "{{ mustRegexMatch (print (repeat 102 \"(\") (repeat 102 \")\")) \"a\" }}",
        "{{ regexMatch (repeat 70000 \"a\") \"a\" }}",
        "{{ regexMatch (repeat 300 \"()\") \"a\" }}",
        "{{ regexMatch (print \"(?i)\" (repeat 2000 \"é\")) \"a\" }}",
    ];
    for source in failures {
        assert!(matches!(fault(source), Function { .. }), "{source}");
    }
    let compiling = "{{ range $n := until 20000 }}{{ $y := regexMatch (print \"\\\\pL+x\" $n) \"a\" }}{{ end }}";
    assert_eq!(fault(compiling), TooManySteps);
    // What Go takes and takes long in others is quick: no backtracking.
    let nested = "{{ regexMatch \"^(a+)+$\" (print (repeat 5000 \"a\") \"b\") }}";
    assert_eq!(render(nested, &[]).unwrap(), b"false");
}

#[test]
fn slow_functions_are_counted() {
    use TemplateFault::{TextTooLarge, TooManySteps};
    let of = |call: &str| format!("{{{{ range until 300 }}}}{{{{ $x := {call} }}}}{{{{ end }}}}");
    assert_eq!(
        fault(&of("derivePassword 1 \"pin\" \"a\" \"b\" \"c\"")),
        TooManySteps
    );
    for call in [
        "bcrypt \"a\"",
        "genPrivateKey \"ed25519\"",
        "genPrivateKey \"ecdsa\"",
        "randBytes 4000000",
    ] {
        assert_eq!(fault_of_any(&of(call)), Some(TooManySteps), "{call}");
    }
    assert_eq!(fault_of_any("{{ randAlpha 5000000 }}"), Some(TextTooLarge));
    assert_eq!(
        fault_of_any("{{ randAscii 9223372036854775807 }}"),
        Some(TextTooLarge)
    );
    let factor = "{{ $l := list }}{{ $x := 1.5 }}{{ range until 20000 }}{{ $x = mulf 1.1 1.7 1.9 }}{{ end }}{{ $x }}";
    assert_eq!(render(factor, &[]).unwrap(), b"3.553");
    let cyclic = "{{ $a := dict }}{{ $b := dict \"d\" (dict) }}{{ $_ := set $a \"d\" $a }}{{ $_ = set $b \"d\" $b }}{{ merge $a $b }}";
    assert_eq!(fault(cyclic), TemplateFault::TooDeep);
}

#[test]
fn whether_chance_had_a_part_is_told() {
    let varies = |source: &str| {
        let key = "url".parse().unwrap();
        let parsed = template::parse_with(&key, source, Functions::All).unwrap();
        let mut surroundings = Surroundings::new(UNIX_EPOCH, [1; 32]);
        let rendered =
            parsed.render_with(&BTreeMap::new(), MissingKeys::AsGo, Some(&mut surroundings));
        let rendered = rendered.unwrap();
        (rendered.output.reveal().to_vec(), rendered.varies)
    };
    for source in [
        "{{ now }}",
        "{{ randAlpha 3 }}",
        "{{ date \"2006\" \"x\" }}",
        "{{ genPrivateKey \"ecdsa\" }}",
    ] {
        assert!(varies(source).1, "{source}");
    }
    for source in [
        "{{ if false }}{{ now }}{{ end }}",
        "{{ date \"2006\" 0 }}",
        "{{ semver \"1.2.3\" }}",
    ] {
        assert!(!varies(source).1, "{source}");
    }
    // The same seed gives the same output, another one another.
    assert_eq!(
        varies("{{ randAlphaNum 40 }}"),
        varies("{{ randAlphaNum 40 }}")
    );
    assert_eq!(varies("{{ now | date \"2006-01-02\" }}").0, b"1970-01-01");
    let key = "url".parse().unwrap();
    let parsed = template::parse_with(&key, "{{ uuidv4 }}", Functions::All).unwrap();
    let mut surroundings = Surroundings::new(UNIX_EPOCH, [1; 32]);
    let mut next = || {
        let rendered =
            parsed.render_with(&BTreeMap::new(), MissingKeys::AsGo, Some(&mut surroundings));
        rendered.unwrap().output.reveal().to_vec()
    };
    assert_ne!(next(), next(), "each template of a Secret has its own part");
    let error = parsed.render(&BTreeMap::new()).unwrap_err();
    assert_eq!(*error.fault(), TemplateFault::NoSurroundings);
}
