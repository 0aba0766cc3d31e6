//! The values of two versions of a sealed resource, line by line, for whoever can open both.

use std::fmt::Write;

use bulla_core::names::KeyName;
use bulla_core::plaintext::Plaintext;
use similar::{ChangeTag, TextDiff};
use zeroize::Zeroizing;

use super::pairs::{Content, Pair, Version};
use crate::editor::view::{Known, readable};
use crate::failure::Failure;
use crate::identities::Identities;
use crate::located::InFile;
use crate::sealed_secret;

/// Values by key, before and after.
pub(super) struct Values {
    before: Known,
    after: Known,
}

impl Values {
    /// Opens what there is of both versions.
    ///
    /// # Errors
    /// [`OpenError`](bulla_core::envelope::OpenError), with who could have opened it.
    pub(super) fn of(pair: &Pair, identities: &Identities) -> Result<Self, Failure> {
        let open = |version: &Option<Version>| match version {
            Some(version) => opened(version, identities),
            None => Ok(Known::new()),
        };
        Ok(Self {
            before: open(&pair.old)?,
            after: open(&pair.new)?,
        })
    }

    /// The differences: `-` stands before what was, `+` before what is.
    pub(super) fn text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::new());
        let gone = self.before.keys();
        let new = self
            .after
            .keys()
            .filter(|key| !self.before.contains_key(*key));
        let mut keys: Vec<_> = gone.chain(new).collect();
        keys.sort();
        for key in keys {
            self.of_key(key, &mut text);
        }
        if text.is_empty() {
            text.push_str("  no value differs\n");
        }
        text
    }

    fn of_key(&self, key: &KeyName, text: &mut String) {
        // Revealed to the one who holds the key and asked for it.
        let bytes = |side: &'_ Known| side.get(key).map(|value| value.reveal().to_vec());
        let (before, after) = (
            bytes(&self.before).map(Zeroizing::new),
            bytes(&self.after).map(Zeroizing::new),
        );
        if before == after {
            return;
        }
        let _ = writeln!(text, "  {key}:");
        let lines = |side: &Option<Zeroizing<Vec<u8>>>| match side {
            None => Some(Zeroizing::new(String::new())),
            Some(bytes) => readable(bytes).map(|text| Zeroizing::new(text.to_owned())),
        };
        let (Some(before), Some(after)) = (lines(&before), lines(&after)) else {
            let _ = writeln!(text, "    values that are no text differ");
            return;
        };
        for change in TextDiff::from_lines(before.as_str(), after.as_str()).iter_all_changes() {
            let sign = match change.tag() {
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
                ChangeTag::Equal => ' ',
            };
            let line = change.value();
            let _ = writeln!(
                text,
                "    {sign}{}",
                line.strip_suffix('\n').unwrap_or(line)
            );
        }
        if before.lines().eq(after.lines()) {
            let _ = writeln!(text, "    only the ends of lines differ");
        }
    }
}

fn opened(version: &Version, identities: &Identities) -> Result<Known, Failure> {
    let copied = |values: &Known| {
        let copy = |(key, value): (&KeyName, &Plaintext)| (key.clone(), value.duplicate());
        values.iter().map(copy).collect()
    };
    match &version.content {
        Content::Envelope(envelope) => {
            let opened = envelope.open(&identities.ring).map_err(|error| {
                let error = identities.explain(envelope, error);
                Failure::from(InFile::new("open", &version.shown, error))
            })?;
            Ok(copied(opened.values()))
        }
        Content::Sealed(sealed) => {
            let opened = sealed_secret::unseal(sealed, identities)
                .map_err(|error| InFile::new("open", &version.shown, error))?;
            Ok(copied(opened.values()))
        }
    }
}
