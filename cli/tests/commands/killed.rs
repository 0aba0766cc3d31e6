//! Runs that are killed at each write, fsync and rename: old bytes or new ones, never others, and the next run cleans up.

use std::path::Path;
use std::process::Stdio;

use crate::support::{Repo, done, names};

/// System calls that change files, each killed at its first, second, third… time.
const CALLS: [&str; 4] = ["write", "fsync", "rename", "fchmod"];

/// Kills a command line at every call in turn. A file is as it was before, or `is_done`; after what runs `next`, nothing
/// of the killed run is left in `directory`.
pub(crate) fn killed_everywhere(
    repo: &Repo,
    line: &str,
    (directory, files): (&str, &[&str]),
    is_done: impl Fn(&str) -> bool,
    next: impl Fn(),
) {
    let before: Vec<_> = files.iter().map(|file| repo.read(file)).collect();
    for call in CALLS {
        for nth in 1.. {
            for (file, text) in files.iter().zip(&before) {
                repo.write(file, text);
            }
            let survived = killed(repo, line, call, nth);
            for (file, text) in files.iter().zip(&before) {
                let now = repo.read(file);
                assert!(
                    now == *text || is_done(file),
                    "{line}: {call} {nth}: {file}: {now:?}"
                );
            }
            if survived {
                break;
            }
            assert!(nth < 1000, "{call} is never reached");
            next();
            let left = names(&repo.file(directory));
            assert!(
                left.iter().all(|name| !name.ends_with(".tmp")),
                "{line}: {call} {nth}: {left:?}"
            );
        }
    }
}

/// Kills one run at one call; true where it never came to that.
fn killed(repo: &Repo, line: &str, call: &str, nth: usize) -> bool {
    let (trace, inject) = (
        format!("trace={call}"),
        format!("inject={call}:signal=KILL:when={nth}"),
    );
    let mut command = repo.around(Path::new("strace"));
    command
        .args(["-f", "-o", "/dev/null", "-e", &trace, "-e", &inject])
        .arg(env!("CARGO_BIN_EXE_bulla"))
        .args(repo.words(line))
        .stdin(Stdio::null());
    done(command.output().unwrap()).status == 0
}
