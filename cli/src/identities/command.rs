//! Commands that print a key: `SOPS_AGE_KEY_CMD` and `SOPS_AGE_SSH_PRIVATE_KEY_CMD`.

use std::io::{self, Read as _};
use std::process::{Command, Stdio};

use bulla_core::recipient::IDENTITY_FILE_BYTES_MAX;
use zeroize::Zeroizing;

/// A command in a variable of the user's, and what it was run for already.
#[derive(Debug)]
pub(super) struct KeyCommand {
    /// The variable.
    pub(super) variable: &'static str,
    words: String,
    /// It is told which recipient a key is wanted for.
    pub(super) by_recipient: bool,
}

/// Why a command gives no key.
#[derive(Debug, thiserror::Error)]
pub(super) enum CommandError {
    #[error("it can't be split into words: a quote is not closed, or it is empty")]
    Words,
    #[error("its program could not be run")]
    Run(#[source] io::Error),
    #[error("its program failed{0}")]
    Failed(String),
    #[error("its program printed more than any file of keys has")]
    TooLarge,
}

impl KeyCommand {
    pub(super) fn new(variable: &'static str, words: String, by_recipient: bool) -> Self {
        Self {
            variable,
            words,
            by_recipient,
        }
    }

    /// Runs it, without a shell. What it says on standard error is for the user.
    pub(super) fn run(&self, recipient: Option<&str>) -> Result<Zeroizing<Vec<u8>>, CommandError> {
        let words = shlex::split(&self.words).ok_or(CommandError::Words)?;
        let (program, arguments) = words.split_first().ok_or(CommandError::Words)?;
        let mut command = Command::new(program);
        command.args(arguments).env_remove(RECIPIENT);
        if let Some(recipient) = recipient {
            command.env(RECIPIENT, recipient);
        }
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(CommandError::Run)?;
        let limit = IDENTITY_FILE_BYTES_MAX as u64 + 1;
        let mut text = Zeroizing::new(Vec::with_capacity(USUAL_BYTES));
        let read = match child.stdout.take() {
            Some(output) => output.take(limit).read_to_end(&mut text),
            None => Ok(0),
        };
        if read.is_err() || text.len() > IDENTITY_FILE_BYTES_MAX {
            let _ = child.kill();
            let _ = child.wait();
            return Err(CommandError::TooLarge);
        }
        let status = child.wait().map_err(CommandError::Run)?;
        match status.success() {
            true => Ok(text),
            false => {
                let code = status.code().map(|code| format!(": it ended with {code}"));
                Err(CommandError::Failed(code.unwrap_or_default()))
            }
        }
    }
}

const RECIPIENT: &str = "SOPS_AGE_RECIPIENT";
const USUAL_BYTES: usize = 16 * 1024;
