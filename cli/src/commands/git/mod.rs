//! `bulla git`: diffs, merges and checks of sealed files, by Git itself.

mod attributes;
mod hook;
mod install;
mod listing;
mod merge;
mod resolve;
mod textconv;

use std::path::Path;

use bulla_core::sops::Store;

use crate::cli::{GitArgs, GitCommand};
use crate::exit::ExitStatus;
use crate::failure::Failure;
use crate::session::Session;

/// Carries it out.
pub(super) fn run(args: &GitArgs, session: &Session) -> Result<ExitStatus, Failure> {
    match &args.command {
        GitCommand::Install(args) => install::run(args, session),
        GitCommand::Resolve(args) => resolve::run(args, session),
        GitCommand::Textconv(args) => textconv::run(args, session),
        GitCommand::Merge(args) => merge::run(args, session),
    }
}

/// The store of a file that is called so in the repository, where it is a SOPS file.
fn store_of(path: &Path, bytes: &[u8]) -> Option<Store> {
    let store = Store::of_name(&path.file_name()?.to_string_lossy());
    store.metadata(bytes).is_ok().then_some(store)
}
