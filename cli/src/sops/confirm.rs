//! Asking as sops asks: on standard output, for a word on standard input.

use std::io::{self, BufRead};

use super::error::{CommandError, Ended};
use crate::printer::Printer;

/// True for `y`, false for `n`; anything else is asked again, and the end of the input is an error.
pub(super) fn ask(question: &str, printer: &Printer) -> Result<bool, Ended> {
    let mut input = io::stdin().lock();
    loop {
        printer.data(question.as_bytes())?;
        let mut answer = String::new();
        let read = input.read_line(&mut answer).unwrap_or(0);
        match answer.trim() {
            "y" => return Ok(true),
            "n" => return Ok(false),
            _ if read == 0 => return Err(CommandError::NotConfirmed.into()),
            _ => {}
        }
    }
}
