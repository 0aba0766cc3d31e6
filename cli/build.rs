//! Packs the relocations of the program where the C library can unpack them: they are read at each start, and take 600 KiB
//! of memory otherwise.

use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let variable = |name: &str| std::env::var(name).unwrap_or_default();
    let is_glibc =
        variable("CARGO_CFG_TARGET_OS") == "linux" && variable("CARGO_CFG_TARGET_ENV") == "gnu";
    if is_glibc && variable("PROFILE") == "release" && glibc().is_some_and(|is| is >= (2, 36)) {
        println!("cargo:rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
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
