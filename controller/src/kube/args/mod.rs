//! The program's flags, each with its environment variable.

mod duration;
mod export;
mod go;
mod sealed_secrets;
mod variables;

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use bulla_core::names::{NameError, Namespace};
use bulla_core::recipient::Suite;
use bulla_core::sops_secret::PlaceRule;
use clap::error::ErrorKind;
use clap::{Parser, ValueEnum};
use tracing::level_filters::LevelFilter;

pub use export::ExportTarget;
pub use sealed_secrets::SealedSecretsArgs;

use self::duration::parse_duration;

/// Opens sealed resources into Secrets, keeps them as they should be, and renews the cluster's sealing keys.
///
/// Runs against Kubernetes 1.33 and later. Finds the API server by KUBECONFIG, or as a pod by its ServiceAccount.
#[derive(Debug, Clone, Parser)]
#[command(name = "bulla-controller", version, args_override_self = true)]
pub struct Args {
    /// The namespace of the controller: its key Secrets and its lease. By default that of the ServiceAccount
    #[arg(long, env = "BULLA_NAMESPACE")]
    pub namespace: Option<String>,

    /// The name of this replica, for the lease and in Events
    #[arg(long, env = "BULLA_POD_NAME", default_value = "bulla-controller")]
    pub pod_name: String,

    /// Namespaces whose resources are opened, separated by commas. By default all
    #[arg(long, env = "BULLA_WATCH_NAMESPACES", value_delimiter = ',')]
    pub watch_namespaces: Vec<String>,

    /// The suite of the sealing keys that are made unasked: MLKEM768-X25519 or X25519
    #[arg(long, env = "BULLA_KEY_SUITE", default_value = "MLKEM768-X25519")]
    pub key_suite: Suite,

    /// The age at which a sealing key gets a successor, such as 30d or 12h; 0 is never
    #[arg(long, env = "BULLA_RENEW_PERIOD", default_value = "30d", value_parser = parse_duration)]
    pub renew_period: Duration,

    /// How often the keys are looked at when nothing changes and nothing is due
    #[arg(long, env = "BULLA_RENEW_CHECK", default_value = "10m", value_parser = parse_duration)]
    pub renew_check: Duration,

    /// Make no sealing key, for a restore: bind the SealingKeys and key Secrets that come back
    #[arg(long, env = "BULLA_REQUIRE_EXISTING_KEY")]
    pub require_existing_key: bool,

    /// Write the identities of the age keys that open into this Secret, NAMESPACE/NAME: who reads it opens everything
    ///
    /// For Flux, which opens SOPS files with them: see docs/flux.md.
    #[arg(long, env = "BULLA_EXPORT_AGE_SECRET", value_name = "NAMESPACE/NAME")]
    pub export_age_secret: Option<ExportTarget>,

    /// Make Secrets of types that give rights to their maker too: ServiceAccount tokens, bootstrap tokens, Helm releases
    #[arg(long, env = "BULLA_ALLOW_SECRET_TYPES")]
    pub allow_secret_types: bool,

    /// Open SealedSecrets too, with the keys of Sealed Secrets: see docs/sealed-secrets.md
    #[arg(long, env = "BULLA_SEALED_SECRETS")]
    pub sealed_secrets: bool,

    /// Open SopsSecrets too, in the place of sops-secrets-operator: see docs/sops-secret.md
    #[arg(long, env = "BULLA_SOPS_SECRETS")]
    pub sops_secrets: bool,

    /// Refuse a SopsSecret that says nowhere where it belongs. By default it is refused, and with --compat opened
    #[arg(long, env = "BULLA_SOPS_REQUIRE_PLACE", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = go::boolean)]
    pub sops_require_place: Option<bool>,

    /// Be no stricter than the controllers in whose place this one is: SopsSecrets open without a place
    #[arg(long, env = "BULLA_COMPAT")]
    pub compat: bool,

    /// How many resources are worked on at a time
    #[arg(long, env = "BULLA_CONCURRENCY", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub concurrency: u16,

    /// How often every resource is looked at, changed or not
    #[arg(long, env = "BULLA_RESYNC", default_value = "10m", value_parser = parse_duration)]
    pub resync: Duration,

    /// How long a request to the API server may take
    #[arg(long, env = "BULLA_REQUEST_TIMEOUT", default_value = "10s", value_parser = parse_duration)]
    pub request_timeout: Duration,

