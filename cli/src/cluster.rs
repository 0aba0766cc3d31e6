//! The one thing that is asked of a cluster: its public keys. Here, and nowhere else, a runtime is started.

use std::borrow::Cow;
use std::time::Duration;

use bulla_core::api::SealingKey;
use kube::api::ListParams;
use kube::config::{KubeConfigOptions, Kubeconfig, KubeconfigError};
use kube::{Api, Client, Config};

use crate::cli::ClusterArgs;
use crate::exit::Blame;
use crate::failure::{Failure, Fault};
use crate::shown::Shown;

/// The cluster did not answer, or not with keys.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClusterError {
    /// No usable kubeconfig.
    #[error("failed to read the kubeconfig: {0}")]
    Kubeconfig(String),
    /// No runtime.
    #[error("failed to start")]
    Runtime(#[source] std::io::Error),
    /// Nobody answered in time.
    #[error("the cluster did not answer within {0} seconds")]
    Timeout(u64),
    /// The API server refused.
    #[error("the API server refused to list sealing keys: {0}")]
    Refused(String, u16),
    /// Anything between here and there.
    #[error("failed to reach the cluster: {0}")]
    Unreachable(String),
}

/// Lists the `SealingKey`s of a cluster.
///
/// # Errors
/// [`ClusterError`] by variant.
pub(crate) fn sealing_keys(args: &ClusterArgs) -> Result<Vec<SealingKey>, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime.map_err(ClusterError::Runtime)?;
    let seconds = args.request_timeout;
    let listed = runtime
        .block_on(async { tokio::time::timeout(Duration::from_secs(seconds), list(args)).await });
    Ok(listed.unwrap_or(Err(ClusterError::Timeout(seconds)))?)
}

async fn list(args: &ClusterArgs) -> Result<Vec<SealingKey>, ClusterError> {
    let options = KubeConfigOptions {
        context: args.context.clone(),
        ..KubeConfigOptions::default()
    };
    let kubeconfig = match &args.kubeconfig {
        Some(path) => Kubeconfig::read_from(path),
        None => Kubeconfig::read(),
    };
    let kubeconfig = kubeconfig.map_err(unusable)?;
    let mut config = Config::from_custom_kubeconfig(kubeconfig, &options)
        .await
        .map_err(unusable)?;
    config.connect_timeout = Some(Duration::from_secs(args.request_timeout));
    let client = Client::try_from(config).map_err(unreachable)?;
    let keys = Api::<SealingKey>::all(client)
        .list(&ListParams::default())
        .await
        .map_err(unreachable)?;
    Ok(keys.items)
}

fn unreachable(error: kube::Error) -> ClusterError {
    match error {
        kube::Error::Api(status) => {
            ClusterError::Refused(status.message.escape_debug().to_string(), status.code)
        }
        other => ClusterError::Unreachable(innermost(&other)),
    }
}

pub(crate) fn unusable(error: KubeconfigError) -> ClusterError {
    ClusterError::Kubeconfig(match error {
        // Its own text repeats that of its cause.
        KubeconfigError::ReadConfig(source, path) => format!("{}: {source}", Shown(&path)),
        other => other.to_string(),
    })
}

/// What is at the bottom of it: the layers above say that there is something below.
pub(crate) fn innermost(error: &dyn std::error::Error) -> String {
    let bottom = std::iter::successors(Some(error), |error| error.source()).last();
    bottom.map(ToString::to_string).unwrap_or_default()
}

impl Fault for ClusterError {
    fn blame(&self) -> Blame {
        match self {
            Self::Kubeconfig(_) => Blame::Caller,
            Self::Runtime(_) => Blame::Machine,
            _ => Blame::Cluster,
        }
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(match self {
            Self::Kubeconfig(_) => "`--kubeconfig FILE` and `--context CONTEXT` choose the cluster",
            Self::Refused(_, 404) => {
                "Bulla is not installed there: `bulla install --image IMAGE | kubectl apply -f -`"
            }
            Self::Refused(_, 401 | 403) => {
                "the ClusterRole `bulla-key-reader` lets an account read public keys"
            }
            Self::Refused(..) => return None,
            Self::Timeout(_) | Self::Unreachable(_) => {
                "check the context and the network: `kubectl get sealingkeys`"
            }
            Self::Runtime(_) => return None,
        }))
    }
}
