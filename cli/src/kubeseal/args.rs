//! The command line of `kubeseal` v0.40 as types, read as pflag reads it.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{CommandFactory, FromArgMatches, Parser, ValueEnum};

use super::pflag;
use crate::invocation::Invocation;

/// Seals Secrets so that only the controller of Sealed Secrets in your cluster opens them.
#[derive(Debug, Parser)]
#[command(
    name = "kubeseal",
    disable_help_flag = true,
    disable_version_flag = true,
    args_override_self = true,
    after_help = AFTER_HELP
)]
pub(super) struct Args {
    /// The certificate to seal with: a file or a URL (http, https, file); nothing is asked of the cluster then
    #[arg(
        long,
        value_name = "FILE|URL",
        default_value = "",
        hide_default_value = true
    )]
    pub(super) cert: String,
    /// Seal with a certificate that has expired, too; kubeseal has no such flag
    #[arg(long)]
    pub(super) allow_expired_cert: bool,
    /// The name of the controller's Service
    #[arg(long, value_name = "NAME", default_value = DEFAULT_CONTROLLER_NAME)]
    pub(super) controller_name: String,
    /// The namespace of the controller's Service
    #[arg(long, value_name = "NAMESPACE", default_value = DEFAULT_CONTROLLER_NAMESPACE)]
    pub(super) controller_namespace: String,
    /// The language of the output: json or yaml
    #[arg(long, short = 'o', value_name = "FORMAT", default_value = "json")]
    pub(super) format: String,
    /// The file to read, instead of standard input
    #[arg(long, short = 'f', value_name = "FILE")]
    pub(super) secret_file: Option<PathBuf>,
    /// The file to write, instead of standard output; one that ends in .yaml or .yml is YAML
    #[arg(long, short = 'w', value_name = "FILE")]
    pub(super) sealed_secret_file: Option<PathBuf>,
    /// Print the certificate, for `--cert`
    #[arg(long)]
    pub(super) fetch_cert: bool,
    /// Ask the controller whether it can open the SealedSecrets
    #[arg(long)]
    pub(super) validate: bool,
    /// Have the controller seal the SealedSecrets anew with its newest key
    #[arg(long)]
    pub(super) re_encrypt: bool,
    /// The old name of `--re-encrypt`
    #[arg(long, hide = true)]
    pub(super) rotate: bool,
    /// Add the sealed values to this SealedSecret, in place
    #[arg(long, value_name = "FILE")]
    pub(super) merge_into: Option<PathBuf>,
    /// Seal one value instead of a Secret
    #[arg(long)]
    pub(super) raw: bool,
    /// With `--raw`: the file that holds the value, also as KEY=FILE
    #[arg(long, value_name = "[KEY=]FILE", value_parser = pflag::items)]
    from_file: Vec<pflag::Items>,
    /// The name of the SealedSecret; with `--raw` and scope strict it must be given
    #[arg(
        long,
        value_name = "NAME",
        default_value = "",
        hide_default_value = true
    )]
    pub(super) name: String,
    /// The namespace, where the input names none
    #[arg(
        long,
        short = 'n',
        value_name = "NAMESPACE",
        default_value = "",
        hide_default_value = true
    )]
    pub(super) namespace: String,
    /// Where the values may be opened
    #[arg(long, value_enum, value_name = "SCOPE", default_value_t)]
    pub(super) scope: ScopeArg,
    /// Seal a Secret without values, too
    #[arg(long)]
    pub(super) allow_empty_data: bool,
    /// Open a SealedSecret with the keys of `--recovery-private-key`, offline
    #[arg(long)]
    pub(super) recovery_unseal: bool,
    /// Private keys: PEM files, or backups of the controller's key Secrets in YAML or JSON
    #[arg(long, value_name = "FILE", value_parser = pflag::items)]
    recovery_private_key: Vec<pflag::Items>,
    /// Print the version
    #[arg(long)]
    pub(super) version: bool,
    /// Print this help
    #[arg(long)]
    pub(super) help: bool,
    /// How the cluster is reached.
    #[command(flatten)]
    pub(super) cluster: ClusterFlags,
    /// Flags of the logger that kubeseal is built with.
    #[command(flatten)]
    logging: LoggingFlags,
    /// Words that are no flags: kubeseal passes over them, too.
    #[arg(hide = true, num_args = 0..)]
    ignored: Vec<OsString>,
}

