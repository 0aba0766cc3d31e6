//! Files of SOPS, each command as a whole process, beside the real `sops`; and a repository of a thousand of them.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use bulla_core::recipient::{Identity, Suite};
use bulla_tests::{peers, programs};

use crate::machine::{median, memory_mib};
use crate::table::Table;

const SECRET: &str = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\n  namespace: shop\nstringData:\n  username: shop\n  password: correct horse battery staple\n";
const FILES: usize = 1000;

pub(crate) fn run(table: &mut Table) {
    let bench = Bench::new(Suite::X25519);
    small(&bench, table);
    many_values(&bench, table);
    json(&bench, table);
    binary(&bench, table);
    for suite in [Suite::X25519, Suite::MlKem768X25519] {
        repository(&Bench::new(suite), suite, table);
    }
}

fn small(bench: &Bench, table: &mut Table) {
    let plain = bench.write("secret.yaml", SECRET);
    for (way, [ours, theirs]) in bench.both_ways(&plain, 40) {
        table.goal(
            &format!("SOPS: {way} a small Secret, whole process (median of 40)"),
            format!(
                "{:.1} ms, {:.2} of sops'",
                ours.milliseconds,
                ours.milliseconds / theirs.milliseconds
            ),
            "≤ ¼ of sops'",
            ours.milliseconds <= theirs.milliseconds / 4.0,
        );
        table.goal(
            &format!("SOPS: {way} a small Secret, peak memory"),
            format!("{:.1} MiB (sops {:.1})", ours.peak_mib, theirs.peak_mib),
            "≤ 15 MiB",
            ours.peak_mib <= 15.0,
        );
    }
}

fn many_values(bench: &Bench, table: &mut Table) {
    let mut text = String::new();
    for nth in 0..10_000 {
        if nth % 10 == 0 {
            writeln!(text, "group{nth}:").expect("a string");
        }
        writeln!(text, "  key{nth}: value number {nth}").expect("a string");
    }
    let plain = bench.write("many.yaml", &text);
    for (way, [ours, theirs]) in bench.both_ways(&plain, 5) {
        times(
            table,
            &format!("SOPS: {way} YAML of 10,000 values"),
            &ours,
            &theirs,
            10.0,
        );
    }
}

fn json(bench: &Bench, table: &mut Table) {
    let file = |keys: usize| {
        let entries: Vec<String> = (0..keys)
            .map(|nth| format!("\t\"key{nth}\": \"value number {nth}\""))
            .collect();
        bench.write(
            &format!("keys{keys}.json"),
            &format!("{{\n{}\n}}\n", entries.join(",\n")),
        )
    };
    let few = bench.both_ways(&file(5000), 3);
    // The real one takes a minute for this.
    let many = bench.both_ways(&file(40_000), 1);
    for ((way, [few, theirs]), (_, [many, theirs_many])) in few.into_iter().zip(many) {
        times(
            table,
            &format!("SOPS: {way} JSON of 5,000 keys"),
            &few,
            &theirs,
            50.0,
        );
        times(
            table,
            &format!("SOPS: {way} JSON of 40,000 keys"),
            &many,
            &theirs_many,
            50.0,
        );
        let growth = many.milliseconds / few.milliseconds;
        table.goal(
            &format!("SOPS: {way} JSON of 40,000 keys against 5,000"),
            format!("{growth:.1} times as long"),
            "≤ 10 times",
            growth <= 10.0,
        );
    }
}

fn binary(bench: &Bench, table: &mut Table) {
    let mut bytes = vec![0; 20_000_000];
    getrandom::getrandom(&mut bytes).expect("random bytes");
    let plain = bench.folder.path().join("large.bin");
    std::fs::write(&plain, &bytes).expect("a file");
    for (way, [ours, theirs]) in bench.both_ways(&plain, 3) {
        times(
            table,
            &format!("SOPS: {way} 20 MB of bytes"),
            &ours,
            &theirs,
            3.0,
        );
        // The encrypted file is a third longer than what it holds.
        let bytes = if way == "encrypt" { 20.0e6 } else { 26.7e6 };
        let file = bytes / f64::from(1 << 20);
        table.goal(
            &format!("SOPS: {way} 20 MB of bytes, peak memory"),
            format!("{:.0} MiB (sops {:.0})", ours.peak_mib, theirs.peak_mib),
            "≤ 3 × the file",
            ours.peak_mib <= 3.0 * file,
        );
    }
}

