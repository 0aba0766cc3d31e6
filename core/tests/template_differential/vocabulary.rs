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
