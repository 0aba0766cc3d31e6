//! A Git work tree with a `.bulla.yaml`, in which `bulla` is called as its users call it.

use std::{
    ffi::{OsStr, OsString},
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use tempfile::TempDir;

use crate::{Cluster, process, programs};

/// A work tree of one test's own.
#[derive(Debug)]
pub struct Repository {
    directory: TempDir,
    kubeconfig: Option<PathBuf>,
    variables: Vec<(String, OsString)>,
}

impl Repository {
    /// Makes an empty work tree.
    ///
    /// # Panics
    ///
    /// If `git init` fails.
    pub fn new() -> Self {
        let repository = Self {
            directory: tempfile::tempdir().expect("there is a temporary directory"),
            kubeconfig: None,
            variables: Vec::new(),
        };
        let init = repository.run("git".as_ref(), &["init", "--quiet"], b"");
        assert!(init.status.success(), "{init:?}");
        fs::create_dir(repository.path("home")).expect("the work tree is a directory");
        repository
    }

    /// Gives the work tree's user a ServiceAccount that may read public keys, and nothing else.
    ///
    /// # Panics
    ///
    /// If the cluster does not let it.
    pub fn with_reader_of(mut self, cluster: &Cluster, namespace: &str) -> Self {
        cluster.kubectl_ok(&["create", "serviceaccount", "developer", "-n", namespace]);
        let binding = format!("developer-{namespace}");
        let subject = format!("--serviceaccount={namespace}:developer");
        let role = "--clusterrole=bulla-key-reader";
        cluster.kubectl_ok(&["create", "clusterrolebinding", &binding, role, &subject]);
        let token = cluster.service_account_token(namespace, "developer");
        self.kubeconfig = Some(cluster.kubeconfig_for_token(&binding, &token));
        self
    }

    /// Sets an environment variable for what runs from here on.
    pub fn set(&mut self, variable: &str, value: impl Into<OsString>) {
        self.variables.push((variable.to_owned(), value.into()));
    }

    /// Returns a path in the work tree.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Writes a file.
    ///
    /// # Panics
    ///
    /// If it can't be written.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content)
            .unwrap_or_else(|error| panic!("failed to write `{name}`: {error}"));
    }

    /// Reads a file.
    ///
    /// # Panics
    ///
    /// If it is no text, or is not there.
    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name))
            .unwrap_or_else(|error| panic!("failed to read `{name}`: {error}"))
    }

    /// Runs `bulla` with an input, and returns whatever comes of it.
    pub fn bulla_with_stdin(&self, arguments: &[&str], input: impl AsRef<[u8]>) -> Output {
        self.run(programs::bulla().as_os_str(), arguments, input.as_ref())
    }

    /// Runs `bulla` and returns what it printed.
    ///
    /// # Panics
    ///
    /// If it fails.
    pub fn bulla_ok(&self, arguments: &[&str]) -> String {
        let output = self.bulla_with_stdin(arguments, "");
        assert!(
            output.status.success(),
            "`bulla {}` failed: {}",
            arguments.join(" "),
            String::from_utf8_lossy(&output.stderr),
        );
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn run(&self, program: &OsStr, arguments: &[&str], input: &[u8]) -> Output {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(self.directory.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.path("home"))
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("RUST_BACKTRACE", "1");
        let none = Path::new("/nonexistent/kubeconfig");
        command.env("KUBECONFIG", self.kubeconfig.as_deref().unwrap_or(none));
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        process::run(command, input)
    }
}

impl Default for Repository {
    fn default() -> Self {
        Self::new()
    }
}
