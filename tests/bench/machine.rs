//! What the figures were measured on, and what the kernel says of a process.

use std::path::Path;
use std::process::{Command, Stdio};

/// One line: processor, cores, memory.
pub(crate) fn describe() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let field = |text: &str, name: &str| {
        text.lines()
            .find_map(|line| line.strip_prefix(name))
            .map(|rest| rest.trim_start_matches([':', ' ', '\t']).trim().to_owned())
            .unwrap_or_else(|| "unknown".to_owned())
    };
    let processor = field(&read("/proc/cpuinfo"), "model name");
    let memory = field(&read("/proc/meminfo"), "MemTotal");
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    format!("{processor}, {cores} cores, {memory}")
}

/// The resident memory of a process in MiB: now (`VmRSS`) or at its highest (`VmHWM`).
pub(crate) fn memory_mib(pid: u32, field: &str) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with(field))?;
    line.split_whitespace()
        .nth(1)?
        .parse::<f64>()
        .ok()
        .map(|kib| kib / 1024.0)
}

/// The most resident memory that a program has had when it ends, in MiB: the highest of several runs.
///
/// A run of a few milliseconds is gone before anybody has looked: strace holds its end for a moment, and what the kernel
/// has counted by then is all of it. Nothing of the program that starts it counts.
///
/// # Panics
/// Where nothing was seen.
pub(crate) fn peak_mib(command: &Command, runs: usize) -> f64 {
    (0..runs).map(|_| peak_of_one(command)).fold(0.0, f64::max)
}

fn peak_of_one(command: &Command) -> f64 {
    let mut held = Command::new("strace");
    // With -D the program is the child, and strace somebody beside it.
    held.args(["-D", "-qq", "-o", "/dev/null", "-e", "trace=exit_group"])
        .args(["-e", "inject=exit_group:delay_enter=100ms", "--"])
        .arg(command.get_program())
        .args(command.get_args())
        .current_dir(command.get_current_dir().unwrap_or(Path::new(".")))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            held.env(name, value);
        }
    }
    let mut child = held.spawn().expect("strace runs");
    let mut peak = None;
    while child.try_wait().expect("it can be waited for").is_none() {
        // The last figure counts: before it becomes the program, the process is strace.
        peak = memory_mib(child.id(), "VmHWM").or(peak);
    }
    peak.expect("the process was seen")
}

/// The median.
pub(crate) fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// Processor time that a process has taken so far, in seconds.
pub(crate) fn cpu_seconds(process: u32) -> Option<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name in parentheses may hold blanks; user and system time are the 12th and 13th field after it.
    let mut fields = stat.rsplit_once(") ")?.1.split(' ').skip(11);
    let ticks = fields.next()?.parse::<f64>().ok()? + fields.next()?.parse::<f64>().ok()?;
    Some(ticks / TICKS_A_SECOND)
}

const TICKS_A_SECOND: f64 = 100.0; // USER_HZ, the same on every Linux
