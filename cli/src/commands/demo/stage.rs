//! Where the demo happens: its directory, its environment, and how a step is shown and run.

use std::fs;
use std::io::{self, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus as ExitStatusOfChild, Stdio};
use std::time::{Duration, Instant};

use clap::builder::styling::Style;

use super::DemoError;
use crate::exit::ExitStatus;
use crate::failure::Failure;
use crate::located::InFile;
use crate::printer::Printer;
use crate::shown::Shown;

/// A directory with a repository in it, and a place for everything else.
pub(super) struct Stage<'p> {
    directory: PathBuf,
    repository: PathBuf,
    printer: &'p Printer,
    began: Instant,
}

impl<'p> Stage<'p> {
    /// Makes the directory, or takes an empty one.
    pub(super) fn set(named: Option<&Path>, printer: &'p Printer) -> Result<Self, Failure> {
        let directory = match named {
            Some(path) => {
                let failed = |error| InFile::io("make", path, error);
                fs::create_dir_all(path).map_err(failed)?;
                if fs::read_dir(path).map_err(failed)?.next().is_some() {
                    return Err(InFile::new("use", path, DemoError::NotEmpty).into());
                }
                path.canonicalize().map_err(failed)?
            }
            None => {
                let made = tempfile::Builder::new().prefix("bulla-demo-").tempdir();
                let failed =
                    |error| InFile::io("make a directory in", &std::env::temp_dir(), error);
                made.map_err(failed)?.keep()
            }
        };
        let repository = directory.join("shop");
        for path in [&repository, &directory.join("bin")] {
            fs::create_dir(path).map_err(|error| InFile::io("make", path, error))?;
        }
        let program = std::env::current_exe()
            .map_err(|error| DemoError::NotRun("bulla".to_owned(), error))?;
        let link = directory.join("bin/bulla");
        std::os::unix::fs::symlink(program, &link)
            .map_err(|error| InFile::io("make", &link, error))?;
        let stage = Self {
            directory,
            repository,
            printer,
            began: Instant::now(),
        };
        stage.line(&format!(
            "# Everything happens in {}",
            stage.directory.display()
        ))?;
        Ok(stage)
    }

    /// A heading.
    pub(super) fn title(&mut self, text: &str) -> Result<(), Failure> {
        let bold = bold();
        self.line(&format!("\n{bold}# {text}{bold:#}"))
    }

    /// Runs `bulla` with some words.
    pub(super) fn bulla(&mut self, words: &str) -> Result<(), Failure> {
        self.bulla_ends(words, ExitStatus::Done)
    }

    /// The same for a run that ends with this status, and says so.
    pub(super) fn bulla_ends(&mut self, words: &str, status: ExitStatus) -> Result<(), Failure> {
        let mut command = self.command("bulla");
        command.args(words.split(' '));
        self.run(&format!("bulla {words}"), command, status)
    }

    /// Runs `git`.
    pub(super) fn git(&mut self, words: &[&str]) -> Result<(), Failure> {
        let mut command = self.command("git");
        command.args(words);
        let quoted = words.iter().map(|word| {
            if word.contains([' ', '\'']) {
                format!("\"{word}\"")
            } else {
                (*word).to_owned()
            }
        });
        let shown = format!("git {}", quoted.collect::<Vec<_>>().join(" "));
        self.run(&shown, command, ExitStatus::Done)
    }

    /// Runs a line of shell.
    pub(super) fn shell(&mut self, line: &str) -> Result<(), Failure> {
        let mut command = self.command("sh");
        command.args(["-c", line]);
        self.run(line, command, ExitStatus::Done)
    }

    /// Writes a file of the repository, unseen.
    pub(super) fn write(&mut self, path: &str, text: &str) -> Result<(), Failure> {
        let file = self.repository.join(path);
        let made = file
            .parent()
            .map_or(Ok(()), fs::create_dir_all)
            .and_then(|()| fs::write(&file, text));
        Ok(made.map_err(|error| InFile::io("write", &file, error))?)
    }

    /// Shows a file.
    pub(super) fn show(&mut self, path: &str) -> Result<(), Failure> {
        self.shell(&format!("cat {path}"))?;
        let file = self.repository.join(path);
        let text = fs::read(&file).map_err(|error| InFile::io("read", &file, error))?;
        if text.ends_with(b"\n") {
            Ok(())
        } else {
            self.line("")
        }
    }

