//! The flags of Sealed Secrets' HTTP interface, under its names and with its variables.

use std::net::{Ipv4Addr, SocketAddr};

use clap::Args;

/// Where Sealed Secrets' endpoints are served, and how often they may be asked. Without `--sealed-secrets` they are not.
#[derive(Debug, Clone, Args)]
pub struct EndpointArgs {
    /// With --sealed-secrets: where its endpoints are served, such as `:8080`
    #[arg(long, env = "SEALED_SECRETS_LISTEN_ADDR", default_value = ":8080", value_parser = parse_address)]
    pub listen_addr: SocketAddr,

    /// With --sealed-secrets: where health and metrics are served, unless --listen says so
    #[arg(long, env = "SEALED_SECRETS_LISTEN_METRICS_ADDR", default_value = ":8081", value_parser = parse_address)]
    pub listen_metrics_addr: SocketAddr,

    /// How often each address may ask for a verification or a rotation, in a second; all together four times that
    #[arg(long, env = "SEALED_SECRETS_RATE_LIMIT", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub rate_limit: u32,

    /// How many more it may ask for at once
    #[arg(long, env = "SEALED_SECRETS_RATE_LIMIT_BURST", default_value_t = 2, value_parser = clap::value_parser!(u32).range(0..=10_000))]
    pub rate_limit_burst: u32,

    /// Show no namespaces and names of SealedSecrets in metrics
    #[arg(long, env = "SEALED_SECRETS_METRICS_OMIT_SECRET_LABELS", num_args = 0..=1, default_value_t = false, default_missing_value = "true", require_equals = true, action = clap::ArgAction::Set)]
    pub metrics_omit_secret_labels: bool,
}

/// An address as Go writes it: without a host it is every address of the machine.
fn parse_address(text: &str) -> Result<SocketAddr, String> {
    let port = text.strip_prefix(':').map(str::parse);
    let address = match port {
        Some(Ok(port)) => Some(SocketAddr::from((Ipv4Addr::UNSPECIFIED, port))),
        Some(Err(_)) => None,
        None => text.parse().ok(),
    };
    address.ok_or_else(|| "an address such as `:8080` or `10.0.0.1:8080` is expected".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_as_go_writes_them() {
        let every = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 8080));
        assert_eq!(parse_address(":8080"), Ok(every));
        assert_eq!(parse_address("0.0.0.0:8080"), Ok(every));
        for wrong in ["", ":", "8080", ":http", ":99999", "localhost:1"] {
            assert!(parse_address(wrong).is_err(), "{wrong}");
        }
    }
}
