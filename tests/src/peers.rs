//! The tools of others that Bulla has to get on with, in the versions that `tests/peers/go.mod` and
//! `tests/sops/go.mod` and `tests/flux/go.mod` pin.

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

/// Returns the path of age's own `age-plugin-pq`.
pub fn age_plugin_pq() -> PathBuf {
    let package = "filippo.io/age/extra/age-plugin-pq";
    peer("age-plugin-pq", package, &["main.Version=v1.3.2"])
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

/// Returns the path of Flux' own `kustomize-controller`.
pub fn kustomize_controller() -> PathBuf {
    GoProgram {
        module: "flux",
        package: KUSTOMIZE_CONTROLLER,
        name: "kustomize-controller",
        variables: &[],
    }
    .path()
}

/// Returns the files of the definitions that kustomize-controller reads: its own, and those of its sources.
///
/// # Panics
///
/// If the modules are not there.
pub fn flux_definitions() -> Vec<PathBuf> {
    let controller = ["list", "-m", "-f", "{{.Dir}}", KUSTOMIZE_CONTROLLER];
    // Nothing is built of it, so no go.mod can hold it; the checksum database vouches for what is fetched.
    let sources = ["mod", "download", "-json", SOURCE_CONTROLLER];
    let sources: serde_json::Value = serde_json::from_str(&go("flux", &sources))
        .unwrap_or_else(|error| panic!("`go mod download` printed no JSON: {error}"));
    let sources = sources["Dir"].as_str().unwrap_or_default();
    let file = |module: &str, name: &str| PathBuf::from(module).join("config/crd/bases").join(name);
    let kinds = [
        "buckets",
        "externalartifacts",
        "gitrepositories",
        "ocirepositories",
    ];
    let kinds = kinds.map(|kind| file(sources, &format!("source.toolkit.fluxcd.io_{kind}.yaml")));
    let kustomizations = "kustomize.toolkit.fluxcd.io_kustomizations.yaml";
    let mut definitions = vec![file(&go("flux", &controller), kustomizations)];
    definitions.extend(kinds);
    definitions
}

/// Returns the folder of Sealed Secrets' source, with its manifests.
///
/// # Panics
///
/// If the module is not there.
pub fn sealed_secrets_source() -> PathBuf {
    let module = "github.com/bitnami/sealed-secrets";
    go("peers", &["list", "-m", "-f", "{{.Dir}}", module]).into()
}

/// Runs `go` in a module under `tests/` and returns what it printed.
fn go(module: &str, arguments: &[&str]) -> String {
    let output = std::process::Command::new("go")
        .args(arguments)
        .current_dir(target::workspace().join("tests").join(module))
        .output()
        .unwrap_or_else(|error| panic!("failed to run `go {}`: {error}", arguments.join(" ")));
    let printed = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    assert!(
        output.status.success() && !printed.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    printed
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

const KUSTOMIZE_CONTROLLER: &str = "github.com/fluxcd/kustomize-controller";
/// Of the release whose `api` module kustomize-controller requires.
const SOURCE_CONTROLLER: &str = "github.com/fluxcd/source-controller@v1.9.0";
