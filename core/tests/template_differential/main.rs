//! Templates rendered by Go's own engine with sprig and by Bulla's: 20,000 made at random, every function
//! with arguments of many shapes, every verb with every kind of operand, and what is random by what it has in common from run to run.
//!
//! Output, and success or failure, must be the same, in both ways of treating missing keys. The seed is printed and
//! the same each time; `BULLA_SEED` takes another one, `BULLA_TEMPLATES` sets the number. Needs Go.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test stops where its own steps fail, and says what it leaves out"
)]

mod generate;
mod keys;
mod shapes;
mod vocabulary;
mod zones;

use std::collections::BTreeMap;
use std::env;
use std::fmt::Write as _;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bulla_core::names::KeyName;
use bulla_core::plaintext::Plaintext;
use bulla_core::template::TemplateFault::{TextTooLarge, TooDeep, TooManySteps};
use bulla_core::template::{
    self, Functions, MissingKeys, Surroundings, TemplateError, TemplateFault,
};
use rand_core::{OsRng, RngCore};
use serde_json::{Value, json};

use generate::Generator;
use vocabulary::{CLASSES, FLAGS, OPERANDS, RANDOM, VALUES, VERBS};

#[test]
fn random_templates_render_as_in_go() {
    let Some(oracle) = Oracle::built() else {
        return;
    };
    let seed = seed();
    let count = number("BULLA_TEMPLATES").unwrap_or(20_000);
    let mut generator = Generator::new(seed);
    let sources: Vec<String> = (0..count).map(|_| generator.template()).collect();
    let rendered = compare(&oracle, &sources, seed);
    assert!(
        rendered > sources.len() / 2,
        "most templates fail: {rendered}"
    );
}

#[test]
fn each_function_takes_and_refuses_what_go_does() {
    let Some(oracle) = Oracle::built() else {
        return;
    };
    let seed = seed();
    let mut generator = Generator::new(seed);
    let mut sources = Vec::new();
    for line in include_str!("../vectors/template/functions.txt").lines() {
        let [name, parameters @ ..] = &*line.split('\t').collect::<Vec<_>>() else {
            continue;
        };
        let of_one = shapes::of(&mut generator, name, parameters);
        assert!(
            of_one.len() >= 3 || parameters.is_empty() || shapes::is_slow(name),
            "{name}"
        );
        sources.extend(of_one);
    }
    let rendered = compare(&oracle, &sources, seed);
    say(&format!("{} calls, {rendered} results", 2 * sources.len()));
}

#[test]
fn every_verb_prints_every_operand_as_in_go() {
    let Some(oracle) = Oracle::built() else {
        return;
    };
    let mut sources = Vec::new();
    for operand in OPERANDS {
        for flags in FLAGS {
            for verb in VERBS.chars() {
                sources.push(format!("{{{{ printf \"%{flags}{verb}\" {operand} }}}}"));
            }
        }
    }
    compare(&oracle, &sources, 0);
}

#[test]
fn what_is_random_has_the_same_shape() {
    let Some(oracle) = Oracle::built() else {
        return;
    };
    let mut differences = String::new();
    for (source, shape) in RANDOM {
        same_shape(&oracle, source, shape, &mut differences);
    }
    assert!(differences.is_empty(), "{differences}");
}

#[test]
fn classes_of_characters_are_those_of_go() {
    let Some(mut oracle) = Oracle::built() else {
        return;
    };
    oracle.values.clear();
    for (name, codes) in [
        ("low", 0..0x1_0000),
        ("high", 0x1_0000..0x2_0000),
        ("rest", 0x2_0000..0x3_2400),
    ] {
        let text: String = codes.filter_map(char::from_u32).collect();
        oracle
            .values
            .insert(name.parse().unwrap(), Plaintext::from(text.as_bytes()));
    }
    let value = |name: &str| {
        let each = ["low", "high", "rest"]
            .map(|of| format!("{{{{ regexReplaceAllLiteral `{name}` .{of} `` | sha256sum }}}}"));
        each.concat()
    };
    let names = CLASSES.split_whitespace();
    let patterns = names.flat_map(|n| [format!("\\p{{{n}}}+"), format!("(?i)[\\P{{{n}}}k]+")]);
    let own = [
        "[[:^punct:]]+",
        "(?i)[à-þ]+",
        "(?i)[\\x{1c80}-\\x{2fff}]+",
        "(?i)[^\\x{a640}-\\x{fb06}]+",
    ];
    let patterns = patterns.chain(own.map(str::to_owned));
    let sources: Vec<String> = patterns.map(|pattern| value(&pattern)).collect();
    compare(&oracle, &sources, 0);
}

