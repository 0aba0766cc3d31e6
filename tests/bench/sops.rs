//! One small Secret, encrypted and decrypted as whole processes, beside the real sops.

use std::path::Path;

use bulla_core::recipient::{Identity, Suite, identity_file_text};
use bulla_tests::{peers, programs};

use crate::machine::median;
use crate::seal::Run;
use crate::table::Table;

const ROUNDS: usize = 40;
const SECRET: &str = "apiVersion: v1\nkind: Secret\nmetadata:\n    name: db\n    namespace: shop\nstringData:\n    username: shop\n    password: correct horse battery staple\n";

pub(crate) fn run(table: &mut Table) {
    let folder = tempfile::tempdir().expect("a folder");
    let identity = Identity::generate(Suite::X25519, &mut rand_core::OsRng);
    let write = |name: &str, text: &[u8]| {
        std::fs::write(folder.path().join(name), text).expect("a file");
    };
    write("secret.yaml", SECRET.as_bytes());
    write("key.txt", identity_file_text(&identity, "").as_bytes());
    let recipient = identity.recipient().to_string();
    let encrypt = ["encrypt", "--age", &recipient, "secret.yaml"];
    let output = as_run(peers::sops(), &encrypt, folder.path()).output();
    write("closed.yaml", &output.stdout);
    for (what, arguments) in [
        ("encrypt", &encrypt[..]),
        ("decrypt", &["decrypt", "closed.yaml"]),
    ] {
        let ours = as_run(programs::bulla_called("sops"), arguments, folder.path());
        let theirs = as_run(peers::sops(), arguments, folder.path());
        let runs = [&ours, &theirs];
        let mut took = runs.map(|run| {
            run.milliseconds();
            Vec::new()
        });
        for _ in 0..ROUNDS {
            for (run, took) in runs.iter().zip(&mut took) {
                took.push(run.milliseconds());
            }
        }
        let [a, b] = took.map(median);
        table.goal(
            &format!("`sops {what}` of a small Secret, whole process (median of 40)"),
            format!("{a:.1} ms, {:.2} of sops'", a / b),
            "≤ ¼ of sops'",
            a <= b / 4.0,
        );
        table.beside(
            &format!("the same by sops 3.13.3, {what}"),
            format!("{b:.1} ms"),
        );
        let [a, b] = runs.map(Run::peak_mib);
        table.goal(
            &format!("peak memory of `sops {what}`"),
            format!("{a:.1} MiB"),
            "≤ 15 MiB",
            a <= 15.0,
        );
        table.beside(
            &format!("peak memory of sops, {what}"),
            format!("{b:.1} MiB"),
        );
    }
}

fn as_run(program: std::path::PathBuf, arguments: &[&str], folder: &Path) -> Run {
    let key = folder.join("key.txt").display().to_string();
    Run {
        program,
        arguments: arguments.iter().map(|word| (*word).to_owned()).collect(),
        folder: folder.to_owned(),
        environment: vec![("SOPS_AGE_KEY_FILE".to_owned(), key)],
    }
}
