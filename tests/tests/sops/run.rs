//! Running a case by both programs, and what came of it.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use bulla_tests::{peers, process, programs};
use tempfile::TempDir;

use crate::blanked::blanked;
use crate::case::Case;
use crate::materials::materials;

/// Which program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whose {
    Theirs,
    Ours,
}

/// What came of a run, without ciphertexts.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    /// Each file that is there afterwards and was not there, or said something else, before; with its mode.
    pub(crate) files: BTreeMap<String, (String, u32)>,
    /// What is encrypted in standard output and in these files, opened by the real sops.
    pub(crate) opened: BTreeMap<String, String>,
}

/// A run, with all that it said.
pub(crate) struct Run {
    pub(crate) outcome: Outcome,
    pub(crate) stderr: String,
}

/// A directory with the materials in it.
pub(crate) struct Place(TempDir);

impl Place {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        for (name, bytes) in &materials().files {
            fs::write(directory.path().join(name), bytes).unwrap();
        }
        Self(directory)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The names and bytes of what is there, with modes.
    pub(crate) fn files(&self) -> BTreeMap<String, (Vec<u8>, u32)> {
        let mut files = BTreeMap::new();
        let mut directories = vec![self.0.path().to_owned()];
        while let Some(directory) = directories.pop() {
            for entry in fs::read_dir(directory).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    directories.push(path);
                } else if path.is_file() {
                    let name = path.strip_prefix(self.0.path()).unwrap();
                    let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o7777;
                    let name = name.to_string_lossy().into_owned();
                    files.insert(name, (fs::read(&path).unwrap(), mode));
                }
            }
        }
        files
    }

    /// A command of one of the programs, set up for this directory.
    pub(crate) fn command(&self, whose: Whose, arguments: &[impl AsRef<str>]) -> Command {
        let program = match whose {
            Whose::Theirs => peers::sops(),
            Whose::Ours => programs::bulla_called("sops"),
        };
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.path("home"))
            .env("TMPDIR", std::env::temp_dir())
            .env("SOPS_AGE_KEY_FILE", self.path("a.txt"))
            .env("SOPS_DISABLE_VERSION_CHECK", "true")
            .args(arguments.iter().map(|word| with_recipients(word.as_ref())))
            .current_dir(self.0.path());
        command
    }

    /// Opens by the real sops, with both keys.
    fn opened(&self, name: &str, bytes: &[u8]) -> String {
        let file = self.path(&format!("opened-{}", name.replace('/', "-")));
        fs::write(&file, bytes).unwrap();
        let mut command = self.command(Whose::Theirs, &["decrypt", &file.to_string_lossy()]);
        command.env("SOPS_AGE_KEY_FILE", self.path("both.txt"));
        let output = process::run(command, b"");
        fs::remove_file(&file).unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        // How it failed is not of interest, but that it did is.
        format!("{:?} {said}", output.status.code())
    }
}

/// Runs a case by one program in a new directory.
pub(crate) fn run(whose: Whose, case: &Case) -> Run {
    let place = Place::new();
    for (name, text) in case.files {
        fs::write(place.path(name), with_recipients(text)).unwrap();
    }
    let before = place.files();
    let mut command = place.command(whose, case.arguments);
    for (name, value) in case.environment {
        match value.is_empty() {
            true => command.env_remove(name),
            false => command.env(name, with_recipients(value)),
        };
    }
    let output = process::run(command, case.input.as_bytes());
    let own = |text: &[u8]| {
        let text = String::from_utf8_lossy(text);
        text.replace(&*place.0.path().to_string_lossy(), "<here>")
    };
    let changed = place.files().into_iter();
    let changed: BTreeMap<_, _> = changed
        .filter(|(name, now)| before.get(name) != Some(now))
        .collect();
    let mut opened = BTreeMap::new();
    let suffix = suffix_of(&output.stdout);
    for (name, bytes) in changed
        .iter()
        .map(|(name, (bytes, _))| (name.clone(), bytes.as_slice()))
        .chain([(format!("stdout{suffix}"), output.stdout.as_slice())])
    {
        if String::from_utf8_lossy(bytes).contains("ENC[AES256_GCM") {
            opened.insert(name.clone(), place.opened(&name, bytes));
        }
    }
    Run {
        outcome: Outcome {
            status: output.status.code().unwrap_or(-1),
            stdout: blanked(&own(&output.stdout)),
            files: changed
                .iter()
                .map(|(name, (bytes, mode))| (name.clone(), (blanked(&own(bytes)), *mode)))
                .collect(),
            opened,
        },
        stderr: own(&output.stderr),
    }
}

/// What standard output would be called as a file.
fn suffix_of(text: &[u8]) -> &'static str {
    let text = String::from_utf8_lossy(text);
    if text.starts_with('{') {
        ".json"
    } else if text.contains("sops_version=") {
        ".env"
    } else if text.contains("[sops]") {
        ".ini"
    } else {
        ".yaml"
    }
}

pub(crate) fn with_recipients(text: &str) -> String {
    let [a, b] = &materials().recipients;
    text.replace("{A}", a).replace("{B}", b)
}
