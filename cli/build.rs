//! How the released program is linked, so that a command that runs for some milliseconds takes little memory.
//!
//! - Packs the relocations where the C library can unpack them: they are read at each start, and take 600 KiB otherwise.
//! - Puts the functions that the usual commands call next to each other (`functions.txt`). What the kernel reads of a
//!   program it maps 64 KiB at a time: scattered, the same functions take 4 MiB more.

use std::{path::Path, process::Command};

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=functions.txt");
    let is_glibc =
        variable("CARGO_CFG_TARGET_OS") == "linux" && variable("CARGO_CFG_TARGET_ENV") == "gnu";
    if !is_glibc || variable("PROFILE") != "release" {
        return;
    }
    if is_usual_linker() {
        let script = Path::new(&variable("OUT_DIR")).join("functions.ld");
        std::fs::write(&script, function_order()).expect("cargo's folder can be written to");
        println!("cargo:rustc-link-arg-bins=-T{}", script.display());
    }
    if glibc().is_some_and(|is| is >= (2, 36)) {
        println!("cargo:rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_default()
}

/// Whether the linker is rustc's choice, lld or GNU's: others, such as mold, refuse the script.
fn is_usual_linker() -> bool {
    let flags = variable("CARGO_ENCODED_RUSTFLAGS");
    println!("cargo:rerun-if-env-changed=RUSTC_LINKER");
    variable("RUSTC_LINKER").is_empty() && !flags.contains("linker") && !flags.contains("fuse-ld")
}

/// A linker script that gathers the sections of the listed functions; what LLVM holds for cold is set apart by its name.
fn function_order() -> String {
    let sections: String = include_str!("functions.txt")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|name| format!("*(.text.{name} .text.unlikely.{name})\n"))
        .collect();
    // `INSERT` adds to the linker's own layout; without it, this would be all of the layout.
    format!("SECTIONS {{ .text.commands : {{\n{sections}}} }}\nINSERT BEFORE .text;\n")
}

/// The version of the C library that the program is linked with, where that is this machine's own.
fn glibc() -> Option<(u32, u32)> {
    if std::env::var("HOST") != std::env::var("TARGET") {
        return None;
    }
    let asked = Command::new("getconf")
        .arg("GNU_LIBC_VERSION")
        .output()
        .ok()?;
    let answer = String::from_utf8(asked.stdout).ok()?;
    let version = answer.trim().strip_prefix("glibc ")?;
    let (major, minor) = version.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}
