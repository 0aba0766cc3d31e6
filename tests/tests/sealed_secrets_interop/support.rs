//! Running the real `kubeseal`, and Secrets at random.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::{Command, Stdio};

use bulla_core::api;
use bulla_core::plaintext::Plaintext;
use bulla_core::sealed_secrets::{RsaPrivateKey, SealedSecret, SecretToSeal};
use bulla_tests::{peers, target};
use serde_json::{Value, json};

pub(crate) struct Keys {
    pub(crate) private: RsaPrivateKey,
}

impl Keys {
    pub(crate) fn read(file: &str) -> Self {
        let text = std::fs::read(key_file(file)).unwrap();
        let private = RsaPrivateKey::from_pem(&text).unwrap();
        Self { private }
    }
}

/// A certificate and its private key in one file.
pub(crate) fn key_file(file: &str) -> String {
    let path = format!("core/tests/vectors/sealed-secrets/{file}.pem");
    target::workspace().join(path).display().to_string()
}

pub(crate) fn domain(sealed: &Value) -> SealedSecret {
    let wire: api::SealedSecret = serde_json::from_value(sealed.clone()).unwrap();
    SealedSecret::try_from(&wire).unwrap()
}

/// Runs `kubeseal` without any cluster and gives what it printed, or what it complained about.
pub(crate) fn kubeseal(arguments: &[&str], input: &[u8]) -> Result<String, String> {
    let mut child = Command::new(peers::kubeseal())
        .args(arguments)
        .env("KUBECONFIG", "/dev/null")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("kubeseal starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    let input = input.to_vec();
    // It writes while it still reads.
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().expect("kubeseal ends");
    writer.join().expect("the writer ends").ok();
    let text = |bytes| String::from_utf8(bytes).expect("text");
    if output.status.success() {
        Ok(text(output.stdout))
    } else {
        Err(text(output.stderr))
    }
}

pub(crate) fn sealed_by_kubeseal(file: &str, secret: &Value) -> String {
    sealed_stream(file, "json", &secret.to_string())
}

pub(crate) fn sealed_stream(file: &str, format: &str, stream: &str) -> String {
    let cert = key_file(file);
    kubeseal(
        &["--cert", &cert, "-o", format, "--allow-empty-data"],
        stream.as_bytes(),
    )
    .unwrap()
}

pub(crate) fn unsealed_by_kubeseal(sealed: &str, keys: &[&str]) -> Result<Value, String> {
    let keys = keys.join(",");
    let text = kubeseal(
        &["--recovery-unseal", "--recovery-private-key", &keys],
        sealed.as_bytes(),
    )?;
    let mut secret: Value = serde_json::from_str(&text).expect("it prints JSON");
    // To Go, an empty value is null as well.
    for (_, value) in secret["data"].as_object_mut().into_iter().flatten() {
        if value.is_null() {
            *value = json!("");
        }
    }
    Ok(secret)
}

/// Takes out what RSA-2048 has sealed.
pub(crate) fn without_ciphertext(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let value = line
            .find(": ")
            .map(|at| at + 2)
            .map(|at| match &line[at..] {
                quoted if quoted.starts_with('"') => at + 1,
                _ => at,
            });
        match value.filter(|at| line[*at..].starts_with("AQ") && line.len() - at > 300) {
            Some(at) => {
                let end = line[at..]
                    .find(|c: char| !c.is_ascii_alphanumeric() && !"+/=".contains(c))
                    .map_or(line.len(), |end| at + end);
                out.push_str(&line[..at]);
                out.push_str("SEALED");
                out.push_str(&line[end..]);
            }
            None => out.push_str(line),
        }
    }
    out
}

/// Fails with the first line that differs, and the two before it.
pub(crate) fn same_text(ours: &str, theirs: &str) {
    let (left, right): (Vec<_>, Vec<_>) = (ours.lines().collect(), theirs.lines().collect());
    if let Some(at) = left.iter().zip(&right).position(|(a, b)| a != b) {
        let from = at.saturating_sub(3);
        let to = |lines: &[&str]| lines[from..lines.len().min(at + 3)].join("\n");
        panic!("ours:\n{}\ntheirs:\n{}", to(&left), to(&right));
    }
    assert_eq!(left.len(), right.len());
}

/// Xorshift: a failure is run again with its seed in `BULLA_TEST_SEED`.
pub(crate) struct Random {
    seed: u64,
    state: u64,
}

impl Random {
    pub(crate) fn new() -> Self {
        let given = std::env::var("BULLA_TEST_SEED").ok();
        let seed = given.and_then(|text| text.parse().ok()).unwrap_or_else(|| {
            let mut bytes = [0; 8];
            getrandom::getrandom(&mut bytes).unwrap();
            u64::from_le_bytes(bytes) | 1
        });
        Self { seed, state: seed }
    }

    pub(crate) fn seed(&self) -> u64 {
        self.seed
    }

