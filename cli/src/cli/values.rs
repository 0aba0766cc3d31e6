//! Flags of the commands that seal, open and change values.

use std::path::PathBuf;

use bulla_core::names::{Namespace, ResourceName};
use clap::Args;

use super::{
    CertificateArgs, ControllerArgs, ExcludeArgs, IdentityArgs, OutputFormat, RecipientArgs,
    ReportFormat, ScopeArg, SelectArgs,
};

/// `bulla seal`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  bulla seal -i clusters/prod/db.yaml          close the Secrets in a file, for whom the rules name
  bulla seal -i -R clusters/                   the same for every manifest below a directory
  kubectl create secret generic db --from-literal=password=… --dry-run=client -o yaml | bulla seal -n shop
  bulla seal --name db -n shop --from-file=tls.key --as-path clusters/prod/db.yaml")]
pub(crate) struct SealArgs {
    /// Files or directories of manifests; `-`, or nothing at all, is standard input
    #[arg(value_name = "FILE|DIR")]
    pub(crate) inputs: Vec<PathBuf>,
    /// The same, as kubectl spells it
    #[arg(long, short = 'f', value_name = "FILE|DIR")]
    pub(crate) filename: Vec<PathBuf>,
    /// Replace the files, instead of writing to standard output
    #[arg(long, short)]
    pub(crate) in_place: bool,
    /// Read directories below directories too
    #[arg(long, short = 'R')]
    pub(crate) recursive: bool,
    /// What is passed over.
    #[command(flatten)]
    pub(crate) exclude: ExcludeArgs,
    /// Whom to close for.
    #[command(flatten)]
    pub(crate) recipients: RecipientArgs,
    /// Where the values may be opened; `strict`, or what the rule says
    #[arg(long, value_enum, ignore_case = true)]
    pub(crate) scope: Option<ScopeArg>,
    /// The namespace of Secrets that name none
    #[arg(long, short, value_name = "NAMESPACE")]
    pub(crate) namespace: Option<Namespace>,
    /// Let whoever can write the resource change its template (by default it is bound to the values)
    #[arg(long)]
    pub(crate) unbound_template: bool,
    /// What to write; by default what the rule says, and envelopes where it says nothing
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(crate) format: Option<SealedFormat>,
    /// The language of the output, where it is not to be the input's
    #[arg(long, short, value_enum, value_name = "FORMAT")]
    pub(crate) output: Option<OutputFormat>,
    /// Write to this file
    #[arg(long, short = 'w', value_name = "FILE", conflicts_with = "in_place")]
    pub(crate) output_file: Option<PathBuf>,
    /// The path that rules are matched with, for what comes from standard input or from literals
    #[arg(long, value_name = "PATH")]
    pub(crate) as_path: Option<PathBuf>,
    /// Say what would be done, and write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// With which certificate SealedSecrets are sealed.
    #[command(flatten)]
    pub(crate) certificate: CertificateArgs,
    /// A new Secret instead of one from a manifest.
    #[command(flatten)]
    pub(crate) create: CreateArgs,
}

/// A new Secret, as `kubectl create secret generic` makes it.
#[derive(Debug, Args)]
#[command(next_help_heading = "A new Secret instead of a manifest")]
pub(crate) struct CreateArgs {
    /// Its name
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<ResourceName>,
    /// A key and its value; other users of this machine can see it while bulla runs, and the shell remembers it
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) from_literal: Vec<String>,
    /// A file, under its own name or under KEY; a directory stands for the files in it
    #[arg(long, value_name = "[KEY=]FILE")]
    pub(crate) from_file: Vec<String>,
    /// A file of lines KEY=VALUE
    #[arg(long, value_name = "FILE")]
    pub(crate) from_env_file: Vec<PathBuf>,
    /// Its type
    #[arg(long = "type", value_name = "TYPE")]
    pub(crate) secret_type: Option<String>,
}

/// `bulla convert`.
#[derive(Debug, Args)]
#[command(after_help = "\
Values are opened on this machine and nowhere else, with a private key that is at hand. What does not
open, or can't be said in the other format, is kept as it is and listed: exit code 1.

Examples:
  bulla convert --to envelope -i -R clusters/ -I keys-backup.yaml
  bulla convert --to sealed-secret -i clusters/prod/db.yaml -I alice.key --cert prod.pem
  bulla convert --to envelope --dry-run -o json -R clusters/ -I keys-backup.yaml")]
