//! `sops publish`: files copied to where `destination_rules` say, and closed for others on the way where they say so.
//!
//! What is published lies in a directory of this machine: nobody is asked from here, so S3, GCS and Vault are refused.

mod destination;
mod error;

use std::fs;
use std::path::{Path, PathBuf};

use bulla_core::recipient::Recipient;
use bulla_core::sops::Store;
use bulla_core::sops::config::Rule;

use super::decrypt;
use super::error::{CommandError, Ended, in_core};
use super::grammar::Flag;
use super::line::Line;
use super::plan::Plan;
use super::rules::Rules;
use super::source::{self, Source};
use super::updatekeys::Changes;
use super::{confirm, recipients};
use crate::atomic::{self, NewFile, Replacement};
use crate::failure::Failure;
use crate::located::InFile;
use crate::printer::Printer;
use crate::shown::Shown;

use destination::Directories;
use error::PublishError;

/// A file, and where it goes.
struct Publication {
    target: PathBuf,
    bytes: Vec<u8>,
}

/// Carries it out: all files are looked at and asked about before the first one is written.
pub(super) fn run(line: &Line, printer: &Printer) -> Result<(), Ended> {
    let rules = Rules::find(line, printer)?;
    if rules.located().is_none() {
        return Err(CommandError::NoConfig.into());
    }
    let root = source::named(line, printer)?;
    let found = fs::metadata(&root).map_err(|error| io("find", &root, error))?;
    let files = match (found.is_dir(), line.has(Flag::Recursive)) {
        (false, _) => vec![root.clone()],
        (true, true) => below(&root)?,
        (true, false) => return Err(failed(&root, PublishError::Directory)),
    };
    let mut publications: Vec<Publication> = Vec::new();
    for path in files {
        let name = match found.is_dir() {
            true => path.strip_prefix(&root).unwrap_or(&path),
            false => Path::new(path.file_name().unwrap_or_default()),
        };
        let publication = one(line, &path, name, &rules, printer)?;
        let target = &publication.target;
        if publications.iter().any(|other| other.target == *target) {
            return Err(failed(&path, PublishError::Twice(target.clone())));
        }
        publications.push(publication);
    }
    write(&publications)
}

/// Looks at one file, and asks about it.
fn one(
    line: &Line,
    path: &Path,
    name: &Path,
    rules: &Rules,
    printer: &Printer,
) -> Result<Publication, Ended> {
    let located = rules.located().ok_or(CommandError::NoConfig)?;
    let relative = located.relative_by_name(path, rules.here());
    let in_config = |error| Failure::from(InFile::new("publish by", &located.file, error));
    let rule = located.config.destination_for(&relative);
    let rule = rule.map_err(in_config)?;
    let directory = destination::directory(rule, &located.file, path)?;
    let omit = rule.omit_extensions || line.has(Flag::OmitExtensions);
    let target = destination::target(&directory, name, omit);
    let target = target.map_err(|error| failed(path, error))?;
    let source = Source::of_file(line, path.to_owned())?;
    source.metadata()?;
    let recreation = rule.recreation_rule().map_err(in_config)?;
    let recreation = recreation.filter(|rule| !rule.groups.iter().all(|group| group.is_empty()));
    let bytes = match recreation {
        Some(rule) => closed_by(line, &source, rule, printer)?,
        None => as_it_is(&source)?,
    };
    destination::check(path, &target, &directory, source.store)
        .map_err(|error| failed(path, error))?;
    if !line.has(Flag::Yes) {
        let path = rules.here().join(path);
        let question = format!("uploading {} to {} ? (y/n): ", Shown(&path), Shown(&target));
        if !confirm::ask(&question, printer)? {
            return Err(failed(&path, PublishError::Canceled));
        }
    }
    Ok(Publication { target, bytes })
}

/// A file that goes as it is. Whoever published it would be the last to see what nobody encrypted.
fn as_it_is(source: &Source) -> Result<Vec<u8>, Ended> {
    let audit = source.store.audit(&source.bytes);
    let audit = audit.map_err(|error| in_core(error, false).inside(&source.shown()))?;
    if let Some(first) = audit.readable.first().or(audit.malformed.first()) {
        let error = PublishError::Readable(first.to_string());
        return Err(Ended::from(Failure::from(error)).inside(&source.shown()));
    }
    Ok(source.bytes.to_vec())
}

/// A file closed by another rule. What is encrypted in it is what was, unless the rule says what.
fn closed_by(
    line: &Line,
    source: &Source,
    rule: Rule,
    printer: &Printer,
) -> Result<Vec<u8>, Ended> {
    let metadata = source.metadata()?;
    let groups: Result<Vec<Vec<Recipient>>, _> =
        rule.groups.iter().map(recipients::of_group).collect();
    let groups = groups?;
    let plaintext = decrypt::open(line, source, printer)?.plaintext;
    let changes = Changes::between(&metadata, &groups, rule.threshold);
    if !changes.is_empty() {
        printer.data(changes.told("file's key groups").as_bytes())?;
    }
    let selector = match source.store {
        Store::Binary => None,
        _ => Some(metadata.selector().map_err(|error| in_core(error, true))?),
    };
    let plan = Plan::again(groups, rule, selector, metadata.mac_only_encrypted());
    // To be closed again at once.
    let closed = plan.close(source.store, plaintext.reveal());
    closed.map_err(|ended| ended.inside(&source.shown()))
}

/// Writes all of them or none.
fn write(publications: &[Publication]) -> Result<(), Ended> {
    let mut directories = Directories::default();
    for publication in publications {
        directories.make(publication.target.parent().unwrap_or(Path::new("")))?;
    }
    let replacements: Vec<_> = publications
        .iter()
        .map(|publication| Replacement {
            path: &publication.target,
            bytes: &publication.bytes,
            new_file: NewFile::Public,
        })
        .collect();
    atomic::replace(&replacements).map_err(|failure| Ended::from(failure).code(3))?;
    directories.keep();
    Ok(())
}

/// The files below a directory by their names, links to directories not followed.
fn below(directory: &Path) -> Result<Vec<PathBuf>, Ended> {
    let mut entries = Vec::new();
    let found = fs::read_dir(directory).map_err(|error| io("read", directory, error))?;
    for entry in found {
        let entry = entry.map_err(|error| io("read", directory, error))?;
        entries.push((entry.path(), entry.file_type()));
    }
    entries.sort_by(|(one, _), (other, _)| one.cmp(other));
    let mut files = Vec::new();
    for (path, kind) in entries {
        match kind.map_err(|error| io("find", &path, error))?.is_dir() {
            true => files.extend(below(&path)?),
            false => files.push(path),
        }
    }
    Ok(files)
}

fn io(what: &'static str, path: &Path, error: std::io::Error) -> Ended {
    Failure::from(InFile::io(what, path, error)).into()
}

fn failed(path: &Path, error: PublishError) -> Ended {
    Failure::from(InFile::new("publish", path, error)).into()
}
