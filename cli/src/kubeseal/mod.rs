//! `kubeseal`: the command line of Sealed Secrets, under that name and as `bulla kubeseal`.
//!
//! Flags, output and exit codes are those of its v0.40; docs/sealed-secrets.md lists where they differ on
//! purpose. With `--cert` from a file, nothing but files is touched.

mod args;
mod certificate;
mod controller;
mod error;
mod exchange;
mod merge;
mod namespace;
mod output;
mod overrides;
mod pflag;
mod proxy;
mod remote;
mod remote_error;
mod sealed;
mod sealing;
mod secret;
mod unseal;
mod web;

use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::Path;

use bulla_core::manifest::Stream;
use bulla_core::plaintext::Plaintext;
use serde_json::Value;
use zeroize::Zeroizing;

pub(crate) use args::{grammar, subcommand};

use self::args::Args;
use self::error::KubesealError;
use self::output::Output;
use self::sealing::Sealer;
use crate::atomic::NewFile;
use crate::commands::told;
use crate::exit::ExitStatus;
use crate::failure::Failure;
use crate::input::{self, MANIFEST_BYTES_MAX};
use crate::invocation::{Invocation, Personality};
use crate::located::InFile;
use crate::printer::Printer;

/// Reads the command line and carries it out. Every error but one in the command line ends with 1.
pub(crate) fn run(invocation: &Invocation) -> Result<ExitStatus, Failure> {
    let args = match Args::read(invocation) {
        Ok(args) => args,
        Err(error) => {
            match told::of_kubeseal(&error) {
                Some(unsaid) => unsaid.print(),
                None => drop(error.print()),
            }
            return Ok(ExitStatus::Usage);
        }
    };
    let printer = Printer::new(false);
    match carry_out(&args, invocation, &printer) {
        Ok(()) => Ok(ExitStatus::Done),
        Err(failure) => {
            failure.print();
            Ok(match failure.status() {
                interrupted @ ExitStatus::Interrupted(_) => interrupted,
                _ => ExitStatus::Failed,
            })
        }
    }
}

/// Has the controller seal every SealedSecret of a stream anew, as `--re-encrypt` does, and returns each with its place in
/// the stream. `flags` say where the controller is.
///
/// # Errors
/// Those of finding and asking it.
pub(crate) fn re_encrypted(
    stream: &Stream,
    flags: Vec<OsString>,
    printer: &Printer,
) -> Result<Vec<(usize, Value)>, Failure> {
    let invocation = Invocation {
        personality: Personality::Kubeseal,
        name: "bulla kubeseal",
        arguments: flags,
    };
    let args = Args::read(&invocation).expect("these flags take any text");
    remote::re_encrypted(stream, &args, printer)
}

fn carry_out(args: &Args, invocation: &Invocation, printer: &Printer) -> Result<(), Failure> {
    if args.version {
        return printer.data(VERSION.as_bytes());
    }
    if args.help {
        let help = grammar(invocation.name).render_long_help().to_string();
        return printer.data(help.as_bytes());
    }
    let value_files = args.value_files();
    if !value_files.is_empty() && !args.raw {
        return Err(KubesealError::FromFileWithoutRaw.into());
    }
    if args.rotate {
        printer.say("Flag --rotate has been deprecated, please use --re-encrypt instead");
    }
    let output = Output::new(args, printer)?;
    // A file that was named is read first, whatever is done with it.
    let named = match input_path(args) {
        path if input::is_stdin(path) => None,
        path => Some(input::read(path, MANIFEST_BYTES_MAX)?.bytes),
    };
    let is_named = named.is_some();
    let input = || match named {
        Some(bytes) => Ok(bytes),
        None => read_stdin(printer),
    };
    if args.recovery_unseal {
        let stream = parse(args, &input()?)?;
        return unseal::run(&stream, args, &output, printer);
    }
    if args.validate {
        return remote::validate(&parse(args, &input()?)?, args, printer);
    }
    if args.re_encrypt || args.rotate {
        let in_place = is_named && args.sealed_secret_file.is_none();
        let stream = parse(args, &input()?)?;
        return if in_place {
            remote::re_encrypt_in_place(input_path(args), &stream, args, printer)
        } else {
            remote::re_encrypt(&stream, args, &output, printer)
        };
    }
    if args.fetch_cert {
        let source = certificate::fetch(args, printer)?;
        certificate::read(&source)?;
        return output.bytes(&source.bytes, NewFile::Public);
    }
    let sealer = sealer(args, printer)?;
    if let Some(path) = &args.merge_into {
        let secrets = secret::read(&parse(args, &input()?)?, printer)?;
        return merge::into_file(path, secrets, &sealer, args);
    }
    if args.raw {
        let value = raw_value(&value_files, printer)?;
        let text = sealer.seal_raw(&value)?;
        return output.bytes(text.as_bytes(), NewFile::Public);
    }
    let secrets = secret::read(&parse(args, &input()?)?, printer)?;
    let several = secrets.len() > 1;
    let sealed = secrets.into_iter().map(|secret| {
        let at = secret.at.filter(|_| several);
        sealer.seal(secret).map_err(|failure| match at {
            Some(at) => failure.inside(&at.to_string()),
            None => failure,
        })
    });
    let sealed = sealed.collect::<Result<Vec<_>, _>>()?;
    output.resources(&sealed, NewFile::Public)
}

fn sealer<'a>(args: &'a Args, printer: &Printer) -> Result<Sealer<'a>, Failure> {
    let source = certificate::fetch(args, printer)?;
    Ok(Sealer::new(args, certificate::key(&source, args)?))
}

/// The file of `-f`, or standard input.
fn input_path(args: &Args) -> &Path {
    let named = args.secret_file.as_deref();
    named
        .filter(|path| !path.as_os_str().is_empty())
        .unwrap_or(Path::new("-"))
}

fn read_stdin(printer: &Printer) -> Result<Zeroizing<Vec<u8>>, Failure> {
    say_that_it_waits(printer);
    Ok(input::read(Path::new("-"), MANIFEST_BYTES_MAX)?.bytes)
}

fn parse(args: &Args, bytes: &[u8]) -> Result<Stream, Failure> {
    Stream::parse(bytes).map_err(|error| InFile::new("read", input_path(args), error).into())
}

/// The value of `--raw`: byte for byte, a line end at its end included.
fn raw_value(files: &[&str], printer: &Printer) -> Result<Plaintext, Failure> {
    let path = match files {
        [] => {
            say_that_it_waits(printer);
            Path::new("-")
        }
        [one] => Path::new(one.split_once('=').map_or(*one, |(_, path)| path)),
        _ => return Err(KubesealError::ManyFiles.into()),
    };
    let bytes = input::read(path, MANIFEST_BYTES_MAX)?.bytes;
    Ok(Plaintext::from(bytes.as_slice()))
}

fn say_that_it_waits(printer: &Printer) {
    if std::io::stdin().is_terminal() {
        printer.say("(tip: reading standard input; end it with Ctrl-D, or name a file with -f)");
    }
}

/// Scripts read the third word; what follows the plus sign says whose program it is.
const VERSION: &str = concat!(
    "kubeseal version: 0.40.0+bulla.",
    env!("CARGO_PKG_VERSION"),
    "\n"
);
