//! The words that templates are made of.

/// The keys and values that templates see.
pub(crate) const VALUES: [(&str, &[u8]); 14] = [
    ("user", b"alice"),
    ("password", b"p@ss w\"o'r<d>&\\%/?"),
    ("empty", b""),
    ("num", b"42"),
    ("neg", b"-17"),
    ("float", b"3.25"),
    ("hex", b"0x1F"),
    (
        "json",
        b"{\"a\":1,\"b\":[true,null,\"x<y\"],\"c\":{\"d\":2.5},\"e\":\"\\u00e9\\n\"}",
    ),
    ("list", b"b,a,,c"),
    ("multi", b"one\ntwo\n\nthree\n"),
    ("spaces", b"  \t padded \n"),
    ("uni", "Äpfel straße ǆ 日本 \u{2028} \u{1f600}".as_bytes()),
    ("bytes", b"\xff\xfe\x00a\xc3\x28\xe2\x82"),
    (
        "url",
        b"https://al%20ice:s%40c@example.com:8443/a%20b/c?x=1&y=2#frag",
    ),
];

/// Strings, with directives and escapes among them.
#[rustfmt::skip]
pub(crate) const TEXTS: &[&str] = &[
    "\"a\"",
    "\"\"",
    "\"abc\"",
    "\"1\"",
    "\"%s\"",
    "\"%5d|%v\"",
    "\"%x %q\"",
    "\"%[2]v\"",
    "\"%08.3f %+d %#v\"",
    "\"%T %t %c %U\"",
    "\"a,b,c\"",
    "\",\"",
    "\"é日\"",
    "\"\\xff\"",
    "\" x \"",
    "\"a b c\"",
    "\"/a/../b.c\"",
    "\"0x1F\"",
    "\"-1.50\"",
    "\"[1,{\\\"a\\\":null}]\"",
    "\"http://u:p@h:1/p?q#f\"",
    "\"\\n\"",
    "`raw`",
    "'a'",
    "\"_0\"",
    "\"HTTPServer2x\"",
    "\"YWJj\"",
    "\"YQ==\"",
];

/// Numbers of every type.
#[rustfmt::skip]
pub(crate) const NUMBERS: &[&str] = &[
    "0", "1", "2", "3", "5", "-1", "-3", "10", "1.5", "-2.5", "1e3", "1e21", "0x10", "1i", "2+3i",
    "100", "1_0", "0.1", "1e-7",
];

/// What is an int, or becomes one.
#[rustfmt::skip]
pub(crate) const INTEGERS: &[&str] = &[
    "0",
    "1",
    "2",
    "3",
    "4",
    "5",
    "7",
    "-1",
    "-2",
    "10",
    "0x3",
    "'\\x02'",
    "(len .user)",
    "(int \"3\")",
    "2.0",
];

/// Dicts.
#[rustfmt::skip]
pub(crate) const DICTS: &[&str] = &[
    "(dict \"a\" 1 \"b\" (dict \"c\" .user))",
    "(dict)",
    "(fromJson .json)",
    "(urlParse .url)",
    "nil",
    "(dict \"a\" nil \"b\" (list 1 nil))",
    "(dict \"a\" (list 3 2) \"host\" \"h\")",
];

/// Lists of every element type.
#[rustfmt::skip]
pub(crate) const LISTS: &[&str] = &[
    "(list 3 1 2)",
    "(list)",
    "(splitList \",\" .list)",
    "(until 4)",
    "(list \"b\" \"a\" nil 1.5)",
    "(list (list 1) (dict \"a\" 1))",
    "(chunk 2 (until 5))",
    "(fromJson \"[1,\\\"x\\\",null]\")",
    "(list 0 \"\" \"x\" false)",
    "(append (list 1 2 3) 4)",
    "(rest (list))",
    "(list 1 1 \"a\" \"a\")",
    "(toDate \"2006\" \"2024\").UTC.MarshalText",
    "((semver \"v1.2-a\").MarshalJSON)",
];

