//! A new value from whoever has it: a pipe, a file, a hidden prompt, or the command line when asked for by name.

use std::borrow::Cow;
use std::io::{self, IsTerminal};
use std::path::Path;

use bulla_core::envelope::MAX_VALUE_BYTES;
use bulla_core::plaintext::Plaintext;

use crate::exit::Blame;
use crate::failure::{Failure, Fault};
use crate::hidden_prompt::HiddenPrompt;
use crate::input;
use crate::interrupt::Deferred;
use crate::printer::Printer;

/// Where a value comes from.
pub(crate) enum ValueSource<'a> {
    /// The command line.
    Literal(&'a str),
    /// A file, or standard input for `-`.
    File(&'a Path),
    /// Standard input when something is piped in, or else a prompt.
    Ask,
}

/// No value was had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ValueError {
    /// The two entries differ.
    #[error("the two entries differ")]
    Mismatch,
    /// Nothing was typed, or came out of the pipe.
    #[error("no value was entered")]
    Nothing,
    /// The terminal can't be asked.
    #[error("failed to ask for the value")]
    Prompt(#[source] io::Error),
}

impl ValueSource<'_> {
    /// Reads the value; with `trim`, without one newline at its end.
    ///
    /// # Errors
    /// [`ValueError`], a file that can't be read, a signal.
    pub(crate) fn read(
        &self,
        key: &str,
        trim: bool,
        printer: &Printer,
    ) -> Result<Plaintext, Failure> {
        let path = match self {
            Self::Literal(text) => return Ok(text.as_bytes().into()),
            Self::Ask if io::stdin().is_terminal() => return prompt(key),
            Self::Ask => Path::new("-"),
            Self::File(path) => path,
        };
        let bytes = input::read(path, MAX_VALUE_BYTES)?.bytes;
        let asked = matches!(self, Self::Ask);
        let untrimmed = bytes
            .strip_suffix(b"\n")
            .map(|rest| rest.strip_suffix(b"\r").unwrap_or(rest));
        match untrimmed {
            // A program that failed writes nothing into its pipe: that empties no secret.
            Some([]) if trim && asked => return Err(ValueError::Nothing.into()),
            None if asked && bytes.is_empty() => return Err(ValueError::Nothing.into()),
            Some(rest) if trim => return Ok(rest.into()),
            Some(rest) if !rest.contains(&b'\n') => {
                printer.say(
                    "note: the newline at its end is part of the value; `--trim-newline` drops it",
                );
            }
            _ => {}
        }
        Ok(bytes.as_slice().into())
    }
}

/// Asks twice, without showing what is typed. However it ends, the terminal is as it was.
fn prompt(key: &str) -> Result<Plaintext, Failure> {
    let deferred = Deferred::begin().map_err(ValueError::Prompt)?;
    let mut prompt = HiddenPrompt::new(&deferred).map_err(ValueError::Prompt)?;
    let first = prompt.ask(&format!("Value of {key}: "))?;
    if first.is_empty() {
        return Err(ValueError::Nothing.into());
    }
    let second = prompt.ask("The same again: ")?;
    if *first != *second {
        return Err(ValueError::Mismatch.into());
    }
    Ok(first.as_slice().into())
}

impl Fault for ValueError {
    fn blame(&self) -> Blame {
        match self {
            Self::Prompt(_) => Blame::Machine,
            _ => Blame::Caller,
        }
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(match self {
            Self::Mismatch => "nothing was changed: try again",
            Self::Nothing => "an empty value must be meant: `--literal ''`",
            Self::Prompt(_) => "pipe the value in, or name a file: `--from-file FILE`",
        }))
    }
}
