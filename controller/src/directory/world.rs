//! The engine's port, on a directory: links for Secrets, YAML for status.

use std::io;
use std::sync::{Mutex, PoisonError};

use aws_lc_rs::hmac;
use bulla_core::names::{Namespace, ResourceName};
use bulla_core::plan::{Controller, Live, Write};
use bulla_core::secret::SecretContent;
use rustix::fs::FileType;

use super::flush::Flush;
use super::folder::{Folder, unfinished_name};
use super::generation::{self, Found};
use super::layout::{Roots, is_generation, link_target, linked_generation, new_generation};
use super::state::{self, Ownership};
use crate::engine::{Event, Report, Request, Seen, World, WorldError};

/// The store as the engine sees it. Its futures wait for flushes and for nothing else.
pub(super) struct DirectoryWorld<'a> {
    pub(super) roots: &'a Roots,
    /// Makes resourceVersions out of contents.
    pub(super) digest_key: &'a hmac::Key,
    /// Shared with the other resources of the pass.
    pub(super) flush: &'a Flush,
    /// What there was to tell, gathered for the report of the pass.
    pub(super) told: Mutex<Told>,
}

/// Events, and what the operating system said of files. It never quotes what is in them.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) events: Vec<Event>,
    pub(super) failures: Vec<io::Error>,
}

/// What stands at `<namespace>/<name>`.
enum Standing {
    Absent,
    /// Not made by this store, or not any more.
    Foreign,
    /// A link where one of ours belongs, which leads elsewhere or nowhere.
    Astray,
    Ours(Found),
}

impl DirectoryWorld<'_> {
    fn look(&self, request: &Request) -> io::Result<Standing> {
        let (namespace, name) = (request.namespace(), request.name());
        let parent = match self.roots.root.folder(namespace.as_str()) {
            Ok(Some(parent)) => parent,
            Ok(None) => return Ok(Standing::Absent),
            Err(error) if is_no_folder(&error) => return Ok(Standing::Foreign),
            Err(error) => return Err(error),
        };
        match parent.kind(name.as_str())? {
            None => return Ok(Standing::Absent),
            Some(FileType::Symlink) => {}
            Some(_) => return Ok(Standing::Foreign),
        }
        let Some(resource) = self.roots.resource(namespace, name)? else {
            return Ok(Standing::Foreign);
        };
        if Ownership::read(&resource).is_none_or(|ownership| ownership.uid != request.owner().uid) {
            return Ok(Standing::Foreign);
        }
        let target = parent.link_target(name.as_str())?;
        let generation = target.and_then(|target| linked_generation(namespace, name, &target));
        let found = match generation {
            Some(generation) => generation::read(&resource, &generation)?,
            None => None,
        };
        Ok(found.map_or(Standing::Astray, Standing::Ours))
    }

    fn seen(&self, request: &Request) -> io::Result<Option<Seen>> {
        Ok(self.look(request)?.seen(request, self.digest_key))
    }

    fn live(&self, request: &Request) -> io::Result<Option<Live>> {
        let standing = self.look(request)?;
        let Some(seen) = standing.seen(request, self.digest_key) else {
            return Ok(None);
        };
        let live = match standing {
            Standing::Absent => return Ok(None),
            Standing::Foreign => Live::default(),
            Standing::Astray => Live {
                deformed: true,
                controller: Some(controller(request)),
                ..Live::default()
            },
            Standing::Ours(found) => Live {
                controller: Some(controller(request)),
                ..found.into_live()
            },
        };
        Ok(Some(Live {
            uid: seen.uid,
            resource_version: seen.resource_version,
            ..live
        }))
    }

    /// Writes a new generation, points the link to it, and takes the others away.
    ///
    /// Killed at any point, it leaves the old link or the new one, each to a whole generation.
    async fn write(
        &self,
        request: &Request,
        write: &Write,
        content: &SecretContent,
    ) -> Result<Seen, Failure> {
        let (namespace, name) = (request.namespace(), request.name());
        let parent = self
            .roots
            .root
            .make_folder_with(namespace.as_str(), self.flush)?;
        let resource = self.roots.make_resource(namespace, name, self.flush)?;
        match write {
            Write::Create => {}
            // There is no annotation in a directory that could ask for it.
            Write::Adopt(_) => return Err(Failure::Known(WorldError::Forbidden)),
            Write::Update(owned) | Write::Replace(owned) => {
                let seen = self.seen(request)?;
                if seen.is_none_or(|seen| seen.resource_version != owned.resource_version()) {
                    return Err(Failure::Known(WorldError::Conflict));
                }
            }
        }
        Ownership::of(request).write(&resource, self.flush)?;
        let generation = new_generation();
        let written = async {
            generation::write(&resource, &generation, content, self.flush)?;
            self.flush.flushed().await?;
            // Read before anybody is led to it: an edit right after that must not pass for our own.
            let found = generation::read(&resource, &generation)?;
            point(&parent, namespace, name, &generation, write)?;
            parent.flush_with(self.flush)?;
            self.flush.flushed().await?;
            Ok(found)
        };
        let found = match written.await {
            Ok(found) => found,
            Err(error) => {
                // The link may lead to it all the same: then only the flush after it failed.
                let target = parent.link_target(name.as_str());
                let leads_to_it = target.map(|target| {
                    let linked = target.and_then(|text| linked_generation(namespace, name, &text));
                    linked.as_ref() == Some(&generation)
                });
                if matches!(leads_to_it, Ok(false)) {
                    // Best effort: the next run takes it away otherwise.
                    let _ = resource.remove_tree(&generation);
                }
                return Err(Failure::Io(error));
            }
        };
        remove_generations_but(&resource, Some(&generation))?;
        found
            .and_then(|found| Standing::Ours(found).seen(request, self.digest_key))
            .ok_or(Failure::Known(WorldError::Conflict))
    }

    fn status(&self, request: &Request, report: &Report) -> io::Result<()> {
        if let Some(status) = &report.status {
            let resource =
                self.roots
                    .make_resource(request.namespace(), request.name(), self.flush)?;
            state::write_status(&resource, request, status)?;
        }
        Ok(())
    }

    fn failed(&self, failure: Failure) -> WorldError {
        match failure {
            Failure::Known(error) => error,
            Failure::Io(error) => {
                let known = known(&error);
                self.told().failures.push(error);
                known
            }
        }
    }

    fn told(&self) -> std::sync::MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl World for DirectoryWorld<'_> {
    async fn peek(
        &self,
        request: &Request,
        _secret: &ResourceName,
    ) -> Result<Option<Seen>, WorldError> {
        self.seen(request)
            .map_err(|error| self.failed(error.into()))
    }

    async fn observe(
        &self,
        request: &Request,
        _secret: &ResourceName,
    ) -> Result<Option<Live>, WorldError> {
        self.live(request)
            .map_err(|error| self.failed(error.into()))
    }

    async fn apply(
        &self,
        request: &Request,
        write: &Write,
        content: &SecretContent,
    ) -> Result<Seen, WorldError> {
        self.write(request, write, content)
            .await
            .map_err(|failure| self.failed(failure))
    }

    async fn report(&self, request: &Request, report: &Report) -> Result<(), WorldError> {
        let written = self.status(request, report);
        self.told().events.extend(report.event.clone());
        written.map_err(|error| self.failed(error.into()))
    }
}

