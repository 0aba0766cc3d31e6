//! A thousand files of SOPS of 2 KiB in one process: opened, checked, and given to one more person in their places.

use std::path::Path;
use std::process::Command;

use bulla_core::recipient::{Identity, Suite, identity_file_text};
use bulla_tests::programs;

use crate::machine::median;
use crate::seal::Run;
use crate::table::Table;

const FILES: usize = 1000;
const ROUNDS: usize = 5;
const GOAL_MS: f64 = 500.0;

pub(crate) fn run(table: &mut Table) {
    for (suite, goal) in [(Suite::X25519, true), (Suite::MlKem768X25519, false)] {
        let folder = tempfile::tempdir().expect("a folder");
        let repository = Repository::new(folder.path(), suite);
        for (what, words) in [
            ("open", &["open", "-R", "."][..]),
            ("check", &["check"]),
            ("rewrap in place, flushed", &["rewrap", "-R", "."]),
        ] {
            repository.rules(if words[0] == "rewrap" {
                "me, more"
            } else {
                "me"
            });
            let run = repository.bulla(words);
            let took = (0..=ROUNDS).map(|_| {
                repository.restore();
                run.milliseconds()
            });
            // The first one warms up.
            let took = median(took.skip(1).collect());
            let name = format!("{what}: {FILES} files of SOPS of 2 KiB, {suite}");
            match goal {
                true => table.goal(&name, format!("{took:.0} ms"), "< 500 ms", took < GOAL_MS),
                false => table.beside(&name, format!("{took:.0} ms")),
            }
        }
    }
}

struct Repository<'f> {
    folder: &'f Path,
    recipients: [String; 2],
    files: Vec<Vec<u8>>,
}

impl<'f> Repository<'f> {
    fn new(folder: &'f Path, suite: Suite) -> Self {
        let identities = [(); 2].map(|()| Identity::generate(suite, &mut rand_core::OsRng));
        let keys = identities.each_ref().map(|one| identity_file_text(one, ""));
        std::fs::write(folder.join("key.txt"), keys[0].as_bytes()).expect("a file");
        std::fs::create_dir(folder.join("k8s")).expect("a folder");
        let git = Command::new("git")
            .args(["init", "--quiet"])
            .current_dir(folder)
            .status();
        assert!(git.expect("git runs").success());
        let mut repository = Self {
            folder,
            recipients: identities.map(|one| one.recipient().as_str().to_owned()),
            files: Vec::new(),
        };
        repository.rules("me");
        for nth in 0..FILES {
            let values = (0..5).map(|key| format!("  key{key}: value {key} of {nth}\n"));
            let values: String = values.collect();
            let secret = format!(
                "apiVersion: v1\nkind: Secret\nmetadata:\n  name: s{nth}\n  namespace: shop\nstringData:\n{values}"
            );
            std::fs::write(repository.file(nth), secret).expect("a file");
        }
        repository.bulla(&["seal", "-i", "-R", "."]).output();
        let read = |nth| std::fs::read(repository.file(nth)).expect("a file");
        repository.files = (0..FILES).map(read).collect();
        repository
    }

    fn file(&self, nth: usize) -> std::path::PathBuf {
        self.folder.join(format!("k8s/{nth:04}.yaml"))
    }

    fn rules(&self, names: &str) {
        let [me, more] = &self.recipients;
        let text = format!(
            "people:\n  me: {{recipients: [{me}]}}\n  more: {{recipients: [{more}]}}\nrules:\n- {{path: k8s/**, for: [{names}], format: sops}}\n"
        );
        std::fs::write(self.folder.join(".bulla.yaml"), text).expect("a file");
    }

    fn restore(&self) {
        for (nth, bytes) in self.files.iter().enumerate() {
            std::fs::write(self.file(nth), bytes).expect("a file");
        }
    }

    fn bulla(&self, words: &[&str]) -> Run {
        let key = self.folder.join("key.txt").display().to_string();
        Run {
            program: programs::bulla(),
            arguments: words.iter().map(|word| (*word).to_owned()).collect(),
            folder: self.folder.to_owned(),
            environment: vec![("SOPS_AGE_KEY_FILE".to_owned(), key)],
        }
    }
}
