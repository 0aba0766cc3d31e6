//! Where our `sops` differs on purpose: the table in docs/sops-differences.md is made of this one.

mod changes;
mod command_line;
mod files;
mod layout;
mod reading;

use bulla_tests::difference;
use bulla_tests::difference::row;

use super::case::Case;

pub(crate) type Difference = difference::Difference<Case>;

/// All of them, by what they are about.
pub(crate) const DIFFERENCES: [&[Difference]; 5] = [
    command_line::ROWS,
    files::ROWS,
    changes::ROWS,
    layout::ROWS,
    reading::ROWS,
];
