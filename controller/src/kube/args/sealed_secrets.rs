//! The flags of Sealed Secrets' own controller, with its variables: they count with `--sealed-secrets` only.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

use bulla_core::rotation::Timestamp;
use bulla_core::sealed_secrets::rotation::{KeyOrder, Policy};
use clap::{ArgAction, Args};

use super::go;
use crate::kube::keys::rsa::Settings;
use crate::kube::kind::restraint::Restraint;

/// Flags of Sealed Secrets.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Sealed Secrets")]
pub struct SealedSecretsArgs {
    /// A key that appears after the first start closes at once, as with Sealed Secrets itself; otherwise it opens, and
    /// closes once its SealingKey is made Active
    #[arg(
        long = "sealed-secrets-adopt-keys",
        env = "BULLA_SEALED_SECRETS_ADOPT_KEYS"
    )]
    pub adopt_keys: bool,

    /// Open SealedSecrets even while a pod of the other controller is at work on the same keys
    #[arg(
        long = "sealed-secrets-take-over",
        env = "BULLA_SEALED_SECRETS_TAKE_OVER"
    )]
    pub take_over: bool,

    /// What the names of key Secrets begin with
    #[arg(long, env = "SEALED_SECRETS_KEY_PREFIX", default_value = "sealed-secrets-key", value_parser = key_prefix)]
    pub key_prefix: String,

    /// The size of new keys: 2048, 3072, 4096 or 8192
    #[arg(long, env = "SEALED_SECRETS_KEY_SIZE", default_value = "4096", value_parser = key_size)]
    pub key_size: u32,

    /// How long new certificates are valid
    #[arg(long, env = "SEALED_SECRETS_KEY_TTL", default_value = "87600h", value_parser = go::duration)]
    pub key_ttl: Duration,

    /// The common name of new certificates
    #[arg(long, env = "SEALED_SECRETS_MY_CN", default_value = "", value_parser = common_name)]
    pub my_cn: String,

    /// The age at which a key gets a successor; 0 is never
    #[arg(long, visible_alias = "rotate-period", env = "SEALED_SECRETS_KEY_RENEW_PERIOD", default_value = "720h", value_parser = go::duration)]
    pub key_renew_period: Duration,

    /// Which key is the newest: CertNotBefore or SecretCreationTimestamp
    #[arg(
        long,
        env = "SEALED_SECRETS_KEY_ORDER_PRIORITY",
        default_value = "CertNotBefore"
    )]
    pub key_order_priority: KeyOrder,

    /// A key from before this moment gets a successor: `Mon, 02 Jan 2006 15:04:05 -0700`
    #[arg(long, env = "SEALED_SECRETS_KEY_CUTOFF_TIME", default_value = "", value_parser = Moment::parse)]
    pub key_cutoff_time: Moment,

    /// More annotations of new key Secrets: `name=value,…`
    #[arg(long, env = "SEALED_SECRETS_PRIVATEKEY_ANNOTATIONS", default_value = "", value_parser = Pairs::parse)]
    pub privatekey_annotations: Pairs,

    /// More labels of new key Secrets: `name=value,…`
    #[arg(long, env = "SEALED_SECRETS_PRIVATEKEY_LABELS", default_value = "", value_parser = Pairs::parse)]
    pub privatekey_labels: Pairs,

    /// Open the deprecated `spec.data` too
    #[arg(long, env = "SEALED_SECRETS_ACCEPT_DEPRECATED_V1_DATA", default_value = "true", action = ArgAction::Set, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = go::boolean)]
    pub accept_deprecated_v1_data: bool,

    /// Look at all namespaces, or at the controller's own only
    #[arg(long, env = "SEALED_SECRETS_ALL_NAMESPACES", default_value = "true", action = ArgAction::Set, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = go::boolean)]
    pub all_namespaces: bool,

    /// Look at these namespaces and the controller's own, and at no others: `shop,blog`
    #[arg(long, env = "SEALED_SECRETS_ADDITIONAL_NAMESPACES", default_value = "")]
    pub additional_namespaces: String,

    /// Look at SealedSecrets with these labels only
    #[arg(long, env = "SEALED_SECRETS_LABEL_SELECTOR", default_value = "")]
    pub label_selector: String,

    /// Requests a second of one address to each of /v1/verify and /v1/rotate; of all together four times that
    #[arg(long, env = "SEALED_SECRETS_RATE_LIMIT", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..))]
    pub rate_limit: u32,

    /// Requests beyond the rate that are taken at once
    #[arg(long, env = "SEALED_SECRETS_RATE_LIMIT_BURST", default_value_t = 2)]
    pub rate_limit_burst: u32,

    /// Where /v1 and health are served
    #[arg(long, env = "SEALED_SECRETS_LISTEN_ADDR", default_value = ":8080", value_parser = go::address)]
    pub listen_addr: SocketAddr,

    /// Where metrics and health are served, unless --listen says so
    #[arg(long, env = "SEALED_SECRETS_LISTEN_METRICS_ADDR", default_value = ":8081", value_parser = go::address)]
    pub listen_metrics_addr: SocketAddr,

    /// Show no namespace and no name of a SealedSecret in metrics
    #[arg(long, env = "SEALED_SECRETS_METRICS_OMIT_SECRET_LABELS", default_value = "false", action = ArgAction::Set, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = go::boolean)]
    pub metrics_omit_secret_labels: bool,

    /// Write the status of SealedSecrets; without it, a restart opens all of them
    #[arg(long, env = "SEALED_SECRETS_UPDATE_STATUS", default_value = "true", action = ArgAction::Set, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = go::boolean)]
    pub update_status: bool,

    /// Leave a Secret that somebody has deleted away, until its SealedSecret changes or the controller starts anew
    #[arg(long, env = "SEALED_SECRETS_SKIP_RECREATE", default_value = "false", action = ArgAction::Set, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = go::boolean)]
    pub skip_recreate: bool,

    #[command(flatten)]
    needless: Needless,
}

