//! Differences as people and programs read them.

use std::fmt::Write;

use bulla_core::envelope::RecipientHint;
use bulla_core::policy::Config;
use bulla_core::policy::compare::{
    Comparison, DataKeyChange, Presence, ValueChange, compare, compare_sealed,
};
use serde_json::{Map, Value, json};

use super::pairs::{Content, Pair, Pairs, Version};
use super::sops::SopsPair;
use crate::report::count;
use crate::shown::Shown;

/// One sealed resource that differs.
pub(super) struct Change<'p> {
    pair: &'p Pair,
    /// Nothing for one that is new or gone.
    comparison: Option<Comparison>,
}

/// The sealed resources that differ, or lie in another file than before.
pub(super) fn changes(pairs: &Pairs) -> Vec<Change<'_>> {
    pairs.pairs.iter().filter_map(Change::of).collect()
}

/// One of them, for people.
pub(super) fn as_text(change: &Change<'_>, config: Option<&Config>) -> String {
    let mut text = String::new();
    let Some(version) = change.pair.either() else {
        return text;
    };
    let name = match version.namespace() {
        Some(namespace) => format!("{namespace}/{}", version.name()),
        None => version.name().to_owned(),
    };
    let _ = writeln!(
        text,
        "{}, line {}: {} `{name}`{}",
        Shown(&version.shown),
        version.line,
        version.kind(),
        change.suffix()
    );
    for (what, content) in change.lines(config) {
        let _ = writeln!(text, "  {what:<11}{content}");
    }
    text
}

impl<'p> Change<'p> {
    fn of(pair: &'p Pair) -> Option<Self> {
        let (Some(old), Some(new)) = (&pair.old, &pair.new) else {
            return Some(Self {
                pair,
                comparison: None,
            });
        };
        let comparison = match (&old.content, &new.content) {
            (Content::Envelope(old), Content::Envelope(new)) => compare(old, new),
            (Content::Sealed(old), Content::Sealed(new)) => compare_sealed(old, new),
            _ => unreachable!("only resources of one kind are paired"),
        };
        let differs = !comparison.is_empty() || old.shown != new.shown;
        differs.then_some(Self {
            pair,
            comparison: Some(comparison),
        })
    }

    /// The two versions.
    pub(super) fn pair(&self) -> &'p Pair {
        self.pair
    }

    fn suffix(&self) -> &'static str {
        match (&self.pair.old, &self.pair.new) {
            (None, _) => " is new",
            (_, None) => " is gone",
            _ => "",
        }
    }

    fn lines(&self, config: Option<&Config>) -> Vec<(&'static str, String)> {
        let mut lines = Vec::new();
        if self.pair.was_plaintext {
            let note = "was a readable Secret: its values stay in the history of Git, change them at their source";
            lines.push(("warning", note.to_owned()));
        }
        let (Some(comparison), Some(old), Some(new)) =
            (&self.comparison, &self.pair.old, &self.pair.new)
        else {
            lines.extend(self.one_sided(config));
            return lines;
        };
        if old.shown != new.shown {
            lines.push(("moved", format!("from {}", Shown(&old.shown))));
        }
        if let Some((before, after)) = &comparison.place {
            lines.push(("place", format!("opens in {after} now, in {before} before")));
        }
        if !comparison.no_value_changed() {
            lines.push(("values", values(comparison)));
        }
        lines.extend(
            comparison
                .data_keys
                .iter()
                .map(|key| ("data key", data_key(key, config))),
        );
        if !comparison.template.is_empty() {
            lines.push((
                "template",
                format!("{} changed", comparison.template.join(", ")),
            ));
        }
        if comparison.no_value_changed() {
            let number = count(comparison.values.len(), "value");
            let proof = match new.content {
                Content::Envelope(_) => "byte for byte as before, under the same commitments",
                Content::Sealed(_) => "byte for byte as before",
            };
            lines.push(("proof", format!("no value changed: {number} {proof}")));
        }
        lines
    }

    fn one_sided(&self, config: Option<&Config>) -> Vec<(&'static str, String)> {
        let envelope = match self.pair.either().map(|version| &version.content) {
            Some(Content::Envelope(envelope)) => envelope,
            Some(Content::Sealed(sealed)) => {
                let keys: Vec<&str> = sealed.keys().map(|key| key.as_str()).collect();
                let opens = format!("in {} (scope {})", sealed.label(), sealed.scope());
                return vec![("values", keys.join(", ")), ("opens", opens)];
            }
            None => return Vec::new(),
        };
        let keys: Vec<&str> = envelope.data().keys().map(|key| key.as_str()).collect();
        let mut lines = vec![("values", keys.join(", "))];
        for entry in envelope.data_keys() {
            let hints: Vec<_> = entry
                .closed_for
                .iter()
                .map(|closed| closed.recipient.clone())
                .collect();
            lines.push((
                "data key",
                format!("{} is closed for {}", entry.id, people(&hints, config)),
            ));
        }
        lines
    }
}

