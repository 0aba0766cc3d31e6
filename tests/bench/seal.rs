//! Sealing one Secret of two values for one recipient as a whole process, beside kubeseal.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use bulla_core::recipient::{Identity, Suite};
use bulla_tests::{peers, programs};

use crate::machine::{median, memory_mib};
use crate::table::Table;

const PAIRS: usize = 40;
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
    };
    let theirs = Run {
        program: peers::kubeseal(),
        arguments: vec![
            "--cert".into(),
            path(&certificate(folder.path())),
            "-f".into(),
            path(&secret),
        ],
        folder: folder.path().to_owned(),
    };
    ours.milliseconds();
    theirs.milliseconds();
    let (mut a, mut b) = (Vec::new(), Vec::new());
    for _ in 0..PAIRS {
        a.push(ours.milliseconds());
        b.push(theirs.milliseconds());
    }
    let (a, b) = (median(a), median(b));
    let work = "seal one Secret of two values, X25519, whole process (median of 40)";
    table.goal(
        work,
        format!("{a:.1} ms, {:.2} of kubeseal's", a / b),
        "≤ ⅓ of kubeseal's",
        a <= b / 3.0,
    );
    table.beside("the same by kubeseal 0.40, RSA-4096", format!("{b:.1} ms"));
    let (a, b) = (ours.peak_mib(), theirs.peak_mib());
    table.goal(
        "peak memory of that",
        format!("{a:.1} MiB"),
        "≤ 15 MiB",
        a <= 15.0,
    );
    table.beside("peak memory of kubeseal", format!("{b:.1} MiB"));
}

struct Run {
    program: PathBuf,
    arguments: Vec<String>,
    folder: PathBuf,
}

impl Run {
    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(&self.arguments)
            .current_dir(&self.folder)
            .stdin(Stdio::null());
        command
    }

    fn milliseconds(&self) -> f64 {
        let start = Instant::now();
        let output = self.command().output().expect("it runs");
        let took = start.elapsed().as_secs_f64() * 1000.0;
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        took
    }

    /// The highest `VmHWM` of several runs, read until the process is gone.
    fn peak_mib(&self) -> f64 {
        let one = || {
            let mut child = self
                .command()
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .expect("it runs");
            let mut peak = 0.0;
            while child.try_wait().expect("it can be waited for").is_none() {
                peak = memory_mib(child.id(), "VmHWM").unwrap_or(peak).max(peak);
            }
            peak
        };
        (0..10).map(|_| one()).fold(0.0, f64::max)
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
