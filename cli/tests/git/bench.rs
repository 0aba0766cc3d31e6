//! A repository with one SOPS file, and branches that change it.

use std::fs;

use bulla_core::recipient::{Identity, KeyRing, Suite, parse_identity_file};
use bulla_core::sops::{Ciphertexts, DataKey, MacPolicy, Metadata, Selector, SelectorKind, Store};
use rand_core::OsRng;

use crate::support::{CANARY, Repo, Run, run};

pub(crate) const FILE: &str = "clusters/db.yaml";
const NOW: &str = "2026-11-21T12:00:00Z";

/// The plaintext of the file on the branch that all others begin with.
pub(crate) fn plaintext() -> String {
    format!(
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\nstringData:\n  # of the server\n  user: shop\n  password: {CANARY}\n  port: \"5432\"\n"
    )
}

pub(crate) struct Bench {
    pub(crate) repo: Repo,
    ring: KeyRing,
}

impl Bench {
    /// Git is taught already; the hook is left out.
    pub(crate) fn new(flags: &str) -> Self {
        let repo = Repo::new();
        let key = fs::read_to_string(repo.beside("alice.key")).unwrap();
        let ring = KeyRing::new(parse_identity_file(&key).unwrap());
        let bench = Self { repo, ring };
        bench.repo.write(FILE, bench.encrypted(&plaintext()));
        bench.repo.git("checkout --quiet -b main");
        bench.repo.commit();
        bench.repo.bulla(&format!("git install {flags}")).ends(0);
        bench
    }

    fn encrypted(&self, text: &str) -> Vec<u8> {
        let key = DataKey::generate(&mut OsRng);
        let selector = Selector::new(SelectorKind::EncryptedRegex, "^(data|stringData)$");
        let mut block = Metadata::new(Some(&selector.unwrap()), false, "3.13.3");
        let alice = self
            .ring
            .iter()
            .map(|key| key.recipient().clone())
            .collect();
        block
            .close_data_key(&key, &[alice], None, &mut OsRng)
            .unwrap();
        let mut none = Ciphertexts::default();
        let file = Store::Yaml.encrypt(
            text.as_bytes(),
            &mut block,
            &key,
            &mut none,
            NOW,
            &mut OsRng,
        );
        file.unwrap()
    }

    /// What the file says, its MAC verified.
    pub(crate) fn opened(&self) -> String {
        let bytes = fs::read(self.repo.file(FILE)).unwrap();
        let opened = Store::Yaml.decrypt(&bytes, &self.ring, MacPolicy::Verify);
        String::from_utf8(opened.unwrap().plaintext.reveal().to_vec()).unwrap()
    }

    /// Changes the file as `sops edit` does: what stays keeps its ciphertext.
    pub(crate) fn edit(&self, edits: &[(&str, &str)]) {
        let bytes = fs::read(self.repo.file(FILE)).unwrap();
        let mut opened = Store::Yaml
            .decrypt(&bytes, &self.ring, MacPolicy::Verify)
            .unwrap();
        let mut text = self.opened();
        for (old, new) in edits {
            assert!(text.contains(old), "{old}");
            text = text.replacen(old, new, 1);
        }
        let file = Store::Yaml.encrypt(
            text.as_bytes(),
            &mut opened.metadata,
            &opened.data_key,
            &mut opened.ciphertexts,
            NOW,
            &mut OsRng,
        );
        self.repo.write(FILE, file.unwrap());
    }

    /// Closes the file for somebody else too, who is named.
    pub(crate) fn let_in_a_stranger(&self) -> String {
        let bytes = fs::read(self.repo.file(FILE)).unwrap();
        let opened = Store::Yaml.decrypt(&bytes, &self.ring, MacPolicy::Verify);
        let mut opened = opened.unwrap();
        let stranger = Identity::generate(Suite::X25519, &mut OsRng);
        let readers = self.ring.iter().chain([&stranger]);
        let readers = readers.map(|key| key.recipient().clone()).collect();
        let key = &opened.data_key;
        let block = &mut opened.metadata;
        block
            .close_data_key(key, &[readers], None, &mut OsRng)
            .unwrap();
        let file = Store::Yaml.replace_metadata(&bytes, block).unwrap();
        self.repo.write(FILE, file);
        stranger.recipient().to_string()
    }

    /// Commits edits on a branch of its own, and some on `main`.
    pub(crate) fn branches(&self, theirs: &[(&str, &str)], ours: &[(&str, &str)]) {
        self.repo.git("checkout --quiet -b theirs main");
        self.edit(theirs);
        self.repo.commit();
        self.repo.git("checkout --quiet main");
        self.edit(ours);
        self.repo.commit();
    }

    /// Runs a program by whoever has Alice's key.
    pub(crate) fn with_key(&self, program: &str, line: &str) -> Run {
        let mut command = self.repo.command(program);
        command
            .env("SOPS_AGE_KEY_FILE", self.repo.beside("alice.key"))
            .args(line.split(' '));
        run(command, "")
    }

    pub(crate) fn without_key(&self, program: &str, line: &str) -> Run {
        let mut command = self.repo.command(program);
        command.args(line.split(' '));
        run(command, "")
    }
}
