//! What all commands share in one run.

use std::path::PathBuf;

use rand_core::OsRng;

use crate::cli::GlobalArgs;
use crate::printer::Printer;

/// One run of the program.
#[derive(Debug)]
pub(crate) struct Session {
    /// Standard output and standard error.
    pub(crate) printer: Printer,
    /// A configuration named on the command line.
    pub(crate) config: Option<PathBuf>,
}

impl Session {
    /// Takes what the global flags say.
    pub(crate) fn new(args: &GlobalArgs) -> Self {
        args.color.apply();
        Self {
            printer: Printer::new(args.quiet),
            config: args.config.clone(),
        }
    }

    /// Randomness of the operating system.
    pub(crate) fn rng(&self) -> OsRng {
        OsRng
    }
}
