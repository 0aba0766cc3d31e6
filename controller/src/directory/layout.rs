//! Where things lie below the root of a store.
//!
//! ```text
//! shop/db -> ../.bulla/resources/shop/db/g-…/data    what applications read
//! .bulla/lock                                        held by the one writer
//! .bulla/record.key                                  the key of the records in the status files
//! .bulla/keys/NAME.yaml, NAME.txt                    a sealing key: its resource, its age identity
//! .bulla/resources/shop/db/status.yaml               what was last found out about the resource
//! .bulla/resources/shop/db/source.yaml               the manifest that it was last read from
//! .bulla/resources/shop/db/owner.yaml                proof that `shop/db` is the store's own
//! .bulla/resources/shop/db/g-…/data/KEY              a generation of the Secret: its values
//! .bulla/resources/shop/db/g-…/secret.yaml           and its type, labels, annotations
//! ```
//!
//! A namespace can't begin with a dot, so `.bulla` is none.

use std::ffi::OsStr;
use std::io;

use bulla_core::names::{Namespace, ResourceName};

use super::flush::Flush;
use super::folder::{Folder, random_word};

/// The store's own directory, below its root.
pub const HOME: &str = ".bulla";
/// Held locked by the one writer.
pub(super) const LOCK: &str = "lock";
/// 32 random bytes.
pub(super) const RECORD_KEY: &str = "record.key";
/// Sealing keys.
pub(super) const KEYS: &str = "keys";
/// One directory for each resource, in one for each namespace.
pub(super) const RESOURCES: &str = "resources";
/// In a resource's directory: its status.
pub(super) const STATUS: &str = "status.yaml";
/// In a resource's directory: the record of ownership.
pub(super) const OWNER: &str = "owner.yaml";
/// In a resource's directory: which manifest defined it last.
pub(super) const SOURCE: &str = "source.yaml";
/// In a generation: the directory of the values.
pub(super) const DATA: &str = "data";
/// In a generation: everything but the values.
pub(super) const SECRET: &str = "secret.yaml";

const GENERATION: &str = "g-";

/// The open directories that everything else goes through.
#[derive(Debug)]
pub(super) struct Roots {
    /// The root that the caller named.
    pub(super) root: Folder,
    /// `.bulla` in it.
    pub(super) home: Folder,
}

impl Roots {
    /// The directory of a resource, where there is one.
    pub(super) fn resource(
        &self,
        namespace: &Namespace,
        name: &ResourceName,
    ) -> io::Result<Option<Folder>> {
        let mut folder = self.home.folder(RESOURCES)?;
        for part in [namespace.as_str(), name.as_str()] {
            folder = match folder {
                Some(folder) => folder.folder(part)?,
                None => None,
            };
        }
        Ok(folder)
    }

    /// The directory of a resource; one that is made is flushed together with others.
    pub(super) fn make_resource(
        &self,
        namespace: &Namespace,
        name: &ResourceName,
        flush: &Flush,
    ) -> io::Result<Folder> {
        self.home
            .make_folder_with(RESOURCES, flush)?
            .make_folder_with(namespace.as_str(), flush)?
            .make_folder_with(name.as_str(), flush)
    }
}

/// A name for a new generation.
pub(super) fn new_generation() -> String {
    format!("{GENERATION}{}", random_word())
}

/// True for the name of a generation.
pub(super) fn is_generation(name: &OsStr) -> bool {
    name.to_str()
        .and_then(|name| name.strip_prefix(GENERATION))
        .is_some_and(|word| word.len() == 16 && word.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// What the link of a Secret says.
pub(super) fn link_target(namespace: &Namespace, name: &ResourceName, generation: &str) -> String {
    format!("../{HOME}/{RESOURCES}/{namespace}/{name}/{generation}/{DATA}")
}

/// The generation that a link leads to, when it is a link of that Secret and of no other.
pub(super) fn linked_generation(
    namespace: &Namespace,
    name: &ResourceName,
    target: &OsStr,
) -> Option<String> {
    let generation = target.to_str()?.rsplit('/').nth(1)?;
    let same = link_target(namespace, name, generation).as_str() == target;
    (is_generation(OsStr::new(generation)) && same).then(|| generation.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_secrets_own_link_is_one() {
        let (namespace, name) = ("shop".parse().unwrap(), "db".parse().unwrap());
        let generation = new_generation();
        let good = link_target(&namespace, &name, &generation);
        assert_eq!(
            linked_generation(&namespace, &name, OsStr::new(&good)),
            Some(generation)
        );
        for bad in [
            "/etc",
            "data",
            "",
            "../.bulla/resources/shop/db/g-0123456789abcdef/data/..",
            "../.bulla/resources/shop/other/g-0123456789abcdef/data",
            "../.bulla/resources/shop/db/g-0123456789abcde/data",
            "../.bulla/resources/shop/db/../data",
            "/x/.bulla/resources/shop/db/g-0123456789abcdef/data",
        ] {
            assert_eq!(
                linked_generation(&namespace, &name, OsStr::new(bad)),
                None,
                "{bad}"
            );
        }
    }
}
