//! That no function works for nothing: each of these takes few steps in itself, and long all together.

#![expect(clippy::unwrap_used, reason = "a test stops where its own steps fail")]

use std::collections::BTreeMap;
use std::time::SystemTime;

use bulla_core::names::KeyName;
use bulla_core::plaintext::Plaintext;
use bulla_core::template::{
    self, Budget, Functions, MissingKeys, Rendering, Surroundings, Template, TemplateError,
    TemplateFault,
};

fn parse(source: &str) -> Template {
    template::parse(&"url".parse().unwrap(), source).unwrap()
}

fn render(source: &str) -> Result<Vec<u8>, TemplateFault> {
    match parse(source).render(&BTreeMap::new()) {
        Ok(output) => Ok(output.reveal().to_vec()),
        Err(error) => Err(error.fault().clone()),
    }
}

#[test]
fn what_a_function_reads_is_counted() {
    let dict =
        "{{ $d := dict }}{{ range $i := until 20000 }}{{ $_ := set $d (print $i) 1 }}{{ end }}";
    let long = "{{ $x := repeat 500000 \"a\" }}";
    let nothing = "{{ $l := splitList \"\" (repeat 50000 \"a\") }}";
    let cases = [
        // Digits of a number that is far from one.
        ("", 50_000, "printf \"%.800f\" 5e-324"),
        ("", 50_000, "printf \"%.0s%.800e\" \"\" 5e-324"),
        // Items that leave no trace in the result.
        (nothing, 5_000, "join \"\" (sortAlpha $l)"),
        (
            "{{ $l := list }}{{ range 10000 }}{{ $l = concat $l (list nil) }}{{ end }}",
            5_000,
            "toStrings $l",
        ),
        // Keys and texts that are compared and dropped.
        (
            "{{ $x := repeat 500000 \"a\" }}{{ $d := dict $x 1 }}",
            300,
            "pluck $x $d $d $d $d $d $d $d $d",
        ),
        (long, 3_000, "toJson (list $x (float64 \"NaN\"))"),
        (
            "{{ $v := semver (print \"1.2.3-\" (repeat 500000 \"a\")) }}",
            3_000,
            "printf \"%.0s\" $v",
        ),
        (
            "{{ $v := semver (print \"1.2.3-\" (repeat 500000 \"a\")) }}",
            3_000,
            "deepEqual $v $v",
        ),
        ("", 20, "semverCompare (repeat 2000 \"1 - 2 \") \"1.0.0\""),
        // Numbers that take more than a machine word to read.
        (
            "",
            100_000,
            "float64 \"7.4109846876186981626485318930233205854758970392148714663837852375101e-324\"",
        ),
    ];
    for (before, times, call) in cases {
        let source = format!("{before}{{{{ range {times} }}}}{{{{ $y := {call} }}}}{{{{ end }}}}");
        assert_eq!(render(&source), Err(TemplateFault::TooManySteps), "{call}");
    }
    // What picks some entries does not go through the others.
    let picks = format!("{dict}{{{{ range 3000 }}}}{{{{ $x := pick $d \"7\" }}}}{{{{ end }}}}ok");
    assert_eq!(render(&picks).unwrap(), b"ok");
    let field = format!(".{}", "a".repeat(60_000));
    let source = format!(
        "{{{{ $d := dict (repeat 60000 \"a\") 1 }}}}{{{{ range 2000 }}}}{{{{ $x := $d{field} }}}}{{{{ end }}}}"
    );
    assert_eq!(render(&source), Err(TemplateFault::TooManySteps));
}

#[test]
fn templates_of_a_resource_share_their_steps() {
    let template = parse("{{ range 100000 }}{{ end }}{{ .a }}");
    let values = BTreeMap::from([("a".parse::<KeyName>().unwrap(), Plaintext::from(&b"A"[..]))]);
    let mut rendering = Rendering::new(&values, MissingKeys::Refuse);
    let outcomes: Vec<_> = (0..20)
        .map(|_| rendering.render(&template, usize::MAX, None))
        .map(|outcome| outcome.map(drop).map_err(|error| error.fault().clone()))
        .collect();
    assert_eq!(outcomes[0], Ok(()));
    assert_eq!(outcomes[19], Err(TemplateFault::TooManySteps));
    // A budget that is shared is used up for all.
    let budget = Budget::default();
    let mut first = Rendering::within(&budget, &values, MissingKeys::Refuse);
    let endless = parse("{{ range 9000000000 }}{{ end }}");
    assert!(first.render(&endless, usize::MAX, None).is_err());
    let mut second = Rendering::within(&budget, &values, MissingKeys::Refuse);
    assert!(second.render(&parse("{{ .a }}"), usize::MAX, None).is_err());
}

#[test]
fn the_room_of_an_output_is_bounded() {
    let mut rendering = Rendering::new(&BTreeMap::new(), MissingKeys::Refuse);
    let mut within = |room: usize| -> Result<usize, TemplateError> {
        let rendered = rendering.render(&parse("{{ repeat 100 \"a\" }}"), room, None)?;
        Ok(rendered.output.reveal().len())
    };
    assert_eq!(within(100).unwrap(), 100);
    assert_eq!(*within(99).unwrap_err().fault(), TemplateFault::NoRoom);
}

/// Checking the numbers of a key against each other takes the square of their length.
#[test]
fn reading_a_long_key_is_dear() {
    let render = |times: usize| {
        let source = format!(
            "{{{{ $k := genPrivateKey \"rsa\" | b64enc }}}}\
             {{{{ $c := genSelfSignedCertWithKey \"a\" nil nil 9 (genPrivateKey \"ecdsa\") }}}}\
             {{{{ range {times} }}}}{{{{ $_ := buildCustomCert (b64enc $c.Cert) $k }}}}{{{{ end }}}}"
        );
        let key = "url".parse().unwrap();
        let template = template::parse_with(&key, &source, Functions::All).unwrap();
        let mut surroundings = Surroundings::new(SystemTime::now(), [7; 32]);
        let rendered =
            template.render_with(&BTreeMap::new(), MissingKeys::AsGo, Some(&mut surroundings));
        rendered.map(drop).map_err(|error| error.fault().clone())
    };
    assert_eq!(render(20), Ok(()));
    assert_eq!(render(100), Err(TemplateFault::TooManySteps));
}
