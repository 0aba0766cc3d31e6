//! Rows of the tables that say where a program of ours differs from the one that it stands in for.

/// A case in which the two differ, and why.
#[derive(Debug, Clone, Copy)]
pub struct Difference<C> {
    /// What both are asked.
    pub case: C,
    /// What the real one does, and with which exit code.
    pub theirs: (&'static str, i32),
    /// What ours does, and with which exit code.
    pub ours: (&'static str, i32),
    /// Why ours does otherwise.
    pub why: &'static str,
}

impl<C> Difference<C> {
    /// What each of the two does, as cells of a table: with the exit codes where these differ.
    pub fn cells(&self) -> [String; 2] {
        [self.theirs, self.ours].map(|(text, code)| match self.theirs.1 == self.ours.1 {
            true => text.to_owned(),
            false => format!("{text}; exit code {code}"),
        })
    }
}

/// A row.
pub const fn row<C: Copy>(
    case: C,
    theirs: (&'static str, i32),
    ours: (&'static str, i32),
    why: &'static str,
) -> Difference<C> {
    Difference {
        case,
        theirs,
        ours,
        why,
    }
}
