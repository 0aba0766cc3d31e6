//! Branches that the real `sops` made, merged by Git with our driver, and read by the real `sops`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use bulla_core::recipient::{Identity, Suite, identity_file_text};
use bulla_tests::{peers, process, programs};
use rand_core::OsRng;
use tempfile::TempDir;

/// A repository, whose user has a key.
struct Work {
    directory: TempDir,
    recipient: String,
}

impl Work {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("there is a temporary directory");
        let identity = Identity::generate(Suite::X25519, &mut OsRng);
        let text = identity_file_text(&identity, "2026-11-21T12:00:00Z");
        fs::write(directory.path().join("key"), text.as_bytes()).expect("a key file");
        fs::create_dir(directory.path().join("work")).expect("a directory");
        let work = Self {
            directory,
            recipient: identity.recipient().to_string(),
        };
        work.git("init --quiet --initial-branch main");
        work
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join("work").join(name)
    }

    fn run(&self, program: &Path, arguments: &[&str]) -> Output {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(self.path(""))
            .env("SOPS_AGE_KEY_FILE", self.directory.path().join("key"))
            .env("HOME", self.directory.path())
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1");
        for name in [
            "GIT_AUTHOR_NAME",
            "GIT_AUTHOR_EMAIL",
            "GIT_COMMITTER_NAME",
            "GIT_COMMITTER_EMAIL",
        ] {
            command.env(name, "test");
        }
        process::run(command, b"")
    }

    #[track_caller]
    fn ok(&self, program: &Path, arguments: &[&str]) -> String {
        let output = self.run(program, arguments);
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    #[track_caller]
    fn git(&self, line: &str) {
        self.ok("git".as_ref(), &line.split(' ').collect::<Vec<_>>());
    }

    fn sops(&self, arguments: &[&str]) -> String {
        self.ok(&peers::sops(), arguments)
    }

    fn commit(&self) {
        self.git("add -A");
        self.git("commit --quiet --allow-empty -m x");
    }
}

/// Stores, with the file that the branches begin with, and what each changes.
const CASES: [(&str, &str, [&[&str]; 2], &str); 3] = [
    (
        "db.yaml",
        "# c\na: one\nb:\n    # d\n    c: two\n    l:\n        - 1\n        - true\n",
        [&["[\"a\"]", "\"ours\""], &["[\"b\"][\"c\"]", "\"theirs\""]],
        "# c\na: ours\nb:\n    # d\n    c: theirs\n    l:\n        - 1\n        - true\n",
    ),
    (
        "db.json",
        "{\n\t\"a\": \"one\",\n\t\"b\": \"two\"\n}\n",
        [&["[\"a\"]", "\"ours\""], &["[\"c\"]", "\"theirs\""]],
        "{\n\t\"a\": \"ours\",\n\t\"b\": \"two\",\n\t\"c\": \"theirs\"\n}\n",
    ),
    (
        "db.env",
        "A=one\n# c\nB=two\n",
        [&["[\"A\"]", "\"ours\""], &["[\"B\"]", "\"theirs\""]],
        "A=ours\n# c\nB=theirs\n",
    ),
];

#[test]
fn the_real_sops_reads_what_git_has_merged_by_value() {
    for (name, text, [ours, theirs], expected) in CASES {
        let work = Work::new();
        fs::write(work.path(name), text).expect("written");
        work.sops(&["encrypt", "--age", &work.recipient, "-i", name]);
        work.commit();
        work.ok(&programs::bulla(), &["git", "install", "--no-hook"]);
        work.git("checkout --quiet -b theirs");
        work.sops(&[&["set", name], theirs].concat());
        work.commit();
        work.git("checkout --quiet main");
        work.sops(&[&["set", name], ours].concat());
        work.commit();
        work.git("merge --quiet --no-edit theirs");
        assert_eq!(work.sops(&["decrypt", name]), expected, "{name}");
        // A key that one branch renews, and a recipient that the other adds.
        let another = Identity::generate(Suite::MlKem768X25519, &mut OsRng);
        let another = another.recipient().to_string();
        work.git("checkout --quiet -b renewed");
        work.sops(&["rotate", "-i", name]);
        work.commit();
        work.git("checkout --quiet main");
        work.sops(&["rotate", "-i", "--add-age", &another, name]);
        work.commit();
        work.git("merge --quiet --no-edit renewed");
        assert_eq!(work.sops(&["decrypt", name]), expected, "{name}");
        let merged = fs::read_to_string(work.path(name)).expect("it is text");
        assert!(merged.contains(&another), "{merged}");
    }
}
