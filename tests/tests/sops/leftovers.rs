//! However a run ends, its pipe, its temporary file and its command are gone.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use bulla_tests::wait;
use rustix::process::{Pid, Signal, kill_process};

use crate::run::{Place, Whose};

#[test]
fn a_signal_ends_the_command_and_removes_the_pipe() {
    for flags in [&["exec-file"][..], &["exec-file", "--no-fifo"]] {
        let place = Place::new();
        let script = "echo {} > said; exec tail -f /dev/null";
        let arguments = [flags, &["e.yaml", script]].concat();
        let mut child = start(place.command(Whose::Ours, &arguments));
        let named = named(&place, &mut child);
        assert!(named.exists(), "{}", named.display());
        terminate(&mut child);
        assert!(!named.exists() && !named.parent().unwrap().exists());
    }
}

#[test]
fn a_signal_ends_the_editor_and_changes_nothing() {
    let place = Place::new();
    let before = fs::read(place.path("e.yaml")).unwrap();
    let mut command = place.command(Whose::Ours, &["edit", "e.yaml"]);
    command.env("EDITOR", format!("sh {}", place.path("editor").display()));
    let script = "sed -i s/two/changed/ \"$1\"; echo \"$1\" > said; exec tail -f /dev/null";
    fs::write(place.path("editor"), script).unwrap();
    let mut child = start(command);
    let named = named(&place, &mut child);
    assert!(fs::read_to_string(&named).unwrap().contains("changed"));
    terminate(&mut child);
    assert!(!named.exists() && !named.parent().unwrap().exists());
    assert_eq!(fs::read(place.path("e.yaml")).unwrap(), before);
}

#[test]
fn a_file_that_nobody_may_write_stays_as_it_was_and_modes_stay() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    let file = place.path("e.yaml");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    let mut command = place.command(Whose::Ours, &["set", "e.yaml", "[\"a\"]", "\"x\""]);
    assert!(command.status().unwrap().success());
    assert_eq!(
        fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o640
    );
    let names = fs::read_dir(place.path(".")).unwrap();
    let left = names.filter(|entry| {
        let name = entry.as_ref().unwrap().file_name();
        name.to_string_lossy().starts_with(".bulla-")
    });
    assert_eq!(left.count(), 0);
}

fn start(mut command: Command) -> Child {
    command.stdin(Stdio::null()).stdout(Stdio::null());
    command.spawn().unwrap()
}

/// The path that the command wrote into `said`.
fn named(place: &Place, child: &mut Child) -> PathBuf {
    let said = place.path("said");
    let read = |path: &Path| fs::read_to_string(path).unwrap_or_default();
    let until = Duration::from_secs(30);
    wait::eventually_blocking("the command says its path", until, || {
        assert!(child.try_wait().unwrap().is_none(), "it ended");
        read(&said).ends_with('\n').then_some(())
    });
    PathBuf::from(read(&said).trim())
}

fn terminate(child: &mut Child) {
    kill_process(Pid::from_child(child), Signal::TERM).unwrap();
    let status = child.wait().unwrap();
    assert_eq!((status.code(), status.signal()), (None, Some(15)));
}