pub(crate) struct ConvertArgs {
    /// Files or directories; `-`, or nothing at all, is standard input
    #[arg(value_name = "FILE|DIR")]
    pub(crate) inputs: Vec<PathBuf>,
    /// The same, as kubectl spells it
    #[arg(long, short = 'f', value_name = "FILE|DIR")]
    pub(crate) filename: Vec<PathBuf>,
    /// Into what
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(crate) to: SealedFormat,
    /// Replace the files, instead of writing to standard output
    #[arg(long, short)]
    pub(crate) in_place: bool,
    /// Read directories below directories too
    #[arg(long, short = 'R')]
    pub(crate) recursive: bool,
    /// What is passed over.
    #[command(flatten)]
    pub(crate) exclude: ExcludeArgs,
    /// Whose keys open.
    #[command(flatten)]
    pub(crate) identities: IdentityArgs,
    /// Whom to close for.
    #[command(flatten)]
    pub(crate) recipients: RecipientArgs,
    /// The namespace of SealedSecrets that name none
    #[arg(long, short, value_name = "NAMESPACE")]
    pub(crate) namespace: Option<Namespace>,
    /// The path that rules are matched with, for what comes from standard input
    #[arg(long, value_name = "PATH")]
    pub(crate) as_path: Option<PathBuf>,
    /// Say what would be done, and write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// How to report what was converted and what was kept; `json` needs `--in-place` or `--dry-run`
    #[arg(long, short, value_enum, value_name = "FORMAT", default_value_t)]
    pub(crate) output: ReportFormat,
    /// With which certificate SealedSecrets are sealed.
    #[command(flatten)]
    pub(crate) certificate: CertificateArgs,
}

/// The formats of sealed resources.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum SealedFormat {
    /// SecretEnvelope
    Envelope,
    /// SealedSecret of Sealed Secrets
    SealedSecret,
    /// A file of SOPS: all of it, in whatever format
    Sops,
}

/// `bulla open`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  bulla open db.yaml --reveal                  show the Secret on the terminal
  bulla open db.yaml --key tls.crt > tls.crt   one value, byte for byte
  bulla open db.yaml | kubectl diff -f -")]
pub(crate) struct OpenArgs {
    /// Files or directories of envelopes, SealedSecrets and files of SOPS; `-`, or nothing at all, is standard input
    #[arg(value_name = "FILE|DIR")]
    pub(crate) inputs: Vec<PathBuf>,
    /// The same, as kubectl spells it
    #[arg(long, short = 'f', value_name = "FILE|DIR")]
    pub(crate) filename: Vec<PathBuf>,
    /// Read directories below directories too
    #[arg(long, short = 'R')]
    pub(crate) recursive: bool,
    /// What is passed over.
    #[command(flatten)]
    pub(crate) exclude: ExcludeArgs,
    /// Whose keys open.
    #[command(flatten)]
    pub(crate) identities: IdentityArgs,
    /// Show plaintext on a terminal
    #[arg(long)]
    pub(crate) reveal: bool,
    /// The value of this key only, byte for byte
    #[arg(long, short, value_name = "KEY", conflicts_with = "output")]
    pub(crate) key: Option<String>,
    /// Which of them.
    #[command(flatten)]
    pub(crate) select: SelectArgs,
    /// The language of the output
    #[arg(long, short, value_enum, value_name = "FORMAT")]
    pub(crate) output: Option<OpenFormat>,
    /// Write to this file, which nobody else can read
    #[arg(long, short = 'w', value_name = "FILE")]
    pub(crate) output_file: Option<PathBuf>,
}

/// What `bulla open` can write.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum OpenFormat {
    /// Secrets in YAML
    #[default]
    Yaml,
    /// Secrets in JSON
    Json,
    /// Lines that a shell can read: KEY='value'
    Env,
}

/// `bulla set`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  bulla set db.yaml password                   asks for the value twice, without showing it
  openssl rand -base64 24 | bulla set db.yaml password --trim-newline
  bulla set db.yaml tls.key --from-file tls.key")]
