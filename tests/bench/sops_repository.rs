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
        // Beside the programs: what is for temporary files may be in memory, where nothing has to be flushed.
        let programs = programs::bulla();
        let beside = programs.parent().expect("a program is in a folder");
        let folder = tempfile::tempdir_in(beside).expect("a folder");
        let mut repository = Repository::new(folder.path(), suite);
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
    restored: usize,
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
            restored: 0,
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

    /// Every round finds the files as the first one did, and on the disk. They have a second name, so that what a round
    /// replaces is not freed: ext4 looks at all that was freed in the last minutes before it makes a file, and a round
    /// would pay for the one before it.
    fn restore(&mut self) {
        self.restored += 1;
        let kept = self.folder.join(format!(".git/kept-{}", self.restored));
        std::fs::create_dir(&kept).expect("a folder");
        for (nth, bytes) in self.files.iter().enumerate() {
            let file = self.file(nth);
            std::fs::write(&file, bytes).expect("a file");
            std::fs::hard_link(&file, kept.join(nth.to_string())).expect("a link");
        }
        let synced = Command::new("sync").arg("-f").arg(self.folder).status();
        assert!(synced.expect("sync runs").success());
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