/// What compares.
#[rustfmt::skip]
pub(crate) const BASICS: &[&str] = &[
    "1",
    "2",
    "\"a\"",
    ".user",
    ".num",
    "1.5",
    "(int64 2)",
    "(index .user 0)",
    "nil",
    "true",
    "\"alice\"",
    "(float64 1)",
    "-1",
];

/// Regular expressions in Go's syntax, and what looks like them.
#[rustfmt::skip]
pub(crate) const PATTERNS: &[&str] = &[
    "\"\"", "`a`", "`a*`", "`a|b`", "`(a)(b)?`", "`(?P<x>l.)`", "`(?<y>i)`", "`[a-c]+`", "`[^a-z]`", "`\\d+`", "`\\w*`",
    "`\\s`", "`\\b`", "`\\B`", "`^`", "`$`", "`^a$`", "`(?m)^.`", "`(?m).$`", "`(?s).+`", "`.`", "`(?i)ALICE`",
    "`(?i)[k-s]`", "`(?i)\\w`", "`(?U)a+`", "`(?U)a+?`", "`a+?`", "`a{2}`", "`a{2,}`", "`a{,2}`", "`a{1,3}?`", "`{`", "`a{`",
    "`x{0}`", "`(a{10}){10}`", "`(a{100}){11}`", "`a{1001}`", "`a**`", "`a*?`", "`a*??`", "`*`", "`|*`", "`(`", "`)`", "`a)`",
    "`[`", "`[]`", "`[]a]`", "`[^]`", "`[a-]`", "`[-a]`", "`[z-a]`", "`[a-\\d]`", "`[\\d-z]`", "`[[:alpha:]]`", "`[[:^digit:]x]`",
    "`[[:foo:]]`", "`[[:alpha:]`", "`\\pL`", "`\\PL+`", "`\\p{Greek}`", "`\\p{^Lu}`", "`\\p{Foo}`", "`\\p`", "`\\p{Lu`", "`(?i)\\p{Lu}`",
    "`(?i)\\P{Lu}`", "`\\p{letter}`", "`[\\p{N}\\s]`", "`\\x41`", "`\\x{1F600}`", "`\\x{110000}`", "`\\x{fffd}`", "`\\x{d800}`", "`\\x4`",
    "`\\101`", "`\\1`", "`\\8`", "`\\Qa.b\\E+`", "`\\Q.`", "`\\z`", "`\\Z`", "`\\A`", "`\\C`", "`\\a\\f\\v`", "`\\.`", "`\\é`", "`\\`",
    "`(?i)a(?-i)B`", "`(?i:a)A`", "`(?i`", "`(?i)*`", "`a(?i)*`", "`(?-)`", "`(?i-)`", "`(?=a)`", "`(?P<>a)`", "`(?P<a-b>c)`", "`(?P=x)`", "`()`",
    "`(|a)*`", "`(|a)+`", "`(a|)+?`", "`(a*)*`", "`(a*)+`", "`(?:a*)*b`", "`(aa|a)(a|b)?`", "`a|ab|abc`", "`é`", "`日|[^ -~]`", "`\\W+`", "`\\S`",
    "`\\D`", "`[\\W]`", "`(?i)ǆ|ß|ſ`", "`(?i)[^k]`", "`,`", "`\\n`", "`(\\d)(\\d)`", "`^(.*?)(l)(.*)$`", "\"\\xff\"", "`[\\x00-\\x{10FFFF}]`",
    "`[^\\x00-\\x{10FFFF}]`", "`(?i)[^\\d]`", "`a||b`", "`(?:)`", "`$^`", "`^*`", "`(^)*`", "`(?m)^$`", "`\\b\\w`", "`.{2}`", "`(.)(?P<n>.)`",
];

/// What matches are replaced by.
#[rustfmt::skip]
pub(crate) const REPLACEMENTS: &[&str] = &[
    "\"x\"", "\"\"", "\"$0\"", "\"$1\"", "\"${1}x\"", "\"$1x\"", "\"$$\"", "\"$\"", "\"${x}\"", "\"$x-\"", "\"${\"", "\"${1\"", "\"$01\"",
    "\"[$0]\"", "\"$n$y$2\"", "\"é$é\"", "\"$99\"", "\"a$ b\"", "\"\\\\1\"",
];

