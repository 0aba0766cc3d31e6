//! `bulla key fetch --certificate`: what SealedSecrets are sealed with, pinned in a file beside `.bulla.yaml`.

use std::borrow::Cow;
use std::fs;
use std::path::Path;

use bulla_core::api::{KeyState, KeySuite, SealingKey};
use bulla_core::sealed_secrets::{Certificate, Expiry, RsaKeyError};

use super::fetch::age;
use super::pin::{PinError, with_certificate};
use crate::atomic::{NewFile, Replacement, replace};
use crate::cli::KeyFetchArgs;
use crate::cluster;
use crate::exit::{Blame, ExitStatus};
use crate::failure::{Failure, Fault};
use crate::located::InFile;
use crate::sealed_secret::{now, read_certificate};
use crate::session::Session;
use crate::shown::Shown;

/// No certificate to pin.
#[derive(Debug, thiserror::Error)]
enum CertificateFetchError {
    #[error("refusing what the cluster gave for a certificate")]
    Unusable(#[source] RsaKeyError),
    #[error("refusing the certificate of the cluster: it has expired")]
    Expired,
}

/// Carries it out.
pub(super) fn run(args: &KeyFetchArgs, session: &Session) -> Result<ExitStatus, Failure> {
    let printer = &session.printer;
    let certificate = Certificate::from_pem(fetched(args)?.as_bytes())
        .map_err(CertificateFetchError::Unusable)?;
    certificate
        .key_for_sealing(now(), Expiry::Refuse)
        .map_err(|_| CertificateFetchError::Expired)?;
    // Written anew, so that nothing else of the answer gets into the repository.
    let pem = certificate.to_pem();
    let Some(name) = args.name.as_ref().filter(|_| !args.print) else {
        printer.data(pem.as_bytes())?;
        return Ok(ExitStatus::Done);
    };
    let located = session.configs.of(None)?.ok_or(PinError::NoConfig)?;
    let text = fs::read_to_string(&located.file)
        .map_err(|error| InFile::io("read", &located.file, error))?;
    let party = located.config.party(name.as_str());
    let file = party.and_then(|party| party.certificate.clone());
    let file = file.unwrap_or_else(|| format!("keys/{name}.pem"));
    let new = with_certificate(&text, name, &file)
        .map_err(|error| InFile::new("change", &located.file, error))?;
    let path = located.beside(&file);
    let before = match path.exists() {
        true => read_certificate(&path).ok(),
        false => None,
    };
    if new == text && before.as_ref() == Some(&certificate) {
        printer.say(format_args!(
            "`{name}` has its certificate already; nothing was changed"
        ));
        return Ok(ExitStatus::Done);
    }
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)
            .map_err(|error| InFile::io("make the directory of", &path, error))?;
    }
    let replacement = |path, bytes| Replacement {
        path,
        bytes,
        new_file: NewFile::Public,
    };
    replace(&[
        replacement(path.as_path(), pem.as_bytes()),
        replacement(located.file.as_path(), new.as_bytes()),
    ])?;
    let key = |certificate: &Certificate| {
        let key = certificate.key();
        format!("{} RSA, {} bits", key.fingerprint(), key.bits())
    };
    if let Some(before) = before.filter(|before| before.key() != certificate.key()) {
        printer.say(format_args!("- {name} {}", key(&before)));
    }
    printer.say(format_args!("+ {name} {}", key(&certificate)));
    printer.say(format_args!(
        "pinned in {} and {}: review and commit both",
        Shown(&path),
        Shown(Path::new(&located.file))
    ));
    Ok(ExitStatus::Done)
}

/// The `SealingKey` that closes, or what the controller of Sealed Secrets gives.
fn fetched(args: &KeyFetchArgs) -> Result<String, Failure> {
    let of_keys = cluster::sealing_keys(&args.cluster).map(|keys| of_sealing_keys(&keys));
    match of_keys {
        Ok(Some(pem)) => Ok(pem),
        // No such resource, none of the suite, or no right to list them: the other one is asked.
        Ok(None) | Err(_) => cluster::certificate(
            &args.cluster,
            &args.controller_namespace,
            &args.controller_name,
        ),
    }
}

fn of_sealing_keys(keys: &[SealingKey]) -> Option<String> {
    let closes = |key: &&SealingKey| {
        let status = key.status.as_ref();
        key.spec.suite == KeySuite::Rsa
            && key.spec.state == KeyState::Active
            && status.is_some_and(|status| status.closes == Some(true))
    };
    let newest = keys.iter().filter(closes).max_by_key(|key| age(key))?;
    newest.status.as_ref()?.public_key.clone()
}

impl Fault for CertificateFetchError {
    fn blame(&self) -> Blame {
        Blame::Cluster
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(match self {
            Self::Unusable(_) => "does `--controller-name` name the controller of Sealed Secrets?",
            Self::Expired => {
                "let the controller make a new key, and restart it if it is an old one"
            }
        }))
    }
}
