//! Templates at random: mostly of fitting types, so that about half of them render.

use crate::vocabulary::{
    BASICS, CONSTRAINTS, DATES, DICTS, DURATIONS, INTEGERS, KEYS, LAYOUTS, LISTS, NUMBERS,
    PATTERNS, REPLACEMENTS, TEXTS, TIMES, VALUES, VERSIONS, ZONES,
};

/// Writes templates.
pub(crate) struct Generator {
    state: u64,
    functions: Vec<Vec<&'static str>>,
    /// The variables that are declared where the generator is.
    variables: Vec<&'static str>,
}

impl Generator {
    /// The same seed gives the same templates.
    pub(crate) fn new(seed: u64) -> Self {
        let lines = include_str!("../vectors/template/functions.txt").lines();
        let functions = lines.map(|line| line.split('\t').collect::<Vec<_>>());
        Self {
            state: seed,
            functions: functions
                .filter(|signature| is_compared(signature[0]))
                .collect(),
            variables: Vec::new(),
        }
    }

    /// One template.
    pub(crate) fn template(&mut self) -> String {
        self.variables.clear();
        let mut source = self.nodes(2, 3);
        if source.contains("template \"t\"") {
            source += "{{ define \"t\" }}<{{ . }}>{{ end }}";
        }
        source
    }

    fn nodes(&mut self, depth: usize, most: usize) -> String {
        let count = 1 + self.below(most);
        (0..count).map(|_| self.node(depth)).collect()
    }

    fn node(&mut self, depth: usize) -> String {
        match self.below(if depth == 0 { 60 } else { 100 }) {
            0..55 => {
                let open = self.pick(&["{{ ", "{{ ", "{{", "{{- "]);
                let close = self.pick(&[" }}", " }}", "}}", " -}}"]);
                open.to_owned() + &self.pipe(2) + close
            }
            55..60 => self
                .pick(&["text", " \n ", "é", "{ }", "{{/* c */}}"])
                .to_owned(),
            60..66 => {
                let source = self.pipe(2);
                let variable = self.pick(&["$x", "$y", "$z"]);
                self.variables.push(variable);
                format!("{{{{ {variable} := {source} }}}}")
            }
            66..69 => {
                let variable = self.variable().unwrap_or("$");
                format!("{{{{ {variable} = {} }}}}", self.pipe(2))
            }
            69..79 => self.choice(depth),
            79..92 => self.range(depth),
            92..96 => {
                let dot = [".", ".user", "", &self.pipe(1)][self.below(4)].to_owned();
                format!("{{{{ template \"t\" {dot} }}}}")
            }
            _ => format!(
                "{{{{ block \"b\" {} }}}}{{{{ . }}}}{{{{ end }}}}",
                self.operand(1)
            ),
        }
    }

    /// `if` and `with`.
    fn choice(&mut self, depth: usize) -> String {
        let declared = self.variables.len();
        let word = self.pick(&["if", "with"]);
        let mut source = format!(
            "{{{{ {word} {} }}}}{}",
            self.pipe(1),
            self.nodes(depth - 1, 2)
        );
        match self.below(4) {
            0 | 1 => source += &format!("{{{{ else }}}}{}", self.nodes(depth - 1, 2)),
            2 => {
                let pipe = self.pipe(1);
                source += &format!("{{{{ else {word} {pipe} }}}}{}", self.nodes(depth - 1, 2));
            }
            _ => {}
        }
        self.variables.truncate(declared);
        source + "{{ end }}"
    }

    fn range(&mut self, depth: usize) -> String {
        let declared = self.variables.len();
        let over = if self.chance(70) {
            self.typed("list", 1)
        } else {
            self.pipe(1)
        };
        let declares = self.pick(&["", "$i := ", "$i, $v := "]);
        self.variables
            .extend(["$i", "$v"].into_iter().filter(|v| declares.contains(v)));
        let mut source = format!(
            "{{{{ range {declares}{over} }}}}{}",
            self.nodes(depth - 1, 2)
        );
        if self.chance(20) {
            let exit = self.pick(&["break", "continue"]);
            let condition = self.pipe(1);
            source += &format!("{{{{ if {condition} }}}}{{{{ {exit} }}}}{{{{ end }}}}");
            source += &self.nodes(depth - 1, 2);
        }
        if self.chance(30) {
            source += &format!("{{{{ else }}}}{}", self.nodes(depth - 1, 2));
        }
        self.variables.truncate(declared);
        source + "{{ end }}"
    }

