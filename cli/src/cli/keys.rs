//! Flags of `bulla key`.

use std::path::PathBuf;

use bulla_core::names::RecipientName;
use bulla_core::recipient::Suite;
use clap::{Args, Subcommand, ValueEnum};

use super::ReportFormat;

/// `bulla key`.
#[derive(Debug, Args)]
pub(crate) struct KeyArgs {
    /// What to do with keys.
    #[command(subcommand)]
    pub(crate) command: KeyCommand,
}

/// The commands for keys.
#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Make a key pair
    Generate(KeyGenerateArgs),
    /// Show the public key, fingerprint and suite of a key file or public key
    Show(KeyShowArgs),
    /// List the public keys in .bulla.yaml
    List(KeyListArgs),
    /// Read a cluster's public keys and pin them in .bulla.yaml
    Fetch(KeyFetchArgs),
}

/// `bulla key generate`.
#[derive(Debug, Args)]
#[command(after_help = "\
The file is one of age: `age-keygen` and `age` read it too. The public key goes to standard error.")]
pub(crate) struct KeyGenerateArgs {
    /// Write the private key to this new file, which nobody else can read
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// The kind of key
    #[arg(long, value_enum, ignore_case = true, default_value_t)]
    pub(crate) suite: SuiteArg,
    /// Show the private key on a terminal
    #[arg(long)]
    pub(crate) reveal: bool,
}

/// `bulla key show`.
#[derive(Debug, Args)]
pub(crate) struct KeyShowArgs {
    /// A file of private keys, or a public key; `-` is standard input
    #[arg(value_name = "FILE|RECIPIENT")]
    pub(crate) key: String,
    /// Print public keys only, one on each line
    #[arg(long, conflicts_with = "output")]
    pub(crate) public: bool,
    /// How to report
    #[arg(long, short, value_enum, value_name = "FORMAT", default_value_t)]
    pub(crate) output: ReportFormat,
}

/// `bulla key list`.
#[derive(Debug, Args)]
pub(crate) struct KeyListArgs {
    /// How to report
    #[arg(long, short, value_enum, value_name = "FORMAT", default_value_t)]
    pub(crate) output: ReportFormat,
}

/// `bulla key fetch`.
#[derive(Debug, Args)]
#[command(after_help = "\
The public keys stand in `SealingKey` resources; reading them takes no access to Secrets. What changes
in .bulla.yaml is shown, and counts once it has been reviewed and committed.")]
pub(crate) struct KeyFetchArgs {
    /// What the cluster is called in .bulla.yaml
    #[arg(long, value_name = "CLUSTER", required_unless_present = "print")]
    pub(crate) name: Option<RecipientName>,
    /// Pin the key of this kind only; by default the post-quantum one where there is one
    #[arg(long, value_enum, ignore_case = true)]
    pub(crate) suite: Option<SuiteArg>,
    /// Print the public keys, and change nothing
    #[arg(long)]
    pub(crate) print: bool,
    /// Fetch the certificate that SealedSecrets are sealed with, into `keys/CLUSTER.pem` or the file that
    /// .bulla.yaml names already: from `SealingKey`s, or from the controller of Sealed Secrets
    #[arg(long, conflicts_with_all = ["suite", "store"])]
    pub(crate) certificate: bool,
    /// The Service of the controller of Sealed Secrets
    #[arg(long, value_name = "NAME", default_value = "sealed-secrets-controller")]
    pub(crate) controller_name: String,
    /// Its namespace
    #[arg(long, value_name = "NAMESPACE", default_value = "kube-system")]
    pub(crate) controller_namespace: String,
    /// Read them from the directory of an embedded store
    #[arg(long, value_name = "DIR", conflicts_with_all = ["context", "kubeconfig"])]
    pub(crate) store: Option<PathBuf>,
    /// Where the cluster is.
    #[command(flatten)]
    pub(crate) cluster: ClusterArgs,
}

/// Which cluster, as kubectl takes it.
#[derive(Debug, Args)]
pub(crate) struct ClusterArgs {
    /// The context of the kubeconfig to use
    #[arg(long, value_name = "CONTEXT")]
    pub(crate) context: Option<String>,
    /// The kubeconfig to use, instead of $KUBECONFIG and ~/.kube/config
    #[arg(long, value_name = "FILE")]
    pub(crate) kubeconfig: Option<PathBuf>,
    /// How many seconds to wait for the cluster
    #[arg(long, value_name = "SECONDS", default_value_t = 15, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) request_timeout: u64,
}

/// The kinds of key pairs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum SuiteArg {
    /// Post-quantum: ML-KEM-768 and X25519 together
    #[default]
    #[value(name = "MLKEM768-X25519", alias = "pq")]
    MlKem768X25519,
    /// Classic age keys
    #[value(name = "X25519")]
    X25519,
}

impl From<SuiteArg> for Suite {
    fn from(arg: SuiteArg) -> Self {
        match arg {
            SuiteArg::MlKem768X25519 => Self::MlKem768X25519,
            SuiteArg::X25519 => Self::X25519,
        }
    }
}
