//! Questions on the terminal: passphrases of key files, and what plug-ins ask.

use std::fs::OpenOptions;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};

use zeroize::Zeroizing;

use crate::hidden_prompt::HiddenPrompt;
use crate::interrupt::Deferred;

/// Nobody answered.
#[derive(Debug, thiserror::Error)]
#[error("there is no terminal to ask on, or nothing was entered")]
pub(crate) struct NoAnswer;

/// Asks without showing what is typed.
pub(crate) fn hidden(question: &str) -> Result<Zeroizing<String>, NoAnswer> {
    let deferred = Deferred::begin().map_err(|_| NoAnswer)?;
    let mut prompt = HiddenPrompt::new(&deferred).map_err(|_| NoAnswer)?;
    let line = prompt.ask(question).map_err(|_| NoAnswer)?;
    let text = std::str::from_utf8(&line).map_err(|_| NoAnswer)?;
    Ok(Zeroizing::new(text.to_owned()))
}

/// Asks for what is no secret.
pub(crate) fn visible(question: &str) -> Result<String, NoAnswer> {
    let ask = || -> io::Result<String> {
        let mut terminal = OpenOptions::new().read(true).write(true).open("/dev/tty")?;
        terminal.write_all(question.as_bytes())?;
        let mut line = String::new();
        BufReader::new(terminal.take(ANSWER_BYTES_MAX)).read_line(&mut line)?;
        Ok(line.trim_end_matches(['\n', '\r']).to_owned())
    };
    ask().map_err(|_| NoAnswer)
}

const ANSWER_BYTES_MAX: u64 = 4096;
