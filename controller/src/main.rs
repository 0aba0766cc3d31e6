//! `bulla-controller`: opens sealed resources of a cluster into Secrets.

use anyhow::Context;
use bulla_controller::allocator::WipingAllocator;
use bulla_controller::kube::{Args, run};
use clap::Parser;

#[global_allocator]
static ALLOCATOR: WipingAllocator = WipingAllocator;

fn main() -> anyhow::Result<()> {
    run(&Args::parse()).context("bulla-controller has stopped")
}
