//! Private keys for opening: where they are looked for, and what to say when none fits.

use std::borrow::Cow;
use std::env;
use std::error::Error;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use bulla_core::envelope::{DataKeyEntry, Envelope, OpenError, SealError};
use bulla_core::recipient::{
    IDENTITY_FILE_BYTES_MAX, Identity, IdentityError, IdentityFileError, KeyRing,
    parse_identity_file,
};
use bulla_core::sealed_secrets::{BackupError, KeyBackup, RsaKeyRing, RsaPrivateKey};

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

impl Identities {
    /// Reads the files that `--identity` names, and nothing else then. Otherwise, as sops does:
    /// `SOPS_AGE_KEY`, `SOPS_AGE_KEY_FILE`, and the files of bulla and sops in the user's
    /// configuration, where they exist.
    ///
    /// # Errors
    /// A file that was named and can't be read; a key that does not parse.
    pub(crate) fn load(args: &IdentityArgs, printer: &Printer) -> Result<Self, Failure> {
        let mut found = Self {
            ring: KeyRing::default(),
            rsa: RsaKeyRing::default(),
            looked_in: vec![],
        };
        let (mut identities, mut rsa) = (Vec::new(), Vec::new());
        for path in &args.identity {
            match found.named_or_backup(path, printer)? {
                Keys::Age(keys) => identities.extend(keys),
                Keys::Rsa(keys) => rsa.extend(keys),
            }
        }
        if args.identity.is_empty() {
            if let Some(text) = env::var_os(SOPS_KEY) {
                found.looked_in.push(format!("${SOPS_KEY}"));
                let text = zeroize::Zeroizing::new(text.into_encoded_bytes());
                identities.extend(parse(Path::new("$SOPS_AGE_KEY"), &text)?);
            }
            if let Some(path) = env::var_os(SOPS_KEY_FILE) {
                identities.extend(found.named(Path::new(&path))?);
            }
            for path in usual_files() {
                identities.extend(found.usual(&path, printer)?);
            }
        }
        found.ring = KeyRing::new(identities);
        found.rsa = RsaKeyRing::new(rsa);
        Ok(found)
    }

    /// Age keys, or the keys of Sealed Secrets in any form of a backup of them.
    fn named_or_backup(&mut self, path: &Path, printer: &Printer) -> Result<Keys, Failure> {
        self.looked_in.push(Shown(path).to_string());
        let bytes = input::read(path, MANIFEST_BYTES_MAX)?.bytes;
        if !is_backup(&bytes) {
            return Ok(Keys::Age(parse(path, &bytes)?));
        }
        let KeyBackup { keys, skipped } = KeyBackup::parse(&bytes)
            .map_err(|error| InFile::new("read keys from", path, BadBackup(error)))?;
        for (name, why) in skipped {
            printer.say(format_args!(
                "{}: {} is passed over: {why}",
                Shown(path),
                name.escape_debug()
            ));
        }
        Ok(Keys::Rsa(keys))
    }

    /// Where keys were looked for, for telling people.
    pub(crate) fn looked_in(&self) -> String {
        self.looked_in.join(", ")
    }

    fn named(&mut self, path: &Path) -> Result<Vec<Identity>, Failure> {
        self.looked_in.push(Shown(path).to_string());
        parse(path, &input::read(path, IDENTITY_FILE_BYTES_MAX)?.bytes)
    }

    /// A file that need not be there, and that may hold keys of other kinds beside ours.
    fn usual(&mut self, path: &Path, printer: &Printer) -> Result<Vec<Identity>, Failure> {
        self.looked_in.push(Shown(path).to_string());
        let Ok(true) = fs::exists(path) else {
            return Ok(vec![]);
        };
        let bytes = input::read(path, IDENTITY_FILE_BYTES_MAX)?.bytes;
        supported(path, &bytes, printer)
    }

