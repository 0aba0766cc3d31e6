//! `sops exec-file`: a command that reads the decrypted file under a name, from a pipe or from memory.

use std::ffi::{OsStr, OsString};
use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Component, Path, PathBuf};
use std::sync::mpsc;
use std::thread;

use bulla_core::plaintext::Plaintext;
use rustix::fs::{CWD, Mode, mkfifoat};

use super::error::{CommandError, Ended};
use super::grammar::Flag;
use super::line::Line;
use super::source::Source;
use super::{child, decrypt, user};
use crate::interrupt::Deferred;
use crate::printer::Printer;
use crate::scratch::Scratch;

/// Carries it out. However it ends, pipe and file are gone afterwards.
pub(super) fn run(line: &Line, printer: &Printer) -> Result<(), Ended> {
    let [file, command] = &line.words[..] else {
        return Err(CommandError::NothingToRun.into());
    };
    let background = line.has(Flag::Background);
    if background && line.has(Flag::NoFifo) {
        return Err(CommandError::BackgroundFile.into());
    }
    let name = local_name(line)?;
    let source = Source::of_file(line, PathBuf::from(file))?;
    let plaintext = decrypt::whole(line, &source, printer)?;
    let failed = |source| CommandError::Run {
        what: "the command",
        source,
    };
    let deferred = Deferred::begin().map_err(failed)?;
    // What is made from here on belongs to whom it is made for.
    user::become_named(line)?;
    let scratch = match line.has(Flag::NoFifo) {
        true => with_file(name, &plaintext),
        false => with_pipe(name),
    };
    let scratch = scratch.map_err(failed)?;
    let mut shell = child::shell(&filled_in(command, scratch.path()));
    let started = shell.spawn().map_err(failed)?;
    if line.has(Flag::NoFifo) {
        return child::wait(started, &deferred);
    }
    let served = serve(scratch.path(), plaintext);
    if background {
        printer.warn("--background is deprecated: the shell's `&` does the same");
        // Until the command has read it, or for ever if it never does: then a signal ends it.
        let mut started = started;
        while served.recv_timeout(TICK) == Err(mpsc::RecvTimeoutError::Timeout) {
            deferred.check().map_err(crate::failure::Failure::from)?;
            if started.try_wait().map_err(failed)?.is_some() {
                break;
            }
        }
        return Ok(());
    }
    child::wait(started, &deferred)
}

/// The name of the file, which must lead nowhere else.
fn local_name(line: &Line) -> Result<&OsStr, Ended> {
    let Some(name) = line.path(Flag::Filename) else {
        return Ok(OsStr::new("tmp-file"));
    };
    let mut parts = name.components();
    match (parts.next(), parts.next()) {
        (Some(Component::Normal(only)), None) => Ok(only),
        _ => Err(CommandError::NotLocal.into()),
    }
}

fn with_file(name: &OsStr, plaintext: &Plaintext) -> io::Result<Scratch> {
    let scratch = Scratch::new(name)?;
    // For the command alone: the directory can't be entered by anybody else.
    scratch.write(plaintext.reveal())?;
    Ok(scratch)
}

fn with_pipe(name: &OsStr) -> io::Result<Scratch> {
    let scratch = Scratch::empty(name)?;
    mkfifoat(CWD, scratch.path(), Mode::RUSR | Mode::WUSR)?;
    Ok(scratch)
}

/// Writes the plaintext to whoever opens the pipe first. A thread waits for that, and ends with the program.
fn serve(pipe: &Path, plaintext: Plaintext) -> mpsc::Receiver<()> {
    let (sender, receiver) = mpsc::channel();
    let pipe = pipe.to_owned();
    thread::spawn(move || {
        let reader = OpenOptions::new().write(true).open(&pipe);
        // A reader that stops early has read what it wanted.
        let _ = reader.and_then(|mut reader| reader.write_all(plaintext.reveal()));
        let _ = sender.send(());
    });
    receiver
}

/// The command with the path in the place of each `{}`.
fn filled_in(command: &OsStr, path: &Path) -> OsString {
    let command = command.as_bytes();
    let mut filled = Vec::with_capacity(command.len());
    let mut rest = command;
    while let Some(at) = rest.windows(2).position(|pair| pair == b"{}") {
        filled.extend_from_slice(&rest[..at]);
        filled.extend_from_slice(path.as_os_str().as_bytes());
        rest = &rest[at + 2..];
    }
    filled.extend_from_slice(rest);
    OsString::from_vec(filled)
}

const TICK: std::time::Duration = std::time::Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pair_of_braces_is_the_path() {
        let filled = filled_in(OsStr::new("a {} b {}{"), Path::new("/x/y"));
        assert_eq!(filled, "a /x/y b /x/y{");
    }
}
