//! Flags that several commands share.

use std::ffi::OsString;
use std::path::PathBuf;

use super::ClusterArgs;
use anstream::ColorChoice;
use bulla_core::names::{Namespace, ResourceName};
use bulla_core::scope::Scope;
use clap::{Args, ValueEnum};

/// Flags that every command takes.
#[derive(Debug, Args)]
pub(crate) struct GlobalArgs {
    /// When to use colours
    #[arg(long, value_enum, default_value_t, value_name = "WHEN", global = true, help_heading = GLOBAL)]
    pub(crate) color: ColorWhen,
    /// Say nothing but warnings and errors
    #[arg(long, short, global = true, help_heading = GLOBAL)]
    pub(crate) quiet: bool,
    /// The configuration to use, instead of the outermost `.bulla.yaml` of the Git work tree
    #[arg(long, value_name = "FILE", global = true, help_heading = GLOBAL)]
    pub(crate) config: Option<PathBuf>,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorWhen {
    /// On a terminal, unless NO_COLOR is set
    #[default]
    Auto,
    /// Everywhere
    Always,
    /// Nowhere
    Never,
}

/// Whom to close for.
#[derive(Debug, Args)]
pub(crate) struct RecipientArgs {
    /// Close for these, instead of whom the rule names: a name in the configuration, a public key,
    /// or NAME=PUBLIC-KEY
    #[arg(long = "for", value_name = "RECIPIENT", value_delimiter = ',')]
    pub(crate) recipients: Vec<String>,
}

/// Whose keys open.
#[derive(Debug, Args)]
pub(crate) struct IdentityArgs {
    /// A file of private keys, as `age-keygen` or `ssh-keygen` writes it, or a backup of the keys of Sealed Secrets
    /// (PEM, Secrets, a list of them); `-` is standard input. Without it, the keys that SOPS_AGE_KEY and its kin name,
    /// and the usual files of bulla, sops and ssh
    #[arg(long, short = 'I', value_name = "FILE")]
    pub(crate) identity: Vec<PathBuf>,
}

/// With which certificate SealedSecrets are sealed.
#[derive(Debug, Args)]
#[command(next_help_heading = "SealedSecrets")]
pub(crate) struct CertificateArgs {
    /// The certificate to seal SealedSecrets with (PEM), instead of the one that .bulla.yaml pins for the
    /// cluster of the rule
    #[arg(long, value_name = "FILE")]
    pub(crate) cert: Option<PathBuf>,
    /// Seal with a certificate that has expired, too
    #[arg(long)]
    pub(crate) allow_expired: bool,
}

/// Whether the controller of Sealed Secrets does the work, and where it is.
#[derive(Debug, Args)]
#[command(next_help_heading = "SealedSecrets")]
pub(crate) struct ControllerArgs {
    /// Have the controller of Sealed Secrets seal SealedSecrets anew, as `kubeseal --re-encrypt` does: its keys open
    /// them, and no private key is needed here
    #[arg(long, conflicts_with_all = ["cert", "allow_expired"])]
    pub(crate) controller: bool,
    /// The Service of the controller, by default sealed-secrets-controller
    #[arg(long, value_name = "NAME", requires = "controller")]
    pub(crate) controller_name: Option<String>,
    /// Its namespace, by default kube-system
    #[arg(long, value_name = "NAMESPACE", requires = "controller")]
    pub(crate) controller_namespace: Option<String>,
    /// Where the cluster is.
    #[command(flatten)]
    pub(crate) cluster: ClusterArgs,
}

/// Which of several sealed resources in a file is meant.
#[derive(Debug, Default, Args)]
pub(crate) struct SelectArgs {
    /// The name of the resource, where the file holds several
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<ResourceName>,
    /// Its namespace
    #[arg(long, short, value_name = "NAMESPACE")]
    pub(crate) namespace: Option<Namespace>,
}

/// The language of what is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OutputFormat {
    /// YAML
    Yaml,
    /// JSON
    Json,
}

/// `--scope` as people type it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ScopeArg {
    /// This namespace and this name only
    Strict,
    /// Any name in this namespace
    Namespace,
    /// Anywhere in the cluster
    Cluster,
}

impl From<ScopeArg> for Scope {
    fn from(arg: ScopeArg) -> Self {
        match arg {
            ScopeArg::Strict => Self::Strict,
            ScopeArg::Namespace => Self::Namespace,
            ScopeArg::Cluster => Self::Cluster,
        }
    }
}

impl ColorWhen {
    /// Makes it count for everything that is printed from here on.
    pub(crate) fn apply(self) {
        match self {
            Self::Auto => ColorChoice::Auto,
            Self::Always => ColorChoice::Always,
            Self::Never => ColorChoice::Never,
        }
        .write_global();
    }
}

/// Errors about the command line itself follow `--color` too, so it is looked for before all is read.
pub(super) fn set_color_early(arguments: &[OsString]) {
    let mut when = std::env::var("BULLA_COLOR").unwrap_or_default();
    let mut words = arguments
        .iter()
        .filter_map(|word| word.to_str())
        .take_while(|word| *word != "--");
    while let Some(word) = words.next() {
        match word.strip_prefix("--color") {
            Some("") => when = words.next().unwrap_or_default().to_owned(),
            Some(rest) => when = rest.trim_start_matches('=').to_owned(),
            None => {}
        }
    }
    ColorWhen::from_str(&when, true).unwrap_or_default().apply();
}

pub(super) const GLOBAL: &str = "Global options";
