//! `bulla`: closes the secret values of manifests so that they are safe to commit.
//!
//! The first word of the command line chooses a personality before any grammar is built. Offline
//! commands start no thread, open no socket and read no kubeconfig.
//!
//! | Modules | Subject |
//! |---|---|
//! | `invocation`, `cli`, `commands` | Bulla's own command line: grammar, and one file for each command |
//! | `kubeseal`, `sops` | the other two personalities |
//! | `manifest`, `sealed_secret`, `sops_file` | the formats in files: found, read, opened, changed |
//! | `config`, `recipients`, `identities`, `plugins`, `vouching` | whom to close for, and with whose keys to open |
//! | `input`, `exclusion`, `many`, `scratch`, `atomic`, `leftovers`, `stream_output` | files in and out |
//! | `comparison`, `git`, `cluster` | other states of them: revisions, a running cluster |
//! | `printer`, `report`, `progress`, `shown`, `editor`, `hidden_prompt`, `value_source` | the terminal |
//! | `failure`, `located`, `exit` | errors, and how a run ends |
//! | `session`, `interrupt`, `hardening` | what every run has |

mod atomic;
mod cli;
mod cluster;
mod commands;
mod comparison;
mod config;
mod editor;
mod exclusion;
mod exit;
mod failure;
mod git;
mod hardening;
mod hidden_prompt;
mod identities;
mod input;
mod interrupt;
mod invocation;
mod kubeseal;
mod leftovers;
mod located;
mod manifest;
mod many;
mod plugins;
mod printer;
mod progress;
mod recipients;
mod report;
mod scratch;
mod sealed_secret;
mod session;
mod shown;
mod sops;
mod sops_file;
mod stream_output;
mod value_source;
mod vouching;

use std::process::ExitCode;

use bulla_controller::allocator::WipingAllocator;

use crate::exit::ExitStatus;
use crate::failure::Failure;
use crate::invocation::{Invocation, Personality};

#[global_allocator]
static ALLOCATOR: WipingAllocator = WipingAllocator;

fn main() -> ExitCode {
    hardening::no_core_dumps();
    let invocation = Invocation::from_command_line(std::env::args_os());
    let status = match invocation.personality {
        Personality::Bulla => commands::run(&invocation),
        Personality::Kubeseal => kubeseal::run(&invocation),
        Personality::Sops => sops::run(&invocation),
    };
    status.unwrap_or_else(report).leave()
}

fn report(failure: Failure) -> ExitStatus {
    failure.print();
    failure.status()
}
