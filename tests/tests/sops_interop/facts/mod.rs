//! What is known of the format, row by row, and the rows of the grammar that stand for it.

mod flat;
mod yaml;

use std::collections::{BTreeMap, BTreeSet};

use crate::trial::Verdict;

pub(crate) use flat::{BINARY, DOTENV, INI, JSON};
pub(crate) use yaml::YAML;

/// A row of the facts: its section, what it says, and the rows of the grammar, each of which must have come.
pub(crate) type Fact = (&'static str, &'static str, &'static [&'static str]);

/// How many files went both ways with each row of the grammar, or were refused by both.
#[derive(Default)]
pub(crate) struct Coverage {
    compared: BTreeMap<&'static str, usize>,
    refused: BTreeMap<&'static str, usize>,
}

impl Coverage {
    /// Rows that must not stay empty.
    pub(crate) fn know(&mut self, rows: impl Iterator<Item = &'static str>) {
        for row in rows {
            self.compared.entry(row).or_default();
        }
    }

    /// Those that are, so far.
    pub(crate) fn empty(&self) -> Vec<&'static str> {
        let rows = self.compared.keys().copied();
        rows.filter(|row| self.files(row) == 0).collect()
    }

    pub(crate) fn count(&mut self, verdict: Verdict, rows: &BTreeSet<&'static str>) {
        let counts = match verdict {
            Verdict::Compared => &mut self.compared,
            Verdict::Refused => &mut self.refused,
            Verdict::Beside => return,
        };
        for row in rows {
            *counts.entry(row).or_default() += 1;
        }
    }

    /// Prints all of it; no fact, and no row of the grammar, is without a file.
    pub(crate) fn tell(&self, name: &str, facts: &[Fact]) {
        let mut empty = Vec::new();
        for (section, what, rows) in facts {
            let least = rows.iter().map(|row| self.files(row)).min().unwrap_or(0);
            let all: usize = rows.iter().map(|row| self.files(row)).sum();
            eprintln!("{name}: {section} {what}: {all}, at least {least}");
            if least == 0 {
                empty.push(*what);
            }
        }
        let rows: Vec<_> = self
            .compared
            .keys()
            .map(|row| format!("{row}: {}", self.files(row)))
            .collect();
        eprintln!("{name}: {}", rows.join("; "));
        empty.extend(self.empty());
        assert!(empty.is_empty(), "rows that no file covered: {empty:?}");
    }

    fn files(&self, row: &str) -> usize {
        let counts = match row.starts_with("refused") {
            true => &self.refused,
            false => &self.compared,
        };
        counts.get(row).copied().unwrap_or(0)
    }
}
