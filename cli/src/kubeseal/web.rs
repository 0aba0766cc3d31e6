//! A certificate from the web.

use http::{Request, Uri};
use kube::Config;

use super::certificate::MAX_BYTES;
use super::exchange::Peer;
use super::proxy;
use super::remote_error::{ExchangeError, WebError};
use crate::failure::Failure;
use crate::printer::Printer;

/// Gets what is at a URL of http or https, through the proxy that the environment names.
///
/// # Errors
/// [`WebError`] and [`ExchangeError`] by variant.
pub(super) fn get(url: &str, printer: &Printer) -> Result<Vec<u8>, Failure> {
    let mut uri = parse(url)?;
    for _ in 0..MAX_REDIRECTS {
        if uri.scheme_str() == Some("http") {
            printer.warn(
                "http:// is not secure: whoever is in between can put their own certificate in its place, and open \
                 all that is sealed with it",
            );
        }
        let peer = Peer::new(None, async { config(&uri) })?;
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let request = Request::get(path)
            .body(Vec::new())
            .map_err(|_| WebError::Malformed)?;
        let answer = peer.ask(request, MAX_BYTES).map_err(WebError::Exchange)?;
        match (answer.status.as_u16(), &answer.location) {
            (200, _) => return Ok(answer.body),
            (301 | 302 | 303 | 307 | 308, Some(location)) => uri = follow(&uri, location)?,
            _ => return Err(WebError::Status(answer.status).into()),
        }
    }
    Err(WebError::Redirects.into())
}

fn parse(url: &str) -> Result<Uri, WebError> {
    let uri: Uri = url.parse().map_err(|_| WebError::Malformed)?;
    match (uri.scheme_str(), uri.authority()) {
        (Some("http" | "https"), Some(authority)) if authority.as_str().contains('@') => {
            Err(WebError::Credentials)
        }
        (Some("http" | "https"), Some(_)) => Ok(uri),
        (Some("http" | "https") | None, _) => Err(WebError::Malformed),
        (Some(other), _) => Err(WebError::Scheme(other.to_owned())),
    }
}

/// Where a redirection leads: never out of TLS.
fn follow(from: &Uri, location: &str) -> Result<Uri, WebError> {
    let absolute = match location.as_bytes() {
        [b'/', b'/', ..] => format!("{}:{location}", from.scheme_str().unwrap_or("https")),
        [b'/', ..] => {
            let authority = from.authority().map(ToString::to_string);
            let scheme = from.scheme_str().unwrap_or("https");
            format!("{scheme}://{}{location}", authority.unwrap_or_default())
        }
        _ => location.to_owned(),
    };
    let to = parse(&absolute)?;
    if from.scheme_str() == Some("https") && to.scheme_str() != Some("https") {
        return Err(WebError::Downgrade);
    }
    Ok(to)
}

fn config(uri: &Uri) -> Result<Config, ExchangeError> {
    let base = Uri::builder()
        .scheme(uri.scheme_str().unwrap_or("https"))
        .authority(uri.authority().map_or("", |authority| authority.as_str()))
        .path_and_query("/")
        .build()
        .map_err(|error| ExchangeError::Unreachable(error.to_string()))?;
    let mut config = Config::new(base);
    config.proxy_url = proxy::of(uri, |name| std::env::var(name).ok());
    Ok(config)
}

const MAX_REDIRECTS: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirections_stay_within_tls() {
        let from: Uri = "https://a.example/x/y".parse().unwrap();
        let to = |location| follow(&from, location).map(|uri| uri.to_string());
        assert_eq!(to("/z?q").unwrap(), "https://a.example/z?q");
        assert_eq!(to("//b.example/z").unwrap(), "https://b.example/z");
        assert_eq!(to("https://b.example/").unwrap(), "https://b.example/");
        assert!(matches!(to("http://a.example/z"), Err(WebError::Downgrade)));
        assert!(to("file:///etc/passwd").is_err());
    }
}