impl Standing {
    fn seen(&self, request: &Request, key: &hmac::Key) -> Option<Seen> {
        let resource_version = match self {
            Self::Absent => return None,
            Self::Foreign => "foreign".to_owned(),
            Self::Astray => "astray".to_owned(),
            Self::Ours(found) => found.digest(key),
        };
        Some(Seen {
            uid: format!("{}/{}", request.namespace(), request.name()),
            resource_version,
        })
    }
}

enum Failure {
    Known(WorldError),
    Io(io::Error),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Makes the link of a Secret, or swaps it. A new one fails when anything is there by now; an old
/// one is replaced only while it is a link. The caller flushes the directory.
fn point(
    parent: &Folder,
    namespace: &Namespace,
    name: &ResourceName,
    generation: &str,
    write: &Write,
) -> io::Result<()> {
    let target = link_target(namespace, name, generation);
    if *write == Write::Create {
        return parent.link(&target, name.as_str());
    }
    let unfinished = unfinished_name();
    parent.link(&target, &unfinished)?;
    let swapped = match parent.kind(name.as_str()) {
        Ok(Some(FileType::Symlink) | None) => parent.rename(&unfinished, name.as_str()),
        Ok(Some(_)) => Err(io::ErrorKind::AlreadyExists.into()),
        Err(error) => Err(error),
    };
    if swapped.is_err() {
        let _ = parent.remove_file(&unfinished);
    }
    swapped
}

/// Takes away the generations that nothing points to.
pub(super) fn remove_generations_but(resource: &Folder, kept: Option<&str>) -> io::Result<()> {
    for entry in resource.entries()? {
        let name = entry.name.to_str().unwrap_or_default();
        if is_generation(&entry.name) && Some(name) != kept {
            resource.remove_tree(name)?;
        }
    }
    Ok(())
}

fn controller(request: &Request) -> Controller {
    let owner = request.owner();
    Controller {
        kind: owner.kind.clone(),
        name: owner.name.to_string(),
        uid: owner.uid.clone(),
    }
}

/// A link or a file stands where a directory was expected.
fn is_no_folder(error: &io::Error) -> bool {
    use rustix::io::Errno;
    let code = error.raw_os_error();
    code == Some(Errno::LOOP.raw_os_error()) || code == Some(Errno::NOTDIR.raw_os_error())
}

fn known(error: &io::Error) -> WorldError {
    match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            WorldError::Forbidden
        }
        io::ErrorKind::AlreadyExists => WorldError::Conflict,
        _ => WorldError::Unavailable,
    }
}
