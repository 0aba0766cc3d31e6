//! Keys that are fetched when those at hand open nothing: ssh keys, what a passphrase opens, what a command prints,
//! what a plug-in keeps. In this order, so that nobody is asked, and no program runs, for what a cheaper key opens.
//!
//! Each is had once in a process. Whoever comes while somebody is asked waits for the answer.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bulla_core::recipient::{
    Closed, ClosedFile, FILE_BYTES_MAX, FromReserve, Hint, IDENTITY_FILE_BYTES_MAX, Identity,
    LockedIdentityFile, LockedSshKey, PluginIdentity, PluginName, Recipient, Reserve, UnwrapError,
    unwrap,
};
use zeroize::Zeroizing;

use super::command::KeyCommand;
use super::key_file::{KeyFile, Locked};
use super::{ask, chain, one_line};
use crate::failure::Failure;
use crate::input;
use crate::plugins::{self, Allowed, Answers};
use crate::shown::Shown;

/// The keys in reserve.
pub(super) struct InReserve(Mutex<State>);

/// What there is, and what became of it.
#[derive(Default)]
pub(super) struct State {
    /// Files of ssh keys that need not be there, not read yet.
    pub(super) ssh_files: Vec<PathBuf>,
    pub(super) ssh_keys: Vec<(String, LockedSshKey)>,
    pub(super) commands: Vec<KeyCommand>,
    pub(super) files: Vec<(String, LockedIdentityFile)>,
    pub(super) plugins: Vec<PluginIdentity>,
    /// Plug-ins run for whatever identity the user has given.
    plugins_implied: bool,
    /// What was had so far.
    identities: Vec<Identity>,
    troubles: Vec<String>,
    allowed: Allowed,
    said_to_plugins: Answers,
    asked_for: HashSet<(usize, Option<String>)>,
    /// Plug-ins that are not asked again.
    failed: BTreeSet<PluginName>,
    /// How often plug-ins were talked to.
    conversations: usize,
    /// What plug-ins opened, and what they did not: each file is put to them once.
    answers: HashMap<Vec<u8>, Option<Zeroizing<Vec<u8>>>>,
}

type Outcome = Result<Option<FromReserve>, (usize, UnwrapError)>;

