//! One conversation with a plug-in, by the protocol of age: <https://c2sp.org/age-plugin>.
//!
//! A plug-in may be slow, since somebody has to touch a key; but it may not talk for ever, say nothing for ever, or
//! say what it likes on the terminal.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::env;
use std::io::{self, Write as _};
use std::process::{ChildStdout, ExitStatus};
use std::time::Duration;

use anstream::stderr;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use bulla_core::recipient::PluginName;
use zeroize::Zeroizing;

use super::allowed::config_file;
use super::program::Program;
use super::stanza::{Message, Messages, ReadError, encode};
use crate::exit::Blame;
use crate::failure::Fault;
use crate::identities::ask;

/// Why a plug-in did not do its work.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PluginError {
    /// The user has not allowed it.
    #[error("refusing to run plug-in `{0}`: your own configuration does not allow it")]
    NotAllowed(PluginName),
    /// The user's configuration can't be read.
    #[error("refusing to run plug-ins: {0}")]
    Config(String),
    /// It is not installed.
    #[error(
        "plug-in `{0}` is not installed: there is no `age-plugin-{0}` in the absolute directories of PATH"
    )]
    NotFound(PluginName),
    /// The system did not start it.
    #[error("failed to start `age-plugin-{0}`")]
    Start(PluginName, #[source] io::Error),
    /// It ended in mid-sentence.
    #[error("plug-in `{0}` ended before it was done{1}")]
    Ended(PluginName, String),
    /// It does not speak the protocol.
    #[error("plug-in `{0}` does not keep to the protocol of age's plug-ins")]
    Broken(PluginName),
    /// It says nothing.
    #[error("plug-in `{0}` has said nothing for {1} seconds")]
    Silent(PluginName, u64),
    /// It talks without end.
    #[error("plug-in `{0}` talks without coming to an end")]
    Endless(PluginName),
    /// It says that it failed.
    #[error("plug-in `{0}` failed: {1}")]
    Said(PluginName, String),
    /// Its pipe broke.
    #[error("failed to talk to plug-in `{0}`")]
    Talk(PluginName, #[source] io::Error),
}

/// What the user has answered to plug-ins in this process: a PIN is asked for once, not for every file.
#[derive(Default)]
pub(crate) struct Answers(HashMap<(PluginName, String), Zeroizing<String>>);

/// A plug-in that runs, and what was said so far.
pub(super) struct Session<'a> {
    name: PluginName,
    answers: &'a mut Answers,
    /// A question that comes twice in one conversation was answered wrongly.
    asked: HashSet<String>,
    program: Program,
    messages: Messages<ChildStdout>,
    patience: Duration,
    count: usize,
}

impl<'a> Session<'a> {
    pub(super) fn start(
        name: &PluginName,
        state_machine: &str,
        answers: &'a mut Answers,
    ) -> Result<Self, PluginError> {
        let mut program = Program::start(name, state_machine)?;
        let messages = Messages::new(program.take_output());
        Ok(Self {
            name: name.clone(),
            answers,
            asked: HashSet::new(),
            program,
            messages,
            patience: patience(),
            count: 0,
        })
    }

    pub(super) fn send(
        &mut self,
        kind: &str,
        arguments: &[&str],
        body: &[u8],
    ) -> Result<(), PluginError> {
        let text = encode(kind, arguments, body);
        let Some(input) = &mut self.program.input else {
            return Err(self.broken());
        };
        match input
            .write_all(text.as_bytes())
            .and_then(|()| input.flush())
        {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(self.ended()),
            Err(error) => Err(PluginError::Talk(self.name.clone(), error)),
        }
    }

    /// What it says next; `None` once it is done.
    pub(super) fn answer(&mut self) -> Result<Option<Message>, PluginError> {
        self.count += 1;
        if self.count > MESSAGES_MAX {
            return Err(PluginError::Endless(self.name.clone()));
        }
        let name = self.name.clone();
        let waiting = || {
            let _ = writeln!(stderr().lock(), "waiting for plug-in `{name}`…");
        };
        match self.messages.next(self.patience, waiting) {
            Ok(message) if message.kind == "done" => Ok(None),
            Ok(message) => Ok(Some(message)),
            Err(ReadError::Ended) => Err(self.ended()),
            Err(ReadError::Garbage) => Err(self.broken()),
            Err(ReadError::Silent) => Err(PluginError::Silent(
                self.name.clone(),
                self.patience.as_secs(),
            )),
            Err(ReadError::Io(error)) => Err(PluginError::Talk(self.name.clone(), error)),
        }
    }

