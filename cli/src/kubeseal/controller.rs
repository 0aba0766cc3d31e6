//! The controller of a cluster, through the API server's proxy to its Service.

use http::Request;
use http::header::ACCEPT;
use kube::Config;
use kube::config::{KubeConfigOptions, Kubeconfig};
use serde::Deserialize;

use super::args::{Args, ClusterFlags, DEFAULT_CONTROLLER_NAME, DEFAULT_CONTROLLER_NAMESPACE};
use super::exchange::{Answer, Peer};
use super::remote_error::{ControllerError, ExchangeError};
use super::{namespace, overrides};
use crate::cluster::unusable;
use crate::failure::Failure;
use crate::printer::Printer;

/// A controller that can be asked.
pub(super) struct Controller {
    peer: Peer,
    /// The path of its Service's proxy.
    base: String,
}

/// What the controller says of a SealedSecret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It opens.
    Opens,
    /// It does not.
    DoesNotOpen,
}

/// Fetches the certificate that a controller seals with now.
///
/// # Errors
/// [`ControllerError`] by variant.
pub(super) fn certificate(args: &Args, printer: &Printer) -> Result<Vec<u8>, Failure> {
    Ok(Controller::find(args, printer)?.certificate()?)
}

impl Controller {
    /// Finds its Service: where the flags say, or else under the name of the Helm chart beside it.
    ///
    /// # Errors
    /// No kubeconfig, nobody who answers, no Service.
    pub(super) fn find(args: &Args, printer: &Printer) -> Result<Self, Failure> {
        let kubeconfig = namespace::kubeconfig(&args.cluster)?;
        let timeout = args.cluster.request_timeout.0;
        let peer = Peer::new(timeout, config(&args.cluster, kubeconfig))?;
        let (namespace, name) = (&args.controller_namespace, &args.controller_name);
        let by_default =
            name == DEFAULT_CONTROLLER_NAME && namespace == DEFAULT_CONTROLLER_NAMESPACE;
        let (name, service) = match service(&peer, namespace, name)? {
            Some(found) => (name.as_str(), found),
            None => match by_default.then(|| service(&peer, namespace, CHART_NAME)) {
                Some(Ok(Some(found))) => {
                    printer.say(format_args!(
                        "note: asking the Service `{namespace}/{CHART_NAME}`, since there is no `{name}`; \
                         `--controller-name {CHART_NAME}` says so"
                    ));
                    (CHART_NAME, found)
                }
                _ => {
                    let (namespace, name) = (namespace.clone(), name.clone());
                    let elsewhere = elsewhere(&peer);
                    return Err(ControllerError::NoService {
                        namespace,
                        name,
                        elsewhere,
                    }
                    .into());
                }
            },
        };
        let port = service
            .spec
            .ports
            .first()
            .and_then(|port| port.name.as_deref());
        let base = format!(
            "/api/v1/namespaces/{}/services/http:{}:{}/proxy",
            segment(namespace)?,
            segment(name)?,
            segment(port.unwrap_or_default())?,
        );
        Ok(Self { peer, base })
    }

    fn certificate(&self) -> Result<Vec<u8>, ControllerError> {
        let accept = "application/x-pem-file, */*";
        let answer = self.ask("/v1/cert.pem", Some(accept), None)?;
        match answer.status.as_u16() {
            200 => Ok(answer.body),
            _ => Err(refused("cannot fetch certificate", &answer)),
        }
    }

    /// Asks whether a SealedSecret opens.
    pub(super) fn verify(&self, resource: &str) -> Result<Verdict, ControllerError> {
        let answer = self.ask("/v1/verify", None, Some(resource))?;
        match answer.status.as_u16() {
            200 => Ok(Verdict::Opens),
            409 => Ok(Verdict::DoesNotOpen),
            _ => Err(refused("cannot validate sealed secret", &answer)),
        }
    }

    /// Has a SealedSecret sealed anew, and returns it in JSON.
    pub(super) fn rotate(&self, resource: &str) -> Result<Vec<u8>, ControllerError> {
        let answer = self.ask("/v1/rotate", None, Some(resource))?;
        match answer.status.as_u16() {
            200 => Ok(answer.body),
            _ => Err(refused("unable to re-encrypt sealed secret", &answer)),
        }
    }

    fn ask(
        &self,
        path: &str,
        accept: Option<&str>,
        body: Option<&str>,
    ) -> Result<Answer, ControllerError> {
        let uri = format!("{}{path}", self.base);
        let mut request = match body {
            Some(_) => Request::post(uri),
            None => Request::get(uri),
        };
        if let Some(accept) = accept {
            request = request.header(ACCEPT, accept);
        }
        let request = request
            .body(body.unwrap_or_default().as_bytes().to_vec())
            .map_err(|_| ControllerError::Name)?;
        Ok(self.peer.ask(request, MAX_ANSWER_BYTES)?)
    }
}

