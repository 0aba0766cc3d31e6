//! Variables of Sealed Secrets that clap does not read as its controller does.
//!
//! There a variable that is empty is 0 or false, where the flag is a number or a boolean. It is so here, and an error that
//! stops the start where the flag takes no 0.

use std::ffi::{OsStr, OsString};

/// Flags for the variables that are there; they come before those of the command line, which count more.
pub(super) fn as_flags(variable: impl Fn(&str) -> Option<OsString>) -> Vec<OsString> {
    let empty = |flag: &str| variable(&name(flag)).is_some_and(|text| text.is_empty());
    let zero = |flags: &[&str], zero: &str| -> Vec<OsString> {
        let empty = flags.iter().filter(|flag| empty(flag));
        empty
            .map(|flag| format!("--{flag}={zero}").into())
            .collect()
    };
    let mut flags = zero(NUMBERS, "0");
    flags.extend(zero(DURATIONS, "0s"));
    flags.extend(zero(BOOLEANS, "false"));
    // The old name of a flag has a variable too, and is read last.
    if let Some(period) = variable(&name("rotate-period")) {
        let period = match period.is_empty() {
            true => OsStr::new("0s"),
            false => &period,
        };
        let mut flag = OsString::from("--key-renew-period=");
        flag.push(period);
        flags.push(flag);
    }
    flags
}

fn name(flag: &str) -> String {
    format!("SEALED_SECRETS_{}", flag.to_uppercase().replace('-', "_"))
}

const NUMBERS: &[&str] = &[
    "key-size",
    "kubeclient-burst",
    "kubeclient-qps",
    "max-unseal-retries",
    "rate-limit",
    "rate-limit-burst",
];
const DURATIONS: &[&str] = &[
    "key-renew-period",
    "key-ttl",
    "read-timeout",
    "write-timeout",
];
const BOOLEANS: &[&str] = &[
    "accept-deprecated-v1-data",
    "all-namespaces",
    "log-info-stdout",
    "metrics-omit-secret-labels",
    "old-gc-behavior",
    "skip-recreate",
    "update-status",
    "watch-for-secrets",
];

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::kube::Args;

    fn parse(variables: &[(&str, &str)], given: &[&str]) -> Result<Args, clap::Error> {
        let find = |name: &str| {
            let mut variables = variables.iter();
            variables
                .find(|(known, _)| *known == name)
                .map(|(_, text)| (*text).into())
        };
        let mut words = vec![OsString::from("bulla-controller")];
        words.extend(as_flags(find));
        words.extend(given.iter().map(Into::into));
        Args::try_parse_from(words)
    }

    #[test]
    fn an_empty_variable_is_zero_or_false() {
        let args = parse(
            &[
                ("SEALED_SECRETS_KEY_RENEW_PERIOD", ""),
                ("SEALED_SECRETS_RATE_LIMIT_BURST", ""),
                ("SEALED_SECRETS_UPDATE_STATUS", ""),
                ("SEALED_SECRETS_MAX_UNSEAL_RETRIES", ""),
            ],
            &[],
        );
        let theirs = args.expect("they are fine").sealed_secrets_args;
        assert!(theirs.key_renew_period.is_zero() && !theirs.update_status);
        assert_eq!(theirs.rate_limit_burst, 0);
        let args = parse(
            &[("SEALED_SECRETS_KEY_RENEW_PERIOD", "")],
            &["--key-renew-period=1h"],
        );
        let theirs = args.expect("they are fine").sealed_secrets_args;
        assert_eq!(theirs.key_renew_period.as_secs(), 3600, "flags count more");
        for flag in NUMBERS.iter().chain(DURATIONS).chain(BOOLEANS) {
            let known = parse(&[(&name(flag), "")], &[]);
            let takes_no_zero = ["key-size", "rate-limit"].contains(flag);
            assert_eq!(known.is_err(), takes_no_zero, "{flag}");
        }
        let short = parse(&[("SEALED_SECRETS_KEY_TTL", "")], &["--sealed-secrets"]).expect("flags");
        assert!(short.check().is_err(), "a certificate has to be valid");
    }

    #[test]
    fn the_old_name_of_a_flag_has_its_variable() {
        let args = parse(&[("SEALED_SECRETS_ROTATE_PERIOD", "100h")], &[]).expect("it is fine");
        assert_eq!(args.sealed_secrets_args.key_renew_period.as_secs(), 360_000);
        assert!(parse(&[("SEALED_SECRETS_ROTATE_PERIOD", "30d")], &[]).is_err());
    }
}
