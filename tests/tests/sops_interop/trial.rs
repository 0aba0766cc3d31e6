//! One file, through both tools.

use bulla_core::sops::{
    Ciphertexts, DataKey, Layout, MacPolicy, Metadata, Selector, SelectorKind, SopsError, Store,
    ValueFault,
};
use rand_core::OsRng;

use crate::facts::Coverage;
use crate::random::Random;
use crate::real::{Real, ring};
use crate::selectors::{Choice, is_of_comments};
use crate::values::{outline, retyped, values};

const SHOWN: usize = 3;
pub(crate) const NOW: &str = "2026-11-21T12:00:00Z";

/// A file that is not encrypted yet, and how it is to be encrypted.
pub(crate) struct Trial {
    pub(crate) store: Store,
    pub(crate) selector: Choice,
    /// Whether the MAC is over encrypted values alone.
    pub(crate) mac_only: bool,
    pub(crate) plain: Vec<u8>,
}

/// What a file was good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Every value went both ways.
    Compared,
    /// Both refuse it, with the same exit code or one that is told in the table of differences.
    Refused,
    /// Theirs can't read what it wrote, or would encrypt nothing.
    Beside,
}

/// Goes through as many files as asked for, and through some more for rows that stayed empty; counts what they covered.
pub(crate) fn run(name: &str, files: usize, make: impl Fn(&mut Random) -> Trial) -> Coverage {
    let set = |name| {
        std::env::var(name)
            .ok()
            .and_then(|text| text.parse::<u64>().ok())
    };
    let seed = set("SOPS_SEED").unwrap_or(SEED);
    let files = set("SOPS_FILES").map_or(files, |files| usize::try_from(files).unwrap());
    eprintln!("{name}: SOPS_SEED={seed}, {files} files");
    let mut random = Random::new(seed);
    let mut coverage = Coverage::default();
    let mut failures = Vec::new();
    let (mut done, mut batch) = (0, files);
    while batch > 0 {
        let trials: Vec<_> = (0..batch)
            .map(|_| (make(&mut random), random.take_file()))
            .collect();
        coverage.know(random.all());
        for ((_, rows), verdict) in trials.iter().zip(verdicts(&trials)) {
            match verdict {
                Ok(verdict) => coverage.count(verdict, rows),
                Err(failure) => failures.push(failure),
            }
        }
        done += batch;
        // Rows whose files proved nothing come first in some files more.
        let empty = coverage.empty();
        batch = match empty.is_empty() || done >= 2 * files + 40 {
            true => 0,
            false => 8,
        };
        random.prefer(&empty);
    }
    eprintln!("{name}: {done} files");
    let shown = failures
        .iter()
        .take(SHOWN)
        .fold(String::new(), |all, one| all + one + "\n");
    assert!(
        failures.is_empty(),
        "{} of {done}:\n{shown}",
        failures.len()
    );
    coverage
}

/// On two threads, in the order of the files.
fn verdicts<T: Sync>(trials: &[(Trial, T)]) -> Vec<Result<Verdict, String>> {
    std::thread::scope(|scope| {
        let half = |nth: usize| -> Vec<_> {
            let trials = trials.iter().skip(nth).step_by(2);
            trials.map(|(trial, _)| trial.verdict()).collect()
        };
        let other = scope.spawn(move || half(1));
        let (mut one, mut other) = (half(0).into_iter(), other.join().unwrap().into_iter());
        std::iter::from_fn(|| Some([one.next()?].into_iter().chain(other.next())))
            .flatten()
            .collect()
    })
}

impl Trial {
    fn verdict(&self) -> Result<Verdict, String> {
        self.check().map_err(|what| {
            format!(
                "=== {:?} {:?}{}\n{}\n--- {what}\n",
                self.store,
                self.selector,
                if self.mac_only { " mac_only" } else { "" },
                String::from_utf8_lossy(&self.plain)
            )
        })
    }

    fn check(&self) -> Result<Verdict, String> {
        let real = Real::new(self.store, self.selector.as_ref(), self.mac_only);
        let theirs = real.encrypt(&self.plain);
        let ours = self.encrypt();
        let (theirs, ours) = match (theirs, ours) {
            (Ok(theirs), Ok(ours)) => (theirs, ours),
            (Err(_), Err(_)) => return real.same_code(&self.plain),
            // They look at tags and keys of the first document only.
            (
                Ok(_),
                Err(SopsError::Value {
                    at,
                    fault: ValueFault::Tag,
                }),
            ) if at.document > 1 => {
                return Ok(Verdict::Beside);
            }
            // Nothing would be encrypted: they write the values in clear.
            (Ok(_), Err(SopsError::NothingSelected { .. })) => return Ok(Verdict::Beside),
            // A listed difference: they count the comment to something else than its column says.
            (Ok(_), Err(SopsError::CommentElsewhere { .. })) => return Ok(Verdict::Beside),
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
                return self.opens_here(&ours).map(|_| Verdict::Beside);
            }
            // The sign of a merge loses its quotes in what they print, where they look at no keys of later documents.
            Ok(printed) if has(&printed, "!!merge <<: text") => {
                self.opens_here(&ours)?;
                let printed_of_ours = real.decrypt(&ours)?;
                return match without_comments(&printed) == without_comments(&printed_of_ours) {
                    true => Ok(Verdict::Compared),
                    false => Err(format!("they decrypt ours to\n{}", shown(&printed_of_ours))),
                };
            }
            Ok(printed) => printed,
            Err(_) => return self.opens_here(&ours).map(|_| Verdict::Beside),
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
        self.same_layout(&theirs, &printed)?;
        self.as_json(&real, &theirs)?;
        Ok(Verdict::Compared)
    }