    /// Where health and metrics are served. By default 0.0.0.0:8080; with --sealed-secrets --listen-metrics-addr
    #[arg(long, env = "BULLA_LISTEN")]
    pub listen: Option<SocketAddr>,

    /// The name of the lease
    #[arg(long, env = "BULLA_LEASE_NAME", default_value = "bulla-controller")]
    pub lease_name: String,

    /// How long other replicas wait before they take over
    #[arg(long, env = "BULLA_LEASE_DURATION", default_value = "15s", value_parser = parse_duration)]
    pub lease_duration: Duration,

    /// How long this replica writes after its last renewal; shorter than the lease's duration
    #[arg(long, env = "BULLA_LEASE_RENEW_DEADLINE", default_value = "10s", value_parser = parse_duration)]
    pub lease_renew_deadline: Duration,

    /// How often the lease is tried
    #[arg(long, env = "BULLA_LEASE_RETRY_PERIOD", default_value = "2s", value_parser = parse_duration)]
    pub lease_retry_period: Duration,

    /// How long work in progress may take to finish when the process is told to stop
    #[arg(long, env = "BULLA_GRACE", default_value = "10s", value_parser = parse_duration)]
    pub grace: Duration,

    /// The form of the log
    #[arg(long, env = "BULLA_LOG_FORMAT", value_enum, default_value_t = LogFormat::Text)]
    pub log_format: LogFormat,

    /// The level of the log: error, warn, info, debug or trace. No level shows a value
    #[arg(long, env = "BULLA_LOG_LEVEL", default_value = "info")]
    pub log_level: LevelFilter,

    /// What Sealed Secrets' own controller takes
    #[command(flatten)]
    pub sealed_secrets_args: SealedSecretsArgs,
}

/// The form of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Lines for people.
    Text,
    /// A JSON object on each line.
    Json,
}

impl Args {
    /// Reads a command line, the name of the program first. Under the name that Sealed Secrets' image calls its own
    /// program by, `controller`, it takes the place of that one.
    ///
    /// # Errors
    /// What clap says, to be printed.
    pub fn from_command_line(
        words: impl IntoIterator<Item = OsString>,
    ) -> Result<Self, clap::Error> {
        let mut words: Vec<OsString> = words.into_iter().collect();
        let name = words.first().map(Path::new).and_then(Path::file_stem);
        let in_their_place = name.is_some_and(|name| name == "controller");
        let first = words.len().min(1);
        words.splice(
            first..first,
            variables::as_flags(|name| std::env::var_os(name)),
        );
        let mut args = Self::try_parse_from(&words)?;
        args.sealed_secrets |= in_their_place;
        if args.sealed_secrets {
            args.log_as_theirs()?;
        }
        Ok(args)
    }

    /// Two of their flags are ours as well, each with a variable of its own: ours counts where both are there.
    fn log_as_theirs(&mut self) -> Result<(), clap::Error> {
        let given = |ours: &str, theirs: &str| {
            let theirs = std::env::var(theirs).ok().filter(|text| !text.is_empty());
            theirs.filter(|_| std::env::var_os(ours).is_none())
        };
        let wrong = |variable: &str| {
            let message = format!("invalid value of the variable {variable}\n");
            clap::Error::raw(ErrorKind::ValueValidation, message)
        };
        let format = given("BULLA_LOG_FORMAT", "SEALED_SECRETS_LOG_FORMAT");
        if let Some(text) = format.filter(|_| self.log_format == LogFormat::Text) {
            let format = LogFormat::from_str(&text, true);
            self.log_format = format.map_err(|_| wrong("SEALED_SECRETS_LOG_FORMAT"))?;
        }
        let level = given("BULLA_LOG_LEVEL", "SEALED_SECRETS_LOG_LEVEL");
        if let Some(text) = level.filter(|_| self.log_level == LevelFilter::INFO) {
            let level = text.parse();
            self.log_level = level.map_err(|_| wrong("SEALED_SECRETS_LOG_LEVEL"))?;
        }
        Ok(())
    }

    /// Whether SopsSecrets must say where they belong.
    pub(super) fn place_rule(&self) -> PlaceRule {
        match self.sops_require_place.unwrap_or(!self.compat) {
            true => PlaceRule::Require,
            false => PlaceRule::Optional,
        }
    }