impl InReserve {
    pub(super) fn new(state: State) -> Self {
        Self(Mutex::new(state))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reserve for InReserve {
    fn open(&self, files: &[Closed<'_>], max_payload: usize) -> Outcome {
        let mut state = self.state();
        let stages = [
            State::read_ssh_files,
            State::unlock_ssh_keys,
            State::run_commands,
            State::unlock_ssh_keys,
            State::ask_plugins_for_theirs,
            State::unlock_files,
            State::ask_plugins,
        ];
        let known = std::mem::take(&mut state.identities);
        let opened = open_with(&known, files, max_payload);
        state.identities = known;
        if !matches!(opened, Ok(None)) {
            return opened;
        }
        for stage in stages {
            let before = state.identities.len();
            if let Some(opened) = stage(&mut state, files, max_payload) {
                return Ok(Some(opened));
            }
            let opened = open_with(&state.identities[before..], files, max_payload);
            if !matches!(opened, Ok(None)) {
                return opened;
            }
        }
        Ok(None)
    }

    fn troubles(&self) -> Vec<String> {
        self.state().troubles.clone()
    }
}

impl State {
    /// The same, where an identity that the user gives brings its plug-in with it.
    pub(super) fn implying_plugins() -> Self {
        Self {
            plugins_implied: true,
            ..Self::default()
        }
    }

    fn read_ssh_files(&mut self, _: &[Closed<'_>], _: usize) -> Option<FromReserve> {
        for path in std::mem::take(&mut self.ssh_files) {
            if !path.exists() {
                continue;
            }
            let shown = Shown(&path).to_string();
            let parsed = input::read(&path, IDENTITY_FILE_BYTES_MAX)
                .map_err(|failure| one_line(&failure))
                .and_then(|read| KeyFile::parse(&read.bytes).map_err(|error| chain(&error)));
            match parsed {
                Ok(keys) => self.take(&shown, keys),
                Err(why) => self.trouble(format!("{shown}: {why}")),
            }
        }
        None
    }

    /// Only keys that a file is for, by its tag: others stay locked.
    fn unlock_ssh_keys(&mut self, files: &[Closed<'_>], _: usize) -> Option<FromReserve> {
        let keys = std::mem::take(&mut self.ssh_keys);
        for (whence, key) in keys {
            let wanted = files.iter().any(|closed| {
                ClosedFile::read(closed.file).is_ok_and(|file| file.may_be_for(key.recipient()))
            });
            if !wanted {
                self.ssh_keys.push((whence, key));
                continue;
            }
            let unlocked = ask::hidden(&format!("Passphrase of {whence}: "))
                .map_err(|error| error.to_string())
                .and_then(|text| {
                    key.unlock(text.as_bytes())
                        .map_err(|error| error.to_string())
                });
            match unlocked {
                Ok(identity) => self.identities.push(identity),
                Err(why) => self.trouble(format!("{whence}: {why}")),
            }
        }
        None
    }

    fn run_commands(&mut self, files: &[Closed<'_>], _: usize) -> Option<FromReserve> {
        let commands = std::mem::take(&mut self.commands);
        for (nth, command) in commands.iter().enumerate() {
            let wanted: Vec<Option<String>> = match command.by_recipient {
                true => files
                    .iter()
                    .map(|closed| recipient_of(&closed.recipient))
                    .collect(),
                false => vec![None],
            };
            for recipient in wanted {
                if self.asked_for.len() >= COMMANDS_MAX
                    || !self.asked_for.insert((nth, recipient.clone()))
                {
                    continue;
                }
                let whence = format!("${}", command.variable);
                let keys = command
                    .run(recipient.as_deref())
                    .map_err(|error| chain(&error))
                    .and_then(|text| KeyFile::parse(&text).map_err(|error| chain(&error)));
                match keys {
                    Ok(keys) => self.take(&whence, keys),
                    Err(why) => self.trouble(format!("{whence}: {why}")),
                }
            }
        }
        self.commands = commands;
        None
    }

    fn unlock_files(&mut self, _: &[Closed<'_>], _: usize) -> Option<FromReserve> {
        for (whence, file) in std::mem::take(&mut self.files) {
            let keys = ask::hidden(&format!("Passphrase of {whence}: "))
                .map_err(|error| error.to_string())
                .and_then(|passphrase| file.unlock(&passphrase).map_err(|error| error.to_string()))
                .and_then(|text| KeyFile::parse(&text).map_err(|error| chain(&error)));
            match keys {
                Ok(keys) => self.take(&whence, keys),
                Err(why) => self.trouble(format!("{whence}: {why}")),
            }
        }
        None
    }

    /// Files of which nobody but a plug-in knows the kind.
    fn ask_plugins_for_theirs(&mut self, files: &[Closed<'_>], max: usize) -> Option<FromReserve> {
        self.put_to_plugins(files, max, |file| file.kind().is_none())
    }

    fn ask_plugins(&mut self, files: &[Closed<'_>], max: usize) -> Option<FromReserve> {
        self.ask_plugins_for_theirs(files, max)
            .or_else(|| self.put_to_plugins(files, max, |_| true))
    }

    fn put_to_plugins(
        &mut self,
        files: &[Closed<'_>],
        max: usize,
        wanted: impl Fn(&ClosedFile<'_>) -> bool,
    ) -> Option<FromReserve> {
        if self.plugins.is_empty() {
            return None;
        }
        for (place, closed) in files.iter().enumerate() {
            let Ok(file) = ClosedFile::read(closed.file) else {
                continue;
            };
            if !wanted(&file) {
                continue;
            }
            if !self.answers.contains_key(closed.file) {
                let answer = self.ask_each(&file);
                self.answers.insert(closed.file.to_vec(), answer);
            }
            let answer = self.answers.get(closed.file)?.as_ref();
            if let Some(payload) = answer.filter(|payload| payload.len() <= max) {
                let payload = payload.clone();
                return Some(FromReserve { place, payload });
            }
        }
        None
    }

    fn ask_each(&mut self, file: &ClosedFile<'_>) -> Option<Zeroizing<Vec<u8>>> {
        for identity in self.plugins.clone() {
            let name = identity.name();
            if self.failed.contains(name) {
                continue;
            }
            let allowed = match self.plugins_implied {
                true => Ok(()),
                false => self.allowed.check(name),
            };
            if allowed.is_ok() && !self.may_talk() {
                return None;
            }
            match allowed.and_then(|()| plugins::unwrap(&identity, file, &mut self.said_to_plugins))
            {
                Ok(Some(file_key)) => match file.open_with(&file_key, FILE_BYTES_MAX) {
                    Ok(payload) => return Some(payload),
                    Err(error) => self.trouble(format!("plug-in `{name}`: {error}")),
                },
                Ok(None) => {}
                Err(error) => {
                    self.failed.insert(name.clone());
                    let (text, hint) = Failure::from(error).in_one_line();
                    let hint = hint.map(|hint| format!(" ({hint})")).unwrap_or_default();
                    self.trouble(format!("{text}{hint}"));
                }
            }
        }
        None
    }

    /// Counts a conversation with a plug-in: each may ask the user, or wait for a finger on a token.
    fn may_talk(&mut self) -> bool {
        if self.conversations >= CONVERSATIONS_MAX {
            self.trouble(format!(
                "plug-ins were asked {CONVERSATIONS_MAX} times, and are not asked again"
            ));
            return false;
        }
        self.conversations += 1;
        true
    }

    /// Puts keys where they belong.
    pub(super) fn take(&mut self, whence: &str, keys: KeyFile) {
        self.identities.extend(keys.identities);
        self.plugins.extend(keys.plugins);
        match keys.locked {
            Some(Locked::File(file)) => self.files.push((whence.to_owned(), file)),
            Some(Locked::Ssh(key)) => self.ssh_keys.push((whence.to_owned(), key)),
            None => {}
        }
    }

    pub(super) fn trouble(&mut self, line: String) {
        if self.troubles.len() < TROUBLES_MAX && !self.troubles.contains(&line) {
            self.troubles.push(line);
        }
    }
}

/// Tries each key on each file. What is wrong with a file counts where its recipient is said to be the very key.
fn open_with(identities: &[Identity], files: &[Closed<'_>], max: usize) -> Outcome {
    for identity in identities {
        for (place, closed) in files.iter().enumerate() {
            match unwrap(identity, closed.file, max) {
                Ok(payload) => return Ok(Some(FromReserve { place, payload })),
                Err(error) if names(&closed.recipient, identity) => return Err((place, error)),
                Err(_) => {}
            }
        }
    }
    Ok(None)
}

fn names(hint: &Hint<'_>, identity: &Identity) -> bool {
    match hint {
        Hint::Fingerprint(fingerprint) => *fingerprint == identity.fingerprint(),
        Hint::Text(_) => {
            recipient_of(hint).is_some_and(|text| text == identity.recipient().as_str())
        }
    }
}

/// Its one text, so that nothing else out of a file gets into the environment of a command.
fn recipient_of(hint: &Hint<'_>) -> Option<String> {
    match hint {
        Hint::Text(text) => Some(text.parse::<Recipient>().ok()?.to_string()),
        Hint::Fingerprint(_) => None,
    }
}

impl fmt::Debug for InReserve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InReserve(…)")
    }
}

/// A file may name many recipients; the user's command is not run for each of them.
const COMMANDS_MAX: usize = 64;
const TROUBLES_MAX: usize = 20;
/// Nor is a plug-in run for each of them.
const CONVERSATIONS_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plugins_are_asked_a_bounded_number_of_times() {
        let mut state = State::default();
        let asked = (0..200).filter(|_| state.may_talk()).count();
        assert_eq!(asked, 64);
        let said = "plug-ins were asked 64 times, and are not asked again";
        assert_eq!(state.troubles, [said]);
    }
}
