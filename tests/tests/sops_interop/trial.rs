//! One file, through both tools.

use std::fmt::Write as _;

use bulla_core::sops::{
    Ciphertexts, DataKey, Item, Layout, MacPolicy, Metadata, Selector, SelectorKind, SopsError,
    Store, Tree, ValueFault,
};
use rand_core::OsRng;

use crate::random::Random;
use crate::real::{Real, ring};

const SHOWN: usize = 3;
pub(crate) const NOW: &str = "2026-11-21T12:00:00Z";

/// A file that is not encrypted yet, and the selector for it.
pub(crate) struct Trial {
    pub(crate) store: Store,
    pub(crate) selector: Option<(&'static str, String)>,
    pub(crate) plain: String,
}

/// Goes through as many files as asked for, on two threads, and prints what was covered.
pub(crate) fn run(name: &str, files: usize, make: impl Fn(&mut Random) -> Trial) {
    let set = |name| {
        std::env::var(name)
            .ok()
            .and_then(|text| text.parse::<u64>().ok())
    };
    let seed = set("SOPS_SEED").unwrap_or(SEED);
    let files = set("SOPS_FILES").map_or(files, |files| usize::try_from(files).unwrap());
    eprintln!("{name}: SOPS_SEED={seed}, {files} files");
    let mut random = Random::new(seed);
    let trials: Vec<Trial> = (0..files).map(|_| make(&mut random)).collect();
    let failures: Vec<String> = std::thread::scope(|scope| {
        let half = |nth: usize| {
            trials
                .iter()
                .skip(nth)
                .step_by(2)
                .filter_map(Trial::failure)
                .collect()
        };
        let other = scope.spawn(move || half(1));
        let mut all: Vec<String> = trials
            .iter()
            .step_by(2)
            .filter_map(Trial::failure)
            .collect();
        all.append(&mut other.join().unwrap());
        all
    });
    let mut rows = String::new();
    for (row, count) in &random.rows {
        write!(rows, " {row}: {count};").unwrap();
    }
    eprintln!("{name}:{rows}");
    let empty: Vec<_> = random
        .rows
        .iter()
        .filter(|(_, count)| **count == 0)
        .collect();
    assert!(empty.is_empty(), "rows that no file covered: {empty:?}");
    let shown = failures
        .iter()
        .take(SHOWN)
        .fold(String::new(), |all, one| all + one + "\n");
    assert!(
        failures.is_empty(),
        "{} of {files}:\n{shown}",
        failures.len()
    );
}

impl Trial {
    fn failure(&self) -> Option<String> {
        self.check().err().map(|what| {
            format!(
                "=== {:?} {:?}\n{}\n--- {what}\n",
                self.store, self.selector, self.plain
            )
        })
    }

    fn check(&self) -> Result<(), String> {
        let real = Real::new(self.store, self.selector.as_ref());
        let theirs = real.encrypt(self.plain.as_bytes());
        let ours = self.encrypt();
        let (theirs, ours) = match (theirs, ours) {
            (Ok(theirs), Ok(ours)) => (theirs, ours),
            (Err(_), Err(_)) => return Ok(()),
            // They look at tags and keys of the first document only.
            (
                Ok(_),
                Err(SopsError::Value {
                    at,
                    fault: ValueFault::Tag,
                }),
            ) if at.document > 1 => {
                return Ok(());
            }
            // Nothing would be encrypted: they write the values in clear.
            (Ok(_), Err(SopsError::NothingSelected { .. })) => return Ok(()),
            (Ok(_), Err(error)) => return Err(format!("they encrypt it, here: {error}")),
            (Err(error), Ok(_)) => return Err(format!("encrypted here, they: {error}")),
        };
        let shown = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let printed = real.decrypt(&theirs);
        let printed = match printed {
            // Their own defects: what they can't read back proves nothing.
            Ok(printed)
                if values(self.store, &printed).is_err() && real.encrypt(&printed).is_err() =>
            {
                return self.opens_here(&ours).map(|_| ());
            }
            Ok(printed) => printed,
            Err(_) => return self.opens_here(&ours).map(|_| ()),
        };
        let printed_of_ours = real
            .decrypt(&ours)
            .map_err(|error| format!("they don't decrypt ours: {error}\n{}", shown(&ours)))?;
        if values(self.store, &printed_of_ours)? != values(self.store, &printed)? {
            return Err(format!(
                "they decrypt ours to\n{}\nand theirs to\n{}",
                shown(&printed_of_ours),
                shown(&printed)
            ));
        }
        let opened = self.opens_here(&theirs)?;
        if retyped(&opened) != retyped(&self.opens_here(&ours)?) {
            return Err(format!(
                "theirs opens here to\n{opened}\n{}",
                shown(&theirs)
            ));
        }
        self.same_layout(&theirs, &printed)
    }

    /// Closes the file here.
    pub(crate) fn encrypt(&self) -> Result<Vec<u8>, SopsError> {
        let kind = |name: &str| {
            SelectorKind::ALL
                .into_iter()
                .find(|kind| kind.name() == name)
        };
        let selector = match &self.selector {
            Some((name, text)) => Some(Selector::new(kind(name).unwrap(), text)?),
            None if self.store == Store::Binary => None,
            None => Some(Selector::default_suffix()),
        };
        let rng = &mut OsRng;
        let key = DataKey::generate(rng);
        let mut metadata = Metadata::new(selector.as_ref(), false, "3.13.3");
        let recipients = [ring()
            .iter()
            .map(|identity| identity.recipient().clone())
            .collect()];
        metadata.close_data_key(&key, &recipients, None, rng)?;
        let mut known = Ciphertexts::default();
        self.store.encrypt(
            self.plain.as_bytes(),
            &mut metadata,
            &key,
            &mut known,
            NOW,
            rng,
        )
    }

