//! A MAC that does not match: nothing of the file leaves, wherever it was to go, and no command runs on it.

use bulla_tests::process;

use crate::run::{Place, Whose};

#[test]
fn nothing_leaves_before_the_mac_is_verified() {
    let damaged: &[&str] = &["xgone.yaml", "xswapped.yaml", "xnomac.yaml"];
    for file in damaged {
        for arguments in [
            &["decrypt", file][..],
            &["-d", file],
            &["decrypt", "-i", file],
            &["decrypt", "--output", "new", file],
            &["decrypt", "--extract", "[\"c\"]", file],
            &["decrypt", "--output-type", "json", file],
            &["--indent", "2", "decrypt", file],
            &["exec-env", file, "touch ran"],
            &["exec-env", "--same-process", file, "touch ran"],
            &["exec-file", file, "touch ran"],
            &["exec-file", "--no-fifo", file, "cp {} ran"],
            &["edit", file],
            &[file],
            &["set", file, "[\"c\"]", "1"],
            &["unset", file, "[\"c\"]"],
            &["rotate", file],
            &["rotate", "-i", file],
        ] {
            let place = Place::new();
            let before = place.files();
            let mut command = place.command(Whose::Ours, arguments);
            command.env("EDITOR", "touch ran; false");
            let output = process::run(command, b"");
            let said = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(51), "{arguments:?}: {said}");
            assert!(said.contains("MAC mismatch"), "{arguments:?}: {said}");
            assert!(output.stdout.is_empty(), "{arguments:?}");
            assert!(place.files() == before, "{arguments:?}");
        }
    }
}
