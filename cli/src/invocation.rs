//! By which name the program was called, and so which grammar reads its command line.

use std::ffi::{OsStr, OsString};
use std::path::Path;

/// Whose command line is spoken. `kubeseal` and `sops` will stand beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Personality {
    /// Bulla's own commands, also as a plug-in of kubectl.
    Bulla,
}

/// A command line, and how the program is called in usage texts.
#[derive(Debug)]
pub(crate) struct Invocation {
    /// Whose grammar reads it.
    pub(crate) personality: Personality,
    /// `bulla` or `kubectl bulla`.
    pub(crate) name: &'static str,
    /// What follows the program's own name.
    pub(crate) arguments: Vec<OsString>,
}

impl Invocation {
    /// Looks at the program's name only; the first word is where further personalities branch off.
    pub(crate) fn from_command_line(mut words: impl Iterator<Item = OsString>) -> Self {
        let program = words.next().unwrap_or_default();
        let name = match called(&program) {
            "kubectl-bulla" => "kubectl bulla",
            _ => "bulla",
        };
        Self {
            personality: Personality::Bulla,
            name,
            arguments: words.collect(),
        }
    }
}

fn called(program: &OsStr) -> &str {
    Path::new(program)
        .file_stem()
        .and_then(OsStr::to_str)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usage_follows_the_name_of_the_program() {
        for (program, name) in [
            ("bulla", "bulla"),
            ("/usr/local/bin/kubectl-bulla", "kubectl bulla"),
            ("kubectl-bulla.exe", "kubectl bulla"),
            ("", "bulla"),
        ] {
            let words = [program, "seal"].map(OsString::from).into_iter();
            let invocation = Invocation::from_command_line(words);
            assert_eq!(invocation.name, name);
            assert_eq!(invocation.arguments, ["seal"]);
        }
    }
}
