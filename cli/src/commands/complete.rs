//! `bulla __complete WORD…`: what could stand in the place of the last word, as kubectl asks plug-ins.
//!
//! One candidate on each line, with a tab before its description; then a colon and what the shell is
//! to do besides: 0 complete file names, 4 nothing.

use std::ffi::OsString;
use std::path::Path;

use bulla_core::manifest::Stream;
use clap::{Arg, Command};

use crate::cli::Cli;
use crate::config::Configs;
use crate::input::{self, MANIFEST_BYTES_MAX};
use crate::manifest;

/// The word that asks for it.
pub(crate) const WORD: &str = "__complete";

const FILES: &str = ":0\n";
const NO_FILES: &str = ":4\n";

/// The answer. What can't be completed is no error: there is just nothing to offer.
pub(crate) fn complete(words: &[OsString]) -> String {
    let words: Vec<String> = words
        .iter()
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    let (typed, before) = words
        .split_last()
        .map_or(("", [].as_slice()), |(last, rest)| (last.as_str(), rest));
    let mut grammar = Cli::whole_grammar("kubectl bulla");
    grammar.build();
    let line = Line::read(&grammar, before);
    match line.candidates(typed) {
        Some(candidates) => {
            let fitting = candidates
                .iter()
                .filter(|(word, _)| word.starts_with(typed));
            let lines = fitting.map(|(word, about)| match about.is_empty() {
                true => format!("{word}\n"),
                false => format!("{word}\t{about}\n"),
            });
            lines.collect::<String>() + NO_FILES
        }
        None => FILES.to_owned(),
    }
}

/// The words before the one to complete.
struct Line<'g> {
    /// The innermost command that they name.
    command: &'g Command,
    /// Its words that are neither flags nor values of flags.
    positional: Vec<&'g str>,
    /// The flag whose value is to come.
    flag: Option<&'g Arg>,
}

impl<'g> Line<'g> {
    fn read(grammar: &'g Command, words: &'g [String]) -> Self {
        let mut line = Self {
            command: grammar,
            positional: vec![],
            flag: None,
        };
        for word in words {
            if line.flag.take().is_some() {
                continue;
            }
            if word.starts_with('-') && word.len() > 1 {
                line.flag = line
                    .flag_of(word)
                    .filter(|arg| takes_value(arg) && !word.contains('='));
            } else if let Some(inner) = line.command.find_subcommand(word) {
                line.command = inner;
                line.positional.clear();
            } else {
                line.positional.push(word);
            }
        }
        line
    }

    fn flag_of(&self, word: &str) -> Option<&'g Arg> {
        let name = word.split('=').next().unwrap_or_default();
        self.command
            .get_arguments()
            .find(|arg| match name.strip_prefix("--") {
                Some(long) => arg.get_long() == Some(long),
                None => arg.get_short().is_some_and(|short| name.ends_with(short)),
            })
    }

    /// Nothing where file names belong.
    fn candidates(&self, typed: &str) -> Option<Vec<(String, String)>> {
        if let Some(flag) = self.flag {
            return self.values(flag);
        }
        if typed.starts_with('-') {
            return Some(self.flags());
        }
        if self.command.has_subcommands() {
            let shown = self
                .command
                .get_subcommands()
                .filter(|command| !command.is_hide_set());
            let about = |command: &Command| {
                command
                    .get_about()
                    .map(ToString::to_string)
                    .unwrap_or_default()
            };
            return Some(
                shown
                    .map(|command| (command.get_name().to_owned(), about(command)))
                    .collect(),
            );
        }
        let positionals: Vec<_> = self.command.get_positionals().collect();
        let place = self
            .positional
            .len()
            .min(positionals.len().saturating_sub(1));
        match (self.command.get_name(), self.positional.first()) {
            ("set" | "unset", Some(file)) => Some(keys_of(file)),
            _ => self.values(positionals.get(place)?),
        }
    }

    fn values(&self, arg: &Arg) -> Option<Vec<(String, String)>> {
        let possible = arg.get_possible_values();
        if !possible.is_empty() {
            let about = |value: &clap::builder::PossibleValue| {
                value
                    .get_help()
                    .map(ToString::to_string)
                    .unwrap_or_default()
            };
            let shown = possible.iter().filter(|value| !value.is_hide_set());
            return Some(
                shown
                    .map(|value| (value.get_name().to_owned(), about(value)))
                    .collect(),
            );
        }
        match (arg.get_long(), self.positional.first()) {
            (Some("for"), _) => Some(names()),
            (Some("key"), Some(file)) => Some(keys_of(file)),
            _ => None,
        }
    }

    fn flags(&self) -> Vec<(String, String)> {
        let flags = self
            .command
            .get_arguments()
            .filter(|arg| !arg.is_hide_set());
        let about = |arg: &Arg| arg.get_help().map(ToString::to_string).unwrap_or_default();
        flags
            .filter_map(|arg| Some((format!("--{}", arg.get_long()?), about(arg))))
            .collect()
    }
}

