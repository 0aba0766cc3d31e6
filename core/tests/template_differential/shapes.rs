//! Each function of Go and sprig, with arguments that fit, of the wrong type, empty, too few and too many.

use crate::generate::Generator;

/// Templates that call `name`, whose parameters are of the types given.
pub(crate) fn of(generator: &mut Generator, name: &str, parameters: &[&str]) -> Vec<String> {
    let mut sources = Vec::new();
    let slow = is_slow(name);
    for _ in 0..if slow { 1 } else { 12 } {
        let fitting = arguments(generator, name, parameters);
        sources.push(fitting.clone());
        if slow {
            continue;
        }
        for n in 0..fitting.len() {
            for other in [
                "(list)",
                "(dict)",
                "nil",
                "\"\"",
                "0",
                "1.5",
                "true",
                "\"x\"",
                "(list 1)",
                ".missing",
                "(toDate \"2006\" \"2024\").MarshalText",
            ] {
                let mut changed = fitting.clone();
                changed[n] = other.to_owned();
                sources.push(changed);
            }
        }
        sources.push(fitting[..fitting.len().saturating_sub(1)].to_vec());
        sources.push([fitting.clone(), vec!["\"more\"".to_owned()]].concat());
    }
    let calls = sources
        .iter()
        .map(|arguments| format!("{name} {}", arguments.join(" ")));
    let mut sources: Vec<_> = calls.map(|call| reduced(name, call.trim())).collect();
    sources.sort();
    sources.dedup();
    sources
}

fn arguments(generator: &mut Generator, name: &str, parameters: &[&str]) -> Vec<String> {
    let mut out = Vec::new();
    for (n, parameter) in parameters.iter().enumerate() {
        match parameter.strip_prefix("...") {
            Some(parameter) => {
                for _ in 0..generator.below(4) {
                    out.push(generator.fitting(name, n, parameter));
                }
            }
            None => out.push(generator.fitting(name, n, parameter)),
        }
    }
    out
}

/// What of the result of `call` is the same each time.
fn reduced(name: &str, call: &str) -> String {
    match REDUCED
        .iter()
        .find(|(names, _)| names.split(' ').any(|n| n == name))
    {
        Some((_, shape)) => shape.replace("CALL", call),
        None => format!("{{{{ {call} }}}}"),
    }
}

/// Whether calls of it are few.
pub(crate) fn is_slow(name: &str) -> bool {
    SLOW.contains(&name)
}

/// Keys of RSA and DSA, and what takes long on purpose: the other tests go through their arguments.
const SLOW: &[&str] = &[
    "genPrivateKey",
    "genCA",
    "genSelfSignedCert",
    "genSignedCert",
    "derivePassword",
    "bcrypt",
    "htpasswd",
];

/// How the results of what is random, or depends on the clock, are compared.
const REDUCED: &[(&str, &str)] = &[
    (
        "randAlphaNum",
        "{{ regexReplaceAll \"[A-Za-z0-9]\" (CALL) \"x\" }}",
    ),
    (
        "randAlpha",
        "{{ regexReplaceAll \"[A-Za-z]\" (CALL) \"x\" }}",
    ),
    (
        "randNumeric",
        "{{ regexReplaceAll \"[0-9]\" (CALL) \"x\" }}",
    ),
    ("randAscii", "{{ regexReplaceAll \"[ -~]\" (CALL) \"x\" }}"),
    (
        "randInt",
        "{{ $n := CALL }}{{ typeOf $n }}{{ lt $n 1000000 }}",
    ),
    ("randBytes", "{{ CALL | b64dec | len }}"),
    (
        "uuidv4",
        "{{ regexReplaceAll \"[0-9a-f]\" (CALL) \"x\" }}{{ substr 14 15 (CALL) }}",
    ),
    ("shuffle", "{{ CALL | splitList \"\" | sortAlpha }}"),
    (
        "bcrypt htpasswd",
        "{{ CALL | regexFind \"^.*\\\\$2a\\\\$10\\\\$|.*: .*\" }}{{ CALL | len }}",
    ),
    (
        "encryptAES",
        "{{ $c := CALL }}{{ len $c }}{{ regexMatch \"^[A-Za-z0-9+/]*=*$\" $c }}",
    ),
    (
        "now",
        "{{ $t := CALL }}{{ typeOf $t }}{{ regexReplaceAll \"[0-9.]+\" (toString $t) \"0\" }}",
    ),
    (
        "ago",
        "{{ CALL | regexReplaceAll \"[0-9]+\" | regexFind \"[a-z]\" }}",
    ),
    ("keys values", "{{ CALL | sortAlpha }}"),
    (
        "genPrivateKey genCA genSelfSignedCert genSignedCert",
        "{{ $c := CALL }}{{ typeOf $c }}",
    ),
    (
        "genCAWithKey genSelfSignedCertWithKey genSignedCertWithKey",
        "{{ $c := CALL }}{{ typeOf $c }}",
    ),
];
