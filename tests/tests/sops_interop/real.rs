//! The real tool.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use bulla_core::recipient::{KeyRing, parse_identity_file};
use bulla_core::sops::Store;
use bulla_tests::{peers, programs, target};

use crate::trial::Verdict;

/// A file in a folder of its own, with a `.sops.yaml` that selects.
pub(crate) struct Real {
    folder: tempfile::TempDir,
    store: Store,
}

impl Real {
    pub(crate) fn new(store: Store, selector: Option<&(&str, String)>, mac_only: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let line = |(name, text): &(&str, String)| {
            format!("    {name}: {}\n", serde_json::Value::from(text.as_str()))
        };
        let config = format!(
            "creation_rules:\n  - age: {}\n{}{}",
            recipient(),
            selector.map(line).unwrap_or_default(),
            if mac_only {
                "    mac_only_encrypted: true\n"
            } else {
                ""
            }
        );
        std::fs::write(folder.path().join(".sops.yaml"), config).unwrap();
        Self { folder, store }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join(format!("file.{}", end(self.store)))
    }

    /// Runs `sops WORD… FILE` over these bytes; what it prints, or what it complains about.
    pub(crate) fn run(
        &self,
        words: &[&str],
        file: &[u8],
        behind: &[&str],
    ) -> Result<Vec<u8>, String> {
        let output = self.output(program(), words, file, behind);
        match output.status.success() {
            true => Ok(output.stdout),
            false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        }
    }

    /// Runs one of the two programs.
    pub(crate) fn output(
        &self,
        program: &Path,
        words: &[&str],
        file: &[u8],
        behind: &[&str],
    ) -> Output {
        std::fs::write(self.path(), file).unwrap();
        Command::new(program)
            .args(words)
            .arg(self.path())
            .args(behind)
            .current_dir(self.folder.path())
            .env_clear()
            .env("SOPS_AGE_KEY_FILE", identity())
            .env("HOME", self.folder.path())
            .output()
            .unwrap()
    }

    /// Both refuse to encrypt it in place, with the same exit code, and leave it as it was.
    pub(crate) fn same_code(&self, plain: &[u8]) -> Result<Verdict, String> {
        let [theirs, ours] = [program(), ours()].map(|program| {
            let output = self.output(program, &["encrypt", "-i"], plain, &[]);
            let left = std::fs::read(self.path()).unwrap() == plain;
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            (output.status.code(), left, said)
        });
        let codes = (theirs.0.unwrap_or(-1), ours.0.unwrap_or(-1));
        if !ours.1 {
            return Err("the refused file was changed".to_owned());
        }
        match codes.0 == codes.1 || LISTED.contains(&codes) {
            true => Ok(Verdict::Refused),
            false => Err(format!("exit codes {codes:?}\n{}\n{}", theirs.2, ours.2)),
        }
    }

    pub(crate) fn encrypt(&self, plain: &[u8]) -> Result<Vec<u8>, String> {
        self.run(&["encrypt"], plain, &[])
    }

    pub(crate) fn decrypt(&self, file: &[u8]) -> Result<Vec<u8>, String> {
        self.run(&["decrypt"], file, &[])
    }

    /// Runs a command that changes the file in place; the file afterwards.
    pub(crate) fn change(
        &self,
        words: &[&str],
        file: &[u8],
        behind: &[&str],
    ) -> Result<Vec<u8>, String> {
        self.run(words, file, behind)?;
        Ok(std::fs::read(self.path()).unwrap())
    }
}

pub(crate) fn end(store: Store) -> &'static str {
    match store {
        Store::Yaml => "yaml",
        Store::Json => "json",
        Store::Dotenv => "env",
        Store::Ini => "ini",
        Store::Binary => "bin",
    }
}

pub(crate) fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(peers::sops)
}

fn ours() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| programs::bulla_called("sops"))
}

pub(crate) fn vectors() -> PathBuf {
    target::workspace().join("core/tests/vectors/sops")
}

fn identity() -> PathBuf {
    vectors().join("age-x25519.txt")
}

pub(crate) fn ring() -> KeyRing {
    let text = std::fs::read_to_string(identity()).unwrap();
    KeyRing::new(parse_identity_file(&text).unwrap())
}

pub(crate) fn recipient() -> String {
    ring().iter().next().unwrap().recipient().to_string()
}

/// Exit codes, theirs and ours, that differ by a row of the table of differences: what is refused while it is read, and
/// a block in a later document.
const LISTED: [(i32, i32); 2] = [(23, 2), (4, 203)];
