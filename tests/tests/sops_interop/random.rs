//! Chance with a seed, and the rows of the grammar that it went through.

use std::collections::{BTreeMap, BTreeSet};

/// xorshift64*, and a count of each row.
pub(crate) struct Random {
    state: u64,
    rows: BTreeMap<&'static str, usize>,
    /// Those of the file that is being made.
    file: BTreeSet<&'static str>,
    /// How many files there are so far.
    files: usize,
}

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            state: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
            rows: BTreeMap::new(),
            file: BTreeSet::new(),
            files: 0,
        }
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        let high = self.state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(high).unwrap() % limit
    }

    /// True in one of `of` cases.
    pub(crate) fn one_in(&mut self, of: usize) -> bool {
        self.below(of) == 0
    }

    /// True for each file of so many.
    pub(crate) fn each(&self, of: usize) -> bool {
        self.files % of == of - 1
    }

    /// Like [`Random::one_in`], more often while the row came seldom; a yes covers it.
    pub(crate) fn chance(&mut self, row: &'static str, of: usize) -> bool {
        let seldom = self.count(row) < FEW;
        let yes = self.one_in(if seldom { of.min(4) } else { of });
        self.rows.entry(row).or_default();
        if yes {
            self.cover(row);
        }
        yes
    }

    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    /// One of the texts, each with the row that it covers.
    pub(crate) fn row(&mut self, from: &[(&'static str, &'static str)]) -> &'static str {
        for (row, _) in from {
            self.rows.entry(row).or_default();
        }
        // What came least comes first, so that no row stays empty.
        let least = from
            .iter()
            .map(|(row, _)| self.count(row))
            .min()
            .unwrap_or(0);
        let few: Vec<_> = from
            .iter()
            .filter(|(row, _)| self.count(row) == least)
            .collect();
        let (row, text) = match least == 0 || self.one_in(2) {
            true => *few[self.below(few.len())],
            false => from[self.below(from.len())],
        };
        self.cover(row);
        text
    }

    pub(crate) fn cover(&mut self, row: &'static str) {
        *self.rows.entry(row).or_default() += 1;
        self.file.insert(row);
    }

    /// What the file that was made just now covers.
    pub(crate) fn take_file(&mut self) -> BTreeSet<&'static str> {
        self.files += 1;
        std::mem::take(&mut self.file)
    }

    /// Takes these rows for ones that never came.
    pub(crate) fn prefer(&mut self, rows: &[&'static str]) {
        for row in rows {
            self.rows.insert(row, 0);
        }
    }

    /// All rows that were ever asked for.
    pub(crate) fn all(&self) -> impl Iterator<Item = &'static str> {
        self.rows.keys().copied()
    }

    fn count(&self, row: &str) -> usize {
        self.rows.get(row).copied().unwrap_or(0)
    }
}

/// So often a row comes before it is left to chance.
const FEW: usize = 4;
