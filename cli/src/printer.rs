//! Standard output is data, standard error is talk.

use std::cell::Cell;
use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::path::Path;

use anstream::stderr;
use clap::builder::styling::AnsiColor;

use crate::failure::Failure;
use crate::located::InFile;

/// Where a command writes to.
#[derive(Debug, Default)]
pub(crate) struct Printer {
    quiet: bool,
    /// The reader of standard output has gone; what else is written has nobody to go to.
    closed: Cell<bool>,
}

impl Printer {
    /// A printer that says nothing but warnings and errors when it is `quiet`.
    pub(crate) fn new(quiet: bool) -> Self {
        Self {
            quiet,
            closed: Cell::new(false),
        }
    }

    /// Writes data to standard output, byte for byte. A reader that has closed it is no error: the
    /// rest is dropped, and the command ends with the status that it would have had.
    pub(crate) fn data(&self, bytes: &[u8]) -> Result<(), Failure> {
        if self.closed.get() {
            return Ok(());
        }
        let mut out = io::stdout().lock();
        match out.write_all(bytes).and_then(|()| out.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.closed.set(true);
                Ok(())
            }
            Err(error) => Err(InFile::io("write to", Path::new("standard output"), error).into()),
            Ok(()) => Ok(()),
        }
    }

    /// Says what was done.
    pub(crate) fn say(&self, text: impl fmt::Display) {
        if !self.quiet {
            // Whole lines, so that each takes one write.
            let _ = stderr().lock().write_all(format!("{text}\n").as_bytes());
        }
    }

    /// Says what somebody should know even when nothing else is said.
    pub(crate) fn warn(&self, text: impl fmt::Display) {
        let yellow = AnsiColor::Yellow.on_default().bold();
        let _ = writeln!(stderr().lock(), "{yellow}warning{yellow:#}: {text}");
    }

    /// Whether talk is wanted.
    pub(crate) fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Whether standard output is a terminal, where plaintext is shown only when asked for.
    pub(crate) fn to_terminal(&self) -> bool {
        io::stdout().is_terminal()
    }
}
