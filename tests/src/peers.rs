//! The tools of others that Bulla has to get on with, in the versions that `tests/peers/go.mod` pins.

use std::path::PathBuf;

use crate::go::GoProgram;

/// Returns the path of age's own `age`.
pub fn age() -> PathBuf {
    peer("age", "filippo.io/age/cmd/age", &["main.Version=v1.3.2"])
}

/// Returns the path of age's own `age-keygen`.
pub fn age_keygen() -> PathBuf {
    peer(
        "age-keygen",
        "filippo.io/age/cmd/age-keygen",
        &["main.Version=v1.3.2"],
    )
}

/// Returns the path of Sealed Secrets' own `kubeseal`.
pub fn kubeseal() -> PathBuf {
    peer(
        "kubeseal",
        "github.com/bitnami/sealed-secrets/cmd/kubeseal",
        &["main.VERSION=0.40.0"],
    )
}

/// Returns the path of Sealed Secrets' own controller.
pub fn sealed_secrets_controller() -> PathBuf {
    peer(
        "sealed-secrets-controller",
        "github.com/bitnami/sealed-secrets/cmd/controller",
        &["main.VERSION=0.40.0"],
    )
}

/// Builds a peer: to add one, name its package in a `tool` directive of `tests/peers/go.mod` and here.
fn peer(name: &'static str, package: &'static str, variables: &'static [&'static str]) -> PathBuf {
    GoProgram {
        module: "peers",
        package,
        name,
        variables,
    }
    .path()
}