/// Versions, and what looks like them.
#[rustfmt::skip]
pub(crate) const VERSIONS: &[&str] = &[
    "\"1.2.3\"", "\"v1.2.3\"", "\"1\"", "\"1.2\"", "\"0.0.0\"", "\"0.3.0\"", "\"1.2.3-beta.2\"", "\"1.2.3-beta.11+b.1\"", "\"1.2.3+x\"",
    "\"01.2.3\"", "\"1.2.3-01\"", "\"1.2.3-\"", "\"1.2.3.4\"", "\"\"", "\"x\"", "\"1.2.x\"", "\"2.0.0-alpha\"", "\"2.0.0\"", "\"1.2.3-a..b\"",
    "\"18446744073709551616.0.0\"", "\"18446744073709551615.0.0\"", "\" 1.2.3\"", "\"0.2.5\"", "\"1.3.0\"", "\"1.2.3--\"", "\"V1\"", "\"1.2.3-99\"", "\"1.2.3-100\"",
];

/// Constraints on versions, and what looks like them.
#[rustfmt::skip]
pub(crate) const CONSTRAINTS: &[&str] = &[
    "\"1.2.3\"", "\"=1.2.3\"", "\"!=1.2.3\"", "\">1.2\"", "\">1\"", "\">=1.2.3\"", "\"=>1.2.3\"", "\"<2\"", "\"<=1.2\"", "\"<=1\"", "\"=<1.2.3\"",
    "\"~1.2\"", "\"~1\"", "\"~>1.2.3\"", "\"^1\"", "\"^0.2\"", "\"^0.0.3\"", "\"^0\"", "\"^0.0\"", "\"*\"", "\"1.x\"", "\"1.2.*\"", "\"X\"", "\"!=1.x\"",
    "\"!=1.2.x\"", "\">1.2.x\"", "\">=1.0, <2.0\"", "\">=1 <2\"", "\"1 - 2\"", "\"1.2 - 1.4.5 || 3\"", "\"<1 || >2\"", "\"\"", "\"||\"", "\"foo\"",
    "\">=1.2.3-0\"", "\"^1.2.3-beta\"", "\"!=1.2.3-beta.2\"", "\"~0\"", "\"~0.0.0\"", "\">> 1\"", "\"> 1.2.3 \"", "\"1.2.3 2.0.0\"", "\"!=x\"", "\"<=x\"", "\">x\"",
    "\"1|2\"", "\"^x\"", "\"~x.1\"", "\"1.2.3,\"", "\"!=1.2.x-beta\"", "\"01.2\"", "\"1.2.3-01\"", "\"=v1.2\"",
];

/// Spans of time, and what looks like them.
#[rustfmt::skip]
pub(crate) const DURATIONS: &[&str] = &[
    "\"1h\"", "\"-1.5h\"", "\"90m\"", "\"1h30m5.25s\"", "\"95\"", "\"0\"", "\"\"", "\"1d\"", "\"3ms\"", "\"1us\"", "\"1µs\"", "\"1μs\"", "\"-0\"", "\".5s\"",
    "\"1.s\"", "\".s\"", "\"+5m\"", "\"2562047h47m16.854775807s\"", "\"-2562047h47m16.854775808s\"", "\"9999999h\"", "\"24h\"", "\"800h\"", "\"9000h\"", "95",
    "(int64 95)", "(int64 -3600)", "(int64 90000000000)", "(int64 5000000000000)", "\"9223372036854775808\"", "\"1e3\"", "\"0.000000000001h\"",
];

