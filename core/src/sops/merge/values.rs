//! What the values of a merged file have to be, apart from how they are written.

use crate::manifest::{Path, Step};
use crate::sops::error::At;
use crate::sops::tree::{Item, Tree};

use super::Side;

/// The merged values, out of three trees.
pub(super) enum Wanted<'t> {
    /// One version's, as it is there.
    Whole(&'t Item),
    Mapping(Vec<(&'t str, Wanted<'t>)>),
    List(Vec<Wanted<'t>>),
}

/// Merges trees: a value that one side changed is that side's. What both changed is a conflict, or the favoured side's.
///
/// # Errors
///
/// Where the conflicts are.
pub(super) fn merge<'t>(
    base: &'t Tree,
    ours: &'t Tree,
    theirs: &'t Tree,
    favour: Option<Side>,
) -> Result<Vec<Wanted<'t>>, Vec<At>> {
    let mut merging = Merging {
        favour,
        at: At {
            document: 1,
            path: Path::default(),
        },
        conflicts: Vec::new(),
    };
    let documents = [base, ours, theirs].map(Tree::documents);
    let count = documents.iter().map(|documents| documents.len()).max();
    let mut merged = Vec::new();
    for number in 0..count.unwrap_or_default() {
        merging.at.document = number + 1;
        let [base, ours, theirs] = documents.map(|documents| documents.get(number));
        merged.extend(merging.item(base, ours, theirs));
    }
    match merging.conflicts.is_empty() {
        true => Ok(merged),
        false => Err(merging.conflicts),
    }
}

/// True when a tree has just the values that are wanted; the order of keys is anybody's.
pub(super) fn are(wanted: &[Wanted<'_>], tree: &Tree) -> bool {
    let documents = tree.documents();
    documents.len() == wanted.len()
        && documents
            .iter()
            .zip(wanted)
            .all(|(found, wanted)| wanted.is(found))
}

struct Merging {
    favour: Option<Side>,
    at: At,
    conflicts: Vec<At>,
}

impl Merging {
    /// Nothing where there is to be nothing.
    fn item<'t>(
        &mut self,
        base: Option<&'t Item>,
        ours: Option<&'t Item>,
        theirs: Option<&'t Item>,
    ) -> Option<Wanted<'t>> {
        let same = |one: Option<&Item>, other: Option<&Item>| match (one, other) {
            (Some(one), Some(other)) => one.same(other),
            (one, other) => one.is_none() && other.is_none(),
        };
        if same(ours, theirs) || same(base, theirs) {
            return ours.map(Wanted::Whole);
        }
        if same(base, ours) {
            return theirs.map(Wanted::Whole);
        }
        match (ours, theirs) {
            (Some(Item::Mapping(_)), Some(Item::Mapping(_)))
                if [base, ours, theirs]
                    .into_iter()
                    .flatten()
                    .all(has_each_key_once) =>
            {
                Some(self.mapping(base, ours?, theirs?))
            }
            (Some(Item::List(one)), Some(Item::List(other)))
                if one.len() == other.len()
                    && matches!(base, Some(Item::List(base)) if base.len() == one.len()) =>
            {
                Some(self.list(base?, ours?, theirs?))
            }
            _ => match self.favour {
                Some(Side::Ours) => ours.map(Wanted::Whole),
                Some(Side::Theirs) => theirs.map(Wanted::Whole),
                None => {
                    self.conflicts.push(self.at.clone());
                    None
                }
            },
        }
    }

    fn mapping<'t>(
        &mut self,
        base: Option<&'t Item>,
        ours: &'t Item,
        theirs: &'t Item,
    ) -> Wanted<'t> {
        let keys = |item: &'t Item| item.entries().filter_map(|(key, _)| key);
        let added = keys(theirs).filter(|key| value(ours, key).is_none());
        let mut entries = Vec::new();
        for key in keys(ours).chain(added) {
            let base = base.and_then(|base| value(base, key));
            self.at.path.0.push(Step::from(key));
            let merged = self.item(base, value(ours, key), value(theirs, key));
            self.at.path.0.pop();
            entries.extend(merged.map(|merged| (key, merged)));
        }
        Wanted::Mapping(entries)
    }

    fn list<'t>(&mut self, base: &'t Item, ours: &'t Item, theirs: &'t Item) -> Wanted<'t> {
        let items = |item: &'t Item| item.entries().map(|(_, item)| Some(item));
        let all = items(base).zip(items(ours)).zip(items(theirs));
        let mut merged = Vec::new();
        for (index, ((base, ours), theirs)) in all.enumerate() {
            self.at.path.0.push(Step::Index(index));
            merged.extend(self.item(base, ours, theirs));
            self.at.path.0.pop();
        }
        Wanted::List(merged)
    }
}

impl<'t> Wanted<'t> {
    /// The same, borrowed from it.
    pub(super) fn again<'w>(&'w self) -> Wanted<'w> {
        match self {
            Self::Whole(item) => Wanted::Whole(item),
            Self::Mapping(entries) => {
                let entries = entries.iter();
                Wanted::Mapping(
                    entries
                        .map(|(key, wanted)| (*key, wanted.again()))
                        .collect(),
                )
            }
            Self::List(items) => Wanted::List(items.iter().map(Wanted::again).collect()),
        }
    }

    fn is(&self, found: &Item) -> bool {
        match self {
            Self::Whole(item) => alike(item, found),
            Self::Mapping(entries) => {
                matches!(found, Item::Mapping(_))
                    && found.entries().count() == entries.len()
                    && entries.iter().all(|(key, wanted)| {
                        value(found, key).is_some_and(|found| wanted.is(found))
                    })
            }
            Self::List(items) => {
                matches!(found, Item::List(_))
                    && found.entries().count() == items.len()
                    && found
                        .entries()
                        .zip(items)
                        .all(|((_, found), wanted)| wanted.is(found))
            }
        }
    }
}

/// The same, whatever the order of keys.
pub(super) fn alike(one: &Item, other: &Item) -> bool {
    match (one, other) {
        (Item::Mapping(_), Item::Mapping(_))
            if has_each_key_once(one) && has_each_key_once(other) =>
        {
            one.entries().count() == other.entries().count()
                && one.entries().all(|(key, item)| {
                    value(other, key.unwrap_or_default()).is_some_and(|other| alike(item, other))
                })
        }
        (Item::List(_), Item::List(_)) => {
            one.entries().count() == other.entries().count()
                && one
                    .entries()
                    .zip(other.entries())
                    .all(|((_, one), (_, other))| alike(one, other))
        }
        _ => one.same(other),
    }
}

/// What stands under a key.
pub(super) fn value<'t>(mapping: &'t Item, key: &str) -> Option<&'t Item> {
    let mut named = mapping.entries().filter(|(name, _)| *name == Some(key));
    named.next().map(|(_, item)| item)
}

/// dotenv and INI files may say something twice: then nobody can tell which one was changed.
pub(super) fn has_each_key_once(item: &Item) -> bool {
    let mut keys: Vec<_> = item.entries().map(|(key, _)| key).collect();
    let count = keys.len();
    keys.sort_unstable();
    keys.dedup();
    keys.len() == count || !matches!(item, Item::Mapping(_))
}
