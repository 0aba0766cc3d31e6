//! `bulla key show`: the public side of a key file, or of a public key.

use std::borrow::Cow;
use std::path::Path;

use bulla_core::recipient::{IDENTITY_FILE_BYTES_MAX, PluginName, Recipient, RecipientError};
use serde_json::{Value, json};

use crate::cli::{KeyShowArgs, ReportFormat};
use crate::exit::{Blame, ExitStatus};
use crate::failure::{Failure, Fault};
use crate::identities::{KeyFile, KeyFileError, Locked};
use crate::input;
use crate::located::InFile;
use crate::report;
use crate::session::Session;

/// Something that is no key.
#[derive(Debug, thiserror::Error)]
enum ShowError {
    #[error("not a public key")]
    Recipient(#[source] RecipientError),
    #[error("not a file of private keys")]
    Identities(#[source] KeyFileError),
    #[error("its keys are under a passphrase, and nothing outside says which they are")]
    Passphrase,
    #[error("plug-in `{0}` keeps its keys, and it alone knows their public halves")]
    Plugin(PluginName),
}

/// Carries it out.
pub(crate) fn run(args: &KeyShowArgs, session: &Session) -> Result<ExitStatus, Failure> {
    let recipients = recipients(&args.key)?;
    // A public key can be printed while .bulla.yaml is still to be mended with it.
    let config = match args.public {
        true => None,
        false => session.configs.of(None)?,
    };
    let known = |recipient: &Recipient| {
        let config = config.as_ref().map(|located| &located.config);
        let (party, _) = config?.party_of(&recipient.fingerprint())?;
        Some((party.name.to_string(), party.section.as_str()))
    };
    let mut text = String::new();
    let mut values = Vec::new();
    for recipient in &recipients {
        let (fingerprint, kind) = (recipient.fingerprint(), recipient.kind());
        if args.public {
            text += &format!("{recipient}\n");
            continue;
        }
        text += if text.is_empty() { "" } else { "\n" };
        text += &format!(
            "public key:   {recipient}\nfingerprint:  {fingerprint}\nsuite:        {kind}\n"
        );
        let known = known(recipient);
        if let Some((name, section)) = &known {
            text += &format!("name:         {name} ({section})\n");
        }
        values.push(json!({
            "publicKey": recipient.as_str(),
            "fingerprint": fingerprint.to_string(),
            "suite": kind.to_string(),
            "postQuantum": kind.is_post_quantum(),
            "name": known.as_ref().map(|(name, _)| name),
            "section": known.as_ref().map(|(_, section)| section),
        }));
    }
    match args.output {
        ReportFormat::Text => session.printer.data(text.as_bytes())?,
        ReportFormat::Json => session
            .printer
            .data(report::json(&Value::Array(values)).as_bytes())?,
    }
    Ok(ExitStatus::Done)
}

/// The public halves of a key file, without asking for a passphrase: who owns a key of ssh is known without it.
fn recipients(key: &str) -> Result<Vec<Recipient>, Failure> {
    let path = Path::new(key);
    let public = ["age1", "ssh-", "ecdsa-", "sk-"];
    if public.iter().any(|kind| key.starts_with(kind)) && !path.exists() {
        return Ok(vec![key.parse().map_err(ShowError::Recipient)?]);
    }
    let bytes = input::read(path, IDENTITY_FILE_BYTES_MAX)?.bytes;
    let failed = |error| InFile::new("read keys from", path, error);
    if let Some(line) = public_line(&bytes) {
        return Ok(vec![
            line.parse()
                .map_err(|error| failed(ShowError::Recipient(error)))?,
        ]);
    }
    let keys = KeyFile::parse(&bytes).map_err(|error| failed(ShowError::Identities(error)))?;
    let locked = match &keys.locked {
        Some(Locked::Ssh(key)) => Some(key.recipient().clone()),
        Some(Locked::File(_)) => return Err(failed(ShowError::Passphrase).into()),
        None => None,
    };
    let open = keys
        .identities
        .iter()
        .map(|identity| identity.recipient().clone());
    let recipients: Vec<Recipient> = open.chain(locked).collect();
    match keys.plugins.first() {
        Some(plugin) if recipients.is_empty() => {
            Err(failed(ShowError::Plugin(plugin.name().clone())).into())
        }
        _ => Ok(recipients),
    }
}

/// The line of a file such as `id_ed25519.pub`.
fn public_line(bytes: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(bytes).ok()?.trim_end();
    (text.starts_with("ssh-") && !text.contains('\n')).then_some(text)
}

impl Fault for ShowError {
    fn blame(&self) -> Blame {
        Blame::Input
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(match self {
            Self::Recipient(_) => {
                "copy the whole public key; `bulla key list` prints those in .bulla.yaml"
            }
            Self::Identities(error) => return error.hint(),
            Self::Passphrase => "`age --decrypt FILE | bulla key show -` shows them",
            Self::Plugin(_) => "its public key stands in a comment of the file, as a rule",
        }))
    }
}
