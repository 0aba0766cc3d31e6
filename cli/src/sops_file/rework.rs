//! Files of SOPS for other recipients, or under new data keys: `bulla rewrap` and `bulla reseal`.

use std::collections::BTreeSet;
use std::path::Path;

use bulla_core::sops::{DataKey, Difference, MacPolicy, Metadata, Opener, Setting};
use rand_core::OsRng;
use zeroize::Zeroizing;

use super::error::{SopsUsage, in_file, unopened};
use super::kept_keys::KeptKeys;
use super::opening::SopsFile;
use super::place;
use super::seal::now;
use super::target::Target;
use crate::failure::Failure;
use crate::identities::Identities;
use crate::input::is_stdin;
use crate::located::InFile;
use crate::many;
use crate::printer::Printer;
use crate::progress::Progress;
use crate::report::count;
use crate::shown::Shown;

/// What is done to each file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    /// Every value anew, under a fresh data key.
    Reseal,
    /// Closed for just those whom the rule names; where somebody leaves, as for reseal.
    Rewrap,
}

/// A file that was worked on.
pub(crate) struct Reworked {
    /// All of it, where it changes.
    pub(crate) bytes: Option<Vec<u8>>,
    /// Standard input that stays as it is: it goes on all the same.
    pub(crate) passed_on: Option<Zeroizing<Vec<u8>>>,
    note: String,
    /// Who could open it until now, and which values those are.
    removed: Vec<String>,
    seen: Vec<String>,
}

/// Works on files side by side; each distinct data key is unwrapped once. The results are in the order of the files.
pub(crate) fn all(
    files: &[(SopsFile, Target)],
    action: Action,
    identities: &Identities,
    progress: &Progress,
) -> Vec<Result<Reworked, Failure>> {
    let kept = KeptKeys::new(&identities.ring);
    let now = now();
    let setting = Setting {
        mac: MacPolicy::Verify,
        now: &now,
    };
    many::each(files, Some(progress), |(file, target)| {
        let work = Work {
            file,
            target,
            opener: &kept,
            identities,
            setting,
        };
        work.on(action)
    })
}

struct Work<'w, O> {
    file: &'w SopsFile,
    target: &'w Target,
    opener: &'w O,
    identities: &'w Identities,
    setting: Setting<'w>,
}

