//! Help in the layout of sops, completions and manual pages, all from the one table of flags.

use std::fmt::Write as _;

use clap_complete::{Shell, generate};

use super::error::{CommandError, Ended};
use super::grammar::{self, COMMANDS, CommandSpec, EVERYWHERE, FLAGS, Flag, Spec, Takes, dashed};
use super::kind::Kind;
use super::line::Line;
use crate::printer::Printer;

/// Scripts read the second word as a version that they can compare.
pub(super) const VERSION: &str = concat!("sops 3.13.3 (bulla ", env!("CARGO_PKG_VERSION"), ")\n");

/// Help on a command, or on all of them; `program` is how it was called.
pub(super) fn text(kind: Option<Kind>, program: &str) -> String {
    match kind.and_then(grammar::command) {
        Some(command) => of_command(command, program),
        None => of_all(program),
    }
}

fn of_command(command: &CommandSpec, program: &str) -> String {
    let words = command.words.join(" ");
    let arguments = command.arguments;
    let mut text = format!(
        "NAME:\n   {program} {words} - {}\n\nUSAGE:\n   {program} {words} [command options] {arguments}\n",
        command.about
    );
    if command.kind == Kind::Groups {
        text += "\nCOMMANDS:\n";
        let below = COMMANDS.iter().filter(|below| below.words.len() > 1);
        push_commands(&mut text, below);
    }
    text += "\nOPTIONS:\n";
    let flags = command.flags.iter().chain(EVERYWHERE);
    push_flags(&mut text, flags.map(|flag| flag.spec()));
    text
}

fn of_all(program: &str) -> String {
    let mut text = format!(
        "NAME:\n   {program} - edits, encrypts and decrypts files of SOPS with age keys\n\n\
         USAGE:\n   {program} [flags] [command] [file]\n\n   Without a command, FILE is opened in an editor. Flags stand wherever you like.\n   \
         Whom a file is encrypted for, .sops.yaml says, or `--age`. What opens it: SOPS_AGE_KEY_FILE,\n   \
         SOPS_AGE_KEY, SOPS_AGE_KEY_CMD, sops/age/keys.txt in the user's configuration, and ssh keys.\n\n\
         VERSION:\n   {}\nCOMMANDS:\n",
        VERSION.trim_start_matches("sops ")
    );
    let top = COMMANDS.iter().filter(|command| command.words.len() == 1);
    push_commands(&mut text, top);
    text += "   help, h      show this, or help on one command\n\nGLOBAL OPTIONS:\n";
    let below = [Flag::File, Flag::Yes, Flag::Network, Flag::Address];
    let global = FLAGS.iter().filter(|spec| !below.contains(&spec.flag));
    push_flags(&mut text, global);
    text += EXIT_CODES;
    text
}

fn push_commands<'c>(text: &mut String, commands: impl Iterator<Item = &'c CommandSpec>) {
    for command in commands {
        let name = command.words.last().unwrap_or(&"");
        let _ = writeln!(text, "   {name:12} {}", command.about);
    }
}

fn push_flags<'s>(text: &mut String, specs: impl Iterator<Item = &'s Spec>) {
    let lines: Vec<(String, &Spec)> = specs
        .map(|spec| {
            let value = match spec.takes {
                Takes::Nothing => "",
                _ => " value",
            };
            let names = spec.names.iter().map(|name| dashed(name) + value);
            (names.collect::<Vec<_>>().join(", "), spec)
        })
        .collect();
    let width = lines.iter().map(|(names, _)| names.len()).max();
    let width = width.unwrap_or(0);
    for (names, spec) in lines {
        let _ = write!(text, "   {names:width$}  {}", spec.about);
        let _ = match spec.variable {
            Some(variable) => writeln!(text, " [${variable}]"),
            None => writeln!(text),
        };
    }
}

/// `sops completion SHELL`.
pub(super) fn completion(line: &Line, printer: &Printer) -> Result<(), Ended> {
    let Some(word) = line.words.first() else {
        return Ok(printer.data(text(Some(Kind::Completion), "sops").as_bytes())?);
    };
    let shell = match word.to_str() {
        Some("bash") => Shell::Bash,
        Some("zsh") => Shell::Zsh,
        Some("fish") => Shell::Fish,
        _ => return Err(CommandError::Shell.into()),
    };
    let mut script = Vec::new();
    generate(shell, &mut grammar("sops"), "sops", &mut script);
    Ok(printer.data(&script)?)
}

/// The same command line for clap: completions and manual pages are made of it.
pub(crate) fn grammar(name: &'static str) -> clap::Command {
    let mut whole = clap::Command::new("sops")
        .bin_name(name)
        .display_name(name.replace(' ', "-"))
        .about("Edits, encrypts and decrypts files of SOPS with age keys")
        .arg(clap::Arg::new("FILE").value_hint(clap::ValueHint::FilePath))
        .args(FLAGS.iter().filter(|spec| !is_claps(spec)).map(argument));
    for command in COMMANDS.iter().filter(|command| command.words.len() == 1) {
        let mut made = subcommand(command);
        if command.kind == Kind::Groups {
            let below = COMMANDS.iter().filter(|below| below.words.len() > 1);
            made = made.subcommands(below.map(subcommand));
        }
        whole = whole.subcommand(made);
    }
    whole.after_help(EXIT_CODES.trim())
}

fn subcommand(command: &'static CommandSpec) -> clap::Command {
    let flags = command.flags.iter().chain(EVERYWHERE);
    let specs = flags.map(|flag| flag.spec()).filter(|spec| !is_claps(spec));
    clap::Command::new(*command.words.last().unwrap_or(&""))
        .about(command.about)
        .arg(
            clap::Arg::new("ARGUMENTS")
                .num_args(0..)
                .value_hint(clap::ValueHint::FilePath),
        )
        .args(specs.map(argument))
}

/// Clap has these itself.
fn is_claps(spec: &Spec) -> bool {
    matches!(spec.flag, Flag::Help | Flag::Version)
}

fn argument(spec: &'static Spec) -> clap::Arg {
    let mut argument = clap::Arg::new(spec.names[0])
        .long(spec.names[0])
        .help(spec.about);
    argument = match spec.takes {
        Takes::Nothing => argument.action(clap::ArgAction::SetTrue),
        _ => argument.action(clap::ArgAction::Append),
    };
    for name in &spec.names[1..] {
        argument = match name.chars().next().filter(|_| name.len() == 1) {
            Some(letter) => argument.short(letter),
            None => argument.alias(*name),
        };
    }
    argument
}

const EXIT_CODES: &str = "
EXIT CODES:
   0 done, 1 an error, 2 the file can't be read, 3 or written, 4 or put together, 7 an index or value that is none,
   8 flags that don't go together, 23 the file can't be encrypted, 25 or decrypted, 51 MAC mismatch, 91 nothing there,
   100 no file, 128 no key opens it, 200 nothing was changed, 201 the editor failed, 203 it is encrypted already
";
