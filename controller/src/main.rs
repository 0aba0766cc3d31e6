//! `bulla-controller`: opens sealed resources of a cluster into Secrets.

use anyhow::Context;
use bulla_controller::allocator::WipingAllocator;
use bulla_controller::kube::{Args, run};

#[global_allocator]
static ALLOCATOR: WipingAllocator = WipingAllocator;

fn main() -> anyhow::Result<()> {
    let args = Args::from_command_line(std::env::args_os()).unwrap_or_else(|error| error.exit());
    run(&args).context("bulla-controller has stopped")
}
