use clap::{CommandFactory, Parser};

use super::*;
use crate::kube::Args;

fn parse(flags: &[&str]) -> Result<Args, clap::Error> {
    let name = std::iter::once("bulla-controller").chain(["--sealed-secrets"]);
    Args::try_parse_from(name.chain(flags.iter().copied()))
}

/// Every flag of Sealed Secrets' controller v0.40.0 with a value that is not its default, as its manifests spell it.
const ALL: [&str; 32] = [
    "--accept-deprecated-v1-data=false",
    "--additional-namespaces=shop,blog",
    "--all-namespaces=false",
    "--key-cutoff-time=Mon, 02 Jan 2006 15:04:05 -0700",
    "--key-order-priority=SecretCreationTimestamp",
    "--key-prefix=my-keys-",
    "--key-renew-period=360h",
    "--key-size=2048",
    "--key-ttl=1000h",
    "--kubeclient-burst=20",
    "--kubeclient-qps=-1",
    "--label-selector=a=b",
    "--listen-addr=:9090",
    "--listen-metrics-addr=:9091",
    "--log-format=json",
    "--log-info-stdout=false",
    "--log-level=ERROR",
    "--max-unseal-retries=9",
    "--metrics-omit-secret-labels",
    "--my-cn=hello",
    "--old-gc-behavior",
    "--privatekey-annotations=a=b,c=d",
    "--privatekey-labels=e=f",
    "--rate-limit=20",
    "--rate-limit-burst=30",
    "--read-timeout=1m",
    "--rotate-period=100h",
    "--skip-recreate",
    "--update-status=false",
    "--update-status=true",
    "--watch-for-secrets",
    "--write-timeout=1m",
];

#[test]
fn every_flag_of_theirs_is_taken() {
    let args = parse(&ALL).expect("they are flags");
    let theirs = &args.sealed_secrets_args;
    let settings = theirs.settings(false);
    assert_eq!(settings.prefix, "my-keys-");
    assert_eq!(
        (settings.bits, settings.ttl),
        (2048, Duration::from_secs(3_600_000))
    );
    assert_eq!(settings.policy.order, KeyOrder::SecretCreationTimestamp);
    // The later of the two names of one flag.
    assert_eq!(settings.policy.renew_period, 360_000);
    assert_eq!(settings.policy.cutoff, Some(Timestamp(1_136_239_445)));
    assert_eq!(settings.annotations.len() + settings.labels.len(), 3);
    let watched = args.watched("home").expect("namespaces");
    assert_eq!(
        watched.into_iter().collect::<Vec<_>>(),
        ["blog", "home", "shop"]
    );
    assert_eq!(theirs.listen_addr.port(), 9090);
    assert_eq!(args.control_address().port(), 9091);
    let needless: Vec<_> = theirs
        .needless()
        .into_iter()
        .map(|(flag, _)| flag)
        .collect();
    assert_eq!(
        needless,
        [
            "old-gc-behavior",
            "log-info-stdout",
            "max-unseal-retries",
            "kubeclient-qps",
            "kubeclient-burst",
            "read-timeout",
            "write-timeout"
        ]
    );
}

#[test]
fn the_defaults_are_theirs() {
    let args = parse(&[]).expect("no flag is required");
    let settings = args.sealed_secrets_args.settings(false);
    assert_eq!(settings.prefix, "sealed-secrets-key");
    assert_eq!(
        (settings.bits, settings.ttl.as_secs()),
        (4096, 87_600 * 3600)
    );
    assert_eq!(settings.policy.renew_period, 720 * 3600);
    assert_eq!(settings.policy.order, KeyOrder::CertNotBefore);
    assert!(!settings.adopt_keys && !settings.take_over);
    assert!(args.sealed_secrets_args.needless().is_empty());
    assert_eq!(args.watched("home"), Ok([String::new()].into()));
    let own = parse(&["--all-namespaces=false"]).expect("flags");
    assert_eq!(own.watched("home"), Ok(["home".to_owned()].into()));
    let theirs = &args.sealed_secrets_args;
    assert!(theirs.accept_deprecated_v1_data && theirs.update_status && theirs.all_namespaces);
    assert!(!theirs.skip_recreate && !theirs.metrics_omit_secret_labels);
    assert_eq!((theirs.rate_limit, theirs.rate_limit_burst), (2, 2));
    assert_eq!(
        (theirs.listen_addr.port(), args.control_address().port()),
        (8080, 8081)
    );
    assert_eq!(
        (&*theirs.label_selector, settings.policy.cutoff),
        ("", None)
    );
    assert!(settings.annotations.is_empty() && settings.labels.is_empty());
    assert!(settings.common_name.is_empty());
}

#[test]
fn every_flag_has_the_variable_of_its_name() {
    let command = Args::command();
    for flag in ALL {
        let name = flag
            .trim_start_matches("--")
            .split('=')
            .next()
            .unwrap_or_default();
        // These share theirs with a flag of ours, or with a newer one of their own: `variables.rs`, `Args::log_as_theirs`.
        if ["log-format", "log-level", "rotate-period"].contains(&name) {
            continue;
        }
        let mut known = command.get_arguments();
        let arg = known.find(|arg| arg.get_long() == Some(name));
        let variable = arg
            .and_then(|arg| arg.get_env())
            .map(|name| name.to_string_lossy());
        let expected = format!("SEALED_SECRETS_{}", name.to_uppercase().replace('-', "_"));
        assert_eq!(variable.as_deref(), Some(&*expected));
    }
}

#[test]
fn a_wrong_value_stops_the_start() {
    for wrong in [
        "--key-renew-period=30d",
        "--key-renew-period=-1h",
        "--key-size=1024",
        "--key-size=5000",
        "--key-prefix=Keys",
        "--key-prefix=",
        "--key-order-priority=Newest",
        "--key-cutoff-time=2006-01-02",
        "--privatekey-labels=a",
        "--update-status=maybe",
        "--rate-limit=0",
        "--listen-addr=8080",
        "--my-cn=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    ] {
        assert!(parse(&[wrong]).is_err(), "{wrong}");
    }
    let short = parse(&["--key-renew-period=1ms"]).expect("flags");
    assert!(short.check().is_err());
}

#[test]
fn under_the_name_of_their_program_sealed_secrets_are_opened() {
    let args = |name: &str| Args::from_command_line([name].map(Into::into)).expect("flags");
    assert!(args("/usr/local/bin/controller").sealed_secrets);
    assert!(!args("/usr/local/bin/bulla-controller").sealed_secrets);
}
