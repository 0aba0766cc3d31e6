//! A bar on the terminal while many files are worked on.

use std::io::{self, IsTerminal};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::printer::Printer;

/// Counts files; shown for many of them, on a terminal, and not to a quiet caller.
pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// Begins at nothing. It starts no thread: the bar moves when a file is done.
    pub(crate) fn new(doing: &'static str, files: usize, printer: &Printer) -> Self {
        if files < SHOWN_FROM || printer.is_quiet() || !io::stderr().is_terminal() {
            return Self(ProgressBar::hidden());
        }
        let style = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len}");
        let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = ProgressBar::with_draw_target(Some(files as u64), ProgressDrawTarget::stderr());
        Self(bar.with_style(style).with_message(doing))
    }

    /// One file more.
    pub(crate) fn step(&self) {
        self.0.inc(1);
    }

    /// Takes the bar away.
    pub(crate) fn finish(&self) {
        self.0.finish_and_clear();
    }
}

const SHOWN_FROM: usize = 20;
