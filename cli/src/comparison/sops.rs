//! Files of SOPS of a revision beside those of the work tree: which values, recipients and selectors differ, told by
//! their ciphertexts alone.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};

use bulla_core::policy::Config;
use bulla_core::recipient::{Fingerprint, Recipient};
use bulla_core::sops::{SopsError, Store};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::sops_values;
use crate::failure::Failure;
use crate::identities::Identities;
use crate::report::count;
use crate::shown::Shown;
use crate::sops_file::recognise;
use crate::sops_file::target::beginning;

/// A file that is of SOPS on one side at least.
pub(super) struct SopsPair {
    shown: PathBuf,
    old: Option<Version>,
    new: Option<Version>,
    /// The revision had the same file in plaintext.
    was_plaintext: bool,
    /// Both sides as they are, for who can open them.
    sides: [Option<Zeroizing<Vec<u8>>>; 2],
}

/// What can be seen of a file.
struct Version {
    values: BTreeMap<String, String>,
    /// Values that are readable and should not be.
    readable: BTreeSet<String>,
    recipients: BTreeSet<String>,
    providers: BTreeSet<String>,
    selector: Option<String>,
    mac: bool,
}

/// Puts both sides of a file together; nothing where it is of SOPS on neither.
///
/// # Errors
/// What is wrong with the later side.
pub(super) fn pair(
    path: &Path,
    shown: &Path,
    old: Option<&[u8]>,
    new: Option<&[u8]>,
) -> Result<Option<SopsPair>, SopsError> {
    let version = |bytes: Option<&[u8]>| {
        let bytes = bytes?;
        Some(Version::of(recognise(path, bytes)?, bytes))
    };
    let (earlier, later) = (version(old), version(new).transpose()?);
    let was_plaintext = old.is_some() && earlier.is_none() && later.is_some();
    if earlier.is_none() && later.is_none() {
        return Ok(None);
    }
    Ok(Some(SopsPair {
        shown: shown.to_owned(),
        // One that could not be read counts as if it had not been there.
        old: earlier.and_then(Result::ok),
        new: later,
        was_plaintext,
        sides: [old, new].map(|side| side.map(|bytes| Zeroizing::new(bytes.to_vec()))),
    }))
}

impl Version {
    fn of(store: Store, bytes: &[u8]) -> Result<Self, SopsError> {
        let audit = store.audit(bytes)?;
        let groups = audit.metadata.key_groups();
        let entries = groups.iter().flat_map(|group| &group.age);
        let others = groups.iter().flat_map(|group| &group.others);
        let selector = audit
            .metadata
            .selector()
            .ok()
            .filter(|_| store != Store::Binary);
        Ok(Self {
            values: store.ciphertexts(bytes)?.into_iter().collect(),
            readable: audit.readable.iter().map(ToString::to_string).collect(),
            recipients: entries.map(|entry| entry.recipient.clone()).collect(),
            providers: others.cloned().collect(),
            selector: selector.map(|found| format!("{} `{}`", found.kind().name(), found.text())),
            mac: audit.has_mac(),
        })
    }
}