    fn below(&mut self, limit: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        usize::try_from(self.state >> 8).unwrap() % limit
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }

    /// A Secret for us, and the same one as a manifest.
    pub(crate) fn secret(&mut self, number: usize) -> (SecretToSeal, Value) {
        let name = format!("s{number}");
        let labels = self.strings();
        let annotations = self.strings();
        let finalizers: Vec<String> = (0..self.below(3)).map(|_| self.text()).collect();
        let secret_type = (self.below(2) == 0).then(|| self.text());
        let immutable = [None, Some(true), Some(false)][self.below(3)];
        let keys: BTreeMap<String, &str> = (0..self.below(6)).map(|_| (self.key(), "x")).collect();
        let manifest = json!({
            "apiVersion": "v1", "kind": "Secret", "type": secret_type, "immutable": immutable,
            "metadata": {"name": name, "namespace": "shop", "labels": labels, "annotations": annotations,
                "finalizers": finalizers},
            "stringData": keys,
        });
        let secret = SecretToSeal {
            namespace: Some("shop".parse().unwrap()),
            name: name.parse().unwrap(),
            secret_type,
            immutable,
            labels,
            annotations,
            finalizers,
            values: keys
                .into_keys()
                .map(|key| (key.parse().unwrap(), Plaintext::from(&b"x"[..])))
                .collect(),
        };
        (secret, manifest)
    }

    /// One hostile name, or several that go-yaml puts in one order: of `9Z`, `10Z` and `99` it makes a ring.
    fn strings(&mut self) -> BTreeMap<String, String> {
        let mut map: BTreeMap<_, _> = match self.below(2) {
            0 => (0..self.below(5))
                .map(|_| (self.key(), self.text()))
                .collect(),
            _ => [(self.text(), self.text())].into(),
        };
        if self.below(4) == 0 {
            let name = self.pick(&["cluster-wide", "namespace-wide"]);
            let value = self.pick(&["true", "True", ""]);
            map = [(
                format!("sealedsecrets.bitnami.com/{name}"),
                value.to_owned(),
            )]
            .into();
        }
        map
    }

    fn key(&mut self) -> String {
        let parts = ["a", "b", "-", "_", ".", "Z", "key", "x.y", "A"];
        let text: String = (0..=self.below(5)).map(|_| self.pick(&parts)).collect();
        let number = self.pick(&["", "0", "1", "10", "9", "007", "00", "123"]);
        format!("k{text}{number}")
    }

    fn text(&mut self) -> String {
        match self.below(4) {
            0 => self.pick(&WORDS).to_owned(),
            1 => (0..self.below(60)).map(|_| self.pick(&LONG)).collect(),
            2 => (0..self.below(6)).map(|_| self.pick(&DIGITS)).collect(),
            _ => (0..self.below(9)).map(|_| self.pick(&PIECES)).collect(),
        }
    }
}

/// What YAML 1.1 takes for something else, and what it nearly does.
const WORDS: [&str; 56] = [
    "",
    "y",
    "n",
    "yes",
    "No",
    "on",
    "OFF",
    "true",
    "False",
    "null",
    "~",
    "Null",
    "<<",
    "=",
    "-",
    "?",
    ":",
    "---",
    "...",
    "--- x",
    ".inf",
    "-.INF",
    "+.inf",
    ".nan",
    ".5",
    "1.",
    "1e3",
    "1e+3",
    "-1",
    "+1",
    "0x1F",
    "0b10",
    "0o17",
    "017",
    "08",
    "1_000",
    "1:20",
    "190:20:30",
    "1:60",
    "2020-01-02",
    "2020-1-2",
    "2020-02-30",
    "2020-01-02T03:04:05Z",
    "2020-01-02 03:04:05",
    "2020-01-02t3:4:5.6+01:00",
    "18446744073709551616",
    "-9223372036854775809",
    ".",
    "..",
    "+",
    "1e999",
    "0",
    "00",
    "-0",
    "0x",
    "0.0",
];
const LONG: [&str; 6] = [
    "word ",
    "x ",
    "  ",
    "longer-word-without-a-blank ",
    "é ",
    "\"q\" ",
];
const DIGITS: [&str; 12] = [
    "0", "1", "9", "59", "60", ":", ".", "-", "_", "e", "2020-", "+",
];
const PIECES: [&str; 43] = [
    " ",
    "  ",
    "a",
    "b",
    "\n",
    "\n\n",
    "\t",
    ":",
    ": ",
    "#",
    " #",
    "-",
    "- ",
    "'",
    "\"",
    "\\",
    "{",
    "}",
    "[",
    "]",
    ",",
    "&",
    "*",
    "!",
    "|",
    ">",
    "%",
    "@",
    "`",
    "?",
    "? ",
    "é",
    "\u{a0}",
    "\u{2028}",
    "\u{1f600}",
    "\r",
    "<",
    "=",
    "~",
    "\u{1}",
    "0",
    "true",
    "/",
];