    /// Deals with what every plug-in may say: a message, a question, an error.
    pub(super) fn other(&mut self, message: &Message) -> Result<(), PluginError> {
        let said = shown(&message.body);
        let asked = || format!("{}: {said} ", self.name);
        match message.kind.as_str() {
            "msg" => {
                let _ = writeln!(stderr().lock(), "{}: {said}", self.name);
                self.send("ok", &[], &[])
            }
            "request-secret" => match self.secret(&said) {
                Ok(answer) => self.send("ok", &[], answer.as_bytes()),
                Err(_) => self.send("fail", &[], &[]),
            },
            "request-public" => match ask::visible(&asked()) {
                Ok(answer) => self.send("ok", &[], answer.as_bytes()),
                Err(_) => self.send("fail", &[], &[]),
            },
            "confirm" => {
                let choices = self.choices(message)?;
                match ask::visible(&format!("{}[{}] ", asked(), choices.join("/"))) {
                    Ok(answer) => {
                        let yes = choices.first().is_some_and(|yes| answer.trim() == yes);
                        let word = if yes || choices.len() == 1 {
                            "yes"
                        } else {
                            "no"
                        };
                        self.send("ok", &[word], &[])
                    }
                    Err(_) => self.send("fail", &[], &[]),
                }
            }
            "error" => {
                let _ = self.send("ok", &[], &[]);
                Err(PluginError::Said(self.name.clone(), said))
            }
            _ => self.send("unsupported", &[], &[]),
        }
    }

    fn secret(&mut self, question: &str) -> Result<Zeroizing<String>, ask::NoAnswer> {
        let key = (self.name.clone(), question.to_owned());
        let first = self.asked.insert(question.to_owned());
        if let Some(known) = self.answers.0.get(&key).filter(|_| first) {
            return Ok(known.clone());
        }
        let answer = ask::hidden(&format!("{}: {question} ", self.name))?;
        self.answers.0.insert(key, answer.clone());
        Ok(answer)
    }

    /// The answers that it offers, in base64.
    fn choices(&self, message: &Message) -> Result<Vec<String>, PluginError> {
        let decode = |word: &String| BASE64_STANDARD_NO_PAD.decode(word).ok();
        let choices: Option<Vec<_>> = message.arguments.iter().map(decode).collect();
        match choices {
            Some(choices) if (1..=2).contains(&choices.len()) => {
                Ok(choices.iter().map(|choice| shown(choice)).collect())
            }
            _ => Err(self.broken()),
        }
    }

    pub(super) fn broken(&self) -> PluginError {
        PluginError::Broken(self.name.clone())
    }

    /// Lets it end by itself, for a moment; what it has said is enough.
    pub(super) fn end(mut self) {
        drop(self.program.input.take());
        self.messages.drain(ENDING);
    }

    fn ended(&mut self) -> PluginError {
        self.messages.drain(ENDING);
        let how = self.program.ended();
        let code = how.as_ref().and_then(ExitStatus::code);
        let how = code.map(|code| format!(" (exit code {code})"));
        PluginError::Ended(self.name.clone(), how.unwrap_or_default())
    }
}

/// What a plug-in says, as it can be shown: in one line, not too long, without control of the terminal.
fn shown(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    text.trim()
        .chars()
        .take(SHOWN_CHARACTERS)
        .map(plain)
        .collect()
}

fn patience() -> Duration {
    let named = env::var("BULLA_PLUGIN_TIMEOUT").ok();
    let seconds = named.and_then(|text| text.parse().ok());
    Duration::from_secs(
        seconds
            .filter(|seconds| (1..=3600).contains(seconds))
            .unwrap_or(PATIENCE),
    )
}

impl Fault for PluginError {
    fn blame(&self) -> Blame {
        match self {
            Self::NotAllowed(_) | Self::Config(_) => Blame::Policy,
            _ => Blame::Machine,
        }
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        Some(match self {
            Self::NotAllowed(name) => {
                let file = config_file().map_or_else(String::new, |file| {
                    let file = file.display().to_string();
                    format!(
                        "write `plugins: [{name}]` into `{}`, or ",
                        file.escape_debug()
                    )
                });
                format!("if you trust it, {file}set BULLA_PLUGINS={name}").into()
            }
            Self::NotFound(name) => {
                format!("install `age-plugin-{name}` into a directory of your PATH").into()
            }
            Self::Silent(..) => "BULLA_PLUGIN_TIMEOUT=SECONDS gives it more time".into(),
            _ => return None,
        })
    }
}

const PATIENCE: u64 = 120;
const ENDING: Duration = Duration::from_millis(500);
const MESSAGES_MAX: usize = 200;
const SHOWN_CHARACTERS: usize = 400;
