//! Takes away what no manifest asks for any more, and what a killed run left behind.

use std::io;
use std::path::Path;

use bulla_core::names::{Namespace, ResourceName};
use rustix::fs::FileType;

use super::error::Problem;
use super::folder::{Folder, UNFINISHED};
use super::layout::{HOME, OWNER, RESOURCES, Roots, SOURCE, STATUS, linked_generation};
use super::state::Ownership;
use super::world::remove_generations_but;

/// What a sweep did.
#[derive(Default)]
pub(super) struct Swept {
    /// Resources whose Secrets were removed.
    pub(super) removed: Vec<(Namespace, ResourceName)>,
    /// What could not be taken away; the rest was.
    pub(super) problems: Vec<Problem>,
}

/// Goes through all resources that the store knows. `keep` says which ones are wanted still; the
/// Secrets of the others are removed.
pub(super) fn sweep(
    roots: &Roots,
    mut keep: impl FnMut(&Folder, &Namespace, &ResourceName) -> bool,
) -> Swept {
    let mut swept = Swept::default();
    let all = roots.home.folder(RESOURCES);
    let Some(all) = swept.noted(RESOURCES, all).flatten() else {
        return swept;
    };
    let namespaces = folders(&all);
    for namespace in swept.noted(RESOURCES, namespaces).unwrap_or_default() {
        if let Ok(namespace) = namespace.parse() {
            let result = of_namespace(roots, &all, &namespace, &mut keep, &mut swept);
            swept.noted(namespace.as_str(), result);
        }
    }
    swept
}

fn of_namespace(
    roots: &Roots,
    all: &Folder,
    namespace: &Namespace,
    keep: &mut impl FnMut(&Folder, &Namespace, &ResourceName) -> bool,
    swept: &mut Swept,
) -> io::Result<()> {
    let Some(resources) = all.folder(namespace.as_str())? else {
        return Ok(());
    };
    // Something else may stand where the namespace was: then there is nothing of ours in it.
    let parent = roots.root.folder(namespace.as_str()).ok().flatten();
    if let Some(parent) = &parent {
        remove_unfinished(parent)?;
    }
    for name in folders(&resources)? {
        let Ok(name) = name.parse::<ResourceName>() else {
            continue;
        };
        let kept = match resources.folder(name.as_str()) {
            Ok(Some(resource)) => keep(&resource, namespace, &name),
            _ => true,
        };
        let place = (namespace, &name);
        let result = of_resource(&roots.root, &resources, parent.as_ref(), place, kept);
        if swept.noted(&format!("{namespace}/{name}"), result) == Some(true) {
            swept.removed.push((namespace.clone(), name));
        }
    }
    all.remove_empty(namespace.as_str()).map(drop)
}

/// Says whether a Secret of ours was removed.
fn of_resource(
    root: &Folder,
    resources: &Folder,
    parent: Option<&Folder>,
    (namespace, name): (&Namespace, &ResourceName),
    kept: bool,
) -> io::Result<bool> {
    let Some(resource) = resources.folder(name.as_str())? else {
        return Ok(false);
    };
    remove_unfinished(&resource)?;
    let target = match parent {
        Some(parent) => parent.link_target(name.as_str())?,
        None => None,
    };
    let linked = target.and_then(|target| linked_generation(namespace, name, &target));
    if kept {
        // Without a link, the last good generation may be any of them.
        if linked.is_some() {
            remove_generations_but(&resource, linked.as_deref())?;
        }
        return Ok(false);
    }
    let owned = Ownership::read(&resource).is_some();
    // Without the record, even a link that looks like ours is somebody else's.
    if let (Some(parent), true) = (parent, owned) {
        if linked.is_some() {
            parent.remove_file(name.as_str())?;
            parent.sync()?;
        }
        root.remove_empty(namespace.as_str())?;
    }
    remove_generations_but(&resource, None)?;
    resource.remove_file(STATUS)?;
    resource.remove_file(SOURCE)?;
    // Last: killed before, the next run goes on here.
    resource.remove_file(OWNER)?;
    resources.remove_empty(name.as_str())?;
    Ok(owned)
}

/// Takes away what a killed run had not yet given its place.
pub(super) fn remove_unfinished(folder: &Folder) -> io::Result<()> {
    for entry in folder.entries()? {
        let name = entry.name.to_str().unwrap_or_default();
        if name.starts_with(UNFINISHED) && entry.kind != FileType::Directory {
            folder.remove_file(name)?;
        }
    }
    Ok(())
}

fn folders(folder: &Folder) -> io::Result<Vec<String>> {
    let entries = folder.entries()?.into_iter();
    Ok(entries
        .filter(|entry| entry.kind == FileType::Directory)
        .filter_map(|entry| entry.name.into_string().ok())
        .collect())
}

impl Swept {
    fn noted<T>(&mut self, file: &str, result: io::Result<T>) -> Option<T> {
        result
            .map_err(|error| {
                self.problems.push(Problem {
                    file: Path::new(HOME).join(RESOURCES).join(file),
                    message: error.to_string(),
                });
            })
            .ok()
    }
}
