//! Flags of `bulla git`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::IdentityArgs;

/// `bulla git`.
#[derive(Debug, Args)]
pub(crate) struct GitArgs {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: GitCommand,
}

/// What Git is taught.
#[derive(Debug, Subcommand)]
pub(crate) enum GitCommand {
    /// Teach this clone: diffs that show what was sealed, merges by value, and a check before each commit
    Install(GitInstallArgs),
    /// Settle a merge of SOPS files that stopped: with a key at hand, or for one side
    Resolve(GitResolveArgs),
    /// For Git: print a sealed file for a diff, its keys and who can open it
    Textconv(GitTextconvArgs),
    /// For Git: merge three versions of a file, SOPS files by value
    Merge(GitMergeArgs),
}

/// `bulla git install`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  bulla git install             in this clone only: .git/config, .git/info/attributes, the hook pre-commit
  bulla git install --shared    the attributes in .gitattributes, for everybody who installs
  bulla git install --uninstall")]
pub(crate) struct GitInstallArgs {
    /// Write the attributes into `.gitattributes`, to be committed, instead of `.git/info/attributes`
    #[arg(long)]
    pub(crate) shared: bool,
    /// Show values in diffs, where a key is at hand
    #[arg(long)]
    pub(crate) reveal: bool,
    /// Leave hooks alone
    #[arg(long)]
    pub(crate) no_hook: bool,
    /// Take all of it away again
    #[arg(long, conflicts_with_all = ["shared", "reveal", "no_hook"])]
    pub(crate) uninstall: bool,
}

/// `bulla git resolve`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  bulla git resolve db.yaml                 merge again, now that a key is at hand
  bulla git resolve db.yaml --take theirs   and take their side of each value that both changed")]
pub(crate) struct GitResolveArgs {
    /// SOPS files whose merge stopped
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// Whose value to take where both sides changed one
    #[arg(long, value_enum, value_name = "SIDE")]
    pub(crate) take: Option<SideArg>,
    /// Whose keys open.
    #[command(flatten)]
    pub(crate) identities: IdentityArgs,
}

/// A side of a merge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SideArg {
    /// That of the current branch
    Ours,
    /// That of the branch that is merged
    Theirs,
}

/// `bulla git textconv`.
#[derive(Debug, Args)]
pub(crate) struct GitTextconvArgs {
    /// The file
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Show values, where a key is at hand
    #[arg(long)]
    pub(crate) reveal: bool,
    /// Whose keys open.
    #[command(flatten)]
    pub(crate) identities: IdentityArgs,
}

/// `bulla git merge`.
#[derive(Debug, Args)]
pub(crate) struct GitMergeArgs {
    /// What both sides began with, Git's %O
    #[arg(value_name = "BASE")]
    pub(crate) base: PathBuf,
    /// Our side, Git's %A; the result is written here
    #[arg(value_name = "OURS")]
    pub(crate) ours: PathBuf,
    /// Their side, Git's %B
    #[arg(value_name = "THEIRS")]
    pub(crate) theirs: PathBuf,
    /// What the file is called in the repository, Git's %P
    #[arg(value_name = "PATH")]
    pub(crate) path: PathBuf,
    /// The length of conflict markers, Git's %L
    #[arg(long, value_name = "CHARACTERS", default_value_t = 7)]
    pub(crate) marker_size: u16,
    /// Whose keys open.
    #[command(flatten)]
    pub(crate) identities: IdentityArgs,
}
