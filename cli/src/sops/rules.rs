//! `.sops.yaml`, as sops looks for it: from the current directory upward, or where it is told.

use std::env;
use std::path::{Path, PathBuf};

use bulla_core::sops::config::{Rule, SopsConfigError, Strictness};

use super::error::Ended;
use super::grammar::Flag;
use super::line::Line;
use crate::failure::Failure;
use crate::located::InFile;
use crate::printer::Printer;
use crate::shown::Shown;
use crate::sops_file::config::{self, LocatedSops};

/// The configuration that counts here.
pub(super) struct Rules {
    located: Option<LocatedSops>,
    here: PathBuf,
}

impl Rules {
    /// Looks for it; fields that nobody knows are told.
    pub(super) fn find(line: &Line, printer: &Printer) -> Result<Self, Ended> {
        let here = env::current_dir()
            .map_err(|error| Failure::from(InFile::io("find", Path::new("."), error)))?;
        let file = match line.path(Flag::Config) {
            Some(named) => Some(named.to_owned()),
            None => {
                let search = config::search(&here, None);
                for misnamed in &search.misnamed {
                    printer.warn(format_args!(
                        "ignoring {}: the config file must be called `.sops.yaml`",
                        Shown(misnamed)
                    ));
                }
                search.found
            }
        };
        let located = file
            .map(|file| config::load(&file, Strictness::Lenient).map_err(|error| error.of(&file)));
        let located = located.transpose()?;
        if let Some(located) = &located {
            for warning in located.config.warnings() {
                printer.warn(format_args!("{}: {warning}", Shown(&located.file)));
            }
        }
        Ok(Self { located, here })
    }

    /// True where there are rules to go by.
    pub(super) fn are_there(&self) -> bool {
        let located = self.located.as_ref();
        located.is_some_and(|located| located.config.has_creation_rules())
    }

    /// The rule for a file, where there are any.
    pub(super) fn rule_for(&self, path: &Path) -> Result<Option<Rule>, Ended> {
        let Some(located) = self.located.as_ref().filter(|_| self.are_there()) else {
            return Ok(None);
        };
        let relative = located.relative_by_name(path, &self.here);
        Ok(Some(located.config.rule_for(&relative).map_err(
            |error| match error {
                SopsConfigError::NoRule { .. } => Failure::from(NoRule(error)),
                other => InFile::new("read", &located.file, other).into(),
            },
        )?))
    }

    /// The configuration itself.
    pub(super) fn located(&self) -> Option<&LocatedSops> {
        self.located.as_ref()
    }

    /// The directory that paths are relative to.
    pub(super) fn here(&self) -> &Path {
        &self.here
    }
}

/// In the words that scripts know.
#[derive(Debug, thiserror::Error)]
#[error("error loading config: no matching creation rules found")]
struct NoRule(#[source] SopsConfigError);

impl crate::failure::Fault for NoRule {
    fn blame(&self) -> crate::exit::Blame {
        crate::exit::Blame::Policy
    }

    fn hint(&self) -> Option<std::borrow::Cow<'static, str>> {
        Some(self.0.hint().into())
    }
}