/// Flags that are taken and change nothing; where that is not what they say, a warning says so.
#[derive(Debug, Clone, Args)]
struct Needless {
    #[arg(long, hide = true, env = "SEALED_SECRETS_OLD_GC_BEHAVIOR", action = ArgAction::Set, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = go::boolean)]
    old_gc_behavior: Option<bool>,
    #[arg(long, hide = true, env = "SEALED_SECRETS_WATCH_FOR_SECRETS", action = ArgAction::Set, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = go::boolean)]
    watch_for_secrets: Option<bool>,
    #[arg(long, hide = true, env = "SEALED_SECRETS_LOG_INFO_STDOUT", action = ArgAction::Set, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = go::boolean)]
    log_info_stdout: Option<bool>,
    #[arg(long, hide = true, env = "SEALED_SECRETS_MAX_UNSEAL_RETRIES")]
    max_unseal_retries: Option<i64>,
    #[arg(
        long,
        hide = true,
        env = "SEALED_SECRETS_KUBECLIENT_QPS",
        allow_negative_numbers = true
    )]
    kubeclient_qps: Option<f32>,
    #[arg(
        long,
        hide = true,
        env = "SEALED_SECRETS_KUBECLIENT_BURST",
        allow_negative_numbers = true
    )]
    kubeclient_burst: Option<i64>,
    #[arg(long, hide = true, env = "SEALED_SECRETS_READ_TIMEOUT", value_parser = go::duration)]
    read_timeout: Option<Duration>,
    #[arg(long, hide = true, env = "SEALED_SECRETS_WRITE_TIMEOUT", value_parser = go::duration)]
    write_timeout: Option<Duration>,
}

/// A moment, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment(Option<Timestamp>);

/// Names with values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pairs(BTreeMap<String, String>);

impl Moment {
    fn parse(text: &str) -> Result<Self, String> {
        go::rfc1123z(text).map(Self)
    }
}

impl Pairs {
    fn parse(text: &str) -> Result<Self, String> {
        go::pairs(text).map(Self)
    }
}