    fn pipe(&mut self, depth: usize) -> String {
        if self.chance(20) {
            return self.operand(depth);
        }
        let mut source = self.call(depth);
        while self.chance(20) {
            source += " | ";
            source += &self.call(depth);
        }
        source
    }

    fn call(&mut self, depth: usize) -> String {
        let function = self.below(self.functions.len());
        let [name, parameters @ ..] = &*self.functions[function].clone() else {
            return String::new();
        };
        let mut arguments = vec![(*name).to_owned()];
        for (n, parameter) in parameters.iter().enumerate() {
            let (parameter, count) = match parameter.strip_prefix("...") {
                Some(parameter) => (parameter, self.below(4)),
                None => (*parameter, 1),
            };
            let kind = kind(name, n, parameter);
            arguments.extend((0..count).map(|_| self.typed(kind, depth)));
        }
        if self.chance(4) {
            arguments.truncate(1 + self.below(arguments.len()));
        }
        arguments.join(" ")
    }

    /// An argument that most of the time is of the type.
    fn typed(&mut self, kind: &str, depth: usize) -> String {
        if self.chance(7) {
            return self.operand(depth);
        }
        if kind == "pattern" && self.chance(60) {
            return self.pattern();
        }
        if let Some(words) = words(kind) {
            return self.pick(words).to_owned();
        }
        match kind {
            "string" if depth > 0 && self.chance(20) => {
                let convert = self.pick(&["quote", "upper", "b64enc", "trim", "snakecase", "html"]);
                format!("({convert} {})", self.typed("string", depth - 1))
            }
            "string" if self.chance(40) => self.value(),
            "string" => self.pick(TEXTS).to_owned(),
            "int" => self.pick(INTEGERS).to_owned(),
            "bool" => self
                .pick(&["true", "false", "(empty .empty)", "(eq 1 1)"])
                .to_owned(),
            "float64" => self.pick(&["0.5", "0.9", "1", ".1"]).to_owned(),
            "map[string]interface {}" => self.pick(DICTS).to_owned(),
            "list" => self.pick(LISTS).to_owned(),
            "container" => match self.below(3) {
                0 => self.typed("list", depth),
                1 => self.typed("string", depth),
                _ => self.pick(DICTS).to_owned(),
            },
            "index" => self
                .pick(&["0", "1", "2", "\"a\"", "\"user\"", "(int64 0)"])
                .to_owned(),
            "basic" => self.pick(BASICS).to_owned(),
            _ => self.operand(depth),
        }
    }

    fn operand(&mut self, depth: usize) -> String {
        match self.below(if depth == 0 { 70 } else { 100 }) {
            0..22 => self.pick(TEXTS).to_owned(),
            22..38 => self.pick(NUMBERS).to_owned(),
            38..58 => self.value(),
            58..61 => self.pick(&["true", "false", "nil", ".missing"]).to_owned(),
            61..64 => self.pick(&[".", "$"]).to_owned(),
            64..70 => self.variable().unwrap_or("$.user").to_owned(),
            70..78 => {
                let count = self.below(5);
                let items: Vec<_> = (0..count).map(|_| self.operand(depth - 1)).collect();
                format!("(list {})", items.join(" "))
            }
            78..84 => {
                let key = self.pick(&["\"a\"", "\"b\"", "\"_0\""]);
                let field = self.pick(&["", "", ".a"]);
                format!("(dict {key} {}){field}", self.operand(depth - 1))
            }
            84..88 => self.pick(LISTS).to_owned(),
            _ => format!("({})", self.pipe(depth - 1)),
        }
    }

    /// An argument that fits the parameter.
    pub(crate) fn fitting(&mut self, function: &str, n: usize, parameter: &str) -> String {
        self.variables.clear();
        let kind = kind(function, n, parameter);
        match words(kind) {
            _ if kind == "pattern" && self.chance(60) => self.pattern(),
            Some(words) => self.pick(words).to_owned(),
            None => self.typed(kind, 1),
        }
    }

    /// A regular expression made of others.
    fn pattern(&mut self) -> String {
        let mut source = String::new();
        for _ in 0..1 + self.below(4) {
            let piece = self.pick(PATTERNS).trim_matches(['`', '"']);
            let (open, close) = match self.below(6) {
                0 => ("(", ")"),
                1 => ("(?:", ")"),
                _ => ("", ""),
            };
            let repeated = self.pick(&[
                "", "", "", "", "*", "+", "?", "*?", "+?", "??", "{2}", "{1,}",
            ]);
            let between = self.pick(&["", "", "", "|"]);
            source += &format!("{open}{piece}{close}{repeated}{between}");
        }
        format!("`{source}`")
    }

