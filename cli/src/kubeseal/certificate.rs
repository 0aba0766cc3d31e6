//! The certificate to seal with: a file, a URL, or the controller's own.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use bulla_core::rotation::Timestamp;
use bulla_core::sealed_secrets::{Certificate, Expiry, RsaPublicKey};

use super::args::Args;
use super::error::KubesealError;
use super::{controller, web};
use crate::failure::Failure;
use crate::input;
use crate::printer::Printer;

/// The bytes that are said to be a certificate, and where they came from.
pub(super) struct Source {
    /// As they were got.
    pub(super) bytes: Vec<u8>,
    from: String,
}

/// Gets it from where the flags say.
///
/// # Errors
/// What stands in the way of reading the file, or of asking the server or the cluster.
pub(super) fn fetch(args: &Args, printer: &Printer) -> Result<Source, Failure> {
    let cert = args.cert.as_str();
    let (bytes, from) = match scheme(cert) {
        _ if cert.is_empty() => (
            controller::certificate(args, printer)?,
            "the answer of the controller".to_owned(),
        ),
        Some("file") => {
            let path = cert.strip_prefix("file://").unwrap_or(cert);
            return file(Path::new(path));
        }
        Some(_) => (
            web::get(cert, printer)?,
            "the answer of the server".to_owned(),
        ),
        None => return file(Path::new(cert)),
    };
    Ok(Source { bytes, from })
}

/// Reads it.
///
/// # Errors
/// `Certificate`: it is none, or none that values are sealed with.
pub(super) fn read(source: &Source) -> Result<Certificate, KubesealError> {
    Certificate::from_pem(&source.bytes).map_err(|error| KubesealError::Certificate {
        from: source.from.clone(),
        source: error,
    })
}

/// The key in it, if it is still to be sealed with.
///
/// # Errors
/// `Certificate`, `Expired`.
pub(super) fn key(source: &Source, args: &Args) -> Result<RsaPublicKey, KubesealError> {
    let expiry = if args.allow_expired_cert {
        Expiry::Ignore
    } else {
        Expiry::Refuse
    };
    read(source)?
        .key_for_sealing(now(), expiry)
        .cloned()
        .map_err(|expired| KubesealError::Expired(shown(expired.not_after)))
}

fn file(path: &Path) -> Result<Source, Failure> {
    Ok(Source {
        bytes: input::read(path, MAX_BYTES)?.bytes.to_vec(),
        from: crate::shown::Shown(path).to_string(),
    })
}

/// The scheme of a URL; of one letter it is a drive of Windows.
fn scheme(text: &str) -> Option<&str> {
    let (scheme, _) = text.split_once(':')?;
    let known = scheme
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
        && scheme.len() > 1
        && scheme.as_bytes()[0].is_ascii_alphabetic();
    known.then_some(scheme)
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let seconds = since.unwrap_or_default().as_secs();
    Timestamp(i64::try_from(seconds).unwrap_or(i64::MAX))
}

fn shown(at: Timestamp) -> String {
    match jiff::Timestamp::from_second(at.0) {
        Ok(at) => at.to_string(),
        Err(_) => "a day out of range".to_owned(),
    }
}

/// No chain of certificates comes near this.
pub(super) const MAX_BYTES: usize = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_told_from_a_path() {
        for (text, expected) in [
            ("https://x/cert.pem", Some("https")),
            ("file:///x", Some("file")),
            ("C:\\cert.pem", None),
            ("cert.pem", None),
            ("./a:b", None),
            ("/a:b/c", None),
            ("", None),
        ] {
            assert_eq!(scheme(text), expected, "{text}");
        }
    }
}
