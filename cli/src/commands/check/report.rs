//! Findings as people and programs read them.

use bulla_core::policy::check::{Finding, Severity};
use serde_json::{Value, json};

use crate::cli::{CheckArgs, ReportFormat};
use crate::exit::ExitStatus;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::report::{self, count};

/// What one run found.
pub(super) struct Report<'a> {
    args: &'a CheckArgs,
    /// The findings, by file.
    pub(super) findings: Vec<Finding>,
    /// Files that were passed over, and why.
    pub(super) skipped: Vec<(String, &'static str)>,
    /// How many files were looked at.
    pub(super) files: usize,
    /// How many of them hold Secrets or envelopes.
    pub(super) concerned: usize,
}

impl<'a> Report<'a> {
    pub(super) fn new(args: &'a CheckArgs) -> Self {
        Self {
            args,
            findings: vec![],
            skipped: vec![],
            files: 0,
            concerned: 0,
        }
    }

    /// Writes findings to standard output, and says on standard error what they come to.
    pub(super) fn print(&self, printer: &Printer) -> Result<ExitStatus, Failure> {
        match self.args.output {
            ReportFormat::Json => printer.data(report::json(&self.json()).as_bytes())?,
            ReportFormat::Text => {
                printer.data(self.text().as_bytes())?;
                printer.say(self.summary());
                if self.args.staged && self.errors() > 0 {
                    printer.say(
                        "what is staged was looked at: `git add` a file again once it is mended",
                    );
                }
            }
        }
        Ok(if self.errors() > 0 {
            ExitStatus::Findings
        } else {
            ExitStatus::Done
        })
    }

    fn errors(&self) -> usize {
        self.findings
            .iter()
            .filter(|finding| finding.severity() == Severity::Error)
            .count()
    }

    fn text(&self) -> String {
        let shown = |finding: &&Finding| self.args.verbose || finding.severity() == Severity::Error;
        let shown: Vec<_> = self.findings.iter().filter(shown).collect();
        let mut text = String::new();
        for (nth, finding) in shown.iter().enumerate() {
            let place = finding
                .place
                .map(|place| format!(":{}:{}", place.line, place.column));
            let (path, place) = (path(finding), place.unwrap_or_default());
            let kind = format!("{}[{}]", finding.severity(), finding.kind);
            text += &format!("{path}{place}: {kind}: {}\n", finding.message);
            // What mends several findings in a row is said once.
            let next = shown.get(nth + 1);
            if next.is_none_or(|next| next.hint != finding.hint || next.path != finding.path) {
                text += &format!("  hint: {}\n", finding.hint);
            }
        }
        if self.args.verbose {
            for (path, why) in &self.skipped {
                text += &format!("{}: passed over: {why}\n", escaped(path));
            }
        }
        text
    }

    fn summary(&self) -> String {
        let looked = format!(
            "{} looked at, {} of them with Secrets or envelopes",
            count(self.files, "file"),
            self.concerned
        );
        let notes = self.findings.len() - self.errors();
        let mut more = Vec::new();
        if notes > 0 {
            more.push(count(notes, "note"));
        }
        if !self.skipped.is_empty() {
            more.push(format!("{} passed over", count(self.skipped.len(), "file")));
        }
        let more = match (more.is_empty(), self.args.verbose) {
            (true, _) => String::new(),
            (false, true) => format!("; {}", more.join(", ")),
            (false, false) => format!("; {} (-v shows them)", more.join(", ")),
        };
        match self.errors() {
            0 => format!("no findings: {looked}{more}"),
            errors => format!("{}: {looked}{more}", count(errors, "finding")),
        }
    }

    fn json(&self) -> Value {
        let finding = |finding: &Finding| {
            json!({
                "rule": finding.kind.as_str(),
                "severity": finding.severity().as_str(),
                "path": finding.path,
                "document": finding.place.map(|place| place.document),
                "line": finding.place.map(|place| place.line),
                "column": finding.place.map(|place| place.column),
                "key": finding.key,
                "message": finding.message,
                "hint": finding.hint,
            })
        };
        let skipped = |(path, why): &(String, &str)| json!({"path": path, "reason": why});
        json!({
            "findings": self.findings.iter().map(finding).collect::<Vec<_>>(),
            "skipped": self.skipped.iter().map(skipped).collect::<Vec<_>>(),
            "files": self.files,
            "concerned": self.concerned,
        })
    }
}

fn path(finding: &Finding) -> String {
    match finding.path.as_str() {
        "-" => "standard input".to_owned(),
        path => escaped(path),
    }
}

fn escaped(path: &str) -> String {
    path.chars()
        .flat_map(|c| {
            if c.is_control() {
                c.escape_debug().collect()
            } else {
                vec![c]
            }
        })
        .collect()
}