/// Renders `source` in both, looks at both outputs with `shape`, and writes down where that differs; whether Go renders it.
fn same_shape(oracle: &Oracle, source: &str, shape: &str, differences: &mut String) -> bool {
    let go = outcome(&oracle.answers(&[source.to_owned()], &oracle.values)[0]["go"]);
    let ours = render(source, &oracle.values, MissingKeys::AsGo);
    let ours = ours.ok().map(|(output, _)| output);
    let shaped = |output: Option<Vec<u8>>| {
        let copy = |(k, v): (&KeyName, &Plaintext)| (k.clone(), Plaintext::from(v.reveal()));
        let mut values: BTreeMap<_, _> = oracle.values.iter().map(copy).collect();
        values.insert("out".parse().unwrap(), Plaintext::new(output?));
        outcome(&oracle.answers(&[shape.to_owned()], &values)[0]["go"])
    };
    let renders = go.is_some();
    let (go, ours) = (shaped(go), shaped(ours));
    if go != ours {
        writeln!(differences, "{source:?}").unwrap();
        writeln!(differences, "  Go    {}", shown(go.as_deref())).unwrap();
        writeln!(differences, "  Bulla {}", shown(ours.as_deref())).unwrap();
    }
    renders
}

/// Renders all in both ways, and panics where the two differ; how many outputs there were.
fn compare(oracle: &Oracle, sources: &[String], seed: u64) -> usize {
    let mut differences = String::new();
    let mut rendered = 0;
    for (source, answer) in sources.iter().zip(oracle.answers(sources, &oracle.values)) {
        for (column, missing) in [("go", MissingKeys::AsGo), ("strict", MissingKeys::Refuse)] {
            let expected = outcome(&answer[column]);
            let found = render(source, &oracle.values, missing);
            // Go knows no bounds: what takes long there may be too much here.
            let is_bound =
                |fault: &TemplateFault| matches!(fault, TooManySteps | TextTooLarge | TooDeep);
            if found.as_ref().is_err_and(is_bound) && took(&answer[column]) > LONG {
                continue;
            }
            let found = found.ok();
            rendered += usize::from(expected.is_some());
            let same = match (&expected, &found) {
                // What the clock had a part in is another one by now.
                (Some(_), Some((_, true))) if is_timed(source) => true,
                (Some(expected), Some((found, _))) => expected == found,
                (expected, found) => expected.is_none() && found.is_none(),
            };
            if !same {
                let found = found.as_ref().map(|(output, _)| output.as_slice());
                writeln!(differences, "{column} {source:?}").unwrap();
                writeln!(differences, "  Go    {}", shown(expected.as_deref())).unwrap();
                writeln!(differences, "  Bulla {}", shown(found)).unwrap();
            }
        }
    }
    assert!(differences.is_empty(), "BULLA_SEED={seed}\n{differences}");
    rendered
}

/// Whether the source has a function that takes now for what is no time.
fn is_timed(source: &str) -> bool {
    ["date", "Date", "durationRound"]
        .iter()
        .any(|name| source.contains(name))
}

fn seed() -> u64 {
    let seed = number("BULLA_SEED").unwrap_or(SEED);
    say(&format!("BULLA_SEED={seed}"));
    seed
}

fn say(text: &str) {
    eprintln!("{text}");
}

fn number(name: &str) -> Option<u64> {
    env::var(name).ok().map(|text| text.parse().unwrap())
}

/// Go's engine, and the values that templates see.
struct Oracle {
    program: PathBuf,
    zones: &'static Path,
    values: BTreeMap<KeyName, Plaintext>,
}

