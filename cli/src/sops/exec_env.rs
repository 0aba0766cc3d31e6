//! `sops exec-env`: a command with the values of a file in its environment.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;

use bulla_core::manifest::Step;
use bulla_core::sops::{Item, Kind, SiteState, Tree, Value};

use super::error::{CommandError, Ended};
use super::grammar::Flag;
use super::line::Line;
use super::source::Source;
use super::{child, decrypt, number, user};
use crate::interrupt::Deferred;
use crate::printer::Printer;

/// Carries it out.
pub(super) fn run(line: &Line, printer: &Printer) -> Result<(), Ended> {
    let [file, command] = &line.words[..] else {
        return Err(CommandError::NothingToRun.into());
    };
    let source = Source::of_file(line, PathBuf::from(file))?;
    let variables = variables(&decrypt::tree(line, &source, printer)?)?;
    warn_of_code(&source, printer);
    user::become_named(line)?;
    let mut shell = child::shell(command);
    if line.has(Flag::Pristine) {
        shell.env_clear();
    }
    shell.envs(variables);
    let failed = |source| CommandError::Run {
        what: "the command",
        source,
    };
    if line.has(Flag::SameProcess) {
        return Err(failed(shell.exec()).into());
    }
    if line.has(Flag::Background) {
        printer.warn("--background is deprecated: the shell's `&` does the same");
        shell.spawn().map_err(failed)?;
        return Ok(());
    }
    let deferred = Deferred::begin().map_err(failed)?;
    let started = shell.spawn().map_err(failed)?;
    // The copies for the command are wiped before it is waited for.
    drop(shell);
    child::wait(started, &deferred)
}

/// The values of the first document by their keys. The plaintext goes into the environment of the command.
fn variables(tree: &Tree) -> Result<Vec<(String, OsString)>, Ended> {
    let mut variables = Vec::new();
    for (key, item) in tree.documents().first().into_iter().flat_map(Item::entries) {
        let key = key.unwrap_or_default();
        let refused = |what| {
            let key = key.to_owned();
            Err(CommandError::Environment { what, key }.into())
        };
        if key.contains('=') {
            return refused("keys with '='");
        }
        let value = match item {
            Item::Value(value) => text(value),
            // As Go prints nothing.
            Item::Null => "<nil>".into(),
            Item::Mapping(_) | Item::List(_) => return refused("complex value"),
        };
        if key.contains('\0') || has_nul(&value) {
            return refused("a value with a zero byte");
        }
        if !key.is_empty() {
            variables.push((key.to_owned(), value));
        }
    }
    Ok(variables)
}

/// Who can write the file can write what is not encrypted in it; programs run code by what these variables say.
fn warn_of_code(source: &Source, printer: &Printer) {
    let sites = source.store.sites(&source.bytes).unwrap_or_default();
    let plain = sites.iter().filter(|site| site.state == SiteState::Plain);
    for site in plain.filter(|site| !site.comment && site.at.document == 1) {
        let [Step::Key(key)] = &site.at.path.0[..] else {
            continue;
        };
        let begins = LOADERS.iter().any(|start| key.starts_with(start));
        if begins || CODE.contains(&key.as_str()) {
            printer.warn(format_args!(
                "{} sets {} in plaintext: it decides which code the command runs",
                source.shown(),
                key.escape_debug()
            ));
        }
    }
}

fn has_nul(value: &OsStr) -> bool {
    value.as_encoded_bytes().contains(&0)
}

/// A value as Go prints it.
fn text(value: &Value) -> OsString {
    let shown = value.as_text().unwrap_or_default();
    match value.kind() {
        Kind::Bool => shown.to_ascii_lowercase().into(),
        Kind::Float => number::shortest(shown, 'E').into(),
        _ => OsString::from_vec(value.bytes().to_vec()),
    }
}

/// Of dynamic linkers.
const LOADERS: [&str; 2] = ["LD_", "DYLD_"];
/// Where shells and interpreters look for code, or for options that name some.
const CODE: [&str; 20] = [
    "BASH_ENV",
    "CLASSPATH",
    "EDITOR",
    "ENV",
    "GIT_EXTERNAL_DIFF",
    "GIT_SSH",
    "GIT_SSH_COMMAND",
    "IFS",
    "JAVA_TOOL_OPTIONS",
    "NODE_OPTIONS",
    "NODE_PATH",
    "PAGER",
    "PATH",
    "PERL5LIB",
    "PERL5OPT",
    "PYTHONHOME",
    "PYTHONPATH",
    "PYTHONSTARTUP",
    "RUBYLIB",
    "RUBYOPT",
];