impl<O: Opener> Work<'_, O> {
    fn on(&self, action: Action) -> Result<Reworked, Failure> {
        let path = self.file.path.as_path();
        let metadata = self.file.store.metadata(&self.file.bytes);
        let metadata = metadata.map_err(|error| in_file("read", path, error))?;
        let Target {
            groups, threshold, ..
        } = self.target;
        let difference = metadata.difference(groups, *threshold);
        match action {
            Action::Reseal => {
                let bytes = self.renewed(&metadata, action)?;
                let values = count(self.values().len(), "value");
                let mut note = format!("{}: {values}, for {}", Shown(path), self.target.everyone());
                for place in place::missing(self.file) {
                    note += &format!("; its place was missing, and is `{place}` from now on");
                }
                Ok(Reworked::changed(bytes, note))
            }
            Action::Rewrap if difference.is_none() => Ok(Reworked {
                bytes: None,
                passed_on: is_stdin(path).then(|| self.file.bytes.clone()),
                note: String::new(),
                removed: Vec::new(),
                seen: Vec::new(),
            }),
            // Whoever leaves keeps the data key; from now on it must be another.
            Action::Rewrap if !difference.surplus.is_empty() => {
                let bytes = self.renewed(&metadata, action)?;
                let note = format!(
                    "{}: {}, under a new data key",
                    Shown(path),
                    self.told(&difference)
                );
                let mut reworked = Reworked::changed(bytes, note);
                let removed = difference.surplus.iter();
                reworked.removed = removed.map(|one| self.target.called(one)).collect();
                reworked.seen = self.values();
                Ok(reworked)
            }
            Action::Rewrap => {
                let note = format!("{}: {}", Shown(path), self.told(&difference));
                Ok(Reworked::changed(self.added(metadata)?, note))
            }
        }
    }

    /// The same data key for more recipients, or in other shares; values and MAC stay.
    fn added(&self, mut metadata: Metadata) -> Result<Vec<u8>, Failure> {
        let path = self.file.path.as_path();
        let key = metadata.open_data_key(self.opener);
        let key = key.map_err(|error| unopened(path, error, self.identities))?;
        metadata
            .add_recipients(&key, &self.target.groups, self.target.threshold, &mut OsRng)
            .map_err(|error| in_file("rewrap", path, error))?;
        let bytes = self
            .file
            .store
            .replace_metadata(&self.file.bytes, &metadata);
        bytes.map_err(|error| in_file("rewrap", path, error))
    }

    /// Another data key, and every value closed anew.
    fn renewed(&self, metadata: &Metadata, action: Action) -> Result<Vec<u8>, Failure> {
        let path = self.file.path.as_path();
        let groups = metadata.key_groups();
        let others: BTreeSet<&str> = groups
            .iter()
            .flat_map(|group| &group.others)
            .map(String::as_str)
            .collect();
        if !others.is_empty() {
            let others = others.into_iter().collect::<Vec<_>>().join(", ");
            return Err(InFile::new("rework", path, SopsUsage::OtherProviders(others)).into());
        }
        self.target
            .refuse_others()
            .map_err(|error| InFile::new("rework", path, error))?;
        let (mut rng, mut metadata) = (OsRng, metadata.clone());
        let key = DataKey::generate(&mut rng);
        metadata
            .close_data_key(&key, &self.target.groups, self.target.threshold, &mut rng)
            .map_err(|error| in_file("rework", path, error))?;
        let file = self.file;
        let failed = |error| unopened(path, error, self.identities);
        // Under the old key in memory only: a place that was put under a key that is kept would let an old place
        // of the history open the new values.
        let moved = place::moved(file, self.opener, self.setting.mac).map_err(failed)?;
        if let Some(refusal) = moved {
            return Err(InFile::new("rework", path, refusal).into());
        }
        let placed = match action {
            Action::Reseal => place::added(file, self.opener, self.setting).map_err(failed)?,
            Action::Rewrap => None,
        };
        let bytes = placed.as_deref().unwrap_or(&file.bytes);
        let renewed = file
            .store
            .rotate(
                bytes,
                self.opener,
                &mut metadata,
                &key,
                self.setting,
                &mut rng,
            )
            .map_err(failed)?;
        place::check(file.store, &renewed).map_err(|error| InFile::new("rework", path, error))?;
        Ok(renewed)
    }

    /// The paths of what is encrypted.
    fn values(&self) -> Vec<String> {
        let audit = self.file.store.audit(&self.file.bytes);
        let closed = audit.map(|audit| audit.closed).unwrap_or_default();
        closed.iter().map(ToString::to_string).collect()
    }

    fn told(&self, difference: &Difference) -> String {
        let list = |verb: &str, all: &[String]| {
            let names: Vec<_> = all.iter().map(|one| self.target.called(one)).collect();
            (!names.is_empty()).then(|| format!("{verb} {}", names.join(", ")))
        };
        let parts = [
            list("added", &difference.missing),
            list("removed", &difference.surplus),
            difference.regrouped.then(|| "other key groups".to_owned()),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
    }
}

impl Reworked {
    fn changed(bytes: Vec<u8>, note: String) -> Self {
        Self {
            bytes: Some(bytes),
            passed_on: None,
            note,
            removed: Vec::new(),
            seen: Vec::new(),
        }
    }
}

/// Says what was done, or would be; of whoever left, also what they have seen.
pub(crate) fn report<'r>(
    reworked: impl Iterator<Item = (&'r Path, &'r Reworked)> + Clone,
    action: Action,
    dry_run: bool,
    printer: &Printer,
) {
    let verb = match (action, dry_run) {
        (Action::Reseal, false) => "resealed",
        (Action::Reseal, true) => "would reseal",
        (Action::Rewrap, false) => "rewrapped",
        (Action::Rewrap, true) => "would rewrap",
    };
    let (mut unchanged, mut removed) = (0, BTreeSet::new());
    for (path, reworked) in reworked {
        if reworked.bytes.is_none() {
            unchanged += 1;
            continue;
        }
        printer.say(format_args!("{verb} {}", reworked.note));
        if !reworked.removed.is_empty() {
            removed.extend(reworked.removed.iter().map(String::as_str));
            printer.say(format_args!(
                "  {} could read in {}: {}",
                reworked.removed.join(", "),
                Shown(path),
                shortened(&reworked.seen)
            ));
        }
    }
    if unchanged > 0 {
        let files = count(unchanged, "file");
        let verb = if unchanged == 1 { "is" } else { "are" };
        printer.say(format_args!(
            "{files} of SOPS {verb} closed for the right recipients already"
        ));
    }
    if !removed.is_empty() {
        let names: Vec<&str> = removed.into_iter().collect();
        printer.warn(format_args!(
            "{} could read these values, in every commit until now, and may have kept them: change them at their source, then `bulla set` or `bulla edit` them here",
            names.join(", ")
        ));
    }
}

fn shortened(paths: &[String]) -> String {
    let mut shown = paths
        .iter()
        .take(PATHS_SHOWN)
        .cloned()
        .collect::<Vec<_>>()
        .join(", ");
    if paths.len() > PATHS_SHOWN {
        shown += &format!(" and {} more", paths.len() - PATHS_SHOWN);
    }
    shown
}

const PATHS_SHOWN: usize = 50;