    /// The namespaces to watch, once each; the empty one stands for all. `own` is the controller's.
    ///
    /// # Errors
    /// One is no name of a namespace.
    pub(super) fn watched(&self, own: &str) -> Result<BTreeSet<String>, NameError> {
        let mut named: BTreeSet<String> = self.watch_namespaces.iter().cloned().collect();
        if named.is_empty() && self.sealed_secrets {
            named = self.sealed_secrets_args.namespaces(own).unwrap_or_default();
        }
        let mut watched = named
            .iter()
            .map(|name| Ok(name.trim().parse::<Namespace>()?.to_string()))
            .collect::<Result<BTreeSet<_>, NameError>>()?;
        if watched.is_empty() {
            watched.insert(String::new());
        }
        Ok(watched)
    }

    /// Where health and metrics are served.
    pub(super) fn control_address(&self) -> SocketAddr {
        self.listen.unwrap_or(match self.sealed_secrets {
            true => self.sealed_secrets_args.listen_metrics_addr,
            false => SocketAddr::from((Ipv4Addr::UNSPECIFIED, 8080)),
        })
    }

    /// Checks what no flag says by itself.
    ///
    /// # Errors
    /// A sentence for the command line.
    pub(super) fn check(&self) -> Result<(), &'static str> {
        if self.lease_renew_deadline >= self.lease_duration {
            return Err("--lease-renew-deadline must be shorter than --lease-duration");
        }
        if self.lease_duration < Duration::from_secs(1) {
            return Err("--lease-duration must be at least 1s");
        }
        if self.lease_retry_period.is_zero() || self.lease_retry_period > self.lease_renew_deadline
        {
            return Err("--lease-retry-period must be between 0 and --lease-renew-deadline");
        }
        if self.request_timeout.is_zero() || self.resync.is_zero() || self.renew_check.is_zero() {
            return Err("--request-timeout, --resync and --renew-check must not be 0");
        }
        if self.sealed_secrets {
            self.sealed_secrets_args.check()?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flags_are_well_formed_and_their_defaults_agree() {
        use clap::CommandFactory;
        Args::command().debug_assert();
        let args = Args::try_parse_from(["bulla-controller"]).expect("no flag is required");
        assert_eq!(args.check(), Ok(()));
        assert_eq!(args.renew_period, Duration::from_secs(30 * 24 * 3600));
    }

    #[test]
    fn each_namespace_is_watched_once_and_an_empty_name_is_not_all_of_them() {
        let watched = |flag: &[&str]| {
            let flags = std::iter::once("bulla-controller").chain(flag.iter().copied());
            Args::try_parse_from(flags).expect("flags").watched("home")
        };
        assert_eq!(watched(&[]), Ok([String::new()].into()));
        let twice = watched(&["--watch-namespaces=shop,blog, shop"]);
        assert_eq!(twice, Ok(["blog".to_owned(), "shop".to_owned()].into()));
        assert!(watched(&["--watch-namespaces="]).is_err());
        assert!(watched(&["--watch-namespaces=shop,"]).is_err());
    }

    #[test]
    fn health_and_metrics_make_way_for_the_endpoints_of_sealed_secrets() {
        let port = |flags: &[&str]| {
            let flags = std::iter::once("bulla-controller").chain(flags.iter().copied());
            let args = Args::try_parse_from(flags).expect("flags");
            args.control_address().port()
        };
        assert_eq!(port(&[]), 8080);
        assert_eq!(port(&["--sealed-secrets"]), 8081);
        assert_eq!(port(&["--sealed-secrets", "--listen=127.0.0.1:9"]), 9);
    }

    #[test]
    fn sops_secrets_need_a_place_unless_somebody_says_otherwise() {
        let rule = |flags: &[&str]| {
            let flags = std::iter::once("bulla-controller").chain(flags.iter().copied());
            Args::try_parse_from(flags).expect("flags").place_rule()
        };
        for (flags, expected) in [
            (&[][..], PlaceRule::Require),
            (&["--compat"], PlaceRule::Optional),
            (&["--compat", "--sops-require-place"], PlaceRule::Require),
            (&["--sops-require-place=false"], PlaceRule::Optional),
        ] {
            assert_eq!(rule(flags), expected, "{flags:?}");
        }
    }

    #[test]
    fn a_lease_that_outlasts_itself_is_refused() {
        let args =
            Args::try_parse_from(["bulla-controller", "--lease-duration=5s"]).expect("flags");
        assert!(args.check().is_err());
    }
}
