//! How a run of `sops` ends: with the exit codes of the real one, and with its words where scripts look for them.

use std::borrow::Cow;

use bulla_core::manifest::Path;
use bulla_core::sops::SopsError;

use super::grammar::{self, CommandSpec, Spec};
use crate::exit::{Blame, ExitStatus};
use crate::failure::{Failure, Fault};

/// A run that did not succeed.
#[derive(Debug)]
pub(super) struct Ended {
    failure: Option<Failure>,
    code: u8,
}

/// A command line that is wrong.
#[derive(Debug, thiserror::Error)]
pub(super) enum LineError {
    #[error("flag provided but not defined: {}", grammar::dashed(.0))]
    Unknown(String),
    #[error("flag provided but not defined: it is not repeated, because it could be a value")]
    UnknownUnsaid,
    #[error("flag provided but not defined: {} is not a flag of `sops {}`", .0.name(), .1.words.join(" "))]
    Foreign(&'static Spec, &'static CommandSpec),
    #[error("flag needs an argument: {}", .0.name())]
    NoValue(&'static Spec),
    #[error("invalid boolean value for flag {}: expected true or false", .0.name())]
    Boolean(&'static Spec),
    #[error("invalid value for flag {}: expected a number", .0.name())]
    Number(&'static Spec),
    #[error("invalid value for flag {}: it is not UTF-8", .0.name())]
    NotText(&'static Spec),
    #[error("more than one command (--encrypt, --decrypt, --rotate, --set) has been specified")]
    ManyCommands,
}

/// Why a command was not carried out. Its text holds no value.
#[derive(Debug, thiserror::Error)]
pub(super) enum CommandError {
    #[error("no file specified")]
    NoFile,
    #[error("no file specified, or index and value are missing")]
    NoIndex,
    #[error("must specify --filename-override when reading from stdin")]
    NoName,
    #[error("cannot use --in-place when reading from stdin")]
    InPlaceOfStdin,
    #[error("cannot operate on both --output and --in-place")]
    OutputAndInPlace,
    #[error("cannot use both --value-file and --value-stdin")]
    TwoValues,
    #[error("--in-place writes the whole file, and --extract gives a part of it")]
    ExtractInPlace,
    #[error("the file keeps its name: nobody could read another type by it")]
    RetypedInPlace,
    #[error("indentation smaller than {0} is not accepted")]
    Indent(i64),
    #[error("unknown type `{}`: json, yaml, dotenv, ini and binary are known", .0.escape_debug())]
    Type(String),
    #[error("`{}` names a key of {}: only age is used here", .0.escape_debug(), .1)]
    ForeignKey(String, &'static str),
    #[error("key services are not used here: {0}")]
    Keyservice(&'static str),
    #[error(
        "config file not found, or has no creation rules, and no keys provided through command line options"
    )]
    NobodyNamed,
    #[error("config file not found")]
    NoConfig,
    #[error("File cannot be completely empty, it must contain at least one document")]
    Empty,
    #[error("No keys found in file")]
    NoKeysInFile,
    #[error(
        "removing this key group will make the Shamir threshold impossible to satisfy: it is {0}, with {1} groups"
    )]
    Threshold(usize, usize),
    #[error("the rule names no keys")]
    NoKeys,
    #[error("no key group is left with keys")]
    NoGroups,
    #[error("it is not a key group of the file, which has {0}")]
    NoSuchGroup(usize),
    #[error("exactly one positional argument (index) required")]
    NoGroupIndex,
    #[error("Invalid {0} index format")]
    Index(&'static str),
    #[error("error parsing --extract path")]
    ExtractPath,
    #[error("error truncating tree: there is nothing at `{0}`")]
    NotThere(Path),
    #[error("Value for --set is not valid JSON")]
    NotJson,
    #[error("Invalid --set value format: a list is set item by item")]
    ListValue,
    #[error("failed updating {0} key(s): what was wrong is said above, of each file")]
    NotUpdated(usize),
    #[error("can't operate on a directory: `{}`", .0.escape_debug())]
    Directory(String),
    #[error("No help topic for '{}'", .0.escape_debug())]
    NoTopic(String),
    #[error("missing file to decrypt")]
    NothingToRun,
    #[error("cannot use {what} in environment; offending key {}", .key.escape_debug())]
    Environment { what: &'static str, key: String },
    #[error("The provided filename is not a local path.")]
    NotLocal,
    #[error("with --background and --no-fifo the file would be gone before the command reads it")]
    BackgroundFile,
    #[error("unknown user `{}`", .0.escape_debug())]
    NoUser(String),
    #[error("failed to run {what}")]
    Run {
        what: &'static str,
        #[source]
        source: std::io::Error,
    },
    #[error("Could not run editor")]
    Editor,
    #[error("the change was not confirmed")]
    NotConfirmed,
    #[error("unknown shell: bash, zsh and fish are known")]
    Shell,
    #[error(
        "the file holds keys of {0}, which can't be renewed here: a new data key would lock them out"
    )]
    ForeignEntries(String),
    #[error("invalid recipient for age")]
    Recipient(#[source] bulla_core::recipient::RecipientError),
    #[error(
        "keys of {0} are not the same in the file and in its rule: only the tool that has them can change that"
    )]
    OtherProviders(String),
    #[error("duplicate key type `{}` in the decryption order", .0.escape_debug())]
    OrderTwice(String),
}

/// An error of the core, in the words that scripts know.
#[derive(Debug, thiserror::Error)]
#[error("{}", self.said())]
pub(super) struct InCore {
    error: SopsError,
    /// What else there is to say, a line each.
    more: Vec<String>,
}

impl Ended {
    /// Ends with this error and exit code.
    pub(super) fn new(code: u8, failure: impl Into<Failure>) -> Self {
        Self {
            failure: Some(failure.into()),
            code,
        }
    }

