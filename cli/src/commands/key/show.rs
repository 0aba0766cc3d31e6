//! `bulla key show`: the public side of a key file, or of a public key.

use std::borrow::Cow;
use std::path::Path;

use bulla_core::recipient::{
    IDENTITY_FILE_BYTES_MAX, Identity, IdentityFileError, Recipient, RecipientError,
    parse_identity_file,
};
use serde_json::{Value, json};

use crate::cli::{KeyShowArgs, ReportFormat};
use crate::exit::{Blame, ExitStatus};
use crate::failure::{Failure, Fault};
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
    Identities(#[source] IdentityFileError),
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

fn recipients(key: &str) -> Result<Vec<Recipient>, Failure> {
    let path = Path::new(key);
    if key.starts_with("age1") && !path.exists() {
        return Ok(vec![key.parse().map_err(ShowError::Recipient)?]);
    }
    let bytes = input::read(path, IDENTITY_FILE_BYTES_MAX)?.bytes;
    let failed = |error| InFile::new("read keys from", path, ShowError::Identities(error));
    let text = std::str::from_utf8(&bytes).map_err(|_| failed(IdentityFileError::Empty))?;
    let identities = parse_identity_file(text).map_err(failed)?;
    Ok(identities
        .iter()
        .map(Identity::recipient)
        .cloned()
        .collect())
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
            Self::Identities(_) => {
                "`bulla key generate -o FILE` makes such a file, and so does `age-keygen`"
            }
        }))
    }
}
