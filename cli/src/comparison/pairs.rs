//! Sealed resources of a revision beside those of the work tree.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::hash::Hash;
use std::path::{Path, PathBuf};

use bulla_core::api::{SEALED_SECRET, SECRET_ENVELOPE};
use bulla_core::envelope::Envelope;
use bulla_core::manifest::{Object, Stream};
use bulla_core::sealed_secrets::{SealedData, SealedSecret};
use bulla_core::sops::Store;

use super::Asked;
use super::sops::{self, SopsPair};
use super::tree::{inside, work_tree};
use crate::failure::Failure;
use crate::git::{Entry, from_here};
use crate::input::{self, MANIFEST_BYTES_MAX, is_manifest};
use crate::located::InFile;
use crate::manifest;
use crate::sealed_secret::{self, is_sealed_secret};
use crate::sops_file;
use crate::sops_file::error::in_file;

/// What there is to compare.
pub(super) struct Pairs {
    /// Sealed resources with their earlier version, their later one, or both.
    pub(super) pairs: Vec<Pair>,
    /// Files of the work tree that can't be read.
    pub(super) failures: Vec<Failure>,
    /// Sealed resources of the revision that can't be read: they count as if they had not been there.
    pub(super) unreadable_before: usize,
    /// Files of SOPS that differ.
    pub(super) sops: Vec<SopsPair>,
    /// How many envelopes lie in files that did not change.
    pub(super) files_unchanged: usize,
}

/// One sealed resource; never without either.
pub(super) struct Pair {
    /// In the revision.
    pub(super) old: Option<Version>,
    /// In the work tree.
    pub(super) new: Option<Version>,
    /// The revision had a Secret of this name instead.
    pub(super) was_plaintext: bool,
}

/// A sealed resource in a file.
pub(super) struct Version {
    /// The file, from the top of the work tree.
    path: PathBuf,
    /// The file, from the current directory.
    pub(super) shown: PathBuf,
    /// The line on which it begins.
    pub(super) line: usize,
    /// What it says.
    pub(super) content: Content,
}

/// A sealed resource of either kind.
pub(super) enum Content {
    /// An envelope.
    Envelope(Box<Envelope>),
    /// A SealedSecret.
    Sealed(Box<SealedSecret>),
}

/// One side of the comparison.
#[derive(Default)]
struct Side {
    sealed: Vec<Version>,
    /// Names of plaintext Secrets.
    secrets: BTreeSet<(Option<String>, Option<String>)>,
}

impl Pairs {
    /// Reads both sides, of files that differ only.
    pub(super) fn find(asked: &Asked<'_>) -> Result<Self, Failure> {
        let tree = work_tree(asked.inputs)?;
        let below = inside(&tree, asked.inputs)?;
        let mut entries = tree.tree(asked.against, &below)?;
        for (path, inside) in asked.inputs.iter().zip(&below) {
            let then = |entry: &Entry| entry.path.starts_with(inside);
            match path.symlink_metadata() {
                Err(error) if !entries.iter().any(then) => {
                    return Err(InFile::io("find", path, error).into());
                }
                _ => {}
            }
        }
        let wanted = |path: &Path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            // Which of them are of SOPS is told by their content, and by their names what can't be.
            let by_name = matches!(Store::of_name(&name), Store::Dotenv | Store::Ini);
            let of_sops = is_manifest(path) || by_name || sops_file::may_be(&tree.top().join(path));
            of_sops && !asked.exclusion.has(&from_here(tree.top(), path), false)
        };
        entries.retain(|entry| wanted(&entry.path));
        let contents = tree.contents(&entries, MANIFEST_BYTES_MAX)?;
        let mut before: BTreeMap<_, _> = entries
            .into_iter()
            .map(|entry| entry.path)
            .zip(contents)
            .filter_map(|(p, c)| Some((p, c?)))
            .collect();

