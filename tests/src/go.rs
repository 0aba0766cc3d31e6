//! Go programs that the tests need, built once and kept under `target/tools`.
//!
//! A program is kept under a hash of everything that it is built from, so a change builds it anew. Any number
//! of test processes may ask for the same one: the first builds, the others wait for its lock.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use aws_lc_rs::digest::{Context, SHA256};

use crate::target;

/// A program of one of the Go modules under `tests/`.
#[derive(Clone, Copy, Debug)]
pub struct GoProgram {
    /// The module's folder under `tests/`.
    pub module: &'static str,
    /// The package to build, `.` for the module's own.
    pub package: &'static str,
    /// What the program is called.
    pub name: &'static str,
    /// What the linker sets, as `importpath.name=value`.
    pub variables: &'static [&'static str],
}

impl GoProgram {
    /// Returns the program's path, after building it if need be.
    ///
    /// # Panics
    ///
    /// If the program cannot be built: a test never goes on without the helper it asked for.
    pub fn path(&self) -> PathBuf {
        let directory = tools().join(format!("{}-{}", self.name, self.key()));
        let program = directory.join(self.name);
        if program.exists() {
            return program;
        }
        create_directory(&directory);
        let _lock = lock(&directory.join(".lock"));
        if !program.exists() {
            self.build(&directory, &program);
        }
        program
    }

    fn build(&self, directory: &Path, program: &Path) {
        let started = Instant::now();
        say(&format!(
            "building {} from tests/{} (Go, minutes at first)",
            self.name, self.module
        ));
        let unfinished = directory.join(".unfinished");
        let output = self
            .go()
            .args(["build", "-trimpath", "-ldflags", &self.ldflags(), "-o"])
            .arg(&unfinished)
            .arg(self.package)
            .output()
            .unwrap_or_else(|error| panic!("failed to run `go build` for {}: {error}", self.name));
        assert!(
            output.status.success(),
            "failed to build {} from tests/{}: {}",
            self.name,
            self.module,
            String::from_utf8_lossy(&output.stderr),
        );
        fs::rename(&unfinished, program)
            .unwrap_or_else(|error| panic!("failed to keep {}: {error}", program.display()));
        say(&format!(
            "built {} in {} s",
            self.name,
            started.elapsed().as_secs()
        ));
    }

    /// Hashes all that the program is built from: its sources, its dependencies, how, and by which toolchain.
    fn key(&self) -> String {
        let mut context = Context::new(&SHA256);
        let mut part = |bytes: &[u8]| {
            context.update(&(bytes.len() as u64).to_le_bytes());
            context.update(bytes);
        };
        for source in self.sources() {
            let bytes = fs::read(&source)
                .unwrap_or_else(|error| panic!("failed to read {}: {error}", source.display()));
            part(source.file_name().unwrap_or_default().as_encoded_bytes());
            part(&bytes);
        }
        part(self.package.as_bytes());
        part(self.ldflags().as_bytes());
        part(&self.toolchain());
        context.finish().as_ref()[..8]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }

    fn sources(&self) -> Vec<PathBuf> {
        let module = self.directory();
        let mut sources: Vec<_> = fs::read_dir(&module)
            .unwrap_or_else(|error| panic!("failed to list {}: {error}", module.display()))
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| {
                let name = path.file_name().unwrap_or_default();
                name == "go.mod" || name == "go.sum" || path.extension().is_some_and(|e| e == "go")
            })
            .collect();
        sources.sort();
        sources
    }

    fn toolchain(&self) -> Vec<u8> {
        let output = self.go().arg("version").output();
        output
            .unwrap_or_else(|error| panic!("failed to run `go version`: {error}"))
            .stdout
    }

    fn ldflags(&self) -> String {
        let variables = self
            .variables
            .iter()
            .map(|variable| format!(" -X {variable}"));
        format!("-s -w{}", variables.collect::<String>())
    }

    fn go(&self) -> Command {
        let mut command = Command::new("go");
        command.current_dir(self.directory());
        command
    }

    fn directory(&self) -> PathBuf {
        target::workspace().join("tests").join(self.module)
    }
}

/// Returns the folder of the programs built for tests.
pub(crate) fn tools() -> PathBuf {
    target::directory().join("tools")
}

pub(crate) fn create_directory(path: &Path) {
    fs::create_dir_all(path)
        .unwrap_or_else(|error| panic!("failed to create {}: {error}", path.display()));
}

/// Waits for the lock on a file, creating it if need be; the lock lasts as long as what is returned.
pub(crate) fn lock(path: &Path) -> File {
    let locked = File::create(path).and_then(|file| file.lock().map(|()| file));
    locked.unwrap_or_else(|error| panic!("failed to lock {}: {error}", path.display()))
}

/// Says something past the test harness, which keeps what a test prints until it has failed.
pub(crate) fn say(what: &str) {
    let _ = writeln!(io::stderr(), "bulla-tests: {what}");
}
