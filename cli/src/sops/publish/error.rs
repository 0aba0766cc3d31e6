//! Why a file is not published.

use std::borrow::Cow;
use std::path::PathBuf;

use crate::exit::Blame;
use crate::failure::Fault;
use crate::shown::Shown;

/// Why a file is not published. Its text holds no value.
#[derive(Debug, thiserror::Error)]
pub(super) enum PublishError {
    #[error("can't operate on a directory without --recursive flag")]
    Directory,
    #[error("no destination configured for this file")]
    NoDestination,
    #[error(
        "more than one destinations were found in a single destination rule, you can only use one per rule"
    )]
    ManyDestinations,
    #[error("it goes to {}, and nobody is asked from here", .0.escape_debug())]
    Elsewhere(String),
    #[error("nothing is left of its name without an extension")]
    NoName,
    #[error("another file of this run goes to {} as well", Shown(.0))]
    Twice(PathBuf),
    #[error("it lies in {}, where it would go", Shown(.0))]
    AlreadyThere(PathBuf),
    #[error("refusing to write over {}, which is no encrypted file of its type", Shown(.0))]
    InTheWay(PathBuf),
    #[error("refusing to publish a value in clear that should be encrypted: {0}")]
    Readable(String),
    #[error("Publish canceled")]
    Canceled,
}

impl Fault for PublishError {
    fn blame(&self) -> Blame {
        match self {
            Self::Readable(_) => Blame::Policy,
            _ => Blame::Caller,
        }
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(match self {
            Self::NoDestination => {
                "`local_path: DIR` in its rule names a directory, relative to the configuration"
            }
            Self::Elsewhere(_) => {
                "`local_path: DIR` names a directory of this machine; the tool of that place takes files from there"
            }
            Self::NoName | Self::Twice(_) => "without `omit_extensions` it keeps its name",
            Self::AlreadyThere(_) => "name another directory in `local_path`",
            Self::InTheWay(_) => "nothing was written; move that file away",
            Self::Readable(_) => "`sops edit FILE` encrypts it; nothing was written",
            Self::Canceled => "nothing was written",
            _ => return None,
        }))
    }
}
