//! YAML by a grammar of what go-yaml and sops treat specially.

use crate::random::Random;
use crate::yaml_words::{BLOCKS, COMMENTS, EMPTY, IN_FLOW, SCALARS};

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