pub(crate) struct SetArgs {
    /// The file that holds the envelope or the SealedSecret, or is one of SOPS
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// The key to set; in files of SOPS that are no Secrets, also a path: `["db"]["password"]`
    #[arg(value_name = "KEY")]
    pub(crate) key: String,
    /// Caught here so that no message repeats it.
    #[arg(hide = true)]
    pub(crate) stray_value: Vec<String>,
    /// Take the value from this file, instead of standard input or a prompt; `-` is standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) from_file: Option<PathBuf>,
    /// Take the value from here; other users of this machine can see it while bulla runs, and the shell remembers it
    #[arg(
        long,
        value_name = "VALUE",
        conflicts_with = "from_file",
        allow_hyphen_values = true
    )]
    pub(crate) literal: Option<String>,
    /// Drop one newline at the end of the value; otherwise it is taken byte for byte
    #[arg(long)]
    pub(crate) trim_newline: bool,
    /// Which envelope.
    #[command(flatten)]
    pub(crate) select: SelectArgs,
    /// Whom to close for.
    #[command(flatten)]
    pub(crate) recipients: RecipientArgs,
    /// Whose keys open: values of a file of SOPS can't be set without.
    #[command(flatten)]
    pub(crate) identities: IdentityArgs,
    /// Say what would be done, and write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// With which certificate a value of a SealedSecret is sealed.
    #[command(flatten)]
    pub(crate) certificate: CertificateArgs,
}

/// `bulla unset`.
#[derive(Debug, Args)]
pub(crate) struct UnsetArgs {
    /// The file that holds the envelope or the SealedSecret, or is one of SOPS
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// The keys to take out
    #[arg(value_name = "KEY", required = true)]
    pub(crate) keys: Vec<String>,
    /// Which envelope.
    #[command(flatten)]
    pub(crate) select: SelectArgs,
    /// Whose keys open: values of a file of SOPS can't be taken out without.
    #[command(flatten)]
    pub(crate) identities: IdentityArgs,
    /// Say what would be done, and write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// `bulla edit`.
#[derive(Debug, Args)]
#[command(after_help = "\
The editor is $VISUAL or $EDITOR. It gets a file in memory that nobody else can read, and that is gone
when bulla ends. Without a key at hand, values that are there appear as `<sealed>`; left so, they stay
byte for byte as they are.")]
pub(crate) struct EditArgs {
    /// The file that holds the envelope or the SealedSecret, or is one of SOPS
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Which envelope.
    #[command(flatten)]
    pub(crate) select: SelectArgs,
    /// Whom to close for.
    #[command(flatten)]
    pub(crate) recipients: RecipientArgs,
    /// Whose keys open.
    #[command(flatten)]
    pub(crate) identities: IdentityArgs,
    /// Show no values, even with a key at hand
    #[arg(long)]
    pub(crate) sealed: bool,
    /// With which certificate values of a SealedSecret are sealed.
    #[command(flatten)]
    pub(crate) certificate: CertificateArgs,
}

/// `bulla reseal`.
#[derive(Debug, Args)]
pub(crate) struct ResealArgs {
    /// Vouch for a template that was changed in the file: you have read it, and what it makes of the values is meant
    #[arg(long)]
    pub(crate) accept_template: bool,
    /// Which files, and how.
    #[command(flatten)]
    pub(crate) rework: ReworkArgs,
}

/// `bulla rewrap`.
#[derive(Debug, Args)]
#[command(after_help = "\
Whoever could open a data key once may have kept it. Removing a person, or a key that got out, means:
change the values at their source, then `bulla set` or `bulla edit` them here.")]
pub(crate) struct RewrapArgs {
    /// Which files, and how.
    #[command(flatten)]
    pub(crate) rework: ReworkArgs,
}

/// What `reseal` and `rewrap` take.
#[derive(Debug, Args)]
pub(crate) struct ReworkArgs {
    /// Files or directories of envelopes, SealedSecrets and files of SOPS, replaced in place; `-` is standard input, to
    /// standard output
    #[arg(value_name = "FILE|DIR", required = true)]
    pub(crate) inputs: Vec<PathBuf>,
    /// Read directories below directories too
    #[arg(long, short = 'R')]
    pub(crate) recursive: bool,
    /// What is passed over.
    #[command(flatten)]
    pub(crate) exclude: ExcludeArgs,
    /// Whom to close for.
    #[command(flatten)]
    pub(crate) recipients: RecipientArgs,
    /// Whose keys open.
    #[command(flatten)]
    pub(crate) identities: IdentityArgs,
    /// With which certificate SealedSecrets are sealed.
    #[command(flatten)]
    pub(crate) certificate: CertificateArgs,
    /// Who opens SealedSecrets.
    #[command(flatten)]
    pub(crate) controller: ControllerArgs,
    /// The path that rules are matched with, for what comes from standard input
    #[arg(long, value_name = "PATH")]
    pub(crate) as_path: Option<PathBuf>,
    /// Say what would be done, and write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Write the files that succeed although others fail; without it, nothing is written then
    #[arg(long)]
    pub(crate) keep_going: bool,
}
