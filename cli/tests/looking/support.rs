//! A real Git repository with keys and rules, and the program under test run inside of it.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use bulla_core::recipient::{Identity, Suite};
use rand_core::OsRng;

/// A work tree, and a directory beside it for keys.
pub(crate) struct Repo {
    directory: tempfile::TempDir,
}

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// What every Secret of these tests holds; nothing may show it.
pub(crate) const CANARY: &str = "hunter2-canary";

impl Repo {
    /// A repository with a rule for `clusters/**` and one, post-quantum, for `strict/**`.
    pub(crate) fn new() -> Self {
        let repo = Self::bare();
        for (name, suite) in [
            ("prod", Suite::MlKem768X25519),
            ("alice", Suite::X25519),
            ("mallory", Suite::X25519),
        ] {
            repo.key(name, suite);
        }
        repo.write(".bulla.yaml", repo.config(""));
        repo
    }

    /// A repository without anything.
    pub(crate) fn bare() -> Self {
        let repo = Self {
            directory: tempfile::tempdir().unwrap(),
        };
        fs::create_dir_all(repo.file("")).unwrap();
        repo.git("init --quiet");
        repo
    }

    pub(crate) fn config(&self, more_rules: &str) -> String {
        let (prod, alice, mallory) = (
            self.public("prod"),
            self.public("alice"),
            self.public("mallory"),
        );
        format!(
            "clusters:\n  prod: {{recipients: [{prod}]}} # ours\npeople:\n  alice: {{recipients: [{alice}]}}\n  mallory: {{recipients: [{mallory}]}}\n\
             rules:\n{more_rules}- {{path: clusters/**, for: [prod, alice]}}\n- {{path: strict/**, for: [prod], postQuantum: required, scope: Strict}}\n"
        )
    }

    pub(crate) fn key(&self, name: &str, suite: Suite) {
        let identity = Identity::generate(suite, &mut OsRng);
        fs::write(
            self.beside(&format!("{name}.key")),
            identity.expose_text().as_str(),
        )
        .unwrap();
    }

    pub(crate) fn public(&self, name: &str) -> String {
        let text = fs::read_to_string(self.beside(&format!("{name}.key"))).unwrap();
        text.trim()
            .parse::<Identity>()
            .unwrap()
            .recipient()
            .to_string()
    }

    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.beside("work").join(name)
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.file(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.file(name)).unwrap()
    }

    pub(crate) fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.beside("home"))
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .current_dir(self.file(""));
        for name in [
            "GIT_AUTHOR_NAME",
            "GIT_AUTHOR_EMAIL",
            "GIT_COMMITTER_NAME",
            "GIT_COMMITTER_EMAIL",
        ] {
            command.env(name, "test");
        }
        command
    }

    #[track_caller]
    pub(crate) fn git(&self, line: &str) {
        let status = self
            .command("git")
            .args(line.split(' '))
            .stdin(Stdio::null())
            .status()
            .unwrap();
        assert!(status.success(), "git {line}");
    }

    pub(crate) fn commit(&self) {
        self.git("add -A");
        self.git("commit --quiet --allow-empty -m x");
    }

    /// Runs a command line, split at blanks; `@name` is somebody's private key.
    pub(crate) fn bulla(&self, line: &str) -> Run {
        self.bulla_in("", line, "")
    }

    /// The same in a directory of the work tree, with something on standard input.
    pub(crate) fn bulla_in(&self, directory: &str, line: &str, stdin: &str) -> Run {
        let mut command = self.command(env!("CARGO_BIN_EXE_bulla"));
        command.current_dir(self.file(directory));
        let word = |word: &str| match word.strip_prefix('@') {
            Some(name) => self.beside(&format!("{name}.key")).display().to_string(),
            None => word.to_owned(),
        };
        command.args(line.split_whitespace().map(word));
        run(command, stdin)
    }

    /// Seals a Secret `shop/NAME` into a file, which need not have a rule then.
    pub(crate) fn envelope(&self, file: &str, name: &str) {
        self.write(file, secret(name));
        self.bulla(&format!("seal -i {file}")).ends(0);
    }
}

impl Run {
    /// Asserts the exit code and that no value is shown; returns itself for more.
    #[track_caller]
    pub(crate) fn ends(self, status: i32) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        assert!(
            !self.stdout.contains(CANARY) && !self.stderr.contains(CANARY),
            "{self:?}"
        );
        self
    }

    /// Asserts what it says, in order, on either stream.
    #[track_caller]
    pub(crate) fn says(self, parts: &[&str]) -> Self {
        let said = format!("{}{}", self.stdout, self.stderr);
        let mut left = said.as_str();
        for part in parts {
            match left.find(part) {
                Some(at) => left = &left[at + part.len()..],
                None => panic!("`{part}` is not said (or too early) in:\n{said}"),
            }
        }
        self
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

pub(crate) fn run(mut command: Command, stdin: &str) -> Run {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that does not read its input may have ended already.
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    let output = child.wait_with_output().unwrap();
    Run {
        status: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

pub(crate) fn secret(name: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: {name}\n  namespace: shop\n\
         stringData:\n  password: {CANARY}\n  username: {CANARY}\n"
    )
}
