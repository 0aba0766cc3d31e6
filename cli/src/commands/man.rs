//! `bulla man`: manual pages, made from the same types as `--help`.

use crate::cli::{Cli, ManArgs};
use crate::exit::ExitStatus;
use crate::failure::Failure;
use crate::kubeseal;
use crate::located::InFile;
use crate::session::Session;
use crate::sops;

/// Carries it out.
pub(crate) fn run(args: &ManArgs, session: &Session) -> Result<ExitStatus, Failure> {
    let grammar = Cli::whole_grammar("bulla");
    match &args.directory {
        Some(directory) => {
            let failed = |error| InFile::io("write pages to", directory, error);
            std::fs::create_dir_all(directory).map_err(failed)?;
            clap_mangen::generate_to(grammar, directory).map_err(failed)?;
            // The same program under its other names.
            clap_mangen::generate_to(kubeseal::grammar("kubeseal"), directory).map_err(failed)?;
            clap_mangen::generate_to(sops::grammar("sops"), directory).map_err(failed)?;
        }
        None => {
            let mut page = Vec::new();
            // Writing to memory does not fail.
            let _ = clap_mangen::Man::new(grammar).render(&mut page);
            session.printer.data(&page)?;
        }
    }
    Ok(ExitStatus::Done)
}
