//! The two ways to the API server: one for reading, watching and the lease, and one behind the fence for all else.
//!
//! They are put together from the parts of kube's own client (kubeconfig, TLS, tokens and their renewal), without its
//! tracing, which quotes error answers, and without its retries, which know nothing of a lease.

use std::sync::Arc;
use std::time::Duration;

use http::Uri;
use http::header::USER_AGENT;
use hyper::rt::{Read, Write};
use hyper_util::client::legacy::Client as HttpClient;
use hyper_util::client::legacy::connect::{Connection, HttpConnector};
use hyper_util::rt::TokioExecutor;
use kube::client::{Body, ConfigExt};
use kube::config::KubeConfigOptions;
use kube::{Client, Config};
use tower::{BoxError, Service, ServiceBuilder};

use crate::kube::api::fence::{Fence, FencedConnector};
use crate::kube::api::rest::{FencedRest, Rest};
use crate::kubeconfig::KubeconfigProblem;

/// Both ways, and the namespace that the configuration names.
pub(crate) struct Transport {
    /// For whatever may be done without the lease.
    pub(crate) open: Rest,
    /// For writes: nothing leaves through it while the fence is closed.
    pub(crate) fenced: FencedRest,
    /// The namespace of the ServiceAccount or of the kubeconfig's context.
    pub(crate) namespace: String,
}

impl Transport {
    /// Reads the configuration (`KUBECONFIG`, or the pod's ServiceAccount) and prepares both; nothing is sent yet.
    ///
    /// # Errors
    /// No configuration, or one that can't be used.
    pub(crate) async fn prepare(
        identity: &str,
        fence: Arc<Fence>,
        timeout: Duration,
    ) -> Result<Self, TransportError> {
        let mut config = configuration().await?;
        KubeconfigProblem::check(&config).map_err(TransportError::Client)?;
        // The audit log tells replicas apart, which share an account.
        let agent = format!(
            "bulla-controller/{} ({identity})",
            env!("CARGO_PKG_VERSION")
        );
        if let Ok(agent) = agent.parse() {
            config.headers.push((USER_AGENT, agent));
        }
        let open = client(&config, connector())?;
        let fenced = client(&config, FencedConnector::new(connector(), fence.clone()))?;
        Ok(Self {
            open: Rest::new(open, timeout),
            fenced: FencedRest::new(Rest::new(fenced, timeout), fence),
            namespace: config.default_namespace,
        })
    }
}

/// There is no way to an API server.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// Neither a kubeconfig nor a pod's ServiceAccount.
    #[error("failed to find an API server: this is no pod, and the kubeconfig can't be used")]
    Kubeconfig(#[source] KubeconfigProblem),
    /// An API server, and no way to speak to it.
    #[error("failed to prepare for the API server")]
    Client(#[source] KubeconfigProblem),
    /// In a pod, and still not.
    #[error("failed to find an API server: the pod's ServiceAccount can't be used")]
    ServiceAccount,
}

impl From<kube::Error> for TransportError {
    fn from(error: kube::Error) -> Self {
        Self::Client(error.into())
    }
}

/// The kubeconfig, or the pod's ServiceAccount, in the order of kube's own inference: its error quotes what it read.
async fn configuration() -> Result<Config, TransportError> {
    let kubeconfig = Config::from_kubeconfig(&KubeConfigOptions::default()).await;
    let mut config = match kubeconfig {
        Ok(config) => config,
        Err(error) => Config::incluster().map_err(|_| {
            if std::env::var_os(IN_A_POD).is_some() {
                TransportError::ServiceAccount
            } else {
                TransportError::Kubeconfig(error.into())
            }
        })?,
    };
    config.apply_debug_overrides();
    Ok(config)
}

fn connector() -> HttpConnector {
    let mut connector = HttpConnector::new();
    connector.enforce_http(false);
    connector.set_nodelay(true);
    connector.set_keepalive(Some(KEEPALIVE));
    connector.set_connect_timeout(Some(CONNECT_TIMEOUT));
    connector
}

fn client<C>(config: &Config, connector: C) -> Result<Client, kube::Error>
where
    C: Service<Uri> + Clone + Send + Sync + 'static,
    C::Response: Connection + Read + Write + Send + Unpin + 'static,
    C::Future: Send + 'static,
    C::Error: Into<BoxError>,
{
    let https = config.rustls_https_connector_with_connector(connector)?;
    let http: HttpClient<_, Body> = HttpClient::builder(TokioExecutor::new())
        .pool_idle_timeout(IDLE_TIMEOUT)
        .build(https);
    let service = ServiceBuilder::new()
        .layer(config.base_uri_layer())
        .option_layer(config.auth_layer()?)
        .layer(config.extra_headers_layer()?)
        .map_err(BoxError::from)
        .service(http);
    Ok(Client::new(service, config.default_namespace.clone()))
}

/// What the kubelet sets in every pod.
const IN_A_POD: &str = "KUBERNETES_SERVICE_HOST";
const KEEPALIVE: Duration = Duration::from_secs(30);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);
