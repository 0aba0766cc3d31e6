//! What goes wrong with files of SOPS, as Bulla's own commands say it.

use std::borrow::Cow;
use std::path::Path;

use bulla_core::sops::{SopsError, ValueFault};

use crate::exit::Blame;
use crate::failure::{Failure, Fault};
use crate::identities::Identities;
use crate::located::InFile;

/// An error of the formats, with what helps here.
#[derive(Debug)]
pub(crate) struct SopsFault {
    error: SopsError,
    /// Where keys were looked for, and what kept them from being had.
    keys: Option<(String, Vec<String>)>,
}

impl std::fmt::Display for SopsFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.error.fmt(f)?;
        let (
            SopsError::NoDataKey {
                recipients,
                providers,
            },
            Some((looked_in, troubles)),
        ) = (&self.error, &self.keys)
        else {
            return Ok(());
        };
        let all = recipients.iter().chain(providers);
        let closed_for: Vec<_> = all.take(RECIPIENTS_SHOWN).map(String::as_str).collect();
        write!(
            f,
            "\nit is closed for {}\nkeys were looked for in {looked_in}",
            closed_for.join(", ")
        )?;
        troubles
            .iter()
            .try_for_each(|trouble| write!(f, "\n- {trouble}"))
    }
}

impl std::error::Error for SopsFault {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.error.source()
    }
}

/// What can't be asked of a file of SOPS.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SopsUsage {
    /// A value is to be set, and nobody at hand opens the file.
    #[error(
        "changing a value in a file of SOPS is impossible by format without a key that opens it"
    )]
    SetWithoutKey(#[source] SopsError),
    /// `.env.production` and the like.
    #[error(
        "refusing the name of this file: sops would take it for binary, and close it as one value"
    )]
    DisguisedDotenv,
    /// Another flag than the format has.
    #[error("`{0}` means nothing for files of SOPS")]
    Flag(&'static str),
    /// Several files of SOPS into one stream.
    #[error("files of SOPS can't be joined into one stream: each has its own block and MAC")]
    Joined,
    /// A part of a binary file.
    #[error("a binary file has one value, and no keys")]
    NoKeys,
    /// A key that is neither a name nor a path.
    #[error(
        "the second argument, KEY, is neither the name of a key nor a path such as [\"db\"][\"password\"]"
    )]
    KeyPath,
    /// What would be no key of a Secret.
    #[error("the second argument, KEY, is not the name of a key of a Secret")]
    SecretKey,
    /// What would be no variable.
    #[error("the second argument, KEY, is not the name of an environment variable")]
    DotenvKey,
    /// `--name` or `--namespace` that nothing has.
    #[error("it holds no Secret of that name and namespace{}", .0.as_ref().map_or(String::new(), |names| format!(": it holds {names}")))]
    NoSuchSecret(Option<String>),
    /// Any of them could be meant.
    #[error("it holds several Secrets: {0}")]
    SeveralSecrets(String),
    /// A key that stands in several documents.
    #[error("the key stands in several documents of the file")]
    SeveralDocuments,
    /// A key of INI without its section.
    #[error("a key without a section is one before all sections, and this one stands in a section")]
    Section(String),
    /// A text in place of everything below a key.
    #[error("refusing to replace a mapping or a list by one value")]
    Collection,
    /// A value that would stand there in plaintext.
    #[error(
        "refusing to write the value in plaintext: the selector of the file leaves that key out"
    )]
    LeftOut {
        /// Its name and its text.
        selector: String,
        /// The path that a key with dots may have meant.
        path_form: Option<String>,
    },
    /// A value that is not text, where only text fits.
    #[error("the value is not UTF-8, and this file holds text only")]
    NotText,
    /// A value is asked for that is not there.
    #[error("there is nothing under that key")]
    NothingThere,
    /// Recipients left, and another tool holds the key too.
    #[error("refusing to renew the data key: it is also closed with {0}, which only sops can do")]
    OtherProviders(String),
    /// Plaintext beside ciphertext.
    #[error("the file is encrypted, and has a plaintext value under `{0}`")]
    Plaintext(String),
    /// An envelope or a SealedSecret in a file that is to be encrypted.
    #[error("refusing to encrypt what is sealed already: the file holds a {0}")]
    SealedAlready(&'static str),
    /// A SopsSecret whose place would stand there in plaintext.
    #[error(
        "refusing to leave the place of the SopsSecret in plaintext: the selector does not select `stringData.bulla.dev.place`"
    )]
    PlainPlace,
    /// A SopsSecret that was closed for another place than it names now.
    #[error(
        "closed for {closed_for}, found in `{found_in}`: somebody moved it, or forged its metadata"
    )]
    OtherPlace {
        /// The place that it names, where that is one.
        closed_for: String,
        /// `namespace/name`.
        found_in: String,
        /// Where the place stands, as `sops set` has it, which changes the first document.
        path: Option<String>,
    },
    /// A rule whose keys can't all be closed for.
    #[error("the rule closes with {0} too, which only sops can do")]
    RuleOfOthers(String),
}

/// Says of which file an error is.
pub(crate) fn in_file(doing: &'static str, path: &Path, error: SopsError) -> Failure {
    let fault = SopsFault { error, keys: None };
    InFile::new(doing, path, fault).into()
}

