//! Writes `cli/functions.txt`, the order of functions in the program: `BULLA_TEST_PROFILE=release cargo run -p bulla-tests
//! --bin function-order`.
//!
//! A command that seals one Secret needs 800 functions of 20,000. Where they lie scattered, the kernel maps what is around
//! each, and most of a process' memory is code that it never runs. So the commands that scripts, hooks and editors start
//! over and over run under gdb once, and what they call is put next to each other, in the order of the calls.
//!
//! It needs `gdb`, `nm` and `openssl`, and takes some minutes. A list that is older than the code is harmless: a function
//! that it misses is mapped from where it lies, and a name that is gone matches nothing.

mod names;
mod record;

use std::{path::Path, process::Command};

use bulla_core::recipient::{Identity, Suite};
use bulla_tests::{programs, target};

fn main() {
    let program = programs::bulla();
    let folder = tempfile::tempdir().expect("a folder");
    let commands = commands(&program, folder.path());
    let patterns = names::patterns(record::functions(&program, folder.path(), &commands));
    let order = target::workspace().join("cli/functions.txt");
    let lines = format!("{HEAD}\n{}\n", patterns.join("\n"));
    std::fs::write(order, lines).expect("the order is written");
}

/// Writes the files that the commands work on, and returns the arguments of each command.
fn commands(program: &Path, folder: &Path) -> Vec<String> {
    let write = |name: &str, content: &[u8]| {
        std::fs::write(folder.join(name), content).expect("a file");
    };
    write("secret.yaml", SECRET.as_bytes());
    let classical = Identity::generate(Suite::X25519, &mut rand_core::OsRng);
    let post_quantum = Identity::generate(Suite::MlKem768X25519, &mut rand_core::OsRng);
    let keys = [&classical, &post_quantum].map(|identity| identity.expose_text().to_string());
    write("keys.txt", keys.join("\n").as_bytes());
    let (classical, post_quantum) = (classical.recipient(), post_quantum.recipient());
    write(
        ".sops.yaml",
        format!("creation_rules:\n  - age: {classical}\n").as_bytes(),
    );
    run(folder, Command::new("openssl").args(CERTIFICATE));
    for (recipient, name) in [(&classical, "classical.yaml"), (&post_quantum, "pq.yaml")] {
        let seal = ["seal", "--for", recipient.as_str(), "secret.yaml"];
        write(name, &run(folder, Command::new(program).args(seal)));
    }
    let encrypt = ["sops", "encrypt", "secret.yaml"];
    write(
        "sops.yaml",
        &run(folder, Command::new(program).args(encrypt)),
    );
    vec![
        "kubeseal --cert tls.crt -f secret.yaml".to_owned(),
        format!("seal --for {classical} secret.yaml"),
        format!("seal --for {post_quantum} secret.yaml"),
        "open -I keys.txt classical.yaml".to_owned(),
        "open -I keys.txt pq.yaml".to_owned(),
        "check classical.yaml".to_owned(),
        encrypt.join(" "),
        "sops decrypt sops.yaml".to_owned(),
    ]
}

fn run(folder: &Path, command: &mut Command) -> Vec<u8> {
    let output = record::surroundings(command, folder)
        .output()
        .unwrap_or_else(|error| panic!("failed to run {command:?}: {error}"));
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {complaint}");
    output.stdout
}

const HEAD: &str =
    "# Written by `function-order` of bulla-tests: what the usual commands call. See build.rs.";

const SECRET: &str = "apiVersion: v1
kind: Secret
metadata:
  name: db
  namespace: shop
stringData:
  username: shop
  password: correct horse battery staple
";

const CERTIFICATE: [&str; 13] = [
    "req", "-x509", "-nodes", "-newkey", "rsa:4096", "-days", "30", "-subj", "/O=order", "-keyout",
    "tls.key", "-out", "tls.crt",
];
