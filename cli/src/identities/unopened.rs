//! What to say of an envelope that none of the keys opens.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

use bulla_core::envelope::{DataKeyEntry, OpenError};

use crate::exit::Blame;
use crate::failure::Fault;

/// An envelope that was not opened.
#[derive(Debug)]
pub(crate) struct Unopened {
    pub(super) closed_for: Option<String>,
    pub(super) looked_in: String,
    /// What kept keys from being had.
    pub(super) troubles: Vec<String>,
    pub(super) source: OpenError,
}

impl fmt::Display for Unopened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.source)?;
        match &self.closed_for {
            Some(closed_for) => {
                let looked_in = &self.looked_in;
                write!(
                    f,
                    "\nit is closed for {closed_for}\nkeys were looked for in {looked_in}"
                )?;
                for trouble in &self.troubles {
                    write!(f, "\n- {trouble}")?;
                }
                Ok(())
            }
            None => Ok(()),
        }
    }
}

impl Error for Unopened {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.source()
    }
}

impl Fault for Unopened {
    fn blame(&self) -> Blame {
        self.source.blame()
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        match self.source {
            OpenError::NoKey { .. } => {
                Some("give the private key of one of them: `--identity FILE`; or let one of them `bulla rewrap` it for you".into())
            }
            _ => self.source.hint(),
        }
    }
}

pub(super) fn closed_for(entry: &DataKeyEntry) -> String {
    let hints = entry.closed_for.iter().map(|closed| &closed.recipient);
    let hints: Vec<_> = hints
        .map(|hint| format!("{} ({})", hint.name, hint.fingerprint))
        .collect();
    hints.join(", ")
}
