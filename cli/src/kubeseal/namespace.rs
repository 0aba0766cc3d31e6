//! The namespace of the kubeconfig, for inputs that name none.

use std::path::Path;

use bulla_controller::kubeconfig::KubeconfigProblem;
use kube::config::Kubeconfig;

use super::args::ClusterFlags;
use crate::cluster::{self, unusable};
use crate::failure::Failure;

/// Reads it as kubectl does: of the context, `default` where the context has none, of the pod where there
/// is no kubeconfig. Nothing where nobody says.
///
/// # Errors
/// A kubeconfig that is there and can't be read, or has no context of the name that was asked for.
pub(super) fn usual(flags: &ClusterFlags) -> Result<Option<String>, Failure> {
    let Some(kubeconfig) = kubeconfig(flags)? else {
        return Ok(of_pod());
    };
    let asked = flags
        .context
        .as_ref()
        .or(kubeconfig.current_context.as_ref());
    let Some(asked) = asked.filter(|name| !name.is_empty()) else {
        return Ok(None);
    };
    let context = kubeconfig
        .contexts
        .into_iter()
        .find(|named| named.name == *asked);
    let Some(context) = context else {
        return Err(unusable(KubeconfigProblem::UnknownContext(asked.clone())).into());
    };
    let namespace = context.context.and_then(|context| context.namespace);
    Ok(namespace
        .filter(|namespace| !namespace.is_empty())
        .or_else(|| Some("default".to_owned())))
}

/// The kubeconfig that flags and environment name; nothing where none is there and none was asked for.
///
/// # Errors
/// One that was asked for by `--kubeconfig` and is not there, and any that can't be read.
pub(super) fn kubeconfig(flags: &ClusterFlags) -> Result<Option<Kubeconfig>, Failure> {
    if let Some(path) = &flags.kubeconfig {
        return Ok(Some(Kubeconfig::read_from(path).map_err(unusable)?));
    }
    let says_something =
        |found: &Kubeconfig| !found.clusters.is_empty() || !found.contexts.is_empty();
    Ok(cluster::kubeconfig()?.filter(says_something))
}

fn of_pod() -> Option<String> {
    let inside = std::env::var_os("KUBERNETES_SERVICE_HOST").is_some();
    let read = || std::fs::read_to_string(Path::new(POD_NAMESPACE)).ok();
    let namespace = inside.then(read).flatten()?;
    Some(namespace.trim().to_owned()).filter(|namespace| !namespace.is_empty())
}

const POD_NAMESPACE: &str = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";
