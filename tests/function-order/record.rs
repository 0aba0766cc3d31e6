//! Which functions of a program a command calls, as gdb sees it: a breakpoint on each, that goes with its first stop.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    path::Path,
    process::{Command, Stdio},
};

/// The names of the functions that the commands call, in the order of first calls.
pub(crate) fn functions(program: &Path, folder: &Path, commands: &[String]) -> Vec<String> {
    let symbols = symbols(program);
    let script = folder.join("record.gdb");
    std::fs::write(&script, gdb_commands(&symbols, commands)).expect("a file");
    let mut gdb = Command::new("gdb");
    gdb.args(["-nx", "-quiet", "-batch", "-command"])
        .arg(&script)
        .arg(program);
    let output = surroundings(&mut gdb, folder)
        .stderr(Stdio::inherit())
        .output()
        .expect("gdb runs");
    let text = String::from_utf8_lossy(&output.stdout);
    let exits = text.matches(" exited normally]").count();
    assert_eq!(exits, commands.len(), "a command failed under gdb:\n{text}");
    text.lines()
        .filter_map(|line| line.strip_prefix(MARK))
        .filter_map(|address| u64::from_str_radix(address, 16).ok())
        .filter_map(|address| symbols.get(&address))
        .flatten()
        .cloned()
        .collect()
}

/// Runs a command away from the settings of whoever runs it.
pub(crate) fn surroundings<'a>(command: &'a mut Command, folder: &Path) -> &'a mut Command {
    command
        .current_dir(folder)
        .env("HOME", folder)
        .env("SOPS_AGE_KEY_FILE", folder.join("keys.txt"))
        .stdin(Stdio::null())
}

/// The functions at each address: identical ones can share it.
fn symbols(program: &Path) -> BTreeMap<u64, Vec<String>> {
    let output = Command::new("nm")
        .arg("--defined-only")
        .arg(program)
        .output()
        .expect("nm runs");
    let mut symbols = BTreeMap::<u64, Vec<String>>::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let mut words = line.split_ascii_whitespace();
        let (Some(address), Some("t" | "T" | "w" | "W"), Some(name)) =
            (words.next(), words.next(), words.next())
        else {
            continue;
        };
        if let Ok(address) = u64::from_str_radix(address, 16) {
            symbols.entry(address).or_default().push(name.to_owned());
        }
    }
    assert!(!symbols.is_empty(), "{} has no symbols", program.display());
    symbols
}

fn gdb_commands(symbols: &BTreeMap<u64, Vec<String>>, commands: &[String]) -> String {
    let mut script = String::from(PREPARATION);
    for (nth, command) in commands.iter().enumerate() {
        writeln!(script, "set args {command} > /dev/null\nstarti").expect(TEXT);
        if nth == 0 {
            // Known only now: the program lies elsewhere in memory than in its file.
            script.push_str("set $base = (unsigned long) &_start - $unmoved\n");
            for address in symbols.keys() {
                writeln!(script, "tbreak *($base + {address:#x})").expect(TEXT);
            }
        }
        writeln!(
            script,
            "continue\nwhile $_thread != 0\nprintf \"{MARK}%lx\\n\", (unsigned long) $pc - $base\ncontinue\nend"
        )
        .expect(TEXT);
    }
    script
}

/// Breakpoints stay in place between stops: there are tens of thousands, and thousands of stops.
const PREPARATION: &str = "set pagination off
set confirm off
set debuginfod enabled off
set breakpoint always-inserted on
set $unmoved = (unsigned long) &_start
";

const MARK: &str = "called ";
const TEXT: &str = "a string takes every text";
