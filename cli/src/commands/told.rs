//! What the grammar answers: help, the version, or what is wrong with the command line.
//!
//! Clap repeats what it does not understand. To commands that values are given to, that may be a value: there only
//! words of the grammar are repeated.

use std::borrow::Cow;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::exit::{Blame, ExitStatus};
use crate::failure::{Failure, Fault};
use crate::invocation::Invocation;

/// Prints clap's answer: help and version to standard output, complaints to standard error.
pub(super) fn told(invocation: &Invocation, error: &clap::Error) -> Result<ExitStatus, Failure> {
    if let Some(command) = takes_values(invocation)
        && repeats_words(error)
    {
        return Err(Unsaid::new(command, error).into());
    }
    let _ = error.print();
    Ok(if error.use_stderr() {
        ExitStatus::Usage
    } else {
        ExitStatus::Done
    })
}

/// The complaint about a command line of `kubeseal`, where clap would repeat what could be a token or a value.
pub(crate) fn of_kubeseal(error: &clap::Error) -> Option<Failure> {
    (repeats_words(error) && !names_a_flag(error)).then(|| Unsaid::new("kubeseal", error).into())
}

/// True where the only word that is repeated is a flag that nobody knows, spelt as flags are.
fn names_a_flag(error: &clap::Error) -> bool {
    let is_flag = |word: &str| {
        let name = word.trim_start_matches('-');
        name.len() < word.len()
            && name.len() <= 32
            && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
    };
    error.kind() == ErrorKind::UnknownArgument
        && matches!(error.get(ContextKind::InvalidArg), Some(ContextValue::String(word)) if is_flag(word))
}

/// A command line that is wrong, without the words that are.
#[derive(Debug, thiserror::Error)]
enum Unsaid {
    #[error("there is an argument that `bulla {command}` does not know")]
    Argument {
        command: &'static str,
        similar: Option<String>,
    },
    #[error("`{argument}` does not take what it is given")]
    Value {
        command: &'static str,
        argument: String,
    },
    #[error("the command line is not one of `bulla {0}`")]
    Other(&'static str),
}

impl Unsaid {
    fn new(command: &'static str, error: &clap::Error) -> Self {
        let of_grammar = |kind| match error.get(kind) {
            Some(ContextValue::String(text)) => Some(text.clone()),
            _ => None,
        };
        match error.kind() {
            ErrorKind::UnknownArgument => Self::Argument {
                command,
                similar: of_grammar(ContextKind::SuggestedArg),
            },
            ErrorKind::InvalidValue | ErrorKind::ValueValidation | ErrorKind::TooManyValues => {
                match of_grammar(ContextKind::InvalidArg) {
                    Some(argument) => Self::Value { command, argument },
                    None => Self::Other(command),
                }
            }
            _ => Self::Other(command),
        }
    }

    fn command(&self) -> &'static str {
        match self {
            Self::Argument { command, .. } | Self::Value { command, .. } | Self::Other(command) => {
                command
            }
        }
    }
}

/// The command that is given values on this line, wherever its word stands: a flag before it may be wrong.
fn takes_values(invocation: &Invocation) -> Option<&'static str> {
    let has = |wanted: fn(&str) -> bool| {
        let mut words = invocation.arguments.iter();
        words.any(|word| wanted(&word.to_string_lossy()))
    };
    // `--from-literal`, also with a typing error in it.
    let literal = |word: &str| word.contains("literal") || word.starts_with("--from-l");
    let pair = |word: &str| !word.starts_with('-') && word.contains('=');
    if has(|word| word == "set") {
        Some("set")
    } else if has(literal) || (has(|word| word == "seal") && has(pair)) {
        Some("seal")
    } else {
        None
    }
}

/// False for answers that are made of the grammar's own words.
fn repeats_words(error: &clap::Error) -> bool {
    match error.kind() {
        ErrorKind::DisplayHelp
        | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
        | ErrorKind::DisplayVersion
        | ErrorKind::MissingRequiredArgument
        | ErrorKind::MissingSubcommand
        | ErrorKind::ArgumentConflict => false,
        // Without a value there is none to repeat.
        ErrorKind::InvalidValue => {
            !matches!(error.get(ContextKind::InvalidValue), Some(ContextValue::String(value)) if value.is_empty())
        }
        _ => true,
    }
}

impl Fault for Unsaid {
    fn blame(&self) -> Blame {
        Blame::Caller
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        let command = self.command();
        let similar = match self {
            Self::Argument {
                similar: Some(similar),
                ..
            } => format!("perhaps `{similar}` is meant; "),
            _ => String::new(),
        };
        let values = match (command, self) {
            ("set", Self::Argument { .. }) => {
                "; a value that begins with `-` goes into a pipe, a file or `--literal`"
            }
            _ => "; what is wrong is not repeated, because it could be a secret value",
        };
        Some(format!("{similar}`bulla {command} --help` lists the arguments{values}").into())
    }
}