fn takes_value(arg: &Arg) -> bool {
    arg.get_action().takes_values()
}

/// Keys of the sealed resources in a file.
fn keys_of(file: &str) -> Vec<(String, String)> {
    let read = || {
        let bytes = input::read(Path::new(file), MANIFEST_BYTES_MAX).ok()?.bytes;
        let stream = Stream::parse(&bytes).ok()?;
        let resources = stream.objects().into_iter().filter(manifest::is_resource);
        let data = resources.filter_map(|object| {
            let spec = object.node.get("spec")?;
            spec.get("encryptedData").or_else(|| spec.get("data"))
        });
        let keys = data.flat_map(|data| data.entries());
        Some(
            keys.filter_map(|(key, _)| Some((key.text()?.to_owned(), String::new())))
                .collect(),
        )
    };
    read().unwrap_or_default()
}

/// Names in the configuration.
fn names() -> Vec<(String, String)> {
    let Ok(Some(located)) = Configs::default().of(None) else {
        return Vec::new();
    };
    let parties = located.config.parties().iter();
    parties
        .map(|party| (party.name.to_string(), party.section.to_string()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn completed(line: &[&str]) -> Vec<String> {
        let words: Vec<_> = line.iter().map(OsString::from).collect();
        let answer = complete(&words);
        answer
            .lines()
            .map(|line| line.split('\t').next().unwrap_or_default().to_owned())
            .collect()
    }

    #[test]
    fn commands_flags_values_and_keys_are_offered() {
        assert!(completed(&[""]).contains(&"seal".to_owned()));
        assert_eq!(completed(&["ins"]), ["inspect", "install", ":4"]);
        assert_eq!(completed(&["key", "g"]), ["generate", ":4"]);
        assert_eq!(completed(&["seal", "--sco"]), ["--scope", ":4"]);
        assert_eq!(completed(&["seal", "--scope", "s"]), ["strict", ":4"]);
        assert_eq!(completed(&["completion", "f"]), ["fish", ":4"]);
        assert_eq!(completed(&["seal", ""]), [":0"]);
        assert_eq!(completed(&["set", ""]), [":0"]);

        let file = tempfile::NamedTempFile::new().unwrap();
        let text = "apiVersion: bulla.dev/v1alpha1\nkind: SecretEnvelope\nspec: {data: {password: x, user: y}}\n";
        std::fs::write(file.path(), text).unwrap();
        let path = file.path().to_str().unwrap();
        assert_eq!(completed(&["set", path, ""]), ["password", "user", ":4"]);
        assert_eq!(completed(&["unset", path, "user", "p"]), ["password", ":4"]);
        assert_eq!(
            completed(&["open", path, "--key", ""]),
            ["password", "user", ":4"]
        );
    }
}
