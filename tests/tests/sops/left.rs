//! What ours leaves in each case of the table of differences: standard output and every file that is new or changed,
//! as `differences/left.txt` has it. Whatever else it leaves fails.
//!
//! `BULLA_WRITE_GENERATED=1 cargo test -p bulla-tests --test sops differences` writes that file anew.

use std::fmt::Write as _;

use bulla_tests::target;

use crate::case::Case;
use crate::materials::materials;
use crate::run::Outcome;

/// One case, as the file has it.
pub(crate) fn told(case: &Case, outcome: &Outcome) -> String {
    let mut text = format!(
        "## {}: {}\nexit code {}\n",
        case.name,
        case.arguments.join(" ").replace('\n', " "),
        outcome.status
    );
    add(&mut text, "standard output", &outcome.stdout);
    for (name, (content, mode)) in &outcome.files {
        add(&mut text, &format!("{name}, mode {mode:o}"), content);
    }
    for (name, opened) in &outcome.opened {
        add(&mut text, &format!("{name}, opened by sops"), opened);
    }
    if outcome.stdout.is_empty() && outcome.files.is_empty() {
        text.push_str("nothing\n");
    }
    text.push('\n');
    named(&text)
}

/// All cases, compared with the file, or written into it when asked to.
pub(crate) fn compare(made: &str) {
    let path = target::workspace().join("tests/tests/sops/differences/left.txt");
    if std::env::var_os("BULLA_WRITE_GENERATED").is_some() {
        std::fs::write(&path, made).unwrap();
        return;
    }
    let there = std::fs::read_to_string(&path).unwrap_or_default();
    let cases = |text: &str| -> Vec<String> { text.split("\n\n## ").map(str::to_owned).collect() };
    let (there, made) = (cases(&there), cases(made));
    for (nth, made) in made.iter().enumerate() {
        let there = there
            .get(nth)
            .map_or("nothing is said of it", String::as_str);
        assert!(there == made, "left.txt has:\n{there}\nbut it is:\n{made}");
    }
    assert_eq!(there.len(), made.len(), "left.txt has cases that are none");
}

fn add(text: &mut String, name: &str, content: &str) {
    if content.is_empty() {
        return;
    }
    let _ = writeln!(text, "{name}:");
    for (nth, line) in content.lines().enumerate() {
        if nth == LINES_SHOWN {
            text.push_str("    …\n");
            break;
        }
        let _ = writeln!(text, "    {}", shown(line));
    }
}

/// Keys are others in each run, and the version in each release.
fn named(text: &str) -> String {
    let [a, b] = &materials().recipients;
    text.replace(a, "{A}")
        .replace(b, "{B}")
        .replace(env!("CARGO_PKG_VERSION"), "VERSION")
}

/// Control characters are shown, so that the file stays text.
fn shown(line: &str) -> String {
    let shown = |c: char| match c.is_control() && c != '\t' {
        true => c.escape_default().to_string(),
        false => c.to_string(),
    };
    line.chars().map(shown).collect()
}

/// Help and scripts that complete command lines are longer.
const LINES_SHOWN: usize = 60;