impl SopsPair {
    /// For people: its lines.
    pub(super) fn text(&self, config: Option<&Config>) -> String {
        let suffix = match (&self.old, &self.new) {
            (None, _) => " is new",
            (_, None) => " is gone",
            _ => "",
        };
        let mut text = format!("{}: a file of SOPS{suffix}\n", Shown(&self.shown));
        for (what, content) in self.lines(config) {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "  {what:<11}{content}");
        }
        text
    }

    /// For whoever can open both sides: the lines that differ.
    ///
    /// # Errors
    /// Those of opening either.
    pub(super) fn values_text(
        &self,
        identities: &Identities,
    ) -> Result<Zeroizing<String>, Failure> {
        let sides = self
            .sides
            .each_ref()
            .map(|side| side.as_ref().map(|bytes| bytes.as_slice()));
        sops_values::text(&self.shown, sides, identities)
    }

    fn lines(&self, config: Option<&Config>) -> Vec<(&'static str, String)> {
        let mut lines = Vec::new();
        if self.was_plaintext {
            let note =
                "was readable: its values stay in the history of Git, change them at their source";
            lines.push(("warning", note.to_owned()));
        }
        if let Some(new) = self.new.as_ref().filter(|new| !new.readable.is_empty()) {
            let paths = joined(new.readable.iter());
            lines.push((
                "warning",
                format!("{paths} readable, and should be encrypted"),
            ));
        }
        if self.new.as_ref().is_some_and(|new| !new.mac) {
            lines.push(("warning", "it has no MAC".to_owned()));
        }
        let called = |one: &String| called(one, config);
        let (Some(old), Some(new)) = (&self.old, &self.new) else {
            if let Some(one) = self.old.as_ref().or(self.new.as_ref()) {
                lines.push(("values", count(one.values.len(), "value")));
                let names: Vec<_> = one.recipients.iter().map(called).collect();
                lines.push(("can open", names.join(", ")));
            }
            return lines;
        };
        for (what, paths) in self.values() {
            if !paths.is_empty() {
                lines.push((what, joined(paths.into_iter())));
            }
        }
        for (what, one, other) in [("added", new, old), ("removed", old, new)] {
            let names = one.recipients.difference(&other.recipients).map(called);
            let providers = one.providers.difference(&other.providers).cloned();
            let all: Vec<_> = names.chain(providers).collect();
            if !all.is_empty() {
                lines.push(("recipients", format!("{what} {}", all.join(", "))));
            }
        }
        if old.selector != new.selector {
            let shown = |version: &Version| version.selector.clone().unwrap_or_default();
            let text = format!("{} now, {} before", shown(new), shown(old));
            lines.push(("encrypted", text.escape_debug().to_string()));
        }
        if self.no_value_changed() {
            let values = count(new.values.len(), "value");
            lines.push((
                "proof",
                format!("no value changed: {values} byte for byte as before"),
            ));
        }
        lines
    }

    fn values(&self) -> [(&'static str, Vec<&String>); 3] {
        let (Some(old), Some(new)) = (&self.old, &self.new) else {
            return [("changed", vec![]), ("new", vec![]), ("gone", vec![])];
        };
        let changed = new.values.iter().filter(|(path, text)| {
            let before = old.values.get(*path);
            before.is_some_and(|before| before != *text)
        });
        let only = |one: &'_ Version, other: &Version| {
            let paths = one
                .values
                .keys()
                .filter(|path| !other.values.contains_key(*path));
            paths.cloned().collect::<BTreeSet<_>>()
        };
        let (added, gone) = (only(new, old), only(old, new));
        [
            ("changed", changed.map(|(path, _)| path).collect()),
            (
                "new",
                new.values
                    .keys()
                    .filter(|path| added.contains(*path))
                    .collect(),
            ),
            (
                "gone",
                old.values
                    .keys()
                    .filter(|path| gone.contains(*path))
                    .collect(),
            ),
        ]
    }

    pub(super) fn no_value_changed(&self) -> bool {
        let both = self.old.is_some() && self.new.is_some();
        both && self.values().iter().all(|(_, paths)| paths.is_empty())
    }

    /// For programs.
    pub(super) fn json(&self) -> Value {
        let change = match (&self.old, &self.new) {
            (None, _) => "added",
            (_, None) => "removed",
            _ => "changed",
        };
        let [changed, added, gone] = self.values().map(|(_, paths)| paths);
        let none = BTreeSet::new();
        let of = |version: &Option<Version>| {
            version
                .as_ref()
                .map_or(none.clone(), |one| one.recipients.clone())
        };
        let (old, new) = (of(&self.old), of(&self.new));
        json!({
            "change": change,
            "path": self.shown.to_string_lossy(),
            "kind": "SOPS",
            "wasPlaintext": self.was_plaintext,
            "values": {"changed": changed, "added": added, "removed": gone},
            "recipients": {
                "added": new.difference(&old).map(as_json).collect::<Vec<_>>(),
                "removed": old.difference(&new).map(as_json).collect::<Vec<_>>(),
            },
            "plaintext": self.new.as_ref().map(|new| &new.readable),
            "noValueChanged": self.no_value_changed(),
        })
    }
}

fn joined<'p>(paths: impl Iterator<Item = &'p String>) -> String {
    paths.cloned().collect::<Vec<_>>().join(", ")
}

/// As recipients of envelopes are called, which have a fingerprint and no public key.
fn called(recipient: &str, config: Option<&Config>) -> String {
    let Some(fingerprint) = fingerprint(recipient) else {
        return beginning(recipient);
    };
    match config.and_then(|config| config.party_of(&fingerprint)) {
        Some((party, _)) => format!("{} ({fingerprint})", party.name),
        None => format!("{fingerprint} ({})", beginning(recipient)),
    }
}

fn as_json(recipient: &String) -> Value {
    let fingerprint = fingerprint(recipient).map(|found| found.to_string());
    json!({"recipient": fingerprint, "publicKey": recipient})
}

fn fingerprint(recipient: &str) -> Option<Fingerprint> {
    let known: Recipient = recipient.parse().ok()?;
    Some(known.fingerprint())
}
