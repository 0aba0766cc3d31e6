//! `bulla key generate`: what `age-keygen` does, post-quantum unless asked otherwise.

use std::borrow::Cow;
use std::io::{self, Write};
use std::path::Path;

use bulla_core::recipient::{Identity, identity_file_text};

use crate::cli::KeyGenerateArgs;
use crate::exit::{Blame, ExitStatus};
use crate::failure::{Failure, Fault};
use crate::located::InFile;
use crate::session::Session;

/// A key that must not go where it was sent.
#[derive(Debug, thiserror::Error)]
enum GenerateError {
    #[error("refusing to overwrite it")]
    Exists,
    #[error("refusing to show a private key on the terminal")]
    Terminal,
}

/// Carries it out.
pub(crate) fn run(args: &KeyGenerateArgs, session: &Session) -> Result<ExitStatus, Failure> {
    let printer = &session.printer;
    if args.output.is_none() && printer.to_terminal() && !args.reveal {
        return Err(GenerateError::Terminal.into());
    }
    let identity = Identity::generate(args.suite.into(), &mut session.rng());
    let created = jiff::Timestamp::now()
        .strftime("%Y-%m-%dT%H:%M:%SZ")
        .to_string();
    // Into the key file, or to where the user asked for it by name.
    let text = identity_file_text(&identity, &created);
    match &args.output {
        Some(path) => write_new(path, text.as_bytes())?,
        None => printer.data(text.as_bytes())?,
    }
    printer.say(format_args!("Public key: {}", identity.recipient()));
    Ok(ExitStatus::Done)
}

/// Writes a file that nobody else can read, and that was not there.
fn write_new(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::AlreadyExists => {
            Failure::from(InFile::new("write", path, GenerateError::Exists))
        }
        _ => InFile::io("write", path, error).into(),
    };
    if path.symlink_metadata().is_ok() {
        return Err(failed(io::ErrorKind::AlreadyExists.into()));
    }
    let directory = path
        .parent()
        .filter(|parent| *parent != Path::new(""))
        .unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new()
        .prefix(".bulla-")
        .tempfile_in(directory)
        .map_err(failed)?;
    file.write_all(bytes)
        .and_then(|()| file.as_file().sync_all())
        .map_err(failed)?;
    file.persist_noclobber(path)
        .map_err(|error| failed(error.error))?;
    Ok(())
}

impl Fault for GenerateError {
    fn blame(&self) -> Blame {
        Blame::Caller
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(match self {
            Self::Exists => "a private key that is overwritten is lost: choose another name",
            Self::Terminal => "write it to a file: `-o FILE`; or ask for it: `--reveal`",
        }))
    }
}