    /// Keys have dates in seconds; of two that were made within one, either may be the newer.
    pub(super) fn wait_for_another_second(&self) {
        let past = self.began.elapsed();
        std::thread::sleep(Duration::from_millis(1100).saturating_sub(past));
    }

    /// Says where to look.
    pub(super) fn curtain(&mut self) -> Result<(), Failure> {
        let bold = bold();
        let at = |path: &str| Shown(&self.directory.join(path)).to_string();
        self.line(&format!(
            "\n{bold}# Where to look{bold:#}\nthe repository   {}\nits Secrets      {}, each a file\nthe status       {}\nto go on         cd {}; bulla store --watch ../store\nto clean up      rm -r {}",
            at("shop"),
            at("store/shop/db"),
            at("store/.bulla/resources/shop/db/status.yaml"),
            self.repository.display(),
            self.directory.display(),
        ))
    }

    fn run(
        &mut self,
        shown: &str,
        mut command: Command,
        expected: ExitStatus,
    ) -> Result<(), Failure> {
        let bold = bold();
        self.line(&format!("{bold}$ {shown}{bold:#}"))?;
        let program = command.get_program().to_string_lossy().into_owned();
        let failed = |error| DemoError::NotRun(program.clone(), error);
        command.stdin(Stdio::null());
        let status = match self.printer.to_terminal() {
            true => command.status(),
            false => self.piped(command)?,
        };
        let status = status.map_err(failed)?;
        let expected = if expected == ExitStatus::Findings {
            1
        } else {
            0
        };
        if status.code() != Some(expected) {
            return Err(DemoError::Unexpected(shown.to_owned()).into());
        }
        if expected > 0 {
            self.line(&format!("(exit code {expected})"))
        } else {
            Ok(())
        }
    }

    /// Talk goes where data goes, so that the transcript stays whole; and a reader of it that has gone stops no step.
    fn piped(&self, mut command: Command) -> Result<io::Result<ExitStatusOfChild>, Failure> {
        let mut run = || {
            let (reader, writer) = io::pipe()?;
            command.stderr(writer.try_clone()?).stdout(writer);
            Ok((command.spawn()?, reader))
        };
        let (mut child, mut reader) = match run() {
            Ok(both) => both,
            Err(error) => return Ok(Err(error)),
        };
        // The ends of the pipe for writing: the output ends with the child.
        drop(command);
        let mut said = Vec::new();
        let read = reader.read_to_end(&mut said);
        self.printer.data(&said)?;
        Ok(read.and_then(|_| child.wait()))
    }

    /// A program in the repository, with this `bulla` in the path, and nothing of the user's own settings.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        let theirs = |name: &str| {
            ["BULLA_", "GIT_", "SOPS_"]
                .iter()
                .any(|prefix| name.starts_with(prefix))
        };
        for (name, _) in std::env::vars_os() {
            if name.to_str().is_some_and(theirs) {
                command.env_remove(name);
            }
        }
        let path = std::env::var_os("PATH").unwrap_or_default();
        let paths = [self.directory.join("bin")]
            .into_iter()
            .chain(std::env::split_paths(&path));
        command.env("PATH", std::env::join_paths(paths).unwrap_or(path));
        command.env("XDG_CONFIG_HOME", self.directory.join("config"));
        for (name, value) in [
            ("GIT_CONFIG_GLOBAL", "/dev/null"),
            ("GIT_CONFIG_NOSYSTEM", "1"),
            ("GIT_AUTHOR_NAME", "demo"),
            ("GIT_AUTHOR_EMAIL", "demo@example.com"),
            ("GIT_COMMITTER_NAME", "demo"),
            ("GIT_COMMITTER_EMAIL", "demo@example.com"),
        ] {
            command.env(name, value);
        }
        command.current_dir(&self.repository);
        command
    }

    fn line(&self, text: &str) -> Result<(), Failure> {
        let _ = io::stdout().flush();
        self.printer.data(format!("{text}\n").as_bytes())
    }
}

/// For a terminal only, where the user lets it have colours.
fn bold() -> Style {
    let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    if io::stdout().is_terminal() && !plain {
        Style::new().bold()
    } else {
        Style::new()
    }
}
