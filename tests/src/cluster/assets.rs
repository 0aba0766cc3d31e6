//! The programs of the control plane: those in `KUBEBUILDER_ASSETS`, or the one that `tests/cluster` builds.

use std::{
    env, fs,
    os::unix,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use crate::go::{GoProgram, create_directory};

/// Returns the path of `etcd`, `kube-apiserver`, `kube-controller-manager` or `kubectl`.
pub(super) fn program(name: &str) -> PathBuf {
    let given = env::var_os("KUBEBUILDER_ASSETS").map(|assets| Path::new(&assets).join(name));
    given
        .filter(|path| path.exists())
        .unwrap_or_else(|| built(name))
}

/// Returns a link of that name to the built program, which looks at what it is called by.
fn built(name: &str) -> PathBuf {
    static DIRECTORY: OnceLock<PathBuf> = OnceLock::new();
    let directory = DIRECTORY.get_or_init(|| {
        let directory = CLUSTER.path().with_file_name("bin");
        create_directory(&directory);
        directory
    });
    let link = directory.join(name);
    let made = unix::fs::symlink("../cluster", &link);
    // Another process may have made it in the meantime.
    assert!(
        made.is_ok() || fs::read_link(&link).is_ok(),
        "failed to link {name}: {made:?}"
    );
    link
}

const CLUSTER: GoProgram = GoProgram {
    module: "cluster",
    package: ".",
    name: "cluster",
    // Without these every client sees v0.0.0.
    variables: &[
        "k8s.io/component-base/version.gitVersion=v1.36.3",
        "k8s.io/component-base/version.gitMajor=1",
        "k8s.io/component-base/version.gitMinor=36",
        "k8s.io/client-go/pkg/version.gitVersion=v1.36.3",
    ],
};
