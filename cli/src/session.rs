//! What all commands share in one run.

use rand_core::OsRng;

use crate::cli::GlobalArgs;
use crate::config::Configs;
use crate::printer::Printer;

/// One run of the program.
#[derive(Debug)]
pub(crate) struct Session {
    /// Standard output and standard error.
    pub(crate) printer: Printer,
    /// Configurations, wherever files lie.
    pub(crate) configs: Configs,
}

impl Session {
    /// Takes what the global flags say.
    pub(crate) fn new(args: &GlobalArgs) -> Self {
        args.color.apply();
        Self {
            printer: Printer::new(args.quiet),
            configs: Configs::new(args.config.clone()),
        }
    }

    /// Randomness of the operating system.
    pub(crate) fn rng(&self) -> OsRng {
        OsRng
    }
}