fn repository(bench: &Bench, suite: Suite, table: &mut Table) {
    let folder = bench.folder.path().join("repository");
    std::fs::create_dir(&folder).expect("a folder");
    bench.configure(&folder);
    let mut text = SECRET.to_owned();
    while text.len() < 600 {
        writeln!(text, "  key{}: value", text.len()).expect("a string");
    }
    let plain = bench.write("one.yaml", &text);
    let file = bench.bulla(&["sops", "encrypt"], &plain).output();
    for nth in 0..FILES {
        std::fs::write(folder.join(format!("{nth:04}.yaml")), &file).expect("a file");
    }
    for words in [&["open", "-R"][..], &["check"], &["rewrap", "-R"]] {
        let took = median(
            (0..5)
                .map(|_| bench.bulla(words, &folder).milliseconds())
                .collect(),
        );
        let work = format!(
            "SOPS: {} 1,000 files of {} bytes, {suite}",
            words[0],
            file.len()
        );
        let measured = format!("{:.2} s", took / 1000.0);
        match suite {
            Suite::X25519 => table.goal(&work, measured, "< 0.5 s", took < 500.0),
            _ => table.beside(&work, measured),
        }
    }
}

fn times(table: &mut Table, work: &str, ours: &Figures, theirs: &Figures, required: f64) {
    let factor = theirs.milliseconds / ours.milliseconds;
    table.goal(
        work,
        format!(
            "{:.0} ms, {factor:.1} × sops ({:.0} ms)",
            ours.milliseconds, theirs.milliseconds
        ),
        &format!("≥ {required:.0} ×"),
        factor >= required,
    );
}

struct Figures {
    milliseconds: f64,
    peak_mib: f64,
}

/// A folder with an identity.
struct Bench {
    folder: tempfile::TempDir,
    recipient: String,
}

impl Bench {
    fn new(suite: Suite) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let identity = Identity::generate(suite, &mut rand_core::OsRng);
        let key = identity.expose_text();
        std::fs::write(folder.path().join("keys.txt"), key.as_bytes()).expect("a file");
        let bench = Self {
            recipient: identity.recipient().to_string(),
            folder,
        };
        bench.configure(bench.folder.path());
        bench
    }

    fn configure(&self, folder: &Path) {
        let rule = format!("creation_rules:\n  - age: {}\n", self.recipient);
        std::fs::write(folder.join(".sops.yaml"), rule).expect("a file");
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).expect("a file");
        path
    }

    /// Encrypts and decrypts by turns: ours, theirs.
    fn both_ways(&self, plain: &Path, rounds: usize) -> Vec<(&'static str, [Figures; 2])> {
        let encrypted = plain.with_file_name(format!(
            "encrypted-{}",
            plain.file_name().unwrap_or_default().to_string_lossy()
        ));
        std::fs::write(&encrypted, self.bulla(&["sops", "encrypt"], plain).output())
            .expect("a file");
        [("encrypt", plain), ("decrypt", &encrypted)]
            .map(|(way, file)| {
                let runs = [
                    self.bulla(&["sops", way], file),
                    self.run(peers::sops(), &[way], file),
                ];
                let mut took = [Vec::new(), Vec::new()];
                for _ in 0..rounds {
                    for (run, took) in runs.iter().zip(&mut took) {
                        took.push(run.milliseconds());
                    }
                }
                let [ours, theirs] = took.map(median);
                let figures = |run: &Run, milliseconds| Figures {
                    milliseconds,
                    peak_mib: run.peak_mib(),
                };
                (way, [figures(&runs[0], ours), figures(&runs[1], theirs)])
            })
            .into()
    }

    fn bulla(&self, words: &[&str], file: &Path) -> Run {
        self.run(programs::bulla(), words, file)
    }

    fn run(&self, program: PathBuf, words: &[&str], file: &Path) -> Run {
        let mut arguments: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        arguments.push(file.display().to_string());
        Run {
            program,
            arguments,
            folder: self.folder.path().to_owned(),
        }
    }
}

struct Run {
    program: PathBuf,
    arguments: Vec<String>,
    folder: PathBuf,
}

impl Run {
    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(&self.arguments)
            .current_dir(&self.folder)
            .env("SOPS_AGE_KEY_FILE", self.folder.join("keys.txt"))
            .env("HOME", &self.folder)
            .stdin(Stdio::null());
        command
    }

    fn output(&self) -> Vec<u8> {
        let output = self.command().output().expect("it runs");
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{:?}: {error}", self.arguments);
        output.stdout
    }

    fn milliseconds(&self) -> f64 {
        let mut command = self.command();
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let start = Instant::now();
        let status = command.status().expect("it runs");
        let took = start.elapsed().as_secs_f64() * 1000.0;
        assert!(status.success(), "{:?}", self.arguments);
        took
    }

    /// The highest `VmHWM` of several runs, read until the process is gone.
    fn peak_mib(&self) -> f64 {
        let one = || {
            let mut child = self
                .command()
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .expect("it runs");
            let mut peak = 0.0;
            while child.try_wait().expect("it can be waited for").is_none() {
                peak = memory_mib(child.id(), "VmHWM").unwrap_or(peak).max(peak);
            }
            peak
        };
        (0..3).map(|_| one()).fold(0.0, f64::max)
    }
}
