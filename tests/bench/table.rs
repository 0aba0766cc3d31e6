//! The table that a run prints.

use std::fmt;

/// Rows of work, what must be reached, what was measured.
#[derive(Default)]
pub(crate) struct Table(Vec<Row>);

struct Row {
    work: String,
    measured: String,
    required: String,
    reached: Option<bool>,
}

impl Table {
    /// Adds a figure that has a goal.
    pub(crate) fn goal(&mut self, work: &str, measured: String, required: &str, reached: bool) {
        self.push(work, measured, required, Some(reached));
    }

    /// Adds a figure to compare with.
    pub(crate) fn beside(&mut self, work: &str, measured: String) {
        self.push(work, measured, "", None);
    }

    fn push(&mut self, work: &str, measured: String, required: &str, reached: Option<bool>) {
        self.0.push(Row {
            work: work.to_owned(),
            measured,
            required: required.to_owned(),
            reached,
        });
    }

    /// True when every goal was reached.
    pub(crate) fn reached(&self) -> bool {
        self.0.iter().all(|row| row.reached != Some(false))
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| Work | Measured | Must reach | |\n|---|---|---|---|")?;
        for Row {
            work,
            measured,
            required,
            reached,
        } in &self.0
        {
            let mark = match reached {
                Some(true) => "reached",
                Some(false) => "**missed**",
                None => "",
            };
            writeln!(f, "| {work} | {measured} | {required} | {mark} |")?;
        }
        Ok(())
    }
}
