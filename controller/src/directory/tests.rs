mod drift;
mod hidden;
mod hostile;
mod keys;
mod kill;
mod passes;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use bulla_core::recipient::Suite;
use tempfile::TempDir;

use super::*;
use crate::engine::{Action, Verdict};
use crate::fixture::{CANARY, Sample};

/// A store and a folder of manifests, side by side.
struct Bench {
    dir: TempDir,
    store: Option<DirectoryStore>,
}

const NOW: Timestamp = Timestamp(1_800_000_000);

fn options() -> Options {
    Options {
        keys: Policy {
            suite: Suite::X25519,
            ..Policy::default()
        },
        ..Options::default()
    }
}

impl Bench {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("root")).unwrap();
        fs::create_dir(dir.path().join("git")).unwrap();
        let store = DirectoryStore::open(&dir.path().join("root"), options()).unwrap();
        let store = Some(store);
        Self { dir, store }
    }

    /// A store that has `shop/db` already.
    fn applied() -> Self {
        let mut bench = Self::new();
        bench.seal("db.yaml", &Sample::default());
        let report = bench.pass();
        assert!(report.is_clean(), "{report:?}");
        assert_eq!(bench.read("shop/db/password"), CANARY);
        bench
    }

    fn store(&mut self) -> &mut DirectoryStore {
        self.store.as_mut().unwrap()
    }

    fn restart(&mut self) {
        self.store = None;
        self.store = Some(DirectoryStore::open(&self.root(), options()).unwrap());
    }

    fn root(&self) -> PathBuf {
        self.dir.path().join("root")
    }

    fn git(&self) -> PathBuf {
        self.dir.path().join("git")
    }

    fn at(&self, path: &str) -> PathBuf {
        self.root().join(path)
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.at(path)).unwrap()
    }

    fn manifest(&mut self, sample: &Sample<'_>) -> String {
        let recipients = self.store().rotate(NOW).unwrap().recipients;
        sample.manifest(&recipients[0])
    }

    fn seal(&mut self, file: &str, sample: &Sample<'_>) {
        let text = self.manifest(sample);
        fs::write(self.git().join(file), text).unwrap();
    }

    fn pass(&mut self) -> Report {
        self.pass_at(NOW)
    }

    fn pass_at(&mut self, now: Timestamp) -> Report {
        let git = self.git();
        self.store().reconcile_at(&git, now).unwrap()
    }

    /// Every file below the root with its mode and content, links with their target.
    fn snapshot(&self) -> Vec<(PathBuf, u32, Vec<u8>)> {
        let mut out = Vec::new();
        walk(&self.root(), &mut out);
        out.sort();
        out
    }

    fn generations(&self, resource: &str) -> usize {
        let folder = self.at(".bulla/resources").join(resource);
        let entries = fs::read_dir(folder).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name());
        names.filter(|name| layout::is_generation(name)).count()
    }
}

fn walk(folder: &Path, out: &mut Vec<(PathBuf, u32, Vec<u8>)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let metadata = fs::symlink_metadata(&path).unwrap();
        let mode = metadata.permissions().mode() & 0o7777;
        if metadata.is_symlink() {
            let target = fs::read_link(&path).unwrap().into_os_string();
            out.push((path, 0, target.into_encoded_bytes()));
        } else if metadata.is_dir() {
            walk(&path, out);
            out.push((path, mode, Vec::new()));
        } else {
            let bytes = fs::read(&path).unwrap_or_default();
            out.push((path, mode, bytes));
        }
    }
}

fn action(report: &Report) -> Option<Action> {
    report.outcome("shop", "db").unwrap().action
}

fn word(report: &Report) -> &'static str {
    report.outcome("shop", "db").unwrap().word()
}
