//! Sealing one Secret of two values as a whole process, into an envelope and as `kubeseal`, beside kubeseal.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Instant;

use bulla_core::recipient::{Identity, Suite};
use bulla_tests::{peers, programs};

use crate::machine::{self, median};
use crate::table::Table;

const ROUNDS: usize = 40;
const SECRET: &str = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\n  namespace: shop\nstringData:\n  username: shop\n  password: correct horse battery staple\n";

pub(crate) fn run(table: &mut Table) {
    let folder = tempfile::tempdir().expect("a folder");
    let secret = folder.path().join("secret.yaml");
    std::fs::write(&secret, SECRET).expect("a file");
    let identity = Identity::generate(Suite::X25519, &mut rand_core::OsRng);
    let ours = Run {
        program: programs::bulla(),
        arguments: vec![
            "seal".into(),
            "--for".into(),
            identity.recipient().as_str().into(),
            path(&secret),
        ],
        folder: folder.path().to_owned(),
        environment: Vec::new(),
    };
    let flags = vec![
        "--cert".into(),
        path(&certificate(folder.path())),
        "-f".into(),
        path(&secret),
    ];
    let as_kubeseal = |program| Run {
        program,
        arguments: flags.clone(),
        folder: folder.path().to_owned(),
        environment: Vec::new(),
    };
    let alike = as_kubeseal(programs::bulla_called("kubeseal"));
    let theirs = as_kubeseal(peers::kubeseal());
    let runs = [&ours, &alike, &theirs];
    let mut took = runs.map(|run| {
        run.milliseconds();
        Vec::new()
    });
    for _ in 0..ROUNDS {
        for (run, took) in runs.iter().zip(&mut took) {
            took.push(run.milliseconds());
        }
    }
    let [a, alike_took, b] = took.map(median);
    table.goal(
        "seal one Secret of two values, X25519, whole process (median of 40)",
        format!("{a:.1} ms, {:.2} of kubeseal's", a / b),
        "≤ ⅓ of kubeseal's",
        a <= b / 3.0,
    );
    table.goal(
        "the same as `kubeseal --cert`, RSA-4096",
        format!("{alike_took:.1} ms, {:.2} of kubeseal's", alike_took / b),
        "≤ ⅓ of kubeseal's",
        alike_took <= b / 3.0,
    );
    table.beside("the same by kubeseal 0.40", format!("{b:.1} ms"));
    let [a, alike_peak, b] = runs.map(Run::peak_mib);
    table.goal(
        "peak memory of sealing into an envelope",
        format!("{a:.1} MiB"),
        "≤ 15 MiB",
        a <= 15.0,
    );
    table.goal(
        "peak memory as `kubeseal --cert`",
        format!("{alike_peak:.1} MiB, {:.2} of kubeseal's", alike_peak / b),
        "≤ ⅓ of kubeseal's",
        alike_peak <= b / 3.0,
    );
    table.beside("peak memory of kubeseal", format!("{b:.1} MiB"));
}

/// A program that is run again and again.
pub(crate) struct Run {
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<String>,
    pub(crate) folder: PathBuf,
    pub(crate) environment: Vec<(String, String)>,
}

impl Run {
    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(&self.arguments)
            .envs(self.environment.iter().cloned())
            .current_dir(&self.folder)
            .stdin(Stdio::null());
        command
    }

    /// What it prints.
    pub(crate) fn output(&self) -> Output {
        let output = self.command().output().expect("it runs");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        output
    }

    pub(crate) fn milliseconds(&self) -> f64 {
        let start = Instant::now();
        self.output();
        start.elapsed().as_secs_f64() * 1000.0
    }

    /// Its most resident memory.
    pub(crate) fn peak_mib(&self) -> f64 {
        machine::peak_mib(&self.command(), 10)
    }
}

fn path(path: &Path) -> String {
    path.display().to_string()
}

/// A certificate as Sealed Secrets makes it: RSA-4096.
fn certificate(folder: &Path) -> PathBuf {
    let (key, certificate) = (folder.join("tls.key"), folder.join("tls.crt"));
    let output = Command::new("openssl")
        .args([
            "req", "-x509", "-nodes", "-newkey", "rsa:4096", "-days", "30", "-subj", "/O=bench",
            "-keyout",
        ])
        .arg(key)
        .arg("-out")
        .arg(&certificate)
        .output()
        .expect("openssl runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    certificate
}