    /// Ends with the exit code of a program that was run, and says nothing more.
    pub(super) fn with(code: u8) -> Self {
        Self {
            failure: None,
            code,
        }
    }

    /// The same with another exit code.
    pub(super) fn code(self, code: u8) -> Self {
        Self { code, ..self }
    }

    /// The exit code.
    pub(super) fn exit_code(&self) -> u8 {
        self.code
    }

    /// The same, said to be about something.
    pub(super) fn inside(self, what: &str) -> Self {
        let failure = self.failure.map(|failure| failure.inside(what));
        Self { failure, ..self }
    }

    /// Says it.
    pub(super) fn print(&self) {
        if let Some(failure) = &self.failure {
            failure.print();
        }
    }

    /// True where the run was interrupted, and nothing is to follow.
    pub(super) fn is_interrupted(&self) -> bool {
        let status = self.failure.as_ref().map(Failure::status);
        matches!(status, Some(ExitStatus::Interrupted(_)))
    }

    /// Says it, and leaves.
    pub(super) fn leave(self) -> ExitStatus {
        let status = self.failure.as_ref().map(Failure::status);
        self.print();
        match status {
            Some(signal @ ExitStatus::Interrupted(_)) => signal,
            _ => ExitStatus::Code(self.code),
        }
    }
}

impl From<Failure> for Ended {
    fn from(failure: Failure) -> Self {
        Self::new(1, failure)
    }
}

impl From<LineError> for Ended {
    fn from(error: LineError) -> Self {
        Self::new(1, error)
    }
}

impl From<CommandError> for Ended {
    fn from(error: CommandError) -> Self {
        let code = error.exit_code();
        Self::new(code, error)
    }
}

impl CommandError {
    /// The exit code of the real sops.
    fn exit_code(&self) -> u8 {
        match self {
            Self::NoFile | Self::NoIndex => 100,
            Self::InPlaceOfStdin
            | Self::OutputAndInPlace
            | Self::NoName
            | Self::ExtractInPlace
            | Self::RetypedInPlace => 8,
            Self::Index(_) | Self::NotJson | Self::ListValue => 7,
            Self::NoTopic(_) => 3,
            Self::Indent(_) => 4,
            Self::ExtractPath => 91,
            Self::Empty => 92,
            Self::Editor => 201,
            Self::OrderTwice(_) => 112,
            _ => 1,
        }
    }
}

/// Opening a file, or closing one: the exit code tells which way it was.
pub(super) fn in_core(error: SopsError, encrypting: bool) -> Ended {
    in_core_with(error, encrypting, Vec::new())
}

/// The same, with more to say, a line each.
pub(super) fn in_core_with(error: SopsError, encrypting: bool, more: Vec<String>) -> Ended {
    let code = match &error {
        // A file that can't be taken to pieces is one that can't be read.
        SopsError::Manifest(_) | SopsError::Store { .. } if encrypting => 2,
        other => other.exit_code(encrypting),
    };
    Ended::new(code, InCore { error, more })
}

impl InCore {
    fn said(&self) -> String {
        match &self.error {
            SopsError::NotEncrypted => "sops metadata not found".to_owned(),
            SopsError::MacMismatch => {
                "MAC mismatch: values were changed, added, removed or moved".to_owned()
            }
            SopsError::MacMissing => {
                "MAC mismatch: the file has no MAC, so what it holds may have been changed"
                    .to_owned()
            }
            SopsError::AlreadyEncrypted => {
                "The file you have provided contains a top-level entry called 'sops': it is encrypted already"
                    .to_owned()
            }
            SopsError::NoDataKey {
                recipients,
                providers,
            } => {
                let mut text =
                    "Failed to get the data key required to decrypt the SOPS file.".to_owned();
                for line in short(recipients, "more").chain(short(providers, "more providers")) {
                    text += "\nit is closed for ";
                    text += &line;
                }
                for line in &self.more {
                    text.push('\n');
                    text += line;
                }
                text
            }
            SopsError::NoSuchPath { path } => format!("Key not found: {path}"),
            SopsError::AgeFile { .. } | SopsError::Shares => format!(
                "Failed to get the data key required to decrypt the SOPS file.\n{}",
                self.error
            ),
            other => other.to_string(),
        }
    }
}

/// No screenful of recipients: the first ones, and how many more there are.
fn short(all: &[String], more: &str) -> impl Iterator<Item = String> {
    let rest = all.len().saturating_sub(SHOWN);
    let rest = (rest > 0).then(|| format!("{rest} {more}"));
    let shown: Vec<String> = all.iter().take(SHOWN).cloned().chain(rest).collect();
    shown.into_iter()
}

impl Fault for InCore {
    fn blame(&self) -> Blame {
        Blame::Input
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(match &self.error {
            SopsError::AlreadyEncrypted => {
                "`sops edit FILE` changes it; a plaintext file must not have a `sops` entry: rename it"
            }
            SopsError::NotEncrypted => {
                "`sops encrypt FILE` encrypts it; `--input-type` says what it is, whatever its name"
            }
            other => other.hint()?,
        }))
    }
}

