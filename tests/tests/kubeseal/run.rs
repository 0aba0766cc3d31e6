//! Running a case by both programs, and what came of it.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use bulla_core::rotation::Timestamp;
use bulla_core::sealed_secrets::{CertificateRequest, RsaPrivateKey};
use bulla_tests::{peers, process, programs, target};
use rand_core::OsRng;
use tempfile::TempDir;

use crate::case::Case;

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
    /// Each file that is there afterwards and was not there, or said something else, before.
    pub(crate) files: BTreeMap<String, String>,
}

/// A directory with keys and certificates in it.
pub(crate) struct Place(TempDir);

/// A run, with all that it said.
pub(crate) struct Run {
    pub(crate) outcome: Outcome,
    /// Standard output with its ciphertexts.
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Place {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        for (name, text) in materials() {
            fs::write(directory.path().join(name), text).unwrap();
        }
        Self(directory)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.path(name), text).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    pub(crate) fn mode(&self, name: &str) -> u32 {
        fs::metadata(self.path(name)).unwrap().permissions().mode() & 0o7777
    }

    pub(crate) fn set_mode(&self, name: &str, mode: u32) {
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(mode)).unwrap();
    }

    /// The names and texts of what is there besides keys and certificates.
    fn files(&self) -> BTreeMap<String, String> {
        let mut files = BTreeMap::new();
        for entry in fs::read_dir(self.0.path()).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if !materials().contains_key(name.as_str()) {
                let text = fs::read(&path).unwrap();
                files.insert(name, String::from_utf8_lossy(&text).into_owned());
            }
        }
        files
    }

    /// Runs one program here.
    pub(crate) fn run(&self, whose: Whose, arguments: &str, input: &[u8]) -> Run {
        self.run_with(whose, arguments, input, &[])
    }

    pub(crate) fn run_with(
        &self,
        whose: Whose,
        arguments: &str,
        input: &[u8],
        environment: &[(&str, &str)],
    ) -> Run {
        let program = match whose {
            Whose::Theirs => peers::kubeseal(),
            Whose::Ours => programs::bulla_called("kubeseal"),
        };
        let before = self.files();
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("HOME", self.path("home"))
            .envs(environment.iter().copied())
            .args(arguments.split_whitespace())
            .current_dir(self.0.path());
        let output = process::run(command, input);
        let stdout = String::from_utf8(output.stdout).unwrap();
        let changed = self
            .files()
            .into_iter()
            .filter(|(name, text)| before.get(name) != Some(text))
            .map(|(name, text)| (name, blanked(&text)));
        Run {
            outcome: Outcome {
                status: output.status.code().unwrap_or(-1),
                stdout: blanked(&stdout),
                files: changed.collect(),
            },
            stdout,
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// Runs a case by one program in a new directory.
pub(crate) fn run(whose: Whose, case: &Case) -> (Place, Run) {
    let place = Place::new();
    for (name, text) in case.files {
        place.write(name, text);
    }
    let run = place.run_with(
        whose,
        case.arguments,
        case.input.as_bytes(),
        case.environment,
    );
    (place, run)
}

/// Puts a word in the place of each ciphertext: base64 that begins as an RSA block of 2048 bits does.
pub(crate) fn blanked(text: &str) -> String {
    let is_base64 = |c: char| c.is_ascii_alphanumeric() || "+/=".contains(c);
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("AQ") {
        let (before, from) = rest.split_at(start);
        let end = from.find(|c| !is_base64(c)).unwrap_or(from.len());
        let alone = !before.ends_with(is_base64);
        out.push_str(before);
        out.push_str(if alone && end > CIPHERTEXT_MIN {
            "<sealed>"
        } else {
            &from[..end]
        });
        rest = &from[end..];
    }
    out + rest
}

fn materials() -> &'static BTreeMap<&'static str, Vec<u8>> {
    static MATERIALS: OnceLock<BTreeMap<&'static str, Vec<u8>>> = OnceLock::new();
    MATERIALS.get_or_init(|| {
        let vector = |name: &str| {
            let path = Path::new("core/tests/vectors/sealed-secrets").join(name);
            fs::read(target::workspace().join(path)).unwrap()
        };
        let both = String::from_utf8(vector("generated-2048.pem")).unwrap();
        let key = RsaPrivateKey::from_pem(both.as_bytes()).unwrap();
        let expired = CertificateRequest {
            common_name: String::new(),
            not_before: Timestamp(1_500_000_000),
            not_after: Timestamp(1_600_000_000),
        };
        let expired = expired.sign(&key, &mut OsRng).unwrap().to_pem();
        let (certificate, private) = blocks(&both);
        BTreeMap::from([
            ("tls.crt", certificate.into_bytes()),
            ("tls.key", private.into_bytes()),
            (
                "other.key",
                blocks(&String::from_utf8(vector("generated-2048-named.pem")).unwrap())
                    .1
                    .into_bytes(),
            ),
            ("expired.crt", expired.into_bytes()),
            ("ec.crt", vector("ec.crt")),
            ("small.crt", vector("rsa-1024.crt")),
            ("plain.pub", vector("rsa-2048.pub")),
        ])
    })
}

/// The certificate and the private key of a file that has both.
fn blocks(text: &str) -> (String, String) {
    let block = |label: &str| {
        let begin = text.find(&format!("-----BEGIN {label}")).unwrap();
        let end = format!("-----END {label}-----\n");
        let length = text[begin..].find(&end).unwrap() + end.len();
        text[begin..begin + length].to_owned()
    };
    (block("CERTIFICATE"), block("RSA PRIVATE KEY"))
}

/// An RSA block of 2048 bits and a tag take more.
const CIPHERTEXT_MIN: usize = 360;
