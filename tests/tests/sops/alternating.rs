//! Files worked on in turns by both programs: after each command both read the same values, which are those that the
//! command was to leave. What only reads is asked of both, and prints the same.

use std::fs;
use std::process::Command;

use bulla_tests::process;
use serde_json::{Map, Value, json};

use crate::run::{Place, Whose};

/// Turns through all files.
const ROUNDS: usize = 6;
/// What runs where no seed is given, so that a change is to blame for a failure, not chance.
const SEED: u64 = 20_261_121;
/// Commands for each file of a round.
const COMMANDS: usize = 5;

#[test]
fn five_commands_for_each_file_by_alternating_tools() {
    let seed = match std::env::var("BULLA_SEED") {
        Ok(seed) => seed.parse().unwrap(),
        Err(_) => SEED,
    };
    eprintln!("BULLA_SEED={seed}");
    let mut chance = Chance(seed);
    for round in 0..ROUNDS {
        for (name, plain) in FILES {
            let at = format!("BULLA_SEED={seed}, round {round}, {name}");
            one_file(name, plain, &mut chance, &at);
        }
    }
}

fn one_file(name: &str, plain: &str, chance: &mut Chance, at: &str) {
    let place = Place::new();
    fs::write(place.path(name), plain).unwrap();
    let rules = "creation_rules:\n  - path_regex: work\n    age: {A}\n";
    write_rules(&place, rules);
    let mut whose = [Whose::Theirs, Whose::Ours][chance.below(2)];
    ok(place.command(whose, &["encrypt", "-i", name]), at);
    let mut expected = read(&place, Whose::Theirs, name, at);
    let mut two = false;
    for _ in 0..COMMANDS {
        whose = match whose {
            Whose::Theirs => Whose::Ours,
            Whose::Ours => Whose::Theirs,
        };
        let nested = name.ends_with(".json") || name.contains(".y");
        let section = name.ends_with(".ini").then_some("s");
        let at = match chance.below(9) {
            6..=8 if name.ends_with(".env") && chance.below(2) == 0 => {
                let shown = ["exec-env", name, "echo \"$note|$Q|$k0\""];
                same(&place, name, &shown, at)
            }
            6 | 7 => {
                let keys = expected.as_object().unwrap();
                let path = match section.or_else(|| {
                    let keys: Vec<_> = keys.keys().collect();
                    Some(keys[chance.below(keys.len())].as_str())
                }) {
                    Some("s") => path(section, "note"),
                    key => path(None, key.unwrap()),
                };
                same(&place, name, &["decrypt", "--extract", &path, name], at)
            }
            8 => same(&place, name, &["filestatus", name], at),
            // What is binary is one text.
            0..=2 if name.ends_with(".bin") => {
                let value = SIMPLE[chance.below(SIMPLE.len())];
                let at = format!("{at}, {whose:?} set data {value}");
                ok(
                    place.command(whose, &["set", name, "[\"data\"]", value]),
                    &at,
                );
                expected = json!({ "data": serde_json::from_str::<Value>(value).unwrap() });
                at
            }
            0 | 1 => {
                let key = format!("k{}", chance.below(3));
                let value = match nested {
                    true => VALUES[chance.below(VALUES.len())],
                    false => SIMPLE[chance.below(SIMPLE.len())],
                };
                let path = path(section, &key);
                let at = format!("{at}, {whose:?} set {path} {value}");
                ok(place.command(whose, &["set", name, &path, value]), &at);
                inside(&mut expected, section).insert(key, serde_json::from_str(value).unwrap());
                at
            }
            2 => {
                let key = format!("k{}", chance.below(3));
                let path = path(section, &key);
                let at = format!("{at}, {whose:?} unset {path}");
                let arguments = ["unset", "--idempotent", name, &path];
                ok(place.command(whose, &arguments), &at);
                inside(&mut expected, section).shift_remove(&key);
                at
            }
            3 => {
                let at = format!("{at}, {whose:?} rotate");
                ok(place.command(whose, &["rotate", "-i", name]), &at);
                at
            }
            4 => {
                two = !two;
                let rules = match two {
                    true => "creation_rules:\n  - path_regex: work\n    age: {A},{B}\n",
                    false => rules,
                };
                write_rules(&place, rules);
                let at = format!("{at}, {whose:?} updatekeys");
                ok(place.command(whose, &["updatekeys", "-y", name]), &at);
                at
            }
            _ if name.ends_with(".bin") => {
                let at = format!("{at}, {whose:?} edit");
                let mut command = place.command(whose, &["edit", name]);
                let text = format!("text {}", chance.below(1_000_000));
                let editor = place.path("editor.sh");
                fs::write(&editor, format!("printf '{text}' > \"$1\"\n")).unwrap();
                command.env("EDITOR", format!("sh {}", editor.display()));
                ok(command, &at);
                expected = json!({ "data": text });
                at
            }
            _ => {
                let mark = format!("mark{}", chance.below(1000));
                let at = format!("{at}, {whose:?} edit {mark}");
                let mut command = place.command(whose, &["edit", name]);
                command.env("EDITOR", format!("sed -i s/mark[0-9]*/{mark}x/"));
                ok(command, &at);
                inside(&mut expected, section).insert("note".to_owned(), format!("{mark}x").into());
                // The next one matches its digits again, and what follows stays.
                let mut command = place.command(whose, &["edit", name]);
                command.env("EDITOR", format!("sed -i s/{mark}x/{mark}/"));
                ok(command, &at);
                inside(&mut expected, section).insert("note".to_owned(), mark.into());
                at
            }
        };
        for reader in [Whose::Theirs, Whose::Ours] {
            let found = read(&place, reader, name, &at);
            assert_eq!(
                plainly(&found),
                plainly(&expected),
                "{at}, read by {reader:?}"
            );
        }
    }
}

