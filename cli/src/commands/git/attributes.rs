//! The lines that tell Git which files are meant, in a file of attributes that holds others too.

use std::fs;
use std::io;
use std::path::Path;

use crate::atomic::{NewFile, Replacement, replace};
use crate::failure::Failure;
use crate::located::InFile;

/// Puts the lines into a file, in the place of those that were there before; true where anything changed.
pub(super) fn put(path: &Path) -> Result<bool, Failure> {
    let before = read(path)?;
    let mut text = without(&before);
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text.push_str(&lines());
    if text == before {
        return Ok(false);
    }
    write(path, &text)?;
    Ok(true)
}

/// Takes the lines out of a file; true where they were there.
pub(super) fn remove(path: &Path) -> Result<bool, Failure> {
    let text = read(path)?;
    let rest = without(&text);
    if rest == text {
        return Ok(false);
    }
    match rest.is_empty() {
        true => fs::remove_file(path).map_err(|error| InFile::io("remove", path, error))?,
        false => write(path, &rest)?,
    }
    Ok(true)
}

fn read(path: &Path) -> Result<String, Failure> {
    match fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        read => Ok(read.map_err(|error| InFile::io("read", path, error))?),
    }
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    if let Some(directory) = path.parent().filter(|parent| *parent != Path::new("")) {
        fs::create_dir_all(directory).map_err(|error| InFile::io("create", directory, error))?;
    }
    replace(&[Replacement {
        path,
        bytes: text.as_bytes(),
        new_file: NewFile::Public,
    }])?;
    Ok(())
}

fn lines() -> String {
    let files = FILES.map(|file| format!("{file} diff=bulla merge=bulla\n"));
    format!("{BEGIN}\n{}{END}\n", files.concat())
}

fn without(text: &str) -> String {
    let mut inside = false;
    let kept = text.split_inclusive('\n').filter(|line| {
        let line = line.trim_end();
        inside |= line == BEGIN;
        let ours = inside;
        inside &= line != END;
        !ours
    });
    kept.collect()
}

/// Other files are passed through, so that these can be as wide as they are.
const FILES: [&str; 5] = ["*.yaml", "*.yml", "*.json", "*.env", "*.ini"];
const BEGIN: &str = "# bulla git install: begin";
const END: &str = "# bulla git install: end";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_others_stay_as_they_were() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("info/attributes");
        assert!(!remove(&path).expect("nothing to do"));
        put(&path).expect("written");
        assert!(remove(&path).expect("removed") && !path.exists());

        fs::write(&path, "*.png binary").expect("written");
        for _ in 0..2 {
            put(&path).expect("written");
        }
        let text = fs::read_to_string(&path).expect("text");
        assert_eq!(text, format!("*.png binary\n{}", lines()));
        fs::write(&path, format!("{text}*.gif binary\n")).expect("written");
        assert!(remove(&path).expect("removed"));
        let text = fs::read_to_string(&path).expect("text");
        assert_eq!(text, "*.png binary\n*.gif binary\n");
    }
}
