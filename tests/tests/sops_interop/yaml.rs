//! YAML by a grammar of what go-yaml and sops treat specially.

use crate::random::Random;
use crate::yaml_words::{BLOCKS, COMMENTS, EMPTY, IN_FLOW, SCALARS, WRONG, WRONG_FILES};

/// One file of one document or more; `by_comments` says that its selector looks at comments.
pub(crate) fn file(random: &mut Random, by_comments: bool) -> String {
    if random.each(30) {
        return random.row(&WRONG_FILES).to_owned();
    }
    let mut out = String::new();
    if random.chance("YAML directive", 20) {
        out.push_str("%YAML 1.1\n---\n");
    } else if random.chance("start mark", 6) {
        out.push_str("---\n");
    }
    document(random, &mut out, by_comments);
    if random.each(11) {
        let wrong = random.row(&WRONG);
        out.push_str(wrong);
    }
    let mut many = 5;
    while random.chance("several documents", many) {
        out.push_str("---\n");
        document(random, &mut out, by_comments);
        many = 9;
    }
    if random.chance("end mark", 20) {
        out.push_str("...\n");
    }
    if random.chance("line ends of Windows", 8) {
        return out.replace('\n', "\r\n");
    }
    out
}

fn document(random: &mut Random, out: &mut String, by_comments: bool) {
    let mut writer = Writer {
        random,
        out,
        keys: 0,
        anchors: 0,
        lists: 0,
        by_comments,
    };
    let entries = 1 + writer.random.below(6);
    if writer.random.chance("merge key", 15) {
        writer.merge();
    }
    writer.mapping(0, entries, 0);
    if writer.random.chance("comment at the end", 10) {
        writer.comment(0);
    }
}

struct Writer<'r> {
    random: &'r mut Random,
    out: &'r mut String,
    keys: usize,
    anchors: usize,
    /// How many lists this is in.
    lists: usize,
    by_comments: bool,
}

impl Writer<'_> {
    /// What is merged stands first, as in files of people.
    fn merge(&mut self) {
        self.out.push_str("base: &base\n  mx: 1\n  my_plain: two\n");
        let merged = self.random.row(&MERGES);
        self.out.push_str(merged);
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
        self.lists += 1;
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
        self.lists -= 1;
    }

    fn value(&mut self, indent: usize, depth: usize) {
        match self.random.below(10) {
            0 | 1 if depth < 3 => {
                self.random.cover("mapping in a mapping");
                if self.out.ends_with("_plain:") || self.out.ends_with("data:") {
                    self.random.cover("selector on a mapping");
                }
                if self.by_comments && self.line_above().starts_with('#') {
                    self.random.cover("comment selector above a mapping");
                }
                self.out.push('\n');
                let entries = 1 + self.random.below(4);
                self.mapping(indent + 2, entries, depth + 1);
                if self.lists == 0 && self.by_comments && self.random.one_in(3) {
                    self.random.cover("comment selector at the end of a block");
                    self.comment(indent + 2);
                }
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
        if self.anchors > 0 && self.random.chance("alias", 12) {
            let nth = self.random.below(self.anchors);
            self.out.push_str(&format!("*x{nth}\n"));
            return;
        }
        if self.random.chance("anchor", 12) {
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
        if self.random.chance("empty line", 8) {
            self.out.push('\n');
        }
        let often = if self.by_comments { 4 } else { 7 };
        if !self.random.chance("comment above", often) {
            return;
        }
        self.comment(indent);
        if self.by_comments {
            self.random.cover("comment selector above");
        }
        if self.by_comments && self.random.chance("comment selector, two comments", 4) {
            self.comment(indent);
        }
        if self.random.chance("empty line under a comment", 8) {
            self.out.push('\n');
        }
    }

    /// A comment on a line of its own. An empty one in a list would be an item that nobody wrote.
    fn comment(&mut self, indent: usize) {
        self.blanks(indent);
        if self.lists > 0 {
            self.random.cover("comment in a list");
        }
        let text = match self.lists == 0 && self.random.chance("empty comment", 10) {
            true => self.random.pick(&["#", "# "]),
            false => self.random.pick(&COMMENTS),
        };
        self.out.push_str(text);
        self.out.push('\n');
    }

    /// The line above the one that is being written.
    fn line_above(&self) -> &str {
        self.out
            .trim_end_matches('\n')
            .rsplit('\n')
            .nth(1)
            .unwrap_or_default()
            .trim()
    }

    /// They lose a comment behind an empty collection when they read it back.
    fn end_of(&mut self, empty: bool) {
        match empty {
            true => self.out.push('\n'),
            false => self.end(),
        }
    }

    fn end(&mut self) {
        if self.random.chance("comment behind", 9) {
            if self.by_comments {
                self.random.cover("comment selector behind");
            }
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

const MERGES: [(&str, &str); 4] = [
    ("merge of an alias", "merged:\n  <<: *base\n  mz: 3\n"),
    (
        "merge of aliases",
        "other: &other {mw: x}\nmerged:\n  mz: 3\n  <<: [*base, *other]\n",
    ),
    ("merge in flow", "merged: {<<: *base, mz: 3}\n"),
    ("merge sign as a key in quotes", "merged:\n  \"<<\": text\n"),
];