    /// The values of an encrypted file; the plaintext says the same, and closes again to the same bytes.
    fn opens_here(&self, file: &[u8]) -> Result<String, String> {
        let mut opened = self
            .store
            .decrypt(file, &ring(), MacPolicy::Verify)
            .map_err(|error| format!("doesn't open here: {error}"))?;
        let tree = self.store.decrypt_tree(file, &ring(), MacPolicy::Verify);
        let tree = outline(&tree.map_err(|error| error.to_string())?.tree);
        let plain = values(self.store, opened.plaintext.reveal())?;
        if plain != retyped(&tree) {
            return Err(format!("its plaintext says\n{plain}\nnot\n{tree}"));
        }
        if self.store == Store::Binary {
            return Ok(tree);
        }
        let mut metadata = opened.metadata.clone();
        let again = self.store.encrypt(
            opened.plaintext.reveal(),
            &mut metadata,
            &opened.data_key,
            &mut opened.ciphertexts,
            NOW,
            &mut OsRng,
        );
        let again = match again {
            Err(SopsError::NothingSelected { .. }) => return Ok(tree),
            again => again.map_err(|error| format!("doesn't close again: {error}"))?,
        };
        let ciphertexts = |file: &[u8]| {
            let text = String::from_utf8_lossy(file).into_owned();
            let parts = text.split("ENC[").skip(1);
            let all = parts
                .filter_map(|part| part.split_once(']'))
                .map(|(all, _)| all.to_owned());
            let mut all: Vec<_> = all.collect();
            all.sort();
            all.dedup();
            all
        };
        let (before, after) = (ciphertexts(file), ciphertexts(&again));
        let changed = after.iter().filter(|one| !before.contains(one)).count();
        // The MAC alone.
        if changed != 1 || before.len() != after.len() {
            return Err(format!(
                "{changed} ciphertexts of an unchanged file are new"
            ));
        }
        Ok(tree)
    }

    /// What is written in their layout is what they write.
    fn same_layout(&self, theirs: &[u8], printed: &[u8]) -> Result<(), String> {
        let layout = Layout::default();
        let opened = self.store.decrypt_tree(theirs, &ring(), MacPolicy::Verify);
        let tree = opened.map_err(|error| error.to_string())?.tree;
        let written = tree
            .write(self.store, &layout)
            .map_err(|error| error.to_string())?;
        let negative_zero = self.plain.contains("-0");
        let bytes = written.reveal();
        if bytes != printed && !(negative_zero && self.store != Store::Binary) {
            let [ours, theirs] =
                [bytes, printed].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
            return Err(format!("in their layout this is\n{ours}\nnot\n{theirs}"));
        }
        let laid_out = self.store.lay_out(theirs, self.store, &layout);
        let laid_out =
            laid_out.map_err(|error| format!("their file can't be laid out: {error}"))?;
        if laid_out != theirs && !negative_zero {
            let [ours, theirs] =
                [&laid_out[..], theirs].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
            return Err(format!(
                "their file in their layout is\n{ours}\nnot\n{theirs}"
            ));
        }
        Ok(())
    }
}

/// The values of a file in plaintext, with what changes in writing them down taken away.
pub(crate) fn values(store: Store, plain: &[u8]) -> Result<String, String> {
    let tree = store.tree(plain).map_err(|error| {
        format!(
            "plaintext that can't be read: {error}\n{}",
            String::from_utf8_lossy(plain)
        )
    })?;
    Ok(retyped(&outline(&tree)))
}

/// A float without a fraction is read as a whole number, and minus zero as zero.
fn retyped(outline: &str) -> String {
    let line = |line: &str| match line.rsplit_once(" float ") {
        Some((path, "-0")) => format!("{path} int 0\n"),
        Some((path, number)) if !number.contains(['.', 'n', 'N']) && number.len() < 19 => {
            format!("{path} int {number}\n")
        }
        _ => format!("{line}\n"),
    };
    outline.lines().map(line).collect()
}

/// Paths with types and values.
pub(crate) fn outline(tree: &Tree) -> String {
    let mut out = String::new();
    for item in tree.documents() {
        describe(item, "", &mut out);
    }
    out
}

fn describe(item: &Item, path: &str, out: &mut String) {
    match item {
        Item::Null => writeln!(out, "{path} null"),
        Item::Mapping(_) => writeln!(out, "{path} mapping"),
        Item::List(_) => writeln!(out, "{path} list"),
        Item::Value(value) => {
            let bytes = value
                .as_text()
                .map_or_else(|| format!("{:?}", value.bytes()), str::to_owned);
            match value.kind() {
                bulla_core::sops::Kind::Str => writeln!(out, "{path} str {bytes:?}"),
                kind => writeln!(out, "{path} {kind} {bytes}"),
            }
        }
    }
    .unwrap();
    for (nth, (key, item)) in item.entries().enumerate() {
        let step = key.map_or_else(|| format!("[{nth}]"), |key| format!("/{key:?}"));
        describe(item, &format!("{path}{step}"), out);
    }
}

/// What runs where no seed is given, so that a change is to blame for a failure, not chance.
pub(crate) const SEED: u64 = 20_261_121;
