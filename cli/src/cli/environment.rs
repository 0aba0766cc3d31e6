//! An environment variable for each flag: `--for` is `BULLA_FOR`.

use clap::builder::FalseyValueParser;
use clap::{Arg, ArgAction, Command};

/// Gives every flag of every command its variable. Their values are never shown in help texts.
pub(super) fn with_variables(command: Command) -> Command {
    command
        .mut_args(with_variable)
        .mut_subcommands(with_variables)
}

fn with_variable(arg: Arg) -> Arg {
    let Some(long) = arg
        .get_long()
        .filter(|long| !matches!(*long, "help" | "version"))
    else {
        return arg;
    };
    // Elsewhere `--output` is a format: `BULLA_OUTPUT=json` must not name the file of a private key.
    if long == "output" && arg.get_possible_values().is_empty() {
        return arg;
    }
    let variable = format!("BULLA_{}", long.replace('-', "_").to_uppercase());
    let flag = matches!(arg.get_action(), ArgAction::SetTrue);
    let arg = arg.env(variable).hide_env_values(true);
    // `0`, `no`, `false`, `off` and nothing leave a flag off.
    if flag {
        arg.value_parser(FalseyValueParser::new())
    } else {
        arg
    }
}
