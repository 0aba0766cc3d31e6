//! Where our `sops` differs on purpose: the table in docs/sops-differences.md is made of this one.

mod command_line;
mod files;
mod reading;

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

/// All of them, by what they are about.
pub(crate) const DIFFERENCES: [&[Difference]; 3] = [command_line::ROWS, files::ROWS, reading::ROWS];