/// Layouts of times.
#[rustfmt::skip]
pub(crate) const LAYOUTS: &[&str] = &[
    "\"2006-01-02\"", "\"2006-01-02T15:04:05Z07:00\"", "\"Mon, 02 Jan 2006 15:04:05 MST\"", "\"Monday January 2 3:4:5pm 06\"", "\"_2/1/06 03:04:05.000 PM\"",
    "\"002 __2 2006\"", "\"15:04:05.999999999 -0700\"", "\"-07 -07:00 -070000 Z0700 Z07:00:00\"", "\"Jan _2006\"", "\"\"", "\"Janx Monx\"", "\"05,00\"", "\".00x .000000 .99\"",
    "\"2006-01-02 15:04:05.999999999 -0700 MST\"", "\"20060102150405\"", "\"%Y\"", "\"January Mon 2\"", "\"3PM\"", "\"2006 002\"", "\"01/02 03:04:05PM '06 -0700\"",
];

/// Texts that some of the layouts read.
#[rustfmt::skip]
pub(crate) const DATES: &[&str] = &[
    "\"2024-02-29\"", "\"2023-02-29\"", "\"2024-02-29T12:34:56Z\"", "\"2024-02-29T12:34:56.789+02:00\"", "\"Thu, 29 Feb 2024 12:34:56 CET\"", "\"Thu, 29 Feb 2024 12:34:56 GMT+3\"",
    "\"Thursday February 29 1:2:3am 24\"", "\"thursday february 29 12:2:3am 24\"", "\" 5/2/99 12:04:05.123 AM\"", "\"060  60 2024\"", "\"366 366 2023\"", "\"12:00:01.5 -0330\"", "\"05,25\"",
    "\"-03 -03:30 -033015 Z Z\"", "\"20240229123456\"", "\"2024-13-01\"", "\"\"", "\"x\"", "\"2024-02-29 12:34:56.7 +0000 UTC\"", "\"2024-02-29 12:34:56 -0500 EST\"", "\"0001-01-01\"",
    "\"12PM\"", "\"13PM\"", "\"2024 060\"", "\"2024 366\"", "\"02/29 11:59:59PM '24 +2500\"", "\"9999-12-31\"", "\"2024-02-29T24:00:00Z\"", "\"2024-02-29T12:34:60Z\"",
];

/// Times, most of them the same each time.
#[rustfmt::skip]
pub(crate) const TIMES: &[&str] = &[
    "0", "1700000000", "(int64 1709210096)", "-1", "(int64 -62135596801)", "(toDate \"2006-01-02\" \"2024-02-29\")",
    "(toDate \"2006-01-02T15:04:05Z07:00\" \"2024-07-01T12:34:56.789+02:00\")", "(toDate \"x\" \"\")", "253402300800", "(int64 9223372036854775807)", "300000000000", "(int64 290000000000)",
    "(toDate \"2006-01-02 MST\" \"2024-02-29 CET\")", "(dateModify \"-1.5h\" (toDate \"2006-01-02\" \"2024-01-01\"))",
];

/// Names of time zones.
#[rustfmt::skip]
pub(crate) const ZONES: &[&str] = &[
    "\"UTC\"", "\"\"", "\"Local\"", "\"Europe/Berlin\"", "\"America/New_York\"", "\"Asia/Kathmandu\"", "\"europe/berlin\"", "\"Nowhere\"", "\"../etc\"", "\"Etc/GMT+5\"", "\"Pacific/Kiritimati\"",
    "\"Australia/Lord_Howe\"", "\"America/Sao_Paulo\"", "\"EST\"", "\"Africa/Casablanca\"", "\"Europe/Dublin\"", "\"posix/Europe/Berlin\"",
];

/// Private keys in PEM, and what is none.
#[rustfmt::skip]
pub(crate) const KEYS: &[&str] = &[".key", ".cert", "\"\"", "\"-----BEGIN\""];

