//! `bulla`: closes the secret values of manifests so that they are safe to commit.
//!
//! The first word of the command line chooses a personality before any grammar is built. Offline
//! commands start no thread, open no socket and read no kubeconfig.

mod atomic;
mod cli;
mod cluster;
mod commands;
mod comparison;
mod complete;
mod config;
mod create;
mod edit_view;
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
mod rework;
mod scratch;
mod sealed_secret;
mod secret;
mod session;
mod shell;
mod shown;
mod sops;
mod sops_file;
mod stream_output;
mod surroundings;
mod value_source;
mod versions;
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
