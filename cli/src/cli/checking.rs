//! Flags of the commands that look and change nothing.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{ExcludeArgs, IdentityArgs};

/// `bulla check`.
#[derive(Debug, Args)]
#[command(after_help = "\
Without PATH: the whole Git work tree, with new files and without those that Git ignores; outside of
Git, the current directory. Exit code 1 means findings. Notes alone are none.

Examples:
  bulla check                                  the work tree
  bulla check --staged                         what is about to be committed, for a pre-commit hook
  bulla check --config-from origin/main -o json")]
pub(crate) struct CheckArgs {
    /// Files or directories; `-` is standard input
    #[arg(value_name = "PATH")]
    pub(crate) inputs: Vec<PathBuf>,
    /// Look at what is staged for the next commit, not at the files
    #[arg(long, conflicts_with = "inputs")]
    pub(crate) staged: bool,
    /// Take `.bulla.yaml` from this revision, so that a change can't widen its own rules
    #[arg(long, value_name = "REV", conflicts_with = "config")]
    pub(crate) config_from: Option<String>,
    /// All that lies below is looked at anyway.
    #[command(flatten)]
    pub(crate) recursion: AlwaysRecursive,
    /// What is passed over.
    #[command(flatten)]
    pub(crate) exclude: ExcludeArgs,
    /// How to report
    #[arg(long, short, value_enum, value_name = "FORMAT", default_value_t)]
    pub(crate) output: ReportFormat,
    /// Report notes, and files that were passed over
    #[arg(long, short)]
    pub(crate) verbose: bool,
}

/// `bulla inspect`.
#[derive(Debug, Args)]
#[command(after_help = "\
No key is needed, and no value is shown. Names come from .bulla.yaml; what a file says of itself is
shown as such. A SealedSecret does not say which key it was sealed with: its size is all that can be
told, unless the private key is given.")]
pub(crate) struct InspectArgs {
    /// Files or directories of envelopes and SealedSecrets; `-`, or nothing at all, is standard input
    #[arg(value_name = "FILE|DIR")]
    pub(crate) inputs: Vec<PathBuf>,
    /// All that lies below is looked at anyway.
    #[command(flatten)]
    pub(crate) recursion: AlwaysRecursive,
    /// What is passed over.
    #[command(flatten)]
    pub(crate) exclude: ExcludeArgs,
    /// Keys of Sealed Secrets, to say which of them opens what.
    #[command(flatten)]
    pub(crate) identities: IdentityArgs,
    /// How to report
    #[arg(long, short, value_enum, value_name = "FORMAT", default_value_t)]
    pub(crate) output: ReportFormat,
}

/// `bulla verify`.
#[derive(Debug, Args)]
#[command(after_help = "\
No key is needed: equal ciphertext under an equal commitment opens to an equal value. Exit code 1
means differences.

Examples:
  bulla verify --against origin/main           what this branch does to the envelopes
  bulla verify --against HEAD clusters/prod    the same for what is not committed yet")]
pub(crate) struct VerifyArgs {
    /// The revision to compare the files with
    #[arg(long, value_name = "REV")]
    pub(crate) against: String,
    /// Files or directories; without any, the whole work tree
    #[arg(value_name = "PATH")]
    pub(crate) inputs: Vec<PathBuf>,
    /// All that lies below is looked at anyway.
    #[command(flatten)]
    pub(crate) recursion: AlwaysRecursive,
    /// What is passed over.
    #[command(flatten)]
    pub(crate) exclude: ExcludeArgs,
    /// How to report
    #[arg(long, short, value_enum, value_name = "FORMAT", default_value_t)]
    pub(crate) output: ReportFormat,
}

/// `bulla diff`.
#[derive(Debug, Args)]
#[command(after_help = "\
Without `--reveal` no key is needed, and no value is opened. Exit code 1 means differences.

Examples:
  bulla diff                                   what is not committed yet
  bulla diff clusters/prod --against main      what differs from a branch
  bulla diff --reveal -I key.txt db.yaml       the values too, line by line")]
pub(crate) struct DiffArgs {
    /// Files or directories; without any, the whole work tree
    #[arg(value_name = "FILE|DIR")]
    pub(crate) inputs: Vec<PathBuf>,
    /// The revision to compare the files with
    #[arg(long, value_name = "REV", default_value = "HEAD")]
    pub(crate) against: String,
    /// Show the values that differ: on a terminal, in a pipe, wherever the output goes
    #[arg(long)]
    pub(crate) reveal: bool,
    /// Whose keys open.
    #[command(flatten)]
    pub(crate) identities: IdentityArgs,
    /// All that lies below is looked at anyway.
    #[command(flatten)]
    pub(crate) recursion: AlwaysRecursive,
    /// What is passed over.
    #[command(flatten)]
    pub(crate) exclude: ExcludeArgs,
    /// How to report
    #[arg(long, short, value_enum, value_name = "FORMAT", default_value_t)]
    pub(crate) output: ReportFormat,
}

/// `-R` of commands that look at everything below a directory: what they left out would seem to be in order.
#[derive(Debug, Args)]
pub(crate) struct AlwaysRecursive {
    /// Read directories below directories too; this command always does
    #[arg(long = "recursive", short = 'R')]
    _recursive: bool,
}

/// For whom a report is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// For people
    #[default]
    Text,
    /// For programs
    Json,
}
