//! However a run ends, its pipe, its temporary file and its command are gone.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use bulla_tests::{process, wait};
use rustix::process::{Pid, Signal, kill_process};

use crate::run::{Place, Whose};

#[test]
fn a_signal_ends_the_command_and_removes_the_pipe() {
    let flags = [&["exec-file"][..], &["exec-file", "--no-fifo"]];
    for (flags, signal) in flags
        .into_iter()
        .flat_map(|flags| SIGNALS.map(|signal| (flags, signal)))
    {
        let place = Place::new();
        let script = "echo {} > said; exec tail -f /dev/null";
        let arguments = [flags, &["e.yaml", script]].concat();
        let mut child = start(place.command(Whose::Ours, &arguments));
        let named = named(&place, &mut child);
        assert!(named.exists(), "{}", named.display());
        assert!(is_private(&named));
        end(&mut child, signal);
        assert!(!named.exists() && !named.parent().unwrap().exists());
    }
}

#[test]
fn a_signal_ends_the_editor_and_changes_nothing() {
    for signal in SIGNALS {
        let place = Place::new();
        let before = fs::read(place.path("e.yaml")).unwrap();
        let script = "sed -i s/two/changed/ \"$1\"; echo \"$1\" > said; exec tail -f /dev/null";
        let mut child = start(edit(&place, script));
        let named = named(&place, &mut child);
        assert!(fs::read_to_string(&named).unwrap().contains("changed"));
        assert!(is_private(&named));
        end(&mut child, signal);
        assert!(!named.exists() && !named.parent().unwrap().exists());
        assert_eq!(fs::read(place.path("e.yaml")).unwrap(), before);
    }
}

/// The text of a file that is edited lies in memory, for nobody else, and is gone however the editor ended.
#[test]
fn nothing_is_left_of_what_was_edited() {
    for (script, code) in [
        ("sed -i s/two/changed/ \"$1\"", Some(0)),
        ("true", Some(200)),
        ("exit 3", Some(201)),
        ("kill -9 $$", Some(201)),
        ("echo 'a: [' > \"$1\"", Some(2)),
        ("echo 'sops: 1' >> \"$1\"", Some(203)),
        ("rm \"$1\"", Some(2)),
    ] {
        let place = Place::new();
        let before = fs::read(place.path("e.yaml")).unwrap();
        let look = "echo \"$1\" > said; stat -c %a \"$1\" > mode; ";
        let output = process::run(edit(&place, &format!("{look}{script}")), b"");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), code, "{script}: {said}");
        let named = fs::read_to_string(place.path("said")).unwrap();
        let named = Path::new(named.trim());
        if Path::new("/dev/shm").is_dir() {
            assert!(named.starts_with("/dev/shm"), "{}", named.display());
        }
        assert_eq!(fs::read_to_string(place.path("mode")).unwrap(), "600\n");
        assert!(
            !named.exists() && !named.parent().unwrap().exists(),
            "{script}"
        );
        let after = fs::read(place.path("e.yaml")).unwrap();
        assert_eq!(after == before, code != Some(0), "{script}");
    }
}

#[test]
fn modes_stay_and_no_temporary_file_does() {
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

/// `edit` with a script as the editor.
fn edit(place: &Place, script: &str) -> Command {
    let mut command = place.command(Whose::Ours, &["edit", "e.yaml"]);
    command.env("EDITOR", format!("sh {}", place.path("editor").display()));
    fs::write(place.path("editor"), script).unwrap();
    command
}

/// True where nobody else reaches it: by its directory, at the latest.
fn is_private(file: &Path) -> bool {
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    mode(file) & 0o077 == 0 && mode(file.parent().unwrap()) == 0o700
}

fn end(child: &mut Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
    let status = child.wait().unwrap();
    assert_eq!(
        (status.code(), status.signal()),
        (None, Some(signal.as_raw()))
    );
}

const SIGNALS: [Signal; 2] = [Signal::TERM, Signal::HUP];
