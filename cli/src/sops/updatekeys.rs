//! `sops updatekeys`: the data key of files, closed for whom the configuration names now.

use std::path::PathBuf;

use bulla_core::recipient::Recipient;
use bulla_core::sops::Metadata;
use rand_core::OsRng;

use super::error::{CommandError, Ended, in_core};
use super::grammar::Flag;
use super::line::Line;
use super::rules::Rules;
use super::source::Source;
use super::{confirm, keys, plan, recipients, result};
use crate::failure::Failure;
use crate::located::InFile;
use crate::printer::Printer;

/// Carries it out, file by file.
pub(super) fn run(line: &Line, printer: &Printer) -> Result<(), Ended> {
    let rules = Rules::find(line, printer)?;
    if rules.located().is_none() {
        return Err(CommandError::NoConfig.into());
    }
    if line.words.is_empty() {
        return Err(CommandError::NoFile.into());
    }
    let mut wrong = 0;
    for word in &line.words {
        match one(line, PathBuf::from(word), &rules, printer) {
            Ok(()) => {}
            Err(ended) if line.words.len() == 1 || ended.is_interrupted() => return Err(ended),
            // One file that is wrong keeps no others from what they are to become.
            Err(ended) => {
                ended.print();
                wrong += 1;
            }
        }
    }
    match wrong {
        0 => Ok(()),
        wrong => Err(CommandError::NotUpdated(wrong).into()),
    }
}

fn one(line: &Line, path: PathBuf, rules: &Rules, printer: &Printer) -> Result<(), Ended> {
    match std::fs::metadata(&path) {
        Err(error) => return Err(Failure::from(InFile::io("find", &path, error)).into()),
        Ok(found) if found.is_dir() => {
            let name = path.to_string_lossy().into_owned();
            return Err(CommandError::Directory(name).into());
        }
        Ok(_) => {}
    }
    let shown = rules.here().join(&path);
    printer.say(format_args!("Syncing keys for file {}", shown.display()));
    let source = Source::of_file(line, path.clone())?;
    let at = source.shown();
    let failed = |error| in_core(error, false).inside(&at);
    let mut metadata = source.metadata()?;
    let rule = rules.rule_for(&path)?.ok_or(CommandError::NoKeys)?;
    let beside_others = recipients::beside_others(&metadata, &rule.groups)?;
    let groups: Vec<Vec<Recipient>> = match &beside_others {
        Some(group) => vec![group.clone()],
        None => {
            let groups = rule.groups.iter().map(recipients::of_group);
            groups.collect::<Result<_, _>>()?
        }
    };
    if beside_others.is_some() {
        printer.warn("keys of other providers stay as they are: only age recipients are compared");
    } else if groups.iter().any(Vec::is_empty) {
        return Err(CommandError::NoKeys.into());
    }
    let threshold = plan::threshold_of(line)?.or(rule.threshold);
    let changes = Changes::between(&metadata, &groups, threshold);
    if changes.is_empty() {
        printer.say(format_args!("File {} already up to date", shown.display()));
        return Ok(());
    }
    printer.data(changes.told("file's groups").as_bytes())?;
    if !line.has(Flag::Yes) && !confirm::ask("Is this okay? (y/n):", printer)? {
        printer.say(format_args!("File {} left unchanged", shown.display()));
        return Ok(());
    }
    let identities = keys::at_hand(printer)?;
    let key = metadata.open_data_key(&identities.ring);
    let key = key.map_err(|error| keys::explained(error, &identities).inside(&at))?;
    match &beside_others {
        Some(group) => metadata.exchange_recipients(&key, group),
        None => metadata.close_data_key(&key, &groups, threshold, &mut OsRng),
    }
    .map_err(|error| failed(error).code(1))?;
    let written = source.store.replace_metadata(&source.bytes, &metadata);
    result::write(&path, &written.map_err(|error| failed(error).code(1))?)?;
    printer.say(format_args!(
        "File {} synced with new keys",
        shown.display()
    ));
    Ok(())
}

/// What changes for recipients, in the layout of sops.
pub(super) struct Changes {
    lines: Vec<String>,
}

impl Changes {
    /// What a file with other recipients would have changed.
    pub(super) fn between(
        metadata: &Metadata,
        wanted: &[Vec<Recipient>],
        threshold: Option<usize>,
    ) -> Self {
        let own = metadata.key_groups();
        let own: Vec<Vec<&str>> = own
            .iter()
            .map(|group| {
                let entries = group.age.iter().map(|entry| entry.recipient.as_str());
                entries.collect()
            })
            .collect();
        let mut lines = Vec::new();
        let after = match wanted.len() {
            1 => 1,
            all => threshold.unwrap_or(all),
        };
        // A file without one says nothing about it.
        let before = metadata
            .shamir_threshold()
            .filter(|before| *before != after);
        let mut changed = before.is_some() && (own.len() > 1 || wanted.len() > 1);
        if let Some(before) = before.filter(|_| changed) {
            lines.push(format!("+++ shamir_threshold: {after}"));
            lines.push(format!("--- shamir_threshold: {before}"));
        }
        for nth in 0..own.len().max(wanted.len()) {
            lines.push(format!("Group {}", nth + 1));
            let own = own.get(nth).map_or(&[][..], Vec::as_slice);
            let wanted = wanted.get(nth).map_or(&[][..], Vec::as_slice);
            for recipient in wanted {
                let there = own.contains(&recipient.as_str());
                changed |= !there;
                let mark = if there { "   " } else { "+++" };
                lines.push(format!("{mark} {recipient}"));
            }
            for recipient in own {
                if !wanted.iter().any(|wanted| wanted.as_str() == *recipient) {
                    changed = true;
                    lines.push(format!("--- {recipient}"));
                }
            }
        }
        if !changed {
            lines.clear();
        }
        Self { lines }
    }

    /// True where nothing does.
    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// The words of sops for it.
    pub(super) fn told(&self, of: &str) -> String {
        let mut text = format!("The following changes will be made to the {of}:\n");
        for line in &self.lines {
            text += line;
            text.push('\n');
        }
        text
    }
}
