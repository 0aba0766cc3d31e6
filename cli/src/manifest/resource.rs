//! Sealed resources of either kind, for the commands that take both.

use std::path::Path;

use bulla_core::manifest::{Object, Path as NodePath, Stream};
use bulla_core::names::KeyName;
use bulla_core::sealed_secrets::SealedData;

use super::{ContentError, Found, is_envelope, is_secret};
use crate::cli::SelectArgs;
use crate::failure::{Failure, Fault};
use crate::located::InFile;
use crate::sealed_secret::{self, FoundSealed, is_sealed_secret};

/// A sealed resource in a file.
pub(crate) enum Resource<'s> {
    /// An envelope.
    Envelope(Box<Found<'s>>),
    /// A SealedSecret.
    Sealed(Box<FoundSealed<'s>>),
}

/// True for an object that says it is one of them, in whatever version.
pub(crate) fn is_resource(object: &Object<'_>) -> bool {
    is_envelope(object) || is_sealed_secret(object)
}

/// Every sealed resource of a file. `select` gives its namespace to SealedSecrets that name none.
///
/// # Errors
/// Those of reading one, with its place, and [`ContentError::NoResource`].
pub(crate) fn resources<'s>(
    path: &Path,
    stream: &'s Stream,
    select: &SelectArgs,
) -> Result<Vec<Resource<'s>>, Failure> {
    let objects = stream.objects();
    let mut found = Vec::new();
    for object in &objects {
        if is_envelope(object) {
            found.push(Resource::Envelope(Box::new(super::read(path, *object)?)));
        } else if is_sealed_secret(object) {
            let sealed = sealed_secret::read(path, *object, select.namespace.as_ref())?;
            found.push(Resource::Sealed(Box::new(sealed)));
        }
    }
    if found.is_empty() {
        let plaintext = objects.iter().any(is_secret);
        return Err(InFile::new("use", path, ContentError::NoResource { plaintext }).into());
    }
    Ok(found)
}

/// The one that is meant.
///
/// # Errors
/// As for [`resources`]; [`ContentError::Several`] and [`ContentError::NoneSelected`].
pub(crate) fn one<'s>(
    path: &Path,
    stream: &'s Stream,
    select: &SelectArgs,
) -> Result<Resource<'s>, Failure> {
    let mut chosen = selected(path, stream, select)?;
    match (chosen.pop(), chosen.is_empty()) {
        (Some(found), true) => Ok(found),
        (last, _) => {
            let names = names(chosen.iter().chain(last.as_ref()));
            Err(InFile::new("use", path, ContentError::Several { names }).into())
        }
    }
}

/// Those that are meant, at least one.
///
/// # Errors
/// As for [`resources`]; [`ContentError::NoneSelected`].
pub(crate) fn selected<'s>(
    path: &Path,
    stream: &'s Stream,
    select: &SelectArgs,
) -> Result<Vec<Resource<'s>>, Failure> {
    let chosen = matching(path, stream, select)?;
    if chosen.is_empty() {
        let known = names(resources(path, stream, select)?.iter());
        return Err(InFile::new("use", path, ContentError::NoneSelected { names: known }).into());
    }
    Ok(chosen)
}

/// Those that are meant, perhaps none.
///
/// # Errors
/// As for [`resources`].
pub(crate) fn matching<'s>(
    path: &Path,
    stream: &'s Stream,
    select: &SelectArgs,
) -> Result<Vec<Resource<'s>>, Failure> {
    let mut all = resources(path, stream, select)?;
    all.retain(|found| {
        let (namespace, name) = match found {
            Resource::Envelope(found) => (Some(found.envelope.namespace()), found.envelope.name()),
            Resource::Sealed(found) => (found.sealed.namespace(), found.sealed.name()),
        };
        let asked = select.namespace.as_ref();
        select.name.as_ref().is_none_or(|asked| asked == name)
            && asked.is_none_or(|asked| namespace == Some(asked))
    });
    Ok(all)
}

impl Resource<'_> {
    /// `` `shop/db` ``, for telling people.
    pub(crate) fn title(&self) -> String {
        match self {
            Self::Envelope(found) => found.title(),
            Self::Sealed(found) => found.title(),
        }
    }

    /// Puts file and place before an error about it.
    pub(crate) fn error(
        &self,
        path: &Path,
        node: Option<NodePath>,
        error: impl Into<Box<dyn Fault>>,
    ) -> Failure {
        match self {
            Self::Envelope(found) => found.error(path, node, error),
            Self::Sealed(found) => found.error(path, node, error),
        }
    }

    /// The keys of its Secret, sealed ones first.
    pub(crate) fn keys(&self) -> Vec<&KeyName> {
        match self {
            Self::Envelope(found) => {
                let envelope = &found.envelope;
                let templated = envelope.template().data().keys();
                envelope.data().keys().chain(templated).collect()
            }
            Self::Sealed(found) => {
                let sealed = &found.sealed;
                let templated = sealed.template().data.iter();
                let made = templated.filter(|(_, source)| source.is_some());
                sealed.keys().chain(made.map(|(key, _)| key)).collect()
            }
        }
    }

    /// True for a SealedSecret whose keys can't be told.
    pub(crate) fn is_legacy(&self) -> bool {
        matches!(self, Self::Sealed(found) if matches!(found.sealed.sealed(), SealedData::Legacy(_)))
    }
}

fn names<'a, 's: 'a>(found: impl Iterator<Item = &'a Resource<'s>>) -> String {
    found.map(Resource::title).collect::<Vec<_>>().join(", ")
}
