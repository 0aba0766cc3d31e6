//! The one thing that is asked of a cluster: its public keys and certificates. Here, and nowhere else, a runtime is started.

use std::borrow::Cow;
use std::time::Duration;

use bulla_controller::kubeconfig::KubeconfigProblem;
use bulla_core::api::SealingKey;
use k8s_openapi::api::core::v1::Service;
use kube::api::{GetParams, ListParams};
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
    /// The controller of Sealed Secrets does not answer.
    #[error(
        "the controller of Sealed Secrets, Service `{service}`, does not give its certificate: {why}"
    )]
    NoController {
        /// Namespace and name.
        service: String,
        /// What the API server said.
        why: String,
        /// With which code.
        code: u16,
    },
    /// Anything between here and there.
    #[error("failed to reach the cluster: {0}")]
    Unreachable(String),
    /// An answer that is none of an API server's.
    #[error("the answer is not that of an API server")]
    Unreadable,
}

/// Lists the `SealingKey`s of a cluster.
///
/// # Errors
/// [`ClusterError`] by variant.
pub(crate) fn sealing_keys(args: &ClusterArgs) -> Result<Vec<SealingKey>, Failure> {
    Ok(asked(args, list(args))?)
}

/// The certificate that the controller of Sealed Secrets hands out, through the API server's proxy to its
/// Service: the way of `kubeseal --fetch-cert`.
///
/// # Errors
/// [`ClusterError`] by variant.
pub(crate) fn certificate(
    args: &ClusterArgs,
    namespace: &str,
    name: &str,
) -> Result<String, Failure> {
    Ok(asked(args, through_proxy(args, namespace, name))?)
}

fn asked<T>(
    args: &ClusterArgs,
    question: impl Future<Output = Result<T, ClusterError>>,
) -> Result<T, ClusterError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime.map_err(ClusterError::Runtime)?;
    let seconds = args.request_timeout;
    let answer = runtime
        .block_on(async { tokio::time::timeout(Duration::from_secs(seconds), question).await });
    answer.unwrap_or(Err(ClusterError::Timeout(seconds)))
}

async fn through_proxy(
    args: &ClusterArgs,
    namespace: &str,
    name: &str,
) -> Result<String, ClusterError> {
    let client = client(args).await?;
    let failed = |error| match error {
        kube::Error::Api(status) => ClusterError::NoController {
            service: format!("{namespace}/{name}").escape_debug().to_string(),
            why: status.message.escape_debug().to_string(),
            code: status.code,
        },
        other => unreachable(other),
    };
    let services: Api<Service> = Api::namespaced(client.clone(), namespace);
    let ports = services
        .get(name)
        .await
        .map_err(failed)?
        .spec
        .and_then(|spec| spec.ports);
    let port = ports.and_then(|ports| ports.into_iter().next()?.name);
    let path = format!(
        "/api/v1/namespaces/{namespace}/services/http:{name}:{}/proxy/v1",
        port.unwrap_or_default()
    );
    let request = kube::core::Request::new(path)
        .get("cert.pem", &GetParams::default())
        .map_err(|_| ClusterError::Unreadable)?;
    client.request_text(request).await.map_err(failed)
}

async fn list(args: &ClusterArgs) -> Result<Vec<SealingKey>, ClusterError> {
    let keys = Api::<SealingKey>::all(client(args).await?)
        .list(&ListParams::default())
        .await
        .map_err(unreachable)?;
    Ok(keys.items)
}

async fn client(args: &ClusterArgs) -> Result<Client, ClusterError> {
    let options = KubeConfigOptions {
        context: args.context.clone(),
        ..KubeConfigOptions::default()
    };
    let kubeconfig = match &args.kubeconfig {
        Some(path) => Kubeconfig::read_from(path).map_err(unusable)?,
        None => match kubeconfig()? {
            Some(found) => found,
            // Says where one was looked for.
            None => Kubeconfig::read().map_err(unusable)?,
        },
    };
    let mut config = Config::from_custom_kubeconfig(kubeconfig, &options)
        .await
        .map_err(unusable)?;
    config.connect_timeout = Some(Duration::from_secs(args.request_timeout));
    made(config)
}

/// What `$KUBECONFIG` lists, or else `~/.kube/config`; nothing where none of it is there.
///
/// As for kubectl, the first to say something counts, and files that are not there don't.
///
/// # Errors
/// One that is there and can't be read.
pub(crate) fn kubeconfig() -> Result<Option<Kubeconfig>, ClusterError> {
    let listed = std::env::var_os("KUBECONFIG").filter(|listed| !listed.is_empty());
    let paths = match listed {
        Some(listed) => std::env::split_paths(&listed).collect(),
        None => Vec::from_iter(std::env::home_dir().map(|home| home.join(".kube/config"))),
    };
    let mut merged: Option<Kubeconfig> = None;
    for path in paths.iter().filter(|path| path.exists()) {
        let next = Kubeconfig::read_from(path).map_err(unusable)?;
        merged = Some(match merged {
            Some(before) => before.merge(next).map_err(unusable)?,
            None => next,
        });
    }
    Ok(merged)
}

/// A client. Nothing is sent yet: whatever fails here is a matter of the kubeconfig.
///
/// # Errors
/// [`ClusterError::Kubeconfig`].
pub(crate) fn made(config: Config) -> Result<Client, ClusterError> {
    KubeconfigProblem::check(&config).map_err(ClusterError::Kubeconfig)?;
    Client::try_from(config).map_err(unusable)
}

/// Why there is no answer, without a word of one.
pub(crate) fn unreachable(error: kube::Error) -> ClusterError {
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

pub(crate) fn unusable(error: impl Into<KubeconfigProblem>) -> ClusterError {
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
            Self::Refused(_, 401) => "the kubeconfig's user is not known there: log in again",
            Self::Refused(_, 403) => {
                "the ClusterRole `bulla-key-reader` lets an account read public keys"
            }
            Self::Refused(..) => return None,
            Self::NoController { code: 403, .. } => {
                "the Role `sealed-secrets-service-proxier` lets an account ask it"
            }
            Self::NoController { .. } => {
                "`--controller-name` and `--controller-namespace` say where it is; a Helm chart may call it `sealed-secrets`"
            }
            Self::Timeout(_) | Self::Unreachable(_) | Self::Unreadable => {
                "check the context and the network: `kubectl get sealingkeys`"
            }
            Self::Runtime(_) => return None,
        }))
    }
}