    /// Closes the file here.
    pub(crate) fn encrypt(&self) -> Result<Vec<u8>, SopsError> {
        let kind = |name: &str| {
            SelectorKind::ALL
                .into_iter()
                .find(|kind| kind.name() == name)
        };
        let selector = match &self.selector {
            _ if self.store == Store::Binary => None,
            Some((name, text)) if !text.is_empty() => {
                Some(Selector::new(kind(name).unwrap(), text)?)
            }
            _ => Some(Selector::default_suffix()),
        };
        let rng = &mut OsRng;
        let key = DataKey::generate(rng);
        let mut metadata = Metadata::new(selector.as_ref(), self.mac_only, "3.13.3");
        let recipients = [ring()
            .iter()
            .map(|identity| identity.recipient().clone())
            .collect()];
        metadata.close_data_key(&key, &recipients, None, rng)?;
        let mut known = Ciphertexts::default();
        self.store
            .encrypt(&self.plain, &mut metadata, &key, &mut known, NOW, rng)
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
            Err(SopsError::NothingSelected { .. } | SopsError::CommentElsewhere { .. }) => {
                return Ok(tree);
            }
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
        let negative_zero = String::from_utf8_lossy(&self.plain).contains("-0");
        let bytes = written.reveal();
        // They lose a comment that they wrote to another level than they took it from; here it is found.
        if has(printed, "#ENC[") {
            return Ok(());
        }
        if self.laid_out(bytes) != self.laid_out(printed)
            && !(negative_zero && self.store != Store::Binary)
        {
            let [ours, theirs] =
                [bytes, printed].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
            return Err(format!("in their layout this is\n{ours}\nnot\n{theirs}"));
        }
        let laid_out = self.store.lay_out(theirs, self.store, &layout);
        let laid_out =
            laid_out.map_err(|error| format!("their file can't be laid out: {error}"))?;
        if self.laid_out(&laid_out) != self.laid_out(theirs) && !negative_zero {
            let [ours, theirs] =
                [&laid_out[..], theirs].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
            return Err(format!(
                "their file in their layout is\n{ours}\nnot\n{theirs}"
            ));
        }
        Ok(())
    }

    /// A layout. Where empty lines stand below comments, they move theirs to other levels.
    fn laid_out(&self, file: &[u8]) -> Vec<u8> {
        if !is_of_comments(&self.selector) {
            return file.to_vec();
        }
        without_comments(file)
    }

    /// Another store gets the same values, with their types.
    fn as_json(&self, real: &Real, theirs: &[u8]) -> Result<(), String> {
        let text = std::str::from_utf8(&self.plain);
        if text.is_err() || self.store == Store::Yaml && text.is_ok_and(has_several_documents) {
            // Listed differences: bytes that are no text, and documents behind the first.
            return Ok(());
        }
        let shown = real.run(&["decrypt", "--output-type", "json"], theirs, &[]);
        let opened = self.store.decrypt_tree(theirs, &ring(), MacPolicy::Verify);
        let tree = opened.map_err(|error| error.to_string())?.tree;
        let written = tree.write(Store::Json, &Layout::default());
        match (shown, written) {
            (Err(_), Err(_)) => Ok(()),
            (Ok(theirs), Ok(ours)) => {
                // They have this section in every INI file.
                let theirs = String::from_utf8_lossy(&theirs).replace("\t\"DEFAULT\": {},\n", "");
                match theirs.as_bytes() == ours.reveal() {
                    true => Ok(()),
                    false => {
                        let ours = String::from_utf8_lossy(ours.reveal()).into_owned();
                        Err(format!("as JSON they print\n{theirs}\nhere it is\n{ours}"))
                    }
                }
            }
            // Bytes that are no text become others in theirs.
            (Ok(theirs), Err(SopsError::Unwritable { .. }))
                if String::from_utf8_lossy(&theirs).contains(r"\ufffd") =>
            {
                Ok(())
            }
            (Ok(_), Err(error)) => Err(format!("they print it as JSON, here: {error}")),
            (Err(error), Ok(_)) => Err(format!("JSON here, they: {error}")),
        }
    }
}

/// What runs where no seed is given, so that a change is to blame for a failure, not chance.
pub(crate) const SEED: u64 = 20_261_121;

fn without_comments(file: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(file);
    let lines = text
        .lines()
        .filter(|line| !line.trim().starts_with('#') && !line.is_empty());
    lines.collect::<Vec<_>>().join("\n").into_bytes()
}

fn has(file: &[u8], text: &str) -> bool {
    String::from_utf8_lossy(file).contains(text)
}

fn has_several_documents(text: &str) -> bool {
    text.lines().skip(1).any(|line| line == "---") && !text.starts_with('%')
        || text.matches("\n---").count() > 1
}