/// What is random, and what is compared of it, as a template over `.out`.
#[rustfmt::skip]
pub(crate) const RANDOM: &[(&str, &str)] = &[
    ("{{ genPrivateKey \"rsa\" }}", "{{ describe .out }}"),
    ("{{ genPrivateKey \"\" }}", "{{ describe .out }}"),
    ("{{ genPrivateKey \"dsa\" }}", "{{ describe .out }}"),
    ("{{ genPrivateKey \"ecdsa\" }}", "{{ describe .out }}"),
    ("{{ genPrivateKey \"ed25519\" }}", "{{ describe .out }}"),
    ("{{ genPrivateKey \"x\" }}", "{{ .out }}"),
    ("{{ $c := genCA \"ca\" 365 }}{{ $c.Cert }}{{ $c.Key }}", "{{ describe .out }}"),
    ("{{ $c := genCA \"é*\" -1 }}{{ $c.Cert }}{{ $c.Key }}", "{{ describe .out }}"),
    ("{{ $c := genCA \"\" 36500 }}{{ $c.Cert }}{{ $c.Key }}", "{{ describe .out }}"),
    ("{{ $c := genCA .bytes 1 }}", "{{ .out }}"),
    ("{{ $c := genCAWithKey \"ca\" 3 (genPrivateKey \"ed25519\") }}{{ $c.Cert }}{{ $c.Key }}", "{{ describe .out }}"),
    ("{{ $c := genCAWithKey \"ca\" 3 .key }}{{ $c.Cert }}{{ $c.Key }}", "{{ describe .out }}"),
    ("{{ $c := genCAWithKey \"ca\" 3 .rsa }}{{ $c.Cert }}{{ $c.Key }}", "{{ describe .out }}"),
    ("{{ $c := genCAWithKey \"ca\" 3 (genPrivateKey \"dsa\") }}", "{{ .out }}"),
    ("{{ $c := genSelfSignedCert \"a.b\" (list \"10.0.0.1\" \"::1\" \"::ffff:1.2.3.4\") (list \"a.b\" \"*.c\") 3 }}{{ $c.Cert }}{{ $c.Key }}", "{{ describe .out }}"),
    ("{{ $c := genSelfSignedCert \"\" nil (list \"a.b\") 3 }}{{ $c.Cert }}{{ $c.Key }}", "{{ describe .out }}"),
    ("{{ $c := genSelfSignedCert \"a@b\" nil nil 200000 }}{{ $c.Cert }}{{ $c.Key }}", "{{ describe .out }}"),
    ("{{ $c := genSelfSignedCert \"a\" (list \"1.2.3\") nil 3 }}", "{{ .out }}"),
    ("{{ $c := genSelfSignedCert \"a\" (list \"01.2.3.4\") nil 3 }}", "{{ .out }}"),
    ("{{ $c := genSelfSignedCert \"a\" nil (list \"é\") 3 }}", "{{ .out }}"),
    ("{{ $ca := genCA \"ca\" 9 }}{{ $c := genSignedCert \"a\" nil (list \"a\") 3 $ca }}{{ $c.Cert }}{{ $c.Key }}{{ $ca.Cert }}", "{{ describe .out }}"),
    ("{{ $ca := genCA \"a\" 9 }}{{ $c := genSignedCert \"a\" nil nil 3 $ca }}{{ $c.Cert }}{{ $c.Key }}{{ $ca.Cert }}", "{{ describe .out }}"),
    ("{{ $ca := genCAWithKey \"ca\" 9 (genPrivateKey \"ecdsa\") }}{{ $c := genSignedCertWithKey \"a\" (list \"1.1.1.1\") nil 3 $ca (genPrivateKey \"ed25519\") }}{{ $c.Cert }}{{ $c.Key }}{{ $ca.Cert }}", "{{ describe .out }}"),
    ("{{ $ca := buildCustomCert (b64enc .cert) (b64enc .key) }}{{ $c := genSignedCertWithKey \"a\" nil nil 3 $ca .rsa }}{{ $c.Cert }}{{ $c.Key }}{{ $ca.Cert }}", "{{ describe .out }}"),
    ("{{ $ca := buildCustomCert (b64enc .cert) (b64enc .rsa) }}{{ $c := genSignedCertWithKey \"a\" nil nil 3 $ca .rsa }}", "{{ .out }}"),
    ("{{ $c := genCAWithKey \"a\" 1 .key }}{{ printf \"%v %+v\" $c $c | len }}{{ toJson $c | fromJson | keys | sortAlpha }}{{ kindOf $c }}{{ if $c }}y{{ end }}{{ eq $c $c }}", "{{ regexReplaceAll \"[0-9]+\" .out \"0\" }}"),
    ("{{ bcrypt .password }}", "{{ bcryptMatches .out .password }}{{ len .out }}"),
    ("{{ bcrypt \"\" }}", "{{ bcryptMatches .out \"\" }}{{ len .out }}"),
    ("{{ bcrypt .bytes }}", "{{ bcryptMatches .out .bytes }}{{ len .out }}"),
    ("{{ bcrypt (repeat 72 \"a\") }}", "{{ bcryptMatches .out (repeat 72 \"a\") }}{{ bcryptMatches .out (repeat 71 \"a\") }}"),
    ("{{ bcrypt (repeat 73 \"a\") }}", "{{ .out }}"),
    ("{{ htpasswd .user .password }}", "{{ hasPrefix \"alice:\" .out }}{{ bcryptMatches (trimPrefix \"alice:\" .out) .password }}"),
    ("{{ htpasswd \"a:b\" .password }}", "{{ .out }}"),
    ("{{ encryptAES .user .password }}", "{{ decryptAES .user .out }}{{ len .out }}"),
    ("{{ encryptAES \"\" (repeat 64 \"é\") }}", "{{ decryptAES \"\" .out }}{{ len .out }}"),
    ("{{ encryptAES \"k\" \"\" }}", "{{ .out }}"),
    ("{{ now }}", "{{ regexReplaceAll \"[0-9]+\" .out \"0\" }}"),
    ("{{ now | date \"2006-01-02T15\" }}", "{{ .out }}"),
    ("{{ (now).Year }} {{ now.Month }} {{ now.UTC.Weekday }} {{ (now.UTC.Format \"2006 MST\") }}", "{{ .out }}"),
    ("{{ now | toJson }}", "{{ regexReplaceAll \"[0-9]+\" .out \"0\" }}"),
    ("{{ ago (now | dateModify \"-2h\") }} {{ ago 0 | len }} {{ now | durationRound }} {{ durationRound (now | date_modify \"-50h\") }}", "{{ .out }}"),
    ("{{ now | unixEpoch }} {{ now.Unix }} {{ now.UnixNano }}", "{{ regexReplaceAll \"[0-9]\" .out \"0\" }}"),
    ("{{ htmlDate now }} {{ htmlDate \"x\" }} {{ htmlDateInZone now \"Asia/Tokyo\" }}", "{{ .out }}"),
    ("{{ uuidv4 }}", "{{ regexMatch \"^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$\" .out }}"),
    ("{{ shuffle .uni }}", "{{ splitList \"\" .out | sortAlpha }}"),
    ("{{ randInt 5 6 }}{{ randInt -2 -1 }}", "{{ .out }}"),
];

