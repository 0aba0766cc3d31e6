//! Files of SOPS that are damaged in each way, under Bulla's own commands: an exit code of its own, a short message that
//! names file and reason and holds no value, and the file as it was.

use std::fs;

use bulla_tests::Repository;

use crate::{repository, sops};

const INPUT: i32 = 2;
const UNOPENED: i32 = 3;

/// What is done to `values.yaml`, and with which exit code it is refused.
type Damage = (&'static str, i32, fn(&str, &str) -> String);

/// Each gets the file, and another one under the same key paths.
const DAMAGES: &[Damage] = &[
    ("a damaged value", UNOPENED, |file, _| {
        let line = line(file, "token:");
        let tag = line.find("tag:").unwrap() + 4;
        let garbled = format!("{}AAAA{}", &line[..tag], &line[tag + 4..]);
        file.replace(&line, &garbled)
    }),
    ("two items of a list, swapped", UNOPENED, |file, _| {
        let (one, other) = (line(file, "- ENC"), last_line(file, "- ENC"));
        swap(file, &one, &other)
    }),
    ("a value of another key", UNOPENED, |file, _| {
        let (one, other) = (line(file, "token:"), line(file, "user:"));
        let value = |line: &str| line.split_once(": ").unwrap().1.to_owned();
        swap(file, &value(&one), &value(&other))
    }),
    ("no MAC", UNOPENED, |file, _| {
        file.replace(&format!("{}\n", line(file, "mac:")), "")
    }),
    ("a MAC of other values", UNOPENED, |file, _| {
        file.replace(&format!("{}\n", line(file, "token:")), "")
    }),
    ("a ciphertext of another file", UNOPENED, |file, other| {
        file.replace(&line(file, "token:"), &line(other, "token:"))
    }),
    ("an alias of an encrypted value", UNOPENED, |file, _| {
        let token = line(file, "token:");
        file.replace(&token, &token.replace("token: ", "token: &x "))
            .replace(&line(file, "user:"), "user: *x")
    }),
    ("a value that is not encrypted", UNOPENED, |file, _| {
        file.replace(&line(file, "token:"), "token: hunter2canary")
    }),
    ("a number beyond 64 bits", INPUT, |file, _| {
        format!("big: 18446744073709551615\n{file}")
    }),
    ("a key twice", INPUT, |file, _| {
        format!("{}\n{file}", line(file, "token:"))
    }),
    ("a block in a later document alone", INPUT, |file, _| {
        format!("plain: x\n---\n{file}")
    }),
    ("half a file", INPUT, |file, _| {
        let at = file.find("enc: ").unwrap();
        file[..at].replace("age:", "age: [")
    }),
];

#[test]
fn what_is_damaged_is_refused_and_stays() {
    let repository = repository(true);
    let plain = "token: hunter2canary\nuser: me\nlist:\n    - one\n    - two\n";
    for name in ["file.yaml", "other.yaml"] {
        repository.write(name, plain);
        sops(&repository, &["encrypt", "-i", name]);
    }
    let [sound, other] = ["file.yaml", "other.yaml"].map(|name| repository.read(name));
    let mut failures = Vec::new();
    for (what, code, damage) in DAMAGES {
        let damaged = damage(&sound, &other);
        assert_ne!(damaged, sound, "{what}");
        for words in [
            &["open", "file.yaml"][..],
            &["open", "file.yaml", "--key", "[\"user\"]"],
            &["set", "file.yaml", "[\"user\"]", "--literal", "canary"],
            &["unset", "file.yaml", "[\"user\"]"],
            &["reseal", "file.yaml"],
            &["edit", "file.yaml"],
        ] {
            repository.write("file.yaml", &damaged);
            let output = repository.bulla_with_stdin(words, "");
            let said = String::from_utf8_lossy(&output.stderr);
            let wrong = if output.status.code() != Some(*code) {
                "exit code"
            } else if repository.read("file.yaml") != damaged {
                "the file changed"
            } else if !output.stdout.is_empty() {
                "it opened"
            // A file without a block in its first document is none of SOPS to `set`, which has another form of KEY then.
            } else if !said.contains("file.yaml")
                && !said.contains(", KEY,")
                && !said.contains("argument KEY")
            {
                "the file is not named"
            } else if said.contains("canary") || said.lines().count() > 12 {
                "too much is said"
            } else {
                continue;
            };
            let found = output.status.code();
            failures.push(format!("{wrong}: {what}, {words:?}: {found:?}\n{said}"));
        }
    }
    let left = fs::read_dir(repository.path("")).unwrap();
    let left = left.filter(|entry| {
        let name = entry.as_ref().unwrap().file_name();
        name.to_string_lossy().contains("bulla-")
    });
    assert_eq!(left.count(), 0, "temporary files are left");
    assert!(
        failures.is_empty(),
        "{}\n{} fail",
        failures.join("\n"),
        failures.len()
    );
}

#[test]
fn what_can_be_read_all_the_same_is_read() {
    let repository = repository(true);
    repository.write("file.yaml", "token: hunter2canary\nuser: me\n");
    sops(&repository, &["encrypt", "-i", "file.yaml"]);
    let time = line(&repository.read("file.yaml"), "lastmodified:");
    let unquoted = repository
        .read("file.yaml")
        .replace(&time, &time.replace('"', ""));
    repository.write("file.yaml", unquoted);
    let key = ["open", "file.yaml", "--key", "[\"user\"]"];
    assert_eq!(repository.bulla_ok(&key), "me");
    // What is written has quotes again, so that the real tool reads it.
    repository.bulla_ok(&["set", "file.yaml", "[\"user\"]", "--literal", "you"]);
    let opened = sops(
        &repository,
        &["decrypt", "--extract", "[\"user\"]", "file.yaml"],
    );
    assert_eq!(opened, "you");

    repository.write("app.env", "A=one\r\nB=two\r\n");
    repository.bulla_ok(&["seal", "-i", "app.env"]);
    assert_eq!(
        sops(&repository, &["decrypt", "app.env"]),
        "A=one\r\nB=two\r\n"
    );
    assert_eq!(
        repository.bulla_ok(&["open", "app.env"]),
        "A=one\r\nB=two\r\n"
    );
}

#[test]
fn what_sops_has_no_reading_for_is_not_sealed() {
    let repository = repository(true);
    for (name, plain) in [
        ("twice.yaml", "a: 1\na: hunter2canary\n"),
        ("list.yaml", "- hunter2canary\n"),
        ("list.json", "[\"hunter2canary\"]\n"),
        ("text.yaml", "hunter2canary\n"),
        ("big.yaml", "a: 18446744073709551615\n"),
        ("later.yaml", "a: hunter2canary\n---\nsops: 2\n"),
        ("line.env", "A=1\nhunter2canary\n"),
        ("line.ini", "[a]\nhunter2canary\n"),
        ("half.json", "{\"a\": \"hunter2canary\""),
        ("version.yaml", "%YAML 1.2\n---\na: hunter2canary\n"),
    ] {
        repository.write(name, plain);
        refused(&repository, name, plain);
    }
}

fn refused(repository: &Repository, name: &str, plain: &str) {
    let output = repository.bulla_with_stdin(&["seal", "-i", name], "");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(INPUT), "{name}: {said}");
    assert_eq!(repository.read(name), plain);
    assert!(said.contains(name) && !said.contains("canary"), "{said}");
}

fn line(file: &str, word: &str) -> String {
    let mut lines = file.lines();
    lines.find(|line| line.contains(word)).unwrap().to_owned()
}

fn last_line(file: &str, word: &str) -> String {
    let mut lines = file.lines().rev();
    lines.find(|line| line.contains(word)).unwrap().to_owned()
}

fn swap(file: &str, one: &str, other: &str) -> String {
    file.replace(one, "\u{1}")
        .replace(other, one)
        .replace('\u{1}', other)
}
