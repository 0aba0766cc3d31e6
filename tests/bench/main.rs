//! Benchmarks: `cargo run --release -p bulla-tests --bin bench [open] [seal] [cluster] [sealed-secrets] [sops]
//! [sops-repository]`.
//!
//! Each runs its peer in the same run on the same machine and prints a table with what must be
//! reached beside what was. docs/benchmarks.md records a run.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a table is the point, and it is long in the making"
)]

mod bare;
mod cluster;
mod fixture;
mod machine;
mod metrics;
mod open;
mod seal;
mod sealed_secrets;
mod sops;
mod sops_repository;
mod table;

fn main() {
    let asked: Vec<String> = std::env::args().skip(1).collect();
    let wanted = |name: &str| asked.is_empty() || asked.iter().any(|a| a == name);
    println!("{}\n", machine::describe());
    let mut table = table::Table::default();
    if wanted("open") {
        open::run(&mut table);
    }
    if wanted("seal") {
        seal::run(&mut table);
    }
    if wanted("sops") {
        sops::run(&mut table);
    }
    if wanted("sops-repository") {
        sops_repository::run(&mut table);
    }
    if wanted("cluster") {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(cluster::run(&mut table));
    }
    if wanted("sealed-secrets") {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(sealed_secrets::run(&mut table));
    }
    println!("{table}");
    if !table.reached() {
        std::process::exit(1);
    }
}