/// What only reads prints the same by both, and leaves the file alone.
fn same(place: &Place, name: &str, arguments: &[&str], at: &str) -> String {
    let at = format!("{at}, {arguments:?}");
    let before = fs::read(place.path(name)).unwrap();
    let [theirs, ours] = [Whose::Theirs, Whose::Ours].map(|whose| {
        let printed = ok(place.command(whose, arguments), &at);
        String::from_utf8(printed).unwrap()
    });
    assert_eq!(ours, theirs, "{at}");
    assert!(before == fs::read(place.path(name)).unwrap(), "{at}");
    at
}

fn write_rules(place: &Place, rules: &str) {
    let rules = crate::run::with_recipients(rules);
    fs::write(place.path(".sops.yaml"), rules).unwrap();
}

fn path(section: Option<&str>, key: &str) -> String {
    match section {
        Some(section) => format!("[\"{section}\"][\"{key}\"]"),
        None => format!("[\"{key}\"]"),
    }
}

fn inside<'v>(value: &'v mut Value, section: Option<&str>) -> &'v mut Map<String, Value> {
    let inside = match section {
        Some(section) => &mut value[section],
        None => value,
    };
    inside.as_object_mut().unwrap()
}

fn read(place: &Place, whose: Whose, name: &str, at: &str) -> Value {
    if name.ends_with(".bin") {
        let text = ok(place.command(whose, &["decrypt", name]), at);
        return json!({ "data": String::from_utf8(text).unwrap() });
    }
    let arguments = ["decrypt", "--output-type", "json", name];
    let text = ok(place.command(whose, &arguments), at);
    serde_json::from_slice(&text).unwrap()
}

/// Numbers as one type: a bare number that is set becomes a float, and stores of text hold text.
fn plainly(value: &Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_f64().unwrap()),
        Value::Array(items) => items.iter().map(plainly).collect(),
        Value::Object(map) => {
            // Theirs has this section in every INI file.
            let kept = map
                .iter()
                .filter(|(key, value)| *key != "DEFAULT" || **value != json!({}));
            let mut entries: Vec<_> = kept
                .map(|(key, value)| (key.clone(), plainly(value)))
                .collect();
            entries.sort_by(|one, other| one.0.cmp(&other.0));
            Value::Object(entries.into_iter().collect())
        }
        other => other.clone(),
    }
}

fn ok(command: Command, at: &str) -> Vec<u8> {
    let said = format!("{command:?}");
    let output = process::run(command, b"");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{at}\n{said}\n{stderr}");
    output.stdout
}

/// Numbers that a seed decides (SplitMix64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % bound as u64).unwrap()
    }
}

const VALUES: &[&str] = &[
    "\"plain\"",
    "\"yes\"",
    "\"1e3\"",
    "\"a: b\"",
    "\"# no comment\"",
    "\"two\\nlines\\n\"",
    "\" blanks \"",
    "\"gr\u{fc}\u{df}e \u{1f600}\"",
    "\"\"",
    "\"<<\"",
    "true",
    "7",
    "-2.5",
    "null",
    "{\"x\":\"y\",\"z\":[1,\"two\",false,null]}",
    "{\"list\":[\"one\",{\"a\":\"b\"}]}",
    "{}",
];
const SIMPLE: &[&str] = &["\"plain\"", "\"with blanks\"", "\"1e3\"", "\"x=y\""];
const FILES: &[(&str, &str)] = &[
    (
        "work.yaml",
        "# A comment\nnote: mark0 # inline\n\nanchored: &x\n  - one\n  - two\n'quoted': \"text\"\nflow: {a: 1, b: [x, y]}\nblock: |\n  several\n  lines\n",
    ),
    ("work2.yaml", "note: mark0\nlist:\n- a\n- b: c\n  d: e\n"),
    (
        "work.json",
        "{\"note\": \"mark0\",\n  \"n\": 5, \"o\": {\"p\": [1, true, null]}}\n",
    ),
    ("work.env", "# comment\nnote=mark0\nQ='quoted'\n"),
    ("work.ini", "[s]\nnote = mark0\nother: x\n"),
    ("work.bin", "mark0 and \u{1f600}\nbytes\n\n"),
];
