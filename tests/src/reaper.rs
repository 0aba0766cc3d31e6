//! Ends the processes that a test started when the test itself ends, in whatever way it does.
//!
//! One small shell for each test process reads from a pipe which processes are alive. The pipe closes when the
//! test process dies, by a signal too, and the shell kills what is left. It has a process group of its own, so
//! what ends the test's group does not end it. (`PR_SET_PDEATHSIG` would follow the thread that started the
//! child, not the process, and a harness gives every test its own thread.)

use std::{
    io::Write,
    os::unix::process::CommandExt,
    process::{Child, Command, Stdio},
    sync::{Mutex, OnceLock},
};

/// Has the process killed when this one dies.
pub(crate) fn watch(pid: u32) {
    tell('+', pid);
}

/// Takes back [`watch`]; to be called before the process is waited for, while its id cannot be another's.
pub(crate) fn forget(pid: u32) {
    tell('-', pid);
}

fn tell(what: char, pid: u32) {
    static SHELL: OnceLock<Mutex<Child>> = OnceLock::new();
    let shell = SHELL.get_or_init(|| Mutex::new(start()));
    let shell = shell
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner());
    let mut pipe = shell.stdin.as_ref().expect("its standard input is a pipe");
    if let Err(error) = writeln!(pipe, "{what} {pid}") {
        panic!("failed to reach the shell that ends processes: {error}");
    }
}

fn start() -> Child {
    Command::new("/bin/sh")
        .args(["-c", SCRIPT])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .unwrap_or_else(|error| panic!("failed to start the shell that ends processes: {error}"))
}

const SCRIPT: &str = r#"
alive=" "
while read -r what pid; do
  case $what in
    +) alive="$alive$pid " ;;
    -) alive="${alive%%" $pid "*} ${alive#*" $pid "}" ;;
  esac
done
for pid in $alive; do kill -KILL "$pid"; done
"#;

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use super::*;

    #[test]
    fn kills_what_it_was_told_of_and_not_what_was_taken_back() {
        let [mut first, mut second, mut third] = [(); 3].map(|()| {
            let child = Command::new("cat").stdin(Stdio::piped()).spawn();
            child.expect("every system has `cat`")
        });
        let mut shell = start();

        let mut pipe = shell.stdin.take().expect("its standard input is a pipe");
        for child in [&first, &second, &third] {
            writeln!(pipe, "+ {}", child.id()).expect("the shell reads");
        }
        writeln!(pipe, "- {}", second.id()).expect("the shell reads");
        drop(pipe);

        assert!(shell.wait().expect("the shell ends").success());
        // `wait` closes the input, at which `cat` ends by itself unless it was killed before.
        let signals = [&mut first, &mut second, &mut third]
            .map(|child| child.wait().expect("`cat` ends").signal());
        assert_eq!(signals, [Some(9), None, Some(9)]);
    }
}
