//! By which name the program was called, and so which grammar reads its command line.

use std::ffi::{OsStr, OsString};
use std::path::Path;

/// Whose command line is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Personality {
    /// Bulla's own commands, also as a plug-in of kubectl.
    Bulla,
    /// Sealed Secrets' `kubeseal`.
    Kubeseal,
    /// SOPS' `sops`.
    Sops,
}

/// A command line, and how the program is called in usage texts.
#[derive(Debug)]
pub(crate) struct Invocation {
    /// Whose grammar reads it.
    pub(crate) personality: Personality,
    /// `bulla`, `kubectl bulla`, `kubeseal`, `sops`.
    pub(crate) name: &'static str,
    /// What follows the program's own name, and the word that names the personality.
    pub(crate) arguments: Vec<OsString>,
}

impl Invocation {
    /// Looks at the program's name, and at the first word where that is not enough.
    pub(crate) fn from_command_line(mut words: impl Iterator<Item = OsString>) -> Self {
        let program = words.next().unwrap_or_default();
        let mut arguments: Vec<OsString> = words.collect();
        let (personality, name) = match called(&program) {
            "kubeseal" => (Personality::Kubeseal, "kubeseal"),
            "sops" => (Personality::Sops, "sops"),
            called => {
                let plugin = called == "kubectl-bulla";
                let chosen = match (arguments.first().and_then(|word| word.to_str()), plugin) {
                    (Some("kubeseal"), true) => (Personality::Kubeseal, "kubectl bulla kubeseal"),
                    (Some("kubeseal"), false) => (Personality::Kubeseal, "bulla kubeseal"),
                    (Some("sops"), true) => (Personality::Sops, "kubectl bulla sops"),
                    (Some("sops"), false) => (Personality::Sops, "bulla sops"),
                    (_, true) => (Personality::Bulla, "kubectl bulla"),
                    (_, false) => (Personality::Bulla, "bulla"),
                };
                if chosen.0 != Personality::Bulla {
                    arguments.remove(0);
                }
                chosen
            }
        };
        Self {
            personality,
            name,
            arguments,
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
            assert_eq!(invocation.personality, Personality::Bulla);
        }
    }

    #[test]
    fn kubeseal_is_spoken_by_name_and_by_first_word() {
        for (line, name) in [
            (&["/usr/bin/kubeseal", "--raw"][..], "kubeseal"),
            (&["kubeseal.exe", "--raw"], "kubeseal"),
            (&["bulla", "kubeseal", "--raw"], "bulla kubeseal"),
            (
                &["kubectl-bulla", "kubeseal", "--raw"],
                "kubectl bulla kubeseal",
            ),
        ] {
            let invocation = Invocation::from_command_line(line.iter().map(OsString::from));
            assert_eq!(invocation.personality, Personality::Kubeseal);
            assert_eq!(invocation.name, name);
            assert_eq!(invocation.arguments, ["--raw"]);
        }
    }

    #[test]
    fn sops_is_spoken_by_name_and_by_first_word() {
        for (line, name) in [
            (&["/usr/bin/sops", "-d"][..], "sops"),
            (&["bulla", "sops", "-d"], "bulla sops"),
            (&["kubectl-bulla", "sops", "-d"], "kubectl bulla sops"),
        ] {
            let invocation = Invocation::from_command_line(line.iter().map(OsString::from));
            assert_eq!(invocation.personality, Personality::Sops);
            assert_eq!(invocation.name, name);
            assert_eq!(invocation.arguments, ["-d"]);
        }
    }
}