impl Oracle {
    /// The oracle, built from `tests/oracles/template`.
    fn built() -> Option<Self> {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/oracles/template");
        let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!(
            "template-oracle-{:?}",
            thread::current().name().unwrap_or_default()
        ));
        let mut build = Command::new("go");
        build
            .args(["build", "-o"])
            .arg(&program)
            .arg(".")
            .current_dir(source);
        if !build.status().is_ok_and(|status| status.success()) {
            assert!(env::var_os("CI").is_none(), "Go is needed");
            say("left out: Go could not build the oracle");
            return None;
        }
        let entry = |(key, value): (&str, &[u8])| (key.parse().unwrap(), Plaintext::from(value));
        let values = VALUES.iter().copied().map(entry).collect();
        let mut oracle = Self {
            program,
            zones: zones::directory(),
            values,
        };
        // No private key lies in the repository.
        let made = oracle.answers(&[MADE.to_owned()], &oracle.values);
        let made = String::from_utf8(outcome(&made[0]["go"]).unwrap()).unwrap();
        for (name, text) in ["cert", "key", "encrypted", "rsa"]
            .iter()
            .zip(made.split('|'))
        {
            let value = Plaintext::from(text.as_bytes());
            oracle.values.insert(name.parse().unwrap(), value);
        }
        Some(oracle)
    }

    /// What the oracle answers, one by one.
    fn answers(&self, sources: &[String], values: &BTreeMap<KeyName, Plaintext>) -> Vec<Value> {
        let mut child = Command::new(&self.program)
            .env("ZONEINFO", self.zones)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let values: BTreeMap<_, _> = values
            .iter()
            .map(|(k, v)| (k.as_str(), STANDARD.encode(v.reveal())))
            .collect();
        let lines = sources
            .iter()
            .map(|source| json!({"template": source, "values": values}));
        let questions: Vec<String> = lines.map(|line| format!("{line}\n")).collect();
        let mut stdin = child.stdin.take().unwrap();
        let writer = thread::spawn(move || {
            for question in questions {
                stdin.write_all(question.as_bytes()).unwrap();
            }
        });
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let answers: Vec<Value> = text
            .lines()
            .map(|l| serde_json::from_str(l).unwrap())
            .collect();
        assert_eq!(answers.len(), sources.len());
        answers
    }
}

/// How long Go took.
fn took(answer: &Value) -> Duration {
    Duration::from_nanos(answer["took"].as_u64().unwrap())
}

fn outcome(answer: &Value) -> Option<Vec<u8>> {
    let output = answer["output"].as_str().unwrap_or_default();
    answer["ok"]
        .as_bool()
        .unwrap()
        .then(|| STANDARD.decode(output).unwrap())
}

/// The output, and whether the clock or chance had a part in it.
fn render(
    source: &str,
    values: &BTreeMap<KeyName, Plaintext>,
    missing: MissingKeys,
) -> Result<(Vec<u8>, bool), TemplateFault> {
    let key = "url".parse().unwrap();
    let fault = |error: TemplateError| error.fault().clone();
    let template = template::parse_with(&key, source, Functions::All).map_err(fault)?;
    let mut surroundings = Surroundings::new(SystemTime::now(), rand_seed());
    let rendered = template
        .render_with(values, missing, Some(&mut surroundings))
        .map_err(fault)?;
    Ok((rendered.output.reveal().to_vec(), rendered.varies))
}

fn rand_seed() -> [u8; 32] {
    let mut seed = [0; 32];
    OsRng.fill_bytes(&mut seed);
    seed
}

fn shown(output: Option<&[u8]>) -> String {
    let text = |bytes| format!("{:.900?}", String::from_utf8_lossy(bytes));
    output.map_or("fails".to_owned(), text)
}

const SEED: u64 = 4;

/// What a template that exceeds no bound does not take in Go.
const LONG: Duration = Duration::from_millis(1);

/// Makes a certificate, its key, something encrypted, and an RSA key.
const MADE: &str = "{{ $c := genSelfSignedCertWithKey \"a\" nil nil 9 (genPrivateKey \"ecdsa\") }}\
    {{ $c.Cert }}|{{ $c.Key }}|{{ encryptAES \"k\" \"alice\" }}|{{ (genCA \"r\" 9).Key }}";
