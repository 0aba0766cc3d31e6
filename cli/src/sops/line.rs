//! Reading the command line: flags as Go's `flag` package reads them, but wherever they stand.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use super::error::{Ended, LineError};
use super::grammar::{self, COMMANDS, EVERYWHERE, Flag, Spec, Takes};
use super::kind::Kind;

/// A command line that was understood.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) kind: Kind,
    /// By an old spelling, such as `sops -d FILE` and `sops FILE`.
    pub(super) old_style: bool,
    flags: Vec<(Flag, OsString)>,
    /// What is no flag, without the words of the command.
    pub(super) words: Vec<OsString>,
    /// Flags before the command that mean nothing to it.
    pub(super) passed_over: Vec<Flag>,
}

/// What a command line asks for.
#[derive(Debug)]
pub(super) enum Asked {
    Command(Line),
    /// Help on one command, or on all.
    Help(Option<Kind>),
    Version,
}

impl Line {
    /// Reads a command line; variables stand in for flags that are not there.
    pub(super) fn read(
        arguments: &[OsString],
        variable: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Asked, Ended> {
        let mut reader = Reader::default();
        reader.read(arguments)?;
        let has = |flag| reader.truth(flag);
        if reader.command.is_none() && has(Flag::Version) {
            return Ok(Asked::Version);
        }
        if reader.asks_for_help || has(Flag::Help) {
            return Ok(Asked::Help(reader.command));
        }
        let old_style = reader.command.is_none();
        let kind = match reader.command {
            Some(kind) => kind,
            None => reader.old_command()?,
        };
        let mut line = Self {
            kind,
            old_style,
            flags: reader.flags,
            words: reader.words,
            passed_over: Vec::new(),
        };
        line.refuse_foreign_flags(reader.flags_before)?;
        line.add_variables(variable);
        Ok(Asked::Command(line))
    }

    /// True where a flag without a value was given, and not as `=false`.
    pub(super) fn has(&self, flag: Flag) -> bool {
        truth(&self.flags, flag)
    }

    /// The value of a flag that was given; the last one counts.
    pub(super) fn os(&self, flag: Flag) -> Option<&OsStr> {
        let mut given = self.flags.iter().rev().filter(|(given, _)| *given == flag);
        given.next().map(|(_, value)| value.as_os_str())
    }

    /// The same as text; an empty one counts as absent.
    pub(super) fn text(&self, flag: Flag) -> Result<Option<&str>, Ended> {
        let Some(value) = self.os(flag).filter(|value| !value.is_empty()) else {
            return Ok(None);
        };
        let text = value.to_str().ok_or(LineError::NotText(flag.spec()))?;
        Ok(Some(text))
    }

    /// The same as a path.
    pub(super) fn path(&self, flag: Flag) -> Option<&Path> {
        self.os(flag)
            .filter(|value| !value.is_empty())
            .map(Path::new)
    }

    /// The same as a number; 0 where it is absent.
    pub(super) fn number(&self, flag: Flag) -> Result<i64, Ended> {
        match self.text(flag)? {
            Some(text) => Ok(text.parse().map_err(|_| LineError::Number(flag.spec()))?),
            None => Ok(0),
        }
    }

    /// Each item of a list: commas are between them, and the flag may come again. One that is empty is wrong to
    /// whoever reads it, but for an empty list.
    pub(super) fn items(&self, flag: Flag) -> Result<Vec<&str>, Ended> {
        let given = self.flags.iter().filter(|(given, _)| *given == flag);
        let mut items = Vec::new();
        for (_, value) in given {
            let text = value.to_str().ok_or(LineError::NotText(flag.spec()))?;
            if !text.is_empty() {
                items.extend(text.split(',').map(str::trim));
            }
        }
        Ok(items)
    }

    /// The first word that is no flag, as a path.
    pub(super) fn file(&self) -> Option<PathBuf> {
        self.words.first().map(PathBuf::from)
    }

    /// A flag of another command is passed over where it stands before the command's word, and wrong after it.
    fn refuse_foreign_flags(&mut self, before: usize) -> Result<(), Ended> {
        let Some(command) = grammar::command(self.kind) else {
            return Ok(());
        };
        let mut foreign = Vec::new();
        for (nth, (flag, _)) in self.flags.iter().enumerate() {
            let known = command.flags.contains(flag) || EVERYWHERE.contains(flag);
            if known || OLD.contains(flag) && self.old_style {
                continue;
            }
            if !(is_global(*flag) && (self.old_style || nth < before)) {
                return Err(LineError::Foreign(flag.spec(), command).into());
            }
            foreign.push(*flag);
        }
        // `sops -d --age …` stands in many scripts, and means nothing.
        if !self.old_style {
            self.passed_over = foreign;
        }
        Ok(())
    }

    fn add_variables(&mut self, variable: impl Fn(&str) -> Option<OsString>) {
        let Some(command) = grammar::command(self.kind) else {
            return;
        };
        for flag in command.flags.iter().chain(EVERYWHERE) {
            // Groups are made of what is said, never of what is around.
            let named = matches!(flag, Flag::Key(_)) && self.kind == Kind::GroupsAdd;
            let given = self.flags.iter().any(|(given, _)| given == flag);
            let value = flag.spec().variable.and_then(&variable);
            if let Some(value) = value.filter(|value| !value.is_empty() && !given && !named) {
                self.flags.push((*flag, value));
            }
        }
    }
}

#[derive(Debug, Default)]
struct Reader {
    command: Option<Kind>,
    flags: Vec<(Flag, OsString)>,
    /// How many of them stand before the command.
    flags_before: usize,
    words: Vec<OsString>,
    asks_for_help: bool,
    /// Values stand on the line: what is wrong in it is not repeated.
    takes_values: bool,
}

impl Reader {
    fn read(&mut self, arguments: &[OsString]) -> Result<(), Ended> {
        let is_set = |word: &OsString| {
            let word = word.to_string_lossy();
            word == "set" || word.trim_start_matches('-').starts_with("set")
        };
        self.takes_values = arguments.iter().any(is_set);
        let mut rest = arguments.iter();
        let mut flags_ended = false;
        while let Some(word) = rest.next() {
            let name = word.to_str().and_then(flag_name);
            match name {
                _ if flags_ended => self.word(word),
                Some("") => flags_ended = true,
                Some(name) => {
                    let (name, value) = match name.split_once('=') {
                        Some((name, value)) => (name, Some(value)),
                        None => (name, None),
                    };
                    match grammar::flag(name) {
                        Some(spec) => {
                            let value = self.value(spec, value, &mut rest)?;
                            self.flags.push((spec.flag, value));
                        }
                        // As a value of `set`, `-5` begins like a flag.
                        None if !self.words.is_empty() => self.word(word),
                        None if self.takes_values => return Err(LineError::UnknownUnsaid.into()),
                        None => return Err(LineError::Unknown(name.to_owned()).into()),
                    }
                }
                None => self.word(word),
            }
        }
        Ok(())
    }

