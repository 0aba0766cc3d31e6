//! The merged values written into the text of one side, where the lines of both don't go together.
//!
//! What is not concerned stays as that side has it. Like every proposal it is read again and compared.

use serde_json::{Map, Value as Json};
use zeroize::Zeroizing;

use crate::manifest::Path;
use crate::sops::error::At;
use crate::sops::file::Store;
use crate::sops::tree::{Item, Tree};

use super::values::{Wanted, alike, has_each_key_once, value};

/// The text with other values in it; nothing where its store has no such form.
pub(super) fn written(
    store: Store,
    text: &[u8],
    tree: &Tree,
    wanted: &[Wanted<'_>],
) -> Option<Zeroizing<Vec<u8>>> {
    let documents = tree.documents();
    if documents.len() != wanted.len() {
        return None;
    }
    let mut edits = Edits::default();
    for (number, (found, wanted)) in (1..).zip(documents.iter().zip(wanted)) {
        edits.item(&At::in_document(number), Some(found), wanted);
    }
    let mut file = Zeroizing::new(text.to_vec());
    // New keys first, so that no mapping is empty in between.
    let taken_out = edits.taken_out.into_iter().map(|at| (at, None));
    let put = edits.put.into_iter().map(|(at, value)| (at, Some(value)));
    for (at, value) in put.chain(taken_out) {
        file = store.put_at(&file, &at, value.as_ref()).ok()?.file;
    }
    Some(file)
}

#[derive(Default)]
struct Edits {
    put: Vec<(At, Json)>,
    taken_out: Vec<At>,
}

impl Edits {
    fn item(&mut self, at: &At, found: Option<&Item>, wanted: &Wanted<'_>) {
        match (found, wanted) {
            (Some(found), Wanted::Whole(item)) if alike(found, item) => {}
            (Some(Item::Mapping(_)), Wanted::Whole(Item::Mapping(_)) | Wanted::Mapping(_))
                if found.is_some_and(has_each_key_once) =>
            {
                self.mapping(at, found, &entries(wanted));
            }
            (None, Wanted::Whole(Item::Mapping(_)) | Wanted::Mapping(_))
                if !entries(wanted).is_empty() =>
            {
                self.mapping(at, found, &entries(wanted));
            }
            (Some(list @ Item::List(_)), Wanted::Whole(Item::List(_)) | Wanted::List(_))
                if list.entries().count() == items(wanted).len() =>
            {
                for (nth, ((_, found), wanted)) in list.entries().zip(items(wanted)).enumerate() {
                    self.item(&at.join(nth), Some(found), &wanted);
                }
            }
            _ => self.put.push((at.clone(), json_of(wanted))),
        }
    }

    fn mapping(&mut self, at: &At, found: Option<&Item>, wanted: &[(&str, Wanted<'_>)]) {
        let keys = found.into_iter().flat_map(Item::entries);
        for (key, _) in keys {
            let key = key.unwrap_or_default();
            if !wanted.iter().any(|(wanted, _)| *wanted == key) {
                self.taken_out.push(at.join(key));
            }
        }
        for (key, wanted) in wanted {
            let found = found.and_then(|found| value(found, key));
            self.item(&at.join(*key), found, wanted);
        }
    }
}

fn entries<'w>(wanted: &'w Wanted<'_>) -> Vec<(&'w str, Wanted<'w>)> {
    match wanted {
        Wanted::Whole(item) => {
            let entries = item.entries();
            let entries = entries.map(|(key, item)| (key.unwrap_or_default(), Wanted::Whole(item)));
            entries.collect()
        }
        Wanted::Mapping(entries) => {
            let entries = entries.iter();
            entries
                .map(|(key, wanted)| (*key, wanted.again()))
                .collect()
        }
        Wanted::List(_) => Vec::new(),
    }
}

fn items<'w>(wanted: &'w Wanted<'_>) -> Vec<Wanted<'w>> {
    match wanted {
        Wanted::Whole(item) => item
            .entries()
            .map(|(_, item)| Wanted::Whole(item))
            .collect(),
        Wanted::List(items) => items.iter().map(Wanted::again).collect(),
        Wanted::Mapping(_) => Vec::new(),
    }
}

fn json_of(wanted: &Wanted<'_>) -> Json {
    match wanted {
        Wanted::Whole(Item::Value(value)) => value.to_json(),
        Wanted::Whole(Item::Null) => Json::Null,
        Wanted::Whole(Item::Mapping(_)) | Wanted::Mapping(_) => {
            let entries = entries(wanted).into_iter();
            let entries = entries.map(|(key, wanted)| (key.to_owned(), json_of(&wanted)));
            Json::Object(entries.collect::<Map<_, _>>())
        }
        Wanted::Whole(Item::List(_)) | Wanted::List(_) => {
            Json::Array(items(wanted).iter().map(json_of).collect())
        }
    }
}

impl At {
    fn in_document(document: usize) -> Self {
        let path = Path::default();
        Self { document, path }
    }

    fn join(&self, step: impl Into<crate::manifest::Step>) -> Self {
        Self {
            document: self.document,
            path: self.path.clone().join(step),
        }
    }
}
