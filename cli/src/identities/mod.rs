//! Private keys for opening: where they are looked for, and what to say when none fits.

pub(crate) mod ask;
mod command;
mod key_file;
mod places;
mod reserve;
mod unopened;

use std::borrow::Cow;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bulla_core::envelope::{Envelope, OpenError, SealError};
use bulla_core::recipient::{IDENTITY_FILE_BYTES_MAX, Identity, KeyRing};
use bulla_core::sealed_secrets::{BackupError, KeyBackup, RsaKeyRing, RsaPrivateKey};
use zeroize::Zeroizing;

pub(crate) use key_file::{KeyFile, KeyFileError, Locked};
pub(crate) use places::config_directory;
pub(crate) use unopened::Unopened;

use reserve::{InReserve, State};
use unopened::closed_for;

use crate::cli::IdentityArgs;
use crate::exit::Blame;
use crate::failure::{Failure, Fault};
use crate::input::{self, MANIFEST_BYTES_MAX};
use crate::located::InFile;
use crate::printer::Printer;
use crate::sealed_secret::ring_hint;
use crate::shown::Shown;

/// The private keys at hand, and where they came from.
#[derive(Debug)]
pub(crate) struct Identities {
    /// For envelopes.
    pub(crate) ring: KeyRing,
    /// For SealedSecrets, newest first as far as the backup tells.
    pub(crate) rsa: RsaKeyRing,
    looked_in: Vec<String>,
}

/// What is found on the way.
#[derive(Default)]
struct Found {
    identities: Vec<Identity>,
    rsa: Vec<RsaPrivateKey>,
    reserve: State,
    looked_in: Vec<String>,
}

impl Identities {
    /// Reads the files that `--identity` names, and nothing else then. Otherwise, as sops does, all that the
    /// environment names and the usual files (`docs/recipients.md`); what is wrong with one of those is told only
    /// where nothing else opens.
    ///
    /// Nobody is asked and no program runs here: that waits until something can't be opened otherwise.
    ///
    /// # Errors
    /// A file that was named and can't be read; a key in it that does not parse.
    pub(crate) fn load(args: &IdentityArgs, printer: &Printer) -> Result<Self, Failure> {
        Self::find(&args.identity, State::default(), printer)
    }

    /// The same for the `sops` personality, where identities that the user gives bring their plug-ins with them.
    pub(crate) fn as_sops(printer: &Printer) -> Result<Self, Failure> {
        Self::find(&[], State::implying_plugins(), printer)
    }

    fn find(named: &[PathBuf], reserve: State, printer: &Printer) -> Result<Self, Failure> {
        let mut found = Found {
            reserve,
            ..Found::default()
        };
        for path in named {
            found.named(path, printer)?;
        }
        if named.is_empty() {
            found.in_the_environment();
        }
        let reserve = Arc::new(InReserve::new(found.reserve));
        Ok(Self {
            ring: KeyRing::with_reserve(found.identities, reserve),
            rsa: RsaKeyRing::new(found.rsa),
            looked_in: found.looked_in,
        })
    }

    /// What kept keys from being had, a line each: for whoever could not open something.
    pub(crate) fn troubles(&self) -> Vec<String> {
        self.ring.troubles()
    }

    /// Where keys were looked for, for telling people.
    pub(crate) fn looked_in(&self) -> String {
        self.looked_in.join(", ")
    }

    /// Puts what could open `envelope`, and where keys were looked for, before an error of opening it.
    pub(crate) fn explain(&self, envelope: &Envelope, error: OpenError) -> Unopened {
        let entry = match &error {
            OpenError::NoKey { id } => envelope.data_keys().iter().find(|entry| &entry.id == id),
            _ => None,
        };
        Unopened {
            closed_for: entry.map(closed_for),
            looked_in: self.looked_in(),
            troubles: self.troubles(),
            source: error,
        }
    }

    /// The same for an error of sealing anew what must be opened first.
    pub(crate) fn explain_seal(&self, envelope: &Envelope, error: SealError) -> Box<dyn Fault> {
        match error {
            SealError::Open(error) => Box::new(self.explain(envelope, error)),
            other => Box::new(other),
        }
    }
}