    fn value<'a>(
        &self,
        spec: &'static Spec,
        attached: Option<&str>,
        rest: &mut impl Iterator<Item = &'a OsString>,
    ) -> Result<OsString, Ended> {
        match (spec.takes, attached) {
            (Takes::Nothing, None) => Ok("true".into()),
            (Takes::Nothing, Some(text)) => match boolean(text) {
                Some(truth) => Ok(truth.to_string().into()),
                None => Err(LineError::Boolean(spec).into()),
            },
            (_, Some(text)) => Ok(text.into()),
            (_, None) => Ok(rest.next().ok_or(LineError::NoValue(spec))?.clone()),
        }
    }

    /// A word that is no flag: the first one may be the name of a command.
    fn word(&mut self, word: &OsString) {
        let named = |words: &[&str]| {
            COMMANDS
                .iter()
                .find(|command| command.words == words)
                .map(|command| command.kind)
        };
        let text = word.to_str().unwrap_or_default();
        if self.words.is_empty() {
            let command = match self.command {
                None if matches!(text, "help" | "h") && !self.asks_for_help => {
                    self.asks_for_help = true;
                    return;
                }
                None => named(&[text]),
                Some(Kind::Groups) => named(&["groups", text]),
                Some(_) => None,
            };
            if command.is_some() {
                self.command = command;
                self.flags_before = self.flags.len();
                return;
            }
        }
        self.words.push(word.clone());
    }

    fn truth(&self, flag: Flag) -> bool {
        truth(&self.flags, flag)
    }

