//! Files of SOPS, each command as a whole process, beside the real `sops`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use bulla_core::recipient::{Identity, Suite};
use bulla_tests::{peers, programs};

use crate::machine::{self, median};
use crate::table::Table;

const SECRET: &str = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\n  namespace: shop\nstringData:\n  username: shop\n  password: correct horse battery staple\n";

pub(crate) fn run(table: &mut Table) {
    let bench = Bench::new();
    small(&bench, table);
    many_values(&bench, table);
    json(&bench, table);
    binary(&bench, table);
}

fn small(bench: &Bench, table: &mut Table) {
    let plain = bench.write("secret.yaml", SECRET);
    for pair in bench.both_ways(&plain) {
        let work = format!("SOPS: {} a small Secret", pair.way);
        let [ours, theirs] = pair.milliseconds(40);
        table.goal(
            &format!("{work}, whole process (median of 40)"),
            format!(
                "{ours:.1} ms, {:.2} of sops' ({theirs:.1} ms)",
                ours / theirs
            ),
            "≤ ¼ of sops'",
            ours <= theirs / 4.0,
        );
        let [ours, theirs] = pair.peaks_mib();
        table.goal(
            &format!("{work}, peak memory"),
            format!("{ours:.1} MiB (sops {theirs:.1})"),
            "≤ 15 MiB",
            ours <= 15.0,
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
    for pair in bench.both_ways(&plain) {
        let work = format!("SOPS: {} YAML of 10,000 values", pair.way);
        times(table, &work, pair.milliseconds(7), 10.0);
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
    let few = bench.both_ways(&file(5000));
    let many = bench.both_ways(&file(40_000));
    for (few, many) in few.iter().zip(&many) {
        let work = |keys| format!("SOPS: {} JSON of {keys} keys", few.way);
        let few = few.milliseconds(5);
        // The real one takes minutes for this.
        let many = [many.ours.median_of(5), many.theirs.milliseconds()];
        times(table, &work("5,000"), few, 50.0);
        times(table, &work("40,000"), many, 50.0);
        let growth = many[0] / few[0];
        table.goal(
            &format!("{} against 5,000", work("40,000")),
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
    for pair in bench.both_ways(&plain) {
        let work = format!("SOPS: {} 20 MB of bytes", pair.way);
        times(table, &work, pair.milliseconds(5), 3.0);
        let [ours, theirs] = pair.peaks_mib();
        // Of the plaintext, whichever way: the encrypted file is a third longer.
        let factor = ours / (20.0e6 / f64::from(1 << 20));
        table.goal(
            &format!("{work}, peak memory"),
            format!("{ours:.0} MiB, {factor:.1} × the file (sops {theirs:.0} MiB)"),
            "≤ 3 × the file",
            factor <= 3.0,
        );
    }
}

fn times(table: &mut Table, work: &str, [ours, theirs]: [f64; 2], required: f64) {
    let factor = theirs / ours;
    table.goal(
        work,
        format!("{ours:.1} ms, {factor:.1} × sops ({theirs:.0} ms)"),
        &format!("≥ {required:.0} ×"),
        factor >= required,
    );
}

/// A folder with an identity.
struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let identity = Identity::generate(Suite::X25519, &mut rand_core::OsRng);
        let key = identity.expose_text();
        std::fs::write(folder.path().join("keys.txt"), key.as_bytes()).expect("a file");
        let rule = format!("creation_rules:\n  - age: {}\n", identity.recipient());
        std::fs::write(folder.path().join(".sops.yaml"), rule).expect("a file");
        Self { folder }
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).expect("a file");
        path
    }

    /// Encrypting and decrypting.
    fn both_ways(&self, plain: &Path) -> [Pair; 2] {
        let encrypt = self.pair("encrypt", plain);
        let name = plain.file_name().unwrap_or_default().to_string_lossy();
        let encrypted = plain.with_file_name(format!("encrypted-{name}"));
        std::fs::write(&encrypted, encrypt.ours.output()).expect("a file");
        [encrypt, self.pair("decrypt", &encrypted)]
    }

    fn pair(&self, way: &'static str, file: &Path) -> Pair {
        Pair {
            way,
            ours: self.run(programs::bulla(), &["sops", way], file),
            theirs: self.run(peers::sops(), &[way], file),
        }
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

/// The same work by both programs.
struct Pair {
    way: &'static str,
    ours: Run,
    theirs: Run,
}

impl Pair {
    /// Medians of ours and of theirs, which run by turns.
    fn milliseconds(&self, rounds: usize) -> [f64; 2] {
        let mut took = [Vec::new(), Vec::new()];
        for _ in 0..rounds {
            took[0].push(self.ours.milliseconds());
            took[1].push(self.theirs.milliseconds());
        }
        took.map(median)
    }

    fn peaks_mib(&self) -> [f64; 2] {
        [self.ours.peak_mib(), self.theirs.peak_mib()]
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

    fn median_of(&self, rounds: usize) -> f64 {
        median((0..rounds).map(|_| self.milliseconds()).collect())
    }

    fn peak_mib(&self) -> f64 {
        machine::peak_mib(&self.command(), 3)
    }
}
