//! `bulla git textconv`: what Git compares instead of a sealed file.

use bulla_core::manifest::Stream;
use bulla_core::sops::{MacPolicy, Store};
use zeroize::Zeroizing;

use super::listing::{listing, openers};
use super::store_of;
use crate::cli::GitTextconvArgs;
use crate::commands::open;
use crate::exit::ExitStatus;
use crate::failure::Failure;
use crate::identities::Identities;
use crate::input::{self, MANIFEST_BYTES_MAX};
use crate::manifest;
use crate::session::Session;

/// Carries it out. What is not sealed, or can't be read, is printed as it is: a diff must not fail for it.
pub(super) fn run(args: &GitTextconvArgs, session: &Session) -> Result<ExitStatus, Failure> {
    let bytes = input::read(&args.file, MANIFEST_BYTES_MAX)?.bytes;
    let sealed = match store_of(&args.file, &bytes) {
        Some(store) => Some(Sealed::Sops(store)),
        None => envelopes(&bytes),
    };
    let Some(sealed) = sealed else {
        session.printer.data(&bytes)?;
        return Ok(ExitStatus::Done);
    };
    let mut closed = sealed.closed(&bytes);
    if args.reveal {
        match sealed.opened(args, &bytes, session) {
            // Plaintext leaves here: whoever installed it asked for it by `--reveal`.
            Ok(opened) => {
                session.printer.data(&opened)?;
                session.printer.data(sealed.openers(&bytes).as_bytes())?;
                return Ok(ExitStatus::Done);
            }
            Err(failure) => {
                let (text, _) = failure.in_one_line();
                closed.push_str(&format!("# not opened: {text}\n"));
            }
        }
    }
    session.printer.data(closed.as_bytes())?;
    Ok(ExitStatus::Done)
}

/// What a file is.
enum Sealed {
    Sops(Store),
    /// Envelopes and SealedSecrets, beside other resources perhaps.
    Resources(Stream),
}

fn envelopes(bytes: &[u8]) -> Option<Sealed> {
    let stream = Stream::parse(bytes).ok()?;
    let sealed = stream.objects().iter().any(manifest::is_resource);
    sealed.then_some(Sealed::Resources(stream))
}

impl Sealed {
    fn closed(&self, bytes: &[u8]) -> String {
        let store = match self {
            Self::Sops(store) => *store,
            Self::Resources(_) => Store::Yaml,
        };
        match listing(store, bytes) {
            Ok(text) => text + &self.openers(bytes),
            Err(error) => format!("# {error}\n{}", String::from_utf8_lossy(bytes)),
        }
    }

    /// Who can open a SOPS file; a resource says so by itself.
    fn openers(&self, bytes: &[u8]) -> String {
        match self {
            Self::Sops(store) => store
                .metadata(bytes)
                .map_or(String::new(), |block| openers(&block)),
            Self::Resources(_) => String::new(),
        }
    }

    fn opened(
        &self,
        args: &GitTextconvArgs,
        bytes: &[u8],
        session: &Session,
    ) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let identities = Identities::load(&args.identities, &session.printer)?;
        match self {
            Self::Sops(store) => {
                let opened = store.decrypt(bytes, &identities.ring, MacPolicy::Verify);
                let opened = opened.map_err(super::merge::NotMerged::Open)?;
                Ok(Zeroizing::new(opened.plaintext.reveal().to_vec()))
            }
            Self::Resources(stream) => open::all_of(&args.file, stream, &identities),
        }
    }
}