    fn value(&mut self) -> String {
        format!(".{}", VALUES[self.below(VALUES.len())].0)
    }

    fn variable(&mut self) -> Option<&'static str> {
        let chosen = self.below(self.variables.len().max(1));
        self.variables.get(chosen).copied()
    }

    fn pick(&mut self, from: &[&'static str]) -> &'static str {
        from[self.below(from.len())]
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// SplitMix64
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut n = self.state;
        n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((n ^ (n >> 31)) % bound as u64) as usize
    }
}

/// Leaves out what differs from run to run, what takes long, what Go gives in random order, and numbers so large that Go
/// would make lists of all memory.
fn is_compared(name: &str) -> bool {
    let left_out = "adler32sum keys values now ago randAlphaNum randAlpha randNumeric randAscii randInt randBytes \
                    uuidv4 shuffle bcrypt htpasswd encryptAES derivePassword genPrivateKey genCA \
                    genCAWithKey genSelfSignedCert genSelfSignedCertWithKey genSignedCert \
                    genSignedCertWithKey";
    !left_out.split(' ').any(|n| n == name)
}

/// The words for what is more than its type.
fn words(kind: &str) -> Option<&'static [&'static str]> {
    Some(match kind {
        "pattern" => PATTERNS,
        "replacement" => REPLACEMENTS,
        "version" => VERSIONS,
        "constraint" => CONSTRAINTS,
        "duration" => DURATIONS,
        "layout" => LAYOUTS,
        "date" => DATES,
        "time" | "time.Time" => TIMES,
        "zone" => ZONES,
        "key" => KEYS,
        "number" => NUMBERS,
        "uint32" => INTEGERS,
        "keyType" => &["\"ecdsa\"", "\"ed25519\"", "\"x\""],
        "passwordType" => &["\"long\"", "\"pin\"", "\"maximum\"", "\"basic\"", "\"x\""],
        "certificate" => &["(b64enc .cert)", "(b64enc .key)", "\"YQ==\"", "\"?\""],
        "encrypted" => &[
            ".encrypted",
            "\"YWJj\"",
            "\"?\"",
            "(b64enc (repeat 32 \"a\"))",
        ],
        "sprig.certificate" => &["(buildCustomCert (b64enc .cert) (b64enc .key))"],
        "[]interface {}" => &[
            "(list)",
            "nil",
            "(list \"10.0.0.1\" \"::1\")",
            "(list \"a.example\")",
            "(list 1)",
            "(splitList \",\" .list)",
        ],
        _ => return None,
    })
}

/// What a parameter wants beyond its type.
fn kind<'p>(function: &str, n: usize, parameter: &'p str) -> &'p str {
    let list = "append push prepend first last rest initial reverse compact uniq without slice concat \
                mustAppend mustPush mustPrepend mustFirst mustLast mustRest mustInitial mustReverse \
                mustCompact mustUniq mustWithout mustSlice sortAlpha";
    let second = "join has mustHas chunk mustChunk";
    match function {
        "len" => "container",
        _ if function.to_lowercase().contains("regex") && n == 0 => "pattern",
        "regexReplaceAll" | "mustRegexReplaceAll" if n == 2 => "replacement",
        "semver" => "version",
        "semverCompare" => ["constraint", "version"][n.min(1)],
        "duration" | "durationRound" => "duration",
        "toDate" | "mustToDate" => ["layout", "date"][n.min(1)],
        "date" | "dateInZone" | "date_in_zone" => ["layout", "time", "zone"][n.min(2)],
        "htmlDate" | "htmlDateInZone" => ["time", "zone"][n.min(1)],
        "dateModify" | "date_modify" | "mustDateModify" | "must_date_modify" => {
            ["duration", "time"][n.min(1)]
        }
        "genPrivateKey" => "keyType",
        "derivePassword" if n == 1 => "passwordType",
        "buildCustomCert" => "certificate",
        "decryptAES" if n == 1 => "encrypted",
        "genCAWithKey" if n == 2 => "key",
        "genSelfSignedCertWithKey" if n == 4 => "key",
        "genSignedCertWithKey" if n == 5 => "key",
        "addf" | "subf" | "mulf" | "divf" | "add1f" => "number",
        "index" => ["container", "index"][n.min(1)],
        "eq" | "ne" | "lt" | "le" | "gt" | "ge" => "basic",
        _ if n == 0 && list.split(' ').any(|name| name == function) => "list",
        _ if n == 1 && second.split(' ').any(|name| name == function) => "list",
        _ => parameter,
    }
}
