//! Runs that are killed at each write, fsync and rename: old bytes or new ones, never others, and the next run cleans up.

use crate::support::{CALLS, Repo, names, survives};

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
            let survived = survives(repo, line, (call, nth), &[]);
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
            next();
            let left = names(&repo.file(directory));
            assert!(
                left.iter().all(|name| !name.ends_with(".tmp")),
                "{line}: {call} {nth}: {left:?}"
            );
        }
    }
}