    /// `-e`, `-d`, `-r`, `--set`, or the editor.
    fn old_command(&self) -> Result<Kind, Ended> {
        let set = self.flags.iter().any(|(flag, _)| *flag == Flag::Set);
        let asked = [
            (self.truth(Flag::Encrypt), Kind::Encrypt),
            (self.truth(Flag::Decrypt), Kind::Decrypt),
            (self.truth(Flag::Rotate), Kind::Rotate),
            (set, Kind::Set),
        ];
        let mut asked = asked.iter().filter(|(asked, _)| *asked);
        match (asked.next(), asked.next()) {
            (None, _) => Ok(Kind::Edit),
            (Some((_, kind)), None) => Ok(*kind),
            _ => Err(LineError::ManyCommands.into()),
        }
    }
}

/// True for flags that sops takes before any command, because they belong to an old spelling.
fn is_global(flag: Flag) -> bool {
    let commands = [Kind::Encrypt, Kind::Decrypt, Kind::Rotate, Kind::Edit];
    let mut commands = commands.into_iter().filter_map(grammar::command);
    OLD.contains(&flag) || commands.any(|command| command.flags.contains(&flag))
}

const OLD: [Flag; 5] = [
    Flag::Decrypt,
    Flag::Encrypt,
    Flag::Rotate,
    Flag::Set,
    Flag::Version,
];

fn truth(flags: &[(Flag, OsString)], flag: Flag) -> bool {
    let mut given = flags.iter().rev().filter(|(given, _)| *given == flag);
    // A variable says what it says in Go's words, too.
    given
        .next()
        .is_some_and(|(_, value)| value.to_str().and_then(boolean).unwrap_or(false))
}

/// What follows one dash or two; nothing for words that are no flags. `--` gives an empty name.
fn flag_name(word: &str) -> Option<&str> {
    let rest = word.strip_prefix('-')?;
    match rest.strip_prefix('-') {
        Some(rest) => Some(rest),
        None => Some(rest).filter(|rest| !rest.is_empty()),
    }
}

/// A boolean as Go's `strconv` reads it.
fn boolean(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(words: &str) -> Line {
        let words: Vec<_> = words.split_whitespace().map(OsString::from).collect();
        match Line::read(&words, |_| None) {
            Ok(Asked::Command(line)) => line,
            Ok(other) => panic!("{other:?}"),
            Err(_) => panic!("{words:?} is refused"),
        }
    }

    #[test]
    fn flags_stand_anywhere_with_one_dash_or_two() {
        for words in [
            "decrypt --extract x -i db.yaml",
            "db.yaml -d -in-place --extract=x",
            "-i=true decrypt db.yaml -extract x",
            "--in-place=false -i --extract x --d db.yaml",
        ] {
            let line = read(words);
            assert_eq!(line.kind, Kind::Decrypt, "{words}");
            assert!(line.has(Flag::InPlace), "{words}");
            assert_eq!(line.os(Flag::Extract), Some(OsStr::new("x")), "{words}");
            assert_eq!(line.words, ["db.yaml"], "{words}");
        }
    }

    #[test]
    fn old_spellings_and_the_editor() {
        for (words, kind) in [
            ("-e db.yaml", Kind::Encrypt),
            ("-r db.yaml", Kind::Rotate),
            ("--set x db.yaml", Kind::Set),
            ("db.yaml", Kind::Edit),
            ("groups add -f db.yaml", Kind::GroupsAdd),
            ("groups delete 0", Kind::GroupsDelete),
            ("--encrypt=false db.yaml", Kind::Edit),
        ] {
            assert_eq!(read(words).kind, kind, "{words}");
        }
    }

    #[test]
    fn a_negative_number_is_a_value_of_set() {
        let line = read("set db.yaml [\"a\"] -5");
        assert_eq!(line.words, ["db.yaml", "[\"a\"]", "-5"]);
    }

    #[test]
    fn variables_stand_in_for_flags_of_the_command_alone() {
        let variable = |name: &str| (name == "SOPS_AGE_RECIPIENTS").then(|| "age1x".into());
        let words = |text: &str| -> Vec<OsString> { text.split(' ').map(Into::into).collect() };
        for (text, expected) in [
            ("encrypt f", vec!["age1x"]),
            ("encrypt f --age y", vec!["y"]),
            ("groups add -f f", vec![]),
            ("decrypt f", vec![]),
        ] {
            let Ok(Asked::Command(line)) = Line::read(&words(text), variable) else {
                panic!("{text}")
            };
            let found = line.items(Flag::Key(grammar::Provider::Age));
            assert_eq!(found.unwrap_or_default(), expected, "{text}");
        }
    }
}