/// What `\\p{…}` takes: categories, their other names, scripts, and what is none of them.
#[rustfmt::skip]
pub(crate) const CLASSES: &str = "Any ASCII Assigned C Cc Cf Cn Co Cs L LC Ll Lm Lo Lt Lu M Mc Me Mn N Nd Nl No P Pc Pd Pe Pf Pi Po Ps \
     S Sc Sk Sm So Z Zl Zp Zs Other Letter Cased_Letter Lowercase_Letter digit punct cntrl Unassigned Surrogate \
     Combining_Mark greek LATIN Grek Old_Italic SignWriting Garay Unknown Zzzz Alphabetic Han_ \
Adlam Ahom Arabic Armenian Avestan Balinese Bamum Batak Bengali Bhaiksuki Bopomofo Brahmi Braille Buginese \
     Buhid Carian Chakma Cham Cherokee Chorasmian Common Coptic Cuneiform Cypriot Cyrillic Deseret Devanagari \
     Dogra Duployan Elbasan Elymaic Ethiopic Georgian Glagolitic Gothic Grantha Greek Gujarati Gurmukhi Han \
     Hangul Hanunoo Hatran Hebrew Hiragana Inherited Javanese Kaithi Kannada Katakana Kawi Kharoshthi Khmer \
     Khojki Khudawadi Lao Latin Lepcha Limbu Lisu Lycian Lydian Mahajani Makasar Malayalam Mandaic Manichaean \
     Marchen Medefaidrin Miao Modi Mongolian Mro Multani Myanmar Nabataean Nandinagari Newa Nko Nushu Ogham \
     Oriya Osage Osmanya Palmyrene Phoenician Rejang Runic Samaritan Saurashtra Sharada Shavian Siddham Sinhala \
     Sogdian Soyombo Sundanese Syriac Tagalog Tagbanwa Takri Tamil Tangsa Tangut Telugu Thaana Thai Tibetan \
     Tifinagh Tirhuta Toto Ugaritic Vai Vithkuqi Wancho Yezidi Yi ";

