//! Where a file goes: the directory of its rule, and its name there, by the rules of the keys that sops gives to S3.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use bulla_core::sops::Store;
use bulla_core::sops::config::{Destination, DestinationRule};

use super::super::error::Ended;
use super::error::PublishError;
use super::{failed, io};

/// The directory that a rule of `config` names.
pub(super) fn directory(
    rule: &DestinationRule,
    config: &Path,
    file: &Path,
) -> Result<PathBuf, Ended> {
    match &rule.destinations[..] {
        [Destination::Local(directory)] => {
            Ok(config.parent().unwrap_or(Path::new("")).join(directory))
        }
        [] => Err(failed(file, PublishError::NoDestination)),
        [elsewhere] => Err(failed(file, PublishError::Elsewhere(name(elsewhere)))),
        _ => Err(failed(file, PublishError::ManyDestinations)),
    }
}

/// The file in that directory.
pub(super) fn target(
    directory: &Path,
    name: &Path,
    omit_extension: bool,
) -> Result<PathBuf, PublishError> {
    let Some(last) = name.file_name().filter(|_| omit_extension) else {
        return Ok(directory.join(name));
    };
    let without = without_extension(last).ok_or(PublishError::NoName)?;
    Ok(directory.join(name.with_file_name(without)))
}

/// Refuses to write over what is no copy: the file itself, and files that nobody encrypted.
pub(super) fn check(
    file: &Path,
    target: &Path,
    directory: &Path,
    store: Store,
) -> Result<(), PublishError> {
    let real = |path: &Path| fs::canonicalize(path).ok();
    let inside = real(directory).zip(real(file));
    if inside.is_some_and(|(directory, file)| file.starts_with(directory)) {
        return Err(PublishError::AlreadyThere(directory.to_owned()));
    }
    match fs::read(target) {
        Ok(there) if store.metadata(&there).is_err() => {
            Err(PublishError::InTheWay(target.to_owned()))
        }
        // What can't be read is found out when it is written.
        _ => Ok(()),
    }
}

/// Directories made for this run; gone again unless something lies in them in the end.
#[derive(Default)]
pub(super) struct Directories(Vec<PathBuf>);

impl Directories {
    /// Makes a directory, and those above it.
    pub(super) fn make(&mut self, directory: &Path) -> Result<(), Ended> {
        let missing = directory
            .ancestors()
            .take_while(|above| !above.as_os_str().is_empty() && !above.exists());
        let mut missing: Vec<_> = missing.map(Path::to_owned).collect();
        missing.reverse();
        for directory in missing {
            fs::create_dir(&directory).map_err(|error| io("make", &directory, error).code(3))?;
            self.0.push(directory);
        }
        Ok(())
    }

    /// Says that they are used.
    pub(super) fn keep(mut self) {
        self.0.clear();
    }
}

impl Drop for Directories {
    fn drop(&mut self) {
        for directory in self.0.iter().rev() {
            // One that is not empty stays.
            let _ = fs::remove_dir(directory);
        }
    }
}

/// What Go calls the extension is all from the last dot on, also of `.env`, which is nothing but that.
fn without_extension(name: &OsStr) -> Option<&OsStr> {
    let dotted = name.as_encoded_bytes().first() == Some(&b'.');
    let path = Path::new(name);
    match path.extension() {
        None if dotted => None,
        _ => path.file_stem(),
    }
}

fn name(destination: &Destination) -> String {
    match destination {
        Destination::S3(bucket, prefix) => format!("s3://{bucket}/{prefix}"),
        Destination::Gcs(bucket, prefix) => format!("gs://{bucket}/{prefix}"),
        Destination::Vault { address, path, .. } => format!("Vault at {address}, {path}"),
        Destination::Local(directory) => directory.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_keys_in_s3() {
        let named = |name: &str, omit| {
            let target = target(Path::new("out"), Path::new(name), omit);
            target.map(|target| target.to_string_lossy().into_owned())
        };
        for (name, omit, expected) in [
            ("db.enc.yaml", false, "out/db.enc.yaml"),
            ("db.enc.yaml", true, "out/db.enc"),
            ("prod.d/db", true, "out/prod.d/db"),
            ("prod/db.json", true, "out/prod/db"),
            (".env.prod", true, "out/.env"),
            (".env", false, "out/.env"),
        ] {
            assert_eq!(named(name, omit).unwrap(), expected, "{name}");
        }
        assert!(named(".env", true).is_err());
    }
}
