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
            1 if random.chance("dotenv empty comment", 4) => out.push_str("#\n"),
            1 => {
                random.cover("dotenv comment");
                out.push_str(random.pick(&["# one\n", "#keep=x\n", "# a \n", "# keep\n"]));
            }
            2 if random.chance("dotenv key twice", 4) => {
                out.push_str(&format!("twice{nth}=a\ntwice{nth}=b\n"));
            }
            _ => {
                let key = random.row(&DOTENV_KEYS);
                let value = random.row(&DOTENV_VALUES);
                let key = key.replace("{}", &nth.to_string());
                out.push_str(&format!("{key}={value}\n"));
            }
        }
    }
    if random.chance("dotenv without last line end", 4) {
        out.truncate(out.trim_end_matches('\n').len());
    }
    if random.chance("dotenv carriage returns", 6) {
        // An empty line would be one without an equals sign.
        while out.contains("\n\n") {
            out = out.replace("\n\n", "\n");
        }
        out = out.trim_start_matches('\n').replace('\n', "\r\n");
    }
    if random.each(10) {
        out.push('\n');
        let wrong = random.row(&DOTENV_WRONG);
        out.push_str(wrong);
    }
    out
}

pub(crate) fn ini(random: &mut Random) -> String {
    let mut out = String::new();
    let mut keys = 0;
    if random.chance("ini keys before sections", 3) {
        pairs(random, &mut out, &mut keys);
    }
    for _ in 0..1 + random.below(3) {
        if random.one_in(2) {
            out.push('\n');
        }
        if random.chance("ini comment of a section", 4) {
            out.push_str("; section\n");
        }
        let name = random.row(&SECTIONS);
        out.push_str(name);
        if random.chance("ini comment behind a section", 6) {
            out.push_str(" ; behind");
        }
        out.push('\n');
        pairs(random, &mut out, &mut keys);
    }
    if random.each(10) {
        let wrong = random.row(&INI_WRONG);
        out.push_str(wrong);
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
        let key = random.pick(&[
            "k{}",
            "k{}_plain",
            "k{}_data",
            "K.a-{}",
            "a b{}",
            "data{}",
            "é{}",
        ]);
        if random.chance("ini keys of both cases", 12) {
            out.push_str(&format!("Case{keys} = x\ncase{keys} = y\n"));
        }
        let key = key.replace("{}", &keys.to_string());
        out.push_str(&format!("{key}{delimiter}{value}\n"));
    }
}

pub(crate) fn binary(random: &mut Random) -> Vec<u8> {
    let length = random.pick(&[1, 2, 3, 100, 3072, 5000]);
    match random.row(&BINARIES) {
        "" => Vec::new(),
        "text" => (0..length)
            .map(|_| char::from_u32(u32::try_from(random.below(0x2fff)).unwrap()).unwrap_or('x'))
            .collect::<String>()
            .into(),
        _ => (0..length)
            .map(|_| u8::try_from(random.below(256)).unwrap())
            .collect(),
    }
}

const BINARIES: [(&str, &str); 3] = [
    ("binary nothing", ""),
    ("binary text", "text"),
    ("binary bytes", "bytes"),
];

const DOTENV_WRONG: [(&str, &str); 2] = [
    ("refused: dotenv line without equals sign", "nothing\n"),
    ("refused: dotenv encrypted already", "sops_version=3\n"),
];

const INI_WRONG: [(&str, &str); 4] = [
    ("refused: ini line without delimiter", "nothing\n"),
    ("refused: ini encrypted already", "[sops]\nversion = 3\n"),
    ("refused: ini section that does not end", "[open\nk = v\n"),
    ("refused: ini key of nothing", "= v\n"),
];

const DOTENV_KEYS: [(&str, &str); 9] = [
    ("dotenv key", "KEY{}"),
    ("dotenv key of an expression", "k{}"),
    ("dotenv key of a suffix", "k{}_plain"),
    ("dotenv key small", "key_{}"),
    ("dotenv key with export", "export A{}"),
    ("dotenv key with blanks", " A {}"),
    ("dotenv key with a blank at its end", "A{} "),
    ("dotenv key with a dot", "a.b{}"),
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

const INI_COMMENTS: [(&str, &str); 7] = [
    ("ini comment with two marks", "# ; one\n"),
    ("ini comment of a selector", "; keep\n"),
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
