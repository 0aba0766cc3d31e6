//! `sops`: the command line of SOPS 3.13, under that name and as `bulla sops`.
//!
//! Commands, flags, variables, exit codes and the words that scripts look for are those of the real one;
//! docs/sops-differences.md lists where they differ on purpose. Files keep their formatting: only the values
//! concerned and the `sops` block change.

mod child;
mod confirm;
mod decrypt;
mod edit;
mod encrypt;
mod error;
mod exec_env;
mod exec_file;
mod extract;
mod filestatus;
mod grammar;
mod groups;
mod help;
mod keys;
mod kind;
mod line;
mod number;
mod plan;
mod publish;
mod recipients;
mod reformat;
mod result;
mod rotate;
mod rules;
mod set;
mod source;
mod updatekeys;
mod user;

use crate::exit::ExitStatus;
use crate::failure::Failure;
use crate::invocation::Invocation;
use crate::printer::Printer;

pub(crate) use help::grammar;

use self::error::{CommandError, Ended};
use self::grammar::Flag;
use self::kind::Kind;
use self::line::{Asked, Line};

/// Reads the command line and carries it out.
pub(crate) fn run(invocation: &Invocation) -> Result<ExitStatus, Failure> {
    let printer = Printer::new(false);
    let done = Line::read(&invocation.arguments, |name| std::env::var_os(name))
        .and_then(|asked| answer(asked, invocation, &printer));
    Ok(match done {
        Ok(()) => ExitStatus::Done,
        Err(ended) => ended.leave(),
    })
}

fn answer(asked: Asked, invocation: &Invocation, printer: &Printer) -> Result<(), Ended> {
    match asked {
        Asked::Command(line) => carry_out(&line, printer),
        Asked::Help(kind) => Ok(printer.data(help::text(kind, invocation.name).as_bytes())?),
        Asked::Version => Ok(printer.data(help::VERSION.as_bytes())?),
    }
}

fn carry_out(line: &Line, printer: &Printer) -> Result<(), Ended> {
    for flag in &line.passed_over {
        printer.warn(format_args!(
            "{} means nothing to this command",
            flag.spec().name()
        ));
    }
    local_keys_only(line, printer)?;
    keys::check_order(line)?;
    match line.kind {
        Kind::Decrypt => decrypt::run(line, printer),
        Kind::Encrypt => encrypt::run(line, printer),
        Kind::Rotate => rotate::run(line, printer),
        Kind::Edit => edit::run(line, printer),
        Kind::Set => set::set(line, printer),
        Kind::Unset => set::unset(line, printer),
        Kind::Updatekeys => updatekeys::run(line, printer),
        Kind::ExecEnv => exec_env::run(line, printer),
        Kind::ExecFile => exec_file::run(line, printer),
        Kind::Filestatus => filestatus::run(line, printer),
        Kind::Groups if !line.words.is_empty() => {
            let topic = line.words[0].to_string_lossy().into_owned();
            Err(CommandError::NoTopic(topic).into())
        }
        Kind::Groups => Ok(printer.data(help::text(Some(Kind::Groups), "sops").as_bytes())?),
        Kind::GroupsAdd => groups::add(line, printer),
        Kind::GroupsDelete => groups::delete(line, printer),
        Kind::Publish => publish::run(line, printer),
        Kind::Completion => help::completion(line, printer),
        Kind::Keyservice => {
            Err(CommandError::Keyservice("this program serves no keys to others").into())
        }
    }
}

/// Keys are those of this machine: nobody else is asked.
fn local_keys_only(line: &Line, printer: &Printer) -> Result<(), Ended> {
    let local = line.os(Flag::EnableLocalKeyservice);
    if local.is_some() && !line.has(Flag::EnableLocalKeyservice) {
        let switched_off = "`--enable-local-keyservice=false` leaves no other";
        return Err(CommandError::Keyservice(switched_off).into());
    }
    if !line.items(Flag::Keyservice)?.is_empty() {
        printer.warn("key services are not asked: only identities of this machine open files");
    }
    Ok(())
}