impl Found {
    /// A file that was named: age or ssh keys, or the keys of Sealed Secrets in any form of a backup of them.
    fn named(&mut self, path: &Path, printer: &Printer) -> Result<(), Failure> {
        self.looked_in.push(Shown(path).to_string());
        let bytes = input::read(path, MANIFEST_BYTES_MAX)?.bytes;
        let failed = |error| InFile::new("read keys from", path, error);
        if !is_backup(&bytes) {
            let keys = KeyFile::parse(&bytes).map_err(failed)?;
            self.take(path, keys);
            return Ok(());
        }
        // The same RSA key may be one of ssh, and PEM may hold a key of ssh alone.
        let of_ssh = KeyFile::parse(&bytes).map(|keys| self.take(path, keys));
        let KeyBackup { keys, skipped } = match KeyBackup::parse(&bytes) {
            Ok(backup) => backup,
            Err(_) if of_ssh.is_ok() => return Ok(()),
            Err(error) => return Err(failed_backup(path, error)),
        };
        for (name, why) in skipped {
            printer.say(format_args!(
                "{}: {} is passed over: {why}",
                Shown(path),
                name.escape_debug()
            ));
        }
        self.rsa.extend(keys);
        Ok(())
    }

    /// Keys that open by themselves are at hand, the rest is in reserve.
    fn take(&mut self, path: &Path, mut keys: KeyFile) {
        self.identities.append(&mut keys.identities);
        self.reserve.take(&Shown(path).to_string(), keys);
    }

    fn in_the_environment(&mut self) {
        self.reserve.ssh_files = places::ssh_files();
        for path in self.reserve.ssh_files.iter().filter(|path| path.exists()) {
            self.looked_in.push(Shown(path).to_string());
        }
        if let Some(text) = places::variable(places::KEY) {
            let whence = format!("${}", places::KEY);
            self.looked_in.push(whence.clone());
            let text = Zeroizing::new(text.into_encoded_bytes());
            let (mut keys, errors) = KeyFile::of_variable(&text);
            self.identities.append(&mut keys.identities);
            self.reserve.take(&whence, keys);
            for error in errors {
                self.reserve.trouble(format!("{whence}: {}", chain(&error)));
            }
        }
        if let Some(path) = places::variable(places::KEY_FILE) {
            self.perhaps(Path::new(&path), true);
        }
        self.reserve.commands = places::commands();
        for command in &self.reserve.commands {
            self.looked_in.push(format!("${}", command.variable));
        }
        for path in places::usual_files() {
            self.perhaps(&path, false);
        }
    }

    /// A file that must not keep others from being used.
    fn perhaps(&mut self, path: &Path, must_be_there: bool) {
        let shown = Shown(path).to_string();
        self.looked_in.push(shown.clone());
        if !must_be_there && !path.exists() {
            return;
        }
        match input::read(path, IDENTITY_FILE_BYTES_MAX) {
            Ok(read) => {
                let (keys, errors) = KeyFile::parse_what_can_be(&read.bytes);
                self.take(path, keys);
                for error in errors {
                    self.reserve.trouble(format!("{shown}: {}", chain(&error)));
                }
            }
            Err(failure) => self.reserve.trouble(one_line(&failure)),
        }
    }
}

fn chain(error: &(dyn Error + 'static)) -> String {
    match error.source() {
        Some(source) => format!("{error}: {}", chain(source)),
        None => error.to_string(),
    }
}

fn failed_backup(path: &Path, error: BackupError) -> Failure {
    InFile::new("read keys from", path, BadBackup(error)).into()
}

/// A failure among others, without its hint.
fn one_line(failure: &Failure) -> String {
    failure.in_one_line().0
}

/// True for PEM with an RSA key, and for the manifest of a Secret that holds one.
fn is_backup(bytes: &[u8]) -> bool {
    let is_age = |line: &[u8]| line.starts_with(b"AGE-");
    if bytes.split(|byte| *byte == b'\n').any(is_age) {
        return false;
    }
    let says = |word: &str| input::mentions(bytes, word);
    says("tls.key")
        || says("kind: Secret")
        || PEM_LABELS
            .iter()
            .any(|label| says(&format!("-----BEGIN {label}-----")))
}

/// A backup without a key.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
struct BadBackup(BackupError);

impl Fault for BadBackup {
    fn blame(&self) -> Blame {
        Blame::Caller
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(match &self.0 {
            BackupError::Key(error) => error.hint().unwrap_or(ring_hint()),
            _ => ring_hint(),
        }))
    }
}

/// What RSA keys are written under, those among them that are refused by name.
const PEM_LABELS: [&str; 4] = [
    "RSA PRIVATE KEY",
    "PRIVATE KEY",
    "EC PRIVATE KEY",
    "ENCRYPTED PRIVATE KEY",
];
