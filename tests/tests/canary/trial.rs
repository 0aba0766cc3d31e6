//! A work tree with a secret in it, and what a command's output shows of it.

use std::process::Output;

use bulla_tests::{Canary, Repository};

/// A work tree with a key, a rule, and a secret to be kept.
pub(crate) struct Trial {
    pub(crate) canary: Canary,
    pub(crate) repository: Repository,
    pub(crate) failures: Vec<String>,
}

impl Trial {
    pub(crate) fn new() -> Self {
        let repository = Repository::new();
        repository.bulla_ok(&["key", "generate", "--suite", "x25519", "-o", "key.txt"]);
        let public = repository.bulla_ok(&["key", "show", "--public", "key.txt"]);
        repository.bulla_ok(&["init", "--cluster", &format!("test={}", public.trim())]);
        Self {
            canary: Canary::new(),
            repository,
            failures: Vec::new(),
        }
    }

    /// The text as YAML and JSON quote it.
    pub(crate) fn quoted(&self) -> String {
        serde_json::to_string(self.canary.text()).expect("text is JSON")
    }

    /// A Secret whose `stringData` is this.
    pub(crate) fn secret(&self, data: &str) -> String {
        format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{name: db, namespace: shop}}\nstringData:\n{data}\n"
        )
    }

    /// Writes `input` to a file and expects every command on it to fail in silence about the secret.
    pub(crate) fn fails(&mut self, what: &str, input: impl AsRef<[u8]>, commands: &[&[&str]]) {
        self.repository.write("input.yaml", input);
        for command in commands {
            let output = self
                .repository
                .bulla_with_stdin(command, self.canary.bytes());
            self.kept(&format!("{what}: bulla {}", command.join(" ")), &output);
            if output.status.success() {
                self.failures
                    .push(format!("{what}: `bulla {}` succeeded", command.join(" ")));
            }
        }
    }

    /// Notes what an output shows of the secret, and a panic.
    pub(crate) fn kept(&mut self, what: &str, output: &Output) {
        let all = [&output.stdout[..], &output.stderr].concat();
        let text = String::from_utf8_lossy(&output.stderr);
        let sightings = self.canary.find(&all);
        if !sightings.is_empty() {
            self.failures
                .push(format!("{what} shows the secret: {sightings:?}\n{text}"));
        }
        if output.status.code().is_none_or(|code| code > 5) || text.contains("panicked") {
            self.failures
                .push(format!("{what} ended with {:?}\n{text}", output.status));
        }
    }

    pub(crate) fn finish(self) {
        assert!(self.failures.is_empty(), "{}", self.failures.join("\n\n"));
    }
}
