//! Flags of the commands that set things up and show them working.

use std::path::PathBuf;

use clap::{ArgGroup, Args, ValueEnum};

use super::ClusterArgs;

/// `bulla init`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  bulla init                                        a commented file to fill in
  bulla init --cluster prod=age1pq1… --recovery safe=age1pq1…
  bulla init --cluster prod --fetch --context prod  with the key of a running cluster")]
pub(crate) struct InitArgs {
    /// A cluster and its public key; the name alone, with `--fetch`, for the key of the running one
    #[arg(long, value_name = "NAME[=PUBLIC-KEY]")]
    pub(crate) cluster: Vec<String>,
    /// A person and their public key
    #[arg(long, value_name = "NAME=PUBLIC-KEY")]
    pub(crate) person: Vec<String>,
    /// A key that is kept offline, for the day when all others are lost
    #[arg(long, value_name = "NAME=PUBLIC-KEY")]
    pub(crate) recovery: Vec<String>,
    /// The files of the first rule
    #[arg(long, value_name = "GLOB", default_value = "**")]
    pub(crate) path: String,
    /// Read the key of the cluster from its `SealingKey`s
    #[arg(long)]
    pub(crate) fetch: bool,
    /// Where the cluster is.
    #[command(flatten)]
    pub(crate) at: ClusterArgs,
    /// Print the file, and write nothing
    #[arg(long)]
    pub(crate) print: bool,
}

/// `bulla install`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  bulla install --image registry.example/bulla-controller:0.1.0 | kubectl apply --server-side -f -")]
pub(crate) struct InstallArgs {
    /// The image of the controller
    #[arg(long, value_name = "IMAGE")]
    pub(crate) image: String,
}

/// `bulla store`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("passes").required(true).args(["once", "watch"]))]
#[command(after_help = "\
Each Secret becomes files DIR/<namespace>/<name>/<key>, which nobody else can read. The sealing keys lie
in DIR/.bulla/keys; `bulla key fetch --store DIR` pins their public halves.")]
pub(crate) struct StoreArgs {
    /// The directory of the store
    #[arg(value_name = "DIR")]
    pub(crate) directory: PathBuf,
    /// The directory of manifests; a Git work tree, for example
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(crate) from: PathBuf,
    /// Make the Secrets once; the exit code tells whether all of them could be made
    #[arg(long)]
    pub(crate) once: bool,
    /// Make them, and again whenever a manifest or one of them changes, until interrupted
    #[arg(long)]
    pub(crate) watch: bool,
    /// Make a new sealing key first; older ones go on opening
    #[arg(long)]
    pub(crate) renew_key: bool,
    /// Make no sealing key: a restore brings them
    #[arg(long, conflicts_with = "renew_key")]
    pub(crate) require_existing_key: bool,
    /// Days until a sealing key gets a successor; 0 is never
    #[arg(long, value_name = "DAYS", default_value_t = 30)]
    pub(crate) renew_days: u64,
}

/// `bulla demo`.
#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// Where to make the repository and the store; a new directory
    #[arg(value_name = "DIR")]
    pub(crate) directory: Option<PathBuf>,
}

/// `bulla completion`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  source <(bulla completion bash)
  bulla completion zsh > \"${fpath[1]}/_bulla\"
  source <(bulla completion bash --program kubeseal)
  bulla completion kubectl > ~/.local/bin/kubectl_complete-bulla; chmod +x ~/.local/bin/kubectl_complete-bulla")]
pub(crate) struct CompletionArgs {
    /// The shell; `kubectl` for the program that completes `kubectl bulla`
    #[arg(value_enum, value_name = "SHELL")]
    pub(crate) shell: CompletionShell,
    /// For which of the names that this program is called by
    #[arg(long, value_enum, value_name = "NAME", default_value_t)]
    pub(crate) program: Program,
}

/// Names with a command line of their own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Program {
    /// All commands
    #[default]
    Bulla,
    /// Sealed Secrets' `kubeseal`, for a link of that name
    Kubeseal,
    /// SOPS' `sops`, for a link of that name
    Sops,
}

/// What can complete command lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CompletionShell {
    /// Bash
    Bash,
    /// Zsh
    Zsh,
    /// Fish
    Fish,
    /// Elvish
    Elvish,
    /// PowerShell
    Powershell,
    /// `kubectl_complete-bulla`
    Kubectl,
}

/// `bulla man`.
#[derive(Debug, Args)]
pub(crate) struct ManArgs {
    /// Write all pages into this directory, instead of the first one to standard output
    #[arg(value_name = "DIR")]
    pub(crate) directory: Option<PathBuf>,
}