        let mut all = Self {
            pairs: vec![],
            failures: vec![],
            sops: vec![],
            unreadable_before: 0,
            files_unchanged: 0,
        };
        let (mut now, mut seen) = (Side::default(), BTreeSet::new());
        for path in tree.files(&below)?.into_iter().filter(|path| wanted(path)) {
            let shown = from_here(tree.top(), &path);
            if !std::fs::symlink_metadata(&shown).is_ok_and(|metadata| metadata.is_file()) {
                continue;
            }
            let bytes = match input::read(&shown, MANIFEST_BYTES_MAX) {
                Ok(input) => input.bytes,
                Err(failure) => {
                    all.failures.push(failure);
                    continue;
                }
            };
            if before.get(&path).is_some_and(|old| *old == *bytes) {
                before.remove(&path);
                all.files_unchanged += 1;
            } else {
                let old = before.get(&path).map(Vec::as_slice);
                match sops::pair(&path, &shown, old, Some(&bytes)) {
                    Ok(pair) => all.sops.extend(pair),
                    Err(error) => all.failures.push(in_file("read", &shown, error)),
                }
                if is_manifest(&path) {
                    all.failures.extend(now.read(&path, &shown, &bytes));
                }
                seen.insert(path);
            }
        }
        let mut then = Side::default();
        for (path, bytes) in &before {
            let shown = from_here(tree.top(), path);
            if !seen.contains(path) {
                all.sops
                    .extend(sops::pair(path, &shown, Some(bytes), None).ok().flatten());
            }
            if is_manifest(path) {
                all.unreadable_before += then.read(path, &shown, bytes).len();
            }
        }
        all.pairs = paired(then, now);
        Ok(all)
    }
}

impl Side {
    /// Takes up the objects of a file; what can't be read comes back.
    fn read(&mut self, path: &Path, shown: &Path, bytes: &[u8]) -> Vec<Failure> {
        // Of a file that can't be read, only one that speaks of sealed resources matters here.
        let says = |kind| input::mentions(bytes, kind);
        let concerns = says(SECRET_ENVELOPE) || says(SEALED_SECRET);
        let stream = match Stream::parse(bytes) {
            Ok(stream) => stream,
            Err(_) if !concerns => return Vec::new(),
            Err(error) => return vec![InFile::new("read", shown, error).into()],
        };
        let mut failures = Vec::new();
        for object in stream.objects() {
            if manifest::is_secret(&object) {
                self.secrets.insert(name_of(&object));
            }
            let content = if manifest::is_envelope(&object) {
                let found = manifest::read(shown, object);
                found.map(|found| Content::Envelope(Box::new(found.envelope)))
            } else if is_sealed_secret(&object) {
                let found = sealed_secret::read(shown, object, None);
                found.map(|found| Content::Sealed(Box::new(found.sealed)))
            } else {
                continue;
            };
            match content {
                Ok(content) => self.sealed.push(Version {
                    path: path.to_owned(),
                    shown: shown.to_owned(),
                    line: object.node.place().line,
                    content,
                }),
                Err(failure) => failures.push(failure),
            }
        }
        failures
    }
}

/// Puts versions of one resource together: by file and name, by name, and by a data key or a ciphertext that both have.
fn paired(then: Side, now: Side) -> Vec<Pair> {
    let name = |v: &Version| {
        (
            v.kind(),
            v.namespace().map(str::to_owned),
            v.name().to_owned(),
        )
    };
    let mut earlier = Vec::new();
    let (old, new) = (&then.sealed, &now.sealed);
    earlier.resize(new.len(), None);
    match_up(old, new, &mut earlier, |v| vec![(v.path.clone(), name(v))]);
    match_up(old, new, &mut earlier, |v| vec![name(v)]);
    match_up(old, new, &mut earlier, Version::traits);
    let mut old: Vec<_> = then.sealed.into_iter().map(Some).collect();
    let with_earlier = |(new, at): (Version, Option<usize>)| {
        let old = at.and_then(|at| old.get_mut(at)).and_then(Option::take);
        (Some(new), old)
    };
    let new: Vec<_> = now
        .sealed
        .into_iter()
        .zip(earlier)
        .map(with_earlier)
        .collect();
    let secrets = then.secrets;
    let mut pairs: Vec<Pair> = new
        .into_iter()
        .map(|(new, old)| {
            let named = new.as_ref().map(|version| {
                let namespace = version.namespace().map(str::to_owned);
                (namespace, Some(version.name().to_owned()))
            });
            let was = |(namespace, name): (_, Option<String>)| {
                secrets.contains(&(namespace, name.clone())) || secrets.contains(&(None, name))
            };
            let was_plaintext = old.is_none() && named.is_some_and(was);
            Pair {
                old,
                new,
                was_plaintext,
            }
        })
        .collect();
    pairs.extend(old.into_iter().flatten().map(|old| Pair {
        old: Some(old),
        new: None,
        was_plaintext: false,
    }));
    pairs.sort_by_key(|pair| {
        pair.either()
            .map(|version| (version.path.clone(), version.line))
    });
    pairs
}

