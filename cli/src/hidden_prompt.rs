//! Asks on the terminal without showing what is typed.
//!
//! The terminal stops echoing before the question is there, so that nothing typed in answer to it
//! shows. It reads by characters: a terminal that reads by lines silently cuts them at 4095 bytes,
//! and many tokens are longer.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
};
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::interrupt::Deferred;
use crate::value_source::ValueError;

/// The terminal of this program, not echoing; as it was before once this is dropped.
pub(crate) struct HiddenPrompt<'a> {
    terminal: File,
    before: Termios,
    deferred: &'a Deferred,
}

impl<'a> HiddenPrompt<'a> {
    /// Stops the echo, and drops what was typed too early.
    pub(crate) fn new(deferred: &'a Deferred) -> io::Result<Self> {
        let terminal = OpenOptions::new().read(true).write(true).open("/dev/tty")?;
        let before = tcgetattr(&terminal)?;
        let mut hidden = before.clone();
        // Ctrl-C still interrupts. Ctrl-Z does not: the shell would get a terminal without echo.
        hidden.local_modes &= !(LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ICANON);
        hidden.special_codes[SpecialCodeIndex::VSUSP] = 0;
        hidden.special_codes[SpecialCodeIndex::VMIN] = 1;
        hidden.special_codes[SpecialCodeIndex::VTIME] = 0;
        tcsetattr(&terminal, OptionalActions::Flush, &hidden)?;
        Ok(Self {
            terminal,
            before,
            deferred,
        })
    }

    /// Asks for one line.
    ///
    /// # Errors
    /// A terminal that is gone, a signal, an end of input.
    pub(crate) fn ask(&mut self, question: &str) -> Result<Zeroizing<Vec<u8>>, Failure> {
        self.terminal
            .write_all(question.as_bytes())
            .map_err(ValueError::Prompt)?;
        let mut line = Zeroizing::new(Vec::with_capacity(USUAL_BYTES));
        loop {
            match self.byte()? {
                b'\n' | b'\r' => break,
                BACKSPACE | DELETE => erase_character(&mut line),
                CTRL_U => line.clear(),
                CTRL_D if line.is_empty() => return Err(ValueError::Nothing.into()),
                byte => line.push(byte),
            }
        }
        self.terminal.write_all(b"\n").map_err(ValueError::Prompt)?;
        Ok(line)
    }

    fn byte(&mut self) -> Result<u8, Failure> {
        loop {
            self.deferred.check()?;
            let mut ready = [PollFd::new(&self.terminal, PollFlags::IN)];
            // A signal wakes it, or else it looks again soon.
            if !poll(&mut ready, Some(&TICK)).is_ok_and(|count| count > 0) {
                continue;
            }
            let mut byte = [0];
            match self.terminal.read(&mut byte) {
                Ok(1) => return Ok(byte[0]),
                Ok(_) => return Err(ValueError::Nothing.into()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(ValueError::Prompt(error).into()),
            }
        }
    }
}

impl Drop for HiddenPrompt<'_> {
    fn drop(&mut self) {
        let _ = tcsetattr(&self.terminal, OptionalActions::Now, &self.before);
    }
}

/// A character may be several bytes; those after the first begin with the bits `10`.
fn erase_character(line: &mut Vec<u8>) {
    while line.pop().is_some_and(|byte| byte & 0xc0 == 0x80) {}
}

const BACKSPACE: u8 = 0x08;
const DELETE: u8 = 0x7f;
const CTRL_U: u8 = 0x15;
const CTRL_D: u8 = 0x04;
const USUAL_BYTES: usize = 16 << 10;
const TICK: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 200_000_000,
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backspace_takes_a_whole_character() {
        let mut line = "aä€".as_bytes().to_vec();
        for expected in ["aä", "a", "", ""] {
            erase_character(&mut line);
            assert_eq!(line, expected.as_bytes());
        }
    }
}
