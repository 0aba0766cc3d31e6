//! The hook `pre-commit`, where there is none yet.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::install::already;
use crate::atomic::{NewFile, Replacement, replace};
use crate::failure::Failure;
use crate::git::WorkTree;
use crate::located::InFile;
use crate::printer::Printer;
use crate::shown::Shown;

/// Puts the hook where Git looks for it, unless another one is there, or one that all repositories share.
pub(super) fn put(tree: &WorkTree, program: &str, printer: &Printer) -> Result<(), Failure> {
    let path = path(tree)?;
    let told = format!("`{program} check --staged`");
    if is_shared(tree) {
        printer.warn(format_args!(
            "`core.hooksPath` is one for all repositories, and no hook was written: let {} run {told}",
            Shown(&path)
        ));
        return Ok(());
    }
    let wanted = format!("{HEAD}exec {program} check --staged\n");
    let mut changed = true;
    match fs::read_to_string(&path) {
        Ok(text) if text == wanted => changed = false,
        Ok(text) if !is_ours(&text) => {
            printer.warn(format_args!(
                "{} is there, and was left as it is: let it run {told}",
                Shown(&path)
            ));
            return Ok(());
        }
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(InFile::io("read", &path, error).into());
        }
        _ => {}
    }
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory).map_err(|error| InFile::io("create", directory, error))?;
    }
    replace(&[Replacement {
        path: &path,
        bytes: wanted.as_bytes(),
        new_file: NewFile::Public,
    }])?;
    fs::set_permissions(&path, Permissions::from_mode(0o755))
        .map_err(|error| InFile::io("make executable", &path, error))?;
    printer.say(format_args!(
        "{}: {}runs {told}",
        Shown(&path),
        already(changed)
    ));
    Ok(())
}

/// Takes our hook away.
pub(super) fn remove(tree: &WorkTree, printer: &Printer) -> Result<(), Failure> {
    let path = path(tree)?;
    if fs::read_to_string(&path).is_ok_and(|text| is_ours(&text)) {
        fs::remove_file(&path).map_err(|error| InFile::io("remove", &path, error))?;
        printer.say(format_args!("{}: removed", Shown(&path)));
    }
    Ok(())
}

/// `core.hooksPath` and linked work trees are Git's business.
fn path(tree: &WorkTree) -> Result<PathBuf, Failure> {
    Ok(tree.git_path(Path::new("hooks/pre-commit"))?)
}

/// True where the hooks of every repository of the user, or of the machine, are in one place.
fn is_shared(tree: &WorkTree) -> bool {
    let scope = tree.config(&["--show-scope", "--get", "core.hooksPath"]);
    scope.is_ok_and(|scope| scope.starts_with("global") || scope.starts_with("system"))
}

fn is_ours(text: &str) -> bool {
    text.starts_with(HEAD)
}

const HEAD: &str =
    "#!/bin/sh\n# Written by `bulla git install`, which takes it away again with --uninstall.\n";
