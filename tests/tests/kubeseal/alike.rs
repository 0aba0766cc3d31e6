//! What both do alike: every input with every set of flags, and cases of their own.

use bulla_tests::target;

use crate::cases::CASES;
use crate::differences::{DIFFERENCES, Difference};
use crate::run::{Place, Run, Whose, run};

/// Sets of flags that every file of `inputs/` is sealed with.
const FLAGS: &[&str] = &[
    "",
    "-o yaml",
    "-o YAML --scope strict",
    "--format=json --scope=namespace-wide",
    "--scope cluster-wide -oyaml",
    "-n shop -o yaml",
    "-n elsewhere",
    "--namespace=elsewhere --scope cluster-wide",
    "--name another.name -o=yaml",
    "--allow-empty-data -o yaml",
    "-w out.json",
    "-w out.yml -o json",
];

#[test]
fn every_input_with_every_set_of_flags() {
    let inputs = target::workspace().join("tests/tests/kubeseal/inputs");
    let mut inputs: Vec<_> = std::fs::read_dir(inputs)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    inputs.sort();
    assert!(inputs.len() > 10, "{inputs:?}");
    let mut failures = Vec::new();
    for input in inputs {
        let text = std::fs::read(&input).unwrap();
        for flags in FLAGS {
            let arguments = format!("--cert tls.crt {flags}");
            let [theirs, ours] = [Whose::Theirs, Whose::Ours].map(|whose| {
                let place = Place::new();
                let run = place.run(whose, &arguments, &text);
                let opened = opened_by_theirs(&place, &run.stdout);
                (run, opened)
            });
            if theirs.0.outcome != ours.0.outcome || theirs.1 != ours.1 {
                failures.push(format!(
                    "{} {flags}\ntheirs: {:#?} {:?} {}\nours: {:#?} {:?} {}",
                    input.display(),
                    theirs.0.outcome,
                    theirs.1,
                    theirs.0.stderr,
                    ours.0.outcome,
                    ours.1,
                    ours.0.stderr
                ));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

/// What their `--recovery-unseal` makes of the first SealedSecret, data and all.
fn opened_by_theirs(place: &Place, sealed: &str) -> String {
    if sealed.is_empty() {
        return String::new();
    }
    let first = match sealed.strip_prefix("---\n") {
        Some(yaml) => yaml.split("---\n").next().unwrap().to_owned(),
        None => sealed.split_inclusive("\n}\n").next().unwrap().to_owned(),
    };
    let arguments = "--recovery-unseal --recovery-private-key tls.key -o yaml";
    let opened = place.run(Whose::Theirs, arguments, first.as_bytes());
    assert_eq!(opened.outcome.status, 0, "{}", opened.stderr);
    opened.stdout
}

#[test]
fn cases_of_their_own() {
    let mut failures = Vec::new();
    for (case, first_line) in CASES {
        let [(_place, theirs), (_other, ours)] =
            [Whose::Theirs, Whose::Ours].map(|whose| run(whose, case));
        if theirs.outcome != ours.outcome {
            failures.push(format!(
                "{}\ntheirs: {:#?} {}\nours: {:#?} {}",
                case.name, theirs.outcome, theirs.stderr, ours.outcome, ours.stderr
            ));
        }
        if let Some(first_line) = first_line {
            for stderr in [&theirs.stderr, &ours.stderr] {
                assert_eq!(stderr.lines().next(), Some(*first_line), "{}", case.name);
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

/// A row that no longer differs is a row too many, and so is one whose exit codes are others.
#[test]
fn differences_are_those_of_the_table() {
    let mut failures = Vec::new();
    for Difference {
        case,
        theirs,
        ours,
        why,
    } in DIFFERENCES
    {
        for text in [case.name, theirs.0, ours.0, why] {
            assert!(!text.is_empty() && !text.contains(['|', '\n']), "{text}");
        }
        let [a, b] = [Whose::Theirs, Whose::Ours].map(|whose| {
            let (place, run) = run(whose, case);
            let modes: Vec<_> = run
                .outcome
                .files
                .keys()
                .map(|file| place.mode(file))
                .collect();
            (run, modes)
        });
        let differs = a.0.outcome != b.0.outcome || a.1 != b.1 || told(&a.0) != told(&b.0);
        let codes = (a.0.outcome.status, b.0.outcome.status);
        if !differs || codes != (theirs.1, ours.1) {
            failures.push(format!(
                "{}: {codes:?}\ntheirs: {:#?} {}\nours: {:#?} {}",
                case.name, a.0.outcome, a.0.stderr, b.0.outcome, b.0.stderr
            ));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

fn told(run: &Run) -> Option<&str> {
    run.stderr.lines().next()
}
