//! What can't be opened as it was asked for.

use std::borrow::Cow;

use bulla_core::secret::ContentError;

use crate::exit::Blame;
use crate::failure::Fault;

/// What can't be asked for.
#[derive(Debug, thiserror::Error)]
pub(super) enum OpenUsage {
    #[error("refusing to show plaintext on a terminal")]
    Terminal,
    #[error("refusing to replace what is opened with its plaintext")]
    OverInput,
    #[error("there is no envelope to open, no SealedSecret, and no file of SOPS")]
    Nothing,
    #[error("it names no namespace, and its Secret lies in one")]
    NoNamespace,
    #[error("`--key` takes one value, and there are several resources")]
    Several,
    #[error("`--key` takes one value, and the file of SOPS holds several Secrets: {0}")]
    SeveralSecrets(String),
    #[error("key `{}` can't be a variable of a shell", .0.escape_debug())]
    NotAVariable(String),
    #[error(
        "the value of key `{}` can't be written for a shell: it has a zero byte, or is not UTF-8", .0.escape_debug()
    )]
    NotText(String),
    #[error("key `{}` holds more than one value, which no variable of a shell does", .0.escape_debug())]
    Nested(String),
}

impl Fault for OpenUsage {
    fn blame(&self) -> Blame {
        Blame::Caller
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(match self {
            Self::Terminal => {
                "`--reveal` shows it; otherwise pipe it on, or write it to a file: `-w FILE`"
            }
            Self::OverInput => "name another file, outside of the repository",
            Self::NoNamespace => "give it: `-n NAMESPACE`",
            Self::Nothing => "`-R` reads the directories below it too",
            Self::Several | Self::SeveralSecrets(_) => {
                "choose one with `--name NAME` and `-n NAMESPACE`"
            }
            Self::NotAVariable(_) | Self::NotText(_) | Self::Nested(_) => {
                "`--key KEY` writes one value byte for byte"
            }
        }))
    }
}

impl Fault for ContentError {
    fn blame(&self) -> Blame {
        self.reason().into()
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        Some(match self {
            Self::Incomplete { .. } => {
                "`--key KEY` opens one value; `bulla set` adds what is missing".into()
            }
            _ => self.reason().hint().into(),
        })
    }
}
