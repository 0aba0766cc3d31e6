//! Files that are damaged in each way, under each command that opens or writes: the exit code is the real one's, the file
//! stays as it was, and what is said is short and names the file, with no value in it.

use std::fs;

use bulla_tests::process;

use crate::materials::materials;
use crate::run::{Place, Whose};

/// How each is damaged, and whether opening it is refused: the one exception is a listed difference.
const DAMAGED: &[(&str, &str)] = &[
    ("xgarbled.yaml", "a damaged value"),
    ("xmoved.yaml", "a value of another key"),
    ("xswapped.yaml", "two items of a list, swapped"),
    ("xnomac.yaml", "no MAC"),
    ("xgone.yaml", "a MAC of other values"),
    ("xforeign.yaml", "a ciphertext of another file"),
    ("xalias.yaml", "an alias of an encrypted value"),
    ("xplain.yaml", "a value that is not encrypted"),
    ("xarmor.yaml", "a damaged age file"),
    ("xnokeys.yaml", "no keys"),
    ("xtwoselectors.yaml", "two selectors"),
    ("twice.yaml", "a key twice"),
    ("list.yaml", "a list at the top"),
    ("half.yaml", "half a file"),
    ("half.json", "half a file of JSON"),
    ("wrong.json", "a damaged value of JSON"),
    ("wrong.env", "a damaged value of dotenv"),
    (
        "crlf.env",
        "dotenv with lines of Windows, which belong to the values",
    ),
    ("wrong.ini", "a damaged value of INI"),
    ("wrong.bin", "a damaged binary file"),
];

const COMMANDS: &[&[&str]] = &[
    &["decrypt", "FILE"],
    &["decrypt", "-i", "FILE"],
    &["decrypt", "--extract", "[\"c\"]", "FILE"],
    &["set", "FILE", "[\"zz\"]", "\"hunter2canary\""],
    &["unset", "--idempotent", "FILE", "[\"zz\"]"],
    &["rotate", "-i", "FILE"],
    &["edit", "FILE"],
    &["exec-file", "FILE", "cat {}"],
];

#[test]
fn what_is_damaged_is_refused_alike_and_stays() {
    let place = Place::new();
    make(&place);
    let mut failures = Vec::new();
    for (name, what) in DAMAGED {
        let before = fs::read(place.path(name)).unwrap();
        for words in COMMANDS {
            let words: Vec<&str> = words
                .iter()
                .map(|word| if *word == "FILE" { *name } else { *word })
                .collect();
            let [theirs, ours] = [Whose::Theirs, Whose::Ours].map(|whose| {
                fs::write(place.path(name), &before).unwrap();
                let mut command = place.command(whose, &words);
                command.env("EDITOR", "sed -i s/b/hunter2canary/");
                let output = process::run(command, b"");
                let left = fs::read(place.path(name)).unwrap() == before;
                (output, left)
            });
            let said = String::from_utf8_lossy(&ours.0.stderr).into_owned();
            let codes = [theirs.0.status.code(), ours.0.status.code()];
            let wrong = if codes[0] != codes[1] {
                "exit codes"
            } else if !ours.1 {
                "the file changed"
            } else if ours.0.status.success() || !ours.0.stdout.is_empty() {
                "it opened"
            } else if !said.contains(name) {
                "the file is not named"
            } else if said.contains("canary") || said.lines().count() > 12 {
                "too much is said"
            } else {
                continue;
            };
            let theirs = String::from_utf8_lossy(&theirs.0.stderr).into_owned();
            failures.push(format!(
                "{wrong}: {what}, {words:?}: {codes:?}\ntheirs: {theirs}\nours: {said}"
            ));
        }
    }
    assert!(
        failures.is_empty(),
        "{}\n{} fail",
        failures.join("\n"),
        failures.len()
    );
}

/// Those that `materials.rs` has not.
fn make(place: &Place) {
    let text = |name: &str| String::from_utf8(materials().files[name].clone()).unwrap();
    let write = |name: &str, text: String| fs::write(place.path(name), text).unwrap();
    let sound = text("e.yaml");
    let first = sound.lines().next().unwrap();
    write("twice.yaml", format!("{first}\n{sound}"));
    write("list.yaml", format!("- {}\n", first.replace("a: ", "")));
    write("half.yaml", sound[..sound.len() / 2].to_owned());
    let json = text("e.json");
    write("half.json", json[..json.len() / 2].to_owned());
    let garbled = |text: &str| text.replacen("tag:", "tag:AAAA", 1);
    for (name, of) in [
        ("wrong.json", "e.json"),
        ("wrong.env", "e.env"),
        ("wrong.ini", "e.ini"),
        ("wrong.bin", "e.bin"),
    ] {
        write(name, cut_tag(&garbled(&text(of))));
    }
    write("crlf.env", text("e.env").replace('\n', "\r\n"));
}

/// The first tag keeps its length.
fn cut_tag(text: &str) -> String {
    let at = text.find("tag:AAAA").unwrap() + 8;
    format!("{}{}", &text[..at], &text[at + 4..])
}
