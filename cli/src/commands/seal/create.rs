//! A new Secret from literals and files, as `kubectl create secret generic` makes it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use bulla_core::envelope::MAX_VALUE_BYTES;
use bulla_core::manifest::{Field, Place, SecretSource, SecretValue};
use bulla_core::names::{KeyName, NameError, Namespace};
use bulla_core::plaintext::Plaintext;

use crate::cli::CreateArgs;
use crate::exit::Blame;
use crate::failure::{Failure, Fault};
use crate::input;
use crate::located::InFile;

/// Flags that don't make a Secret. No message holds a value.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CreateError {
    /// Values, but no name.
    #[error("a new Secret needs a name")]
    NoName,
    /// Values, but no namespace.
    #[error("a new Secret needs a namespace")]
    NoNamespace,
    /// A name, but no values.
    #[error("a new Secret needs values")]
    NoValues,
    /// No `=`.
    #[error("`--from-literal` takes KEY=VALUE")]
    Literal,
    /// Something before the first `=` that is no key, and may be part of a value.
    #[error("what stands before the `=` of `--from-literal` is not the name of a key")]
    LiteralKey,
    /// A key that the API server would refuse.
    #[error(transparent)]
    Key(#[from] NameError),
    /// A key that is given twice.
    #[error("the key `{0}` is given twice")]
    Twice(KeyName),
    /// A file whose name is no text, so that it can't name a key.
    #[error("the name of a file can't be the name of a key: {0}")]
    FileName(PathBuf),
    /// A line of an environment file.
    #[error("line {0} is not KEY=VALUE")]
    Line(usize),
    /// A file that is not text.
    #[error("it is not UTF-8")]
    NotText,
}

/// True when the flags ask for a new Secret.
pub(crate) fn is_asked(args: &CreateArgs) -> bool {
    let CreateArgs {
        name,
        from_literal,
        from_file,
        from_env_file,
        secret_type,
    } = args;
    name.is_some()
        || secret_type.is_some()
        || !(from_literal.is_empty() && from_file.is_empty() && from_env_file.is_empty())
}

/// Puts the Secret together.
///
/// # Errors
/// [`CreateError`] by variant, and files that can't be read.
pub(crate) fn secret(
    args: &CreateArgs,
    namespace: Option<&Namespace>,
) -> Result<SecretSource, Failure> {
    let name = args.name.as_ref().ok_or(CreateError::NoName)?;
    let namespace = namespace.ok_or(CreateError::NoNamespace)?;
    let mut values = Values::default();
    for literal in &args.from_literal {
        let (key, value) = literal.split_once('=').ok_or(CreateError::Literal)?;
        // A value with a `=` in it and no key would be repeated as one.
        let added = values.add(key, value.as_bytes().into());
        added.map_err(|error| match error {
            CreateError::Key(_) => CreateError::LiteralKey,
            other => other,
        })?;
    }
    for file in &args.from_file {
        values.add_files(file)?;
    }
    for file in &args.from_env_file {
        values.add_lines(file)?;
    }
    if values.0.is_empty() {
        return Err(CreateError::NoValues.into());
    }
    Ok(SecretSource {
        name: Some(name.to_string()),
        namespace: Some(namespace.to_string()),
        secret_type: args.secret_type.clone(),
        values: values.0,
        ..SecretSource::default()
    })
}

#[derive(Default)]
struct Values(BTreeMap<KeyName, SecretValue>);

impl Values {
    fn add(&mut self, key: &str, plaintext: Plaintext) -> Result<(), CreateError> {
        let key: KeyName = key.parse()?;
        if self.0.contains_key(&key) {
            return Err(CreateError::Twice(key));
        }
        let value = SecretValue {
            plaintext,
            field: Field::Data,
            place: Place::START,
        };
        self.0.insert(key, value);
        Ok(())
    }

    /// `KEY=FILE`, `FILE`, or a directory of files.
    fn add_files(&mut self, argument: &str) -> Result<(), Failure> {
        if let Some((key, file)) = argument.split_once('=') {
            return self.add_file(key, Path::new(file));
        }
        let path = Path::new(argument);
        if !path.is_dir() {
            return self.add_file(file_name(path)?, path);
        }
        let failed = |error| InFile::io("read", path, error);
        let mut entries = fs::read_dir(path)
            .map_err(failed)?
            .collect::<Result<Vec<_>, _>>()
            .map_err(failed)?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            // Links and directories are passed over, as kubectl does.
            if entry.file_type().map_err(failed)?.is_file() {
                self.add_file(file_name(&entry.path())?, &entry.path())?;
            }
        }
        Ok(())
    }

    fn add_file(&mut self, key: &str, path: &Path) -> Result<(), Failure> {
        let bytes = input::read(path, MAX_VALUE_BYTES)?.bytes;
        self.add(key, bytes.as_slice().into())
            .map_err(|error| InFile::new("use", path, error).into())
    }

    /// Lines `KEY=VALUE`; a `KEY` alone takes its value from the environment, as kubectl does.
    fn add_lines(&mut self, path: &Path) -> Result<(), Failure> {
        let failed = |error| Failure::from(InFile::new("use", path, error));
        let bytes = input::read(path, MAX_VALUE_BYTES)?.bytes;
        let text = std::str::from_utf8(&bytes).map_err(|_| failed(CreateError::NotText))?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.trim_start();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let added = match line.split_once('=') {
                Some((key, _)) if !is_variable(key) => Err(CreateError::Line(number)),
                Some((key, value)) => match self.add(key, value.as_bytes().into()) {
                    Err(CreateError::Key(_)) => Err(CreateError::Line(number)),
                    added => added,
                },
                None if !is_variable(line) => Err(CreateError::Line(number)),
                None => match env::var_os(line) {
                    Some(value) => self.add(line, Plaintext::new(value.into_encoded_bytes())),
                    None => Err(CreateError::Line(number)),
                },
            };
            added.map_err(failed)?;
        }
        Ok(())
    }
}

fn file_name(path: &Path) -> Result<&str, CreateError> {
    let name = path.file_name().and_then(|name| name.to_str());
    name.ok_or_else(|| CreateError::FileName(path.to_owned()))
}

fn is_variable(name: &str) -> bool {
    let first = name.bytes().next();
    first.is_some_and(|b| b.is_ascii_alphabetic() || b"_-.".contains(&b))
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b))
}

impl Fault for CreateError {
    fn blame(&self) -> Blame {
        match self {
            Self::Line(_) | Self::NotText => Blame::Input,
            _ => Blame::Caller,
        }
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(match self {
            Self::NoName => "name it: `--name NAME`",
            Self::NoNamespace => "its values are bound to one: `-n NAMESPACE`",
            Self::NoValues => "`--from-file FILE` takes a file; `bulla set` asks for a value",
            Self::Literal | Self::LiteralKey => {
                "`--from-literal password=…`, or better `--from-file password=FILE`"
            }
            Self::Key(_) | Self::FileName(_) => "name the key yourself: `--from-file KEY=FILE`",
            Self::Twice(_) => "give each key once",
            Self::Line(_) => {
                "such a file has lines KEY=VALUE, blank lines, and comments that begin with `#`"
            }
            Self::NotText => "`--from-file` takes any bytes",
        }))
    }
}