/// Gives each of `new` that has none yet the first of `old` that shares a key with it and is nobody's
/// yet. It looks at each of them once: repositories have thousands.
fn match_up<T, K: Eq + Hash>(
    old: &[T],
    new: &[T],
    earlier: &mut [Option<usize>],
    keys: impl Fn(&T) -> Vec<K>,
) {
    let mut taken = vec![false; old.len()];
    for at in earlier.iter().flatten() {
        taken[*at] = true;
    }
    let mut by_key: HashMap<K, VecDeque<usize>> = HashMap::new();
    for (at, one) in old.iter().enumerate().filter(|(at, _)| !taken[*at]) {
        for key in keys(one) {
            by_key.entry(key).or_default().push_back(at);
        }
    }
    for (one, earlier) in new.iter().zip(earlier).filter(|(_, e)| e.is_none()) {
        let mut first = None;
        for key in keys(one) {
            let Some(left) = by_key.get_mut(&key) else {
                continue;
            };
            while left.front().is_some_and(|at| taken[*at]) {
                left.pop_front();
            }
            first = first.into_iter().chain(left.front().copied()).min();
        }
        if let Some(at) = first {
            taken[at] = true;
            *earlier = Some(at);
        }
    }
}

impl Version {
    /// Its kind.
    pub(super) fn kind(&self) -> &'static str {
        match self.content {
            Content::Envelope(_) => SECRET_ENVELOPE,
            Content::Sealed(_) => SEALED_SECRET,
        }
    }

    /// Its namespace; only a SealedSecret may be without.
    pub(super) fn namespace(&self) -> Option<&str> {
        match &self.content {
            Content::Envelope(envelope) => Some(envelope.namespace().as_str()),
            Content::Sealed(sealed) => sealed.namespace().map(|namespace| namespace.as_str()),
        }
    }

    /// Its name.
    pub(super) fn name(&self) -> &str {
        match &self.content {
            Content::Envelope(envelope) => envelope.name().as_str(),
            Content::Sealed(sealed) => sealed.name().as_str(),
        }
    }

    /// What no other resource has, and what it keeps under another name: data keys, or ciphertexts.
    fn traits(&self) -> Vec<String> {
        match &self.content {
            Content::Envelope(envelope) => {
                let keys = envelope.data_keys().iter();
                keys.map(|entry| entry.id.to_string()).collect()
            }
            Content::Sealed(sealed) => match sealed.sealed() {
                SealedData::Items(items) => {
                    let items = items.values().flatten();
                    items.map(ToString::to_string).collect()
                }
                SealedData::Legacy(item) => item.iter().map(ToString::to_string).collect(),
            },
        }
    }
}

impl Pair {
    /// The later version, or the earlier one of an envelope that is gone.
    pub(super) fn either(&self) -> Option<&Version> {
        self.new.as_ref().or(self.old.as_ref())
    }
}

fn name_of(object: &Object<'_>) -> (Option<String>, Option<String>) {
    (
        object.namespace().map(str::to_owned),
        object.name().map(str::to_owned),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_gets_the_first_that_is_left() {
        let old = [vec!["a", "b"], vec!["b"], vec!["c"], vec!["b"]];
        let new = [vec!["x"], vec!["b"], vec!["c", "a"], vec!["b"], vec!["b"]];
        let mut earlier = vec![None; new.len()];
        earlier[4] = Some(1);
        match_up(&old, &new, &mut earlier, Clone::clone);
        assert_eq!(earlier, [None, Some(0), Some(2), Some(3), Some(1)]);
    }

    #[test]
    fn pairing_does_not_compare_each_with_each() {
        // Ten thousand million comparisons would not come to an end.
        let old: Vec<u32> = (0..100_000).collect();
        let new: Vec<u32> = (0..100_000).rev().collect();
        let mut earlier = vec![None; new.len()];
        match_up(&old, &new, &mut earlier, |one| vec![*one]);
        let expected: Vec<_> = (0..100_000).rev().map(Some).collect();
        assert_eq!(earlier, expected);
        // All under one key.
        let mut earlier = vec![None; new.len()];
        match_up(&old, &new, &mut earlier, |_| vec![()]);
        assert_eq!(earlier, (0..100_000).map(Some).collect::<Vec<_>>());
    }
}
