//! What every run does before it reads anything.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Turns core dumps off, so that a crash leaves no plaintext on disk. A system that refuses goes on without.
pub(crate) fn no_core_dumps() {
    let maximum = getrlimit(Resource::Core).maximum;
    let _ = setrlimit(
        Resource::Core,
        Rlimit {
            current: Some(CORE_BYTES),
            maximum,
        },
    );
}

/// Too small for any core file. Linux hands cores to a program such as systemd-coredump even at 0,
/// and at 1 it does not (`fs/coredump.c`).
const CORE_BYTES: u64 = if cfg!(target_os = "linux") { 1 } else { 0 };
