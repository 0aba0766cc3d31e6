//! Errors as a person reads them: what went wrong, why, and what helps.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::io::Write;

use anstream::stderr;
use bulla_core::envelope::{EnvelopeError, OpenError, SealError};
use bulla_core::names::NameError;
use bulla_core::reason::Reason;
use bulla_core::template::TemplateError;
use clap::builder::styling::{AnsiColor, Style};

use crate::exit::{Blame, ExitStatus};
use crate::located::InObject;

/// An error that a command can end with: it knows who is to blame and what helps.
///
/// Its text and the texts of its sources name files, places and keys, never a value.
pub(crate) trait Fault: Error + Send + Sync + 'static {
    /// Who has to act; the exit code follows from it.
    fn blame(&self) -> Blame;

    /// The command or the change that helps.
    fn hint(&self) -> Option<Cow<'static, str>> {
        None
    }
}

/// What a command ends with when it does not succeed: one error, or one for each file.
#[derive(Debug)]
pub(crate) struct Failure(Vec<Box<dyn Fault>>);

impl Failure {
    /// Joins the failures of several inputs; nothing when there are none.
    pub(crate) fn all(failures: Vec<Self>) -> Result<(), Self> {
        let faults: Vec<_> = failures.into_iter().flat_map(|failure| failure.0).collect();
        if faults.is_empty() {
            Ok(())
        } else {
            Err(Self(faults))
        }
    }

    /// Says of which object of a file this is.
    pub(crate) fn inside(self, what: &str) -> Self {
        let inside = |fault| Box::new(InObject::new(what.to_owned(), fault)) as Box<dyn Fault>;
        Self(self.0.into_iter().map(inside).collect())
    }

    /// The exit status: of several errors, the gravest.
    pub(crate) fn status(&self) -> ExitStatus {
        let statuses = self.0.iter().map(|fault| ExitStatus::from(fault.blame()));
        statuses.max().unwrap_or(ExitStatus::Usage)
    }

    /// The same, each error put into its place.
    pub(crate) fn located(self, place: impl Fn(Box<dyn Fault>) -> Self) -> Self {
        let faults = self.0.into_iter().flat_map(|fault| place(fault).0);
        Self(faults.collect())
    }

    /// All of it in one line, and what helps, for a report that goes on with the next file.
    pub(crate) fn in_one_line(&self) -> (String, Option<String>) {
        let chain = |fault: &dyn Fault| {
            let mut texts = vec![fault.to_string()];
            let mut cause = fault.source();
            while let Some(source) = cause {
                texts.push(source.to_string());
                cause = source.source();
            }
            texts.join(": ").replace('\n', "; ")
        };
        let texts: Vec<_> = self.0.iter().map(|fault| chain(fault.as_ref())).collect();
        let hint = self.0.iter().find_map(|fault| fault.hint());
        (texts.join("; "), hint.map(Cow::into_owned))
    }

    /// Writes it to standard error. A signal needs no words, and a closed standard error hears none.
    pub(crate) fn print(&self) {
        let spoken = self
            .0
            .iter()
            .filter(|fault| !matches!(fault.blame(), Blame::Signal(_)));
        for (nth, fault) in spoken.enumerate() {
            let mut out = stderr().lock();
            let _ = if nth > 0 { writeln!(out) } else { Ok(()) };
            let _ = write_fault(&mut out, fault.as_ref());
        }
    }
}

impl<F: Fault> From<F> for Failure {
    fn from(fault: F) -> Self {
        Self(vec![Box::new(fault)])
    }
}

fn write_fault(out: &mut impl Write, fault: &dyn Fault) -> std::io::Result<()> {
    let (red, cyan) = (
        AnsiColor::Red.on_default().bold(),
        AnsiColor::Cyan.on_default().bold(),
    );
    writeln!(out, "{red}error{red:#}: {}", Indented(fault))?;
    let mut source = fault.source();
    while let Some(cause) = source {
        writeln!(
            out,
            "  {}caused by{:#}: {}",
            Style::new().bold(),
            Style::new().bold(),
            Indented(cause)
        )?;
        source = cause.source();
    }
    match fault.hint() {
        Some(hint) => writeln!(out, "\n{cyan}hint{cyan:#}: {hint}"),
        None => Ok(()),
    }
}

/// A message of several lines keeps to its place.
struct Indented<'a, E: ?Sized>(&'a E);

impl<E: Error + ?Sized> fmt::Display for Indented<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.to_string().replace('\n', "\n    ").trim_end())
    }
}

/// For too many data keys: each `set` without a private key adds one.
const RESEAL: &str =
    "`bulla reseal FILE` closes all values with one data key; it takes a private key";

impl Fault for EnvelopeError {
    fn blame(&self) -> Blame {
        self.reason().into()
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        Some(match self {
            _ if self.is_too_many_data_keys() => RESEAL.into(),
            _ => self.reason().hint().into(),
        })
    }
}

impl Fault for OpenError {
    fn blame(&self) -> Blame {
        self.reason().into()
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        Some(self.reason().hint().into())
    }
}

impl Fault for SealError {
    fn blame(&self) -> Blame {
        self.reason().into()
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        match self {
            Self::NoRecipients => Some("name somebody to close for: `--for NAME`".into()),
            Self::Close { .. } => None,
            Self::Envelope(error) => error.hint(),
            _ => Some(self.reason().hint().into()),
        }
    }
}

impl Fault for NameError {
    fn blame(&self) -> Blame {
        Blame::Input
    }
}

impl Fault for TemplateError {
    fn blame(&self) -> Blame {
        Reason::TemplateError.into()
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        Some(Reason::TemplateError.hint().into())
    }
}
