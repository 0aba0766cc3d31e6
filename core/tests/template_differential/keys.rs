//! Private keys of every kind that Go's `x509` reads, given to every function of sprig that takes one.

use std::fmt::Write as _;

use bulla_core::plaintext::Plaintext;

use crate::{Oracle, outcome, same_shape};

#[test]
fn keys_of_every_kind_do_what_they_do_in_go() {
    let Some(mut oracle) = Oracle::built() else {
        return;
    };
    let mut differences = String::new();
    for (kind, expected) in KINDS {
        let made = oracle.answers(&[format!("{{{{ makeKey \"{kind}\" }}}}")], &oracle.values);
        let made = Plaintext::new(outcome(&made[0]["go"]).unwrap());
        oracle.values.insert("given".parse().unwrap(), made);
        let mut works = String::new();
        for (letter, source, shape) in USES {
            let before = differences.len();
            if same_shape(&oracle, source, shape, &mut differences) {
                works.push(*letter);
            }
            if differences.len() > before {
                writeln!(differences, "  with a key of kind {kind}").unwrap();
            }
        }
        // Two failures are alike, so what works in Go stands here.
        assert_eq!(works, *expected, "{kind}");
    }
    assert!(differences.is_empty(), "{differences}");
}

/// Kinds of keys, and which uses of them work in Go.
const KINDS: &[(&str, &str)] = &[
    ("p224", "acsmb"),
    ("p224pkcs8", "acsmb"),
    ("p224inside", "acsmb"),
    ("p256", "acsmb"),
    ("p384", "acsmb"),
    ("p521", "acsmb"),
    ("x25519", "b"),
    ("dsa", "b"),
    ("rsa512", "mb"),
    ("rsa1023", "mb"),
    ("rsa1024", "acsmb"),
    ("rsa1024pkcs8", "acsmb"),
    ("rsa1024plain", "acsmb"),
    ("rsa1024half", "acsmb"),
    ("rsa1024wrong", ""),
    ("rsa1024more", "acsmb"),
    ("rsa1024version", "acsmb"),
    ("rsa1024future", ""),
    ("rsa1024exponent", "acsmb"),
    ("rsa1025", "acsmb"),
    ("rsa1536", "acsmb"),
    ("rsa2048", "acsmb"),
    ("rsa2048exponent", "acsmb"),
    ("rsa2048three", "acsmb"),
    ("rsa2050", "acsmb"),
    ("rsa3072", "acsmb"),
];

/// What a key is given to: as an authority, for itself, to sign another one, to be signed, and as it is.
const USES: &[(char, &str, &str)] = &[
    (
        'a',
        "{{ $c := genCAWithKey \"a\" 3 .given }}{{ $c.Cert }}{{ $c.Key }}",
        "{{ describe .out }}",
    ),
    (
        'c',
        "{{ $c := genSelfSignedCertWithKey \"a\" nil (list \"a\") 3 .given }}{{ $c.Cert }}{{ $c.Key }}",
        "{{ describe .out }}",
    ),
    (
        's',
        "{{ $ca := genCAWithKey \"ca\" 9 .given }}{{ $c := genSignedCertWithKey \"a\" nil nil 3 $ca .key }}\
         {{ $c.Cert }}{{ $c.Key }}{{ $ca.Cert }}",
        "{{ describe .out }}",
    ),
    (
        'm',
        "{{ $ca := genCAWithKey \"ca\" 9 .key }}{{ $c := genSignedCertWithKey \"a\" nil nil 3 $ca .given }}\
         {{ $c.Cert }}{{ $c.Key }}{{ $ca.Cert }}",
        "{{ describe .out }}",
    ),
    (
        'b',
        "{{ $c := buildCustomCert (b64enc .cert) (b64enc .given) }}{{ eq $c.Key .given }}",
        "{{ .out }}",
    ),
];