/// `fmt`'s verbs, and what is none.
pub(crate) const VERBS: &str = "bcdeEfFgGoOpqstTUvwxXz!é";

/// Flags, widths and precisions.
#[rustfmt::skip]
pub(crate) const FLAGS: &[&str] = &[
    "", "+", "-", "#", " ", "0", "9", "-9", "09", ".2", "9.2", "+09.1", "#12", "# ", "+#", "-#9.3", ".0",
];

/// Operands of every kind that a template can have, on their own, in a list and in a dict.
#[rustfmt::skip]
pub(crate) const OPERANDS: &[&str] = &[
    "nil", "true", "0", "42", "-7", "(int64 -5)", "(index .user 0)", "1.5", "-0.0", "1e100", "2+3i", ".user", ".uni", ".bytes",
    "\"\"", ".missing", "(list)", "(rest (list))", "(list 1 \"a\" nil 1.5 true)", "(until 3)", "(splitList \",\" .list)",
    "(list (list 1) (dict \"a\" (list nil)))", "(dict)", "(dict \"b\" 2 \"a\" \"x\")", ".",
    "(toDate \"x\" \"\")", "(toDate \"2006\" \"2024\")", "(toDate \"2006\" \"2024\").UTC", "(toDate \"2006 -0700\" \"2024 +0130\")",
    "(toDate \"2006\" \"2024\").Location", "(toDate \"x\" \"\").Location", "(toDate \"2006 -0700\" \"2024 +0130\").Location",
    "(toDate \"x\" \"\").Month", "(toDate \"x\" \"\").Weekday", "((toDate \"2006\" \"2024\").Sub (toDate \"2006\" \"2023\"))",
    "(semver \"v1.2.3-rc.1+b\")", "(semver \"1.2\").IncMajor", "(buildCustomCert (b64enc .cert) (b64enc .key))",
    "(list (toDate \"x\" \"\"))", "(list (toDate \"2006\" \"2024\"))", "(dict \"a\" (toDate \"2006\" \"2024\").UTC)",
    "(list (toDate \"2006\" \"2024\").Location)", "(dict \"a\" (toDate \"x\" \"\").Month \"b\" (toDate \"x\" \"\").Weekday)",
    "((toDate \"2006\" \"2024\").MarshalJSON)", "((toDate \"2006-01-02T15:04:05Z07:00:00\" \"2024-07-01T12:34:56.789+02:00:07\").GobEncode)",
    "((toDate \"x\" \"\").UTC.MarshalBinary)", "(list (semver \"1.2-a\").MarshalText)", "((semver \"1.2-a\").Value)",
    "((toDate \"2006\" \"2024\").AppendFormat nil \"\")", "((toDate \"2006\" \"2024\").AppendFormat ((semver \"1\").MarshalText) \" Mon\")",
    "((toDate \"2006\" \"2024\").AppendText (toDate \"2006\" \"2023\").MarshalText)", "((toDate \"2006\" \"2024\").AppendBinary nil)",
    "(dict \"a\" (toDate \"2006\" \"20245\").MarshalText)", "((dateModify \"99999999h\" (toDate \"2006\" \"2024\")).MarshalText)",
    "(list (semver \"1.2.3\"))", "(list (semver \"1.2.3\").IncPatch)", "(dict \"a\" (buildCustomCert (b64enc .cert) (b64enc .key)))",
];
