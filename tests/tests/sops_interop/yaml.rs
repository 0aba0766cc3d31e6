//! YAML by a grammar of what go-yaml and sops treat specially.

use crate::random::Random;

/// A selector of one of the six kinds, or none.
pub(crate) fn selector(random: &mut Random) -> Option<(&'static str, String)> {
    let kinds = [
        ("selector none", ""),
        ("selector none ", ""),
        ("selector unencrypted_suffix", "unencrypted_suffix"),
        ("selector encrypted_suffix", "encrypted_suffix"),
        ("selector unencrypted_regex", "unencrypted_regex"),
        ("selector encrypted_regex", "encrypted_regex"),
        (
            "selector unencrypted_comment_regex",
            "unencrypted_comment_regex",
        ),
        (
            "selector encrypted_comment_regex",
            "encrypted_comment_regex",
        ),
    ];
    let name = random.row(&kinds);
    let text = match name {
        "" => return None,
        name if name.ends_with("suffix") => random.pick(&["_plain", "a", "data"]),
        name if name.contains("comment") => random.pick(&["keep", "^ keep$", "a"]),
        _ => random.pick(&["^(data|stringData)$", "a", "^k[0-4]", "_plain$"]),
    };
    Some((name, text.to_owned()))
}

/// One file of one document or more.
pub(crate) fn file(random: &mut Random) -> String {
    let mut out = String::new();
    if random.one_in(6) {
        random.cover("start mark");
        out.push_str("---\n");
    }
    Writer {
        random,
        out: &mut out,
        keys: 0,
        anchors: 0,
    }
    .document();
    while random.one_in(5) {
        random.cover("several documents");
        out.push_str("---\n");
        Writer {
            random,
            out: &mut out,
            keys: 0,
            anchors: 0,
        }
        .document();
    }
    if random.one_in(8) {
        random.cover("line ends of Windows");
        return out.replace('\n', "\r\n");
    }
    out
}

struct Writer<'r> {
    random: &'r mut Random,
    out: &'r mut String,
    keys: usize,
    anchors: usize,
}

