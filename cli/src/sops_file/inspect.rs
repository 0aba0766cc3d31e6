//! Who can open a file of SOPS, and what is encrypted in it; told without any key.

use std::fmt::Write;
use std::path::Path;

use bulla_core::sops::{Audit, Store};
use serde_json::{Value, json};

use super::error::in_file;
use super::name_of;
use super::target::{Targets, beginning};
use crate::failure::Failure;
use crate::report::count;
use crate::shown::Shown;

/// A file as anybody can see it.
pub(crate) struct View {
    audit: Audit,
    store: Store,
    /// For each group, recipients with their names.
    groups: Vec<Vec<(String, Option<String>)>>,
}

impl View {
    /// Looks at a file.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn of(
        path: &Path,
        store: Store,
        bytes: &[u8],
        targets: &Targets<'_>,
    ) -> Result<Self, Failure> {
        let audit = store
            .audit(bytes)
            .map_err(|error| in_file("read", path, error))?;
        let named = |recipient: &String| (recipient.clone(), targets.name_of(path, recipient));
        let groups = audit.metadata.key_groups();
        let groups = groups.iter().map(|group| {
            let recipients = group.age.iter().map(|entry| &entry.recipient);
            recipients.map(named).collect()
        });
        Ok(Self {
            groups: groups.collect(),
            audit,
            store,
        })
    }

    /// For people.
    pub(crate) fn text(&self, path: &Path) -> String {
        let metadata = &self.audit.metadata;
        let mut text = format!("{}: a file of SOPS, {}\n", Shown(path), name_of(self.store));
        let mut line = |name: &str, what: String| {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "  {name:<12}  {what}");
        };
        let groups = metadata.key_groups();
        let several = groups.len() > 1;
        for (nth, (group, named)) in groups.iter().zip(&self.groups).enumerate() {
            let name = match several {
                true => format!("group {}", nth + 1),
                false => "can open".to_owned(),
            };
            let mut all: Vec<String> = named.iter().map(shown).collect();
            all.extend(group.others.iter().cloned());
            line(&name, all.join(", "));
        }
        if several {
            let needed = metadata.shamir_threshold().unwrap_or(groups.len());
            line("needed", format!("{needed} of {} groups", groups.len()));
        }
        if let Ok(selector) = metadata.selector() {
            let which = match self.store {
                Store::Binary => "all of it".to_owned(),
                _ => format!(
                    "{} `{}`",
                    selector.kind().name(),
                    selector.text().escape_debug()
                ),
            };
            line("encrypted", which);
        }
        let closed = count(self.audit.closed.len(), "value");
        line(
            "values",
            format!("{closed} encrypted, {} readable", self.audit.plain),
        );
        if !self.audit.readable.is_empty() {
            let paths: Vec<_> = self
                .audit
                .readable
                .iter()
                .map(ToString::to_string)
                .collect();
            line(
                "plaintext",
                format!("{}, which should be encrypted", paths.join(", ")),
            );
        }
        let mac = match (self.audit.has_mac(), metadata.mac_only_encrypted()) {
            (false, _) => "none",
            (true, true) => "over encrypted values",
            (true, false) => "over all values",
        };
        line("MAC", mac.to_owned());
        if let Ok(time) = metadata.last_modified() {
            line("changed", time);
        }
        if let Some(version) = metadata.version() {
            let shown = version.chars().take(32).flat_map(char::escape_debug);
            line("written by", format!("sops {}", shown.collect::<String>()));
        }
        text
    }

    /// For programs.
    pub(crate) fn json(&self, path: &Path) -> Value {
        let metadata = &self.audit.metadata;
        let groups = metadata.key_groups();
        let groups: Vec<Value> = groups
            .iter()
            .zip(&self.groups)
            .map(|(group, named)| {
                let recipients = named
                    .iter()
                    .map(|(recipient, name)| json!({"name": name, "recipient": recipient}));
                json!({"recipients": recipients.collect::<Vec<_>>(), "providers": group.others})
            })
            .collect();
        let paths = |all: &[bulla_core::sops::At]| -> Vec<String> {
            all.iter().map(ToString::to_string).collect()
        };
        let selector = metadata
            .selector()
            .ok()
            .filter(|_| self.store != Store::Binary);
        json!({
            "path": path.to_string_lossy(),
            "kind": "SOPS",
            "store": name_of(self.store),
            "groups": groups,
            "threshold": metadata.shamir_threshold(),
            "selector": selector.map(|found| json!({"kind": found.kind().name(), "text": found.text()})),
            "encrypted": paths(&self.audit.closed),
            "plaintext": paths(&self.audit.readable),
            "readable": self.audit.plain,
            "mac": self.audit.has_mac(),
            "macOnlyEncrypted": metadata.mac_only_encrypted(),
            "lastModified": metadata.last_modified().ok(),
            "version": metadata.version(),
        })
    }
}

fn shown((recipient, name): &(String, Option<String>)) -> String {
    match name {
        Some(name) => format!("{name} ({})", beginning(recipient)),
        None => beginning(recipient),
    }
}
