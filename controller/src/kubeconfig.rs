//! Why a kubeconfig can't be used, in words of our own.
//!
//! A kubeconfig holds tokens and private keys, and a command that gives a token prints it. The errors of the libraries
//! that read all this quote what they read: of those only the place is kept.

use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};

use kube::Config;
use kube::client::AuthError;
use kube::config::{KubeconfigError, LoadDataError};
use secrecy::ExposeSecret;

/// What is wrong with it: a closed list that repeats names of files and of contexts, and nothing else.
#[derive(Debug, thiserror::Error)]
pub enum KubeconfigProblem {
    /// Neither `KUBECONFIG` nor a home directory.
    #[error("there is no home directory to look for it in")]
    NoPath,
    /// A file that can't be read: itself, or one that it names.
    #[error("{} can't be read", shown(path))]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// No YAML, or not what a kubeconfig has.
    #[error("{0}it is not what a kubeconfig has there")]
    Malformed(Position),
    /// Several files that don't belong together.
    #[error("its parts are of different kinds or versions")]
    Mixed,
    /// Neither `current-context` nor a choice.
    #[error("it names no current context")]
    NoContext,
    /// A context that it doesn't have.
    #[error("it has no context `{}`", .0.escape_debug())]
    UnknownContext(String),
    /// A context of a cluster that it doesn't have.
    #[error("its context names a cluster that it does not have")]
    UnknownCluster,
    /// The address of the cluster.
    #[error("the cluster's `server` is missing or malformed")]
    Server,
    /// The address of a proxy, which can hold a password.
    #[error("the proxy's address is malformed, or of a kind that is not supported")]
    Proxy,
    /// The certificates of the cluster.
    #[error("the cluster's certificate authority can't be used")]
    Authority,
    /// The certificate or the key of the user.
    #[error("the user's client certificate and key can't be used")]
    Identity,
    /// A token, or what stands for one.
    #[error("the user's token or password can't be used")]
    Token,
    /// A command that is to give a token.
    #[error("the command that gives the user's token {0}")]
    Command(&'static str),
    /// Anything else.
    #[error("it can't be used")]
    Other,
}

/// A place in a file, or none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Position(Option<(u64, u64)>);

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some((line, column)) => write!(f, "line {line}, column {column}: "),
            None => Ok(()),
        }
    }
}

impl KubeconfigProblem {
    /// Looks for what a client can't be made of: kube's panics over a token that no header can hold.
    ///
    /// # Errors
    /// [`Self::Token`].
    pub fn check(config: &Config) -> Result<(), Self> {
        let fits = |byte: u8| byte == b'\t' || (byte >= b' ' && byte != 0x7f);
        match &config.auth_info.token {
            // Nothing is kept of it.
            Some(token) if !token.expose_secret().bytes().all(fits) => Err(Self::Token),
            _ => Ok(()),
        }
    }

    /// The problem with a credential anywhere below an error, if that is what it is about.
    pub fn of_credential(error: &(dyn Error + 'static)) -> Option<Self> {
        std::iter::successors(Some(error), |&error| error.source())
            .find_map(|error| error.downcast_ref::<AuthError>())
            .map(of_auth)
    }
}

impl From<KubeconfigError> for KubeconfigProblem {
    fn from(error: KubeconfigError) -> Self {
        match error {
            KubeconfigError::CurrentContextNotSet => Self::NoContext,
            KubeconfigError::KindMismatch | KubeconfigError::ApiVersionMismatch => Self::Mixed,
            KubeconfigError::LoadContext(name) => Self::UnknownContext(name),
            KubeconfigError::LoadClusterOfContext(_) => Self::UnknownCluster,
            KubeconfigError::FindPath => Self::NoPath,
            KubeconfigError::ReadConfig(source, path) => Self::Read { path, source },
            KubeconfigError::Parse(error) => {
                let at = error.location().map(|at| (at.line(), at.column()));
                // Where nothing is known, the library says line 0.
                Self::Malformed(Position(at.filter(|at| at.0 > 0)))
            }
            KubeconfigError::MissingClusterUrl | KubeconfigError::ParseClusterUrl(_) => {
                Self::Server
            }
            KubeconfigError::LoadCertificateAuthority(error) => of_data(error, Self::Authority),
            KubeconfigError::ParseCertificates(_) => Self::Authority,
            KubeconfigError::LoadClientCertificate(error)
            | KubeconfigError::LoadClientKey(error) => of_data(error, Self::Identity),
            // How many there are follows from which proxies the program can speak to.
            _ => Self::Proxy,
        }
    }
}

/// Errors of putting a client together, before anything is sent.
impl From<kube::Error> for KubeconfigProblem {
    fn from(error: kube::Error) -> Self {
        match error {
            kube::Error::InferKubeconfig(error) => error.into(),
            kube::Error::Auth(error) => of_auth(&error),
            kube::Error::RustlsTls(_) => Self::Identity,
            kube::Error::ProxyProtocolUnsupported { .. }
            | kube::Error::ProxyProtocolDisabled { .. } => Self::Proxy,
            _ => Self::Other,
        }
    }
}

fn of_data(error: LoadDataError, otherwise: KubeconfigProblem) -> KubeconfigProblem {
    match error {
        LoadDataError::ReadFile(source, path) => KubeconfigProblem::Read { path, source },
        // The error names a character of it.
        LoadDataError::DecodeBase64(_) | LoadDataError::NoBase64DataOrFile => otherwise,
    }
}

fn of_auth(error: &AuthError) -> KubeconfigProblem {
    use KubeconfigProblem::{Command, Read, Token};
    match error {
        AuthError::ReadTokenFile(source, path) => Read {
            path: path.clone(),
            source: source.kind().into(),
        },
        AuthError::MissingCommand | AuthError::AuthExecStart(_) => Command("can't be started"),
        AuthError::AuthExecRun { .. } => Command("ended with an error"),
        AuthError::AuthExecParse(_)
        | AuthError::ExecPluginFailed
        | AuthError::MalformedTokenExpirationDate(_)
        | AuthError::ParseTokenKey(_) => Command("gave none"),
        _ => Token,
    }
}

fn shown(path: &Path) -> String {
    format!("`{}`", path.to_string_lossy().escape_debug())
}