impl Fault for LineError {
    fn blame(&self) -> Blame {
        Blame::Caller
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        Some(match self {
            Self::Foreign(_, command) => {
                format!("`sops {} --help` lists its flags", command.words.join(" ")).into()
            }
            Self::ManyCommands => "give one of them".into(),
            _ => "`sops --help` lists the flags".into(),
        })
    }
}

impl Fault for CommandError {
    fn blame(&self) -> Blame {
        Blame::Caller
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(match self {
            Self::NobodyNamed => {
                "`--age age1…` or SOPS_AGE_RECIPIENTS names a recipient; a rule in .sops.yaml does it for good"
            }
            Self::NoIndex => "`sops set FILE '[\"key\"][0]' '\"value\"'`",
            Self::NotJson => {
                "texts have quotes around them, as JSON has them: '\"value\"'; nothing of it is repeated here"
            }
            Self::Index(_) | Self::ExtractPath => {
                "write the path as '[\"key\"][0]': keys in quotes, positions without"
            }
            Self::ForeignKey(..) | Self::ForeignEntries(_) | Self::OtherProviders(_) => {
                "the real sops works with such keys on the same file; nothing was changed"
            }
            Self::ListValue => {
                "`sops set FILE '[\"key\"][0]' VALUE` sets the first one, and makes the list"
            }
            Self::RetypedInPlace => "`--output FILE` writes it under another name",
            Self::NoTopic(_) => "`sops groups --help` lists what there is",
            Self::Keyservice(_) => "identities of age on this machine open files",
            Self::Recipient(_) => "a recipient is a public key: age1…",
            Self::Editor => "nothing was changed; SOPS_EDITOR or EDITOR says which editor to use",
            Self::NotConfirmed => "nothing was changed; `-y` confirms it",
            Self::NoKeys => "name a recipient: `age: age1…`",
            Self::Threshold(..) => "`--shamir-secret-sharing-threshold NUMBER` gives another one",
            Self::BackgroundFile => "leave out one of them",
            _ => return None,
        }))
    }
}

const SHOWN: usize = 3;
