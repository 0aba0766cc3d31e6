//! `bulla git install`: teaches one clone.

use std::env;
use std::path::{Path, PathBuf};

use super::{attributes, hook};
use crate::cli::GitInstallArgs;
use crate::exit::ExitStatus;
use crate::failure::Failure;
use crate::git::WorkTree;
use crate::printer::Printer;
use crate::session::Session;
use crate::shown::Shown;

/// Carries it out.
pub(super) fn run(args: &GitInstallArgs, session: &Session) -> Result<ExitStatus, Failure> {
    let tree = WorkTree::here()?;
    let printer = &session.printer;
    let places = Places {
        shared: tree.top().join(".gitattributes"),
        private: tree.git_path(Path::new("info/attributes"))?,
        config: tree.git_path(Path::new("config"))?,
    };
    if args.uninstall {
        return uninstall(&tree, &places, printer);
    }
    let program = program();
    let reveal = if args.reveal { " --reveal" } else { "" };
    // A name in the repository may begin with `-`.
    let textconv = format!("{program} git textconv{reveal} --");
    let driver = format!("{program} git merge --marker-size=%L -- %O %A %B %P");
    let mut configured = false;
    for (name, value) in [
        ("diff.bulla.textconv", textconv.as_str()),
        // What a textconv prints would be kept in the repository's objects: values, with `--reveal`.
        ("diff.bulla.cachetextconv", "false"),
        ("merge.bulla.name", "SOPS files by value, others by line"),
        ("merge.bulla.driver", &driver),
    ] {
        // Where there is none yet, Git says so by failing.
        let before = tree.config(&["--local", "--get", name]).ok();
        if before.as_deref() != Some(value) {
            tree.config(&["--local", name, value])?;
            configured = true;
        }
    }
    printer.say(format_args!(
        "{}: {}`{program}` shows diffs and merges",
        Shown(&places.config),
        already(configured)
    ));
    let (written, other) = match args.shared {
        true => (&places.shared, &places.private),
        false => (&places.private, &places.shared),
    };
    let changed = attributes::put(written)?;
    // Lines that others share are theirs to take away.
    if args.shared {
        attributes::remove(other)?;
    }
    printer.say(format_args!(
        "{}: {}diff=bulla merge=bulla",
        Shown(written),
        already(changed)
    ));
    if args.shared {
        printer.say("commit it: it changes nothing for whoever has not installed");
    }
    if !args.no_hook {
        hook::put(&tree, &program, printer)?;
    }
    Ok(ExitStatus::Done)
}

struct Places {
    shared: PathBuf,
    private: PathBuf,
    config: PathBuf,
}

fn uninstall(tree: &WorkTree, places: &Places, printer: &Printer) -> Result<ExitStatus, Failure> {
    for section in ["diff.bulla", "merge.bulla"] {
        // One that is not there is none to remove.
        let _ = tree.config(&["--local", "--remove-section", section]);
    }
    for path in [&places.private, &places.shared] {
        if attributes::remove(path)? {
            printer.say(format_args!("{}: removed", Shown(path)));
        }
    }
    hook::remove(tree, printer)?;
    Ok(ExitStatus::Done)
}

/// What stands before a thing that an earlier run did.
pub(super) fn already(changed: bool) -> &'static str {
    if changed { "" } else { "already: " }
}

/// How a shell finds this program again: by name where that is enough.
fn program() -> String {
    let Some(this) = env::current_exe()
        .ok()
        .and_then(|path| path.canonicalize().ok())
    else {
        return NAME.to_owned();
    };
    let path = env::var_os("PATH").unwrap_or_default();
    let mut named = env::split_paths(&path).map(|directory| directory.join(NAME));
    let found = named
        .find(|path| path.is_file())
        .and_then(|path| path.canonicalize().ok());
    if found.as_ref() == Some(&this) {
        return NAME.to_owned();
    }
    format!("'{}'", this.display().to_string().replace('\'', r"'\''"))
}

const NAME: &str = "bulla";