#[derive(Deserialize)]
struct Service {
    #[serde(default)]
    metadata: Metadata,
    #[serde(default)]
    spec: Spec,
}

#[derive(Deserialize, Default)]
struct Metadata {
    #[serde(default)]
    name: String,
    #[serde(default)]
    namespace: String,
}

#[derive(Deserialize, Default)]
struct Spec {
    #[serde(default)]
    ports: Vec<Port>,
}

#[derive(Deserialize)]
struct Port {
    name: Option<String>,
}

#[derive(Deserialize)]
struct Services {
    items: Vec<Service>,
}

/// What the API server says when it refuses.
#[derive(Deserialize)]
struct Status {
    message: String,
}

fn service(peer: &Peer, namespace: &str, name: &str) -> Result<Option<Service>, ControllerError> {
    let path = format!(
        "/api/v1/namespaces/{}/services/{}",
        segment(namespace)?,
        segment(name)?
    );
    let answer = peer
        .ask(get(&path)?, MAX_ANSWER_BYTES)
        .map_err(ControllerError::Service)?;
    match answer.status.as_u16() {
        200 => serde_json::from_slice(&answer.body)
            .map(Some)
            .map_err(|_| ControllerError::Shape),
        404 => Ok(None),
        _ => Err(refused("cannot get sealed secret service", &answer)),
    }
}

/// Services elsewhere that are labelled like a controller's. They are only named: anybody who may create a
/// Service could otherwise put their own certificate in the place of the controller's.
fn elsewhere(peer: &Peer) -> Vec<String> {
    let list = |selector: &str| {
        let path = format!("/api/v1/services?labelSelector={selector}");
        let answer = peer.ask(get(&path).ok()?, MAX_ANSWER_BYTES).ok()?;
        let services: Services = serde_json::from_slice(&answer.body).ok()?;
        Some(services.items)
    };
    let mut found = Vec::new();
    for selector in SELECTORS {
        for service in list(selector).unwrap_or_default() {
            let Metadata { name, namespace } = service.metadata;
            let flags = format!("--controller-name {name} --controller-namespace {namespace}");
            if !found.contains(&flags) && !name.ends_with("-metrics") {
                found.push(flags);
            }
        }
    }
    found
}

fn get(path: &str) -> Result<Request<Vec<u8>>, ControllerError> {
    Request::get(path)
        .header(ACCEPT, "application/json")
        .body(Vec::new())
        .map_err(|_| ControllerError::Name)
}

/// A name in a path: nothing that could lead elsewhere.
fn segment(name: &str) -> Result<&str, ControllerError> {
    let plain = name
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b));
    if plain && name != "." && name != ".." {
        Ok(name)
    } else {
        Err(ControllerError::Name)
    }
}

fn refused(doing: &'static str, answer: &Answer) -> ControllerError {
    // A controller's own words can quote what it was sent; the API server's are about access.
    let status: Option<Status> = serde_json::from_slice(&answer.body).ok();
    ControllerError::Refused {
        doing,
        status: answer.status,
        message: status.map(|status| status.message.replace(char::is_control, " ")),
    }
}

/// The way to the cluster: the kubeconfig with the flags over it, the flags alone, or the pod's own account.
async fn config(
    flags: &ClusterFlags,
    kubeconfig: Option<Kubeconfig>,
) -> Result<Config, ExchangeError> {
    let named = kubeconfig.map(|mut kubeconfig| {
        overrides::apply(&mut kubeconfig, flags);
        (
            kubeconfig,
            flags.context.clone(),
            flags.cluster.clone(),
            flags.user.clone(),
        )
    });
    let named = named.or_else(|| Some((overrides::alone(flags)?, None, None, None)));
    let mut config = match named {
        Some((kubeconfig, context, cluster, user)) => {
            let options = KubeConfigOptions {
                context,
                cluster,
                user,
            };
            let config = Config::from_custom_kubeconfig(kubeconfig, &options).await;
            config.map_err(|error| ExchangeError::Kubeconfig(unusable(error)))?
        }
        None => Config::incluster_env().map_err(|_| ExchangeError::NoConfiguration)?,
    };
    overrides::impersonate(&mut config)?;
    Ok(config)
}

const CHART_NAME: &str = "sealed-secrets";
const SELECTORS: [&str; 2] = [
    "app.kubernetes.io/name%3Dsealed-secrets",
    "name%3Dsealed-secrets-controller",
];
/// A SealedSecret that the API server takes is far smaller.
const MAX_ANSWER_BYTES: usize = 16 << 20;
