//! What can go wrong beyond this machine.

use std::borrow::Cow;
use std::time::Duration;

use http::StatusCode;

use crate::cluster::ClusterError;
use crate::exit::Blame;
use crate::failure::Fault;

/// No answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum ExchangeError {
    #[error("failed to start")]
    Runtime(#[source] std::io::Error),
    #[error(transparent)]
    Kubeconfig(ClusterError),
    #[error("invalid configuration: no configuration has been provided")]
    NoConfiguration,
    #[error(
        "nobody can be impersonated like that: a user's name is missing, or no header can hold one of the names"
    )]
    Impersonation,
    #[error("{0}")]
    Unreachable(String),
    #[error("there was no answer within {} s", .0.as_secs_f32())]
    Timeout(Duration),
    #[error("the answer has more than {} MiB", .0 >> 20)]
    TooLarge(usize),
}

/// No certificate from the web.
#[derive(Debug, thiserror::Error)]
pub(super) enum WebError {
    #[error("the URL of the certificate is malformed")]
    Malformed,
    #[error("the URL of the certificate has the scheme `{}`", .0.escape_debug())]
    Scheme(String),
    #[error("the URL of the certificate has credentials in it")]
    Credentials,
    #[error("cannot fetch certificate")]
    Exchange(#[source] ExchangeError),
    #[error("cannot fetch certificate: {0}")]
    Status(StatusCode),
    #[error("cannot fetch certificate: it was passed on too often")]
    Redirects,
    #[error("refusing to be passed on from https to http")]
    Downgrade,
}

/// The controller can't be found, or did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(super) enum ControllerError {
    #[error(
        "cannot get sealed secret service: services {name:?} not found in namespace {namespace:?}"
    )]
    NoService {
        namespace: String,
        name: String,
        /// Flags that would choose one that is labelled like a controller's.
        elsewhere: Vec<String>,
    },
    #[error("{doing}: {status}{}", .message.as_ref().map(|text| format!(": {text}")).unwrap_or_default())]
    Refused {
        doing: &'static str,
        status: StatusCode,
        /// The API server's words.
        message: Option<String>,
    },
    #[error("the name or namespace of the controller is no name of a Service")]
    Name,
    #[error("the API server's answer is no Service")]
    Shape,
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
    #[error("cannot get sealed secret service")]
    Service(#[source] ExchangeError),
    #[error("unable to decrypt sealed secret: {0}")]
    DoesNotOpen(String),
    #[error("the controller's answer is not what it was asked for: {0}")]
    Answer(&'static str),
}

impl Fault for ExchangeError {
    fn blame(&self) -> Blame {
        Blame::Cluster
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(match self {
            Self::Kubeconfig(error) => return error.hint(),
            Self::NoConfiguration => {
                "`--cert FILE` seals without a cluster; `--kubeconfig FILE` chooses one"
            }
            Self::Unreachable(_) | Self::Timeout(_) => {
                "`--cert FILE` seals without a cluster; fetch the certificate once where the cluster can be reached"
            }
            Self::Impersonation => "`--as NAME` goes with `--as-group` and `--as-uid`",
            _ => return None,
        }))
    }
}

impl Fault for WebError {
    fn blame(&self) -> Blame {
        Blame::Cluster
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(match self {
            Self::Exchange(error) => return error.hint(),
            Self::Scheme(_) => "http, https and file are known",
            Self::Credentials => "fetch the certificate with another program, and name the file",
            _ => return None,
        }))
    }
}

impl Fault for ControllerError {
    fn blame(&self) -> Blame {
        Blame::Cluster
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        Some(match self {
            Self::NoService { elsewhere, .. } if elsewhere.is_empty() => {
                "`--controller-name` and `--controller-namespace` say where the controller is".into()
            }
            Self::NoService { elsewhere, .. } => {
                let shown: Vec<_> = elsewhere.iter().map(|flags| format!("`{flags}`")).collect();
                format!(
                    "there is one that is labelled like it: {}; make sure that it is the controller's, or others \
                     could open what you seal",
                    shown.join(", ")
                )
                .into()
            }
            Self::Refused { status, .. } if status.as_u16() == 403 => {
                "the Role `sealed-secrets-service-proxier` lets an account ask; `--cert FILE` seals without asking".into()
            }
            Self::Exchange(error) | Self::Service(error) => return error.hint(),
            Self::DoesNotOpen(_) => {
                "it is sealed with another key, or for another name, namespace or scope".into()
            }
            _ => return None,
        })
    }
}
