//! Lines, sections and bytes by a grammar.

use crate::random::Random;

pub(crate) fn dotenv(random: &mut Random) -> String {
    let mut out = String::new();
    for nth in 0..1 + random.below(8) {
        match random.below(8) {
            0 => {
                random.cover("dotenv empty line");
                out.push('\n');
            }
            1 => {
                random.cover("dotenv comment");
                out.push_str(random.pick(&["# one\n", "#\n", "#keep=x\n", "# a \n"]));
            }
            _ => {
                let key = random.row(&DOTENV_KEYS);
                let value = random.row(&DOTENV_VALUES);
                out.push_str(&format!("{key}{nth}={value}\n"));
            }
        }
    }
    if random.one_in(4) {
        random.cover("dotenv without last line end");
        out.truncate(out.trim_end_matches('\n').len());
    }
    if random.one_in(6) {
        random.cover("dotenv carriage returns");
        out = out.replace('\n', "\r\n");
    }
    if random.one_in(20) {
        random.cover("dotenv line without equals sign");
        out.push_str("\nnothing\n");
    }
    out
}

pub(crate) fn ini(random: &mut Random) -> String {
    let mut out = String::new();
    let mut keys = 0;
    if random.one_in(3) {
        random.cover("ini keys before sections");
        pairs(random, &mut out, &mut keys);
    }
    for _ in 0..1 + random.below(3) {
        if random.one_in(2) {
            out.push('\n');
        }
        if random.one_in(4) {
            random.cover("ini comment of a section");
            out.push_str("; section\n");
        }
        let name = random.row(&SECTIONS);
        out.push_str(name);
        if random.one_in(6) {
            random.cover("ini comment behind a section");
            out.push_str(" ; behind");
        }
        out.push('\n');
        pairs(random, &mut out, &mut keys);
    }
    if random.one_in(10) {
        random.cover("ini line without delimiter");
        out.push_str("nothing\n");
    }
    out
}

fn pairs(random: &mut Random, out: &mut String, keys: &mut usize) {
    for _ in 0..random.below(5) {
        *keys += 1;
        if random.one_in(4) {
            let comment = random.row(&INI_COMMENTS);
            out.push_str(comment);
        }
        let delimiter = random.row(&DELIMITERS);
        let value = random.row(&INI_VALUES);
        let key = random.pick(&["k", "K.a-", "a b", "data", "é"]);
        out.push_str(&format!("{key}{keys}{delimiter}{value}\n"));
    }
}

/// Bytes as a text, since the generator deals in texts.
pub(crate) fn binary(random: &mut Random) -> String {
    random.cover("binary");
    let length = random.pick(&[0, 1, 2, 3, 100, 3072, 5000]);
    (0..length)
        .map(|_| char::from_u32(u32::try_from(random.below(0x2fff)).unwrap()).unwrap_or('x'))
        .collect()
}

const DOTENV_KEYS: [(&str, &str); 6] = [
    ("dotenv key", "KEY"),
    ("dotenv key small", "key_"),
    ("dotenv key with export", "export A"),
    ("dotenv key with blanks", " A "),
    ("dotenv key with a dot", "a.b"),
    ("dotenv key of a selector", "data"),
];

const DOTENV_VALUES: [(&str, &str); 12] = [
    ("dotenv text", "text"),
    ("dotenv nothing", ""),
    ("dotenv equals sign", "a=b"),
    ("dotenv quotes", "\"quoted\""),
    ("dotenv blanks", "  a b  "),
    ("dotenv line break", "a\\nb"),
    ("dotenv hash", "a # b"),
    ("dotenv number", "5"),
    ("dotenv backslash", "a\\tb\\\\"),
    ("dotenv not ASCII", "é😀"),
    ("dotenv line break at the end", "a\\n"),
    ("dotenv dollar", "${A}"),
];

const SECTIONS: [(&str, &str); 5] = [
    ("ini section", "[sec]"),
    ("ini section again", "[sec]"),
    ("ini child section", "[sec.sub]"),
    ("ini section with blanks", "[two words]"),
    ("ini section of a selector", "[data]"),
];

const INI_COMMENTS: [(&str, &str); 5] = [
    ("ini comment", "; one\n"),
    ("ini comment with hash", "# one\n"),
    ("ini comment of several lines", "; one\n; two\n"),
    ("ini comment and empty line", "; one\n\n"),
    ("ini comment without blank", ";one\n"),
];

const DELIMITERS: [(&str, &str); 4] = [
    ("ini equals sign", " = "),
    ("ini equals sign alone", "="),
    ("ini colon", " : "),
    ("ini colon alone", ":"),
];

const INI_VALUES: [(&str, &str); 22] = [
    ("ini text", "text"),
    ("ini nothing", ""),
    ("ini double quoted", "\"a b\""),
    ("ini single quoted", "'a b'"),
    ("ini back quoted", "`a # b`"),
    ("ini comment behind", "a ; b"),
    ("ini hash behind", "a # b"),
    ("ini hash inside", "a#b"),
    ("ini equals sign inside", "a=b"),
    ("ini colon inside", "http://a:80"),
    ("ini number", "5"),
    ("ini true", "true"),
    ("ini escape", "a\\nb"),
    ("ini continued", "a \\\n  b"),
    ("ini three quotes", "\"\"\"a\nb\"\"\""),
    ("ini reference", "%(x)s"),
    ("ini blanks around", "   a   "),
    ("ini quoted blanks", "\" a \""),
    ("ini not ASCII", "é😀"),
    ("ini quote open", "\"a"),
    ("ini quote inside", "a\"b\"c"),
    ("ini backslashes", "a\\\\b"),
];
