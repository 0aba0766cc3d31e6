//! What `bulla sops` says of itself.

use crate::world::repo;

#[test]
fn a_completion_of_no_shell_shows_which_there_are() {
    let help = repo().bulla("sops completion").ok();
    assert!(help.contains("bash|zsh|fish"), "{help}");
    repo().bulla("sops completion tcsh").fails(1);
}

#[test]
fn hints_name_no_command_that_is_another_programs() {
    let repo = repo();
    repo.write("a.yaml", "a: b\n");
    for line in [
        "decrypt no.yaml",
        "encrypt --age-file no.key a.yaml",
        "exec-env no.env true",
    ] {
        let run = repo.bulla(&format!("sops {line}"));
        assert_ne!(run.status, 0, "{line}");
        assert!(!run.stderr.contains("bulla --help"), "{}", run.stderr);
    }
    // Bulla's own commands say where to look, and no more.
    let message = repo.bulla("open no.yaml").fails(2);
    assert!(message.contains("hint: check the path\n"), "{message}");
}