/// kubectl's flags for choosing a cluster and a user.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Cluster")]
pub(super) struct ClusterFlags {
    /// The kubeconfig
    #[arg(long, value_name = "FILE")]
    pub(super) kubeconfig: Option<PathBuf>,
    /// The context of the kubeconfig
    #[arg(long, value_name = "NAME")]
    pub(super) context: Option<String>,
    /// The cluster of the kubeconfig
    #[arg(long, value_name = "NAME", id = "cluster_name")]
    pub(super) cluster: Option<String>,
    /// The user of the kubeconfig
    #[arg(long, value_name = "NAME")]
    pub(super) user: Option<String>,
    /// The address of the API server
    #[arg(long, value_name = "URL")]
    pub(super) server: Option<String>,
    /// The bearer token
    #[arg(long, value_name = "TOKEN")]
    pub(super) token: Option<String>,
    /// The name for basic authentication
    #[arg(long, value_name = "NAME")]
    pub(super) username: Option<String>,
    /// The password for basic authentication
    #[arg(long, value_name = "PASSWORD")]
    pub(super) password: Option<String>,
    /// The user to impersonate
    #[arg(long = "as", value_name = "NAME", id = "as")]
    pub(super) impersonate: Option<String>,
    /// A group to impersonate; may be given several times
    #[arg(long, value_name = "NAME")]
    pub(super) as_group: Vec<String>,
    /// The uid to impersonate
    #[arg(long, value_name = "UID")]
    pub(super) as_uid: Option<String>,
    /// The client certificate
    #[arg(long, value_name = "FILE")]
    pub(super) client_certificate: Option<String>,
    /// The key of the client certificate
    #[arg(long, value_name = "FILE")]
    pub(super) client_key: Option<String>,
    /// The certificate authority of the API server
    #[arg(long, value_name = "FILE")]
    pub(super) certificate_authority: Option<String>,
    /// Don't check the API server's certificate: whoever is in between can read and change everything
    #[arg(long)]
    pub(super) insecure_skip_tls_verify: bool,
    /// The name that the API server's certificate must have
    #[arg(long, value_name = "NAME")]
    pub(super) tls_server_name: Option<String>,
    /// The proxy in front of the API server
    #[arg(long, value_name = "URL")]
    pub(super) proxy_url: Option<String>,
    /// How long a request may take, such as 30s; 0 is for ever
    #[arg(long, value_name = "DURATION", default_value = "0", value_parser = pflag::request_timeout)]
    pub(super) request_timeout: pflag::Timeout,
    /// Ask for answers that are not compressed
    #[arg(long)]
    pub(super) disable_compression: bool,
}

/// klog's flags: accepted, checked, and without effect, since nothing is logged.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Accepted, without effect")]
struct LoggingFlags {
    /// For a log that is not written
    #[arg(long = "add_dir_header")]
    add_dir_header: bool,
    /// For a log that is not written
    #[arg(long = "alsologtostderr")]
    alsologtostderr: bool,
    /// For a log that is not written
    #[arg(long = "alsologtostderrthreshold", value_name = "SEVERITY")]
    alsologtostderrthreshold: Option<String>,
    /// For a log that is not written
    #[arg(long = "legacy_stderr_threshold_behavior")]
    legacy_stderr_threshold_behavior: bool,
    /// For a log that is not written
    #[arg(long = "log_backtrace_at", value_name = "FILE:LINE")]
    log_backtrace_at: Option<String>,
    /// For a log that is not written
    #[arg(long = "log_dir", value_name = "DIR")]
    log_dir: Option<String>,
    /// For a log that is not written
    #[arg(long = "log_file", value_name = "FILE")]
    log_file: Option<String>,
    /// For a log that is not written
    #[arg(long = "log_file_max_size", value_name = "MB")]
    log_file_max_size: Option<u64>,
    /// For a log that is not written
    #[arg(long = "logtostderr")]
    logtostderr: bool,
    /// For a log that is not written
    #[arg(long = "one_output")]
    one_output: bool,
    /// For a log that is not written
    #[arg(long = "skip_headers")]
    skip_headers: bool,
    /// For a log that is not written
    #[arg(long = "skip_log_headers")]
    skip_log_headers: bool,
    /// For a log that is not written
    #[arg(long = "stderrthreshold", value_name = "SEVERITY")]
    stderrthreshold: Option<String>,
    /// For a log that is not written
    #[arg(long = "v", short = 'v', value_name = "LEVEL")]
    v: Option<i32>,
    /// For a log that is not written
    #[arg(long = "vmodule", value_name = "PATTERN=N,…")]
    vmodule: Option<String>,
}

/// `--scope`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum ScopeArg {
    /// This namespace and this name only, unless the annotations of the input say otherwise
    #[default]
    Strict,
    /// Any name in this namespace
    NamespaceWide,
    /// Anywhere in the cluster
    ClusterWide,
}

impl Args {
    /// Reads a command line and the environment. A wrong one comes back as clap's error.
    pub(super) fn read(invocation: &Invocation) -> Result<Self, clap::Error> {
        let words = [invocation.name.into()]
            .into_iter()
            .chain(invocation.arguments.iter().cloned());
        let command = grammar(invocation.name).mut_args(pflag::with_variable);
        Self::from_arg_matches(&command.try_get_matches_from(words)?)
    }

    /// The files of `--from-file`.
    pub(super) fn value_files(&self) -> Vec<&str> {
        flat(&self.from_file)
    }

    /// The files of `--recovery-private-key`.
    pub(super) fn recovery_private_keys(&self) -> Vec<&str> {
        flat(&self.recovery_private_key)
    }
}

fn flat(lists: &[pflag::Items]) -> Vec<&str> {
    let items = lists.iter().flat_map(|list| &list.0);
    items.map(String::as_str).collect()
}

/// The grammar of the program under that name.
pub(crate) fn grammar(name: &'static str) -> clap::Command {
    subcommand().bin_name(name).display_name(name)
}

/// The grammar below `bulla`, as completions and man pages have it.
pub(crate) fn subcommand() -> clap::Command {
    Args::command().mut_args(pflag::conduct)
}

pub(super) const DEFAULT_CONTROLLER_NAME: &str = "sealed-secrets-controller";
pub(super) const DEFAULT_CONTROLLER_NAMESPACE: &str = "kube-system";

const AFTER_HELP: &str = "\
Exit codes: 0 done, 1 any error, 2 an error in the command line.

Each flag has an environment variable: for `--controller-name` it is SEALED_SECRETS_CONTROLLER_NAME.
docs/sealed-secrets.md lists where this program differs from Sealed Secrets' own kubeseal.";