/// The same, where keys were looked for.
pub(crate) fn unopened(path: &Path, error: SopsError, identities: &Identities) -> Failure {
    let fault = SopsFault {
        error,
        keys: Some((identities.looked_in(), identities.troubles())),
    };
    InFile::new("open", path, fault).into()
}

pub(crate) fn blame_of(error: &SopsError) -> Blame {
    match error {
        SopsError::NothingSelected { .. } | SopsError::CommentRegex => Blame::Policy,
        // What no file may say has nothing to do with keys.
        SopsError::Value {
            fault: ValueFault::Unsigned | ValueFault::Tag | ValueFault::NotText(_),
            ..
        } => Blame::Input,
        SopsError::Value { .. }
        | SopsError::NoDataKey { .. }
        | SopsError::AgeFile { .. }
        | SopsError::Shares
        | SopsError::MacMissing
        | SopsError::MacMismatch => Blame::Sealed,
        _ => Blame::Input,
    }
}

impl Fault for SopsFault {
    fn blame(&self) -> Blame {
        blame_of(&self.error)
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        match &self.error {
            SopsError::NoDataKey { .. } => Some(
                "give the private key of one of them: `--identity FILE`; or let one of them `bulla rewrap` it for you".into(),
            ),
            SopsError::MacMismatch | SopsError::MacMissing => Some(
                "look for the change in the history of the file: `git log -p`; `bulla sops decrypt --ignore-mac` opens it as it is".into(),
            ),
            SopsError::NothingSelected { .. } => Some(
                "correct the selector: `encryptedRegex` in .bulla.yaml, or the one in .sops.yaml".into(),
            ),
            other => other.hint().map(Into::into),
        }
    }
}

impl Fault for SopsUsage {
    fn blame(&self) -> Blame {
        match self {
            Self::SetWithoutKey(_) | Self::OtherPlace { .. } => Blame::Sealed,
            Self::DisguisedDotenv
            | Self::Plaintext(_)
            | Self::PlainPlace
            | Self::LeftOut { .. } => Blame::Policy,
            Self::OtherProviders(_) | Self::RuleOfOthers(_) | Self::NotText => Blame::Input,
            _ => Blame::Caller,
        }
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        if let Self::OtherPlace { found_in, path, .. } = self {
            let mend = match path {
                Some(path) => format!("`bulla sops set FILE '{path}' '\"{found_in}\"'`"),
                None => format!("`bulla sops edit FILE` writes `{found_in}` there"),
            };
            return Some(Cow::Owned(format!(
                "compare `metadata` with the history of the file; if it belongs there now: {mend}, then `bulla reseal` it"
            )));
        }
        Some(Cow::Borrowed(match self {
            Self::OtherPlace { .. } => return None,
            Self::SetWithoutKey(_) => {
                "the MAC covers every value; an envelope takes new values from whoever has public keys: `bulla convert --to envelope`, once, by somebody with a key"
            }
            Self::DisguisedDotenv => {
                "only the end of a name counts: call it `production.env`; or name the format: `bulla sops encrypt --input-type dotenv`"
            }
            Self::Flag(_) => "leave it out",
            Self::Joined => "`-i` seals each file in its place",
            Self::NoKeys => "`bulla edit` and `bulla open` work on all of it",
            Self::KeyPath => {
                "the usage is `bulla set FILE KEY`; the value is asked for, or comes from a pipe"
            }
            Self::SecretKey => {
                "letters, digits, `-`, `_` and `.`, without a path: `bulla set FILE KEY`"
            }
            Self::DotenvKey => {
                "a letter or `_`, and then letters, digits, `_`, `.` and `-`: `bulla set FILE KEY`"
            }
            Self::NoSuchSecret(_) => "`--name` and `--namespace` choose one of the file's Secrets",
            Self::SeveralSecrets(_) => "choose one with `--name NAME` and `-n NAMESPACE`",
            Self::SeveralDocuments => "`bulla edit` changes any of them",
            Self::Section(path) => return Some(format!("name both: `'{path}'`").into()),
            Self::Collection => {
                "name a value below it: `'[\"db\"][\"password\"]'`; or take it out first: `bulla unset`"
            }
            Self::LeftOut {
                selector,
                path_form,
            } => {
                let meant = path_form.as_ref().map(|path| {
                    format!("; if a key below another is meant, its path is `'{path}'`")
                });
                return Some(Cow::Owned(format!(
                    "it is {selector}; `bulla sops set` changes plain values{}",
                    meant.unwrap_or_default()
                )));
            }
            Self::NotText => "encode it first, in base64 for example",
            Self::NothingThere => "`bulla inspect -o json` lists the encrypted values",
            Self::OtherProviders(_) => {
                "`sops rotate` with access to all of its keys; or take the other entries out first: `sops rotate --rm-pgp …`"
            }
            Self::Plaintext(_) => {
                "open the file with `bulla sops decrypt --ignore-mac`, and encrypt it again; `bulla set` and `bulla edit` close values as they write them"
            }
            Self::SealedAlready(_) => {
                "`bulla convert --to sops -i` makes a Secret encrypted for sops of it; or give it a file, and a rule, of its own"
            }
            Self::PlainPlace => {
                "let `encryptedRegex` match `stringData`, or leave it out: a SopsSecret is encrypted from `secretTemplates` on"
            }
            Self::RuleOfOthers(_) => {
                "use `sops encrypt` for this file, or name age recipients only"
            }
        }))
    }
}

const RECIPIENTS_SHOWN: usize = 8;