impl SealedSecretsArgs {
    /// For the keeper of the keys.
    pub(in crate::kube) fn settings(&self, require_existing_key: bool) -> Settings {
        Settings {
            prefix: self.key_prefix.clone(),
            bits: self.key_size,
            ttl: self.key_ttl,
            common_name: self.my_cn.clone(),
            policy: Policy {
                order: self.key_order_priority,
                renew_period: self.key_renew_period.as_secs(),
                cutoff: self.key_cutoff_time.0,
                require_existing_key,
            },
            annotations: self.privatekey_annotations.0.clone(),
            labels: self.privatekey_labels.0.clone(),
            adopt_keys: self.adopt_keys,
            take_over: self.take_over,
        }
    }

    /// What is left undone.
    pub(in crate::kube) fn restraint(&self) -> Restraint {
        Restraint::new(!self.update_status, self.skip_recreate)
    }

    /// The namespaces that they ask for; nothing for all.
    pub(super) fn namespaces(&self, own: &str) -> Option<BTreeSet<String>> {
        let named = self.additional_namespaces.split(',').map(str::trim);
        let mut named: BTreeSet<String> = named
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect();
        if named.is_empty() && self.all_namespaces {
            return None;
        }
        named.insert(own.to_owned());
        Some(named)
    }

    /// What no flag says by itself.
    pub(super) fn check(&self) -> Result<(), &'static str> {
        let period = self.key_renew_period;
        if !period.is_zero() && period < Duration::from_secs(1) {
            return Err("--key-renew-period must be 0 or at least 1s");
        }
        if self.key_ttl < Duration::from_secs(1) {
            return Err("--key-ttl must be at least 1s");
        }
        Ok(())
    }

    /// Flags that were given and change nothing, each with why.
    pub(in crate::kube) fn needless(&self) -> Vec<(&'static str, &'static str)> {
        let Needless {
            old_gc_behavior,
            watch_for_secrets,
            log_info_stdout,
            max_unseal_retries,
            kubeclient_qps,
            kubeclient_burst,
            read_timeout,
            write_timeout,
        } = &self.needless;
        let given = [
            (
                *old_gc_behavior == Some(true),
                "old-gc-behavior",
                "Kubernetes collects the Secrets of a SealedSecret that is gone",
            ),
            (
                *watch_for_secrets == Some(false),
                "watch-for-secrets",
                "key Secrets are always watched",
            ),
            (
                *log_info_stdout == Some(false),
                "log-info-stdout",
                "the whole log goes to stderr",
            ),
            (
                max_unseal_retries.is_some(),
                "max-unseal-retries",
                "what failed for now is tried for ever, with growing delays",
            ),
            (
                kubeclient_qps.is_some(),
                "kubeclient-qps",
                "requests are not slowed down; the API server's priority and fairness does that",
            ),
            (
                kubeclient_burst.is_some(),
                "kubeclient-burst",
                "requests are not slowed down; the API server's priority and fairness does that",
            ),
            (
                read_timeout.is_some(),
                "read-timeout",
                "connections are short-lived as they are",
            ),
            (
                write_timeout.is_some(),
                "write-timeout",
                "connections are short-lived as they are",
            ),
        ];
        given
            .into_iter()
            .filter(|(given, ..)| *given)
            .map(|(_, flag, why)| (flag, why))
            .collect()
    }
}

fn key_prefix(text: &str) -> Result<String, String> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    match text {
        "" => Err("a prefix belongs here".to_owned()),
        text if text.len() > PREFIX_MAX => Err("at most 245 characters belong here".to_owned()),
        text if !text.chars().all(allowed) || text.starts_with('-') => {
            Err("a-z, 0-9 and - belong here, and no - at the start".to_owned())
        }
        text => Ok(text.to_owned()),
    }
}

fn key_size(text: &str) -> Result<u32, String> {
    let size = text.parse().ok();
    size.filter(|size| [2048, 3072, 4096, 8192].contains(size))
        .ok_or_else(|| "2048, 3072, 4096 or 8192 belongs here".to_owned())
}

fn common_name(text: &str) -> Result<String, String> {
    match text.chars().count() {
        0..=64 => Ok(text.to_owned()),
        _ => Err("at most 64 characters belong here".to_owned()),
    }
}

const PREFIX_MAX: usize = 245;

#[cfg(test)]
mod tests;
