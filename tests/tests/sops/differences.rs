//! Where our `sops` differs on purpose: the table in docs/sops-differences.md is made of this one.

use super::case::Case;

/// A case in which the two differ, and why.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Difference {
    pub(crate) case: Case,
    /// What the real sops 3.13.3 does, and with which exit code.
    pub(crate) theirs: (&'static str, i32),
    /// What ours does, and with which exit code.
    pub(crate) ours: (&'static str, i32),
    pub(crate) why: &'static str,
}

/// A row.
const fn row(
    case: Case,
    theirs: (&'static str, i32),
    ours: (&'static str, i32),
    why: &'static str,
) -> Difference {
    Difference {
        case,
        theirs,
        ours,
        why,
    }
}

/// All of them.
pub(crate) const DIFFERENCES: &[Difference] = &[
    row(
        Case::new("`--version`", &["--version"]),
        ("`sops 3.13.3`, after asking GitHub whether there is a newer one", 0),
        ("`sops 3.13.3 (bulla VERSION)`, and nobody is asked", 0),
        "the second word is still a version that scripts can compare",
    ),
    row(
        Case::new("`--help`", &["--help"]),
        ("its texts", 0),
        ("the same flags with texts of our own, in the same layout", 0),
        "the texts are our own",
    ),
    row(
        Case::new("`completion bash`", &["completion", "bash"]),
        ("a script that asks the program each time", 0),
        ("a script that knows commands and flags", 0),
        "nothing has to be started for a completion",
    ),
    row(
        Case::new("an unknown flag", &["--bogus"]),
        ("all of the help on standard output", 1),
        ("the error alone, on standard error", 1),
        "standard output is data",
    ),
];
