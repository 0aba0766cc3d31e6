//! The command line as types: what `--help` says comes from here.

mod checking;
mod environment;
mod flags;
mod git;
mod keys;
mod setup;
mod values;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

pub(crate) use checking::*;
pub(crate) use flags::*;
pub(crate) use git::*;
pub(crate) use keys::*;
pub(crate) use setup::*;
pub(crate) use values::*;

pub(crate) use crate::exclusion::ExcludeArgs;
use crate::invocation::Invocation;
use crate::kubeseal;
use crate::sops;

/// Closes the secret values of manifests so that they are safe to commit.
#[derive(Debug, Parser)]
#[command(
    name = "bulla",
    version,
    propagate_version = true,
    disable_help_subcommand = true
)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Cli {
    /// Flags that every command takes.
    #[command(flatten)]
    pub(crate) global: GlobalArgs,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Turn Secrets into envelopes, SealedSecrets or files of SOPS: each value closed, everything else kept
    Seal(SealArgs),
    /// Turn SealedSecrets, envelopes and files of SOPS into each other
    Convert(ConvertArgs),
    /// Open envelopes and SealedSecrets into the Secrets that the cluster gets, and files of SOPS
    Open(OpenArgs),
    /// Seal one value anew, with or without a key at hand
    Set(SetArgs),
    /// Take values out
    Unset(UnsetArgs),
    /// Edit the values of an envelope, a SealedSecret or a file of SOPS in your editor
    Edit(EditArgs),
    /// Seal every value anew, under one fresh data key
    Reseal(ResealArgs),
    /// Close the same data keys for other recipients; the values stay as they are
    Rewrap(RewrapArgs),
    /// Show who can open what, and where; no key is needed
    Inspect(InspectArgs),
    /// Find plaintext, damage, and sealed resources that are not as the rules say
    Check(CheckArgs),
    /// Say, without a key, which values, recipients and templates a change touched
    Verify(VerifyArgs),
    /// Show what differs from a commit; with `--reveal` and a key, line by line
    Diff(DiffArgs),
    /// Make, show and pin keys
    Key(KeyArgs),
    /// Teach Git: diffs that show what was sealed, merges by value, a check before each commit
    Git(GitArgs),
    /// Write a `.bulla.yaml`
    Init(InitArgs),
    /// Print the manifests of the controller
    Install(InstallArgs),
    /// Open envelopes into files, on a host without Kubernetes
    Store(StoreArgs),
    /// Show all of it working, in a new directory
    Demo(DemoArgs),
    /// Print the completion script of a shell
    Completion(CompletionArgs),
    /// Print manual pages
    Man(ManArgs),
}

impl Cli {
    /// Reads a command line. A wrong one, `--help` and `--version` come back as clap's error.
    pub(crate) fn read(invocation: &Invocation) -> Result<Self, clap::Error> {
        flags::set_color_early(&invocation.arguments);
        let words = [invocation.name.into()]
            .into_iter()
            .chain(invocation.arguments.iter().cloned());
        let matches = Self::grammar(invocation.name).try_get_matches_from(words)?;
        Self::from_arg_matches(&matches)
    }

    /// What [`Cli::read`] knows, and the personalities: for completions and man pages.
    pub(crate) fn whole_grammar(name: &'static str) -> clap::Command {
        Self::grammar(name)
            .subcommand(kubeseal::subcommand())
            .subcommand(sops::grammar("bulla sops"))
    }

    fn grammar(name: &'static str) -> clap::Command {
        environment::with_variables(Self::command())
            .bin_name(name)
            .display_name(name)
    }
}

const AFTER_HELP: &str = "\
Exit codes: 0 done, 1 findings or differences, 2 usage or input, 3 cannot open or verify,
4 cluster unreachable, 5 refused by policy.

`bulla kubeseal` speaks the command line of Sealed Secrets, `bulla sops` that of SOPS, also when this program is
called by that name.

Each flag has an environment variable: for `--scope` it is BULLA_SCOPE.";
