//! The tools of others that Bulla has to get on with, in the versions that `tests/peers/go.mod` and
//! `tests/sops/go.mod` pin.

use std::path::PathBuf;

use crate::{go::GoProgram, target};

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

/// Returns the path of the real `sops`.
pub fn sops() -> PathBuf {
    GoProgram {
        module: "sops",
        package: "github.com/getsops/sops/v3/cmd/sops",
        name: "sops",
        variables: &[],
    }
    .path()
}

/// Returns the folder of Sealed Secrets' source, with its manifests.
///
/// # Panics
///
/// If the module is not there.
pub fn sealed_secrets_source() -> PathBuf {
    let arguments = [
        "list",
        "-m",
        "-f",
        "{{.Dir}}",
        "github.com/bitnami/sealed-secrets",
    ];
    let output = std::process::Command::new("go")
        .args(arguments)
        .current_dir(target::workspace().join("tests/peers"))
        .output()
        .unwrap_or_else(|error| panic!("failed to run `go list`: {error}"));
    let folder = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    assert!(
        !folder.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    folder.into()
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