impl Writer<'_> {
    fn document(&mut self) {
        let entries = 1 + self.random.below(6);
        self.mapping(0, entries, 0);
    }

    fn mapping(&mut self, indent: usize, entries: usize, depth: usize) {
        for nth in 0..entries {
            if nth > 0 || !self.out.ends_with("- ") {
                self.above(indent);
                self.blanks(indent);
            }
            let key = self.key();
            self.out.push_str(&key);
            self.out.push(':');
            self.value(indent, depth);
        }
    }

    fn list(&mut self, indent: usize, depth: usize) {
        for nth in 0..1 + self.random.below(4) {
            if nth > 0 || !self.out.ends_with("- ") {
                self.above(indent);
                self.blanks(indent);
            }
            self.out.push('-');
            match self.random.below(6) {
                0 if depth < 3 => {
                    self.random.cover("mapping in a list");
                    self.out.push(' ');
                    let entries = 1 + self.random.below(3);
                    self.mapping(indent + 2, entries, depth + 1);
                }
                1 if depth < 3 => {
                    self.random.cover("list in a list");
                    self.out.push(' ');
                    self.list(indent + 2, depth + 1);
                }
                _ => self.scalar(indent + 2),
            }
        }
    }

    fn value(&mut self, indent: usize, depth: usize) {
        match self.random.below(10) {
            0 | 1 if depth < 3 => {
                self.random.cover("mapping in a mapping");
                self.out.push('\n');
                let entries = 1 + self.random.below(4);
                self.mapping(indent + 2, entries, depth + 1);
            }
            2 if depth < 3 => {
                let same = self.random.one_in(2);
                self.random.cover(if same {
                    "list at its key's column"
                } else {
                    "list indented"
                });
                self.out.push('\n');
                self.list(if same { indent } else { indent + 2 }, depth + 1);
            }
            3 => {
                self.out.push(' ');
                let text = self.flow(0);
                self.out.push_str(&text);
                self.end_of(text.len() == 2);
            }
            4 if self.random.one_in(2) => {
                let text = self.random.row(&EMPTY);
                self.out.push_str(text);
                self.end_of(text.ends_with(['}', ']']));
            }
            _ => self.scalar(indent + 2),
        }
    }

    fn scalar(&mut self, indent: usize) {
        self.out.push(' ');
        if self.anchors > 0 && self.random.one_in(12) {
            self.random.cover("alias");
            let nth = self.random.below(self.anchors);
            self.out.push_str(&format!("*x{nth}\n"));
            return;
        }
        if self.random.one_in(12) {
            self.random.cover("anchor");
            self.out.push_str(&format!("&x{} ", self.anchors));
            self.anchors += 1;
        }
        if self.random.one_in(6) {
            let text = self.random.row(&BLOCKS);
            let blanks = " ".repeat(indent);
            for (nth, line) in text.split('\n').enumerate() {
                let begins = nth > 0 && !line.is_empty();
                self.out.push_str(if begins { &blanks } else { "" });
                self.out.push_str(line);
                self.out.push('\n');
            }
            return;
        }
        let text = self.random.row(&SCALARS);
        self.out.push_str(text);
        self.end();
    }

    fn flow(&mut self, depth: usize) -> String {
        let items = self.random.below(4);
        let mapping = self.random.one_in(2);
        self.random
            .cover(if mapping { "flow mapping" } else { "flow list" });
        let parts: Vec<String> = (0..items)
            .map(|_| {
                let value = match self.random.one_in(5) && depth < 2 {
                    true => self.flow(depth + 1),
                    false => self.random.row(&IN_FLOW).to_owned(),
                };
                match mapping {
                    true => format!("{}: {value}", self.key()),
                    false => value,
                }
            })
            .collect();
        let text = parts.join(", ");
        if mapping {
            format!("{{{text}}}")
        } else {
            format!("[{text}]")
        }
    }

    fn key(&mut self) -> String {
        self.keys += 1;
        let n = self.keys;
        match self.random.below(14) {
            0 => format!("k{n}_plain"),
            1 => format!("data{n}_unencrypted"),
            2 if n == 1 => "data".to_owned(),
            3 => {
                self.random.cover("key in quotes");
                let quoted = self
                    .random
                    .pick(&["\"yes", "\"1", "\"a:b", "\"null", "\"é", "\"x\\ty"]);
                format!("{quoted}{n}\"")
            }
            4 => {
                self.random.cover("key with odd characters");
                let odd = self
                    .random
                    .pick(&["a.b/", "a b", "_", "k-", "ключ", "~k", "a#b"]);
                format!("{odd}{n}")
            }
            5 if n < 3 => {
                self.random.cover("key that is a word of YAML 1.1");
                self.random.pick(&["y", "n", "yes", "on", "Off"]).to_owned() + &"_".repeat(n - 1)
            }
            _ => format!("k{n}"),
        }
    }

    fn above(&mut self, indent: usize) {
        if self.random.one_in(8) {
            self.random.cover("empty line");
            self.out.push('\n');
        }
        if self.random.one_in(7) {
            self.random.cover("comment above");
            self.blanks(indent);
            let text = self.random.pick(&COMMENTS);
            self.out.push_str(text);
            self.out.push('\n');
        }
    }

    /// They lose a comment behind an empty collection when they read it back.
    fn end_of(&mut self, empty: bool) {
        match empty {
            true => self.out.push('\n'),
            false => self.end(),
        }
    }

    fn end(&mut self) {
        if self.random.one_in(9) {
            self.random.cover("comment behind");
            let text = self.random.pick(&COMMENTS);
            self.out.push(' ');
            self.out.push_str(text);
        }
        self.out.push('\n');
    }

    fn blanks(&mut self, count: usize) {
        self.out.extend(std::iter::repeat_n(' ', count));
    }
}

/// None is empty: in a list they make an item of an empty comment, whose value nobody wrote.
const COMMENTS: [&str; 5] = ["# one", "#two", "# keep", "# a: b", "# é #x"];

const EMPTY: [(&str, &str); 7] = [
    ("null nothing", ""),
    ("null tilde", " ~"),
    ("null word", " null"),
    ("null Word", " Null"),
    ("empty text", " \"\""),
    ("empty mapping", " {}"),
    ("empty list", " []"),
];

const BLOCKS: [(&str, &str); 9] = [
    ("literal", "|\none\ntwo"),
    ("literal stripped", "|-\none\ntwo"),
    ("literal kept", "|+\none\n\n"),
    ("folded", ">\none\ntwo\n\nthree"),
    ("folded stripped", ">-\none\n  two\nthree"),
    ("literal with a comment", "| # note\none\n# no comment"),
    ("literal with tabs", "|\none\ttwo\n\tthree"),
    ("literal that ends in blanks", "|\none \ntwo"),
    ("literal with indentation", "|2\n  one\ntwo"),
];

const IN_FLOW: [(&str, &str); 10] = [
    ("int", "5"),
    ("text", "text"),
    ("true", "true"),
    ("null word", "null"),
    ("double quoted", "\"a, b\""),
    ("single quoted", "'it''s'"),
    ("float", "1.50"),
    ("date", "2020-01-02"),
    ("hexadecimal", "0x1F"),
    ("empty text", "''"),
];

