//! The one thing that is asked of a cluster: its public keys. Here, and nowhere else, a runtime is started.

use std::borrow::Cow;
use std::time::Duration;

use bulla_controller::kubeconfig::KubeconfigProblem;
use bulla_core::api::SealingKey;
use kube::api::ListParams;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Api, Client, Config};

use crate::cli::ClusterArgs;
use crate::exit::Blame;
use crate::failure::{Failure, Fault};

/// The cluster did not answer, or not with keys.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClusterError {
    /// No usable kubeconfig.
    #[error("failed to use the kubeconfig")]
    Kubeconfig(#[source] KubeconfigProblem),
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
    /// An answer that is none of an API server's.
    #[error("the answer is not that of an API server with sealing keys")]
    Unreadable,
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
    KubeconfigProblem::check(&config).map_err(ClusterError::Kubeconfig)?;
    // Nothing is sent yet: whatever fails here is a matter of the kubeconfig.
    let client = Client::try_from(config).map_err(unusable)?;
    let keys = Api::<SealingKey>::all(client)
        .list(&ListParams::default())
        .await
        .map_err(unreachable)?;
    Ok(keys.items)
}

fn unreachable(error: kube::Error) -> ClusterError {
    if let Some(problem) = KubeconfigProblem::of_credential(&error) {
        return ClusterError::Kubeconfig(problem);
    }
    match error {
        kube::Error::Api(status) => {
            ClusterError::Refused(status.message.escape_debug().to_string(), status.code)
        }
        // Of the connection: a refusal, a name that nobody knows, a certificate.
        error @ (kube::Error::Service(_) | kube::Error::HyperError(_)) => {
            ClusterError::Unreachable(innermost(&error))
        }
        // The rest quotes answers.
        _ => ClusterError::Unreadable,
    }
}

fn unusable(error: impl Into<KubeconfigProblem>) -> ClusterError {
    ClusterError::Kubeconfig(error.into())
}

/// What is at the bottom of it: the layers above say that there is something below.
fn innermost(error: &dyn std::error::Error) -> String {
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
            Self::Kubeconfig(KubeconfigProblem::Command(_)) => {
                "`kubectl get sealingkeys` shows what that command says"
            }
            Self::Kubeconfig(_) => "`--kubeconfig FILE` and `--context CONTEXT` choose the cluster",
            Self::Refused(_, 404) => {
                "Bulla is not installed there: `bulla install --image IMAGE | kubectl apply --server-side -f -`"
            }
            Self::Refused(_, 401 | 403) => {
                "the ClusterRole `bulla-key-reader` lets an account read public keys"
            }
            Self::Refused(..) => return None,
            Self::Timeout(_) | Self::Unreachable(_) | Self::Unreadable => {
                "check the context and the network: `kubectl get sealingkeys`"
            }
            Self::Runtime(_) => return None,
        }))
    }
}