    /// Puts what could open `envelope`, and where keys were looked for, before an error of opening it.
    pub(crate) fn explain(&self, envelope: &Envelope, error: OpenError) -> Unopened {
        let entry = match &error {
            OpenError::NoKey { id } => envelope.data_keys().iter().find(|entry| &entry.id == id),
            _ => None,
        };
        Unopened {
            closed_for: entry.map(closed_for),
            looked_in: self.looked_in.join(", "),
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

/// An envelope that was not opened.
#[derive(Debug)]
pub(crate) struct Unopened {
    closed_for: Option<String>,
    looked_in: String,
    source: OpenError,
}

impl fmt::Display for Unopened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.source)?;
        match &self.closed_for {
            Some(closed_for) => {
                write!(
                    f,
                    "\nit is closed for {closed_for}\nkeys were looked for in {}",
                    self.looked_in
                )
            }
            None => Ok(()),
        }
    }
}

impl Error for Unopened {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.source()
    }
}

impl Fault for Unopened {
    fn blame(&self) -> Blame {
        self.source.blame()
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        match self.source {
            OpenError::NoKey { .. } => {
                Some("give the private key of one of them: `--identity FILE`; or let one of them `bulla rewrap` it for you".into())
            }
            _ => self.source.hint(),
        }
    }
}

fn closed_for(entry: &DataKeyEntry) -> String {
    let hints = entry.closed_for.iter().map(|closed| &closed.recipient);
    let hints: Vec<_> = hints
        .map(|hint| format!("{} ({})", hint.name, hint.fingerprint))
        .collect();
    hints.join(", ")
}

/// What a file of keys holds.
enum Keys {
    Age(Vec<Identity>),
    Rsa(Vec<RsaPrivateKey>),
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

fn parse(path: &Path, bytes: &[u8]) -> Result<Vec<Identity>, Failure> {
    let failed = |error| Failure::from(InFile::new("read keys from", path, BadFile(error)));
    let text = std::str::from_utf8(bytes).map_err(|_| failed(IdentityFileError::Empty))?;
    parse_identity_file(text).map_err(failed)
}

/// The keys of a file, those of kinds that come later left out.
fn supported(path: &Path, bytes: &[u8], printer: &Printer) -> Result<Vec<Identity>, Failure> {
    let mut identities = Vec::new();
    for (line, text) in (1..).zip(bytes.split(|byte| *byte == b'\n')) {
        let text = std::str::from_utf8(text).unwrap_or("?").trim_end();
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        match text.parse() {
            Ok(identity) => identities.push(identity),
            Err(IdentityError::Plugin) => {
                let kind = "identities of plug-ins";
                printer.say(format_args!(
                    "{}, line {line}: {kind} are passed over",
                    Shown(path)
                ));
            }
            Err(source) => {
                let error = BadFile(IdentityFileError::Line { line, source });
                return Err(InFile::new("read keys from", path, error).into());
            }
        }
    }
    Ok(identities)
}

/// The files that are read when nothing else is said.
fn usual_files() -> Vec<PathBuf> {
    let Some(directory) = config_directory() else {
        return vec![];
    };
    vec![
        directory.join("bulla/identities"),
        directory.join("sops/age/keys.txt"),
    ]
}

/// `$XDG_CONFIG_HOME`, or what stands for it.
pub(crate) fn config_directory() -> Option<PathBuf> {
    let named = env::var_os("XDG_CONFIG_HOME")
        .map(PathBuf::from)
        .filter(|path| path.is_absolute());
    let usual = if cfg!(target_os = "macos") {
        "Library/Application Support"
    } else {
        ".config"
    };
    named.or_else(|| env::home_dir().map(|home| home.join(usual)))
}

/// A file of keys that gives none.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
struct BadFile(IdentityFileError);

impl Fault for BadFile {
    fn blame(&self) -> Blame {
        Blame::Caller
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        Some("a key file has lines `AGE-SECRET-KEY-…`: `bulla key generate` makes one, and so does `age-keygen`".into())
    }
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
const SOPS_KEY: &str = "SOPS_AGE_KEY";
const SOPS_KEY_FILE: &str = "SOPS_AGE_KEY_FILE";