const SCALARS: [(&str, &str); 97] = [
    ("text", "text"),
    ("text with blanks", "two words"),
    ("text with colon", "http://a:80/b"),
    ("text with hash", "a#b"),
    ("text with dash", "-x"),
    ("text with question mark", "?x"),
    ("text not ASCII", "é и 日"),
    ("text beyond the basic plane", "😀"),
    ("text of several lines", "one\n      two"),
    ("single quoted", "'it''s'"),
    ("single quoted with hash", "'a # b'"),
    ("double quoted", "\"a\\nb\\tc\\\\d\\\"e\""),
    ("double quoted unicode", "\"\\u00e9\\U0001F600\\x41\""),
    ("double quoted control", "\"\\0\\a\\e\\x7f\""),
    ("double quoted line separators", "\"\\L\\P\\N\\_\""),
    ("double quoted blanks", "\" a \""),
    ("double quoted tab", "\"\\ta\""),
    ("double quoted lines", "\"a\\n\\nb\\n\""),
    ("double quoted line with blank", "\"a \\nb\""),
    ("double quoted first line break", "\"\\na\""),
    (
        "double quoted lines that begin with blanks",
        "\"a\\n  b\\n\"",
    ),
    ("quoted word true", "\"true\""),
    ("quoted word null", "'null'"),
    ("quoted number", "\"123\""),
    ("quoted float", "'1.5'"),
    ("quoted date", "\"2020-01-02\""),
    ("quoted y", "\"y\""),
    ("quoted merge", "\"<<\""),
    ("quoted hexadecimal", "\"0x1F\""),
    ("quoted base 60", "\"12:30:45\""),
    ("looks closed but is not", "ENC"),
    ("int", "5"),
    ("int negative", "-17"),
    ("int plus", "+7"),
    ("int underscores", "1_000"),
    ("hexadecimal", "0x1F"),
    ("hexadecimal negative", "-0x1f"),
    ("octal", "0o17"),
    ("octal of old", "017"),
    ("binary number", "0b101"),
    ("no octal", "08"),
    ("int largest", "9223372036854775807"),
    ("int smallest", "-9223372036854775808"),
    ("int beyond 64 bits", "123456789012345678901234567890"),
    ("int zero", "0"),
    ("float", "1.50"),
    ("float without whole part", ".5"),
    ("float without fraction", "5."),
    ("float whole", "1.0"),
    ("float exponent", "1e3"),
    ("float negative exponent", "1.5e-7"),
    ("float large exponent", "1.2345678901234568e+29"),
    ("float million", "1234567.5"),
    ("float below a million", "123456.5"),
    ("float small", "0.0001"),
    ("float smaller", "0.00001"),
    ("float underscore", "1_0.5"),
    ("float negative", "-2.25"),
    ("infinity", ".inf"),
    ("infinity negative", "-.Inf"),
    ("infinity plus", "+.INF"),
    ("not a number", ".NaN"),
    ("true", "true"),
    ("True", "True"),
    ("FALSE", "FALSE"),
    ("yes is text", "yes"),
    ("on is text", "on"),
    ("n is text", "n"),
    ("date", "2020-01-02"),
    ("date short", "2020-1-2"),
    ("time", "2020-01-02T03:04:05Z"),
    ("time fraction", "2020-01-02T03:04:05.120Z"),
    ("time zone", "2020-01-02T03:04:05+05:30"),
    ("time small t", "2020-01-02t03:04:05Z"),
    ("time blank", "2020-01-02 03:04:05"),
    ("time blank and zone is text", "2020-01-02 03:04:05 +07:00"),
    ("no date", "2020-13-45"),
    ("base 60 is text", "12:30:45"),
    ("version is text", "1.2.3"),
    ("tag str", "!!str 5"),
    ("tag int", "!!int \"7\""),
    ("tag float", "!!float 3"),
    ("tag bool", "!!bool 'true'"),
    ("tag null", "!!null ''"),
    ("tag binary", "!!binary aGVsbG8="),
    ("tag binary of bytes", "!!binary //4="),
    ("tag of one's own", "!foo bar"),
    ("int of 64 bits without sign", "18446744073709551615"),
    ("tag that is wrong", "!!int x"),
    ("null word", "null"),
    ("empty text", "\"\""),
    ("equals sign", "="),
    ("merge sign is text", "a<<"),
    ("percent", "a%b"),
    ("at", "a@b"),
    ("dots", "..."),
    ("tilde text", "~x"),
];
