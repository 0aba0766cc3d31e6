//! A file that somebody changes while a command is at work on it.

use std::fs::OpenOptions;
use std::io::Write;
use std::process::Stdio;

use crate::support::{Repo, done};

#[test]
fn nothing_that_somebody_else_wrote_meanwhile_is_undone() {
    let repo = Repo::new();
    let file = repo.envelope("db");
    let pipe = repo.path("pipe");
    let fifo = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
    rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, fifo).unwrap();
    let mut slow = repo.command();
    slow.args(repo.words(&format!("set {file} first --from-file")))
        .arg(&pipe)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let slow = slow.spawn().unwrap();
    // The pipe opens once its reader has read the file, and wants the value.
    let mut value = OpenOptions::new().write(true).open(&pipe).unwrap();
    repo.bulla_with(&format!("set {file} second"), "there").ok();
    let between = repo.read(&file);
    value.write_all(b"late").unwrap();
    drop(value);
    let message = done(slow.wait_with_output().unwrap()).fails(2);
    assert!(message.contains(&file), "{message}");
    assert!(message.contains("changed by somebody else"), "{message}");
    assert_eq!(repo.read(&file), between);
    assert_eq!(repo.value(&file, "second"), "there");
    assert_eq!(repo.names("clusters"), ["db.yaml"]);
    // The second time nobody is in the way.
    repo.bulla_with(&format!("set {file} first"), "again").ok();
    assert_eq!(repo.value(&file, "first"), "again");
}
