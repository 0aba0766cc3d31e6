//! A repository with keys and rules, and the program under test run inside of it.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use bulla_core::recipient::{Identity, Suite};
use rand_core::OsRng;

/// A Git work tree with a configuration for a cluster, a person and a recovery key.
pub(crate) struct Repo {
    directory: tempfile::TempDir,
}

/// How a run ended.
pub(crate) struct Run {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// What every Secret of these tests holds; it must not show where it does not belong.
pub(crate) const CANARY: &str = "hunter2-canary";

impl Repo {
    pub(crate) fn new() -> Self {
        let repo = Self {
            directory: tempfile::tempdir().unwrap(),
        };
        fs::create_dir_all(repo.path("work/.git")).unwrap();
        fs::create_dir_all(repo.path("home")).unwrap();
        let mut recipients = Vec::new();
        for (name, suite) in [
            ("prod", Suite::MlKem768X25519),
            ("alice", Suite::X25519),
            ("safe", Suite::X25519),
        ] {
            let identity = Identity::generate(suite, &mut OsRng);
            fs::write(
                repo.path(&format!("{name}.key")),
                identity.expose_text().as_str(),
            )
            .unwrap();
            recipients.push(identity.recipient().to_string());
        }
        let [prod, alice, safe] = recipients.try_into().unwrap();
        repo.write(
            ".bulla.yaml",
            format!(
                "clusters: {{prod: {{recipients: [{prod}]}}}}\n\
                 people: {{alice: {{recipients: [{alice}]}}}}\n\
                 recovery: {{safe: {{recipients: [{safe}]}}}}\n\
                 rules:\n\
                 - {{path: clusters/**, for: [prod, alice]}}\n\
                 - {{path: strict/**, for: [prod], postQuantum: required, scope: Strict}}\n"
            ),
        );
        repo
    }

    /// A path beside the work tree, for keys and the like.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// A path in the work tree.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path("work").join(name)
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.file(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.file(name)).unwrap()
    }

    pub(crate) fn mode(&self, name: &str) -> u32 {
        fs::metadata(self.file(name)).unwrap().permissions().mode() & 0o7777
    }

    /// The names in a directory of the work tree, sorted.
    pub(crate) fn names(&self, directory: &str) -> Vec<String> {
        names(&self.file(directory))
    }

    /// The public key of somebody.
    pub(crate) fn recipient(&self, name: &str) -> String {
        let text = fs::read_to_string(self.path(&format!("{name}.key"))).unwrap();
        text.trim()
            .parse::<Identity>()
            .unwrap()
            .recipient()
            .to_string()
    }

    /// The program under test, with nothing of the user's own around it.
    pub(crate) fn command(&self) -> Command {
        self.around(Path::new(env!("CARGO_BIN_EXE_bulla")))
    }

    /// Another program, in the same surroundings.
    pub(crate) fn around(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.path("home"))
            .env("TERM", "dumb")
            .current_dir(self.file(""));
        command
    }

    /// Runs a command line, split at blanks; `@name` is somebody's private key.
    pub(crate) fn bulla(&self, line: &str) -> Run {
        self.bulla_with(line, b"")
    }

    /// The same with something on standard input.
    pub(crate) fn bulla_with(&self, line: &str, stdin: impl AsRef<[u8]>) -> Run {
        let mut command = self.command();
        command.args(self.words(line));
        run(command, stdin.as_ref())
    }

    pub(crate) fn words(&self, line: &str) -> Vec<String> {
        let word = |word: &str| match word.strip_prefix('@') {
            Some(name) => self.path(&format!("{name}.key")).display().to_string(),
            None => word.to_owned(),
        };
        line.split_whitespace().map(word).collect()
    }

    /// Seals a Secret `shop/NAME` of two values into `clusters/NAME.yaml`.
    pub(crate) fn envelope(&self, name: &str) -> String {
        let file = format!("clusters/{name}.yaml");
        self.write(&file, secret(name));
        self.bulla(&format!("seal -i {file}")).ok();
        file
    }

    /// The plaintext of one value, opened by the person.
    pub(crate) fn value(&self, file: &str, key: &str) -> String {
        self.bulla(&format!("open {file} --key {key} -I @alice"))
            .ok()
    }
}

impl Run {
    /// Asserts success, and returns standard output.
    #[track_caller]
    pub(crate) fn ok(self) -> String {
        assert_eq!(self.status, 0, "{}", self.stderr);
        assert!(!self.stderr.contains(CANARY), "{}", self.stderr);
        self.stdout
    }

    /// Asserts this exit code, nothing on standard output, no value in the message; returns the message.
    #[track_caller]
    pub(crate) fn fails(self, status: i32) -> String {
        assert_eq!(self.status, status, "{}{}", self.stdout, self.stderr);
        assert_eq!(self.stdout, "");
        assert!(!self.stderr.contains(CANARY), "{}", self.stderr);
        self.stderr
    }
}

pub(crate) fn run(mut command: Command, stdin: &[u8]) -> Run {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that does not read its input may have ended already.
    let _ = child.stdin.take().unwrap().write_all(stdin);
    done(child.wait_with_output().unwrap())
}

pub(crate) fn done(output: Output) -> Run {
    Run {
        status: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

pub(crate) fn names(directory: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// The manifest of a Secret `shop/NAME` of two values.
pub(crate) fn secret(name: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: {name}\n  namespace: shop\n\
         stringData:\n  password: {CANARY}\n  username: admin\n"
    )
}

/// True when a program is installed; where it is missing, CI fails and a developer is told.
pub(crate) fn has(program: &str) -> bool {
    let found = Command::new(program).arg("--version").output().is_ok();
    assert!(
        found || std::env::var_os("CI").is_none(),
        "`{program}` is missing"
    );
    if !found {
        #[expect(clippy::print_stderr, reason = "whoever runs the tests should know")]
        {
            eprintln!("`{program}` is missing: this test was passed over");
        }
    }
    found
}

/// System calls that change files, to be killed at their first, second, third… time.
pub(crate) const CALLS: [&str; 4] = ["write", "fsync", "rename", "fchmod"];

/// Runs a command line that is killed at the `nth` of these calls; true where it came to its end, and well.
pub(crate) fn survives(
    repo: &Repo,
    line: &str,
    (call, nth): (&str, usize),
    variables: &[(&str, &Path)],
) -> bool {
    let mut command = repo.around(Path::new("strace"));
    command.envs(variables.iter().copied());
    command.args(["-f", "-o", "/dev/null", "-e", &format!("trace={call}")]);
    command.args(["-e", &format!("inject={call}:signal=KILL:when={nth}")]);
    command
        .arg(env!("CARGO_BIN_EXE_bulla"))
        .args(repo.words(line));
    assert!(nth < 1000, "{call} is never reached");
    done(command.stdin(Stdio::null()).output().unwrap()).status == 0
}

/// Runs a shell script with a tmpfs of that size mounted on a directory, in a mount namespace of its own.
pub(crate) fn on_disk(repo: &Repo, directory: &str, size: &str, script: &str) -> Run {
    fs::create_dir_all(repo.file(directory)).unwrap();
    let mut command = repo.around(Path::new("unshare"));
    let mount = format!("mount -t tmpfs -o size={size} tmpfs {directory}");
    let bulla = env!("CARGO_BIN_EXE_bulla");
    command.args(["--user", "--map-root-user", "--mount", "sh", "-c"]);
    command.arg(format!("set -e; bulla={bulla}; {mount}\n{script}"));
    run(command, b"")
}