fn values(comparison: &Comparison) -> String {
    let with = |wanted: ValueChange| -> Vec<&str> {
        let changed = comparison
            .values
            .iter()
            .filter(|(_, change)| **change == wanted);
        changed.map(|(key, _)| key.as_str()).collect()
    };
    let mut parts = Vec::new();
    for (change, verb) in [
        (ValueChange::Added, "added"),
        (ValueChange::Removed, "removed"),
        (ValueChange::Resealed, "sealed anew"),
    ] {
        let keys = with(change);
        parts.extend((!keys.is_empty()).then(|| format!("{verb}: {}", keys.join(", "))));
    }
    let untouched = with(ValueChange::Untouched).len();
    parts.extend((untouched > 0).then(|| format!("{untouched} untouched")));
    parts.join("; ")
}

fn data_key(key: &DataKeyChange, config: Option<&Config>) -> String {
    let mut parts = Vec::new();
    let mut part = |hints: &[RecipientHint], before: &str| {
        parts.extend((!hints.is_empty()).then(|| format!("{before} {}", people(hints, config))));
    };
    match key.presence {
        Presence::New => part(&key.added, "is new, closed for"),
        Presence::Gone => part(&key.removed, "is gone, was closed for"),
        Presence::Kept => {
            part(&key.added, "is now also closed for");
            part(&key.removed, "is no longer closed for");
            part(&key.rewrapped, "is closed again for");
            part(&key.forgotten, "FORGETS that it was once closed for");
        }
    }
    parts.extend(
        key.replaced
            .then(|| "IS ANOTHER DATA KEY under the same id".to_owned()),
    );
    parts.extend(
        key.retagged
            .then(|| "vouches for another template".to_owned()),
    );
    format!("{} {}", key.id, parts.join("; "))
}

/// Names by the configuration, or as the file has them.
fn people(hints: &[RecipientHint], config: Option<&Config>) -> String {
    let shown = |hint: &RecipientHint| match config
        .and_then(|config| config.party_of(&hint.fingerprint))
    {
        Some((party, _)) => format!("{} ({})", party.name, hint.fingerprint),
        None if hint.name.as_str() == hint.fingerprint.to_string() => hint.fingerprint.to_string(),
        None => format!("{} (called `{}` in the file)", hint.fingerprint, hint.name),
    };
    hints.iter().map(shown).collect::<Vec<_>>().join(", ")
}

