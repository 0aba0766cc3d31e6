//! What both do alike, and what they do otherwise on purpose.

use crate::cases::CASES;
use crate::differences::{DIFFERENCES, Difference};
use crate::left;
use crate::run::{Whose, run};

#[test]
fn cases() {
    let mut failures = Vec::new();
    for case in CASES.iter().flat_map(|group| group.iter()) {
        let [theirs, ours] = [Whose::Theirs, Whose::Ours].map(|whose| run(whose, case));
        let said = |stderr: &str| stderr.contains(case.said);
        let alike = theirs.outcome == ours.outcome;
        if !alike || !said(&theirs.stderr) || !said(&ours.stderr) {
            failures.push(format!(
                "{} {:?}\ntheirs: {:#?} {}\nours: {:#?} {}",
                case.name, case.arguments, theirs.outcome, theirs.stderr, ours.outcome, ours.stderr
            ));
        }
    }
    assert!(
        failures.is_empty(),
        "{}\n{} fail",
        failures.join("\n\n"),
        failures.len()
    );
}

/// A row that no longer differs is a row too many, and so is one whose exit codes are others, or that leaves
/// anything but what `left.txt` says.
#[test]
fn differences_are_those_of_the_table() {
    let mut failures = Vec::new();
    let mut left = String::new();
    for Difference {
        case,
        theirs,
        ours,
        why,
    } in DIFFERENCES.into_iter().flatten()
    {
        for text in [case.name, theirs.0, ours.0, why] {
            assert!(!text.is_empty() && !text.contains(['|', '\n']), "{text}");
        }
        let [a, b] = [Whose::Theirs, Whose::Ours].map(|whose| run(whose, case));
        let codes = (a.outcome.status, b.outcome.status);
        left += &left::told(case, &b.outcome);
        // What ends with an error of ours has changed nothing, and printed nothing.
        let traces = ours.1 != 0 && !(b.outcome.stdout.is_empty() && b.outcome.files.is_empty());
        if a.outcome == b.outcome || codes != (theirs.1, ours.1) || traces {
            failures.push(format!(
                "{}: {codes:?}\ntheirs: {:#?} {}\nours: {:#?} {}",
                case.name, a.outcome, a.stderr, b.outcome, b.stderr
            ));
        }
    }
    assert!(
        failures.is_empty(),
        "{}\n{} fail",
        failures.join("\n\n"),
        failures.len()
    );
    left::compare(&left);
}