/// The last line.
pub(super) fn summary(changes: &[Change<'_>], pairs: &Pairs, revision: &str) -> String {
    let against = revision.escape_debug();
    let is_sealed = |change: &Change<'_>| {
        let either = change.pair.either();
        either.is_some_and(|version| matches!(version.content, Content::Sealed(_)))
    };
    let what = match changes.iter().any(is_sealed) {
        true => "sealed resource",
        false => "envelope",
    };
    let mut text = if changes.is_empty() {
        format!("no {what} differs from `{against}`")
    } else {
        let all = changes.iter().all(|change| {
            change
                .comparison
                .as_ref()
                .is_some_and(Comparison::no_value_changed)
        });
        let proof = if all { "; no value changed" } else { "" };
        let verb = if changes.len() == 1 {
            "differs"
        } else {
            "differ"
        };
        format!(
            "{} {verb} from `{against}`{proof}",
            count(changes.len(), what)
        )
    };
    if !pairs.sops.is_empty() {
        let (files, all) = (count(pairs.sops.len(), "file"), pairs.sops.iter());
        let verb = if pairs.sops.len() == 1 {
            "differs"
        } else {
            "differ"
        };
        let proof = match all.clone().all(SopsPair::no_value_changed) {
            true => ", and no value changed",
            false => "",
        };
        let sentence = format!("{files} of SOPS {verb} from `{against}`{proof}");
        text = match changes.is_empty() {
            true => sentence,
            false => format!("{text}; {sentence}"),
        };
    }
    if pairs.unreadable_before > 0 {
        let _ = write!(
            text,
            "; {} can't be read in it",
            count(pairs.unreadable_before, "envelope")
        );
    }
    if pairs.files_unchanged > 0 {
        let _ = write!(
            text,
            " ({} unchanged)",
            count(pairs.files_unchanged, "manifest")
        );
    }
    text
}

/// For programs.
pub(super) fn as_json(changes: &[Change<'_>], pairs: &Pairs) -> Value {
    let sops = pairs.sops.iter().map(SopsPair::json);
    changes.iter().map(Change::json).chain(sops).collect()
}

impl Change<'_> {
    fn json(&self) -> Value {
        let either = self.pair.either();
        let path = |version: &Option<Version>| {
            version
                .as_ref()
                .map(|v| v.shown.to_string_lossy().into_owned())
        };
        let kind = match (&self.pair.old, &self.pair.new) {
            (None, _) => "added",
            (_, None) => "removed",
            _ => "changed",
        };
        let mut json = json!({
            "change": kind,
            "path": path(&self.pair.new),
            "pathBefore": path(&self.pair.old),
            "kind": either.map(Version::kind),
            "namespace": either.and_then(Version::namespace),
            "name": either.map(Version::name),
            "wasPlaintext": self.pair.was_plaintext,
        });
        if let (Some(comparison), Some(json)) = (&self.comparison, json.as_object_mut()) {
            json.extend(details(comparison));
        }
        json
    }
}

fn details(comparison: &Comparison) -> Map<String, Value> {
    let word = |change: &ValueChange| match change {
        ValueChange::Added => "added",
        ValueChange::Removed => "removed",
        ValueChange::Resealed => "resealed",
        ValueChange::Untouched => "untouched",
    };
    let values: Map<_, _> = comparison
        .values
        .iter()
        .map(|(key, change)| (key.to_string(), word(change).into()))
        .collect();
    let place = comparison
        .place
        .as_ref()
        .map(|(old, new)| json!({"before": old.to_string(), "after": new.to_string()}));
    let map = json!({
        "values": values,
        "dataKeys": comparison.data_keys.iter().map(key_json).collect::<Vec<_>>(),
        "template": comparison.template,
        "place": place,
        "noValueChanged": comparison.no_value_changed(),
        "onlyRecipientsChanged": comparison.only_recipients_changed(),
    });
    map.as_object().cloned().unwrap_or_default()
}

fn key_json(key: &DataKeyChange) -> Value {
    let hints = |hints: &[RecipientHint]| -> Value {
        let one = |hint: &RecipientHint| json!({"name": hint.name.as_str(), "recipient": hint.fingerprint.to_string()});
        hints.iter().map(one).collect()
    };
    json!({
        "id": key.id.as_str(),
        "change": match key.presence {
            Presence::New => "added",
            Presence::Gone => "removed",
            Presence::Kept => "changed",
        },
        "added": hints(&key.added),
        "removed": hints(&key.removed),
        "rewrapped": hints(&key.rewrapped),
        "forgotten": hints(&key.forgotten),
        "replaced": key.replaced,
        "retagged": key.retagged,
    })
}
